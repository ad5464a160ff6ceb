//! `docs/protocol` and the list of hostile peers in `docs/TESTING.md` are printed from what the machines, the codec of messages and the
//! tests read. What stands there must be what would be printed now; `WRITE_DOCS=1 cargo test -p neobolt-proto --test machines documents`
//! writes it.

mod protocol;

use std::path::PathBuf;

/// Compares a document with what it should be, or writes it.
pub(crate) fn check(path: &str, text: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path);
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    let line = found.lines().zip(text.lines()).position(|(found, wanted)| found != wanted);
    assert!(
        found == text,
        "docs/{path} is stale from line {}: WRITE_DOCS=1 cargo test -p neobolt-proto --test machines documents",
        line.unwrap_or_else(|| found.lines().count().min(text.lines().count())) + 1
    );
}

/// Compares or writes the part of a document between `<!-- begin: name -->` and `<!-- end: name -->`.
pub(crate) fn check_part(path: &str, name: &str, part: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(path);
    let found = std::fs::read_to_string(&file).unwrap();
    let (begin, end) = (format!("<!-- begin: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (before, rest) = found.split_once(&begin).expect("the part has a beginning");
    let (_, after) = rest.split_once(&end).expect("the part has an end");
    check(path, &format!("{before}{begin}\n{part}\n{end}{after}"));
}

#[test]
fn hostile_peers() {
    check_part("TESTING.md", "hostile peers", &crate::hostile::table());
}
