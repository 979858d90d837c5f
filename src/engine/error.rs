//! Why a file has no result.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;
use crate::dialect::BeyondReading;
use crate::dialect::quadlet::UnitFault;
use crate::project::BeyondLimit;
use crate::proof::Disagreement;
use crate::syntax::{Span, SyntaxError};

/// Why a file has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The file is not YAML.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The file is not a systemd unit.
    #[error(transparent)]
    Unit(#[from] UnitFault),
    /// The project's files of variables exceed a limit.
    #[error(transparent)]
    Variables(#[from] BeyondLimit),
    /// The independent parser reads the file otherwise, before any change. The proof is not
    /// possible then.
    #[error("the file is not changed, because YAML parsers disagree about it: {0}")]
    Disputed(Disagreement),
    /// Each fix takes as long as reading all files of the project.
    #[error(
        "the fixes of {0} changes in a project of this size would take too long; leave out \
         --fixes, or select containers with --service"
    )]
    TooManyFixes(usize),
    /// Another file of the project has an error.
    #[error("not changed, because `{}` of the same project has an error", .0.display())]
    OfProject(PathBuf),
    /// The project exceeds a limit of its dialect.
    #[error(transparent)]
    Project(#[from] BeyondReading),
    /// With the changes, a file or its project would exceed a limit.
    #[error("with its changes, the file would exceed a limit: {0}")]
    Outgrown(String),
    /// The proof of the result failed, so nothing was written. This is a bug in harden.
    #[error("the result failed its proof, so nothing was written: {0}")]
    Unproved(String),
    /// A layer above failed after the pass, for example the overlay or the write. The error is
    /// boxed, because the engine cannot use the types of the layers above.
    #[error("{0}")]
    AfterPass(Box<dyn Diagnostic>),
}

/// What to do about a failed proof.
pub(crate) const REPORT_IT: &str = "this is a bug of harden: please report it with the file";

impl EngineError {
    fn inner(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Syntax(error) => Some(error),
            Self::Unit(error) => Some(error),
            Self::Variables(error) => Some(error),
            Self::Project(error) => Some(error),
            Self::AfterPass(error) => Some(&**error),
            Self::Disputed(_)
            | Self::TooManyFixes(_)
            | Self::OfProject(_)
            | Self::Outgrown(_)
            | Self::Unproved(_) => None,
        }
    }
}

impl Diagnostic for EngineError {
    fn span(&self) -> Option<Span> {
        self.inner()?.span()
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        match (self, self.inner()) {
            (Self::Unproved(_), _) => Some(REPORT_IT.into()),
            (_, Some(error)) => error.hint(),
            (_, None) => None,
        }
    }

    fn needs_path(&self) -> bool {
        self.inner().is_none_or(Diagnostic::needs_path)
    }
}
