//! Anchors and tags, which wait for the node they belong to.

use super::{Parser, Result, fail, offset, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Node, Props, Span};

/// An anchor, a tag, or both, whose node has not come yet. Most nodes have none, so that is
/// what costs nothing.
pub(super) type Pending = Option<Box<Properties>>;

#[derive(Clone, Copy, Debug)]
pub(super) struct Properties {
    pub(super) anchor: Option<Span>,
    tag: Option<Span>,
    prefix: Option<Span>,
    pub(super) span: Span,
    /// Its place in `Parser::anchors`, if the anchor stands there already.
    registered: Option<usize>,
}

impl Properties {
    /// Both together, unless both have an anchor or both have a tag.
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
    /// `&name` or `!tag`: kept until its node comes.
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

    /// The properties that wait, for a node that is not a key.
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

    /// Gives the properties to the node, so that aliases find it.
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

    /// Lets aliases find the node under the anchor's name.
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

    /// The node that an alias stands for: the latest anchor of that name before it.
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

    /// The name after `&` or `*` at the current place, which moves behind it.
    pub(super) fn anchor_name(&mut self) -> Result<Span> {
        let start = self.at + 1;
        let mut at = start;
        // go-yaml takes printable ASCII without the colon, YAML 1.2 everything but blanks and brackets.
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

    /// The tag at the current place, which moves behind it; returns the prefix of its handle,
    /// where a `%TAG` gave one.
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
            // The non-specific tag `!` is no handle.
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

    /// Behind `!`, `!!` or `!name!`; behind the letters where no `!` follows them.
    pub(super) fn handle_end(&self, start: usize) -> usize {
        let mut at = start + 1;
        while matches!(self.byte(at), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
            at += 1;
        }
        if self.byte(at) == b'!' { at + 1 } else { at }
    }

    /// The end of the URI characters from `at`.
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
