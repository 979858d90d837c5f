//! Why a revision cannot be read.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::diagnostic::{Diagnostic, system_message};

/// Why a revision cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// No directory above has an entry `.git`.
    #[error("{} is not in a git repository", directory.display())]
    NoRepository {
        /// The directory.
        directory: PathBuf,
    },
    /// There is no program `git`.
    #[error("the program `git` is not installed")]
    NoProgram,
    /// Git cannot be started, or its output cannot be read.
    #[error("cannot run git: {}", system_message(source))]
    Unusable {
        /// The error of the system.
        source: std::io::Error,
    },
    /// Git reports an error.
    #[error("git cannot read the repository: {words}")]
    Refused {
        /// The first line of git's error.
        words: String,
    },
    /// Git did not end in time.
    #[error("git did not answer within {seconds} seconds")]
    Slow {
        /// The limit.
        seconds: u64,
    },
    /// The name cannot be that of a revision.
    #[error("`{name}` is not the name of a revision")]
    NotARevision {
        /// The name as given.
        name: String,
    },
    /// The repository has no such commit.
    #[error("the repository has no revision `{name}`")]
    Unknown {
        /// The name as given.
        name: String,
        /// The repository has only a part of the history.
        is_shallow: bool,
    },
    /// An object is not in the repository.
    #[error("the repository does not have the content of {path} in `{revision}`")]
    Missing {
        /// The revision as given.
        revision: String,
        /// The path in the repository.
        path: String,
    },
    /// The path is not that of a regular file.
    #[error("{path} is {kind} in `{revision}`, and not a regular file; harden does not read it")]
    NotAFile {
        /// The revision as given.
        revision: String,
        /// The path in the repository.
        path: String,
        /// What it is.
        kind: &'static str,
    },
    /// The file or the list of files is over the limit.
    #[error("{what} has more than {limit} bytes in `{revision}`")]
    TooLarge {
        /// The revision as given.
        revision: String,
        /// The path in the repository, or the list of files.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The path is outside of the repository.
    #[error("{} is not in the repository of --base", path.display())]
    Outside {
        /// The path.
        path: PathBuf,
    },
}

impl Diagnostic for GitError {
    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::NoRepository { .. } => "run harden in the repository whose revision --base names",
            Self::NoProgram => "install git, or run harden without --base",
            Self::Unknown {
                is_shallow: true, ..
            } => {
                "this is a shallow clone; fetch the revision first, for example with \
                 `git fetch --depth=1 origin main:refs/remotes/origin/main`, or check out with the \
                 whole history (`fetch-depth: 0` with actions/checkout)"
            }
            Self::Unknown { .. } => {
                "fetch the revision first; in a clone, the branch `main` of the server is \
                 `origin/main`"
            }
            Self::Missing { .. } => {
                "this is a partial clone, and harden never fetches; fetch the objects with \
                 `git fetch --refetch --no-filter`, or clone without --filter"
            }
            Self::Refused { words } if words.contains("dubious ownership") => {
                "if you trust the repository, allow it with \
                 `git config --global --add safe.directory DIRECTORY`"
            }
            Self::Outside { .. } => "name files of the repository, or run harden without --base",
            _ => return None,
        };
        Some(hint.into())
    }
}
