//! The tree: a flat arena of nodes in source order, each with its byte span.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::Mode;
use super::aliases::Aliases;
use super::keys::KeyIndex;
use super::lines::Lines;

/// A stream of YAML documents, as nodes in preorder.
#[derive(Debug)]
pub struct Tree<'s> {
    pub(super) source: &'s str,
    pub(super) mode: Mode,
    /// Whether the stream contains a merge key. If not, lookups need not check for merges.
    pub(super) may_merge: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) props: Vec<Props>,
    pub(super) documents: Vec<Document>,
    /// Built for the first position that somebody asks for.
    pub(super) lines: OnceLock<Lines>,
    /// Built for the first key that somebody looks up in a large mapping.
    pub(super) keys: KeyIndex,
    pub(super) aliases: Aliases,
}

/// A node. Its children follow it directly in the arena; `next` skips the whole subtree.
///
/// The children of a mapping are its keys and values in turn. A missing value is a node with
/// [`Style::Empty`] and an empty span at the place of the value.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// The kind of the node.
    pub kind: Kind,
    /// The notation of the node.
    pub style: Style,
    /// The bytes of the node, without its anchor and tag and without blanks and comments around it.
    ///
    /// The span of a quoted scalar includes its quotes. The span of a block scalar includes its
    /// header and all of its content (with `+` also the kept line breaks). The span of a flow
    /// collection includes its brackets. A block collection extends from its first key or dash to
    /// the end of its last leaf.
    pub span: Span,
    /// The first node after this subtree.
    pub next: NodeId,
    /// The collection that contains this node. The root of a document is its own parent.
    pub parent: NodeId,
    /// The offset of the indicator: `-` of an item, `?` (or the first byte) of a key, `:` of a
    /// value. [`Node::NONE`] if there is none: a root, an item of a flow sequence, or a value
    /// without a colon as in `{a}`.
    pub indicator: u32,
    /// For block collections, the column of their keys or dashes, in bytes from 0. For block
    /// scalars, the indentation of their content in columns.
    pub column: u32,
    /// The index of the properties (anchor, tag), or [`Node::NONE`]. For an alias: its target node.
    pub(super) extra: u32,
}

impl Node {
    /// The value for "no offset" or "no index".
    pub const NONE: u32 = u32::MAX;
}

/// An index into the arena of a tree. Indices ascend in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// A half-open range of byte offsets in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// The kind of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A text, a number, a boolean or a null.
    Scalar,
    /// An alias: `*name`.
    Alias,
    /// A mapping: keys and values.
    Map,
    /// A sequence: items.
    Seq,
}

/// The notation of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// A scalar without any text.
    Empty,
    /// A scalar without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A collection written with indentation.
    Block,
    /// A collection written with brackets.
    Flow,
    /// The mapping of one implicit pair in a flow sequence: `[a: b]`. The pair has no braces.
    FlowPair,
}

/// The anchor and tag before a node.
#[derive(Clone, Copy, Debug)]
pub struct Props {
    /// From the first byte of the first property to the end of the last one.
    pub span: Span,
    /// The name after `&`, without the `&`.
    pub anchor: Option<Span>,
    /// The tag as it is written, from its `!`.
    pub tag: Option<Span>,
    /// The prefix that a `%TAG` directive gives to the handle of the tag.
    pub(super) prefix: Option<Span>,
}

/// A document of the stream.
#[derive(Clone, Debug)]
pub struct Document {
    /// The root node.
    pub root: NodeId,
    /// From the first byte (a directive, `---`, or the start of the content) to the start of the
    /// next document or the end of the stream.
    pub span: Span,
    /// Whether the document starts with `---`.
    pub explicit: bool,
    /// Whether the document ends with `...`.
    pub closed: bool,
    /// The spans of `%YAML` and `%TAG` lines.
    pub directives: Vec<Span>,
}

/// How far from a place a comment can be, in bytes.
const REMARK: usize = 4096;

impl NodeId {
    /// The position in the arena.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The next node in source order.
    pub(super) fn following(self) -> Self {
        Self(self.0 + 1)
    }
}

