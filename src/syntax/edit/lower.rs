//! Operations to edits: everything that goes into one node becomes one insertion.

use super::layout::{
    block_look, break_length, content_end, eol, flow_look, last_leaf, line_end, line_indent,
    line_start,
};
use super::render::{self, Line};
use super::{Edit, Operation, Plan, Refusal, Touched, Value};
use crate::syntax::{Kind, Node, NodeId, Span, Style, Tree};

/// The edits of all operations, ascending and disjoint.
pub(super) fn plan(tree: &Tree<'_>, operations: &[Operation]) -> Plan {
    let mut hosts: Vec<(NodeId, Host)> = Vec::new();
    let mut touched = Vec::new();
    let mut pieces: Vec<Piece> = Vec::new();
    let at = |hosts: &mut Vec<(NodeId, Host)>, id: NodeId| {
        hosts
            .iter()
            .position(|(known, _)| *known == id)
            .unwrap_or_else(|| {
                hosts.push((id, Host::default()));
                hosts.len() - 1
            })
    };
    for operation in operations {
        match operation {
            Operation::Insert { host, keys, value } => {
                let index = at(&mut hosts, *host);
                insert(&mut hosts[index].1.entries, keys, value.clone(), false);
            }
            Operation::Append { host, keys, value } if keys.is_empty() => {
                let index = at(&mut hosts, *host);
                hosts[index].1.items.push(value.clone());
            }
            Operation::Append { host, keys, value } => {
                let index = at(&mut hosts, *host);
                insert(&mut hosts[index].1.entries, keys, value.clone(), true);
            }
            Operation::Replace { node, value } => {
                let index = at(&mut hosts, *node);
                hosts[index].1.replacement = Some(value.clone());
            }
            Operation::Remove { node } => {
                removal(tree, *node, &mut pieces);
                touched.push(Touched::Removed { node: *node });
            }
        }
    }
    for (id, host) in hosts {
        if let Some(value) = host.replacement {
            let value = match value {
                Value::Seq(mut items) => {
                    items.extend(host.items);
                    Value::Seq(items)
                }
                other => other,
            };
            replace(tree, id, &value, &mut pieces);
            touched.push(Touched::Replaced { node: id, value });
        } else if !host.items.is_empty() {
            append(tree, id, &host.items, &mut pieces);
            touched.push(Touched::Pushed {
                seq: id,
                items: host.items,
            });
        } else {
            extend(tree, id, &host.entries, &mut pieces);
            let entries = host.entries.into_iter();
            touched.extend(entries.map(|(key, value)| Touched::Added {
                map: id,
                key,
                value,
            }));
        }
    }
    Plan {
        edits: merge(pieces),
        touched,
    }
}

/// A new line after the node's last one would not become part of a block scalar.
pub(super) fn check_end(tree: &Tree<'_>, host: NodeId) -> Result<(), Refusal> {
    let source = tree.source();
    let leaf = last_leaf(tree, host);
    let node = tree.node(leaf);
    let open = matches!(node.style, Style::Literal | Style::Folded)
        && node.span.end as usize == source.len()
        && !source.ends_with(['\n', '\r'])
        && !header(tree.text(leaf)).contains('-');
    if open {
        Err(Refusal::OpenBlockScalar { span: node.span })
    } else {
        Ok(())
    }
}

/// The first line of a block scalar, its comment excluded.
fn header(text: &str) -> &str {
    let end = text.find(['\n', '\r', ' ', '\t']).unwrap_or(text.len());
    &text[..end]
}

/// What goes into one node.
#[derive(Default)]
struct Host {
    entries: Vec<(String, Value)>,
    items: Vec<Value>,
    replacement: Option<Value>,
}

/// One edit, and how deep in the tree its cause lies: of several at one byte the deepest comes first.
struct Piece {
    span: Span,
    text: String,
    depth: usize,
}

/// Adds a value under keys to the mapping to be, into what is there.
fn insert(entries: &mut Vec<(String, Value)>, keys: &[String], value: Value, push: bool) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    let index = entries
        .iter()
        .position(|(known, _)| known == key)
        .unwrap_or_else(|| {
            let empty = if rest.is_empty() && push {
                Value::Seq(Vec::new())
            } else {
                Value::Map(Vec::new())
            };
            entries.push((key.clone(), empty));
            entries.len() - 1
        });
    let slot = &mut entries[index].1;
    match (rest.is_empty(), push, slot) {
        (true, true, Value::Seq(items)) => items.push(value),
        (true, true, slot) => *slot = Value::Seq(vec![value]),
        (true, false, slot) => *slot = value,
        (false, _, Value::Map(inner)) => insert(inner, rest, value, push),
        (false, _, slot) => {
            let mut inner = Vec::new();
            insert(&mut inner, rest, value, push);
            *slot = Value::Map(inner);
        }
    }
}

