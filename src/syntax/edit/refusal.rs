//! Why an edit is refused.

use crate::syntax::Span;

/// Why an operation is refused: it would change values at other places, or need a guess.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The path goes through an alias, and the value belongs to the anchor.
    #[error("the value is an alias of `&{anchor}`; other places may use the same anchor")]
    ThroughAlias {
        /// The anchor's name.
        anchor: String,
        /// The alias.
        span: Span,
    },
    /// The node has an anchor that aliases use, or is inside such a node.
    #[error("other places use `&{anchor}` too; an edit here would change them")]
    SharedAnchor {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
    /// The edit would remove an anchor that is used elsewhere.
    #[error("other places use `&{anchor}`, which this edit would remove")]
    AnchorInside {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
    /// The value comes from a mapping merged with `<<`. An own value would hide the rest of it.
    #[error(
        "the value comes {}through `<<`; a value here would replace it as a whole",
        from(anchor)
    )]
    Merged {
        /// The name of the anchor; empty for an inline mapping.
        anchor: String,
        /// The alias or mapping that is the value of `<<`.
        span: Span,
    },
    /// go-yaml v2 reads the merged value of a key whose own value comes before `<<`.
    #[error("a later `<<` overrides this key")]
    Shadowed {
        /// The own key.
        span: Span,
    },
    /// A key occurs twice in the mapping. Readers differ in which one they use.
    #[error("duplicate key `{key}` in this mapping")]
    DuplicateKey {
        /// The key.
        key: String,
        /// The first occurrence.
        first: Span,
        /// The second occurrence.
        second: Span,
    },
    /// The mapping is one implicit pair (`[a: b]`). It has no braces, so no entry can be added.
    #[error("the mapping is a single pair without braces in a flow sequence")]
    ImplicitPair {
        /// The pair.
        span: Span,
    },
    /// Both the value and its colon are missing (`{a}`, `? a`).
    #[error("the key has no colon and no value")]
    NullWithoutColon {
        /// Where the value would be.
        span: Span,
    },
    /// The node is a key or inside a key.
    #[error("this is a key; another key would name another entry")]
    Key {
        /// The key.
        span: Span,
    },
    /// The path needs a mapping, but the value is of another kind.
    #[error("the value is not a mapping")]
    NotAMapping {
        /// The value that is there.
        span: Span,
    },
    /// The operation needs a sequence, but the value is of another kind.
    #[error("the value is not a sequence")]
    NotASequence {
        /// The value that is there.
        span: Span,
    },
    /// The value has a tag that would change the meaning of the new value.
    #[error("the tag `{tag}` changes how the value is read")]
    Tagged {
        /// The tag as it is written.
        tag: String,
        /// The value.
        span: Span,
    },
    /// A block scalar ends the file without a final line break. Text after it would add that line
    /// break to the scalar.
    #[error(
        "the file ends in a block scalar without a final line break; a new line would become part \
         of the scalar"
    )]
    OpenBlockScalar {
        /// The block scalar.
        span: Span,
    },
    /// An earlier operation removed or replaced the node, or a node around it.
    #[error("an earlier change removed this place")]
    Gone {
        /// The node.
        span: Span,
    },
    /// The path is empty.
    #[error("the path is empty")]
    EmptyPath,
    /// The path contains `<<`, which merges mappings and is not an entry.
    #[error("`<<` is not an entry")]
    MergeKey,
}

impl Refusal {
    /// The bytes to show in a diagnostic.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::ThroughAlias { span, .. }
            | Self::SharedAnchor { span, .. }
            | Self::AnchorInside { span, .. }
            | Self::Merged { span, .. }
            | Self::Shadowed { span }
            | Self::DuplicateKey { second: span, .. }
            | Self::ImplicitPair { span }
            | Self::NullWithoutColon { span }
            | Self::Key { span }
            | Self::NotAMapping { span }
            | Self::NotASequence { span }
            | Self::Tagged { span, .. }
            | Self::OpenBlockScalar { span }
            | Self::Gone { span } => Some(*span),
            Self::EmptyPath | Self::MergeKey => None,
        }
    }
}

/// The words for the anchor of a merged value, if it has one.
fn from(anchor: &str) -> String {
    if anchor.is_empty() {
        String::new()
    } else {
        format!("from `&{anchor}` ")
    }
}
