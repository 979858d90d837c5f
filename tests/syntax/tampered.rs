//! Adds errors to the result of a plan, and checks that the proof fails if a value changes.

use std::collections::BTreeMap;

use harden::proof::witness;
use harden::syntax::{Editor, Limits, Mode, NodeId, Plan, Schema, Tree, Value, compare, parse};
use serde::Deserialize;

use crate::syntax::documents::{Chance, Writer};

/// Plans as the transforms make them, in the styles that people write.
const SOURCES: [&str; 8] = [
    "services:\n  # the web\n  web: &web # main\n    image: nginx # pinned\n    ports:\n    - \"80:80\"\n\n  db:\n    <<: *web\n    command: |\n      one\n      two\n",
    "x-base: &base\n  image: base\n  labels: &labels {a: b, c: [d, \"e\"]}\nservices:\n  web:\n    labels: *labels\n    command: >-\n      folded\n      text\n  db:\n    image: 'two\n      lines'\n",
    "{\n  \"services\": {\n    \"web\": {\n      \"image\": \"nginx\",\n      \"ports\": [\n        \"80:80\"\n      ]\n    }\n  }\n}\n",
    "{\"services\":{\"web\":{\"image\":\"x\",\"cap_add\":[\"A\",\"B\"]}}}",
    "services:\r\n    web:\r\n        image: !!str nginx\r\n        tmpfs: /run\r\n    db: {image: x, read_only: false}\r\n",
    "services:\n  web:\n  db: # none\n    image: &i x\n    user: ~\n  c: *i\n",
    "--- # first\nservices:\n  web:\n    image: x\n---\nservices:\n  web:\n    image: y\n    environment: [A=b, C=d]\n...\n",
    "services:\n  web:\n    build: !override\n      context: .\n    key: |+\n      kept\n\n    environment:\n      - A=1\n      - B=2 # b",
];

#[test]
fn a_bug_in_the_result_fails_the_proof() {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut tally = BTreeMap::new();
    for source in SOURCES {
        let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
        let plan = hardened(&tree);
        assert!(!plan.edits.is_empty(), "{source}");
        for _ in 0..50 {
            for tampering in TAMPERINGS {
                try_one(&tree, &plan, tampering, &mut chance, &mut tally);
            }
        }
    }
    for (name, (changed, _)) in &tally {
        assert!(*changed > 10, "{name} changed only {changed} values");
    }
}

#[test]
fn a_bug_in_the_result_fails_the_proof_in_every_style() {
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let mut tally = BTreeMap::new();
    for _ in 0..200 {
        let source = Writer::document(&chance.bytes(100));
        let Ok(tree) = parse(&source, Mode::GoYaml, &Limits::default()) else {
            continue;
        };
        let plan = widened(&tree);
        if plan.edits.is_empty() {
            continue;
        }
        for tampering in TAMPERINGS {
            try_one(&tree, &plan, tampering, &mut chance, &mut tally);
        }
    }
    let changed: usize = tally.values().map(|(changed, _)| changed).sum();
    assert!(changed > 300, "{changed}");
}

/// An entry, a list and a replaced value in each service.
fn hardened(tree: &Tree<'_>) -> Plan {
    let mut editor = Editor::new(tree, Schema::GoYamlV4);
    for document in tree.documents() {
        let services = tree
            .get(document.root, "services", Schema::GoYamlV4)
            .unwrap();
        let services: Vec<NodeId> = tree
            .entries(services.value())
            .map(|(_, service)| service)
            .collect();
        for service in services {
            // Refused operations are ignored; the others make a plan.
            let _ = editor.set(service, &["read_only"], Value::Bool(true));
            let _ = editor.push(service, &["cap_drop"], Value::Str("ALL".to_owned()));
            let _ = editor.set(
                service,
                &["deploy", "resources", "limits", "pids"],
                Value::Int(512),
            );
            let _ = editor.set(service, &["user"], Value::Str("1000:1000".to_owned()));
        }
    }
    editor.finish()
}

/// An entry, a list and a replaced value, wherever possible.
fn widened(tree: &Tree<'_>) -> Plan {
    let mut editor = Editor::new(tree, Schema::GoYamlV4);
    let mut open: Vec<NodeId> = tree
        .documents()
        .iter()
        .map(|document| document.root)
        .collect();
    while let Some(node) = open.pop() {
        let _ = editor.push(node, &[], Value::Str("ALL".to_owned()));
        let _ = editor.set(node, &["new"], Value::Bool(true));
        let _ = editor.set(node, &["k1"], Value::Str("1000:1000".to_owned()));
        open.extend(tree.children(node));
    }
    editor.finish()
}

/// The number of tampered texts with other values, and of those with the same values.
type Tally = BTreeMap<&'static str, (usize, usize)>;