/// New entries for a mapping or a null.
fn extend(tree: &Tree<'_>, id: NodeId, entries: &[(String, Value)], pieces: &mut Vec<Piece>) {
    let node = tree.node(id);
    let is_map = node.kind == Kind::Map;
    let filled = is_map && tree.entries(id).next().is_some();
    if filled && node.style == Style::Block {
        let column = node.column as usize;
        let look = block_look(tree, id);
        let mut lines = Vec::new();
        for (key, value) in entries {
            render::entry(key, value, column, look, &mut lines);
        }
        after(tree, id, &lines, pieces);
    } else if filled {
        let look = flow_look(tree, id);
        flow_parts(tree, id, pieces, |indent, eol| {
            let part = |(key, value): &(String, Value)| match indent {
                Some(indent) if look.json => render::pretty_pair(key, value, indent, eol, look),
                _ => render::pair(key, value, look),
            };
            entries.iter().map(part).collect()
        });
    } else {
        fill(tree, id, &Value::Map(entries.to_vec()), pieces);
    }
}

/// New items for a sequence or a null.
fn append(tree: &Tree<'_>, id: NodeId, items: &[Value], pieces: &mut Vec<Piece>) {
    let node = tree.node(id);
    let filled = node.kind == Kind::Seq && tree.children(id).next().is_some();
    if filled && node.style == Style::Block {
        let look = block_look(tree, id);
        let mut lines = Vec::new();
        for value in items {
            render::item(value, node.column as usize, look, &mut lines);
        }
        after(tree, id, &lines, pieces);
    } else if filled {
        let look = flow_look(tree, id);
        flow_parts(tree, id, pieces, |indent, eol| {
            let part = |value: &Value| match indent {
                Some(indent) if look.json => render::pretty(value, indent, eol, look),
                _ => render::flow(value, look, true),
            };
            items.iter().map(part).collect()
        });
    } else {
        fill(tree, id, &Value::Seq(items.to_vec()), pieces);
    }
}

/// Lines after the line that holds the last byte of a block collection; before what follows it.
fn after(tree: &Tree<'_>, id: NodeId, lines: &[Line], pieces: &mut Vec<Piece>) {
    let source = tree.source();
    let end = content_end(tree, id);
    let depth = depth(tree, id);
    // The kept line breaks of a `|+` are content: what comes next begins on a line of its own.
    let kept = matches!(
        tree.node(last_leaf(tree, id)).style,
        Style::Literal | Style::Folded
    ) && end > 0
        && line_start(source, end) == end;
    if kept {
        let eol = eol(source, line_end(source, end.saturating_sub(1)).min(end - 1)).to_owned();
        let text = lines
            .iter()
            .map(|(column, text)| format!("{}{text}{eol}", " ".repeat(*column)))
            .collect();
        pieces.push(Piece {
            span: point(end),
            text,
            depth,
        });
        return;
    }
    below(source, end, lines, depth, pieces);
}

/// Lines below the line that holds the byte before `end`.
fn below(source: &str, end: usize, lines: &[Line], depth: usize, pieces: &mut Vec<Piece>) {
    let at = line_end(source, end);
    let eol = eol(source, at);
    let text = lines
        .iter()
        .map(|(column, text)| format!("{eol}{}{text}", " ".repeat(*column)))
        .collect();
    pieces.push(Piece {
        span: point(at),
        text,
        depth,
    });
}

