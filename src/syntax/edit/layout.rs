//! The style of the surroundings: line breaks, indentation, spacing in flow collections.

use std::collections::HashMap;

use super::plain::Quote;
use crate::syntax::{Kind, NodeId, Style, Tree};

/// Line positions with the line breaks of go-yaml: LF, CR LF, CR, NEL, LS and PS.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines<'s>(pub(super) &'s str);

impl<'s> Lines<'s> {
    /// The first byte of the line.
    pub(super) fn start(self, offset: u32) -> u32 {
        let bytes = self.0.as_bytes();
        let mut at = (offset as usize).min(bytes.len());
        while at > 0 && break_before(bytes, at) == 0 {
            at -= 1;
        }
        to_offset(at)
    }

    /// The end of the line, before its line break.
    pub(super) fn end(self, offset: u32) -> u32 {
        let bytes = self.0.as_bytes();
        let mut at = offset as usize;
        while at < bytes.len() && break_at(bytes, at) == 0 {
            at += 1;
        }
        to_offset(at)
    }

    /// The first byte of the next line; on the last line, the end of the text.
    pub(super) fn next(self, offset: u32) -> u32 {
        let end = self.end(offset);
        end + to_offset(break_at(self.0.as_bytes(), end as usize))
    }

    /// The end of the line before the one that starts at `start`; 0 on the first line.
    pub(super) fn end_before(self, start: u32) -> u32 {
        start - to_offset(break_before(self.0.as_bytes(), start as usize))
    }

    /// The line break to write near the line that contains `offset`: the break of that line, or of
    /// the line before if it has none.
    pub(super) fn eol(self, offset: u32) -> &'s str {
        let end = self.end(offset) as usize;
        let own = self.breaking(end, break_at(self.0.as_bytes(), end));
        if !own.is_empty() {
            return own;
        }
        let start = self.start(offset) as usize;
        let length = break_before(self.0.as_bytes(), start);
        match self.breaking(start - length, length) {
            "" => "\n",
            before => before,
        }
    }

    /// A line break that every reader accepts. The Unicode ones are replaced by LF.
    fn breaking(self, start: usize, length: usize) -> &'s str {
        match self.0.get(start..start + length) {
            Some(found @ ("\n" | "\r\n" | "\r" | "")) => found,
            _ => "\n",
        }
    }

    /// The blanks before `offset` on its line; `None` if there is other text before it.
    pub(super) fn indent_before(self, offset: u32) -> Option<&'s str> {
        let bytes = self.0.as_bytes();
        let mut at = offset as usize;
        while at > 0 && matches!(bytes.get(at - 1), Some(b' ' | b'\t')) {
            at -= 1;
        }
        let begins = at == 0 || break_before(bytes, at) > 0 || self.0.get(..at) == Some("\u{FEFF}");
        begins.then(|| self.0.get(at..offset as usize).unwrap_or_default())
    }

    /// The blanks at the start of the line that contains `offset`.
    pub(super) fn indent(self, offset: u32) -> &'s str {
        let start = self.start(offset) as usize;
        let line = self.0.get(start..).unwrap_or_default();
        let line = line.strip_prefix('\u{FEFF}').unwrap_or(line);
        let length = line
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        line.get(..length).unwrap_or_default()
    }

    /// The column of a byte, from 0, in bytes. A byte order mark does not count.
    pub(super) fn column(self, offset: u32) -> u32 {
        let start = self.start(offset);
        let mark = self
            .0
            .get(start as usize..)
            .is_some_and(|line| line.starts_with('\u{FEFF}'));
        (offset - start).saturating_sub(if mark { 3 } else { 0 })
    }
}

/// The length of the line break that starts at `at`; 0 if there is none.
pub(super) fn break_at(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at) {
        Some(b'\n') => 1,
        Some(b'\r') => 1 + usize::from(bytes.get(at + 1) == Some(&b'\n')),
        Some(0xC2) if bytes.get(at + 1) == Some(&0x85) => 2,
        Some(0xE2) if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xA8 | 0xA9])) => 3,
        _ => 0,
    }
}

/// The length of the line break that ends directly before `at`; 0 if there is none.
fn break_before(bytes: &[u8], at: usize) -> usize {
    match bytes.get(..at).unwrap_or_default() {
        [.., b'\r', b'\n'] | [.., 0xC2, 0x85] => 2,
        [.., b'\n'] => 1,
        // The position between CR and LF is not the start of a line.
        [.., b'\r'] => usize::from(bytes.get(at) != Some(&b'\n')),
        [.., 0xE2, 0x80, 0xA8 | 0xA9] => 3,
        _ => 0,
    }
}

/// Offsets fit into `u32`, because the parser limits the length of the source.
fn to_offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The indentation of block collections, in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Indents {
    /// From a key to the keys of its mapping.
    pub(super) map: u32,
    /// From a key to the dashes of its sequence; 0 for sequences that are not indented.
    pub(super) seq: u32,
    /// From a dash to the keys or dashes after it.
    pub(super) dash: u32,
}

