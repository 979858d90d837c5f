//! Text to tree, in one pass and without recursion.
//!
//! The parser is go-yaml's scanner and parser (libyaml's grammar) in one: a stack of open
//! collections, each with what it expects next, and one step for each token. A key is known
//! only when its `:` is seen, so a scalar becomes a node when the bytes after it are known; a
//! flow collection that turns out to be a key moves behind the mapping it opens.

mod block;
mod build;
mod document;
mod flow;
mod properties;
mod scan;
mod words;

use std::collections::HashMap;

use super::tree::{Document, Node, NodeId, Props, Span};
use super::{SyntaxError, SyntaxErrorKind, Tree};
use properties::Pending;

/// Reads a stream of YAML documents.
///
/// # Errors
///
/// What go-yaml rejects ([`Mode::GoYaml`]) or YAML 1.2 rejects ([`Mode::Strict`]), and what is
/// beyond the limits, each with its place.
pub fn parse<'s>(
    source: &'s str,
    mode: Mode,
    limits: &Limits,
) -> std::result::Result<Tree<'s>, SyntaxError> {
    // `Node::NONE` and one past the end must stay representable.
    let bytes = limits.bytes.min(u32::MAX - 2);
    if source.len() > bytes as usize {
        return Err(SyntaxError {
            span: Span {
                start: bytes,
                end: bytes,
            },
            kind: SyntaxErrorKind::TooLarge(bytes),
        });
    }
    let unicode_breaks = scan::check_characters(source).map_err(|error| *error)?;
    if mode == Mode::GoYaml && source.starts_with("\u{feff}\u{feff}") {
        return Err(SyntaxError {
            span: span(3, 6),
            kind: SyntaxErrorKind::TwoByteOrderMarks,
        });
    }
    Parser::new(source, mode, unicode_breaks, *limits)
        .run()
        .map_err(|error| *error)
}

/// The text of a file: UTF-8, with or without byte order mark.
///
/// # Errors
///
/// UTF-16, UTF-32 and bytes that are not UTF-8 are errors that name the first such byte.
pub fn decode(bytes: &[u8]) -> std::result::Result<&str, SyntaxError> {
    let encoding = match bytes {
        [0, 0, 0xFE, 0xFF, ..] | [0, 0, 0, _, ..] | [0xFF, 0xFE, 0, 0, ..] | [_, 0, 0, 0, ..] => {
            Some("UTF-32")
        }
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..] => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = encoding {
        return Err(SyntaxError {
            span: Span { start: 0, end: 2 },
            kind: SyntaxErrorKind::WrongEncoding(encoding),
        });
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let start = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX - 1);
        SyntaxError {
            span: Span {
                start,
                end: start + 1,
            },
            kind: SyntaxErrorKind::NotUtf8,
        }
    })
}

/// Whose rules decide what is YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the consumers read: go-yaml's lenience and its Unicode line breaks.
    GoYaml,
    /// YAML 1.2.2 to the letter, for the conformance suite.
    Strict,
}

/// Bounds on hostile input.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of source.
    pub bytes: u32,
    /// Levels of nesting.
    pub depth: u16,
    /// Nodes of the tree.
    pub nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 256,
            nodes: 8 << 20,
        }
    }
}

/// Errors are boxed inside of the parser, so that what goes well travels in registers.
type Result<T> = std::result::Result<T, Box<SyntaxError>>;

