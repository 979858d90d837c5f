//! Checks the promises on real files. `HARDEN_SHARED` names the folder that contains `corpus/`.
//!
//! `tests/corpus/corpus.table` contains the counts of the results; `BLESS=1` rewrites it.

mod confluence;
mod edits;
mod generated;
mod options;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use harden::container::{Assume, Basis};
use harden::engine::Run;
use harden::engine::outcome::{Change, FileOutcome, Outcome, Report};
use harden::project::NotOurs;
use harden::report::words::general_sentence;
use harden::transforms;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_yaml::Value;

use self::options::{Directory, Options, check};
use crate::support::edits::{apply, of_report};
use crate::support::expected::expect;
use crate::support::files::project;
use crate::support::run::{Setup as _, by_default, knowledge, source, with};
use crate::support::shared::{CorpusFile, corpus};

/// The independent value reader skips larger files, because it builds all values in memory.
const LARGEST_FOR_VALUES: usize = 1 << 20;

#[test]
fn the_corpus_is_hardened_within_the_promises() {
    let Some(files) = corpus() else { return };
    let (run, reports) = (by_default(), reports());
    let broken: Vec<Vec<String>> = files
        .par_iter()
        .zip(reports)
        .map(|(file, report)| violations_of(&Before::new(file), report, &run))
        .collect();
    assert_kept(broken.iter().flatten());

    let mut table = Table::default();
    for report in reports {
        table.count(report);
    }
    expect(&project("tests/corpus/corpus.table"), &table.to_string());
}

#[test]
fn each_transform_keeps_the_promises_with_every_assume() {
    let Some(files) = corpus() else { return };
    let runs: Vec<Run<'_>> = transforms::ALL
        .iter()
        .flat_map(|transform| {
            let alone = || with(vec![transform]);
            [Assume::None, Assume::All].map(|assume| alone().assuming(assume))
        })
        .collect();
    let broken: Vec<Vec<String>> = files
        .par_iter()
        .map(|file| {
            let before = Before::new(file);
            let judge = |run| violations_of(&before, &report_of(run, file), run);
            runs.iter().flat_map(judge).collect()
        })
        .collect();
    assert_kept(broken.iter().flatten());
}

#[test]
fn each_file_keeps_the_promises_with_some_options() {
    let Some(files) = corpus() else { return };
    // The options rotate, so that each file meets other ones than its neighbours. `HARDEN_OPTIONS`
    // gives the number of options for each file.
    let rounds = std::env::var("HARDEN_OPTIONS");
    let rounds: u32 = rounds
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(2);
    files.par_iter().enumerate().for_each(|(nth, file)| {
        let path = file.path.to_string_lossy();
        let directory = Directory::new([(path.as_ref(), file.bytes.as_slice())]);
        let first = u32::try_from(nth).expect("a few thousand files");
        for round in 0..rounds {
            let options = Options::choose(first.wrapping_mul(7919).wrapping_add(round));
            check(&directory, options, knowledge());
        }
    });
}

#[test]
fn every_file_keeps_the_promises_when_everything_is_overridden() {
    let Some(files) = corpus() else { return };
    files.par_iter().for_each(|file| {
        let path = file.path.to_string_lossy();
        let directory = Directory::new([(path.as_ref(), file.bytes.as_slice())]);
        for options in Options::everything() {
            check(&directory, options, knowledge());
        }
    });
}

/// The report of a run with the defaults for each file of the corpus.
///
/// The function uses all cores, so call it before a parallel loop and not inside.
fn reports() -> &'static [Report] {
    static REPORTS: LazyLock<Vec<Report>> = LazyLock::new(|| {
        let run = by_default();
        let files = corpus().unwrap_or_default();
        files.par_iter().map(|file| report_of(&run, file)).collect()
    });
    &REPORTS
}

fn report_of(run: &Run<'_>, file: &CorpusFile) -> Report {
    run.project(vec![source(&file.path, &file.bytes)])
}

fn assert_kept<'v>(violations: impl Iterator<Item = &'v String>) {
    let violations: Vec<&str> = violations.map(String::as_str).collect();
    assert!(
        violations.is_empty(),
        "{} violations:\n{}",
        violations.len(),
        violations.join("\n")
    );
}

/// The original file with its values, for all runs that change it.
struct Before<'f> {
    file: &'f CorpusFile,
    values: OnceCell<Option<Vec<Value>>>,
}

