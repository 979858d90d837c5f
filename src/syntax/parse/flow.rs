//! Tokens inside of flow collections.

use super::{Flow, Frame, Parser, Result, State, fail, offset, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Kind, Node, Span, Style};

impl Parser<'_> {
    /// Parses one token.
    pub(super) fn flow_token(&mut self) -> Result<()> {
        let line = self.line;
        self.skip()?;
        let at = self.at;
        if at >= self.bytes.len() {
            return self.unclosed();
        }
        if self.line != line {
            self.check_flow_indentation()?;
        }
        if self.column() == 0 && (self.is_marker(at) || self.byte(at) == b'%') {
            return self.error(SyntaxErrorKind::MarkerInside);
        }
        match self.byte(at) {
            b'[' => self.nested(Kind::Seq),
            b'{' => self.nested(Kind::Map),
            b']' => self.close_flow(Kind::Seq),
            b'}' => self.close_flow(Kind::Map),
            b',' => self.comma(),
            b'?' if self.is_blank_or_end(at + 1) => self.flow_question(),
            b':' if self.is_flow_colon() => self.flow_colon(),
            b'&' | b'!' => self.property(),
            b'*' => {
                self.may_begin_key()?;
                let name = self.anchor_name()?;
                self.flow_node(Style::Plain, name, true)
            }
            quote @ (b'\'' | b'"') => {
                self.may_begin_key()?;
                let quoted = self.quoted()?;
                let style = if quote == b'"' {
                    Style::Double
                } else {
                    Style::Single
                };
                self.flow_node(style, quoted, false)?;
                self.after_json = true;
                Ok(())
            }
            b'-' if self.is_blank_or_end(at + 1)
                || self.strict && self.is_flow_indicator(at + 1) =>
            {
                self.error(SyntaxErrorKind::SequenceNotAllowed)
            }
            byte @ (b'|' | b'>' | b'#' | b'%' | b'@' | b'`') => {
                self.error(SyntaxErrorKind::CannotBegin(char::from(byte)))
            }
            _ => {
                self.may_begin_key()?;
                let plain = self.plain()?;
                self.flow_node(Style::Plain, plain, false)
            }
        }
    }

    /// In YAML 1.2, every line of a flow collection is indented deeper than the block around it.
    pub(super) fn check_flow_indentation(&self) -> Result<()> {
        if !self.strict || self.at >= self.bytes.len() {
            return Ok(());
        }
        let spaces = self.bytes[self.line..self.at]
            .iter()
            .take_while(|&&byte| byte == b' ')
            .count();
        if spaces.cast_signed() <= self.top().indent {
            return self.error(SyntaxErrorKind::Indentation);
        }
        Ok(())
    }

    fn unclosed<T>(&self) -> Result<T> {
        // A single pair has no bracket.
        let innermost = self
            .frames
            .iter()
            .rev()
            .find(|frame| !frame.state.is_pair());
        let open = innermost
            .and_then(|frame| self.nodes.get(frame.node as usize))
            .map_or(0, |node| node.span.start as usize);
        fail(span(open, open + 1), SyntaxErrorKind::UnclosedBracket)
    }

    /// Whether the `:` here is an indicator and not the start of a plain scalar.
    fn is_flow_colon(&self) -> bool {
        let next = self.at + 1;
        if self.is_blank_or_end(next) {
            return true;
        }
        if self.strict {
            self.after_json || self.is_flow_indicator(next)
        } else {
            !self.after_separator
        }
    }

    fn expect_node(&self) -> Result<()> {
        let state = self.top().state;
        // In go-yaml, the single pair of `[? : ]` cannot have a value.
        if state.after_node().is_some() {
            Ok(())
        } else {
            self.error(SyntaxErrorKind::ExpectedComma)
        }
    }

    fn nested(&mut self, kind: Kind) -> Result<()> {
        self.expect_node()?;
        self.may_begin_key()?;
        self.open_flow(kind)
    }

    /// Opens a flow collection as a child of the innermost collection.
    pub(super) fn open_flow(&mut self, kind: Kind) -> Result<()> {
        let state = if kind == Kind::Seq {
            State::FlowSeqItem
        } else {
            State::FlowMapKey
        };
        let frame = Frame::new(state, Node::NONE, self.top().indent);
        self.flows.push(Flow {
            key: self.key.take(),
            anchors: self.anchors.len(),
            last_end: self.last_end,
        });
        let properties = self.take_properties()?;
        self.open(kind, Style::Flow, self.at, frame, properties)?;
        self.flow += 1;
        self.at += 1;
        self.key_allowed = true;
        self.after_separator = kind == Kind::Seq;
        self.after_json = false;
        Ok(())
    }

    fn close_flow(&mut self, kind: Kind) -> Result<()> {
        self.end_entry()?;
        let top = self.top();
        let fits = if kind == Kind::Seq {
            top.state.is_flow_seq()
        } else {
            top.state.is_flow_map()
        };
        if !fits {
            return self.error(SyntaxErrorKind::WrongBracket);
        }
        self.at += 1;
        self.last_end = self.at;
        self.key_allowed = false;
        self.after_separator = false;
        self.after_json = true;
        self.flow -= 1;
        let before = self.flows.pop().unwrap_or_default();
        if self.flow > 0 {
            self.close();
            self.key = before.key;
            return Ok(());
        }
        // The block around it decides whether the collection is a node or a key.
        let next = super::node_id(self.nodes.len());
        self.frames.pop();
        if let Some(node) = self.nodes.get_mut(top.node as usize) {
            node.next = next;
            node.span.end = offset(self.last_end);
        }
        self.flow_end(top.node as usize, before)
    }

    /// Adds the missing nodes of the entry before `,` or a bracket, and closes a single pair.
    fn end_entry(&mut self) -> Result<()> {
        let state = self.top().state;
        let has_properties = self.inner.is_some();
        match state {
            State::PairExplicitKey if !self.strict => {
                return self.error(SyntaxErrorKind::ExpectedValue);
            }
            State::FlowMapExplicitKey
            | State::PairExplicitKey
            | State::FlowMapValue
            | State::PairValue => self.empty_node()?,
            State::FlowMapKey | State::FlowSeqItem if has_properties => self.empty_node()?,
            _ if has_properties => return self.error(SyntaxErrorKind::ExpectedComma),
            _ => {}
        }
        match self.top().state {
            State::FlowMapColon => {
                self.set(State::FlowMapValue, Node::NONE);
                self.empty_node()?;
            }
            State::PairColon => {
                self.set(State::PairValue, Node::NONE);
                self.empty_node()?;
            }
            _ => {}
        }
        if self.top().state.is_pair() {
            self.close();
        }
        Ok(())
    }

    fn empty_node(&mut self) -> Result<()> {
        let properties = self.take_properties()?;
        self.empty(properties)
    }

    fn comma(&mut self) -> Result<()> {
        self.end_entry()?;
        let state = match self.top().state {
            State::FlowSeqComma => State::FlowSeqItem,
            State::FlowMapComma => State::FlowMapKey,
            _ => return self.error(SyntaxErrorKind::ExpectedValue),
        };
        self.set(state, Node::NONE);
        if let Some(frame) = self.frames.last_mut() {
            frame.explicit = false;
        }
        self.key = None;
        self.at += 1;
        self.key_allowed = true;
        self.after_separator = true;
        self.after_json = false;
        Ok(())
    }

    fn flow_question(&mut self) -> Result<()> {
        if self.inner.is_some() {
            return self.error(SyntaxErrorKind::ExpectedComma);
        }
        match self.top().state {
            State::FlowMapKey => {
                self.set(State::FlowMapExplicitKey, offset(self.at));
                if let Some(frame) = self.frames.last_mut() {
                    frame.explicit = true;
                }
            }
            State::FlowSeqItem => {
                self.open_pair(self.at)?;
                self.set(State::PairExplicitKey, offset(self.at));
            }
            _ => return self.error(SyntaxErrorKind::ExpectedComma),
        }
        self.key = None;
        self.at += 1;
        self.key_allowed = false;
        self.after_separator = false;
        self.after_json = false;
        Ok(())
    }

    fn open_pair(&mut self, start: usize) -> Result<usize> {
        let frame = Frame::new(State::PairExplicitKey, Node::NONE, self.top().indent);
        self.open(Kind::Map, Style::FlowPair, start, frame, None)
    }

    fn flow_colon(&mut self) -> Result<()> {
        let top = self.top();
        let key = self.key.filter(|key| key.line == self.line);
        let has_key = key.is_some() && self.inner.is_some();
        let colon = offset(self.at);
        match top.state {
            State::FlowMapColon if top.explicit || key.is_some() || self.strict => {
                self.set(State::FlowMapValue, colon);
            }
            State::FlowMapExplicitKey => {
                self.empty_node()?;
                self.set(State::FlowMapValue, colon);
            }
            State::FlowMapKey if has_key || self.strict => {
                self.empty_key()?;
                self.set(State::FlowMapValue, colon);
            }
            State::FlowSeqItem if self.inner.is_some() && !has_key => {
                return self.error(SyntaxErrorKind::KeyTooLong);
            }
            State::FlowSeqItem if has_key || self.strict => {
                let properties = self.inner.take();
                self.open_pair(key.map_or(self.at, |key| key.at))?;
                self.inner = properties;
                self.empty_key()?;
                self.set(State::PairValue, colon);
            }
            State::FlowSeqComma => {
                let Some(key) = key else {
                    return self.error(SyntaxErrorKind::KeyTooLong);
                };
                if self.strict && self.at - key.at > 1024 {
                    return self.error(SyntaxErrorKind::KeyTooLong);
                }
                // The anchors on the moved nodes start after the last anchor on an earlier node.
                let first = top.last as usize;
                let anchors = self
                    .anchors
                    .iter()
                    .rposition(|&(_, node)| (node as usize) < first);
                self.relocate(first, anchors.map_or(0, |at| at + 1), None, |parser| {
                    parser.set(State::FlowSeqItem, Node::NONE);
                    parser.open_pair(key.at)?;
                    parser.set(State::PairExplicitKey, offset(key.at));
                    Ok(())
                })?;
                self.set(State::PairValue, colon);
            }
            State::PairExplicitKey => {
                self.empty_node()?;
                self.set(State::PairValue, colon);
                if !self.strict {
                    // go-yaml drops the `:` of an empty explicit key and also the value.
                    self.empty_node()?;
                }
            }
            State::PairColon => self.set(State::PairValue, colon),
            _ => return self.error(SyntaxErrorKind::ExpectedComma),
        }
        self.key = None;
        self.at += 1;
        self.last_end = self.at;
        self.key_allowed = false;
        self.after_separator = false;
        self.after_json = false;
        Ok(())
    }

    /// Adds an empty key, which may have properties, directly before the `:`.
    fn empty_key(&mut self) -> Result<()> {
        let start = self
            .key
            .filter(|_| self.inner.is_some())
            .map_or(self.at, |key| key.at);
        if let Some(frame) = self.frames.last_mut() {
            frame.indicator = offset(start);
        }
        if self.inner.is_none() {
            let at = offset(self.at);
            return self.leaf(Style::Empty, Span { start: at, end: at }, 0, None);
        }
        self.empty_node()
    }

    /// Adds a scanned scalar or alias.
    fn flow_node(&mut self, style: Style, at: Span, is_alias: bool) -> Result<()> {
        if self.top().state.after_node().is_none() {
            self.at = at.start as usize;
            return self.error(SyntaxErrorKind::ExpectedComma);
        }
        let properties = self.take_properties()?;
        if self.top().state == State::FlowMapKey {
            let start = self.key.map_or(at.start, |key| offset(key.at));
            self.set(State::FlowMapKey, start);
        }
        self.after_separator = false;
        self.after_json = false;
        if is_alias {
            self.alias(at, &properties)
        } else {
            self.leaf(style, at, 0, properties)
        }
    }
}
