//! What can be wrong with a command line.

use std::fmt;

use super::{Engine, shell};
use crate::syntax::Span;

/// A command line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The command in one line, for the report.
    pub line: String,
    /// The word in that line; its end where a word is missing.
    pub span: Span,
}

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The flag, with its dashes, is none that is known of this engine.
    Unknown(Engine, String),
    /// The flag takes a value, and the line ends.
    NoValue(&'static str),
    /// The value of a boolean is none.
    NoBoolean(String),
    /// There is no `run` and no `create`.
    NoRun,
    /// There is no image.
    NoImage,
    /// It asks for the manual.
    Help,
}

impl Fault {
    /// The fault at this word.
    pub(super) fn new(words: &[String], at: usize, kind: FaultKind) -> Self {
        let (line, spans) = shell::line(words);
        let end = u32::try_from(line.len()).unwrap_or(u32::MAX);
        let span = spans.get(at).copied().unwrap_or(Span { start: end, end });
        Self { kind, line, span }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.kind {
            FaultKind::Unknown(..) => {
                "it may take a value or none, so that the image cannot be told from it: leave it \
                 out, and put it back into the result"
            }
            FaultKind::NoRun => {
                "`run` and `create` start a container, with or without `container` before them; a \
                 file or directory of this name is meant by ./NAME"
            }
            FaultKind::NoImage => "the first word that is no option names it",
            FaultKind::Help => "`harden help docker` says what harden does with a command",
            FaultKind::NoValue(_) | FaultKind::NoBoolean(_) => return None,
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(engine, flag) => {
                write!(
                    f,
                    "`{flag}` is no option of {} that is known",
                    engine.program()
                )
            }
            Self::NoValue(name) => write!(f, "`--{name}` has no value"),
            Self::NoBoolean(value) => write!(f, "`{value}` is neither true nor false"),
            Self::NoRun => f.write_str("this command starts no container"),
            Self::NoImage => f.write_str("this command names no image"),
            Self::Help => f.write_str("`--help` asks for the manual, and no container is started"),
        }
    }
}
