//! Why an edit is refused.

use crate::syntax::Span;

/// Why an operation cannot be done without changing what others see or guessing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The place is reached through an alias: the text belongs to the anchor.
    #[error("the value is an alias of `&{anchor}`, which others may read too")]
    ThroughAlias {
        /// The anchor's name.
        anchor: String,
        /// The alias.
        span: Span,
    },
    /// The place is inside a node that others read through its anchor.
    #[error("`&{anchor}` is read elsewhere too, and an edit here would change it there")]
    SharedAnchor {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
    /// The place is inside a collection that `<<` merges in; an own one would replace it whole.
    #[error(
        "it comes from `&{anchor}` through `<<`, and a merge replaces lists and mappings whole"
    )]
    Merged {
        /// The anchor's name.
        anchor: String,
        /// The alias.
        span: Span,
    },
    /// The consumer takes the value that `<<` merges in after this key, so that an edit here has no effect.
    #[error("a later `<<` overrules the key here")]
    Shadowed {
        /// The key.
        span: Span,
    },
    /// A key stands twice in the mapping, and consumers disagree on which of them counts.
    #[error("a key stands twice in the mapping")]
    DuplicateKey {
        /// The second key.
        span: Span,
    },
    /// The mapping is an implicit pair in a flow sequence, `[a: b]`, which has room for one entry.
    #[error("an implicit pair in a flow sequence has room for one entry only")]
    ImplicitPair {
        /// The pair.
        span: Span,
    },
    /// The value is missing and so is its colon: `{a}`.
    #[error("the key has no colon to write a value after")]
    NullWithoutColon {
        /// Where the value would stand.
        span: Span,
    },
    /// Keys were to be written where no mapping is.
    #[error("it is not a mapping")]
    NotAMapping {
        /// What stands there.
        span: Span,
    },
    /// An item was to be pushed where no sequence is.
    #[error("it is not a sequence")]
    NotASequence {
        /// What stands there.
        span: Span,
    },
    /// The file ends inside a block scalar, whose text a new line after it would change.
    #[error(
        "the file ends inside a block scalar without a line break, and a line after it would become part of it"
    )]
    OpenBlockScalar {
        /// The scalar.
        span: Span,
    },
    /// The value spans several lines, and replacing it would lose what is written between them.
    #[error("the value spans several lines and is not replaced")]
    Replacement {
        /// The value.
        span: Span,
    },
    /// The node cannot be taken out of the text around it.
    #[error("the text around it has no form without it")]
    Removal {
        /// The node.
        span: Span,
    },
}
