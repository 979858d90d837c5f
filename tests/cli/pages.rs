//! The pages in `tests/cli/cmd/`: one topic of the command line a page.

use std::fs;
use std::path::Path;

use crate::support::console::{Status, check};

#[test]
fn every_page_shows_what_happens() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/cmd");
    let mut pages: Vec<_> = fs::read_dir(pages)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    assert!(!pages.is_empty());
    for page in pages {
        let directory = tempfile::tempdir().unwrap();
        check(&page, directory.path(), Status::Shown);
    }
}
