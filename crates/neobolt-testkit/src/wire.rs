//! Messages from and to TestKit: lines of JSON between two lines that mark begin and end.

use std::future::poll_fn;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::request::Request;
use crate::response::Response;

/// The connection to TestKit. A callback of the driver's may ask in the middle of a request, from wherever it runs.
#[derive(Debug)]
pub(crate) struct Wire(Mutex<BufReader<TcpStream>>);

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self(Mutex::new(BufReader::new(stream)))
    }

    fn lock(&self) -> MutexGuard<'_, BufReader<TcpStream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the next request; `None` when TestKit has gone.
    pub(crate) fn read(&self) -> io::Result<Option<Request>> {
        read(&mut self.lock())
    }

    pub(crate) fn write(&self, response: &Response) -> io::Result<()> {
        write(&mut self.lock(), response)
    }

    /// Asks TestKit something; nothing else is said until it has answered.
    pub(crate) fn ask(&self, question: &Response) -> io::Result<Request> {
        let mut stream = self.lock();
        write(&mut stream, question)?;
        read(&mut stream)?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

/// Tells when TestKit has gone: it does not wait for an answer for longer than some seconds, and the next test must not meet
/// the driver of this one.
#[derive(Debug, Default)]
pub(crate) struct Gone(Mutex<(bool, Option<Waker>)>);

impl Gone {
    /// Watches a connection on a thread of its own.
    pub(crate) fn watch(stream: TcpStream) -> Arc<Self> {
        let gone = Arc::new(Self::default());
        let watched = Arc::clone(&gone);
        thread::spawn(move || {
            // What is there to be read is for somebody else.
            while stream.peek(&mut [0]).is_ok_and(|len| len > 0) {
                thread::sleep(Duration::from_millis(20));
            }
            let mut state = watched.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 = true;
            if let Some(waker) = state.1.take() {
                waker.wake();
            }
        });
        gone
    }

    /// Works until TestKit has gone; `None` if that came first.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if state.0 {
                return Poll::Ready(None);
            }
            state.1 = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut json = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim() {
            "#request begin" => json.clear(),
            "#request end" => break,
            text => json.push_str(text),
        }
    }
    serde_json::from_str(&json).map(Some).map_err(|error| io::Error::other(format!("{error} in {json}")))
}

/// One write for each message: TestKit waits for the whole of it.
fn write(stream: &mut BufReader<TcpStream>, response: &Response) -> io::Result<()> {
    let json = serde_json::to_string(response).map_err(io::Error::other)?;
    stream.get_mut().write_all(format!("#response begin\n{json}\n#response end\n").as_bytes())
}
