//! Random operations on generated documents of every style, and on every corpus file.

use proptest::prelude::*;

use crate::support::files::below;
use crate::support::shared::shared;
use crate::syntax::edit_invariants::{Outcome, check};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(2048),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn operations_on_any_style_keep_the_promises(source in stream(), seed: u64) {
        check(&source, seed);
    }
}

#[test]
fn operations_on_every_corpus_file_keep_the_promises() {
    let Some(folder) = shared("corpus/files") else {
        return;
    };
    let files = below(&folder);
    let rounds = std::env::var("HARDEN_EDITS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(1_u64);
    let mut counts = [0_usize; 4];
    for (number, path) in (0_u64..).zip(&files) {
        let Ok(source) = std::fs::read_to_string(folder.join(path)) else {
            continue;
        };
        for round in 0..rounds {
            let variant = match (number + round) % 3 {
                0 => source.clone(),
                1 => source.replace('\n', "\r\n"),
                _ => source.trim_end().to_owned(),
            };
            counts[check(&variant, (number << 20) | round) as usize] += 1;
        }
    }
    let edited = counts[Outcome::Edited as usize];
    println!(
        "{} files: {edited} edited, {} unchanged, {} refused, {} skipped",
        files.len(),
        counts[Outcome::Unchanged as usize],
        counts[Outcome::Refused as usize],
        counts[Outcome::Skipped as usize],
    );
    assert!(edited > files.len() / 2, "hardly any operation was an edit");
}

/// A node before it is written.
#[derive(Clone, Debug)]
enum Node {
    Scalar(&'static str),
    Map(Layout, Vec<(&'static str, Written)>),
    Seq(Layout, Vec<Written>),
}

/// A node with its properties and comments.
#[derive(Clone, Debug)]
struct Written {
    node: Node,
    /// Properties before the node, a comment after its key or after the node, and lines above it.
    props: &'static str,
    comment: &'static str,
    above: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum Layout {
    /// In block style, indented by this many columns; a sequence in a mapping by this many fewer.
    Block(usize, bool),
    /// On one line, with or without spaces inside the braces.
    Flow(bool),
    /// One entry per line, with a trailing comma, and the bracket at column 0.
    Lines(bool, bool),
    /// Quoted keys without spaces.
    Json,
}

/// Whole streams: documents with marks, line breaks, a byte order mark, a missing last break.
fn stream() -> impl Strategy<Value = String> {
    let document = (
        written(false),
        prop::sample::select(vec![
            "",
            "---\n",
            "--- # d\n",
            "# head\n---\n",
            "%YAML 1.1\n---\n",
        ]),
    );
    (
        prop::collection::vec(document, 1..3),
        prop::sample::select(vec!["\n", "\n", "\r\n", "\r"]),
        any::<(bool, bool)>(),
        prop::sample::select(vec!["", "", "\n", "# end\n", "...\n", "\n  # deep\n"]),
    )
        .prop_map(|(documents, eol, (mark, unterminated), end)| {
            let mut out = String::new();
            for (index, (root, marks)) in documents.iter().enumerate() {
                out.push_str(if index > 0 && !marks.ends_with("---\n") {
                    "---\n"
                } else {
                    marks
                });
                let mut body = String::new();
                write_block(&mut body, root, 0, None);
                out.push_str(
                    body.strip_prefix('\n')
                        .unwrap_or(body.trim_start_matches(' ')),
                );
            }
            out.push_str(end);
            if unterminated {
                out.truncate(out.trim_end_matches('\n').len());
            }
            let out = out.replace('\n', eol);
            if mark { format!("\u{FEFF}{out}") } else { out }
        })
}

#[allow(
    clippy::too_many_lines,
    reason = "it lists spellings, which is one thought however long"
)]
fn written(in_flow: bool) -> impl Strategy<Value = Written> {
    let scalars = vec![
        "",
        "~",
        "null",
        "1",
        "true",
        "plain",
        "two words",
        "'single'",
        "\"double\"",
        "\"a\\\n  b\"",
        "a\n  b",
        "|\n  one\n  two\n",
        "|-\n  one\n",
        "|+\n  one\n\n\n",
        ">\n  one\n  two\n",
        "|2\n    x\n",
        "{}",
        "[]",
        "{ }",
        "*anchor",
        "{a}",
        "[k: v]",
        "{a: , b: }",
        "http://x:1/y",
    ];
    let in_brackets = vec![
        "~",
        "1",
        "plain",
        "'single'",
        "\"double\"",
        "{}",
        "[]",
        "[k: v]",
        "{a}",
        "*anchor",
        "a:1",
    ];
    let scalar = prop::sample::select(if in_flow { in_brackets } else { scalars });
    let keys = prop::sample::subsequence(
        vec![
            "a",
            "b",
            "\"c\"",
            "'d'",
            "e f",
            "<<",
            "? g",
            "on",
            "services",
            "securityContext",
            "é",
        ],
        1..5,
    );
    let layout = prop_oneof![
        6 => (1..5_usize, any::<bool>()).prop_map(|(step, less)| Layout::Block(step, less)),
        1 => any::<bool>().prop_map(Layout::Flow),
        1 => any::<(bool, bool)>().prop_map(|(comma, zero)| Layout::Lines(comma, zero)),
        1 => Just(Layout::Json),
    ];
    let decorated = |node: BoxedStrategy<Node>| {
        (
            node,
            prop::sample::select(vec![
                "",
                "",
                "",
                "",
                "",
                "&anchor",
                "!t",
                "&x !!map",
                "!!str",
                "&anchor !t",
            ]),
            prop::sample::select(vec!["", "", "", " # c", "  ", "\t# t"]),
            prop::sample::select(vec![
                "",
                "",
                "",
                "\n",
                "# above\n",
                "\n# above\n",
                "      # deep\n",
            ]),
        )
            .prop_map(|(node, props, comment, above)| Written {
                node,
                props,
                comment,
                above,
            })
            .boxed()
    };
    decorated(scalar.prop_map(Node::Scalar).boxed()).prop_recursive(4, 24, 4, move |inner| {
        let maps = (
            layout.clone(),
            keys.clone(),
            prop::collection::vec(inner.clone(), 5),
        )
            .prop_map(|(layout, keys, values)| {
                Node::Map(layout, keys.into_iter().zip(values).collect())
            });
        let seqs = (layout.clone(), prop::collection::vec(inner, 1..4))
            .prop_map(|(layout, items)| Node::Seq(layout, items));
        decorated(prop_oneof![3 => maps, 1 => seqs].boxed())
    })
}

/// Behind a key or dash (with its blank), or as a root; ends with a line break.
fn write_block(out: &mut String, written: &Written, column: usize, parent_is_map: Option<bool>) {
    let is_block = matches!(
        written.node,
        Node::Map(Layout::Block(..), _) | Node::Seq(Layout::Block(..), _)
    );
    if !written.props.is_empty() {
        out.push(' ');
        out.push_str(written.props);
    }
    if !is_block {
        let mut text = String::new();
        write_flow(&mut text, written, column);
        if !text.is_empty() {
            out.push(' ');
        }
        // The content of block scalars and further lines is indented more than the parent.
        let deeper = format!("\n{}", " ".repeat(column));
        let header_comment = if text.contains('\n') {
            ""
        } else {
            written.comment
        };
        let ends = text.ends_with('\n');
        let text = text.trim_end_matches('\n').replace('\n', &deeper);
        out.push_str(&text);
        out.push_str(header_comment);
        out.push('\n');
        if ends && matches!(written.node, Node::Scalar(scalar) if scalar.starts_with("|+")) {
            out.push_str("\n\n");
        }
        return;
    }
    let compact =
        parent_is_map == Some(false) && written.props.is_empty() && written.comment.is_empty();
    if compact {
        out.push(' ');
    } else {
        out.push_str(written.comment);
        out.push('\n');
    }
    let mut lines = String::new();
    let column = match &written.node {
        Node::Map(Layout::Block(step, _), entries) => {
            let column = if parent_is_map.is_none() {
                0
            } else if compact {
                column + 2
            } else {
                column + step
            };
            for (key, value) in entries {
                push_above(&mut lines, value.above, column);
                lines.push_str(&" ".repeat(column));
                lines.push_str(key);
                if key.starts_with('?') {
                    lines.push('\n');
                    lines.push_str(&" ".repeat(column));
                }
                lines.push(':');
                write_block(&mut lines, value, column, Some(true));
            }
            column
        }
        Node::Seq(Layout::Block(step, less), items) => {
            let indentless = *less && parent_is_map == Some(true);
            let column = if parent_is_map.is_none() || indentless {
                column
            } else if compact {
                column + 2
            } else {
                column + step
            };
            for item in items {
                push_above(&mut lines, item.above, column);
                lines.push_str(&" ".repeat(column));
                lines.push('-');
                write_block(&mut lines, item, column, Some(false));
            }
            column
        }
        _ => return,
    };
    let lines = if compact {
        lines
            .get(column..)
            .filter(|_| lines.starts_with(&" ".repeat(column)))
            .unwrap_or("~\n")
    } else {
        &lines
    };
    out.push_str(lines);
}

fn push_above(out: &mut String, above: &str, column: usize) {
    for line in above.split_inclusive('\n') {
        if line.starts_with('#') {
            out.push_str(&" ".repeat(column));
        }
        out.push_str(line);
    }
}

fn write_flow(out: &mut String, written: &Written, column: usize) {
    let (open, close, layout, members) = match &written.node {
        Node::Scalar(scalar) => {
            out.push_str(scalar);
            return;
        }
        Node::Map(layout, entries) => {
            let member = |(key, value): &(&str, Written)| {
                let json = matches!(layout, Layout::Json);
                let quoted = format!("\"{}\"", key.trim_matches(['"', '\'', '?', ' ']));
                let mut text = if json {
                    quoted
                } else {
                    key.trim_matches(['?', ' ']).to_owned()
                };
                text.push_str(if json { ":" } else { ": " });
                write_member(&mut text, value, column);
                text
            };
            (
                '{',
                '}',
                *layout,
                entries.iter().map(member).collect::<Vec<_>>(),
            )
        }
        Node::Seq(layout, items) => {
            let member = |item: &Written| {
                let mut text = String::new();
                write_member(&mut text, item, column);
                text
            };
            ('[', ']', *layout, items.iter().map(member).collect())
        }
    };
    out.push(open);
    match layout {
        Layout::Lines(comma, zero) => {
            for (index, member) in members.iter().enumerate() {
                out.push_str("\n    ");
                out.push_str(member);
                if comma || index + 1 < members.len() {
                    out.push(',');
                }
                out.push_str(if index % 2 == 0 { " # m" } else { "" });
            }
            out.push_str(if zero { "\n" } else { "\n  " });
        }
        Layout::Flow(pad) | Layout::Block(_, pad) => {
            let blank = if pad { " " } else { "" };
            out.push_str(blank);
            out.push_str(&members.join(", "));
            out.push_str(blank);
        }
        Layout::Json => out.push_str(&members.join(",")),
    }
    out.push(close);
}

fn write_member(out: &mut String, written: &Written, column: usize) {
    if !written.props.is_empty() {
        out.push_str(written.props);
        out.push(' ');
    }
    match written.node {
        Node::Scalar(scalar) if scalar.contains('\n') => out.push_str("long"),
        _ => write_flow(out, written, column),
    }
}
