//! Tokens outside of flow collections: indentation, dashes, keys.

use super::{Flow, Frame, Key, Parser, Result, State, offset};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Kind, Node, Span, Style};

impl Parser<'_> {
    /// Parses one token; false at the end of the stream.
    pub(super) fn block_token(&mut self) -> Result<bool> {
        self.skip()?;
        let at = self.at;
        if at >= self.bytes.len() {
            if !self.directives.is_empty() {
                return self.error(SyntaxErrorKind::ExpectedDocument);
            }
            self.end_document()?;
            return Ok(false);
        }
        if self.column() == 0 {
            match self.byte(at) {
                b'%' => return self.directive().map(|()| true),
                b'-' if self.is_marker(at) => return self.document_start().map(|()| true),
                b'.' if self.is_marker(at) => return self.document_end().map(|()| true),
                _ => {}
            }
        }
        if self.frames.is_empty() {
            self.implicit_document()?;
        }
        self.unroll(self.column())?;
        match self.byte(at) {
            b'-' if self.is_blank_or_end(at + 1) => self.dash()?,
            b'?' if self.is_blank_or_end(at + 1) => self.question()?,
            b':' if self.is_blank_or_end(at + 1) => self.colon()?,
            b'[' => self.flow_start(Kind::Seq)?,
            b'{' => self.flow_start(Kind::Map)?,
            b'&' | b'!' => {
                self.property()?;
            }
            b'*' => {
                self.may_begin_key()?;
                let name = self.anchor_name()?;
                self.scalar(Style::Plain, name, true)?;
            }
            b'\'' | b'"' => {
                self.may_begin_key()?;
                let style = if self.byte(at) == b'"' {
                    Style::Double
                } else {
                    Style::Single
                };
                let quoted = self.quoted()?;
                self.scalar(style, quoted, false)?;
            }
            b'|' | b'>' => self.block_scalar_node()?,
            b'\t' => return self.error(SyntaxErrorKind::Tab),
            b',' | b']' | b'}' | b'#' | b'%' | b'@' | b'`' => {
                return self.error(SyntaxErrorKind::CannotBegin(char::from(self.byte(at))));
            }
            _ => {
                self.may_begin_key()?;
                let plain = self.plain()?;
                self.scalar(Style::Plain, plain, false)?;
            }
        }
        Ok(true)
    }

    /// Closes the collections that are indented deeper than `column`.
    fn unroll(&mut self, column: isize) -> Result<()> {
        while self.top().indent > column {
            self.close_block()?;
        }
        Ok(())
    }

    /// Closes the innermost block collection. A node that it still expects is empty.
    pub(super) fn close_block(&mut self) -> Result<()> {
        self.fill()?;
        if self.top().state == State::MapColon {
            self.set(State::MapValue, Node::NONE);
            self.fill()?;
        }
        self.close();
        Ok(())
    }

    /// Adds an empty node if the innermost collection expects a node.
    fn fill(&mut self) -> Result<()> {
        if self.top().state.after_node().is_none() {
            if self.inner.is_none() && self.outer.is_none() {
                return Ok(());
            }
            return self.error(SyntaxErrorKind::ExpectedKey);
        }
        let properties = self.take_properties()?;
        self.empty(properties)
    }

    /// Records that a key may start here. An earlier possible key is dropped.
    #[inline]
    pub(super) fn may_begin_key(&mut self) -> Result<()> {
        if !self.key_allowed {
            return Ok(());
        }
        self.key_allowed = false;
        self.check_indentation()?;
        self.no_key()?;
        if self.inner.is_some() {
            self.outer = {
                let (outer, inner) = (self.outer.take(), self.inner.take());
                self.join(outer, inner)?
            };
        }
        let required = self.flow == 0 && self.top().indent == self.column();
        self.key = Some(Key {
            at: self.at,
            line: self.line,
            required,
            tab: self.tab,
        });
        Ok(())
    }

    /// Drops the possible key. Fails if only a key is allowed at its position.
    pub(super) fn no_key(&mut self) -> Result<()> {
        match self.key.take() {
            Some(key) if key.required => {
                self.at = key.at;
                self.error(SyntaxErrorKind::ExpectedColon)
            }
            _ => Ok(()),
        }
    }

    /// Rejects a tab before the start of a block collection: only spaces are indentation.
    fn no_tab(&self) -> Result<()> {
        if self.strict && self.tab {
            self.error(SyntaxErrorKind::Tab)
        } else {
            Ok(())
        }
    }

    /// The error for a node that is not expected.
    fn misplaced<T>(&self) -> Result<T> {
        let state = self.top().state;
        self.error(if state == State::DocumentEnd {
            SyntaxErrorKind::AfterDocument
        } else if state.is_block_seq() || state.is_indentless() {
            SyntaxErrorKind::ExpectedItem
        } else {
            SyntaxErrorKind::ExpectedKey
        })
    }

    /// `- `
    fn dash(&mut self) -> Result<()> {
        if !self.key_allowed {
            return self.error(SyntaxErrorKind::SequenceNotAllowed);
        }
        self.no_tab()?;
        self.no_key()?;
        let column = self.column();
        let top = self.top();
        if top.indent < column {
            self.open_block(Kind::Seq, self.at, column, State::SeqItem)?;
        } else if top.state.is_block_seq() || top.state.is_indentless() {
            self.fill()?;
        } else if matches!(top.state, State::MapValue | State::MapExplicitKey) {
            self.open_block(Kind::Seq, self.at, column, State::IndentlessItem)?;
        } else {
            return self.misplaced();
        }
        let state = if self.top().state.is_indentless() {
            State::IndentlessItem
        } else {
            State::SeqItem
        };
        self.set(state, offset(self.at));
        self.at += 1;
        self.key_allowed = true;
        Ok(())
    }

    fn open_block(&mut self, kind: Kind, start: usize, column: isize, state: State) -> Result<()> {
        if self.top().state.after_node().is_none() {
            return self.misplaced();
        }
        let properties = self.take_properties()?;
        self.open(
            kind,
            Style::Block,
            start,
            Frame::new(state, Node::NONE, column),
            properties,
        )?;
        Ok(())
    }

    /// Makes the mapping with keys at `column` the innermost collection, ready for a key.
    #[inline]
    fn reach_key(&mut self, start: usize, column: isize) -> Result<()> {
        let top = self.top();
        // The common case: the next key of the same mapping.
        if top.state == State::MapKey
            && top.indent == column
            && self.outer.is_none()
            && self.inner.is_none()
        {
            return Ok(());
        }
        self.reach_other_key(start, column)
    }

    fn reach_other_key(&mut self, start: usize, column: isize) -> Result<()> {
        if self.top().indent < column {
            return self.open_block(Kind::Map, start, column, State::MapKey);
        }
        if self.top().state.is_indentless() {
            self.close_block()?;
        }
        if !self.top().state.is_block_map() {
            return self.misplaced();
        }
        self.fill()?;
        if self.top().state == State::MapColon {
            self.set(State::MapValue, Node::NONE);
            self.fill()?;
        }
        Ok(())
    }

    /// `? `
    fn question(&mut self) -> Result<()> {
        if !self.key_allowed {
            return self.error(SyntaxErrorKind::MappingNotAllowed);
        }
        self.no_tab()?;
        self.no_key()?;
        self.reach_key(self.at, self.column())?;
        self.set(State::MapExplicitKey, offset(self.at));
        self.at += 1;
        self.key_allowed = true;
        Ok(())
    }

    /// `: ` without a scalar or bracket before it on its line.
    fn colon(&mut self) -> Result<()> {
        // If there are only properties before the colon, the key is empty.
        if let Some(key) = self.key
            && key.line == self.line
            && self.inner.is_some()
        {
            let properties = self.inner.take();
            self.implicit_key(key)?;
            self.empty(properties)?;
            return self.after_key(key);
        }
        if !self.key_allowed {
            return self.error(SyntaxErrorKind::MappingNotAllowed);
        }
        self.no_tab()?;
        self.no_key()?;
        let column = self.column();
        if self.top().indent == column {
            if self.top().state.is_indentless() {
                self.close_block()?;
            }
            if self.top().state == State::MapExplicitKey {
                self.fill()?;
            }
        }
        if self.top().indent != column || self.top().state != State::MapColon {
            // YAML 1.2 allows keys without any text; libyaml does not.
            if !self.strict {
                return self.misplaced();
            }
            self.reach_key(self.at, column)?;
            self.set(State::MapExplicitKey, offset(self.at));
            let at = offset(self.at);
            self.leaf(Style::Empty, Span { start: at, end: at }, 0, None)?;
        }
        self.set(State::MapValue, offset(self.at));
        self.at += 1;
        self.key_allowed = true;
        Ok(())
    }

    /// Makes a mapping ready for the node of an implicit key.
    fn implicit_key(&mut self, key: Key) -> Result<()> {
        self.key = None;
        if self.strict && key.tab {
            return self.error(SyntaxErrorKind::Tab);
        }
        let column = key.at.cast_signed() - key.line.cast_signed();
        self.reach_key(key.at, column)?;
        self.set(State::MapExplicitKey, offset(key.at));
        Ok(())
    }

    /// Handles the `:` after an implicit key.
    fn after_key(&mut self, key: Key) -> Result<()> {
        if self.strict && self.at - key.at > 1024 {
            return self.error(SyntaxErrorKind::KeyTooLong);
        }
        self.set(State::MapValue, offset(self.at));
        self.last_end = self.at + 1;
        self.at += 1;
        self.key_allowed = false;
        Ok(())
    }

    /// The possible key on this line, if a `:` follows. Moves to the `:`.
    fn key_before_colon(&mut self) -> Option<Key> {
        let key = self.key.filter(|key| key.line == self.line)?;
        let mut at = self.at;
        while self.is_blank(at) {
            at += 1;
        }
        if self.byte(at) != b':' || !self.is_blank_or_end(at + 1) {
            return None;
        }
        self.at = at;
        Some(key)
    }

    /// Adds a scanned scalar or alias, as a key or as a node.
    fn scalar(&mut self, style: Style, at: Span, is_alias: bool) -> Result<()> {
        let key = self.key_before_colon();
        let properties = if let Some(key) = key {
            let properties = self.inner.take();
            self.implicit_key(key)?;
            properties
        } else {
            self.no_key()?;
            if self.top().state.after_node().is_none() {
                self.at = at.start as usize;
                return self.misplaced();
            }
            self.take_properties()?
        };
        if is_alias {
            self.alias(at, &properties)?;
        } else {
            self.leaf(style, at, 0, properties)?;
        }
        key.map_or(Ok(()), |key| self.after_key(key))
    }

    /// `|` or `>`: never a key. go-yaml accepts it even where only a key is allowed.
    fn block_scalar_node(&mut self) -> Result<()> {
        if self.strict && self.key_allowed && self.top().indent >= self.column() {
            return self.error(SyntaxErrorKind::Indentation);
        }
        self.check_indentation()?;
        self.no_key()?;
        if self.top().state.after_node().is_none() {
            return self.misplaced();
        }
        let properties = self.take_properties()?;
        let (style, at, indent) = self.block_scalar()?;
        self.key_allowed = true;
        self.leaf(style, at, indent, properties)
    }

    /// Opens `[` or `{`. The collection is a key if a `:` follows its end.
    fn flow_start(&mut self, kind: Kind) -> Result<()> {
        self.may_begin_key()?;
        let (mut outer, mut inner) = (self.outer.take(), self.inner.take());
        let first = self.nodes.len();
        let anchors = self.anchors.len();
        self.register(&mut outer, first);
        self.register(&mut inner, first);
        self.held = (outer, inner);
        self.open_flow(kind)?;
        if let Some(flow) = self.flows.last_mut() {
            flow.anchors = anchors;
        }
        Ok(())
    }

    /// Closes the outermost flow collection. Only now it is known whether it is a key.
    pub(super) fn flow_end(&mut self, first: usize, before: Flow) -> Result<()> {
        self.key = before.key;
        self.key_allowed = false;
        let (outer, inner) = std::mem::take(&mut self.held);
        let Some(key) = self.key_before_colon() else {
            self.no_key()?;
            if self.top().state.after_node().is_none() {
                self.at = self
                    .nodes
                    .get(first)
                    .map_or(0, |node| node.span.start as usize);
                return self.misplaced();
            }
            let properties = self.join(outer, inner)?;
            self.assign(properties, first);
            self.node_done();
            return Ok(());
        };
        self.assign(inner, first);
        let held_anchor = outer.as_ref().and_then(|outer| outer.anchor);
        self.relocate(first, before.anchors, held_anchor, |parser| {
            parser.outer = outer;
            // Collections that end before the key, and empty nodes, end before its bracket.
            parser.last_end = before.last_end;
            parser.implicit_key(key)
        })?;
        self.node_done();
        self.after_key(key)
    }

    /// Rejects a tab in the indentation of the first text of a line (YAML 1.2).
    fn check_indentation(&self) -> Result<()> {
        if !self.strict || !self.tab {
            return Ok(());
        }
        let before = &self.bytes[self.line..self.at];
        let spaces = before.iter().take_while(|&&byte| byte == b' ').count();
        let is_first = before.iter().all(|byte| matches!(byte, b' ' | b'\t'));
        if is_first && spaces.cast_signed() <= self.top().indent {
            return self.error(SyntaxErrorKind::Tab);
        }
        Ok(())
    }
}
