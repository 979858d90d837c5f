//! Lowers changes of nodes to edits of bytes.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::flow::Spacing;
use super::layout::{self, Indents, Lines, Seen};
use super::plain::Quote;
use super::render::{self, Block};
use super::{Change, Edit, Part, Plan, Touched, Value};
use crate::syntax::{Kind, Node, NodeId, Span, Style, Tree};

/// Lowers all changes to a plan.
pub(super) fn lower(tree: &Tree<'_>, changes: &BTreeMap<NodeId, Change>) -> Plan {
    let (pieces, touched) = pieces(tree, changes);
    Plan {
        edits: join(pieces),
        touched,
    }
}

/// The edits of all changes, one for each place and node.
pub(super) fn parts(tree: &Tree<'_>, changes: &BTreeMap<NodeId, Change>) -> Vec<Part> {
    let (mut pieces, _) = pieces(tree, changes);
    sort(&mut pieces);
    let rank = |node: NodeId| tree.nodes.len() - node.index();
    let mut parts: Vec<Part> = Vec::with_capacity(pieces.len());
    for Piece { span, text, node } in pieces {
        match parts.last_mut() {
            // Adjacent parts stay separate. Overlapping ones are joined.
            Some(Part { edit: last, .. }) if span.start < last.span.end => {
                last.span.end = last.span.end.max(span.end);
                last.text.push_str(&text);
            }
            _ => parts.push(Part {
                edit: Edit { span, text },
                rank: u32::try_from(rank(node)).unwrap_or(u32::MAX),
            }),
        }
    }
    parts
}

fn pieces(tree: &Tree<'_>, changes: &BTreeMap<NodeId, Change>) -> (Vec<Piece>, Vec<Touched>) {
    let mut lowering = Lowering {
        tree,
        lines: Lines(tree.source()),
        changes,
        pieces: Vec::new(),
        document: Cell::new(None),
        seen: RefCell::default(),
        quotes: RefCell::default(),
        spacing: RefCell::default(),
    };
    let mut collections = BTreeSet::new();
    let mut touched = Vec::new();
    for (&id, change) in changes {
        match change {
            Change::Replaced(value) => {
                touched.push(Touched::Replaced {
                    node: id,
                    value: value.clone(),
                });
                lowering.write_value(id, value);
            }
            Change::Filled(value) => {
                match value {
                    Value::Seq(items) => {
                        touched.push(Touched::Pushed {
                            seq: id,
                            items: items.clone(),
                        });
                    }
                    Value::Map(entries) => touched.extend(additions(id, entries)),
                    _ => {}
                }
                lowering.write_value(id, value);
            }
            Change::Entries(entries) => {
                touched.extend(additions(id, entries));
                collections.insert(id);
            }
            Change::Items(items) => {
                touched.push(Touched::Pushed {
                    seq: id,
                    items: items.clone(),
                });
                collections.insert(id);
            }
            Change::Removed { node } => {
                touched.push(Touched::Removed { node: *node });
                collections.insert(tree.node(id).parent);
            }
        }
    }
    for id in collections {
        if tree.node(id).style == Style::Block {
            lowering.edit_block(id);
        } else {
            lowering.edit_flow(id);
        }
    }
    lowering.move_out_of_deletions();
    (lowering.pieces, touched)
}

fn additions(map: NodeId, entries: &[(String, Value)]) -> impl Iterator<Item = Touched> {
    entries.iter().map(move |(key, value)| Touched::Added {
        map,
        key: key.clone(),
        value: value.clone(),
    })
}

fn sort(pieces: &mut [Piece]) {
    pieces.sort_by_key(|piece| (piece.span.start, Reverse(piece.node)));
}

/// Sorts pieces into ascending, disjoint edits. At the same offset, the text of an inner node comes
/// before the text of the nodes around it.
fn join(mut pieces: Vec<Piece>) -> Vec<Edit> {
    sort(&mut pieces);
    let mut edits: Vec<Edit> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match edits.last_mut() {
            Some(last) if piece.span.start <= last.span.end => {
                last.span.end = last.span.end.max(piece.span.end);
                last.text.push_str(&piece.text);
            }
            _ => edits.push(Edit {
                span: piece.span,
                text: piece.text,
            }),
        }
    }
    edits
}

/// A replacement of bytes for one node.
#[derive(Debug)]
pub(super) struct Piece {
    span: Span,
    text: String,
    node: NodeId,
}

