//! Standard input: the filter, its diff and its check.
//!
//! The filter fails closed. Nothing reaches standard output until the whole input is proved.

use std::io::{self, Write};
use std::path::PathBuf;

use super::harden::HardenJob;
use super::session::{Job, Session, conflict_with_files};
use super::worker::{Done, Planner};
use crate::command::cli::Harden;
use crate::diagnostic::Diagnostic;
use crate::engine::EngineError;
use crate::engine::outcome::{Change, FileOutcome, FileReport, Report};
use crate::files::stream::{self, Piece, Spool, Verdict};
use crate::project::NotOurs;
use crate::report::reporter::{Group, Mode};
use crate::syntax::Span;

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
            if failed.is_some() {
                return Ok(());
            }
            let is_filter = self.mode == Mode::Filter;
            if piece.has_failed() || is_filter && Unrendered::of(&piece).is_some() {
                failed = Some(piece);
                return Ok(());
            }
            if is_filter {
                output.write_all(piece.text().as_bytes())?;
            }
            if needs_all || piece.is_whole() {
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
        let report = if pieces.is_empty() {
            of_stream(verdict.outcome(Change::default()))
        } else {
            stream::joined(pieces)
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
        let unrendered = Unrendered::of(&piece);
        let mut report = piece.failure(input)?;
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
            if let (Some(unrendered), Some(file)) = (unrendered, report.files.first_mut()) {
                // The error says what the report of the piece would say.
                report.unread.clear();
                file.outcome = FileOutcome::Failed(unrendered.in_text(&file.source));
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

/// The input of the filter is not YAML before a template engine renders it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the input is not YAML because of `{{{{`; render the template first")]
struct Unrendered {
    /// The line where the document begins, from 1, if the text around it is YAML.
    line: Option<u32>,
    span: Option<Span>,
}

impl Unrendered {
    /// The error, if the piece or a document of it is a template.
    fn of(piece: &Piece) -> Option<Self> {
        let is_braces = matches!(piece.outcome(), Some(FileOutcome::NotOurs(NotOurs::Braces)));
        let mut parts = piece.report.unread.iter();
        let line = parts.find(|part| part.is_template).map(|part| part.line);
        let span = None;
        (is_braces || line.is_some()).then_some(Self { line, span })
    }

    /// The error at its line in the text of the stream.
    fn in_text(self, text: &str) -> EngineError {
        let before = |line: u32| {
            let lines = text
                .split_inclusive('\n')
                .take(line.saturating_sub(1) as usize);
            u32::try_from(lines.map(str::len).sum::<usize>()).unwrap_or(u32::MAX)
        };
        let span = self.line.map(|line| Span {
            start: before(line),
            end: before(line.saturating_add(1)),
        });
        EngineError::AfterPass(Box::new(Self { span, ..self }))
    }
}

impl Diagnostic for Unrendered {
    fn span(&self) -> Option<Span> {
        self.span
    }

    fn needs_path(&self) -> bool {
        true
    }
}
