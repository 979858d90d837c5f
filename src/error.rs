//! What can go wrong, whose fault it is, and what to do about it.

use std::path::PathBuf;

use crate::config::ConfigError;
use crate::dialect::docker_run::Fault;
use crate::dialect::quadlet::UnitFault;
use crate::image::EntryError;
use crate::pod_security::Rejection;
use crate::syntax::{Span, SyntaxError};

/// Trouble with one file, or with the call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system could not read the file.
    #[error("cannot read {}: {}", path.display(), said(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system could not write the file; it is as it was.
    #[error("cannot write {}: {}", path.display(), said(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory could not be walked to its end.
    #[error("cannot walk {}: {source}", path.display())]
    Walk {
        /// The directory.
        path: PathBuf,
        /// What the walk said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is longer than any that is read.
    #[error("{} has {bytes} bytes, and files of more than {limit} are not read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes; for a pipe those read so far.
        bytes: u64,
        /// [`crate::syntax::Limits::bytes`]
        limit: u64,
    },
    /// Somebody else wrote the file in the meantime; it is as they left it.
    #[error("{} has changed since it was read, and is left alone", path.display())]
    ChangedMeanwhile {
        /// The file.
        path: PathBuf,
    },
    /// The file has other names, which a new file under this one would leave behind.
    #[error("{} is one of {links} hard links to a file, and is left alone", path.display())]
    HardLinked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// A pipe, a device: nothing that can be replaced.
    #[error("{} is not a regular file, and cannot be written", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// Where an overlay would go stands a file that is not one.
    #[error("{} was not written by harden, and is left alone", path.display())]
    ForeignOverlay {
        /// The file.
        path: PathBuf,
    },
    /// Written out, the aliases of a file come to more than is compared.
    #[error("the aliases of the file come to too much for an overlay")]
    TooManyAliases,
    /// The call asks for two things that exclude each other.
    #[error("{0}")]
    Usage(&'static str),
    /// The file is not what its consumer reads.
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    /// The API server would not take an object of the file.
    #[error("{0}")]
    Rejected(#[from] Rejection),
    /// The configuration does not say what it may say.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// What is called like a configuration is no file of the repository.
    #[error("{} is not a file of this repository, and is not read", path.display())]
    StrayConfig {
        /// What was found.
        path: PathBuf,
    },
    /// A configuration by another name, which would be passed over in silence.
    #[error("{} is not read: a configuration is called {}", path.display(), crate::config::NAME)]
    MisnamedConfig {
        /// What was found.
        path: PathBuf,
    },
    /// The unit is not what systemd reads.
    #[error("{0}")]
    Unit(#[from] UnitFault),
    /// The command cannot be read.
    #[error("{0}")]
    CommandLine(Box<Fault>),
    /// A user's own entry of the knowledge base cannot be used.
    #[error("{source}")]
    Entry {
        /// The line.
        span: Span,
        /// What is wrong there.
        source: EntryError,
    },
    /// The result could not be proved to differ only as planned, so nothing was written. Our fault.
    #[error("the result could not be proved, so the file is left alone: {0}")]
    Unproved(String),
}

/// What the caller is told when the program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing to change, or it is written.
    #[default]
    Done = 0,
    /// 1: there are changes to make.
    Changes = 1,
    /// 2: trouble with a file or with the call; everything else was still done.
    Trouble = 2,
}

impl Error {
    /// What to do about it, as one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::TooLarge { .. } => "a line in .hardenignore keeps a walk away from it",
            Self::ChangedMeanwhile { .. } => "run the command again",
            Self::HardLinked { .. } => {
                "a file is replaced as a whole, which would part it from its other names; \
                 `harden - < FILE > NEW && cat NEW > FILE` keeps them"
            }
            Self::ForeignOverlay { .. } => {
                "an overlay goes there: rename the file, or run without --overlay"
            }
            Self::NotRegular { .. } => "`-` reads standard input and prints the result",
            Self::StrayConfig { .. } => {
                "--config FILE reads a file that somebody named, and --no-config none"
            }
            Self::CommandLine(fault) => return fault.hint(),
            Self::Unproved(_) => "this is a bug of harden: please report it with the file",
            _ => return None,
        })
    }
}

impl Error {
    /// The bytes of the file that are at fault, where the fault is in the file.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::Syntax(error) => Some(error.span),
            Self::Rejected(rejection) => Some(rejection.span),
            Self::Entry { span, .. } => Some(*span),
            Self::Config(error) => Some(error.span),
            Self::CommandLine(fault) => Some(fault.span),
            Self::Unit(fault) => Some(fault.span),
            _ => None,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// The system's words without their number, which tells a person nothing.
pub(crate) fn said(error: &std::io::Error) -> String {
    let words = error.to_string();
    match words.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => words,
    }
}
