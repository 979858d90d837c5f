//! Checks README.md: the output of its commands, its table and its links.

use std::fs;

use harden::transforms::{self, Kind};

use crate::support::command::harden;
use crate::support::console::{Status, check};
use crate::support::expected::expect;
use crate::support::files::{copy, project, scratch};

/// A copy of the files that a new user has.
fn clone() -> tempfile::TempDir {
    let directory = scratch();
    copy(&project("examples"), &directory.path().join("examples"));
    directory
}

fn readme() -> (std::path::PathBuf, String) {
    let path = project("README.md");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// The lines of its `sh` blocks.
fn commands(text: &str) -> Vec<&str> {
    text.split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .flat_map(str::lines)
        .collect()
}

#[test]
fn the_commands_and_the_table_are_current() {
    let (path, text) = readme();
    let (begin, end) = ("<!-- transforms -->\n", "<!-- /transforms -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let now = format!("{before}{begin}{}{end}{after}", table());
    expect(&path, &now);
    check(&path, clone().path(), Status::Hidden);
}

fn table() -> String {
    let of = |kind| transforms::ALL.iter().filter(move |one| one.kind == kind);
    let rows = of(Kind::Change).chain(of(Kind::Finding)).map(|transform| {
        let page = transform.id.replace('-', "_");
        let (id, summary, effect) = (transform.id, transform.summary, transform.effect());
        format!("| [`{id}`](transforms/{page}.md) | {summary} | {effect} |\n")
    });
    let head = "| transform | | |\n|-----------|-|------|\n".to_owned();
    rows.fold(head, |table, row| table + &row)
}

#[test]
fn its_first_command_prints_a_diff() {
    let (_, text) = readme();
    let commands = commands(&text);
    let first = commands.first().unwrap();
    let arguments = first.strip_prefix("cargo run --release -- ").unwrap();
    let clone = clone();
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let output = harden(clone.path(), &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        output
            .stdout
            .starts_with(b"diff --git a/examples/compose.yml ")
    );
}

#[test]
fn the_checks_that_the_pages_require_run_before_a_merge() {
    let run = fs::read_to_string(project(".ci/run")).unwrap();
    let developers = fs::read_to_string(project("DEVELOPERS.md")).unwrap();
    let (_, readme) = readme();
    let tests = commands(&readme)
        .into_iter()
        .filter(|line| line.starts_with("cargo test"));
    let asked: Vec<_> = tests.chain(commands(&developers)).collect();
    assert!(asked.len() > 1);
    for command in asked {
        assert!(
            run.lines().any(|line| line == command),
            "{command} is not in .ci/run"
        );
    }
}

#[test]
fn links_lead_somewhere() {
    let docs = fs::read_dir(project("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let pages = ["README.md", "DEVELOPERS.md"].map(project);
    for page in docs.chain(pages) {
        let text = fs::read_to_string(&page).unwrap();
        let links = text.split("](").skip(1);
        for link in links.filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !file.is_empty() {
                let target = page.with_file_name(file);
                assert!(target.exists(), "{}: nothing is at {link}", page.display());
            }
        }
    }
}