/// The state of one lowering.
pub(super) struct Lowering<'c, 't, 's> {
    pub(super) tree: &'t Tree<'s>,
    pub(super) lines: Lines<'s>,
    pub(super) changes: &'c BTreeMap<NodeId, Change>,
    pieces: Vec<Piece>,
    /// The last document root that was looked up, and the indentation of its document.
    document: Cell<Option<(NodeId, Indents)>>,
    /// The style of each collection, cached because many edits may be in one collection.
    seen: RefCell<HashMap<NodeId, Seen>>,
    quotes: RefCell<HashMap<NodeId, Option<Quote>>>,
    pub(super) spacing: RefCell<HashMap<NodeId, Spacing>>,
}

/// A child of a collection: an item, or an entry (key and value).
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The item or the key.
    pub(super) first: NodeId,
    /// The item or the value.
    pub(super) value: NodeId,
    pub(super) is_removed: bool,
}

impl<'s> Lowering<'_, '_, 's> {
    /// Moves each text that goes to the end of a line to the line before, if the line is deleted.
    ///
    /// The end of the line would be deleted with it, and the text would join the next line.
    fn move_out_of_deletions(&mut self) {
        let mut deleted: Vec<Span> = Vec::new();
        for Piece { span, text, .. } in &self.pieces {
            // The byte is looked at instead of the line: a line can be the whole file.
            let before = (span.start as usize).checked_sub(1);
            let before = before.and_then(|at| self.lines.0.as_bytes().get(at));
            let is_of_lines = matches!(before, Some(b'\n' | b'\r'));
            if text.is_empty() && is_of_lines {
                deleted.push(*span);
            }
        }
        deleted.sort_by_key(|span| span.start);
        deleted.dedup_by(|next, last| {
            let is_one = next.start <= last.end;
            if is_one {
                last.end = last.end.max(next.end);
            }
            is_one
        });
        for Piece { span, text, .. } in &mut self.pieces {
            if span.start != span.end || !text.starts_with(['\n', '\r']) {
                continue;
            }
            let before = deleted.partition_point(|deleted| deleted.start < span.start);
            let around = before.checked_sub(1).and_then(|index| deleted.get(index));
            if let Some(around) = around
                && span.start < around.end
            {
                let at = self.lines.end_before(around.start);
                *span = Span { start: at, end: at };
            }
        }
    }

    pub(super) fn piece(&mut self, node: NodeId, start: u32, end: u32, text: String) {
        if start >= end && text.is_empty() {
            return;
        }
        self.pieces.push(Piece {
            span: Span {
                start,
                end: end.max(start),
            },
            text,
            node,
        });
    }

    pub(super) fn members(&self, collection: NodeId) -> Vec<Member> {
        let member = |first, value| {
            let is_removed = matches!(self.changes.get(&value), Some(Change::Removed { .. }));
            Member {
                first,
                value,
                is_removed,
            }
        };
        if self.tree.node(collection).kind == Kind::Map {
            self.tree
                .entries(collection)
                .map(|(key, value)| member(key, value))
                .collect()
        } else {
            self.tree
                .children(collection)
                .map(|item| member(item, item))
                .collect()
        }
    }

    /// The first byte of an entry or item, including its indicator and properties.
    pub(super) fn start(&self, member: Member) -> u32 {
        let node = self.tree.node(member.first);
        let props = self
            .tree
            .props(member.first)
            .map_or(Node::NONE, |props| props.span.start);
        node.span.start.min(props).min(node.indicator)
    }

    /// One past the last byte of a node, including its properties and indicator.
    pub(super) fn end(&self, id: NodeId) -> u32 {
        self.tree.node(id).span.end.max(self.header(id))
    }

    /// The end of the indicator and the properties before a node; 0 if there are none.
    pub(super) fn header(&self, id: NodeId) -> u32 {
        let indicator = self.tree.node(id).indicator;
        let after_indicator = if indicator == Node::NONE {
            0
        } else {
            indicator + 1
        };
        let after_props = self.tree.props(id).map_or(0, |props| props.span.end);
        after_indicator.max(after_props)
    }

    /// Whether the node is inside a flow collection.
    pub(super) fn is_in_flow(&self, id: NodeId) -> bool {
        let parent = self.tree.node(id).parent;
        parent != id && self.tree.node(parent).style != Style::Block
    }

