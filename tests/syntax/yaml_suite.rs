//! The conformance suite of the YAML organization (yaml-test-suite), in both modes.

use std::fmt::Write as _;
use std::fs;

use harden::syntax::{Kind, Limits, Mode, NodeId, Style, Tree, parse};

use crate::support::shared::shared;

/// The events of a tree, in the notation of the suite.
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
    let folder = shared("yaml-test-suite/cases")?;
    let mut cases = Vec::new();
    for entry in fs::read_dir(folder).expect("the suite's folder") {
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
    let Some(cases) = cases() else { return };
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

/// The deviations of go-yaml from YAML 1.2, with the cases that show them.
const GO_YAML: [(&str, &str); 21] = [
    (
        "knows no version but 1.1",
        "27NA 6ZKB 9DXL BEC7 DK95-07 RTP8 W4TN",
    ),
    (
        "rejects directives that it does not know",
        "2LFX 6LVF MUS6-05 MUS6-06",
    ),
    (
        "has no key of nothing",
        "2JQS 6M2F CFD4 FRK4 M2N8-00 NHX8 NKF9 S3PD SM9W-01 UKK6-00",
    ),
    (
        "has ASCII without colons for the names of anchors",
        "2SXE 8XYN W5VH Y2GN",
    ),
    ("has no escape for the slash", "3UYS"),
    ("has one for the single quote", "HRE5"),
    (
        "wants an implicit key in braces on one line with its colon",
        "4MUZ-00 4MUZ-01 4MUZ-02 5MUD 9SA2 K3WX NJ66 UT92 VJP3-01",
    ),
    (
        "takes a colon in brackets for an indicator, except behind `,` and `[`",
        "58MP 5T43",
    ),
    ("takes a colon before `,` or a bracket for text", "4ABK"),
    (
        "takes `? ` in brackets for an indicator, even in a plain scalar",
        "JR7V",
    ),
    ("takes `-` before a bracket for text", "G5U8 YJV2"),
    ("wants a blank behind a tag", "WZ62"),
    (
        "takes no tab for a blank where a key may begin, even on a blank line",
        "6BCT 6CA3 A2M4 DK95-00 DK95-03 DK95-04 Q5MG Y79Y-010",
    ),
    (
        "takes no tab before the first text of a block scalar",
        "96NN-00 96NN-01 R4YG Y79Y-001",
    ),
    (
        "has no block scalar with text in the first column",
        "DK3J FP8R",
    ),
    (
        "lets blank lines before the text of a block scalar be longer than its indentation",
        "S98Z",
    ),
    (
        "adds no line break at the end of the stream",
        "JEF9-02 L24T-01",
    ),
    (
        "wants `---` before every document but the first, and a document before `...`",
        "7Z25 HWV9 M7A3 QT73",
    ),
    ("lets a directive end the document before it", "9HCY"),
    (
        "wants no blank before a comment",
        "9JBA CVW2 MUS6-00 SU5Z X4QW",
    ),
    (
        "wants no indentation inside of quotes and brackets",
        "9C9N DK95-01 QB6E Y79Y-003",
    ),
];

#[test]
fn go_yaml_mode_differs_only_where_go_yaml_does() {
    let Some(cases) = cases() else { return };
    let explained = |id: &str| {
        GO_YAML
            .iter()
            .any(|(_, ids)| ids.split(' ').any(|other| other == id))
    };
    let mut wrong = Vec::new();
    for case in &cases {
        let same = match (
            parse(&case.source, Mode::GoYaml, &Limits::default()),
            &case.events,
        ) {
            (Ok(tree), Some(expected)) => events(&tree) == *expected,
            (Err(_), None) => true,
            _ => false,
        };
        if same == explained(&case.id) {
            wrong.push(&case.id);
        }
    }
    assert!(
        wrong.is_empty(),
        "these differ without a reason, or have a reason and do not: {wrong:?}"
    );
}