impl<'s> Tree<'s> {
    /// The text that was parsed.
    #[must_use]
    pub fn source(&self) -> &'s str {
        self.source
    }

    /// The documents, in source order. An empty stream has none.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The node at this position of the arena, if there is one: see [`NodeId::index`].
    #[must_use]
    pub fn node_at(&self, index: usize) -> Option<NodeId> {
        let id = NodeId(u32::try_from(index).ok()?);
        (index < self.nodes.len()).then_some(id)
    }

    /// The node with this id, which must come from this tree.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The keys and values of a mapping in turn, or the items of a sequence.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).next.0;
        let mut at = id.0 + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = NodeId(at);
                at = self.nodes[at as usize].next.0;
                child
            })
        })
    }

    /// The size of a node in bytes: its text, something for each value, and the same for everything
    /// that its aliases repeat.
    #[must_use]
    pub fn size(&self, id: NodeId) -> u64 {
        self.aliases.size(id, self.node(id))
    }

    /// The node and everything inside it, in source order. Targets of aliases are not included.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0..self.node(id).next.0).map(NodeId)
    }

    /// The `(key, value)` pairs of a mapping, in source order; empty for other nodes.
    pub fn entries(&self, map: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let is_map = self.node(map).kind == Kind::Map;
        let mut children = self.children(map);
        std::iter::from_fn(move || {
            if !is_map {
                return None;
            }
            Some((children.next()?, children.next()?))
        })
    }

    /// The source text of the node, with quotes.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &'s str {
        let span = self.node(id).span;
        &self.source[span.start as usize..span.end as usize]
    }

    /// The decoded text of a scalar: unquoted, unescaped, folded. Empty for collections and
    /// aliases.
    #[must_use]
    pub fn value(&self, id: NodeId) -> Cow<'s, str> {
        super::scalar::value(self, id)
    }

    /// The name after `&`, if the node has one.
    #[must_use]
    pub fn anchor(&self, id: NodeId) -> Option<&'s str> {
        Some(self.slice(self.props(id)?.anchor?))
    }

    /// The tag with its handle resolved: `!!str` is `tag:yaml.org,2002:str`, `!reset` is `!reset`.
    #[must_use]
    pub fn tag(&self, id: NodeId) -> Option<Cow<'s, str>> {
        let props = self.props(id)?;
        let text = self.slice(props.tag?);
        if let Some(verbatim) = text.strip_prefix("!<") {
            return Some(unescape_uri(verbatim.strip_suffix('>').unwrap_or(verbatim)));
        }
        let after_handle = text
            .get(1..)
            .and_then(|rest| rest.find('!'))
            .map_or(1, |at| at + 2);
        let (handle, suffix) = text.split_at(after_handle);
        let suffix = unescape_uri(suffix);
        Some(match (props.prefix, handle) {
            (Some(prefix), _) => {
                Cow::Owned(format!("{}{suffix}", unescape_uri(self.slice(prefix))))
            }
            (None, "!!") => Cow::Owned(format!("tag:yaml.org,2002:{suffix}")),
            (None, _) if matches!(suffix, Cow::Borrowed(_)) => Cow::Borrowed(text),
            (None, _) => Cow::Owned(format!("{handle}{suffix}")),
        })
    }

    /// The anchor and the tag of the node.
    #[must_use]
    pub fn props(&self, id: NodeId) -> Option<&Props> {
        let node = self.node(id);
        if node.kind == Kind::Alias {
            None
        } else {
            self.props.get(node.extra as usize)
        }
    }

    /// The target of an alias (the latest earlier anchor of that name, as in go-yaml), or the node
    /// itself.
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        if node.kind == Kind::Alias {
            NodeId(node.extra)
        } else {
            id
        }
    }

    /// The line and column of a byte, both from 1. The column counts characters, as in go-yaml.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let lines = self
            .lines
            .get_or_init(|| Lines::new(self.source, self.mode));
        lines.line_column(self.source, offset)
    }

    /// Whether a comment belongs to these bytes: a comment after them on their last line, or a
    /// comment on the line above. A key without a value may be between that line and the bytes.
    ///
    /// Only the bytes around the place are searched: a file can be one line with many places.
    #[must_use]
    pub fn has_remark(&self, span: Span) -> bool {
        let (before, after) = (
            &self.source[..span.start as usize],
            &self.source[span.end as usize..],
        );
        let around = |length: usize| length.min(REMARK);
        let from = (before.len() - around(before.len())..=before.len())
            .find(|at| before.is_char_boundary(*at));
        let to = (0..=around(after.len()))
            .rev()
            .find(|at| after.is_char_boundary(*at));
        let before = &before[from.unwrap_or_default()..];
        let after = &after[..to.unwrap_or_default()];
        let behind = after.split(['\n', '\r']).next().unwrap_or_default();
        if behind.starts_with('#') || behind.contains(" #") {
            return true;
        }
        let mut above = before.lines().rev();
        // Skips the line of the bytes themselves. If the text before them ends with a line break,
        // there is no such line.
        if !before.ends_with('\n') {
            above.next();
        }
        let Some(line) = above.next().map(str::trim) else {
            return false;
        };
        let (line, remark) = match line.find('#') {
            Some(at) => (line[..at].trim_end(), true),
            None => (line, false),
        };
        match line {
            "" => remark,
            key if key.ends_with(':') => {
                remark
                    || above
                        .next()
                        .is_some_and(|line| line.trim_start().starts_with('#'))
            }
            _ => false,
        }
    }

    pub(super) fn slice(&self, span: Span) -> &'s str {
        &self.source[span.start as usize..span.end as usize]
    }
}

/// Decodes `%21` to `!`. A sequence that does not decode to UTF-8 stays unchanged.
fn unescape_uri(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(byte) = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(b'%');
            rest = after;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