/// The indentation found in one collection, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    map: Option<u32>,
    seq: Option<u32>,
    dash: Option<u32>,
}

impl Seen {
    /// Adds the indentation of `value`, a direct value or item of the collection `outer`, where
    /// unknown.
    fn learn(&mut self, tree: &Tree<'_>, outer: NodeId, value: NodeId) {
        let (outer, inner) = (tree.node(outer), tree.node(value));
        if outer.style != Style::Block || inner.style != Style::Block {
            return;
        }
        let step = inner.column.checked_sub(outer.column);
        match (outer.kind, inner.kind) {
            (Kind::Map, Kind::Map) => self.map = self.map.or(step.filter(|&step| step > 0)),
            (Kind::Map, Kind::Seq) => self.seq = self.seq.or(step),
            (Kind::Seq, Kind::Map) => self.dash = self.dash.or(step.filter(|&step| step > 1)),
            _ => {}
        }
    }

    /// The indentation in the direct values or items of a collection. The last one is nearest to
    /// the new text, so later ones take precedence.
    fn among(tree: &Tree<'_>, collection: NodeId) -> Self {
        let is_map = tree.node(collection).kind == Kind::Map;
        let mut near = Self::default();
        let mut is_value = !is_map;
        for child in tree.children(collection) {
            if is_value {
                let mut one = Self::default();
                one.learn(tree, collection, child);
                near.map = one.map.or(near.map);
                near.seq = one.seq.or(near.seq);
                near.dash = one.dash.or(near.dash);
            }
            is_value = !is_map || !is_value;
        }
        near
    }

    fn is_complete(self) -> bool {
        self.map.is_some() && self.seq.is_some() && self.dash.is_some()
    }
}

/// The indentation to write under `at`: that of its own values, else of its siblings, else of the
/// collections around it, else the most common in the document, else 2.
///
/// `known` caches the result for each collection, so that each one is visited once.
pub(super) fn indents(
    tree: &Tree<'_>,
    at: NodeId,
    known: &mut HashMap<NodeId, Seen>,
    document: impl FnOnce() -> Indents,
) -> Indents {
    let mut seen = Seen::default();
    let mut outer = at;
    loop {
        let node = tree.node(outer);
        let near = *known
            .entry(outer)
            .or_insert_with(|| Seen::among(tree, outer));
        seen.map = seen.map.or(near.map);
        seen.seq = seen.seq.or(near.seq);
        seen.dash = seen.dash.or(near.dash);
        if seen.is_complete() || node.parent == outer {
            break;
        }
        outer = node.parent;
    }
    if seen.is_complete() {
        return Indents {
            map: seen.map.unwrap_or(2),
            seq: seen.seq.unwrap_or(2),
            dash: seen.dash.unwrap_or(2),
        };
    }
    let document = document();
    Indents {
        map: seen.map.unwrap_or(document.map),
        seq: seen.seq.unwrap_or(document.seq),
        dash: seen.dash.unwrap_or(document.dash),
    }
}

/// The most common indentation of the document under `root`. Of equally common ones, the first
/// found is used.
pub(super) fn document_indents(tree: &Tree<'_>, root: NodeId) -> Indents {
    const WIDEST: usize = 16;
    let mut counts = [[0_u32; WIDEST]; 3];
    let mut at = root;
    while at < tree.node(root).next {
        let parent = tree.node(at).parent;
        if parent != at {
            let mut one = Seen::default();
            one.learn(tree, parent, at);
            for (count, step) in counts.iter_mut().zip([one.map, one.seq, one.dash]) {
                if let Some(slot) = step.and_then(|step| count.get_mut(step as usize)) {
                    *slot += 1;
                }
            }
        }
        at = at.following();
    }
    let most = |count: &[u32; WIDEST]| {
        let (step, &often) = count
            .iter()
            .enumerate()
            .rev()
            .max_by_key(|&(_, often)| often)?;
        (often > 0).then(|| to_offset(step))
    };
    let [map, seq, dash] = &counts;
    let map = most(map).unwrap_or(2);
    Indents {
        map,
        seq: most(seq).unwrap_or(map),
        dash: most(dash).unwrap_or(2),
    }
}

/// The spacing and quotes of a flow collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flow {
    /// Keys are quoted, so strings are quoted too.
    pub(super) json: bool,
    /// Mappings have blanks inside their braces: `{ a: b }`.
    pub(super) pad: bool,
    /// There are no blanks after commas and colons.
    pub(super) compact: bool,
    /// Set if each entry is on its own line.
    pub(super) lines: Option<Spread>,
    /// The quotes of new strings that need quotes.
    pub(super) quote: Quote,
}

/// The layout of a flow collection with one entry per line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    /// The line break.
    pub(super) eol: String,
    /// One level of indentation.
    pub(super) unit: String,
    /// The indentation of the line with the opening bracket.
    pub(super) indent: String,
}
