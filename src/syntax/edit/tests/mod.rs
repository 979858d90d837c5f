//! Tests of edits with exact bytes, for every style of surrounding lines.

mod cases;
mod found;
mod nothing;
mod refused;
mod together;

use super::*;
use crate::syntax::{Limits, Mode, parse};

fn tree(source: &str) -> Tree<'_> {
    parse(source, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {source:?}"))
}

/// The node at a path of keys and item positions in a document. Aliases are not followed.
fn find(tree: &Tree<'_>, document: usize, path: &str) -> NodeId {
    let mut at = tree.documents()[document].root;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let found = match step.parse::<usize>() {
            Ok(index) if tree.node(at).kind == Kind::Seq => tree.children(at).nth(index),
            _ => tree
                .entries(at)
                .find(|&(key, _)| tree.value(key) == step)
                .map(|(_, value)| value),
        };
        at = found.unwrap_or_else(|| panic!("no {step} in {:?}", tree.source()));
    }
    at
}

fn edit_as<'s>(
    schema: Schema,
    source: &'s str,
    (document, path): (usize, &str),
    work: impl FnOnce(&mut Editor<'_, 's>, NodeId) -> Result<(), Refusal>,
) -> Result<String, Refusal> {
    let tree = tree(source);
    let mut editor = Editor::new(&tree, schema);
    let at = find(&tree, document, path);
    work(&mut editor, at)?;
    let plan = editor.finish();
    let out = plan.apply(source);
    let mut end = 0;
    for edit in &plan.edits {
        assert!(
            end <= edit.span.start && edit.span.start <= edit.span.end,
            "{plan:?}"
        );
        end = edit.span.end;
    }
    parse(&out, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {out:?}"));
    Ok(out)
}

fn edit<'s>(
    source: &'s str,
    at: &str,
    work: impl FnOnce(&mut Editor<'_, 's>, NodeId) -> Result<(), Refusal>,
) -> Result<String, Refusal> {
    edit_as(Schema::GoYamlV4, source, (0, at), work)
}

#[track_caller]
fn sets(source: &str, at: &str, path: &[&str], value: Value, expected: &str) {
    assert_eq!(
        edit(source, at, |editor, node| editor.set(node, path, value)).as_deref(),
        Ok(expected)
    );
}

#[track_caller]
fn pushes(source: &str, at: &str, path: &[&str], value: &str, expected: &str) {
    let value = text(value);
    assert_eq!(
        edit(source, at, |editor, node| editor.push(node, path, value)).as_deref(),
        Ok(expected)
    );
}

#[track_caller]
fn removes(source: &str, at: &str, path: &[&str], expected: &str) {
    assert_eq!(
        edit(source, at, |editor, node| editor.remove(node, path)).as_deref(),
        Ok(expected)
    );
}

#[track_caller]
#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is not general over lifetimes"
)]
fn drops(source: &str, item: &str, expected: &str) {
    assert_eq!(
        edit(source, item, |editor, item| editor.remove_item(item)).as_deref(),
        Ok(expected)
    );
}

fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}

fn list(items: &[&str]) -> Value {
    Value::Seq(items.iter().map(|item| text(item)).collect())
}

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(
        entries
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

const TRUE: Value = Value::Bool(true);

fn refusal(source: &str, at: &str, path: &[&str]) -> Refusal {
    edit(source, at, |editor, node| editor.set(node, path, TRUE)).expect_err("an edit was made")
}
