//! Syntax errors and their positions.

use super::Span;

/// An error in the source: not valid YAML, or beyond the limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct SyntaxError {
    /// The bytes to show in a diagnostic.
    pub span: Span,
    /// What is wrong.
    pub kind: SyntaxErrorKind,
}

impl SyntaxError {
    /// The first NEL, LS or PS in the source. Parsers disagree about the text around it.
    #[must_use]
    pub fn at_disputed_break(source: &str) -> Option<Self> {
        let (at, found) = source
            .match_indices(['\u{85}', '\u{2028}', '\u{2029}'])
            .next()?;
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span {
            start: position(at),
            end: position(at + found.len()),
        };
        let kind = SyntaxErrorKind::LineBreakOfGoYaml(u32::from(found.chars().next()?));
        Some(Self { span, kind })
    }
}

impl SyntaxErrorKind {
    /// Whether the source is beyond [`super::Limits`].
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::TooLarge(_) | Self::TooDeep(_) | Self::TooManyNodes(_) | Self::TooMuchRepeated(_)
        )
    }
}

/// What is wrong. The messages say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// The stream is longer than [`super::Limits::bytes`].
    #[error("the file is larger than the limit of {0} bytes")]
    TooLarge(u32),
    /// Collections nest deeper than [`super::Limits::depth`].
    #[error("this is nested deeper than the limit of {0} levels")]
    TooDeep(u16),
    /// The tree would have more nodes than [`super::Limits::nodes`].
    #[error("the file has more values than the limit of {0}")]
    TooManyNodes(u32),
    /// The aliases repeat more than [`super::Limits::repeated`] and 16 times the source.
    #[error(
        "the aliases of the file repeat more than the limit of {0} bytes; write shorter anchors or \
         fewer aliases"
    )]
    TooMuchRepeated(u64),
    /// The bytes are UTF-16 or UTF-32.
    #[error("the file is {0}; save it as UTF-8")]
    WrongEncoding(&'static str),
    /// A byte that is not valid in UTF-8 at this position.
    #[error("this byte is not UTF-8; save the file as UTF-8")]
    NotUtf8,
    /// A second byte order mark. It makes go-yaml lose a character of every line.
    #[error("the file starts with two byte order marks; remove one")]
    TwoByteOrderMarks,
    /// A character that YAML does not allow anywhere.
    #[error(
        "the control character U+{0:04X} is not allowed; write it as an escape in double quotes"
    )]
    ControlCharacter(u32),
    /// NEL, LS or PS, in a text that must be read alike everywhere.
    #[error(
        "U+{0:04X} is a line break for Compose and Kubernetes, and text for other YAML parsers, so \
         harden does not change the file; write it as an escape in double quotes, or remove it"
    )]
    LineBreakOfGoYaml(u32),
    /// A tab in indentation.
    #[error("a tab cannot indent here; use spaces")]
    Tab,
    /// A character that cannot start a token.
    #[error("`{0}` cannot start a value; put the value in quotes")]
    CannotBegin(char),
    /// Text at the position of a key of the surrounding mapping.
    #[error("expected a key here, aligned with the other keys of the mapping")]
    ExpectedKey,
    /// Text at the position of a `-` of the surrounding sequence.
    #[error("expected `- ` here, aligned with the other items of the sequence")]
    ExpectedItem,
    /// A line at the indentation of keys, without a colon.
    #[error("expected `:` after this key; if the line continues a value, indent it more")]
    ExpectedColon,
    /// A `:` where a mapping cannot start.
    #[error("a mapping cannot start here; put it on its own line, or put the text in quotes")]
    MappingNotAllowed,
    /// A `- ` where a sequence cannot start.
    #[error("a sequence cannot start here; put it on its own line")]
    SequenceNotAllowed,
    /// A key that spans several lines and does not start with `? `.
    #[error("a key must fit on one line and in 1024 characters, or start with `? `")]
    KeyTooLong,
    /// A quoted scalar without a closing quote.
    #[error("this quote is never closed")]
    UnclosedQuote,
    /// A flow collection without a closing bracket.
    #[error("this bracket is never closed")]
    UnclosedBracket,
    /// `---` or `...` inside quotes or brackets.
    #[error("a document marker is not allowed inside quotes or brackets; indent it")]
    MarkerInside,
    /// Two items of a flow collection without a `,` between them.
    #[error("expected `,` or the closing bracket here")]
    ExpectedComma,
    /// A `,` without a value before it.
    #[error("a value is missing before this `,`")]
    ExpectedValue,
    /// A closing bracket without a matching opening one.
    #[error("this bracket does not match the open one")]
    WrongBracket,
    /// Text in quotes or brackets that is not indented deeper than the collection around it.
    #[error("this line needs more indentation than the line it continues")]
    Indentation,
    /// `\` before a character that does not form an escape.
    #[error("this is not an escape sequence; write `\\\\` for a backslash, or use single quotes")]
    Escape,
    /// Something other than indicators and a comment after `|` or `>`.
    #[error("only `+`, `-`, one digit and a comment can follow `|` or `>`")]
    BlockHeader,
    /// A second anchor or tag for the same node.
    #[error("a value can have only one anchor and one tag")]
    TwoProperties,
    /// An anchor or tag before an alias.
    #[error("an alias cannot have an anchor or a tag")]
    PropertiesOnAlias,
    /// `&` or `*` without a name.
    #[error("expected a name of letters, digits, `-` and `_` after `&` or `*`")]
    AnchorName,
    /// An alias without an earlier anchor of that name in its document.
    #[error("the anchor `&{0}` is not defined before this alias")]
    UnknownAnchor(String),
    /// A tag that is not well-formed.
    #[error("this is not a tag")]
    Tag,
    /// A tag handle that no `%TAG` of the document defines.
    #[error("no `%TAG` defines this handle")]
    UndefinedHandle,
    /// A `%` line that is not a directive, is repeated, or is in the wrong place.
    #[error("this directive is not allowed here")]
    Directive,
    /// A version in `%YAML` that the reader does not support.
    #[error("this YAML version is not supported; remove the `%YAML` line")]
    Version,
    /// Directives without a `---` after them.
    #[error("expected `---` after the directives")]
    ExpectedDocument,
    /// Text after the end of a document.
    #[error("expected the end of the document; start the next one with `---`")]
    AfterDocument,
    /// A `#` directly after other text.
    #[error("a comment needs a space before its `#`")]
    CommentSpace,
}
