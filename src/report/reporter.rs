//! The interface between results and report formats. A format is one file and one row in
//! [`FORMATS`].
//!
//! A run has one reporter for each requested format. Its [`Renderer`] runs on any core, for one
//! group of files at a time, while the texts of the files are still in memory. Its `take` gets the
//! groups in the order of the run, and writes or collects their results. Its `end` writes the rest.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use super::FORMATS;
use super::terminal::Terminal;
use crate::engine::outcome::{Report, StaleException};
use crate::files::{Excluded, Revision};
use crate::report::policy::AddedPolicy;

/// A format of reports.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name for `--format`.
    pub name: &'static str,
    /// A description for the help.
    pub about: &'static str,
    /// What it needs of each group of files.
    pub needs: Needs,
    /// Creates a reporter.
    pub reporter: fn(&Setting) -> Box<dyn Reporter>,
}

/// The data that a reporter needs of each group of files. Data that no reporter needs is dropped
/// as soon as the group is rendered, so a large run needs little memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// [`Reporter::take`] reads the texts and the edits of files. A [`Renderer`] always has them.
    pub texts: bool,
    /// Each result needs its own edits, if the call asks for them.
    pub fixes: bool,
}

/// Renders one group of files, on any core.
pub type Renderer = Box<dyn Fn(&Group) -> Vec<u8> + Send + Sync>;

/// Collects the results of a run and writes them in one format.
pub trait Reporter {
    /// The part of the work that any core can do. By default there is none.
    fn renderer(&self) -> Option<Renderer> {
        None
    }

    /// Takes the results of the next group of files, with what the renderer made of them.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    fn take(&mut self, group: &Group, rendered: &[u8], out: &mut dyn Write) -> io::Result<()>;

    /// Ends the report.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    fn end(&mut self, closing: &Closing<'_>, out: &mut dyn Write) -> io::Result<()>;
}

/// The results of files that belong together.
#[derive(Debug, Default)]
pub struct Group {
    /// The results of the engine.
    pub report: Report,
    /// Commands that use originals and overlays together.
    pub commands: Vec<String>,
    /// The file is a piece of a stream, and its outcome is not that of the stream. The outcome of
    /// the stream follows in a group of its own.
    pub is_piece: bool,
    /// Compose overlays of changed files. Their changes do not count as made.
    pub not_counted: Vec<PathBuf>,
}

/// Results that belong to no group of files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closing<'c> {
    /// Exceptions of the configuration without effect.
    pub stale: &'c [StaleException],
    /// Notes on the run, each a sentence.
    pub notes: &'c [String],
    /// Files that could not be read, each with the reason.
    pub unread: &'c [(PathBuf, String)],
    /// Paths that were found and left alone, although a consumer could take them, each with the
    /// reason.
    pub left_alone: &'c [(PathBuf, String)],
    /// The lines of ignore files that excluded something from the walk.
    pub excluded: &'c [Excluded],
    /// The revision whose policy applies.
    pub base: Option<&'c Revision>,
    /// What the change adds to that policy.
    pub policy: &'c [AddedPolicy],
}

/// The settings of a report.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What the run does with the changes.
    pub mode: Mode,
    /// The level of detail.
    pub detail: Detail,
    /// The results are for a command line, so there are no files.
    pub is_of_a_command: bool,
    /// How the report is read.
    pub terminal: Terminal,
}

/// What a run does with the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Print them as a diff.
    Diff,
    /// Write the files.
    Write,
    /// Report whether there are any.
    Check,
    /// Print the new text.
    Filter,
}

/// The level of detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A summary that fits on a screen.
    Short,
    /// Every answer with its reason.
    Full,
}

impl Format {
    /// The format of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_names_are_unique() {
        for format in FORMATS {
            let found = Format::find(format.name).map(|found| found.about);
            assert_eq!(found, Some(format.about));
        }
    }
}
