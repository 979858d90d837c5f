//! Compares our reading of the corpus with recordings of go-yaml: v4 (Compose) as trees, and v2
//! through `sigs.k8s.io/yaml` (Kubernetes) as values.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use harden::syntax::{Kind, Limits, Mode, NodeId, Scalar, Schema, Style, Tree, decode, parse};
use serde_json::Value;

use crate::support::shared::shared;

/// Each file of the corpus with the recording of go-yaml.
fn each_file(mut check: impl FnMut(&str, &[u8], &Value)) -> bool {
    let Some(corpus) = shared("corpus") else {
        return false;
    };
    let readings = File::open(corpus.join("go-yaml.jsonl.gz")).expect("the recorded readings");
    for line in BufReader::new(GzDecoder::new(readings)).lines() {
        let reading: Value = serde_json::from_str(&line.expect("a line")).expect("a line is JSON");
        let path = reading["path"].as_str().expect("a path");
        let bytes = fs::read(corpus.join("files").join(Path::new(path))).expect("the file");
        check(path, &bytes, &reading);
    }
    true
}

/// The tree in the form of the recordings.
fn dump(tree: &Tree<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let lines: Vec<usize> = tree
        .source()
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .collect();
    for document in tree.documents() {
        out.push("+DOC".to_owned());
        dump_node(tree, &lines, document.root, &mut out);
        out.push("-DOC".to_owned());
    }
    out
}

fn dump_node(tree: &Tree<'_>, lines: &[usize], id: NodeId, out: &mut Vec<String>) {
    let node = tree.node(id);
    let mut properties = String::new();
    if let Some(anchor) = tree.anchor(id) {
        write!(properties, " &{anchor}").expect("a string takes everything");
    }
    if let Some(tag) = tree.tag(id) {
        let short = tag
            .strip_prefix("tag:yaml.org,2002:")
            .map_or(tag.to_string(), |name| format!("!!{name}"));
        write!(properties, " {short}").expect("a string takes everything");
    }
    let style = match node.style {
        Style::Flow | Style::FlowPair => " flow",
        _ => "",
    };
    match node.kind {
        Kind::Map | Kind::Seq => {
            let name = if node.kind == Kind::Map { "MAP" } else { "SEQ" };
            out.push(format!("+{name}{style}{properties}"));
            for child in tree.children(id) {
                dump_node(tree, lines, child, out);
            }
            out.push(format!("-{name}"));
        }
        Kind::Alias => out.push(format!(
            "=ALI {} {}",
            position(tree, lines, node.span.start),
            tree.text(id)
        )),
        Kind::Scalar => {
            let start = tree
                .props(id)
                .map_or(node.span.start, |props| props.span.start);
            let position = position(tree, lines, go_yaml_start(tree, id).unwrap_or(start));
            let value = tree.value(id);
            if value == "<<" {
                properties = properties.replace(" !!merge", "");
            }
            let style = match node.style {
                Style::Single => "single",
                Style::Double => "double",
                Style::Literal => "literal",
                Style::Folded => "folded",
                _ => "plain",
            };
            out.push(format!("=VAL {position} {style}{properties} {value:?}"));
        }
    }
}

/// `Tree::line_column` in logarithmic time, for sources without lone CR and Unicode breaks.
fn position(tree: &Tree<'_>, lines: &[usize], at: u32) -> String {
    let line = lines.partition_point(|&line| line <= at as usize);
    let line_start = line.checked_sub(1).map_or(0, |before| lines[before]);
    let column = tree.source()[line_start..at as usize]
        .trim_start_matches('\u{feff}')
        .chars()
        .count()
        + 1;
    format!("{}:{column}", line + 1)
}

/// In brackets and after `---`, go-yaml places an empty value at the token that follows it. Our
/// tree places it where it would be written, as go-yaml does everywhere else.
fn go_yaml_start(tree: &Tree<'_>, id: NodeId) -> Option<u32> {
    let node = tree.node(id);
    let is_root = node.parent == id;
    let is_in_brackets = matches!(tree.node(node.parent).style, Style::Flow | Style::FlowPair);
    if node.style != Style::Empty || tree.props(id).is_some() || !is_root && !is_in_brackets {
        return None;
    }
    let mut at = node.span.start as usize;
    loop {
        let rest = &tree.source()[at..];
        let blanks = rest.len() - rest.trim_start().len();
        at += blanks;
        let Some(comment) = tree.source()[at..].strip_prefix('#') else {
            break;
        };
        at += 1 + comment.find('\n').unwrap_or(comment.len());
    }
    u32::try_from(at).ok()
}

