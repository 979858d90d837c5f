//! Moves the results of pieces to their places in the stream, and joins them.

use std::path::PathBuf;

use super::{Piece, Start};
use crate::engine::EngineError;
use crate::engine::outcome::{
    Change, FileOutcome, FileReport, FixEdit, Location, Report, StaleException, Unread,
};
use crate::project::NotOurs;
use crate::syntax::{Edit, Span};

/// The report of a piece, with the places in the stream. The text of the piece and its change stay
/// as they are.
pub(super) fn moved(mut report: Report, start: Start) -> Report {
    if start == Start::default() {
        return report;
    }
    let below = |line: u32| line.saturating_add(start.lines);
    for container in &mut report.containers {
        container.relocate(
            |place| Location {
                line: below(place.line),
                span: later(place.span, start),
                ..place
            },
            |file, line| (file, below(line)),
            |one| FixEdit {
                edit: moved_edit(one.edit, start),
                ..one
            },
        );
    }
    let stale = report.stale.into_iter();
    report.stale = stale
        .map(|StaleException { at, why }| StaleException {
            at: at.moved(|file, line| (file, below(line))),
            why,
        })
        .collect();
    let unread = report.unread.into_iter();
    report.unread = unread
        .map(|one| Unread {
            line: below(one.line),
            ..one
        })
        .collect();
    report
}

/// The same error at its place in the stream.
pub(super) fn moved_error(error: EngineError, start: Start) -> EngineError {
    match error {
        EngineError::Syntax(mut error) => {
            error.span = later(error.span, start);
            EngineError::Syntax(error)
        }
        error => error,
    }
}

/// The report of a whole stream whose pieces have not failed.
#[must_use]
pub fn joined(pieces: Vec<Piece>) -> Report {
    let mut all = Report::default();
    let mut stream = FileReport {
        path: PathBuf::from("-"),
        source: String::new(),
        outcome: FileOutcome::Unchanged,
    };
    let mut change = Change::default();
    let mut verdict = Verdict::default();
    for Piece { report, start, .. } in pieces {
        let Report {
            files,
            containers,
            stale,
            unselected,
            unread,
        } = report;
        all.containers.extend(containers);
        all.stale.extend(stale);
        all.unselected.extend(unselected);
        all.unread.extend(unread);
        // A stream has no other files.
        let Some(FileReport {
            source, outcome, ..
        }) = files.into_iter().next()
        else {
            continue;
        };
        if let FileOutcome::Changed(Change { text, edits }) = &outcome {
            change.text.push_str(text);
            let edits = edits.iter().cloned();
            change
                .edits
                .extend(edits.map(|edit| moved_edit(edit, start)));
        } else {
            change.text.push_str(&source);
        }
        stream.source.push_str(&source);
        verdict.add(&outcome);
    }
    stream.outcome = verdict.outcome(change);
    all.files.push(stream);
    all
}

/// The outcome of a stream whose pieces have not failed.
#[derive(Debug, Default)]
pub struct Verdict {
    is_ours: bool,
    is_changed: bool,
    not_ours: Option<NotOurs>,
}

impl Verdict {
    /// Adds the outcome of a piece.
    pub fn add(&mut self, outcome: &FileOutcome) {
        match outcome {
            FileOutcome::Failed(_) => {}
            FileOutcome::NotOurs(why) => {
                self.not_ours.get_or_insert(*why);
            }
            FileOutcome::Read | FileOutcome::Unchanged => self.is_ours = true,
            FileOutcome::Changed(_) | FileOutcome::Created(_) => {
                (self.is_ours, self.is_changed) = (true, true);
            }
        }
    }

    /// The outcome of the whole stream, with the `change` of all pieces.
    #[must_use]
    pub fn outcome(self, change: Change) -> FileOutcome {
        match self.not_ours {
            Some(why) if !self.is_ours => FileOutcome::NotOurs(why),
            _ if self.is_changed => FileOutcome::Changed(change),
            _ => FileOutcome::Unchanged,
        }
    }
}

/// The span in the stream for a span in a piece.
fn later(span: Span, start: Start) -> Span {
    Span {
        start: span.start.saturating_add(start.bytes),
        end: span.end.saturating_add(start.bytes),
    }
}

fn moved_edit(edit: Edit, start: Start) -> Edit {
    Edit {
        span: later(edit.span, start),
        ..edit
    }
}
