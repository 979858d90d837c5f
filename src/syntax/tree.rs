//! The tree: a flat arena of nodes in source order, each with its byte span.

use std::borrow::Cow;

use super::Mode;

/// A stream of YAML documents as nodes in preorder over the source text.
#[derive(Debug)]
pub struct Tree<'s> {
    pub(super) source: &'s str,
    pub(super) mode: Mode,
    /// A key of the stream may merge: without this none does.
    pub(super) may_merge: bool,
    pub(super) nodes: Vec<Node>,
    pub(super) props: Vec<Props>,
    pub(super) documents: Vec<Document>,
}

/// One node. Its children follow it directly; `next` skips the whole subtree.
///
/// The children of a mapping alternate key, value. A missing value is a node of
/// [`Style::Empty`] with an empty span where the value would stand.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Scalar, alias, mapping or sequence.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// Bytes of the node itself, without its anchor and tag, blanks and comments around it.
    ///
    /// Quoted scalars include their quotes, block scalars their header and every byte of their
    /// content (for `+` the kept line breaks too), flow collections their brackets. A block
    /// collection runs from its first key or dash to the end of its last leaf.
    pub span: Span,
    /// The first node after this subtree.
    pub next: NodeId,
    /// The collection this node stands in; the root of a document is its own parent.
    pub parent: NodeId,
    /// Where the node's own indicator stands: `-` of an item, `?` (or the first byte) of a
    /// key, `:` of a value; [`Node::NONE`] where there is none (a root, an item of a flow
    /// sequence, a value without colon as in `{a}`).
    pub indicator: u32,
    /// Block collections: the column (bytes from the start of the line, from 0) of their keys or
    /// dashes. Block scalars: the indentation of their content.
    pub column: u32,
    /// Index into the properties (anchor, tag), or [`Node::NONE`]. For an alias: the node it stands for.
    pub(super) extra: u32,
}

impl Node {
    /// Stands for "no offset" or "no index".
    pub const NONE: u32 = u32::MAX;
}

/// An index into the tree's arena, in source order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

/// A half-open range of byte offsets into the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text, a number, a boolean, null.
    Scalar,
    /// `*name`.
    Alias,
    /// Keys and values.
    Map,
    /// Items.
    Seq,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Nothing is written where a scalar would stand.
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
    /// A collection by indentation.
    Block,
    /// A collection in brackets.
    Flow,
    /// The mapping of one implicit pair in a flow sequence: `[a: b]`. It has no braces of its own.
    FlowPair,
}

/// The anchor and tag before a node.
#[derive(Clone, Copy, Debug)]
pub struct Props {
    /// From the first byte of the first property to the last byte of the last.
    pub span: Span,
    /// The name after `&`, without the `&`.
    pub anchor: Option<Span>,
    /// The tag as written, from its `!`.
    pub tag: Option<Span>,
    /// The prefix that a `%TAG` directive gives to the tag's handle.
    pub(super) prefix: Option<Span>,
}

/// One document of the stream.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its root node.
    pub root: NodeId,
    /// From its first byte (a directive, `---`, or the start of its content) to its end (the
    /// next document's start or the end of the stream).
    pub span: Span,
    /// It begins with `---`.
    pub explicit: bool,
    /// It ends with `...`.
    pub closed: bool,
    /// `%YAML` and `%TAG` lines.
    pub directives: Vec<Span>,
}

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
    /// The text the tree was read from.
    #[must_use]
    pub fn source(&self) -> &'s str {
        self.source
    }

    /// The documents, in order. An empty stream has none.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The node of this position in the arena, where there is one: see [`NodeId::index`].
    #[must_use]
    pub fn node_at(&self, index: usize) -> Option<NodeId> {
        let id = NodeId(u32::try_from(index).ok()?);
        (index < self.nodes.len()).then_some(id)
    }

    /// The node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Keys and values of a mapping alternating, or the items of a sequence.
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

    /// The node and all that stands in it, in source order. What an alias stands for is not in it.
    pub fn subtree(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (id.0..self.node(id).next.0).map(NodeId)
    }

    /// `(key, value)` of a mapping, in source order; nothing for other nodes.
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

    /// The source of the node, quotes and all.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &'s str {
        let span = self.node(id).span;
        &self.source[span.start as usize..span.end as usize]
    }

    /// What the scalar says: unquoted, unescaped, folded. Empty for collections and aliases.
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

    /// The properties before the node.
    #[must_use]
    pub fn props(&self, id: NodeId) -> Option<&Props> {
        let node = self.node(id);
        if node.kind == Kind::Alias {
            None
        } else {
            self.props.get(node.extra as usize)
        }
    }

    /// The node itself, or for an alias the node it stands for (go-yaml: the latest earlier definition).
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        if node.kind == Kind::Alias {
            NodeId(node.extra)
        } else {
            id
        }
    }

    /// Line and column of a byte, both from 1; the column counts characters, as go-yaml does.
    ///
    /// Takes time proportional to `offset`.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let mut end = (offset as usize).min(self.source.len());
        while !self.source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.source[..end];
        let before = before.strip_prefix('\u{feff}').unwrap_or(before);
        let (mut line, mut line_start) = (1, 0);
        let mut at = 0;
        while let Some(found) = super::scalar::find_break(&before.as_bytes()[at..], self.mode) {
            at += found.end;
            line += 1;
            line_start = at;
        }
        let column = before[line_start..].chars().count() + 1;
        (line, u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// Somebody has said something beside these bytes: a comment behind them on their last line, or
    /// on the line above them, where a bare key may stand between the two.
    #[must_use]
    pub fn has_remark(&self, span: Span) -> bool {
        let (before, after) = (
            &self.source[..span.start as usize],
            &self.source[span.end as usize..],
        );
        let behind = after.split(['\n', '\r']).next().unwrap_or_default();
        if behind.starts_with('#') || behind.contains(" #") {
            return true;
        }
        let mut above = before.lines().rev();
        // The line that the bytes themselves stand on; a text that ends with a break has none.
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

/// `%21` is `!`. What is not an escape of UTF-8 stays as it is.
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