#[test]
fn trees_equal_those_of_go_yaml() {
    let mut wrong = Vec::new();
    let mut accepted = 0;
    let ran = each_file(|path, bytes, reading| {
        let tree = decode(bytes).and_then(|source| parse(source, Mode::GoYaml, &Limits::default()));
        match (
            tree,
            reading["tree"].as_str(),
            reading["tree_error"].as_str(),
        ) {
            (Err(_), _, Some(_)) => {}
            (Ok(_), _, Some(error)) => {
                wrong.push(format!("{path}: accepted, but go-yaml: {error}"));
            }
            (Err(error), _, None) => wrong.push(format!("{path}: {error} at {:?}", error.span)),
            (Ok(tree), expected, None) => {
                accepted += 1;
                let ours = dump(&tree);
                let mut ours = ours.iter();
                for expected in expected.unwrap_or_default().lines() {
                    let expected = normalise(expected);
                    let ours = ours.next().map_or("nothing", String::as_str);
                    if ours != expected {
                        wrong.push(format!("{path}:\n  ours    {ours}\n  go-yaml {expected}"));
                        return;
                    }
                }
                if let Some(more) = ours.next() {
                    wrong.push(format!("{path}: {more} is not in go-yaml's tree"));
                }
            }
        }
    });
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    if ran {
        println!("{accepted} trees equal");
    }
}

/// The recorded line with its value as Rust writes strings, and without the tag that go-yaml
/// gives to the key `<<` itself.
fn normalise(expected: &str) -> String {
    let Some((head, json)) = expected.split_once(" \"") else {
        return expected.to_owned();
    };
    let value: String = serde_json::from_str(&format!("\"{json}")).expect("a value is JSON");
    let head = if value == "<<" {
        head.replace(" !!merge", "")
    } else {
        head.to_owned()
    };
    format!("{head} {value:?}")
}

/// The documents of a file as `sigs.k8s.io/yaml` returns them to Kubernetes, or its error.
fn kubernetes_values(tree: &Tree<'_>) -> Result<Vec<Value>, String> {
    let mut budget = 1_000_000;
    tree.documents()
        .iter()
        .map(|document| json(tree, document.root, &mut budget))
        .collect()
}

fn json(tree: &Tree<'_>, id: NodeId, budget: &mut u32) -> Result<Value, String> {
    *budget = budget
        .checked_sub(1)
        .ok_or("too many values behind aliases")?;
    let id = tree.resolve(id);
    if tree.node(id).kind == Kind::Seq {
        return tree
            .children(id)
            .map(|item| json(tree, item, budget))
            .collect();
    }
    Ok(match tree.scalar(id, Schema::GoYamlV2) {
        None => {
            for (key, _) in tree.entries(id) {
                if !tree.is_merge(key) && tree.key_text(key, Schema::GoYamlV2).is_none() {
                    return Err(format!("{} cannot be a key", tree.text(key)));
                }
            }
            let mut object = serde_json::Map::new();
            for (key, found) in tree.effective_entries(id, Schema::GoYamlV2) {
                object.insert(key.into_owned(), json(tree, found.value(), budget)?);
            }
            Value::Object(object)
        }
        Some(Scalar::Null) => Value::Null,
        Some(Scalar::Bool(bool)) => bool.into(),
        Some(Scalar::Int(int)) => {
            serde_json::from_str(&int.to_string()).map_err(|error| error.to_string())?
        }
        Some(Scalar::Float(float)) if float.is_finite() => float.into(),
        Some(Scalar::Float(float)) => return Err(format!("{float} is not JSON")),
        Some(Scalar::Str(text)) => text.into_owned().into(),
    })
}

/// Go writes a float that is whole as an integer.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => ours == theirs,
    }
}

#[test]
fn values_equal_those_of_kubernetes() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    let ran = each_file(|path, bytes, reading| {
        let values = decode(bytes).and_then(|source| {
            parse(source, Mode::GoYaml, &Limits::default()).map(|tree| kubernetes_values(&tree))
        });
        let expected = match (&reading["values"], reading["values_error"].as_str()) {
            (_, Some(error)) => Err(error),
            (Value::Array(values), None) => Ok(values.clone()),
            _ => Ok(Vec::new()),
        };
        match (values, expected) {
            (Ok(Ok(ours)), Ok(theirs)) => {
                compared += 1;
                if ours.len() != theirs.len() {
                    wrong.push(format!(
                        "{path}: {} documents, go-yaml {}",
                        ours.len(),
                        theirs.len()
                    ));
                }
                for (ours, theirs) in ours.iter().zip(&theirs) {
                    if !same(ours, theirs) {
                        wrong.push(format!("{path}\n  ours    {ours}\n  go-yaml {theirs}"));
                    }
                }
            }
            (Err(_) | Ok(Err(_)), Err(_)) => {}
            (Ok(Ok(_)), Err(error)) => {
                wrong.push(format!("{path}: accepted, but go-yaml: {error}"));
            }
            (Ok(Err(error)), Ok(_)) => wrong.push(format!("{path}: {error}")),
            (Err(error), Ok(_)) => wrong.push(format!("{path}: {error}")),
        }
    });
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    if ran {
        println!("the values of {compared} files equal");
    }
}
