//! The exit codes, and the errors of a call.

use std::path::PathBuf;

use crate::config::Unloaded;
use crate::diagnostic::Diagnostic;
use crate::report::terminal::Escaped;

/// The exit code of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing to change, or the changes are written.
    #[default]
    Success = 0,
    /// 1: there are changes to make.
    Changes = 1,
    /// 2: an error in a file or in the call; all other files were still handled.
    Error = 2,
}

/// A file that the run needs and cannot use; the run does nothing.
#[derive(Debug)]
pub(super) struct UnusableFile {
    pub(super) path: PathBuf,
    /// The text of the file; empty if it could not be read.
    pub(super) text: String,
    pub(super) error: Box<dyn Diagnostic>,
}

impl UnusableFile {
    /// A file that could not be read.
    pub(super) fn unread(path: PathBuf, error: impl Diagnostic) -> Self {
        Self {
            path,
            text: String::new(),
            error: Box::new(error),
        }
    }
}

impl From<Unloaded> for UnusableFile {
    fn from(unloaded: Unloaded) -> Self {
        let (path, text, error) = *unloaded;
        Self {
            path,
            text,
            error: Box::new(error),
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The call asks for two things that exclude each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) &'static str);

impl Diagnostic for UsageError {}

/// `--service` names a container that no file has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no service and no container has the name `{}`{hint}", Escaped(name))]
pub(super) struct UnknownService {
    pub(super) name: String,
    /// The nearest name, as the end of the sentence.
    pub(super) hint: String,
}

impl Diagnostic for UnknownService {}
