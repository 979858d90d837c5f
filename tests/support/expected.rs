//! Expected results in files. `BLESS=1 cargo test` rewrites the files; review them with `git diff`.

use std::fs;
use std::path::Path;

/// Compares the result with the expected result in the file, or rewrites the file.
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

/// Whether the expected results are rewritten.
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Rewrites a file atomically, because other tests may read it at the same time.
fn bless(file: &Path, old: &str, new: &str) {
    if file.exists() {
        harden::files::write::replace(file, old.as_bytes(), new.as_bytes()).unwrap();
    } else {
        fs::write(file, new).unwrap();
    }
}
