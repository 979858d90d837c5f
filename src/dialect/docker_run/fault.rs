//! The errors of a command line.

use std::borrow::Cow;
use std::fmt;

use super::{Engine, print};
use crate::diagnostic::Diagnostic;
use crate::syntax::Span;

/// A command line that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    /// The kind of error.
    pub kind: FaultKind,
    /// The command on one line, for the report.
    pub line: String,
    /// The word in that line. If a word is missing, the end of the line.
    pub span: Span,
}

/// The kind of error in a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// This engine has no such flag. The text includes the dashes.
    Unknown(Engine, String),
    /// The flag takes a value, but the line ends.
    NoValue(&'static str),
    /// The value of a boolean flag is not a boolean.
    NoBoolean(String),
    /// There is no `run` and no `create`.
    NoRun,
    /// There is no image.
    NoImage,
    /// The command only prints help.
    Help,
}

impl Fault {
    /// The fault at this word.
    pub(super) fn new(words: &[String], at: usize, kind: FaultKind) -> Self {
        let (line, spans) = print::line(words);
        let end = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let span = spans.get(at).copied().unwrap_or(Span { start: end, end });
        Self { kind, line, span }
    }
}

impl Diagnostic for Fault {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        let hint = match self.kind {
            FaultKind::Unknown(..) => {
                "harden cannot tell whether this option takes a value, so it cannot find the \
                 image: remove the option, then add it to the result"
            }
            FaultKind::NoRun => {
                "`run` or `create` starts a container, also after `container`; for a file or \
                 directory of this name write ./NAME"
            }
            FaultKind::NoImage => "the image is the first word that is not an option",
            FaultKind::Help => "`harden help docker` explains what harden does with a command",
            FaultKind::NoValue(_) | FaultKind::NoBoolean(_) => return None,
        };
        Some(hint.into())
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(engine, flag) => {
                write!(f, "`{flag}` is not a known option of {}", engine.program())
            }
            Self::NoValue(name) => write!(f, "`--{name}` needs a value"),
            Self::NoBoolean(value) => write!(f, "`{value}` is not true or false"),
            Self::NoRun => f.write_str("this command does not start a container"),
            Self::NoImage => f.write_str("this command has no image"),
            Self::Help => f.write_str("`--help` prints the manual and starts no container"),
        }
    }
}