fn try_one(
    tree: &Tree<'_>,
    plan: &Plan,
    (name, tamper): (&'static str, Tampering),
    chance: &mut Chance,
    tally: &mut Tally,
) {
    let result = plan.apply(tree.source());
    let Some(tampered) = tamper(&result, &mut |bound| chance.below(bound)) else {
        return;
    };
    let (Some(right), Some(wrong)) = (values(&result), values(&tampered)) else {
        return;
    };
    let (changed, same) = tally.entry(name).or_default();
    if right == wrong {
        *same += 1;
        return;
    }
    *changed += 1;
    let Ok(after) = parse(&tampered, Mode::GoYaml, &Limits::default()) else {
        return;
    };
    assert!(
        compare(tree, plan, &after).is_err() || witness(&after).is_err(),
        "{name}\n{:?}\n{result}\n--->\n{tampered}",
        plan.touched
    );
}

/// The values that an independent library reads, with aliases resolved. It shares no code with the
/// proof.
fn values(text: &str) -> Option<Vec<serde_yaml::Value>> {
    // The library reads a byte order mark before `---` as a scalar.
    serde_yaml::Deserializer::from_str(text.trim_start_matches('\u{feff}'))
        .map(|document| serde_yaml::Value::deserialize(document).ok())
        .collect()
}

/// Changes a text at random. The second argument chooses a number below a bound.
type Tampering = fn(&str, &mut dyn FnMut(usize) -> usize) -> Option<String>;

const TAMPERINGS: [(&str, Tampering); 12] = [
    ("drop a character", |text, choose| {
        let (at, character) = text.char_indices().nth(choose(text.chars().count()))?;
        Some(replaced(text, at..at + character.len_utf8(), ""))
    }),
    ("change a letter", |text, choose| {
        let at = one_of(text, |byte| byte.is_ascii_alphanumeric(), choose)?;
        Some(replaced(text, at..=at, ["x", "0", "-"][choose(3)]))
    }),
    ("duplicate a line", |text, choose| {
        on_lines(text, choose, |lines, at, _| {
            lines.insert(at, lines[at].clone());
        })
    }),
    ("drop a line", |text, choose| {
        on_lines(text, choose, |lines, at, _| {
            lines.remove(at);
        })
    }),
    ("swap two lines", |text, choose| {
        on_lines(text, choose, |lines, at, _| {
            let other = (at + 1) % lines.len();
            lines.swap(at, other);
        })
    }),
    ("move a line out", |text, choose| {
        on_lines(text, choose, |lines, at, choose| {
            let blanks = lines[at].len() - lines[at].trim_start_matches(' ').len();
            let by = blanks.min([1, 2, 4][choose(3)]);
            lines[at].drain(..by);
        })
    }),
    ("move a line in", |text, choose| {
        on_lines(text, choose, |lines, at, choose| {
            lines[at].insert_str(0, [" ", "  ", "    "][choose(3)]);
        })
    }),
    ("hide a line in a comment", |text, choose| {
        on_lines(text, choose, |lines, at, _| {
            let blanks = lines[at].len() - lines[at].trim_start_matches(' ').len();
            lines[at].insert(blanks, '#');
        })
    }),
    ("hide the rest of a line in a comment", |text, choose| {
        let at = one_of(text, |byte| byte == b' ', choose)?;
        Some(replaced(text, at..at, " #"))
    }),
    ("anchor a value", |text, choose| {
        let at = one_of(text, |byte| byte == b' ', choose)?;
        Some(replaced(
            text,
            at..at,
            [" &web", " &i", " &labels", " &n1", " &n2"][choose(5)],
        ))
    }),
    ("tag a value", |text, choose| {
        let at = one_of(text, |byte| byte == b' ', choose)?;
        Some(replaced(
            text,
            at..at,
            [" !!str", " !reset", " !x"][choose(3)],
        ))
    }),
    ("put an alias in a value's place", |text, choose| {
        let at = text.find(": ")? + 2;
        let at = at + text[at..].match_indices(": ").nth(choose(8))?.0 + 2;
        let end = at + text[at..].find(['\n', '\r', ',', '}'])?;
        Some(replaced(text, at..end, ["*web", "*i", "*n1 "][choose(3)]))
    }),
];

fn replaced(text: &str, range: impl std::ops::RangeBounds<usize>, with: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(range, with);
    text
}

/// A byte that is such.
fn one_of(
    text: &str,
    is_such: impl Fn(u8) -> bool,
    choose: &mut dyn FnMut(usize) -> usize,
) -> Option<usize> {
    let such: Vec<usize> = text
        .bytes()
        .enumerate()
        .filter(|&(_, byte)| is_such(byte))
        .map(|(at, _)| at)
        .collect();
    (!such.is_empty()).then(|| such[choose(such.len())])
}

fn on_lines(
    text: &str,
    choose: &mut dyn FnMut(usize) -> usize,
    change: impl Fn(&mut Vec<String>, usize, &mut dyn FnMut(usize) -> usize),
) -> Option<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return None;
    }
    let at = choose(lines.len());
    change(&mut lines, at, choose);
    Some(lines.concat())
}
