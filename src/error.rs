//! What can go wrong, whose fault it is, and what to do about it.

use std::path::PathBuf;

use crate::syntax::SyntaxError;

/// Trouble with one file, or with the call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system could not read the file.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system could not write the file; it is as it was.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what its consumer reads.
    #[error("{0}")]
    Syntax(#[from] SyntaxError),
    /// The result could not be proved to differ only as planned, so nothing was written. Our fault.
    #[error("the result could not be proved, so the file is left alone: {0}")]
    Unproved(String),
}
