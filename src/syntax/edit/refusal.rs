//! Why an edit is not made.

use crate::syntax::Span;

/// Why an operation cannot be done without changing what others see or guessing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The place is reached through an alias: the text belongs to the anchor.
    #[error("the value is an alias of `&{anchor}`; other places may use the same anchor")]
    ThroughAlias {
        /// The anchor's name.
        anchor: String,
        /// The alias.
        span: Span,
    },
    /// The place is inside a node that others read through its anchor.
    #[error("other places use `&{anchor}` too; an edit here would change them")]
    SharedAnchor {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
    /// What would go defines an anchor that is used elsewhere.
    #[error("other places use `&{anchor}`, which this edit would remove")]
    AnchorInside {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
    /// The value comes from a mapping merged through `<<`; an own one would hide the rest of it.
    #[error(
        "the value comes {}through `<<`; a value here would replace it as a whole",
        from(anchor)
    )]
    Merged {
        /// The anchor's name; empty for a mapping written in place.
        anchor: String,
        /// The alias or mapping that `<<` names.
        span: Span,
    },
    /// go-yaml v2 reads the merged value of a key whose own value comes before `<<`.
    #[error("a later `<<` overrides this key")]
    Shadowed {
        /// The own key.
        span: Span,
    },
    /// A key stands twice in the mapping; which one counts depends on the reader.
    #[error("duplicate key `{key}` in this mapping")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Span,
        /// Where it stands again.
        second: Span,
    },
    /// The mapping is one implicit pair (`[a: b]`), which has no braces to hold another.
    #[error("the mapping is a single pair without braces in a flow sequence")]
    ImplicitPair {
        /// The pair.
        span: Span,
    },
    /// The value is missing together with its colon (`{a}`, `? a`).
    #[error("the key has no colon and no value")]
    NullWithoutColon {
        /// The place of the value.
        span: Span,
    },
    /// It is a key, or stands in one.
    #[error("this is a key; another key would name another entry")]
    Key {
        /// The key.
        span: Span,
    },
    /// Keys were to be written where no mapping is.
    #[error("the value is not a mapping")]
    NotAMapping {
        /// What stands there.
        span: Span,
    },
    /// An item was to be pushed to or removed from where no sequence is.
    #[error("the value is not a sequence")]
    NotASequence {
        /// What stands there.
        span: Span,
    },
    /// The value has a tag, which would give the new one another meaning.
    #[error("the tag `{tag}` changes how the value is read")]
    Tagged {
        /// The tag as written.
        tag: String,
        /// The value.
        span: Span,
    },
    /// The last line of a block scalar ends the file without a line break, and text after it
    /// would give it one.
    #[error(
        "the file ends in a block scalar without a final line break; a new line would become part \
         of the scalar"
    )]
    OpenBlockScalar {
        /// The block scalar.
        span: Span,
    },
    /// An earlier operation removed or replaced the node, or one around it.
    #[error("an earlier change removed this place")]
    Gone {
        /// The node.
        span: Span,
    },
    /// The path is empty where it must name an entry.
    #[error("the path is empty")]
    EmptyPath,
    /// The path names `<<`, which is no entry but merges others in.
    #[error("`<<` is not an entry")]
    MergeKey,
}

impl Refusal {
    /// The bytes to point at.
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

/// The anchor that a merged value comes from, if it has one.
fn from(anchor: &str) -> String {
    if anchor.is_empty() {
        String::new()
    } else {
        format!("from `&{anchor}` ")
    }
}