impl<'f> Before<'f> {
    fn new(file: &'f CorpusFile) -> Self {
        Self {
            file,
            values: OnceCell::new(),
        }
    }

    fn text(&self) -> &'f str {
        std::str::from_utf8(&self.file.bytes).expect("a changed file is text")
    }

    fn values(&self) -> Option<&[Value]> {
        let read = || values(self.text());
        self.values.get_or_init(read).as_deref()
    }
}

/// The promises that the report of one file breaks.
fn violations_of(before: &Before<'_>, report: &Report, run: &Run<'_>) -> Vec<String> {
    let path = &before.file.path;
    let mut broken = Vec::new();
    let mut note = |what: String| broken.push(format!("{}: {what}", path.display()));
    let (after, edits) = match &report.files[0].outcome {
        FileOutcome::Failed(error @ harden::engine::EngineError::Unproved(_)) => {
            note(error.to_string());
            return broken;
        }
        FileOutcome::Changed(Change { text, edits }) => (text, edits),
        _ => return broken,
    };
    if apply(before.text(), of_report(edits)) != *after {
        note("the edits do not make the new text".to_owned());
    }
    let again = run.project(vec![source(path, after)]);
    // A part of a project is reported only while it has something weak.
    if !matches!(
        again.files[0].outcome,
        FileOutcome::Unchanged | FileOutcome::NotOurs(NotOurs::Fragment)
    ) {
        note(format!("a second run gives {:?}", again.files[0].outcome));
    }
    // Overrides replace values, but the comments next to the values stay.
    let replaces = run.transforms.iter().any(|transform| !transform.default);
    let lost = if replaces {
        lost_bytes(&remarks(before.text()), after)
    } else {
        lost_bytes(before.text(), after)
    };
    if let Some(lost) = lost {
        note(format!("lost: {lost}"));
    }
    if before.text().len() <= LARGEST_FOR_VALUES
        && let Some(old) = before.values()
        && let Some(new) = values(after)
    {
        if old.len() != new.len() {
            note("the number of documents differs".to_owned());
        }
        unreported(old, &new, report).for_each(&mut note);
    }
    broken
}

/// The differences that the report does not list.
fn unreported(old: &[Value], new: &[Value], report: &Report) -> impl Iterator<Item = String> {
    let paths: Vec<Vec<String>> = report
        .containers
        .iter()
        .flat_map(|container| &container.rows)
        .filter_map(|result| match &result.outcome {
            Outcome::Changed { paths, .. } => Some(paths),
            _ => None,
        })
        .flatten()
        .map(|path| steps(path))
        .collect();
    let mut differences = Vec::new();
    for (old, new) in old.iter().zip(new) {
        compare(old, new, &mut Vec::new(), &mut differences);
    }
    differences.into_iter().filter_map(move |difference| {
        let is_reported = paths.iter().any(|path| is_within(path, &difference));
        (!is_reported).then(|| format!("{} differs and was not reported", difference.join(".")))
    })
}

/// The comments of a text, and its lines without a value, which contain only keys.
fn remarks(text: &str) -> String {
    let remark = |line: &str| {
        let end = line.trim_end();
        match end.find(" #").or(end.starts_with('#').then_some(0)) {
            Some(at) => Some(format!("{}\n", &end[at..])),
            None => end.ends_with(':').then(|| format!("{end}\n")),
        }
    };
    text.lines().filter_map(remark).collect()
}

/// Every edit inserts text, replaces an empty value, or turns a single string into a list. So the
/// new text must contain every word of the old one in order, except nulls and empty brackets.
fn lost_bytes(before: &str, after: &str) -> Option<String> {
    let mut rest = after;
    for line in before.split_inclusive('\n') {
        let mut needed = line.trim_end_matches(['\n', '\r']);
        while let Some(shorter) = ["~", "null", "[", "]", "{", "}", ",", " "]
            .iter()
            .find_map(|end| needed.strip_suffix(end))
        {
            needed = shorter;
        }
        let parts = if rest.contains(needed) {
            vec![needed]
        } else {
            needed.split_inclusive(": ").map(str::trim_end).collect()
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return Some(line.to_owned()),
            }
        }
    }
    None
}

/// The values of all documents, read by the independent reader. `None` if it cannot read what
/// go-yaml can (tabs, duplicate keys and so on).
fn values(text: &str) -> Option<Vec<Value>> {
    use serde::Deserialize as _;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).ok())
        .collect()
}

