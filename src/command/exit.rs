//! The exit codes, and the errors of a call.

use std::borrow::Cow;
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

/// The choice of transforms on the command line makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ChoiceError {
    /// `--only` and `--skip` leave nothing.
    #[error("no transform is left to run, because --skip removes what --only names")]
    NoneLeft,
    /// `--enable` names a transform that runs anyway. Whoever writes that may expect that a check
    /// fails for its findings.
    #[error("{0} is on by default, so --enable does not change anything")]
    IsOn(&'static str),
}

impl Diagnostic for ChoiceError {
    fn hint(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::NoneLeft => None,
            Self::IsOn(id) => {
                let hint = format!(
                    "remove the option; `--check --fail-on findings` fails for findings, and \
                     `--only {id}` runs only this transform"
                );
                Some(hint.into())
            }
        }
    }
}

/// A check of directories found no container, so it says nothing about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was checked, because no container was found")]
pub(super) struct NothingChecked;

impl Diagnostic for NothingChecked {
    fn hint(&self) -> Option<Cow<'static, str>> {
        Some("check the path, or add --allow-empty if there may be no container".into())
    }
}

/// A run over directories judged no pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no pod was judged, because no Kubernetes manifest with pods was found")]
pub(super) struct NothingJudged;

impl Diagnostic for NothingJudged {
    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = "check the path, or add --allow-empty if there may be no pod; \
                    `harden --check` is for Compose files";
        Some(hint.into())
    }
}

/// `--service` names a container that no file has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no service and no container has the name `{}`{hint}", Escaped(name))]
pub(super) struct UnknownService {
    pub(super) name: String,
    /// The nearest name, as the end of the sentence.
    pub(super) hint: String,
}

impl Diagnostic for UnknownService {}
