//! Runs every fence of every page in `transforms/`, twice.
//!
//! `BLESS=1 cargo test` rewrites the expected results; review them with `git diff`.

use std::fmt::Write as _;
use std::path::PathBuf;

use harden::container::{Assume, Basis};
use harden::edition::Edition;
use harden::engine::outcome::{FileOutcome, Outcome, Report};
use harden::report::words::sentence;
use harden::transforms::{self, Kind, Transform};

use crate::support::answers;
use crate::support::command::stdout;
use crate::support::expected::expect;
use crate::support::files::{project, scratch};
use crate::support::run::{Setup as _, with};

#[test]
fn no_transform_is_newer_than_the_program() {
    for transform in transforms::ALL {
        assert!(transform.edition <= Edition::CURRENT, "{}", transform.id);
    }
}

#[test]
fn every_fence_of_every_page_comes_out_as_written() {
    for transform in transforms::ALL {
        let path = page_path(transform);
        let page = std::fs::read_to_string(&path).expect("the page is beside the code");
        let actual = run_page(transform, &page);
        expect(&path, &actual);
    }
}

#[test]
fn every_page_shows_each_dialect_and_what_it_changes() {
    for transform in transforms::ALL {
        let fences: Vec<Fence> = fences(transform.page).collect();
        for (dialect, mark) in [("Compose", "services:"), ("Kubernetes", "apiVersion:")] {
            assert!(
                fences.iter().any(|fence| fence.body.contains(mark)),
                "{} shows nothing for {dialect}",
                transform.id
            );
        }
        assert!(
            transform.kind == Kind::Finding || fences.iter().any(|fence| fence.info == "diff"),
            "{} shows no change",
            transform.id
        );
    }
}

/// The headings of every page, in this order.
const PARTS: [&str; 5] = [
    "Why",
    "What it does",
    "What can break",
    "What it does not change",
    "How to turn it off",
];

#[test]
fn every_page_has_the_same_parts() {
    for transform in transforms::ALL {
        let title = format!("# {}", transform.id);
        assert_eq!(transform.page.lines().next(), Some(title.as_str()));
        let mut in_fence = false;
        let prose = transform.page.lines().filter(|line| {
            in_fence ^= line.starts_with("```");
            !in_fence
        });
        let parts: Vec<&str> = prose.filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(parts, PARTS, "{}", transform.id);
    }
}

fn page_path(transform: &Transform) -> PathBuf {
    let name = transform.id.replace('-', "_");
    project("transforms").join(name).with_extension("md")
}

/// The page with the current result in every fence.
fn run_page(transform: &'static Transform, page: &str) -> String {
    let mut out = String::new();
    let mut last: Option<Report> = None;
    let mut rest = 0;
    for fence in fences(page) {
        out.push_str(&page[rest..fence.start]);
        rest = fence.start + fence.body.len();
        match fence.info {
            "diff" | "diff asked" | "diff assume-all" => {
                let before: String = fence
                    .body
                    .split_inclusive('\n')
                    .filter(|line| !line.starts_with('+'))
                    .map(|line| if line == "\n" { line } else { &line[1..] })
                    .collect();
                let (after, report) = run(transform, &before, fence.info);
                assert_ne!(
                    before, after,
                    "{}: a diff fence changes nothing:\n{before}",
                    transform.id
                );
                out.push_str(&whole_diff(&before, &after));
                last = Some(report);
            }
            "yaml" => {
                let (after, report) = run(transform, fence.body, fence.info);
                assert_eq!(
                    after, fence.body,
                    "{}: a yaml fence must come out unchanged",
                    transform.id
                );
                out.push_str(&after);
                last = Some(report);
            }
            "console" => out.push_str(&run_console(transform, fence.body)),
            "text" => {
                let report = last
                    .take()
                    .expect("a text fence follows the fence it reports on");
                out.push_str(&describe(&report));
            }
            other => panic!("{}: nothing runs a `{other}` fence", transform.id),
        }
    }
    out.push_str(&page[rest..]);
    out
}

/// A command line and its result: `$ harden --only ID docker run …`, and the hardened command
/// below. Hardening that command again does not change it.
fn run_console(transform: &Transform, body: &str) -> String {
    let harden = format!("harden --only {} ", transform.id);
    let line = body.lines().next().unwrap_or_default();
    let command = line.strip_prefix("$ ").unwrap_or_default();
    assert!(
        command.starts_with(&harden),
        "`{line}` is not `$ {harden}…`"
    );
    let directory = scratch();
    let hardened = stdout(command, directory.path());
    let again = stdout(&format!("{harden}{hardened}"), directory.path());
    assert_eq!(hardened, again, "a second run finds work");
    format!("{line}\n{hardened}")
}

/// The result of only this transform for the text. A second run must change nothing. With `asked`,
/// the transform may change explicit values; with `assume-all`, it makes all assumptions.
fn run(transform: &'static Transform, text: &str, info: &str) -> (String, Report) {
    let mut run = with(vec![transform]);
    if info.ends_with(" asked") {
        run = run.overriding();
    }
    if info.ends_with(" assume-all") {
        run = run.assuming(Assume::All);
    }
    let report = run.file("example.yml", text);
    let after = answers::text(&report, text);
    let again = run.file("example.yml", &after);
    assert!(
        matches!(again.files[0].outcome, FileOutcome::Unchanged),
        "{}: a second run finds work in\n{after}",
        transform.id
    );
    (after, report)
}

fn describe(report: &Report) -> String {
    let mut text = String::new();
    for container in &report.containers {
        for result in &container.rows {
            let why = sentence(&result.reason);
            let answer = match &result.outcome {
                Outcome::Hardened => format!("hardened: {why}"),
                Outcome::Changed { basis, .. } => match basis {
                    Basis::General => format!("changed: {why}"),
                    Basis::Known(id) => format!("changed (known of {id}): {why}"),
                    Basis::Assumed => format!("changed (assumed): {why}"),
                    Basis::Asked => format!("changed (asked): {why}"),
                },
                Outcome::Finding { .. } => format!("found: {why}"),
                Outcome::Excepted { justification, .. } => format!("excepted: {justification}"),
                Outcome::Inapplicable => format!("not applicable: {why}"),
                Outcome::Declined => format!("declined: {why}"),
            };
            writeln!(text, "{}: {answer}", container.name).expect("a string takes everything");
        }
    }
    text
}

/// A unified diff without headers that shows every line.
fn whole_diff(before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .iter_all_changes()
        .map(|change| match (change.tag(), change.value()) {
            (similar::ChangeTag::Equal, "\n") => "\n".to_owned(),
            (similar::ChangeTag::Equal, line) => format!(" {line}"),
            (similar::ChangeTag::Delete, line) => format!("-{line}"),
            (similar::ChangeTag::Insert, line) => format!("+{line}"),
        })
        .collect()
}

struct Fence<'p> {
    info: &'p str,
    /// The offset of the body in the page.
    start: usize,
    body: &'p str,
}

fn fences(page: &str) -> impl Iterator<Item = Fence<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let open = at + page[at..].find("\n```").map(|found| found + 1)?;
        let start = open + page[open..].find('\n').map(|found| found + 1)?;
        let info = page[open + 3..start].trim();
        let length = page[start..].find("```").expect("every fence is closed");
        at = start + length + 3;
        Some(Fence {
            info,
            start,
            body: &page[start..start + length],
        })
    })
}
