//! A second opinion: `granit-parser`, which shares no code with us, reads the same text.

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};

use crate::syntax::{Kind, NodeId, Style, Tree};

/// Whether the independent parser sees the same stream: structure, styles, values, anchors' use, tags.
///
/// # Errors
///
/// Where and how the two differ, or that the other one cannot read the text.
pub fn witness(tree: &Tree<'_>) -> Result<(), Disagreement> {
    let mut parser = Parser::new_from_str_with_options(tree.source(), options());
    let mut walk = Walk {
        tree,
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

/// How two parsers differ about one text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The other parser rejects it.
    #[error("an independent parser cannot read it: {0}")]
    Unread(String),
    /// The other parser reads something else.
    #[error("an independent parser reads {} differently", place(*line))]
    Otherwise {
        /// From 1; 0 for the end of the stream.
        line: usize,
    },
}

/// As go-yaml reads: a byte order mark inside is content, a block scalar at the end gets no line
/// feed, keys and comments are as long as they are.
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

/// Our tree, walked in step with the other parser's events.
struct Walk<'w, 's> {
    tree: &'w Tree<'s>,
    /// The next node in preorder.
    at: usize,
    /// How many documents have begun.
    documents: usize,
    /// Ends of the open collections.
    open: Vec<NodeId>,
    /// Our node for each of the other parser's anchor numbers, which ascend.
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
                node.kind == Kind::Scalar
                    && match style {
                        // The other parser gives an empty plain scalar the value `~`.
                        ScalarStyle::Plain if node.style == Style::Empty => {
                            matches!(&**value, "~" | "")
                        }
                        ScalarStyle::Plain => {
                            node.style == Style::Plain && self.tree.value(id) == *value
                        }
                        ScalarStyle::SingleQuoted => {
                            node.style == Style::Single && self.tree.value(id) == *value
                        }
                        ScalarStyle::DoubleQuoted => {
                            node.style == Style::Double && self.tree.value(id) == *value
                        }
                        ScalarStyle::Literal => {
                            node.style == Style::Literal && self.tree.value(id) == *value
                        }
                        ScalarStyle::Folded => {
                            node.style == Style::Folded && self.tree.value(id) == *value
                        }
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
                last.is_some_and(|&(_, node)| self.tree.anchor(node) == Some(name.as_ref()))
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

    /// The next node, if its anchor and tag are the other parser's.
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
                .is_some_and(|rest| rest == theirs.suffix()),
            _ => false,
        };
        same.then_some(id)
    }
}

/// A line from 1, or 0 for the end of the stream.
fn place(line: usize) -> String {
    match line {
        0 => "the end of the stream".to_owned(),
        line => format!("line {line}"),
    }
}
