//! Adds nodes to the arena: opens and closes collections, and moves a collection that is a key.

use super::properties::Pending;
use super::{Frame, Parser, Result, State, node_id, offset, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Kind, Node, NodeId, Span, Style};

impl Parser<'_> {
    /// Appends a node as a child of the innermost collection. Returns its index.
    #[inline]
    pub(super) fn push(
        &mut self,
        kind: Kind,
        style: Style,
        at: Span,
        column: u32,
    ) -> Result<usize> {
        let index = self.nodes.len();
        if index >= self.limits.nodes as usize {
            return self.error(SyntaxErrorKind::TooManyNodes(self.limits.nodes));
        }
        let (parent, indicator) = match self.frames.last_mut() {
            Some(frame) if frame.node != Node::NONE => {
                frame.last = offset(index);
                (NodeId(frame.node), frame.indicator)
            }
            _ => (node_id(index), Node::NONE),
        };
        let next = node_id(index + 1);
        self.nodes.push(Node {
            kind,
            style,
            span: at,
            next,
            parent,
            indicator,
            column,
            extra: Node::NONE,
        });
        Ok(index)
    }

    /// Adds a leaf with its properties, and updates the state of the innermost collection.
    #[inline]
    pub(super) fn leaf(
        &mut self,
        style: Style,
        at: Span,
        column: u32,
        properties: Pending,
    ) -> Result<()> {
        let index = self.push(Kind::Scalar, style, at, column)?;
        if properties.is_some() {
            self.assign(properties, index);
        }
        self.last_end = at.end as usize;
        self.node_done();
        Ok(())
    }

    /// Adds an alias. An alias cannot have properties.
    pub(super) fn alias(&mut self, name: Span, properties: &Pending) -> Result<()> {
        if properties.is_some() {
            return self.error(SyntaxErrorKind::PropertiesOnAlias);
        }
        let target = self.anchored(name)?;
        let at = Span {
            start: name.start - 1,
            end: name.end,
        };
        let index = self.push(Kind::Alias, Style::Plain, at, 0)?;
        if let Some(node) = self.nodes.get_mut(index) {
            node.extra = target;
        }
        self.last_end = at.end as usize;
        self.node_done();
        Ok(())
    }

    /// Adds an empty node, after its indicator or its properties.
    pub(super) fn empty(&mut self, properties: Pending) -> Result<()> {
        let indicator = self.top().indicator;
        let at = match properties.as_ref().map(|properties| properties.span.end) {
            Some(end) => end,
            None if indicator != Node::NONE => indicator + 1,
            None => offset(self.last_end),
        };
        self.leaf(Style::Empty, Span { start: at, end: at }, 0, properties)
    }

    /// Opens a collection inside the innermost one.
    pub(super) fn open(
        &mut self,
        kind: Kind,
        style: Style,
        start: usize,
        frame: Frame,
        properties: Pending,
    ) -> Result<usize> {
        if self.frames.len() > usize::from(self.limits.depth) {
            return self.error(SyntaxErrorKind::TooDeep(self.limits.depth));
        }
        let column = if style == Style::Block {
            offset(frame.indent.unsigned_abs())
        } else {
            0
        };
        let index = self.push(kind, style, span(start, start + 1), column)?;
        self.assign(properties, index);
        self.frames.push(Frame {
            node: offset(index),
            ..frame
        });
        Ok(index)
    }

    /// Closes the innermost collection.
    pub(super) fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        let next = node_id(self.nodes.len());
        let end = offset(self.last_end);
        if let Some(node) = self.nodes.get_mut(frame.node as usize) {
            node.next = next;
            node.span.end = end;
        }
        if let Some(parent) = self.frames.last_mut() {
            parent.last = frame.node;
        }
        self.node_done();
    }

    /// Updates the state of the innermost collection after the expected node.
    #[inline]
    pub(super) fn node_done(&mut self) {
        if let Some(frame) = self.frames.last_mut()
            && let Some(state) = frame.state.after_node()
        {
            frame.state = state;
            frame.indicator = Node::NONE;
        }
    }

    pub(super) fn set(&mut self, state: State, indicator: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.state = state;
            frame.indicator = indicator;
        }
    }

    /// Moves the subtree from `first` to the end of the arena behind the nodes that `before`
    /// appends, and makes it a child of the innermost collection.
    ///
    /// Only flow collections that are keys are moved. Each node moves at most once per level of
    /// nesting, and the nesting is limited.
    pub(super) fn relocate(
        &mut self,
        first: usize,
        anchors: usize,
        held_anchor: Option<Span>,
        before: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut moved = self.nodes.split_off(first);
        before(self)?;
        let delta = self.nodes.len() - first;
        // The new mapping is directly before its key.
        let opened = offset(self.nodes.len().saturating_sub(1));
        let held = held_anchor.map(|name| &self.source[name.start as usize..name.end as usize]);
        let shift = |id: &mut u32| *id += offset(delta);
        for (index, node) in moved.iter_mut().enumerate() {
            if index == 0 {
                node.parent = NodeId(self.top().node);
                node.indicator = self.top().indicator;
            } else {
                shift(&mut node.parent.0);
            }
            shift(&mut node.next.0);
            if node.kind == Kind::Alias && node.extra as usize >= first {
                let name = &self.source[node.span.start as usize + 1..node.span.end as usize];
                if node.extra as usize == first && held == Some(name) {
                    node.extra = opened;
                } else {
                    shift(&mut node.extra);
                }
            }
        }
        self.nodes.append(&mut moved);
        if self.nodes.len() > self.limits.nodes as usize {
            return self.error(SyntaxErrorKind::TooManyNodes(self.limits.nodes));
        }
        for (name, node) in self.anchors.iter_mut().skip(anchors) {
            let is_held = Some(*name) == held_anchor;
            if *node as usize >= first && !is_held {
                *node += offset(delta);
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.last = offset(first + delta);
        }
        Ok(())
    }
}
