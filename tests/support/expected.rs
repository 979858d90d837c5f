//! Expectations that are files. `BLESS=1 cargo test` rewrites them, and `git diff` is the review.

use std::fs;
use std::path::Path;

/// Compares what happens with the file that says what should, or rewrites the file.
#[track_caller]
pub(crate) fn expect(file: &Path, actual: &str) {
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return;
    }
    if is_blessing() {
        bless(file, &expected, actual);
        return;
    }
    let difference = similar::TextDiff::from_lines(&*expected, actual)
        .unified_diff()
        .header("expected", "what happens")
        .to_string();
    panic!(
        "{} is out of date; BLESS=1 rewrites it\n{difference}",
        file.display()
    );
}

/// Expectations are to be rewritten.
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Rewrites a file in one step, because other tests read it meanwhile.
fn bless(file: &Path, old: &str, new: &str) {
    if file.exists() {
        harden::files::write::replace(file, old.as_bytes(), new.as_bytes()).unwrap();
    } else {
        fs::write(file, new).unwrap();
    }
}
