//! Why an overlay was not written.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::engine::{EngineError, REPORT_IT};

/// Why an overlay was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// A file that harden did not write has the path of the overlay.
    #[error("{} was not written by harden; harden did not overwrite it", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// With all aliases expanded, the files are too large to compare.
    #[error("the aliases of the file expand to too many values for an overlay")]
    TooManyAliases,
    /// The proof of the overlay failed, so nothing was written. This is a bug in harden.
    #[error("the overlay failed its proof, so nothing was written: {0}")]
    Unproved(String),
}

impl Diagnostic for OverlayError {
    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self {
            Self::Foreign { .. } => {
                "the overlay needs this path: rename the file, or run without --overlay"
            }
            Self::TooManyAliases => "run without --overlay",
            Self::Unproved(_) => REPORT_IT,
        };
        Some(hint.into())
    }

    fn needs_path(&self) -> bool {
        !matches!(self, Self::Foreign { .. })
    }
}

impl From<OverlayError> for EngineError {
    fn from(error: OverlayError) -> Self {
        Self::AfterPass(Box::new(error))
    }
}
