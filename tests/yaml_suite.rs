//! The conformance suite of the YAML organisation (yaml-test-suite), in both modes.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use harden::syntax::{Kind, Limits, Mode, NodeId, Style, Tree, parse};

/// The events of a tree as the suite writes them.
pub(crate) fn events(tree: &Tree<'_>) -> String {
    let mut out = String::from("+STR\n");
    for document in tree.documents() {
        out.push_str(if document.explicit {
            "+DOC ---\n"
        } else {
            "+DOC\n"
        });
        node_events(tree, document.root, &mut out);
        out.push_str(if document.closed {
            "-DOC ...\n"
        } else {
            "-DOC\n"
        });
    }
    out.push_str("-STR\n");
    out
}

fn node_events(tree: &Tree<'_>, id: NodeId, out: &mut String) {
    let node = tree.node(id);
    if node.kind == Kind::Alias {
        writeln!(out, "=ALI {}", tree.text(id)).expect("a string takes everything");
        return;
    }
    let mut properties = String::new();
    if let Some(anchor) = tree.anchor(id) {
        write!(properties, " &{anchor}").expect("a string takes everything");
    }
    if let Some(tag) = tree.tag(id) {
        write!(properties, " <{tag}>").expect("a string takes everything");
    }
    let is_flow = matches!(node.style, Style::Flow | Style::FlowPair);
    match node.kind {
        Kind::Map | Kind::Seq => {
            let (name, brackets) = if node.kind == Kind::Map {
                ("MAP", " {}")
            } else {
                ("SEQ", " []")
            };
            writeln!(
                out,
                "+{name}{}{properties}",
                if is_flow { brackets } else { "" }
            )
            .expect("a string takes everything");
            for child in tree.children(id) {
                node_events(tree, child, out);
            }
            writeln!(out, "-{name}").expect("a string takes everything");
        }
        _ => {
            let sign = match node.style {
                Style::Single => '\'',
                Style::Double => '"',
                Style::Literal => '|',
                Style::Folded => '>',
                _ => ':',
            };
            let value = tree.value(id);
            let mut escaped = String::new();
            for char in value.chars() {
                match char {
                    '\\' => escaped.push_str("\\\\"),
                    '\n' => escaped.push_str("\\n"),
                    '\t' => escaped.push_str("\\t"),
                    '\r' => escaped.push_str("\\r"),
                    '\u{8}' => escaped.push_str("\\b"),
                    other => escaped.push(other),
                }
            }
            writeln!(out, "=VAL{properties} {sign}{escaped}").expect("a string takes everything");
        }
    }
}

struct Case {
    id: String,
    source: String,
    /// `None` where the source is not YAML.
    events: Option<String>,
}

fn cases() -> Option<Vec<Case>> {
    let shared = PathBuf::from(std::env::var_os("HARDEN_SHARED")?);
    let mut cases = Vec::new();
    for entry in fs::read_dir(shared.join("yaml-test-suite/cases")).expect("the suite's folder") {
        let dir = entry.expect("an entry").path();
        let read = |name: &str| fs::read_to_string(dir.join(name)).expect("a file of the case");
        cases.push(Case {
            id: dir
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned(),
            source: read("in.yaml"),
            events: (!dir.join("error").exists()).then(|| read("test.event")),
        });
    }
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    Some(cases)
}

#[test]
fn strict_mode_reads_and_rejects_what_the_suite_does() {
    let Some(cases) = cases() else {
        println!("did not run: HARDEN_SHARED is not set");
        return;
    };
    let mut wrong = Vec::new();
    for case in &cases {
        match (
            parse(&case.source, Mode::Strict, &Limits::default()),
            &case.events,
        ) {
            (Ok(tree), Some(expected)) if events(&tree) == *expected => {}
            (Err(_), None) => {}
            (Ok(tree), Some(expected)) => {
                wrong.push(format!(
                    "{}: {:?}\n{}-- expected\n{expected}",
                    case.id,
                    case.source,
                    events(&tree)
                ));
            }
            (Ok(tree), None) => wrong.push(format!(
                "{}: {:?}\naccepted\n{}",
                case.id,
                case.source,
                events(&tree)
            )),
            (Err(error), Some(_)) => wrong.push(format!(
                "{}: {:?}\n{error} {:?}",
                case.id, case.source, error.span
            )),
        }
    }
    assert_eq!(cases.len(), 402);
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