/// The paths of differing values. An item appended to a sequence has the path of the sequence.
fn compare(old: &Value, new: &Value, at: &mut Vec<String>, differences: &mut Vec<Vec<String>>) {
    match (old, new) {
        (Value::Mapping(old), Value::Mapping(new)) => {
            for (key, value) in old {
                at.push(name(key));
                match new.get(key) {
                    Some(other) => compare(value, other, at, differences),
                    None => differences.push(at.clone()),
                }
                at.pop();
            }
            for (key, _) in new {
                if !old.contains_key(key) {
                    at.push(name(key));
                    differences.push(at.clone());
                    at.pop();
                }
            }
        }
        (Value::Sequence(old), Value::Sequence(new)) => {
            for (old, new) in old.iter().zip(new) {
                compare(old, new, at, differences);
            }
            if old.len() != new.len() {
                differences.push(at.clone());
            }
        }
        (Value::Tagged(old), Value::Tagged(new)) if old.tag == new.tag => {
            compare(&old.value, &new.value, at, differences);
        }
        (old, new) if old == new => {}
        _ => differences.push(at.clone()),
    }
}

fn name(key: &Value) -> String {
    key.as_str()
        .map_or_else(|| format!("{key:?}"), str::to_owned)
}

/// Splits a reported path into keys. Names in brackets select an item and are not keys.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut step = String::new();
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            '.' if !inside => steps.push(std::mem::take(&mut step)),
            c if !inside => step.push(c),
            _ => {}
        }
    }
    steps.push(step);
    steps
}

/// Whether one path is a prefix of the other: a reported leaf can be in a mapping that is new as a
/// whole. Names can contain dots, so the joined texts are compared. The path to an item of a `List`
/// comes before the reported path.
fn is_within(reported: &[String], difference: &[String]) -> bool {
    let (reported, difference) = (reported.join("."), difference.join("."));
    let is_prefix = |shorter: &str, longer: &str| {
        longer
            .strip_prefix(shorter)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let [reported, difference] =
        [&reported, &difference].map(|path| path.strip_prefix("items.").unwrap_or(path));
    is_prefix(reported, difference) || is_prefix(difference, reported)
}

/// Counts by name.
#[derive(Default)]
struct Table {
    rows: BTreeMap<String, usize>,
}

impl Table {
    fn count(&mut self, report: &Report) {
        let mut add = |row: String| *self.rows.entry(row).or_default() += 1;
        for file in &report.files {
            add(match &file.outcome {
                FileOutcome::NotOurs(why) => {
                    format!("file\tleft alone\t{}", harden::report::why_not_ours(*why))
                }
                FileOutcome::Read | FileOutcome::Unchanged => "file\tunchanged\t".to_owned(),
                FileOutcome::Changed(_) | FileOutcome::Created(_) => "file\tchanged\t".to_owned(),
                FileOutcome::Failed(_) => "file\ttrouble\t".to_owned(),
            });
        }
        for container in &report.containers {
            for result in &container.rows {
                let id = result.id;
                let why = general(&general_sentence(&result.reason));
                add(match &result.outcome {
                    Outcome::Hardened => format!("{id}\thardened\t{why}"),
                    Outcome::Changed {
                        basis: Basis::General,
                        ..
                    } => format!("{id}\tchanged\tgeneral"),
                    Outcome::Changed {
                        basis: Basis::Known(_),
                        ..
                    } => format!("{id}\tchanged\tknown"),
                    Outcome::Changed {
                        basis: Basis::Assumed,
                        ..
                    } => format!("{id}\tchanged\tassumed"),
                    Outcome::Finding { .. } => format!("{id}\tfound\t{why}"),
                    Outcome::Changed {
                        basis: Basis::Asked,
                        ..
                    } => format!("{id}\tchanged\tasked"),
                    Outcome::Declined => format!("{id}\tdeclined\t{why}"),
                    Outcome::Excepted { .. } => format!("{id}\texcepted\t"),
                    Outcome::Inapplicable => format!("{id}\tinapplicable\t{why}"),
                });
            }
        }
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (row, count) in &self.rows {
            writeln!(f, "{count}\t{row}")?;
        }
        Ok(())
    }
}

/// The message without the numbers of the individual file.
pub(crate) fn general(why: &str) -> String {
    let digits = |word: &str| word.chars().any(|c| c.is_ascii_digit());
    why.replace("`…`", "…")
        .split(' ')
        .map(|word| if digits(word) { "N" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}
