//! What can be wrong with a stream, and where.

use super::Span;

/// A place in the source that is not YAML (or not within the limits), and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct SyntaxError {
    /// The bytes that are wrong.
    pub span: Span,
    /// What is wrong with them.
    pub kind: SyntaxErrorKind,
}

/// What is wrong, in words that say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The stream is longer than [`super::Limits::bytes`].
    #[error("the file is larger than the limit of {0} bytes")]
    TooLarge(u32),
}
