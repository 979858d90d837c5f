//! Checks a tree with an independent parser: `granit-parser`, which shares no code with this crate.

use std::borrow::Cow;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::syntax::{Kind, NodeId, Style, Tree};

/// Checks that the independent parser reads the same stream: structure, styles, values, tags, and
/// the targets of aliases.
///
/// # Errors
///
/// The first line on which the two parsers differ, or the error of the independent parser.
pub fn witness(tree: &Tree<'_>) -> Result<(), Disagreement> {
    let disguise = Disguise::of(tree.source());
    let text = disguise.apply(tree.source());
    let mut parser = Parser::new_from_str_with_options(&text, options());
    let mut walk = Walk {
        tree,
        disguise,
        at: 0,
        documents: 0,
        open: Vec::new(),
        anchors: Vec::new(),
    };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| Disagreement::Unread(error.to_string()))?;
        if !walk.agrees(&event) {
            let line = span.start.line();
            return Err(Disagreement::Otherwise { line });
        }
    }
    if tree.node_at(walk.at).is_none() && walk.open.is_empty() {
        Ok(())
    } else {
        Err(Disagreement::Otherwise { line: 0 })
    }
}

/// How the two parsers differ on a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The independent parser rejects the text.
    #[error("an independent parser cannot read it: {0}")]
    Unread(String),
    /// The independent parser reads something else.
    #[error("an independent parser reads {} differently", place(*line))]
    Otherwise {
        /// The line, from 1; 0 for the end of the stream.
        line: usize,
    },
}

/// The options that match go-yaml: a byte order mark inside a document is content, a block scalar
/// at the end of the file gets no line feed, and the length of keys and comments is not limited.
fn options() -> Options {
    let mut options = Options::default();
    options.bom_inside_document_as_content = true;
    options.block_scalar_eof_without_line_feed = true;
    options.set_emit_comments(false);
    options.emit_anchor_events = true;
    options.simple_key_max_lookahead = usize::MAX;
    options.flow_nesting_limit = 512;
    options.block_nesting_limit = 512;
    options
}

/// Replaces DEL and the C1 control characters, which go-yaml v4 reads as text and the independent
/// parser rejects. Each has one other character in its place, so structure and columns stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disguise {
    /// The text needs no other characters, or it already has those that would be used.
    None,
    Private,
}

impl Disguise {
    /// The private character in place of U+0000.
    const FIRST: u32 = 0xF_0000;

    fn of(source: &str) -> Self {
        // All of these characters, and no ASCII, are in UTF-8 sequences that begin so.
        let is_possible = |byte: u8| byte == 0x7F || byte == 0xC2;
        if !source.bytes().any(is_possible) || !source.contains(is_disguised) {
            return Self::None;
        }
        let is_used = |c: char| (Self::FIRST..Self::FIRST + 0x100).contains(&u32::from(c));
        if source.contains(is_used) {
            Self::None
        } else {
            Self::Private
        }
    }

    fn apply(self, text: &str) -> Cow<'_, str> {
        let other = |c: char| {
            let private = is_disguised(c).then(|| Self::FIRST + u32::from(c));
            private.and_then(char::from_u32).unwrap_or(c)
        };
        match self {
            Self::None => Cow::Borrowed(text),
            Self::Private => Cow::Owned(text.chars().map(other).collect()),
        }
    }

    /// Whether `theirs`, which the independent parser read, is this text.
    fn is_same(self, ours: &str, theirs: &str) -> bool {
        self.apply(ours) == theirs
    }
}

fn is_disguised(c: char) -> bool {
    matches!(c, '\u{7F}'..='\u{84}' | '\u{86}'..='\u{9F}')
}

/// The state of a walk over the tree in parallel with the events of the independent parser.
struct Walk<'w, 's> {
    tree: &'w Tree<'s>,
    disguise: Disguise,
    /// The next node in preorder.
    at: usize,
    /// The number of documents that have started.
    documents: usize,
    /// The ends of the open collections.
    open: Vec<NodeId>,
    /// The node for each anchor number of the independent parser, ascending.
    anchors: Vec<(usize, NodeId)>,
}

impl Walk<'_, '_> {
    fn agrees(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                let Some(id) = self.next(*anchor, tag.as_deref()) else {
                    return false;
                };
                let node = self.tree.node(id);
                let is_value = || self.disguise.is_same(&self.tree.value(id), value);
                node.kind == Kind::Scalar
                    && match style {
                        // The independent parser gives an empty plain scalar the value `~`.
                        ScalarStyle::Plain if node.style == Style::Empty => {
                            matches!(&**value, "~" | "")
                        }
                        ScalarStyle::Plain => node.style == Style::Plain && is_value(),
                        ScalarStyle::SingleQuoted => node.style == Style::Single && is_value(),
                        ScalarStyle::DoubleQuoted => node.style == Style::Double && is_value(),
                        ScalarStyle::Literal => node.style == Style::Literal && is_value(),
                        ScalarStyle::Folded => node.style == Style::Folded && is_value(),
                    }
            }
            Event::Alias(anchor) => {
                let Some(id) = self.next(0, None) else {
                    return false;
                };
                self.tree.node(id).kind == Kind::Alias
                    && self
                        .anchors
                        .binary_search_by_key(anchor, |&(number, _)| number)
                        .ok()
                        .and_then(|found| self.anchors.get(found))
                        .is_some_and(|&(_, node)| node == self.tree.resolve(id))
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.opens(Kind::Seq, *style, *anchor, tag.as_deref())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.opens(Kind::Map, *style, *anchor, tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop().is_some_and(|end| end.index() == self.at)
            }
            Event::DocumentStart(is_explicit, _) => {
                let document = self.tree.documents().get(self.documents);
                self.documents += 1;
                self.open.is_empty()
                    && document.is_some_and(|document| {
                        document.explicit == *is_explicit && document.root.index() == self.at
                    })
            }
            Event::Anchor(_, name) => {
                let last = self.anchors.last();
                last.and_then(|&(_, node)| self.tree.anchor(node))
                    .is_some_and(|own| self.disguise.is_same(own, name))
            }
            _ => true,
        }
    }

    fn opens(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
    ) -> bool {
        let Some(id) = self.next(anchor, tag) else {
            return false;
        };
        let node = self.tree.node(id);
        self.open.push(node.next);
        node.kind == kind
            && match style {
                StructureStyle::Block => node.style == Style::Block,
                StructureStyle::Flow => matches!(node.style, Style::Flow | Style::FlowPair),
            }
    }

    /// The next node, if its anchor and tag match those of the independent parser.
    fn next(&mut self, anchor: usize, tag: Option<&granit_parser::Tag>) -> Option<NodeId> {
        let id = self.tree.node_at(self.at)?;
        self.at += 1;
        if anchor != 0 {
            self.tree.anchor(id)?;
            self.anchors.push((anchor, id));
        } else if self.tree.anchor(id).is_some() {
            return None;
        }
        let same = match (self.tree.tag(id), tag) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => ours
                .strip_prefix(theirs.handle())
                .is_some_and(|rest| self.disguise.is_same(rest, theirs.suffix())),
            _ => false,
        };
        same.then_some(id)
    }
}

/// Words for a line; 0 is the end of the stream.
fn place(line: usize) -> String {
    match line {
        0 => "the end of the stream".to_owned(),
        line => format!("line {line}"),
    }
}
