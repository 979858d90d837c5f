//! Why a configuration cannot be used.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::NAME;
use crate::diagnostic::{Diagnostic, system_message};
use crate::syntax::{Span, SyntaxError};

/// Why a configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The system could not read the file.
    #[error("cannot read {}: {}", path.display(), system_message(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// The file is over the limit.
    #[error("{} has more than {limit} bytes, the limit for a configuration", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes that a configuration can have.
        limit: u64,
    },
    /// The file is outside of the repository, or is not a regular file.
    #[error("{} is not a file of this repository; harden does not read it", path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// A path of `images` leads out of the folder of the configuration.
    #[error("`images`: {} leads out of the folder of the configuration", path.display())]
    Outside {
        /// The path as it is written.
        path: PathBuf,
    },
    /// The file has a similar name that harden would otherwise ignore without a word.
    #[error("{} has the wrong name; a configuration is called {NAME}", path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
    },
    /// The content is not a configuration.
    #[error(transparent)]
    Content(#[from] ConfigError),
}

/// Why a text is not a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConfigError {
    /// The bytes that are wrong.
    pub span: Span,
    /// What is wrong, and what may be meant.
    pub message: String,
}

impl LoadError {
    /// Changes the path of the configuration in the message.
    pub(crate) fn rename(&mut self, name: impl FnOnce(&Path) -> PathBuf) {
        match self {
            Self::Read { path, .. }
            | Self::TooLarge { path, .. }
            | Self::Stray { path }
            | Self::Misnamed { path } => *path = name(path),
            Self::Outside { .. } | Self::Content(_) => {}
        }
    }
}

impl Diagnostic for LoadError {
    fn span(&self) -> Option<Span> {
        match self {
            Self::Content(error) => error.span(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Stray { .. } => {
                "name a configuration with --config FILE, or use none with --no-config"
            }
            Self::Outside { .. } => "name the file with --images PATH instead",
            Self::Misnamed { .. } => "rename the file, or name it with --config FILE",
            _ => return None,
        };
        Some(hint.into())
    }
}

impl Diagnostic for ConfigError {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}

impl From<SyntaxError> for ConfigError {
    fn from(SyntaxError { span, kind }: SyntaxError) -> Self {
        Self {
            span,
            message: kind.to_string(),
        }
    }
}
