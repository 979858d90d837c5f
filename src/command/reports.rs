//! The reports of a run: their formats and their outputs.

use std::io::{self, Write};

use super::Console;
use super::exit::UsageError;
use crate::command::cli::{FormatArg, ReportOptions};
use crate::diagnostic::Diagnostic;
use crate::files::{FileError, NewFile};
use crate::report::reporter::{Closing, Format, Group, Mode, Needs, Renderer, Reporter, Setting};
use crate::report::terminal::Terminal;
use crate::report::{diff, text};

/// The reports of a run, in the order of the call.
#[derive(Default)]
pub(super) struct Reports {
    all: Vec<One>,
    has_printed: bool,
}

struct One {
    format: Format,
    setting: Setting,
    reporter: Box<dyn Reporter>,
    needs: Needs,
    sink: Sink,
    /// The file of the report is an input of the run, and stays as it is.
    is_over_input: bool,
}

/// The output of a report.
enum Sink {
    Stdout,
    Stderr,
    File(NewFile),
}

impl Reports {
    /// The reports that a call asks for. `setting` is that of standard output, and with
    /// `prints_text` standard output has the hardened text.
    ///
    /// A call that names no format for standard output gets the diff there, where the mode is to
    /// print one, and the summary on standard error.
    ///
    /// # Errors
    ///
    /// Two reports for standard output, or a file that cannot be written.
    pub(super) fn asked(
        asked: &ReportOptions,
        setting: &Setting,
        prints_text: bool,
        console: &Console<'_>,
    ) -> Result<Self, Box<dyn Diagnostic>> {
        let mut reports = Self::default();
        let mut is_printed = false;
        for FormatArg { format, file } in &asked.formats {
            let Some(path) = file else {
                if prints_text {
                    return Err(Box::new(UsageError(
                        "stdout has another result here; write the report to a file with \
                         --format FORMAT=FILE",
                    )));
                }
                if is_printed {
                    return Err(Box::new(UsageError(
                        "stdout takes one report; write the others to files with \
                         --format FORMAT=FILE",
                    )));
                }
                is_printed = true;
                reports.add(format, setting, Sink::Stdout);
                continue;
            };
            let file = NewFile::begin(path);
            let file = file.map_err(|error| Box::new(error) as Box<dyn Diagnostic>)?;
            let setting = Setting {
                terminal: Terminal::PIPE,
                ..setting.clone()
            };
            reports.add(format, &setting, Sink::File(file));
        }
        if !is_printed {
            if setting.mode == Mode::Diff {
                reports.add(&diff::FORMAT, setting, Sink::Stdout);
            }
            let setting = Setting {
                terminal: console.stderr_terminal,
                ..setting.clone()
            };
            reports.add(&text::FORMAT, &setting, Sink::Stderr);
        }
        Ok(reports)
    }

    fn add(&mut self, format: &Format, setting: &Setting, sink: Sink) {
        self.all.push(One {
            format: *format,
            setting: setting.clone(),
            reporter: (format.reporter)(setting),
            needs: format.needs,
            sink,
            is_over_input: false,
        });
    }

    /// Whether the only report is the summary on standard error, which needs no texts.
    pub(super) fn is_only_summary(&self) -> bool {
        let is_summary = |one: &One| matches!(one.sink, Sink::Stderr);
        self.all.iter().all(is_summary)
    }

    /// Forgets all results so far.
    pub(super) fn restart(&mut self) {
        for one in &mut self.all {
            one.reporter = (one.format.reporter)(&one.setting);
        }
    }

    /// What the reporters need of each group of files.
    pub(super) fn needs(&self) -> Needs {
        let all = self.all.iter().map(|one| one.needs);
        all.fold(Needs::default(), |all, one| Needs {
            texts: all.texts || one.texts,
            fixes: all.fixes || one.fixes,
        })
    }

    /// The parts of the work that any core can do.
    pub(super) fn renderers(&self) -> Vec<Option<Renderer>> {
        let reporters = self.all.iter().map(|one| &one.reporter);
        reporters.map(|reporter| reporter.renderer()).collect()
    }

    /// Whether [`Reports::take`] prints something.
    pub(super) fn prints(&self, rendered: &[Vec<u8>]) -> bool {
        let mut pairs = self.all.iter().zip(rendered);
        pairs.any(|(one, text)| matches!(one.sink, Sink::Stdout) && !text.is_empty())
    }

    /// Reports the next group of files.
    pub(super) fn take(
        &mut self,
        group: &Group,
        rendered: &[Vec<u8>],
        console: &mut Console<'_>,
    ) -> io::Result<()> {
        self.has_printed |= self.prints(rendered);
        for (one, rendered) in self.all.iter_mut().zip(rendered) {
            let out: &mut dyn Write = match &mut one.sink {
                Sink::Stdout => &mut *console.stdout,
                Sink::Stderr => &mut *console.stderr,
                Sink::File(file) => {
                    let files = &group.report.files;
                    one.is_over_input |= files.iter().any(|one| file.would_replace(&one.path));
                    file
                }
            };
            one.reporter.take(group, rendered, out)?;
        }
        Ok(())
    }

    /// Ends the reports on standard output and in files. A file that cannot be written does not
    /// keep the others from being written.
    pub(super) fn end(
        &mut self,
        closing: &Closing<'_>,
        console: &mut Console<'_>,
    ) -> io::Result<Vec<FileError>> {
        let mut errors = Vec::new();
        let (last, others) = std::mem::take(&mut self.all)
            .into_iter()
            .partition(|one| matches!(one.sink, Sink::Stderr));
        self.all = last;
        for One {
            mut reporter,
            sink,
            is_over_input,
            ..
        } in others
        {
            match sink {
                Sink::Stdout | Sink::Stderr => reporter.end(closing, &mut *console.stdout)?,
                Sink::File(file) if is_over_input => {
                    let path = file.path().to_owned();
                    errors.push(FileError::ReportOverInput { path });
                }
                Sink::File(mut file) => {
                    let written = reporter.end(closing, &mut file);
                    errors.extend(file.commit(written).err());
                }
            }
        }
        Ok(errors)
    }

    /// Ends the reports on standard error, which follow the flushed standard output.
    pub(super) fn end_on_stderr(&mut self, closing: &Closing<'_>) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        for one in &mut self.all {
            // On a terminal it follows what was printed, so an empty line separates them.
            if self.has_printed {
                writeln!(text)?;
            }
            one.reporter.end(closing, &mut text)?;
        }
        Ok(text)
    }
}
