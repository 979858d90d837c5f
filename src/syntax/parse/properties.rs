//! Anchors and tags, kept until their node.

use super::{Parser, Result, fail, offset, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Node, Props, Span};

/// An anchor, a tag or both, before their node. Boxed, because most nodes have none and `None` is
/// cheap to move.
pub(super) type Pending = Option<Box<Properties>>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Properties {
    pub(super) anchor: Option<Span>,
    tag: Option<Span>,
    prefix: Option<Span>,
    pub(super) span: Span,
    /// The index in `Parser::anchors`, if the anchor is already there.
    registered: Option<usize>,
}

impl Properties {
    /// Both combined; `None` if both have an anchor or both have a tag.
    fn and(self, later: Self) -> Option<Self> {
        if self.anchor.is_some() && later.anchor.is_some()
            || self.tag.is_some() && later.tag.is_some()
        {
            return None;
        }
        Some(Self {
            anchor: self.anchor.or(later.anchor),
            tag: self.tag.or(later.tag),
            prefix: self.prefix.or(later.prefix),
            span: Span {
                start: self.span.start,
                end: later.span.end,
            },
            registered: self.registered.or(later.registered),
        })
    }
}

impl Parser<'_> {
    /// Parses `&name` or `!tag` and keeps it for the next node.
    pub(super) fn property(&mut self) -> Result<()> {
        self.may_begin_key()?;
        self.after_separator = false;
        self.after_json = false;
        let start = self.at;
        let (mut anchor, mut tag, mut prefix) = (None, None, None);
        if self.byte(start) == b'&' {
            anchor = Some(self.anchor_name()?);
        } else {
            prefix = self.scan_tag()?;
            tag = Some(span(start, self.at));
        }
        let new = Properties {
            anchor,
            tag,
            prefix,
            span: span(start, self.at),
            registered: None,
        };
        let before = self.inner.take();
        self.inner = self.join(before, Some(Box::new(new)))?;
        Ok(())
    }

    /// Takes the pending properties, for a node that is not a key.
    #[inline]
    pub(super) fn take_properties(&mut self) -> Result<Pending> {
        if self.inner.is_none() && self.outer.is_none() {
            return Ok(None);
        }
        let (outer, inner) = (self.outer.take(), self.inner.take());
        self.join(outer, inner)
    }

    pub(super) fn join(&self, earlier: Pending, later: Pending) -> Result<Pending> {
        let (earlier, later) = match (earlier, later) {
            (Some(earlier), Some(later)) => (earlier, later),
            (one, other) => return Ok(one.or(other)),
        };
        match earlier.and(*later) {
            Some(both) => Ok(Some(Box::new(both))),
            None => self.error(SyntaxErrorKind::TwoProperties),
        }
    }

    /// Assigns the properties to a node. Aliases of the anchor then refer to the node.
    pub(super) fn assign(&mut self, mut properties: Pending, node: usize) {
        self.register(&mut properties, node);
        let Some(properties) = properties else { return };
        if let Some(target) = self.nodes.get_mut(node) {
            target.extra = offset(self.props.len());
        }
        self.props.push(Props {
            span: properties.span,
            anchor: properties.anchor,
            tag: properties.tag,
            prefix: properties.prefix,
        });
    }

    /// Registers the node under the name of its anchor.
    pub(super) fn register(&mut self, properties: &mut Pending, node: usize) {
        let Some(properties) = properties else { return };
        let Some(name) = properties.anchor else {
            return;
        };
        if let Some(place) = properties.registered {
            if let Some(anchor) = self.anchors.get_mut(place) {
                anchor.1 = offset(node);
            }
            return;
        }
        let place = self.anchors.len();
        self.anchors.push((name, offset(node)));
        let text = &self.source[name.start as usize..name.end as usize];
        self.anchor_names.insert(text, place);
        properties.registered = Some(place);
    }

    /// The target of an alias: the latest anchor of that name before the alias.
    pub(super) fn anchored(&self, name: Span) -> Result<u32> {
        let text = &self.source[name.start as usize..name.end as usize];
        match self
            .anchor_names
            .get(text)
            .and_then(|&place| self.anchors.get(place))
        {
            Some(&(_, node)) if node != Node::NONE => Ok(node),
            _ => {
                let span = Span {
                    start: name.start - 1,
                    end: name.end,
                };
                fail(span, SyntaxErrorKind::UnknownAnchor(text.to_owned()))
            }
        }
    }

    /// Parses the name after `&` or `*`, and moves after it.
    pub(super) fn anchor_name(&mut self) -> Result<Span> {
        let start = self.at + 1;
        let mut at = start;
        // go-yaml accepts printable ASCII without the colon. YAML 1.2 accepts everything except
        // blanks and brackets.
        loop {
            let byte = self.byte(at);
            let is_name = match byte {
                0..=b' ' | b',' | b'[' | b']' | b'{' | b'}' => false,
                b':' | 0x7F.. => self.strict,
                _ => true,
            };
            if !is_name {
                break;
            }
            at += 1;
        }
        let ends_well = self.is_blank_or_end(at)
            || match self.byte(at) {
                b',' | b']' | b'}' => !self.strict || self.flow > 0,
                b':' => !self.strict,
                b'[' | b'{' => self.strict && self.flow > 0,
                _ => false,
            };
        if at == start || !ends_well {
            self.at = at;
            return self.error(SyntaxErrorKind::AnchorName);
        }
        self.at = at;
        Ok(span(start, at))
    }

    /// Parses a tag and moves after it. Returns the prefix that a `%TAG` defines for its handle.
    fn scan_tag(&mut self) -> Result<Option<Span>> {
        let start = self.at;
        let mut prefix = None;
        if self.byte(start + 1) == b'<' {
            self.at = self.uri_end(start + 2, true)?;
            if self.byte(self.at) != b'>' || self.at == start + 2 {
                return self.error(SyntaxErrorKind::Tag);
            }
            self.at += 1;
        } else {
            let handle_end = self.handle_end(start);
            let has_handle = handle_end > start + 1 && self.byte(handle_end - 1) == b'!';
            self.at = self.uri_end(handle_end, false)?;
            let handle = if has_handle {
                &self.source[start..handle_end]
            } else {
                "!"
            };
            if has_handle && self.at == handle_end {
                return self.error(SyntaxErrorKind::Tag);
            }
            prefix = self.handles.get(handle).copied();
            // The non-specific tag `!` is not a handle.
            if self.at == start + 1 {
                prefix = None;
            }
            if prefix.is_none() && handle != "!" && handle != "!!" {
                self.at = start;
                return self.error(SyntaxErrorKind::UndefinedHandle);
            }
        }
        let ends_well = self.is_blank_or_end(self.at)
            || self.strict
                && self.flow > 0
                && matches!(self.byte(self.at), b',' | b']' | b'}' | b'[' | b'{');
        if ends_well {
            Ok(prefix)
        } else {
            self.error(SyntaxErrorKind::Tag)
        }
    }

    /// The end of the handle `!`, `!!` or `!name!`. Without a second `!`, the end of the letters.
    pub(super) fn handle_end(&self, start: usize) -> usize {
        let mut at = start + 1;
        while matches!(self.byte(at), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
            at += 1;
        }
        if self.byte(at) == b'!' { at + 1 } else { at }
    }

    /// The end of the URI characters that start at `at`.
    pub(super) fn uri_end(&mut self, mut at: usize, brackets: bool) -> Result<usize> {
        loop {
            match self.byte(at) {
                b'0'..=b'9'
                | b'A'..=b'Z'
                | b'a'..=b'z'
                | b'_'
                | b'-'
                | b';'
                | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')' => at += 1,
                b'#' if self.strict => at += 1,
                b',' | b'[' | b']' | b'{' | b'}' if brackets => at += 1,
                b'%' => {
                    if !self.byte(at + 1).is_ascii_hexdigit()
                        || !self.byte(at + 2).is_ascii_hexdigit()
                    {
                        self.at = at;
                        return self.error(SyntaxErrorKind::Tag);
                    }
                    at += 3;
                }
                _ => return Ok(at),
            }
        }
    }
}