    /// The root of the document that contains the node.
    fn root(&self, id: NodeId) -> NodeId {
        let mut at = id;
        while self.tree.node(at).parent != at {
            at = self.tree.node(at).parent;
        }
        at
    }

    pub(super) fn indents(&self, at: NodeId) -> Indents {
        layout::indents(self.tree, at, &mut self.seen.borrow_mut(), || {
            let root = self.root(at);
            match self.document.get() {
                Some((known, indents)) if known == root => indents,
                _ => {
                    let indents = layout::document_indents(self.tree, root);
                    self.document.set(Some((root, indents)));
                    indents
                }
            }
        })
    }

    pub(super) fn block(&self, collection: NodeId, offset: u32) -> Block<'s> {
        Block {
            indents: self.indents(collection),
            eol: self.lines.eol(offset),
            quote: self.quotes(collection).unwrap_or(Quote::Double),
        }
    }

    /// The quotes of the last value or item that is a scalar; `None` if it has none.
    pub(super) fn quotes(&self, collection: NodeId) -> Option<Quote> {
        let mut known = self.quotes.borrow_mut();
        *known
            .entry(collection)
            .or_insert_with(|| self.last_quotes(collection))
    }

    fn last_quotes(&self, collection: NodeId) -> Option<Quote> {
        let last = self
            .members(collection)
            .into_iter()
            .rev()
            .map(|member| self.tree.node(member.value))
            .find(|value| value.kind == Kind::Scalar)?;
        match last.style {
            Style::Single => Some(Quote::Single),
            Style::Double => Some(Quote::Double),
            _ => None,
        }
    }

    /// One past the last byte of a scalar, alias or flow collection. Kept line breaks at the end of
    /// a block scalar are not included.
    fn written_end(&self, id: NodeId) -> u32 {
        let node = self.tree.node(id);
        if !matches!(node.style, Style::Literal | Style::Folded) {
            return node.span.end;
        }
        let text = self.tree.text(id).trim_end_matches([' ', '\n', '\r']);
        node.span.start + u32::try_from(text.len()).unwrap_or(0)
    }

    /// Replaces a value or a null.
    fn write_value(&mut self, id: NodeId, value: &Value) {
        if self.is_in_flow(id) {
            self.write_flow_value(id, value);
        } else if is_inline(value) || self.is_flow_collection(id, value) {
            self.write_inline(id, value);
        } else {
            self.write_lines(id, value);
        }
    }

    /// Whether a flow collection is replaced by a collection; it then stays in flow style.
    fn is_flow_collection(&self, id: NodeId, value: &Value) -> bool {
        let node = self.tree.node(id);
        node.style == Style::Flow && matches!(value, Value::Map(_) | Value::Seq(_))
    }

    /// Writes the value on the line of its key.
    fn write_inline(&mut self, id: NodeId, value: &Value) {
        let node = *self.tree.node(id);
        let mut text = String::new();
        if is_inline(value) {
            let keep = match (node.style, value) {
                (Style::Single, Value::Str(_)) => Some(Quote::Single),
                (Style::Double, Value::Str(_)) => Some(Quote::Double),
                _ => None,
            };
            let otherwise = self.quotes(node.parent).unwrap_or(Quote::Double);
            render::inline(&mut text, value, keep, otherwise, false);
        } else {
            self.flow(id).value(&mut text, value, None);
        }
        match node.style {
            Style::Block => self.replace_block(id, &text),
            Style::Empty => {
                let header = self.empty_header(id);
                self.piece(id, header, header, format!(" {text}"));
            }
            _ => {
                let end = self.written_end(id);
                self.piece(id, node.span.start, end, text);
                self.untab(id, self.lines.next(end));
            }
        }
    }

    /// Writes the value on separate lines below its key or dash.
    pub(super) fn write_lines(&mut self, id: NodeId, value: &Value) {
        let node = *self.tree.node(id);
        let parent = *self.tree.node(node.parent);
        let is_root = node.parent == id;
        let spot = self.spot(id);
        let own_indents = self.indents(node.parent);
        let column = match spot {
            Spot::Here { column, .. } => column,
            Spot::Below { .. } if is_root => 0,
            Spot::Below { .. } if parent.kind == Kind::Seq => parent.column + own_indents.dash,
            Spot::Below { .. } if matches!(value, Value::Seq(_)) => parent.column + own_indents.seq,
            Spot::Below { .. } => parent.column + own_indents.map,
        };
        let offset = spot.offset();
        let block = Block {
            indents: own_indents,
            ..self.block(node.parent, offset)
        };
        let lines = block.lines(value, column, None);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            match spot {
                Spot::Here { space, .. } if index == 0 => {
                    text.push_str(if space { " " } else { "" });
                }
                _ => block.break_line(&mut text, column),
            }
            text.push_str(line);
        }
        match spot {
            Spot::Here { start, end, .. } => {
                self.piece(id, start, end, text);
                self.untab(id, self.lines.next(end));
            }
            Spot::Below { start, end } => {
                if node.style == Style::Block {
                    let line_end = self.lines.end(start);
                    self.delete_block_lines(id);
                    self.piece(id, line_end, line_end, text);
                } else if node.style == Style::Empty {
                    let line_end = self.lines.end(end);
                    self.piece(id, line_end, line_end, text);
                    self.untab(id, self.lines.next(end));
                } else {
                    let (behind, between) = self.without_tabs(end);
                    self.piece(id, start, behind, between.to_owned());
                    let line_end = self.lines.end(behind);
                    self.piece(id, line_end, line_end, text);
                    self.untab(id, self.lines.next(behind));
                }
            }
        }
    }

    /// Removes tabs before the comments and blank lines that start at `line`. Such tabs are allowed
    /// after some scalars, but perhaps not after the new value.
    pub(super) fn untab(&mut self, id: NodeId, line: u32) {
        let mut line = line;
        while (line as usize) < self.lines.0.len() {
            let end = self.lines.end(line);
            let text = self
                .lines
                .0
                .get(line as usize..end as usize)
                .unwrap_or_default();
            let content = text.trim_start_matches([' ', '\t']);
            if !(content.is_empty() || content.starts_with('#')) {
                break;
            }
            let blanks = text.get(..text.len() - content.len()).unwrap_or_default();
            if blanks.contains('\t') {
                let length = u32::try_from(blanks.len()).unwrap_or(0);
                self.piece(id, line, line + length, String::new());
            }
            line = self.lines.next(line);
        }
    }

    /// The end of the blanks after a removed value, if they contain tabs, and the text that
    /// replaces them. A tab between the colon of an explicit entry and a comment is an error.
    fn without_tabs(&self, end: u32) -> (u32, &'static str) {
        let rest = self.lines.0.get(end as usize..).unwrap_or_default();
        let behind = rest.trim_start_matches([' ', '\t']);
        let blanks = rest.get(..rest.len() - behind.len()).unwrap_or_default();
        if !blanks.contains('\t') {
            return (end, "");
        }
        let length = u32::try_from(blanks.len()).unwrap_or(0);
        (end + length, if behind.starts_with('#') { " " } else { "" })
    }

    /// Where the lines of a new value go, depending on the current value.
    fn spot(&self, id: NodeId) -> Spot {
        let node = self.tree.node(id);
        let header = self.empty_header(id);
        let has_props = self.tree.props(id).is_some();
        let in_seq = node.parent != id && self.tree.node(node.parent).kind == Kind::Seq;
        if node.style == Style::Block {
            return if self.is_compact(id) {
                Spot::Here {
                    start: node.span.start,
                    end: self.content_end(id),
                    column: node.column,
                    space: false,
                }
            } else {
                Spot::Below {
                    start: header,
                    end: header,
                }
            };
        }
        if node.style == Style::Empty {
            let rest = self
                .lines
                .0
                .get(header as usize..self.lines.end(header) as usize);
            let is_bare = rest.is_some_and(|rest| rest.trim_matches([' ', '\t']).is_empty());
            return if in_seq && !has_props && is_bare {
                Spot::Here {
                    start: header,
                    end: header,
                    column: self.lines.column(header) + 1,
                    space: true,
                }
            } else {
                Spot::Below {
                    start: header,
                    end: header,
                }
            };
        }
        let end = self.written_end(id);
        let column = self.lines.column(node.span.start);
        let here = Spot::Here {
            start: node.span.start,
            end,
            column,
            space: false,
        };
        let begins_line = self.lines.indent_before(node.span.start).is_some();
        if node.parent == id {
            return if begins_line && !has_props {
                here
            } else {
                Spot::Below { start: header, end }
            };
        }
        let parent = self.tree.node(node.parent);
        if in_seq && !has_props
            || begins_line
                && column > parent.column
                && self.lines.start(header) < self.lines.start(node.span.start)
        {
            return here;
        }
        Spot::Below { start: header, end }
    }

    /// The offset for the text of a missing value: after the indicator and the properties, or after
    /// the `---` of an empty document.
    fn empty_header(&self, id: NodeId) -> u32 {
        match self.header(id) {
            0 => {
                let node = self.tree.node(id);
                let before = self
                    .lines
                    .0
                    .get(..node.span.start as usize)
                    .unwrap_or_default();
                u32::try_from(before.trim_end_matches([' ', '\t']).len()).unwrap_or(node.span.start)
            }
            header => header,
        }
    }

    /// The [`Self::tail`] of an entry or item. If the value has no text, the tail of the key.
    pub(super) fn tail_of(&self, member: Member) -> Tail {
        let value = self.tree.node(member.value);
        let is_written = value.style != Style::Empty
            || value.indicator != Node::NONE
            || self.tree.props(member.value).is_some();
        self.tail(if is_written {
            member.value
        } else {
            member.first
        })
    }

    /// The offset in the last line of a node after its change. If the node ends with a block scalar
    /// that keeps its line breaks, the offset is after these breaks, at the start of a line.
    fn tail(&self, id: NodeId) -> Tail {
        let node = self.tree.node(id);
        match self.changes.get(&id) {
            Some(Change::Replaced(value) | Change::Filled(value)) => {
                let at = match (node.style, is_inline(value)) {
                    (Style::Block, true) if !self.is_compact(id) => self.header(id),
                    (Style::Block, true) => node.span.start,
                    (Style::Empty, _) => self.empty_header(id),
                    (Style::Block, false) => match self.spot(id) {
                        Spot::Here { start, .. } | Spot::Below { start, .. } => start,
                    },
                    _ => self.written_end(id),
                };
                return Tail {
                    at,
                    is_line_start: false,
                };
            }
            _ if node.style == Style::Block => {
                let last = self
                    .members(id)
                    .into_iter()
                    .rev()
                    .find(|member| !member.is_removed);
                return match last {
                    Some(member) => self.tail_of(member),
                    None if self.is_compact(id) => Tail {
                        at: node.span.start,
                        is_line_start: false,
                    },
                    None => Tail {
                        at: self.header(id),
                        is_line_start: false,
                    },
                };
            }
            _ => {}
        }
        let at = self.end(id);
        Tail {
            at,
            is_line_start: self.is_line_start(id, at),
        }
    }

    /// The last node before `end` that has text. The missing value of a key without a colon has
    /// none.
    pub(super) fn last_written(&self, end: NodeId) -> NodeId {
        let mut last = NodeId(end.0.saturating_sub(1));
        loop {
            let node = self.tree.node(last);
            let is_written = node.style != Style::Empty
                || node.indicator != Node::NONE
                || self.tree.props(last).is_some();
            if is_written || last.0 == 0 {
                return last;
            }
            last = NodeId(last.0 - 1);
        }
    }

    /// Whether `at`, the end of a node, is after the kept line breaks of a block scalar.
    pub(super) fn is_line_start(&self, id: NodeId, at: u32) -> bool {
        matches!(self.tree.node(id).style, Style::Literal | Style::Folded)
            && self.lines.start(at) == at
    }

    /// Whether a block collection starts on the line of its indicator, or is a root without a line
    /// above it.
    pub(super) fn is_compact(&self, id: NodeId) -> bool {
        let node = self.tree.node(id);
        match self.header(id) {
            0 => true,
            header => self.lines.start(header) == self.lines.start(node.span.start),
        }
    }
}

/// Where the lines of a value go.
#[derive(Clone, Copy, Debug)]
enum Spot {
    /// The first line replaces `start..end`. The other lines follow below it at `column`.
    Here {
        start: u32,
        end: u32,
        column: u32,
        space: bool,
    },
    /// `start..end` is removed. The lines go below the line that contains `end`.
    Below { start: u32, end: u32 },
}

impl Spot {
    fn offset(self) -> u32 {
        match self {
            Self::Here { end, .. } | Self::Below { end, .. } => end,
        }
    }
}

/// See [`Lowering::tail`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    pub(super) at: u32,
    pub(super) is_line_start: bool,
}

/// Whether the value needs no lines of its own in a block collection.
pub(super) fn is_inline(value: &Value) -> bool {
    match value {
        Value::Seq(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Tagged(_, value) => is_inline(value),
        Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Plain(_) => true,
    }
}
