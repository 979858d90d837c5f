//! Parses text into a tree, in one pass and without recursion.
//!
//! The parser combines the scanner and the parser of go-yaml (the grammar of libyaml). It keeps a
//! stack of open collections, each with the state that it expects next, and handles one token at a
//! time. A `:` after a node makes the node a key, so a scalar is added only after the next bytes
//! are known. A flow collection that turns out to be a key is moved behind the node of the mapping
//! that it starts.

mod block;
mod build;
mod document;
mod flow;
mod properties;
mod scan;
mod words;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::aliases::{Aliases, own_size};
use super::keys::KeyIndex;
use super::tree::{Document, Node, NodeId, Props, Span};
use super::{SyntaxError, SyntaxErrorKind, Tree};
use properties::Pending;

/// Parses a stream of YAML documents.
///
/// # Errors
///
/// The first error with its position: input that go-yaml rejects ([`Mode::GoYaml`]) or that YAML
/// 1.2 does not allow ([`Mode::Strict`]), or input beyond the limits.
pub fn parse<'s>(
    source: &'s str,
    mode: Mode,
    limits: &Limits,
) -> std::result::Result<Tree<'s>, SyntaxError> {
    // `Node::NONE` and the offset after the end must both fit into `u32`.
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

/// Decodes the bytes of a file as UTF-8, with or without a byte order mark.
///
/// # Errors
///
/// The bytes are UTF-16 or UTF-32, or are not valid UTF-8. The error points at the first invalid
/// byte.
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

/// The grammar that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The grammar of go-yaml: more lenient than YAML 1.2, and with Unicode line breaks.
    GoYaml,
    /// The grammar of YAML 1.2.2, for the conformance suite.
    Strict,
}

/// Limits for untrusted input.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum size of the source in bytes.
    pub bytes: u32,
    /// The maximum nesting of collections.
    pub depth: u16,
    /// The maximum number of nodes.
    pub nodes: u32,
    /// The maximum size of what aliases repeat, in bytes. A source may repeat 16 times its own size
    /// in addition. go-yaml has a similar limit, because a small source can stand for an enormous
    /// one.
    pub repeated: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 256,
            nodes: 8 << 20,
            repeated: 4 << 20,
        }
    }
}

/// Errors are boxed, so that the success value fits into registers.
type Result<T> = std::result::Result<T, Box<SyntaxError>>;

/// The state of the parser between two tokens.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the position"
)]
struct Parser<'s> {
    source: &'s str,
    bytes: &'s [u8],
    strict: bool,
    /// The source contains NEL, LS or PS, and they are line breaks.
    unicode_breaks: bool,
    limits: Limits,

    at: usize,
    /// The first byte of the line that contains `at`.
    line: usize,
    /// Whether a key may start at the next token (libyaml: `simple_key_allowed`).
    key_allowed: bool,
    /// Whether the blanks directly before `at` contain a tab.
    tab: bool,
    /// Whether the last token of a flow collection was `,` or `[`.
    after_separator: bool,
    /// Whether the last token of a flow collection was a quoted scalar or a closing bracket.
    after_json: bool,
    /// The start of a possible key; the next `:` makes it a key.
    key: Option<Key>,

    frames: Vec<Frame>,
    flows: Vec<Flow>,
    /// The number of open flow collections.
    flow: usize,
    /// `inner` has the properties on the line of the last token, `outer` those of earlier lines.
    inner: Pending,
    outer: Pending,
    /// The properties of the outermost flow collection, until the parser knows whether it is a key.
    held: (Pending, Pending),

    nodes: Vec<Node>,
    props: Vec<Props>,
    documents: Vec<Document>,
    /// Each anchor of the document with its node. The map has the index of the latest anchor of
    /// each name.
    anchors: Vec<(Span, u32)>,
    anchor_names: HashMap<&'s str, usize>,
    /// The `%TAG` handles of the document and their prefixes.
    handles: HashMap<&'s str, Span>,
    /// Directives before the next `---`, and whether one of them is `%YAML`.
    directives: Vec<Span>,
    versioned: bool,
    /// The end of the last leaf or indicator.
    last_end: usize,
}

/// The start of a possible implicit key.
#[derive(Clone, Copy, Debug)]
struct Key {
    at: usize,
    line: usize,
    /// Whether the token is where only a key is allowed.
    required: bool,
    /// Whether there is a tab before the token.
    tab: bool,
}

/// An open document or collection.
#[derive(Clone, Copy, Debug)]
struct Frame {
    state: State,
    /// The node of the collection; for a document, its first node.
    node: u32,
    /// The column of the innermost block collection, or -1 outside of block collections. A sequence
    /// that is not indented has the column of its mapping.
    indent: isize,
    /// The offset of the indicator before the next node.
    indicator: u32,
    /// The last child, while it may still become a key.
    last: u32,
    /// Whether an explicit entry (`? `) is open.
    explicit: bool,
}

/// The state before a flow collection was opened.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// The value of `Parser::key`.
    key: Option<Key>,
    /// The number of anchors.
    anchors: usize,
    /// The value of `Parser::last_end`.
    last_end: usize,
}

/// What an open document or collection expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The root node.
    DocumentNode,
    /// The end of the document.
    DocumentEnd,
    /// A node after `-`.
    SeqItem,
    /// `-`.
    SeqEntry,
    /// A node after `-`, in a sequence that is not indented under its key.
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
    /// The key of a single pair in a flow sequence.
    PairExplicitKey,
    PairColon,
    PairValue,
    PairEnd,
}

impl State {
    /// The state after the expected node; `None` if the state does not expect a node.
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
        let aliases = Aliases::new(&self.nodes);
        self.check_repeated(&aliases)?;
        Ok(Tree {
            may_merge: contains("<<") || contains("merge"),
            aliases,
            source: self.source,
            mode,
            nodes: self.nodes,
            props: self.props,
            documents: self.documents,
            lines: OnceLock::new(),
            keys: KeyIndex::default(),
        })
    }

    /// Refuses aliases that repeat too much. The error is at the alias that passes the limit.
    fn check_repeated(&self, aliases: &Aliases) -> Result<()> {
        let own = own_size(offset(self.source.len()), offset(self.nodes.len()));
        let most = own.saturating_mul(16).saturating_add(self.limits.repeated);
        match aliases.first_above(most).and_then(|at| self.nodes.get(at)) {
            Some(alias) => fail(alias.span, SyntaxErrorKind::TooMuchRepeated(most)),
            None => Ok(()),
        }
    }

    /// The innermost open document or collection. Between documents, the state of a closed
    /// document.
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

/// Offsets fit because [`parse`] rejects longer sources.
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
