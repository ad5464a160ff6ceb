//! Counts instructions and allocations, and prints them beside their targets: see `scripts/performance`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, process};

use neobolt_benches::figures::{self, SLACK, WAYS};
use neobolt_benches::measure::Selection;
use neobolt_benches::suite;

type Error = Box<dyn std::error::Error>;

const DOCS: &str = "docs/performance.md";

fn main() -> Result<ExitCode, Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (suite, options) = arguments.split_first().ok_or("usage: performance packstream|record-path [OPTION]...")?;
    let selection = Selection::parse(options)?;
    let mut rows = instructions(&arguments)?;
    let table = match suite.as_str() {
        "packstream" => {
            allocations(suite, &selection, &mut rows);
            rows.sort_by_key(|row| WAYS.iter().position(|way| *way == row.way));
            packstream(&rows)
        }
        "record-path" => record_path(&rows),
        other => return Err(format!("there is no suite '{other}'").into()),
    };
    print!("{table}");
    if selection.is_all() {
        rewrite(Path::new(DOCS), suite, &table)?;
    }
    let missed = table.matches(MISSED).count();
    if missed > 0 {
        eprintln!("{missed} targets are missed");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

const MISSED: &str = "MISSED";

/// Allocations per record that come of what is done once in a run: a buffer that grows, the names of the columns.
const ONCE: f64 = 0.05;

/// What was counted for one way over one shape.
struct Row {
    way: String,
    shape: String,
    records: u64,
    /// Per record, rounded.
    instructions: u64,
    /// Per record.
    allocations: f64,
}

/// Runs the ways under valgrind, in one process.
///
/// It counts only inside of `Measure::measured`, and writes what it has counted when that is called again, so that each part holds what
/// came before it: the first one nothing, and what is left at the end the last measure.
fn instructions(arguments: &[String]) -> Result<Vec<Row>, Error> {
    let parts = Scratch(env::temp_dir().join(format!("performance-{}", process::id())));
    fs::create_dir_all(&parts.0)?;
    let part = parts.0.join("part");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*Measure::measured", "--dump-before=*Measure::measured"])
        .arg(format!("--callgrind-out-file={}", part.display()))
        .arg(env::current_exe()?.with_file_name("ways"))
        .args(arguments)
        // Otherwise a large copy counts as one instruction for each byte.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=2000000000")
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let ran = String::from_utf8(output.stdout)?;
    let mut rows = Vec::new();
    for (index, line) in ran.lines().enumerate() {
        let [way, shape, records] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("'{line}' is not what a way says").into());
        };
        let numbered = part.with_extension((index + 2).to_string());
        let counted = total(if numbered.exists() { &numbered } else { &part })?;
        let records = records.parse()?;
        let instructions = (counted + records / 2) / records;
        rows.push(Row { way: way.into(), shape: shape.into(), records, instructions, allocations: 0.0 });
    }
    Ok(rows)
}

fn total(part: &Path) -> Result<u64, Error> {
    let written = fs::read_to_string(part)?;
    let total = written.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("a part has no total")?;
    Ok(total.trim().parse()?)
}

/// A directory that goes when it is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Counts allocations in this process: the allocator that counts costs instructions.
fn allocations(name: &str, selection: &Selection, rows: &mut [Row]) {
    let mut counted = HashMap::new();
    suite(name, selection, &mut |mut measure| {
        let allocations = allocation_counter::measure(|| {
            measure.measured();
        });
        counted.insert((measure.way, measure.shape), allocations.count_total);
    });
    for row in rows {
        let total = counted.get(&(row.way.as_str(), row.shape.as_str())).copied().unwrap_or_default();
        row.allocations = total as f64 / row.records as f64;
    }
}

fn packstream(rows: &[Row]) -> String {
    let mut table = format!(
        "{:<14} {:<10} {:>7} {:>12} {:>6} {:>7} {:<6} {:>11} {:>7}\n",
        "way", "shape", "raw", "instructions", "ratio", "target", "", "allocations", "target"
    );
    for row in rows {
        let Row { way, shape, instructions, allocations, .. } = row;
        let raw = figures::frozen(way, shape);
        let ratio = raw.map(|raw| *instructions as f64 / raw as f64);
        let target = figures::target(way, shape);
        let verdict = match (ratio, target) {
            (Some(ratio), Some(target)) if ratio > target.ratio * SLACK => MISSED,
            (Some(_), Some(_)) => "ok",
            _ => "",
        };
        let allocated = match target {
            Some(target) if *allocations > target.allocations + ONCE => MISSED,
            Some(_) => "ok",
            None => "",
        };
        let line = format!(
            "{way:<14} {shape:<10} {:>7} {instructions:>12} {:>6} {:>7} {verdict:<6} {allocations:>11.2} {:>7} {allocated}",
            text(raw, |raw| raw.to_string()),
            text(ratio, |ratio| format!("{ratio:.2}")),
            text(target, |target| format!("{:.2}", target.ratio)),
            text(target, |target| target.allocations.to_string()),
        );
        table += line.trim_end();
        table.push('\n');
    }
    table
}

fn text<T>(value: Option<T>, print: impl FnOnce(T) -> String) -> String {
    value.map(print).unwrap_or_default()
}

/// The whole driver: what is asked of it is in the text around the table.
fn record_path(rows: &[Row]) -> String {
    let mut table = format!("{:<8} {:<10} {:>12} {:>6}\n", "way", "shape", "instructions", "ratio");
    for row in rows {
        let raw = rows.iter().find(|raw| raw.shape == row.shape && raw.way.starts_with("raw"));
        let ratio = text(raw, |raw| format!("{:.2}", row.instructions as f64 / raw.instructions as f64));
        table += &format!("{:<8} {:<10} {:>12} {ratio:>6}\n", row.way, row.shape, row.instructions);
    }
    table
}

/// Puts the table between the marks of its section.
fn rewrite(docs: &Path, suite: &str, table: &str) -> Result<(), Error> {
    let text = fs::read_to_string(docs)?;
    let (begin, end) = (format!("<!-- scripts/performance {suite} -->\n"), format!("<!-- end of {suite} -->"));
    let missing = || format!("{} has no section for {suite}", docs.display());
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    let section = format!("```console\n$ scripts/performance {suite}\n{table}```\n");
    fs::write(docs, format!("{before}{begin}{section}{end}{after}"))?;
    Ok(())
}