/// A value where nothing is: a null or an empty collection, whose text goes.
fn fill(tree: &Tree<'_>, id: NodeId, value: &Value, pieces: &mut Vec<Piece>) {
    let node = tree.node(id);
    let parent = tree.node(node.parent);
    let holds_text = node.span.start < node.span.end
        && node.kind != Kind::Scalar
        && tree
            .text(id)
            .chars()
            .any(|c| !matches!(c, '{' | '}' | '[' | ']' | ' ' | '\t'));
    if parent.style == Style::Block && node.parent != id && !holds_text && in_line(tree, id) {
        replace_by_block(tree, id, value, pieces);
        return;
    }
    let look = flow_look(
        tree,
        if node.kind == Kind::Scalar {
            node.parent
        } else {
            id
        },
    );
    let depth = depth(tree, id);
    if parent.style == Style::Block
        && node.kind != Kind::Scalar
        && !holds_text
        && is_alone(tree, id)
    {
        let text = in_place(tree, id, value);
        pieces.push(Piece {
            span: node.span,
            text,
            depth,
        });
        return;
    }
    let text = render::flow(value, look, true);
    if node.kind != Kind::Scalar && holds_text {
        let inner = &text[1..text.len() - 1];
        pieces.push(Piece {
            span: point(node.span.start as usize + 1),
            text: inner.to_owned(),
            depth,
        });
    } else if node.style == Style::Empty {
        let at = anchor_point(tree, id);
        pieces.push(Piece {
            span: point(at),
            text: format!(" {text}"),
            depth,
        });
    } else {
        pieces.push(Piece {
            span: node.span,
            text,
            depth,
        });
    }
}

/// The node stands on the line of its key or dash, with nothing but blanks and a comment after it.
fn in_line(tree: &Tree<'_>, id: NodeId) -> bool {
    let source = tree.source();
    let node = tree.node(id);
    let from = anchor_point(tree, id);
    let end = (node.span.end as usize).max(from);
    let rest = source[end..line_end(source, end)].trim_start_matches([' ', '\t']);
    node.indicator != Node::NONE
        && from <= line_end(source, node.indicator as usize).max(from)
        && (node.style == Style::Empty || line_end(source, from) >= node.span.end as usize)
        && (rest.is_empty() || rest.starts_with('#'))
}

/// The node has its line for itself, but for a comment.
fn is_alone(tree: &Tree<'_>, id: NodeId) -> bool {
    let source = tree.source();
    let span = tree.node(id).span;
    let (start, end) = (span.start as usize, span.end as usize);
    let rest = source[end..line_end(source, end)].trim_start_matches([' ', '\t']);
    source[line_start(source, start)..start]
        .trim_start_matches(' ')
        .is_empty()
        && line_end(source, start) >= end
        && (rest.is_empty() || rest.starts_with('#'))
}

/// The value as block lines from the column where the node stands.
fn in_place(tree: &Tree<'_>, id: NodeId, value: &Value) -> String {
    let source = tree.source();
    let start = tree.node(id).span.start as usize;
    let column = start - line_start(source, start);
    let look = block_look(tree, tree.node(id).parent);
    let mut lines = Vec::new();
    match value {
        Value::Map(entries) => {
            entries
                .iter()
                .for_each(|(key, value)| render::entry(key, value, column, look, &mut lines));
        }
        Value::Seq(items) => items
            .iter()
            .for_each(|value| render::item(value, column, look, &mut lines)),
        _ => {}
    }
    let eol = eol(source, line_end(source, start));
    let lines: Vec<String> = lines
        .into_iter()
        .enumerate()
        .map(|(index, (column, text))| {
            format!("{}{text}", " ".repeat(if index == 0 { 0 } else { column }))
        })
        .collect();
    lines.join(eol)
}

/// The byte after the indicator and the properties of a node.
fn anchor_point(tree: &Tree<'_>, id: NodeId) -> usize {
    let node = tree.node(id);
    let props = tree.props(id).map_or(0, |props| props.span.end);
    let indicator = if node.indicator == Node::NONE {
        node.span.start
    } else {
        node.indicator + 1
    };
    indicator.max(props) as usize
}

/// Takes the text of a node out of its line and writes the value as block lines below.
fn replace_by_block(tree: &Tree<'_>, id: NodeId, value: &Value, pieces: &mut Vec<Piece>) {
    let source = tree.source();
    let node = tree.node(id);
    let from = anchor_point(tree, id);
    let depth = depth(tree, id);
    if node.style != Style::Empty {
        let span = Span {
            start: u32::try_from(from).unwrap_or(u32::MAX),
            end: node.span.end,
        };
        pieces.push(Piece {
            span,
            text: String::new(),
            depth,
        });
    }
    let parent = tree.node(node.parent);
    let look = block_look(tree, node.parent);
    let column = parent.column as usize;
    let mut lines = Vec::new();
    let (map_column, dash_column) = match parent.kind {
        Kind::Map => (column + look.unit, column + look.dash),
        _ => (column + 2, column + 2),
    };
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                render::entry(key, value, map_column, look, &mut lines);
            }
        }
        Value::Seq(items) => {
            for value in items {
                render::item(value, dash_column, look, &mut lines);
            }
        }
        _ => {}
    }
    let end = if node.style == Style::Empty {
        from
    } else {
        node.span.end as usize
    };
    below(source, end, &lines, depth, pieces);
}

