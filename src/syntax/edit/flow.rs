//! Adds and removes entries and items of flow collections, with their commas.

use super::Value;
use super::layout::{Flow, Spread, break_at};
use super::lower::{Lowering, Member};
use super::plain::Quote;
use crate::syntax::{Kind, Node, NodeId, Style};

/// The spacing of one flow collection; `None` if the text does not show it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spacing {
    /// The keys are quoted.
    json: bool,
    /// There are blanks inside the braces.
    padded: Option<bool>,
    /// There are no blanks after colons and commas.
    compact: Option<bool>,
}

impl Lowering<'_, '_, '_> {
    /// Adds to and removes from one flow collection.
    pub(super) fn edit_flow(&mut self, id: NodeId) {
        let members = self.members(id);
        let added = self.added(id);
        let last = members.iter().rposition(|member| !member.is_removed);
        let Some(last) = last else {
            match &added {
                Some(added) if self.is_bare(id) => self.write_lines(id, added),
                _ => self.fill_brackets(id, added.as_ref()),
            }
            return;
        };
        let is_trailing_removed = last + 1 < members.len();
        if is_trailing_removed {
            self.cut_tail(id, &members, last, added.as_ref());
        } else if let (Some(added), Some(&member)) = (&added, members.get(last)) {
            self.append_members(id, member, added);
        }
        for (index, &member) in members.iter().enumerate().take(last) {
            if let (true, Some(&next)) = (member.is_removed, members.get(index + 1)) {
                self.cut(id, member, next);
            }
        }
    }

    /// Whether these empty brackets are a placeholder for a block collection, as in
    /// `securityContext: {}`. If the whole document is in brackets, it counts as JSON, and the
    /// brackets stay.
    fn is_bare(&self, id: NodeId) -> bool {
        let node = self.tree.node(id);
        node.parent != id
            && !self.is_in_flow(id)
            && node.next == id.following()
            && self
                .tree
                .text(id)
                .bytes()
                .all(|byte| b"{}[] ".contains(&byte))
    }

    /// Writes or replaces a value inside a flow collection.
    pub(super) fn write_flow_value(&mut self, id: NodeId, value: &Value) {
        let node = *self.tree.node(id);
        let mut text = String::new();
        let keep = match (node.style, value) {
            (Style::Single, Value::Str(_)) => Some(Quote::Single),
            (Style::Double, Value::Str(_)) => Some(Quote::Double),
            _ => None,
        };
        self.flow(id).value(&mut text, value, keep);
        if node.style == Style::Empty {
            let header = self.header(id);
            self.piece(id, header, header, format!(" {text}"));
        } else {
            self.piece(id, node.span.start, node.span.end, text);
        }
    }

    /// The flow style for a value at `id`: that of the collections around it.
    pub(super) fn flow(&self, id: NodeId) -> Flow {
        let mut flow = Flow {
            json: false,
            pad: false,
            compact: false,
            lines: None,
            quote: Quote::Double,
        };
        let mut padded = None;
        let mut compact = None;
        let mut at = id;
        loop {
            let node = self.tree.node(at);
            if node.style == Style::Flow {
                let spacing = *self
                    .spacing
                    .borrow_mut()
                    .entry(at)
                    .or_insert_with(|| self.spacing(at));
                flow.json |= spacing.json;
                padded = padded.or(spacing.padded);
                compact = compact.or(spacing.compact);
            }
            if node.parent == at {
                break;
            }
            at = node.parent;
        }
        flow.pad = padded.unwrap_or(false);
        flow.compact = compact.unwrap_or(false);
        if flow.json {
            flow.lines = self.spread_around(id);
        }
        flow
    }

    /// The spacing of one flow collection.
    fn spacing(&self, id: NodeId) -> Spacing {
        let node = self.tree.node(id);
        let members = self.members(id);
        let last_key = match node.kind {
            Kind::Map => members.last().map(|member| self.tree.node(member.first)),
            _ => None,
        };
        Spacing {
            json: last_key.is_some_and(|key| key.style == Style::Double),
            padded: last_key.map(|_| self.byte(node.span.start + 1) == Some(b' ')),
            compact: self.is_compact_flow(&members),
        }
    }

    /// Whether there are no blanks after colons, or else after commas.
    fn is_compact_flow(&self, members: &[Member]) -> Option<bool> {
        let tight = |offset: u32| {
            self.byte(offset)
                .map(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
        };
        let last = members.last()?;
        let colon = self.tree.node(last.value).indicator;
        if last.first != last.value && colon != Node::NONE {
            return tight(colon + 1);
        }
        let comma = self.comma_after(members.get(members.len().checked_sub(2)?)?.value)?;
        tight(comma + 1)
    }

    /// The line layout for a JSON value: that of the entry that contains it, if the entry starts
    /// its line.
    fn spread_around(&self, id: NodeId) -> Option<Spread> {
        let node = self.tree.node(id);
        if node.parent == id {
            return None;
        }
        let own = self.member_of(id);
        let indent = self.lines.indent_before(self.start(own))?;
        let outer = self.lines.indent(self.tree.node(node.parent).span.start);
        let unit = indent
            .strip_prefix(outer)
            .filter(|unit| !unit.is_empty())
            .unwrap_or("  ");
        Some(Spread {
            eol: self.lines.eol(node.span.start).to_owned(),
            unit: unit.to_owned(),
            indent: indent.to_owned(),
        })
    }

    /// The member of a value: the item itself, or the entry with this value.
    fn member_of(&self, value: NodeId) -> Member {
        let parent = self.tree.node(value).parent;
        let mut first = value;
        if self.tree.node(parent).kind == Kind::Map {
            // The key ends directly before its value. The key can be a collection.
            first = NodeId(value.0.saturating_sub(1));
            while first > parent && self.tree.node(first).parent != parent {
                first = self.tree.node(first).parent;
            }
        }
        Member {
            first,
            value,
            is_removed: false,
        }
    }

    /// Appends members after the last one, on their own lines if that one has its own line.
    fn append_members(&mut self, id: NodeId, last: Member, added: &Value) {
        let style = Flow {
            lines: None,
            ..self.flow(id)
        };
        let keep = if self.tree.node(id).kind == Kind::Seq {
            self.quotes(id)
        } else {
            None
        };
        let end = self.member_end(last);
        let comma = self.comma_after(last.value);
        let closer = self.tree.node(id).span.end.saturating_sub(1);
        let Some(indent) = self.lines.indent_before(self.start(last)) else {
            let members = style.each(added, keep);
            let text = match comma {
                Some(_) => members.iter().fold(String::new(), |text, member| {
                    let blank = if style.compact { "" } else { " " };
                    text + blank + member + ","
                }),
                None => members
                    .iter()
                    .fold(self.blank_behind(last).to_owned(), |text, member| {
                        text + style.comma() + member
                    }),
            };
            let at = comma.map_or(end, |comma| comma + 1);
            self.piece(id, at, at, text);
            return;
        };
        let outer = self.lines.indent(self.tree.node(id).span.start);
        let eol = self.lines.eol(end);
        let lines = style.json.then(|| Spread {
            eol: eol.to_owned(),
            unit: indent
                .strip_prefix(outer)
                .filter(|unit| !unit.is_empty())
                .unwrap_or("  ")
                .to_owned(),
            indent: indent.to_owned(),
        });
        let members = Flow { lines, ..style }.each(added, keep);
        let mut text = String::new();
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(eol);
            text.push_str(indent);
            text.push_str(member);
        }
        let attach = comma.map_or(end, |comma| comma + 1);
        if comma.is_some() {
            text.push(',');
        } else {
            let comma = format!("{},", self.blank_behind(last));
            self.piece(last.value, end, end, comma);
        }
        // A comment at the end of the line stays with the entry before it.
        let at = if self.lines.end(attach) < closer {
            self.lines.end(attach)
        } else {
            attach
        };
        self.piece(id, at, at, text);
    }

    /// Writes between brackets that are empty or become empty.
    fn fill_brackets(&mut self, id: NodeId, added: Option<&Value>) {
        let node = *self.tree.node(id);
        let (start, end) = (node.span.start + 1, node.span.end.saturating_sub(1));
        let Some(added) = added else {
            self.piece(id, start, end, String::new());
            return;
        };
        let style = self.flow(id);
        let inside = self
            .lines
            .0
            .get(start as usize..end as usize)
            .unwrap_or_default();
        let is_empty = node.next == id.following();
        if let (true, None, Some(indent)) = (is_empty, &style.lines, self.lines.indent_before(end))
            && self.lines.start(end) > start
        {
            let style = Flow {
                lines: None,
                ..style
            };
            let eol = self.lines.eol(start);
            let at = end - u32::try_from(indent.len()).unwrap_or(0);
            let members = style.each(added, None);
            let text = members
                .iter()
                .enumerate()
                .fold(String::new(), |text, (index, member)| {
                    let comma = if index + 1 < members.len() { "," } else { "" };
                    text + indent + "  " + member + comma + eol
                });
            self.piece(id, at, at, text);
            return;
        }
        let pad = style.pad || node.kind == Kind::Map && is_empty && inside.starts_with(' ');
        let mut text = String::new();
        Flow { pad, ..style }.members(&mut text, added, node.kind == Kind::Map);
        self.piece(id, start, end, text);
    }

    /// Removes a member before another one. Removes the whole line if the member has its own.
    fn cut(&mut self, id: NodeId, member: Member, next: Member) {
        let from = self.start(member);
        let to = self.start(next);
        let line = self
            .lines
            .indent_before(from)
            .and(self.lines.indent_before(to));
        if line.is_some() {
            let comma = self.comma_after(member.value).unwrap_or(from);
            self.piece(
                id,
                self.lines.start(from),
                self.lines.next(comma),
                String::new(),
            );
        } else {
            self.piece(id, from, to, String::new());
        }
    }

    /// Removes the last members and writes the added ones in their place.
    fn cut_tail(&mut self, id: NodeId, members: &[Member], last: usize, added: Option<&Value>) {
        let (Some(&kept), Some(&end)) = (members.get(last), members.last()) else {
            return;
        };
        let mut from = self.member_end(kept);
        let mut to = self.member_end(end);
        let mut text = String::new();
        if let Some(added) = added {
            let style = Flow {
                lines: None,
                ..self.flow(id)
            };
            let keep = if self.tree.node(id).kind == Kind::Seq {
                self.quotes(id)
            } else {
                None
            };
            let own_line = self.lines.indent_before(self.start(kept));
            for member in style.each(added, keep) {
                match own_line {
                    Some(indent) => {
                        text.push(',');
                        text.push_str(self.lines.eol(from));
                        text.push_str(indent);
                    }
                    None => text.push_str(style.comma()),
                }
                text.push_str(&member);
            }
        }
        let first_cut = members
            .get(last + 1)
            .map_or(from, |member| self.start(*member));
        let comma = self.comma_after(kept.value);
        // Without the comma, a blank after these characters would make them an indicator.
        let needs_comma = matches!(self.byte(from.saturating_sub(1)), Some(b'?' | b':'));
        let trailing = self.comma_after(end.value);
        if let (None, Some(comma), true) = (added, comma, needs_comma) {
            from = comma + 1;
            // One comma is enough.
            to = trailing.map_or(to, |trailing| trailing + 1);
        }
        let closer = self.tree.node(id).span.end.saturating_sub(1);
        // The start of the line is cheap to find only if there are only blanks before the member.
        if let (None, Some(comma), Some(indent)) =
            (added, comma, self.lines.indent_before(first_cut))
            && let line = first_cut - u32::try_from(indent.len()).unwrap_or(0)
            && line > comma
            && self.lines.end(trailing.unwrap_or(to)) < closer
        {
            // Removes whole lines, so that the comment after the previous entry stays.
            if trailing.is_none() && !needs_comma {
                self.piece(id, comma, comma + 1, String::new());
            }
            self.piece(
                id,
                line,
                self.lines.next(trailing.unwrap_or(to)),
                String::new(),
            );
        } else {
            self.piece(id, from, to, text);
        }
    }

    /// The end of a member. For a missing value, the blank after the colon is included, because it
    /// makes the colon an indicator, unless a comment needs the blank.
    fn member_end(&self, member: Member) -> u32 {
        let end = self.end(member.value).max(self.end(member.first));
        let is_blank = matches!(self.byte(end), Some(b' ' | b'\t'));
        let is_free = is_blank && self.byte(end + 1) != Some(b'#');
        end + u32::from(is_free && self.is_missing(member))
    }

    /// A blank that keeps a comma from becoming part of a key or tag: go-yaml reads `a:,` as one
    /// word.
    fn blank_behind(&self, member: Member) -> &'static str {
        let end = self.member_end(member).saturating_sub(1);
        if self.is_missing(member) && !matches!(self.byte(end), Some(b' ' | b'\t')) {
            " "
        } else {
            ""
        }
    }

    /// Whether the text of a member ends with a colon, a `?`, a tag or an anchor.
    fn is_missing(&self, member: Member) -> bool {
        match self.tree.node(member.value).style {
            Style::FlowPair | Style::Empty => {
                self.tree.node(self.last_leaf(member)).style == Style::Empty
            }
            _ => false,
        }
    }

    /// The comma after a value, across blanks, comments and line breaks.
    fn comma_after(&self, value: NodeId) -> Option<u32> {
        let bytes = self.lines.0.as_bytes();
        let mut at = self.end(value) as usize;
        loop {
            match bytes.get(at)? {
                b',' => return u32::try_from(at).ok(),
                b' ' | b'\t' => at += 1,
                b'#' => at = self.lines.end(u32::try_from(at).ok()?) as usize,
                _ => match break_at(bytes, at) {
                    0 => return None,
                    length => at += length,
                },
            }
        }
    }

    fn byte(&self, offset: u32) -> Option<u8> {
        self.lines.0.as_bytes().get(offset as usize).copied()
    }
}
