//! How the text around a place is written: line breaks, indentation, padding, quotes.

use super::render::Look;
use crate::syntax::{Kind, Node, NodeId, Style, Tree};

/// The byte after the last one that belongs to the node, its properties and indicators included.
pub(super) fn content_end(tree: &Tree<'_>, id: NodeId) -> usize {
    let mut end = 0;
    let mut at = id;
    loop {
        let node = tree.node(at);
        if let Some(props) = tree.props(at) {
            end = end.max(props.span.end);
        }
        if node.indicator != Node::NONE {
            end = end.max(node.indicator + 1);
        }
        if node.style != Style::Block {
            return end.max(node.span.end) as usize;
        }
        let (mut last, mut before_last) = (None, None);
        for child in tree.children(at) {
            before_last = last.replace(child);
        }
        if node.kind == Kind::Map
            && let Some(key) = before_last
        {
            end = end.max(u32::try_from(content_end(tree, key)).unwrap_or(u32::MAX));
        }
        match last {
            Some(child) => at = child,
            None => return end.max(node.span.end) as usize,
        }
    }
}

/// The last leaf in the text of the node.
pub(super) fn last_leaf(tree: &Tree<'_>, id: NodeId) -> NodeId {
    let mut at = id;
    while tree.node(at).style == Style::Block {
        match tree.children(at).last() {
            Some(child) => at = child,
            None => break,
        }
    }
    at
}

/// Where the line that holds the byte before `at` ends, its line break excluded.
pub(super) fn line_end(source: &str, at: usize) -> usize {
    let mut from = at;
    while let Some(found) = source.as_bytes()[from..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r' | 0xc2 | 0xe2))
    {
        let at = from + found;
        if break_length(source, at) > 0 {
            return at;
        }
        from = at + 1;
    }
    source.len()
}

/// Where the line that holds the byte at `at` begins.
pub(super) fn line_start(source: &str, at: usize) -> usize {
    source[..at]
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
        .map_or(0, |(index, c)| index + c.len_utf8())
}

/// The bytes of the line break at `at`; 0 where there is none.
pub(super) fn break_length(source: &str, at: usize) -> usize {
    match &source.as_bytes()[at..] {
        [b'\r', b'\n', ..] | [0xc2, 0x85, ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// The line break to write at `at`, the end of a line: its own, else the one before it, else LF.
pub(super) fn eol(source: &str, at: usize) -> &str {
    let length = break_length(source, at);
    if length > 0 {
        return &source[at..at + length];
    }
    let start = line_start(source, at);
    let before = &source[..start];
    if before.ends_with("\r\n") {
        "\r\n"
    } else if before.ends_with('\r') {
        "\r"
    } else {
        "\n"
    }
}

/// How new entries of the block mapping or the block parent `near` are indented.
pub(super) fn block_look(tree: &Tree<'_>, near: NodeId) -> Look {
    let (unit, dash) = indentation(tree, near);
    Look {
        unit,
        dash,
        json: false,
        compact: false,
        padded: false,
    }
}

/// The step to a nested mapping and to the dashes of a sequence: of the nearest sibling, then of
/// the ancestors, then of the document, then two spaces.
fn indentation(tree: &Tree<'_>, near: NodeId) -> (usize, usize) {
    let mut unit = None;
    let mut dash = None;
    let mut note = |map: NodeId| {
        let column = tree.node(map).column;
        for (_, value) in tree.entries(map) {
            let child = tree.node(value);
            if child.style != Style::Block {
                continue;
            }
            let step = child.column.checked_sub(column).map(|step| step as usize);
            match child.kind {
                Kind::Map => unit = unit.or(step.filter(|step| *step > 0)),
                _ => dash = dash.or(step),
            }
        }
        (unit, dash)
    };
    let mut at = near;
    loop {
        if is_block_map(tree, at)
            && let (Some(unit), Some(dash)) = note(at)
        {
            return (unit, dash);
        }
        let parent = tree.node(at).parent;
        if parent == at {
            break;
        }
        at = parent;
    }
    let end = tree.node(at).next;
    let mut id = at;
    while id < end {
        if is_block_map(tree, id)
            && let (Some(unit), Some(dash)) = note(id)
        {
            return (unit, dash);
        }
        id = NodeId(id.0 + 1);
    }
    let unit_found = unit.unwrap_or(2);
    (unit_found, dash.unwrap_or(unit_found))
}

fn is_block_map(tree: &Tree<'_>, id: NodeId) -> bool {
    let node = tree.node(id);
    node.kind == Kind::Map && node.style == Style::Block
}

/// How new parts of the flow collection `id` are written, by what it holds.
pub(super) fn flow_look(tree: &Tree<'_>, id: NodeId) -> Look {
    let source = tree.source();
    let node = tree.node(id);
    let open = node.span.start as usize + 1;
    let padded = source.as_bytes().get(open) == Some(&b' ') && node.kind == Kind::Map;
    let first_key = nearest_map(tree, id).and_then(|map| tree.entries(map).next());
    let (json, compact) = match first_key {
        Some((key, value)) => {
            let colon = tree.node(value).indicator;
            let spaced = colon != Node::NONE
                && matches!(
                    source.as_bytes().get(colon as usize + 1),
                    Some(b' ' | b'\t' | b'\r' | b'\n')
                );
            let json = tree.node(key).style == Style::Double;
            (json, json && !spaced)
        }
        None => (false, false),
    };
    let unit = flow_unit(tree, id);
    Look {
        unit,
        dash: unit,
        json,
        compact,
        padded,
    }
}

/// The nearest flow mapping with an entry, from `id` outwards.
fn nearest_map(tree: &Tree<'_>, id: NodeId) -> Option<NodeId> {
    let mut at = id;
    loop {
        let node = tree.node(at);
        if node.style != Style::Flow && node.style != Style::FlowPair && node.kind != Kind::Scalar {
            return None;
        }
        if node.kind == Kind::Map && tree.entries(at).next().is_some() {
            return Some(at);
        }
        if node.parent == at {
            return None;
        }
        at = node.parent;
    }
}

/// Spaces by which the parts of a flow collection over several lines stand further right than the
/// line it opens on; of an ancestor where it has no parts of its own.
fn flow_unit(tree: &Tree<'_>, id: NodeId) -> usize {
    let source = tree.source();
    let mut at = id;
    loop {
        let node = tree.node(at);
        if node.style == Style::Flow
            && let Some(child) = tree.children(at).next()
        {
            let own = line_indent(source, tree.node(child).span.start as usize);
            let outer = line_indent(source, node.span.start as usize);
            if own > outer {
                return own - outer;
            }
        }
        if node.parent == at {
            return 2;
        }
        at = node.parent;
    }
}

/// The blanks at the start of the line that holds `at`.
pub(super) fn line_indent(source: &str, at: usize) -> usize {
    let start = line_start(source, at);
    source.as_bytes()[start..]
        .iter()
        .take_while(|byte| **byte == b' ')
        .count()
}