/// Another value in the place of a scalar, an alias or a collection on one line.
fn replace(tree: &Tree<'_>, id: NodeId, value: &Value, pieces: &mut Vec<Piece>) {
    let node = tree.node(id);
    let depth = depth(tree, id);
    let is_collection = matches!(value, Value::Seq(items) if !items.is_empty())
        || matches!(value, Value::Map(entries) if !entries.is_empty());
    if is_collection && tree.node(node.parent).style == Style::Block && in_line(tree, id) {
        replace_by_block(tree, id, value, pieces);
        return;
    }
    let inside = tree.node(node.parent).style != Style::Block;
    let look = flow_look(tree, node.parent);
    let text = match (value, node.style) {
        (Value::Str(text), Style::Double) => render::double(text),
        (Value::Str(text), Style::Single) => {
            render::single(text).unwrap_or_else(|| render::double(text))
        }
        (Value::Str(text), _) => render::string(text, inside, look.json && inside),
        (value, _) => render::flow(value, look, inside),
    };
    if node.style == Style::Empty {
        let at = anchor_point(tree, id);
        pieces.push(Piece {
            span: point(at),
            text: format!(" {text}"),
            depth,
        });
    } else {
        pieces.push(Piece {
            span: node.span,
            text,
            depth,
        });
    }
}

/// New parts of a flow collection that has some. `parts` gets the indentation where each part
/// stands on a line of its own, and the line break.
fn flow_parts(
    tree: &Tree<'_>,
    id: NodeId,
    pieces: &mut Vec<Piece>,
    parts: impl Fn(Option<usize>, &str) -> Vec<String>,
) {
    let source = tree.source();
    let node = tree.node(id);
    let look = flow_look(tree, id);
    let depth = depth(tree, id);
    let children: Vec<NodeId> = tree.children(id).collect();
    let Some(last_value) = children.last().copied() else {
        return;
    };
    let last_start = match node.kind {
        Kind::Map => children[children.len() - 2],
        _ => last_value,
    };
    let start =
        tree.props(last_start)
            .map_or(tree.node(last_start).span.start, |props| props.span.start) as usize;
    let end = content_end(tree, last_value).max(content_end(tree, last_start));
    let close = node.span.end as usize - 1;
    let comma = separator(source, end, close);
    let own_line = source[line_start(source, start)..start]
        .trim_start_matches([' ', '\t', '-', '?'])
        .is_empty()
        && line_start(source, start) > node.span.start as usize;

    if own_line {
        let indent = line_indent(source, start);
        let anchor = comma.map_or(end, |comma| comma + 1);
        let at = line_end(source, anchor).min(close_of_line(source, anchor, close));
        let eol = eol(source, line_end(source, at)).to_owned();
        let lead = format!(
            "{eol}{}",
            source[line_start(source, start)..start].to_owned()
        );
        let parts = parts(Some(indent), &eol);
        let mut text = String::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                text.push(',');
            }
            text.push_str(&lead);
            text.push_str(part);
        }
        if comma.is_some() {
            text.push(',');
        } else if at == end {
            text.insert(0, ',');
        } else {
            pieces.push(Piece {
                span: point(end),
                text: ",".to_owned(),
                depth,
            });
        }
        pieces.push(Piece {
            span: point(at),
            text,
            depth,
        });
        return;
    }
    let blank = if look.compact { "" } else { " " };
    let parts = parts(None, "").join(&format!(",{blank}"));
    match comma {
        Some(comma) => {
            pieces.push(Piece {
                span: point(comma + 1),
                text: format!("{blank}{parts},"),
                depth,
            });
        }
        None => pieces.push(Piece {
            span: point(end),
            text: format!(",{blank}{parts}"),
            depth,
        }),
    }
}

/// The end of what belongs to the last part on its line: its comment, but not the closing bracket.
fn close_of_line(source: &str, anchor: usize, close: usize) -> usize {
    let end = line_end(source, anchor);
    if end > close { anchor } else { end }
}

/// The comma between the last part of a flow collection and its bracket.
fn separator(source: &str, from: usize, close: usize) -> Option<usize> {
    let mut at = from;
    while at < close {
        match source.as_bytes()[at] {
            b',' => return Some(at),
            b'#' => at = line_end(source, at),
            _ => at += 1,
        }
    }
    None
}

