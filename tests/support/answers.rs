//! Reads a report: the text of a file after the run, and the answer of one transform.

use std::path::Path;

use harden::engine::outcome::{Change, FileOutcome, Outcome, Report, Row};
use harden::report::words::sentence;

/// The text of the first file after the run; `before` if nothing changed.
pub(crate) fn text(report: &Report, before: &str) -> String {
    match &report.files[0].outcome {
        FileOutcome::Changed(Change { text: after, .. }) => after.clone(),
        FileOutcome::Unchanged => before.to_owned(),
        other => panic!("{other:?}\n{before}"),
    }
}

/// The new text of a file; `None` if the file did not change.
pub(crate) fn changed<'r>(report: &'r Report, path: &str) -> Option<&'r str> {
    let file = report
        .files
        .iter()
        .find(|file| file.path == Path::new(path));
    match &file.expect("the file").outcome {
        FileOutcome::Changed(Change { text, .. }) | FileOutcome::Created(text) => Some(text),
        FileOutcome::Unchanged | FileOutcome::Read | FileOutcome::NotOurs(_) => None,
        FileOutcome::Failed(error) => panic!("{error}"),
    }
}

/// The outcome of a transform for the container with this name.
pub(crate) fn outcome<'r>(report: &'r Report, container: &str, id: &str) -> &'r Outcome {
    &row(report, container, id).outcome
}

/// The first answer of a transform for the container with this name.
pub(crate) fn row<'r>(report: &'r Report, container: &str, id: &str) -> &'r Row {
    let container = report.containers.iter().find(|one| one.name == container);
    let mut rows = container.expect("the container").rows.iter();
    rows.find(|row| row.id == id).expect("the transform")
}

/// Why a transform declined to change the container with this name.
pub(crate) fn declined(report: &Report, container: &str, id: &str) -> String {
    let row = row(report, container, id);
    match row.outcome {
        Outcome::Declined => sentence(&row.reason),
        _ => panic!("{row:?}"),
    }
}