/// Everything between two tokens.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one fact about the place in the text"
)]
struct Parser<'s> {
    source: &'s str,
    bytes: &'s [u8],
    strict: bool,
    /// NEL, LS and PS occur and are line breaks.
    unicode_breaks: bool,
    limits: Limits,

    at: usize,
    /// First byte of the line that `at` is on.
    line: usize,
    /// A key may begin at the next token (libyaml: `simple_key_allowed`).
    key_allowed: bool,
    /// A tab stands in the blanks directly before `at`.
    tab: bool,
    /// The last token of a flow collection was `,` or `[`.
    after_separator: bool,
    /// The last token of a flow collection was a quoted scalar or a closing bracket.
    after_json: bool,
    /// Where the key begins, should the next `:` make one.
    key: Option<Key>,

    frames: Vec<Frame>,
    flows: Vec<Flow>,
    /// How many of the frames are flow collections.
    flow: usize,
    /// The properties of the last token's line, and those of lines before it.
    inner: Pending,
    outer: Pending,
    /// Properties of the outermost flow collection while it is not known whether it is a key.
    held: (Pending, Pending),

    nodes: Vec<Node>,
    props: Vec<Props>,
    documents: Vec<Document>,
    /// Each anchor of the document with its node; the map holds the latest of each name.
    anchors: Vec<(Span, u32)>,
    anchor_names: HashMap<&'s str, usize>,
    /// `%TAG` handles of the document and their prefixes.
    handles: HashMap<&'s str, Span>,
    /// Directives that wait for their `---`, and whether a `%YAML` is among them.
    directives: Vec<Span>,
    versioned: bool,
    /// End of the last leaf or indicator that closes one.
    last_end: usize,
}

/// A place where an implicit key may have begun.
#[derive(Clone, Copy, Debug)]
struct Key {
    at: usize,
    line: usize,
    /// The token stands where only a key may stand.
    required: bool,
    /// A tab stands before it.
    tab: bool,
}

/// An open document or collection.
#[derive(Clone, Copy, Debug)]
struct Frame {
    state: State,
    /// Its node; for a document the node to come.
    node: u32,
    /// The column of the innermost block collection (the sequence without indentation counts
    /// as its mapping), -1 outside of all.
    indent: isize,
    /// The indicator before the node that comes next.
    indicator: u32,
    /// The last child, while it may still become a key.
    last: u32,
    /// An explicit entry (`? `) is open.
    explicit: bool,
}

/// What was before a flow collection opened.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// `Parser::key`.
    key: Option<Key>,
    /// How many anchors there were.
    anchors: usize,
    /// `Parser::last_end`.
    last_end: usize,
}

/// What an open document or collection expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The root.
    DocumentNode,
    /// The end of the document.
    DocumentEnd,
    /// A node after `-`.
    SeqItem,
    /// `-`.
    SeqEntry,
    /// The same in a sequence that is not indented under its key.
    IndentlessItem,
    IndentlessEntry,
    /// A key, or `?`.
    MapKey,
    /// A node after `?`.
    MapExplicitKey,
    /// `:` after an explicit key.
    MapColon,
    /// A node after `:`.
    MapValue,
    FlowSeqItem,
    FlowSeqComma,
    FlowMapKey,
    FlowMapExplicitKey,
    FlowMapColon,
    FlowMapValue,
    FlowMapComma,
    /// A single pair in a flow sequence.
    PairExplicitKey,
    PairColon,
    PairValue,
    PairEnd,
}

impl State {
    /// The state once the node that this state waits for is there; `None` where it waits for no node.
    fn after_node(self) -> Option<Self> {
        Some(match self {
            Self::DocumentNode => Self::DocumentEnd,
            Self::SeqItem => Self::SeqEntry,
            Self::IndentlessItem => Self::IndentlessEntry,
            Self::MapExplicitKey => Self::MapColon,
            Self::MapValue => Self::MapKey,
            Self::FlowSeqItem => Self::FlowSeqComma,
            Self::FlowMapKey | Self::FlowMapExplicitKey => Self::FlowMapColon,
            Self::FlowMapValue => Self::FlowMapComma,
            Self::PairExplicitKey => Self::PairColon,
            Self::PairValue => Self::PairEnd,
            _ => return None,
        })
    }

    fn is_indentless(self) -> bool {
        matches!(self, Self::IndentlessItem | Self::IndentlessEntry)
    }

