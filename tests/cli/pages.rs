//! Runs the pages in `tests/cli/cmd/`. Each page is about one topic of the command line.

use std::fs;

use crate::support::console::{Status, check};
use crate::support::files::{project, scratch};

#[test]
fn every_page_shows_the_current_output() {
    let mut pages: Vec<_> = fs::read_dir(project("tests/cli/cmd"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    assert!(!pages.is_empty());
    for page in pages {
        check(&page, scratch().path(), Status::Shown);
    }
}
