//! Standard input: the filter, its diff and its check.
//!
//! The filter fails closed. Nothing reaches standard output until the whole input is proved.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::harden::HardenJob;
use super::session::{Job, Session, conflict_with_files};
use super::worker::{Done, Planner};
use crate::command::cli::Harden;
use crate::diagnostic::Diagnostic;
use crate::engine::outcome::{Change, FileOutcome, FileReport, Report};
use crate::files::stream::{self, Piece, Spool, Verdict};
use crate::project::NotOurs;
use crate::report::reporter::{Group, Mode};

impl HardenJob<'_> {
    /// Hardens standard input.
    pub(super) fn run_stdin(
        &mut self,
        asked: &Harden,
        plan: &impl Planner,
        session: &mut Session<'_, '_>,
    ) -> io::Result<()> {
        let conflict = conflict_with_files(&asked.paths).or(if asked.overlay {
            Some("--overlay needs files; `-` reads standard input")
        } else if asked.write {
            Some("--write needs files; `-` reads standard input")
        } else if self.base.is_some() {
            Some("--base needs files; `-` reads standard input")
        } else {
            None
        });
        let Some(mut input) = session.read_stdin(conflict, |stdin| Spool::read(stdin))? else {
            return Ok(());
        };
        // The results for a large stream need much more memory than its text. The summary does not
        // need all of them at the same time.
        let needs_all = self.mode == Mode::Diff || !self.reports.is_only_summary();
        let mut output = Spool::default();
        let mut verdict = Verdict::default();
        let mut pieces = Vec::new();
        let mut failed = None;
        plan.stream(&mut input, &mut |piece| {
            if piece.has_failed() {
                failed = Some(piece);
                return Ok(());
            }
            if self.mode == Mode::Filter {
                output.write_all(piece.text().as_bytes())?;
            }
            if needs_all {
                pieces.push(piece);
                return Ok(());
            }
            if let Some(outcome) = piece.outcome() {
                verdict.add(outcome);
            }
            self.take_report(piece.report, true, session)
        })?;
        if let Some(piece) = failed {
            drop(pieces);
            return self.fail_stdin(asked, piece, &mut input, session);
        }
        let report = if needs_all {
            stream::joined(pieces)
        } else {
            of_stream(verdict.outcome(Change::default()))
        };
        if self.mode == Mode::Filter {
            output.write_to(session.console.stdout)?;
        }
        self.take_report(report, false, session)
    }

    /// The stream has no result because of this piece.
    fn fail_stdin(
        &mut self,
        asked: &Harden,
        piece: Piece,
        input: &mut Spool,
        session: &mut Session<'_, '_>,
    ) -> io::Result<()> {
        // Changes in other pieces are not made.
        self.reports.restart();
        let report = piece.failure(input)?;
        if self.mode == Mode::Filter {
            if asked.pass_through_errors {
                input.write_to(session.console.stdout)?;
            } else {
                self.notes.push(
                    "Nothing is printed to stdout because of the error; --pass-through-errors \
                     prints the input unchanged."
                        .to_owned(),
                );
            }
            let is_template =
                |file: &FileReport| matches!(file.outcome, FileOutcome::NotOurs(NotOurs::Braces));
            if report.files.iter().any(is_template) {
                session.print_error(Path::new("-"), "", &Unrendered)?;
            }
        }
        self.take_report(report, false, session)
    }

    fn take_report(
        &mut self,
        report: Report,
        is_piece: bool,
        session: &mut Session<'_, '_>,
    ) -> io::Result<()> {
        let results = Group {
            report,
            is_piece,
            ..Group::default()
        };
        let renderers = self.reports.renderers();
        let done = Done::render(results, &renderers, self.reports.needs().texts);
        self.take(done, session)
    }
}

/// The report of a stream whose containers are reported already.
fn of_stream(outcome: FileOutcome) -> Report {
    let file = FileReport {
        path: PathBuf::from("-"),
        source: String::new(),
        outcome,
    };
    Report {
        files: vec![file],
        ..Report::default()
    }
}

/// The input of the filter is not YAML, because it is a template.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the input is not YAML because of `{{{{`; render the template first")]
struct Unrendered;

impl Diagnostic for Unrendered {
    fn needs_path(&self) -> bool {
        true
    }
}
