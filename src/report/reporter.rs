//! The seam between results and formats: a renderer is one file, and one row in
//! [`FORMATS`].
//!
//! A run has one reporter for each format that is asked for. Its [`Renderer`] works on any core, on
//! one group of files at a time, while their texts are still there. Its `take` gets the groups one
//! by one in the order of the run, and writes at once or collects. Its `end` writes the rest.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use super::FORMATS;
use super::terminal::Terminal;
use crate::engine::outcome::{Report, StaleException};

/// A format of reports.
#[derive(Clone, Copy)]
pub struct Format {
    /// What `--format` calls it.
    pub name: &'static str,
    /// What it is, for the help.
    pub about: &'static str,
    /// What it needs of each group of files.
    pub needs: Needs,
    /// A reporter with nothing to report yet.
    pub reporter: fn(&Setting) -> Box<dyn Reporter>,
}

/// What a reporter needs of each group of files. What no reporter needs is thrown away as soon as
/// the group is rendered, so that a large run takes little memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// [`Reporter::take`] reads the texts and the edits of files. A [`Renderer`] always has them.
    pub texts: bool,
    /// Each result has its own edits, where the call asks for them.
    pub fixes: bool,
}

/// Renders one group of files, on any core.
pub type Renderer = Box<dyn Fn(&Group) -> Vec<u8> + Send + Sync>;

/// Gathers the results of a run and writes them in one format.
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
    /// What the engine found and did.
    pub report: Report,
    /// Commands that read originals and overlays together.
    pub commands: Vec<String>,
    /// Overlays next to files that are changed although the overlay has the change.
    pub not_counted: Vec<PathBuf>,
}

/// What belongs to no group of files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closing<'c> {
    /// Exceptions of the configuration without effect.
    pub stale: &'c [StaleException],
    /// Notes on the run, each a sentence.
    pub notes: &'c [String],
    /// Files that could not be read, each with the reason.
    pub unread: &'c [(PathBuf, String)],
}

/// How a run reports.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What the run does with the changes.
    pub mode: Mode,
    /// How much a person wants to read.
    pub detail: Detail,
    /// The results are those of a command line, and there are no files.
    pub is_of_a_command: bool,
    /// The current directory, which paths are relative to.
    pub directory: PathBuf,
    /// Where the report is read.
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

/// How much a person wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What fits on a screen.
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
    fn each_format_has_a_name_of_its_own() {
        for format in FORMATS {
            let found = Format::find(format.name).map(|found| found.about);
            assert_eq!(found, Some(format.about));
        }
    }
}
