//! Documents of the stream: markers and directives.

use super::{Frame, Parser, Result, State, offset, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Document, Node};

impl Parser<'_> {
    /// Closes all open collections and the document. Returns whether a document was open.
    pub(super) fn end_document(&mut self) -> Result<bool> {
        self.no_key()?;
        if self.frames.is_empty() {
            if self.inner.is_some() || self.outer.is_some() {
                return self.error(SyntaxErrorKind::AfterDocument);
            }
            return Ok(false);
        }
        while self.frames.len() > 1 {
            self.close_block()?;
        }
        if self.top().state == State::DocumentNode {
            let properties = self.take_properties()?;
            self.empty(properties)?;
        } else if self.inner.is_some() || self.outer.is_some() {
            return self.error(SyntaxErrorKind::AfterDocument);
        }
        self.frames.pop();
        self.anchors.clear();
        self.anchor_names.clear();
        self.handles.clear();
        Ok(true)
    }

    /// `---`
    pub(super) fn document_start(&mut self) -> Result<()> {
        self.end_document()?;
        let start = self
            .directives
            .first()
            .map_or(self.at, |directive| directive.start as usize);
        self.begin_document(start, true);
        self.at += 3;
        self.last_end = self.at;
        self.key_allowed = false;
        Ok(())
    }

    /// `...`
    pub(super) fn document_end(&mut self) -> Result<()> {
        if !self.directives.is_empty() {
            return self.error(SyntaxErrorKind::ExpectedDocument);
        }
        // In go-yaml, the first document is implicit, so go-yaml expects a value at the start of a
        // stream.
        if !self.end_document()? && self.documents.is_empty() && !self.strict {
            return self.error(SyntaxErrorKind::AfterDocument);
        }
        if let Some(document) = self.documents.last_mut() {
            document.closed = true;
        }
        self.at += 3;
        self.key_allowed = false;
        let line = self.line;
        self.skip()?;
        if self.line == line && self.at < self.bytes.len() {
            return self.error(SyntaxErrorKind::AfterDocument);
        }
        Ok(())
    }

    /// Starts a document without `---` at its first token.
    pub(super) fn implicit_document(&mut self) -> Result<()> {
        if !self.directives.is_empty() {
            return self.error(SyntaxErrorKind::ExpectedDocument);
        }
        // Only YAML 1.2 allows a document without `---` after `...`.
        let may_begin = self
            .documents
            .last()
            .is_none_or(|before| self.strict && before.closed);
        if !may_begin {
            return self.error(SyntaxErrorKind::AfterDocument);
        }
        self.begin_document(self.at, false);
        Ok(())
    }

    fn begin_document(&mut self, start: usize, explicit: bool) {
        if let Some(before) = self.documents.last_mut() {
            before.span.end = offset(start);
        }
        self.documents.push(Document {
            root: super::node_id(self.nodes.len()),
            span: span(start, self.bytes.len()),
            explicit,
            closed: false,
            directives: std::mem::take(&mut self.directives),
        });
        self.versioned = false;
        self.frames
            .push(Frame::new(State::DocumentNode, Node::NONE, -1));
    }

    /// Parses a line that starts with `%`. In go-yaml this line ends the document before it.
    pub(super) fn directive(&mut self) -> Result<()> {
        let is_closed = self.documents.last().is_none_or(|document| document.closed);
        if self.strict && !is_closed {
            return self.error(SyntaxErrorKind::Directive);
        }
        self.end_document()?;
        let start = self.at;
        let mut name_end = start + 1;
        while !self.is_blank_or_end(name_end) {
            name_end += 1;
        }
        self.at = name_end;
        match &self.source[start + 1..name_end] {
            "YAML" => self.version(start)?,
            "TAG" => self.tag_handle(start)?,
            "" => return self.error(SyntaxErrorKind::Directive),
            // YAML 1.2 reserves other names and ignores them.
            _ if self.strict => self.at = self.line_end(name_end),
            _ => {
                self.at = start;
                return self.error(SyntaxErrorKind::Directive);
            }
        }
        self.directives.push(span(start, self.at));
        let end = self.at;
        self.skip_blanks();
        if self.byte(self.at) == b'#' && (self.at > end || !self.strict) {
            self.at = self.line_end(self.at);
        }
        if self.at < self.bytes.len() && self.break_len(self.at) == 0 {
            return self.error(SyntaxErrorKind::Directive);
        }
        self.key_allowed = false;
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.is_blank(self.at) {
            self.at += 1;
        }
    }

    fn version(&mut self, start: usize) -> Result<()> {
        self.skip_blanks();
        let digits = self.at;
        while self.byte(self.at).is_ascii_digit() || self.byte(self.at) == b'.' {
            self.at += 1;
        }
        let number = |text: &str| {
            (1..=2)
                .contains(&text.len())
                .then(|| text.parse::<u8>().ok())
                .flatten()
        };
        let version = self.source[digits..self.at]
            .split_once('.')
            .and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        let Some(version) = version else {
            return self.error(SyntaxErrorKind::Directive);
        };
        if self.versioned {
            self.at = start;
            return self.error(SyntaxErrorKind::Directive);
        }
        if version != (1, 1) && !self.strict {
            self.at = start;
            return self.error(SyntaxErrorKind::Version);
        }
        self.versioned = true;
        Ok(())
    }

    fn tag_handle(&mut self, start: usize) -> Result<()> {
        self.skip_blanks();
        let handle = self.at;
        if self.byte(handle) != b'!' {
            return self.error(SyntaxErrorKind::Directive);
        }
        let end = self.handle_end(handle);
        if end > handle + 1 && self.byte(end - 1) != b'!' || !self.is_blank(end) {
            return self.error(SyntaxErrorKind::Directive);
        }
        self.at = end;
        self.skip_blanks();
        let prefix = self.at;
        self.at = self.uri_end(prefix, true)?;
        if self.at == prefix || !self.is_blank_or_end(self.at) {
            return self.error(SyntaxErrorKind::Directive);
        }
        if self
            .handles
            .insert(&self.source[handle..end], span(prefix, self.at))
            .is_some()
        {
            self.at = start;
            return self.error(SyntaxErrorKind::Directive);
        }
        Ok(())
    }
}