/// Takes an entry (by its key) or an item out of its collection.
fn removal(tree: &Tree<'_>, id: NodeId, pieces: &mut Vec<Piece>) {
    let source = tree.source();
    let parent_id = tree.node(id).parent;
    let parent = tree.node(parent_id);
    let is_map = parent.kind == Kind::Map;
    let children: Vec<NodeId> = tree
        .children(parent_id)
        .step_by(if is_map { 2 } else { 1 })
        .collect();
    let Some(index) = children.iter().position(|child| *child == id) else {
        return;
    };
    let last_of = |child: NodeId| if is_map { tree.node(child).next } else { child };
    let start_of = |child: NodeId| {
        let node = tree.node(child);
        let props = tree.props(child).map_or(node.span.start, |props| {
            props.span.start.min(node.span.start)
        });
        if node.indicator == Node::NONE {
            props as usize
        } else {
            node.indicator.min(props) as usize
        }
    };
    let end_of = |child: NodeId| content_end(tree, child).max(content_end(tree, last_of(child)));
    let (start, end) = (start_of(id), end_of(id));
    let depth = depth(tree, id);
    let mut cut = |from: usize, to: usize, text: &str| {
        let span = Span {
            start: u32::try_from(from).unwrap_or(u32::MAX),
            end: u32::try_from(to).unwrap_or(u32::MAX),
        };
        pieces.push(Piece {
            span,
            text: text.to_owned(),
            depth,
        });
    };
    if parent.style != Style::Block {
        match (index, children.get(index + 1)) {
            (_, Some(next)) => cut(start, start_of(*next), ""),
            (0, None) => {
                let close = parent.span.end as usize - 1;
                cut(
                    start,
                    separator(source, end, close).map_or(end, |comma| comma + 1),
                    "",
                );
            }
            (index, None) => cut(end_of(children[index - 1]), end, ""),
        }
        return;
    }
    let line = line_start(source, start);
    let first_on_line = source[line..start]
        .trim_start_matches([' ', '\t'])
        .is_empty();
    if children.len() == 1 {
        let empty = if is_map { " {}" } else { " []" };
        let at = anchor_point(tree, parent_id);
        let stop = line_end(source, end);
        if first_on_line && line > at {
            let from = line_end(source, at.min(line.saturating_sub(1)));
            cut(at, at, empty);
            cut(from, stop.max(from), "");
        } else {
            cut(start, end, empty.trim_start());
        }
    } else if first_on_line {
        let from = leading_comment(source, line, start - line);
        let stop = line_end(source, end);
        if break_length(source, stop) == 0 && from > 0 {
            // The last line of a file without a final break: the break before it goes instead.
            let before = line_end(
                source,
                from - if source[..from].ends_with("\r\n") {
                    2
                } else {
                    1
                },
            );
            cut(before, stop, "");
        } else {
            cut(from, stop + break_length(source, stop), "");
        }
    } else if let Some(next) = children.get(index + 1) {
        cut(start, start_of(*next), "");
    }
}

/// Where the comment lines directly above a line begin, if they are indented as it is.
fn leading_comment(source: &str, line: usize, indent: usize) -> usize {
    let mut from = line;
    while from > 0 {
        let above = line_start(
            source,
            from - 1 - usize::from(source[..from].ends_with("\r\n")),
        );
        let text = &source[above..from];
        let blanks = text.len() - text.trim_start_matches(' ').len();
        if !text.trim_start_matches(' ').starts_with('#') || blanks != indent || above == from {
            break;
        }
        from = above;
    }
    from
}

/// Sorted by place, deepest cause first where several are at one byte.
fn merge(mut pieces: Vec<Piece>) -> Vec<Edit> {
    pieces.sort_by(|left, right| {
        (left.span.start, left.span.end, right.depth).cmp(&(
            right.span.start,
            right.span.end,
            left.depth,
        ))
    });
    let mut edits: Vec<Edit> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match edits.last_mut() {
            Some(last) if last.span.end == piece.span.start && last.span == piece.span => {
                last.text.push_str(&piece.text);
            }
            Some(last) if piece.span.start < last.span.end => {
                // Removals of neighbours meet: what is gone once is gone.
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

fn point(at: usize) -> Span {
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: at, end: at }
}

fn depth(tree: &Tree<'_>, id: NodeId) -> usize {
    let mut depth = 0;
    let mut at = id;
    while tree.node(at).parent != at {
        at = tree.node(at).parent;
        depth += 1;
    }
    depth
}
