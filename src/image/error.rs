//! Errors in entries that users write.

use super::read::{EntryError, Fault};
use crate::diagnostic::Diagnostic;
use crate::syntax::Span;

/// A line of a user's entry that is not valid. [`Fault`] has a line number instead of a byte span,
/// because `build.rs` compiles it and has no spans.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct UnusableEntry {
    /// The line that is not valid.
    pub span: Span,
    /// The error in that line.
    #[source]
    pub error: EntryError,
}

impl UnusableEntry {
    /// Converts a fault in `text` to the span of its line.
    #[must_use]
    pub fn new(text: &str, fault: Fault) -> Self {
        let before = text
            .split_inclusive('\n')
            .take(fault.line.saturating_sub(1));
        let start: usize = before.map(str::len).sum();
        let rest = text.get(start..).unwrap_or_default();
        let end = start + rest.lines().next().unwrap_or_default().len();
        let at = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        Self {
            span: Span {
                start: at(start),
                end: at(end),
            },
            error: fault.error,
        }
    }
}

impl Diagnostic for UnusableEntry {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}
