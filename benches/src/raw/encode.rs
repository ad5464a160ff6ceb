//! A hand-written encoder: a message is built in a buffer of its own, and copied from there into chunks.

use crate::rows::kinds::*;

/// Appends RECORD messages to `out`, each with one row, in one chunk.
pub fn records<R: Put>(rows: &[R], out: &mut Vec<u8>) {
    let mut body = Vec::new();
    for row in rows {
        body.clear();
        structure(&mut body, 0x71, 1);
        row.put(&mut body);
        chunked(&body, out);
    }
}

/// Appends a RUN message that passes `rows` as a parameter, in as many chunks as it takes.
pub fn run(rows: &[Parameters], out: &mut Vec<u8>) {
    let mut body = Vec::new();
    structure(&mut body, 0x10, 3);
    string(&mut body, QUERY);
    map(&mut body, 1);
    string(&mut body, "rows");
    list(&mut body, rows.len());
    for row in rows {
        row.put(&mut body);
    }
    map(&mut body, 0);
    chunked(&body, out);
}

/// The query of the RUN message.
pub const QUERY: &str = "UNWIND $rows AS row CREATE (n:Person) SET n = row";

/// Appends `message` in chunks.
pub fn chunked(message: &[u8], out: &mut Vec<u8>) {
    for chunk in message.chunks(usize::from(u16::MAX)) {
        out.extend_from_slice(&(chunk.len() as u16).to_be_bytes());
        out.extend_from_slice(chunk);
    }
    out.extend_from_slice(&[0, 0]);
}

/// A row, or a part of one, that is written by hand.
pub trait Put {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
}

#[inline]
fn integer(out: &mut Vec<u8>, value: i64) {
    match value {
        -16..=127 => out.push(value as u8),
        -128..=-17 => {
            out.push(0xC8);
            out.push(value as u8);
        }
        -0x8000..=0x7FFF => {
            out.push(0xC9);
            out.extend_from_slice(&(value as i16).to_be_bytes());
        }
        -0x8000_0000..=0x7FFF_FFFF => {
            out.push(0xCA);
            out.extend_from_slice(&(value as i32).to_be_bytes());
        }
        _ => {
            out.push(0xCB);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

#[inline]
fn float(out: &mut Vec<u8>, value: f64) {
    out.push(0xC1);
    out.extend_from_slice(&value.to_be_bytes());
}

#[inline]
fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xC3 } else { 0xC2 });
}

#[inline]
fn sized(out: &mut Vec<u8>, tiny: u8, marker: u8, len: usize) {
    match len {
        0..16 if tiny != 0 => out.push(tiny | len as u8),
        0..0x100 => {
            out.push(marker);
            out.push(len as u8);
        }
        0x100..0x1_0000 => {
            out.push(marker + 1);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        _ => {
            out.push(marker + 2);
            out.extend_from_slice(&(len as u32).to_be_bytes());
        }
    }
}

#[inline]
fn string(out: &mut Vec<u8>, value: &str) {
    sized(out, 0x80, 0xD0, value.len());
    out.extend_from_slice(value.as_bytes());
}

#[inline]
fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    sized(out, 0, 0xCC, value.len());
    out.extend_from_slice(value);
}

#[inline]
fn list(out: &mut Vec<u8>, len: usize) {
    sized(out, 0x90, 0xD4, len);
}

#[inline]
fn map(out: &mut Vec<u8>, len: usize) {
    sized(out, 0xA0, 0xD8, len);
}

#[inline]
fn structure(out: &mut Vec<u8>, tag: u8, fields: u8) {
    out.push(0xB0 | fields);
    out.push(tag);
}

impl Put for Int1 {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 1);
        integer(out, self.0);
    }
}

impl Put for Ints10 {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, self.0.len());
        for value in self.0 {
            integer(out, value);
        }
    }
}

impl Put for Str5 {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, self.0.len());
        for value in &self.0 {
            string(out, value);
        }
    }
}

impl Put for Mixed {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 7);
        integer(out, self.number);
        float(out, self.score);
        string(out, &self.text);
        boolean(out, self.flag);
        match self.nothing {
            Some(value) => integer(out, value),
            None => out.push(0xC0),
        }
        list(out, self.list.len());
        for value in self.list {
            integer(out, value);
        }
        map(out, 2);
        string(out, "first");
        string(out, &self.pair.first);
        string(out, "second");
        string(out, &self.pair.second);
    }
}

impl Put for Node {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 1);
        node(out, self);
    }
}

fn node<P: Put>(out: &mut Vec<u8>, node: &Node<P>) {
    structure(out, b'N', 4);
    integer(out, node.id);
    list(out, node.labels.len());
    for label in &node.labels {
        string(out, label);
    }
    node.properties.put(out);
    string(out, &node.element_id);
}

impl Put for Person {
    fn put(&self, out: &mut Vec<u8>) {
        map(out, 5);
        string(out, "name");
        string(out, &self.name);
        string(out, "email");
        string(out, &self.email);
        string(out, "city");
        string(out, &self.city);
        string(out, "born");
        integer(out, self.born);
        string(out, "score");
        float(out, self.score);
    }
}

impl Put for Path {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 1);
        structure(out, b'P', 3);
        list(out, self.nodes.len());
        for it in &self.nodes {
            node(out, it);
        }
        list(out, self.relationships.len());
        for it in &self.relationships {
            structure(out, b'r', 4);
            integer(out, it.id);
            string(out, &it.rel_type);
            it.properties.put(out);
            string(out, &it.element_id);
        }
        list(out, self.indices.len());
        for index in self.indices {
            integer(out, index);
        }
    }
}

impl Put for Place {
    fn put(&self, out: &mut Vec<u8>) {
        map(out, 3);
        string(out, "name");
        string(out, &self.name);
        string(out, "country");
        string(out, &self.country);
        string(out, "people");
        integer(out, self.people);
    }
}

impl Put for Way {
    fn put(&self, out: &mut Vec<u8>) {
        map(out, 3);
        string(out, "since");
        integer(out, self.since);
        string(out, "length");
        float(out, self.length);
        string(out, "kind");
        string(out, &self.kind);
    }
}

impl Put for Bytes1k {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 1);
        bytes(out, &self.0);
    }
}

impl Put for Floats768 {
    fn put(&self, out: &mut Vec<u8>) {
        list(out, 1);
        list(out, self.0.len());
        for value in &self.0 {
            float(out, *value);
        }
    }
}

impl Put for Parameters {
    fn put(&self, out: &mut Vec<u8>) {
        map(out, 5);
        string(out, "id");
        integer(out, self.id);
        string(out, "name");
        string(out, &self.name);
        string(out, "born");
        integer(out, self.born);
        string(out, "score");
        float(out, self.score);
        string(out, "active");
        boolean(out, self.active);
    }
}