    fn is_block_seq(self) -> bool {
        matches!(self, Self::SeqItem | Self::SeqEntry)
    }

    fn is_block_map(self) -> bool {
        matches!(
            self,
            Self::MapKey | Self::MapExplicitKey | Self::MapColon | Self::MapValue
        )
    }

    fn is_pair(self) -> bool {
        matches!(
            self,
            Self::PairExplicitKey | Self::PairColon | Self::PairValue | Self::PairEnd
        )
    }

    fn is_flow_seq(self) -> bool {
        matches!(self, Self::FlowSeqItem | Self::FlowSeqComma)
    }

    fn is_flow_map(self) -> bool {
        matches!(
            self,
            Self::FlowMapKey
                | Self::FlowMapExplicitKey
                | Self::FlowMapColon
                | Self::FlowMapValue
                | Self::FlowMapComma
        )
    }
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, mode: Mode, unicode_breaks: bool, limits: Limits) -> Self {
        let start = if source.starts_with('\u{feff}') { 3 } else { 0 };
        let strict = mode == Mode::Strict;
        Self {
            source,
            bytes: source.as_bytes(),
            strict,
            unicode_breaks: !strict && unicode_breaks,
            limits,
            at: start,
            line: start,
            key_allowed: true,
            tab: false,
            after_separator: false,
            after_json: false,
            key: None,
            frames: Vec::with_capacity(16),
            flows: Vec::new(),
            flow: 0,
            inner: None,
            outer: None,
            held: (None, None),
            nodes: Vec::with_capacity(source.len() / 16),
            props: Vec::new(),
            documents: Vec::new(),
            anchors: Vec::new(),
            anchor_names: HashMap::new(),
            handles: HashMap::new(),
            directives: Vec::new(),
            versioned: false,
            last_end: start,
        }
    }

    fn run(mut self) -> Result<Tree<'s>> {
        loop {
            if self.flow > 0 {
                self.flow_token()?;
            } else if !self.block_token()? {
                break;
            }
        }
        let mode = if self.strict {
            Mode::Strict
        } else {
            Mode::GoYaml
        };
        let contains = |text: &str| memchr::memmem::find(self.bytes, text.as_bytes()).is_some();
        Ok(Tree {
            may_merge: contains("<<") || contains("merge"),
            source: self.source,
            mode,
            nodes: self.nodes,
            props: self.props,
            documents: self.documents,
        })
    }

    /// The innermost open document or collection. Between documents there is none: that is a
    /// document that is over.
    #[inline]
    fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame::OUTSIDE)
    }

    #[inline]
    fn column(&self) -> isize {
        self.at.cast_signed() - self.line.cast_signed()
    }

    #[cold]
    fn error<T>(&self, kind: SyntaxErrorKind) -> Result<T> {
        let end = self.source[self.at..]
            .chars()
            .next()
            .map_or(self.at, |char| self.at + char.len_utf8());
        fail(span(self.at, end), kind)
    }
}

impl Frame {
    const OUTSIDE: Self = Self::new(State::DocumentEnd, Node::NONE, -1);

    const fn new(state: State, node: u32, indent: isize) -> Self {
        let indicator = Node::NONE;
        Self {
            state,
            node,
            indent,
            indicator,
            last: Node::NONE,
            explicit: false,
        }
    }
}

#[cold]
fn fail<T>(span: Span, kind: SyntaxErrorKind) -> Result<T> {
    Err(Box::new(SyntaxError { span, kind }))
}

/// Offsets fit because [`parse`] refuses sources that are longer.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the length of the source was checked against u32"
)]
const fn offset(at: usize) -> u32 {
    at as u32
}

const fn span(start: usize, end: usize) -> Span {
    Span {
        start: offset(start),
        end: offset(end),
    }
}

fn node_id(index: usize) -> NodeId {
    NodeId(offset(index))
}
