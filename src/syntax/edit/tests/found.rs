//! Cases that random operations found.

use super::*;

#[test]
fn a_merge_key_is_not_an_entry() {
    let refused = refusal("x: &x {a: 1}\ny:\n  <<: *x\n", "y", &["<<", "a"]);
    assert_eq!(refused, Refusal::MergeKey);
}

#[test]
fn tabs_after_an_explicit_colon() {
    sets(
        "? g\n: ~\t# t\n",
        "",
        &["g", "a"],
        TRUE,
        "? g\n: # t\n  a: true\n",
    );
    sets(
        "a:\n  ? g\n  : {}\t\n",
        "a",
        &["g", "b"],
        TRUE,
        "a:\n  ? g\n  :\n    b: true\n",
    );
}

#[test]
fn a_comma_after_a_tag() {
    pushes("[~, !t ]\n", "", &[], "A", "[~, !t , A]\n");
}

#[test]
fn removing_a_missing_entry_is_no_edit() {
    removes("a: |\n  x", "", &["b"], "a: |\n  x");
    removes(
        "x: &x {a: 1}\ny: *x\n",
        "x",
        &["b"],
        "x: &x {a: 1}\ny: *x\n",
    );
}

#[test]
fn a_comma_never_touches_a_tag_a_colon_or_a_comment() {
    for (source, expected) in [
        ("[!!str ]\n", "[!!str , ALL]\n"),
        ("[a: ]\n", "[a: , ALL]\n"),
        ("[a: !!str ]\n", "[a: !!str , ALL]\n"),
        ("[\n  a: # c\n]\n", "[\n  a: , # c\n  ALL\n]\n"),
        ("[a: # c\n]\n", "[a: , ALL # c\n]\n"),
    ] {
        pushes(source, "", &[], "ALL", expected);
    }
    removes("{a: # c\n}\n", "", &["b"], "{a: # c\n}\n");
    removes("{a: 1, b: # c\n}\n", "", &["b"], "{a: 1 # c\n}\n");
}

#[test]
fn blanks_below_a_block_scalar_do_not_become_its_text() {
    removes("a: |\n x\nb:\n   {c: d}\n\n   \n", "", &["b"], "a: |\n x\n");
}

#[test]
fn an_empty_path_is_refused() {
    let source = "a:\n";
    let outcome = edit(source, "a", |editor, null| {
        editor.push(null, &[], TRUE)?;
        editor.set(null, &[], TRUE)
    });
    assert_eq!(outcome, Err(Refusal::EmptyPath));
}

#[test]
fn keys_without_text() {
    sets("{!&a }\n", "", &["b"], TRUE, "{!&a , b: true}\n");
    sets(
        "{\n? a: b,\n?\n}\n",
        "",
        &["c"],
        TRUE,
        "{\n? a: b,\n? ,\nc: true\n}\n",
    );
    sets("? ~\n", "", &["a"], TRUE, "? ~\na: true\n");
}

#[test]
fn block_scalars_as_keys() {
    assert!(matches!(
        refusal("? |\n x", "", &["b"]),
        Refusal::OpenBlockScalar { .. }
    ));
    assert!(matches!(
        refusal("a: |\r x-", "", &["b"]),
        Refusal::OpenBlockScalar { .. }
    ));
    sets("? |+\n x\n\n", "", &["b"], TRUE, "? |+\n x\n\nb: true\n");
    removes("? |\n x\n? |\n y", "", &["y"], "? |\n x\n");
}

#[test]
fn tabs_below_a_change() {
    sets(
        "a: b\n c\n \t\nd: 1\n",
        "",
        &["a"],
        text("x"),
        "a: x\n\nd: 1\n",
    );
    sets("a: b\n \t", "", &["c", "d"], TRUE, "a: b\nc:\n  d: true\n");
    sets(
        "a: b\n \t# c\n",
        "",
        &["a"],
        map(vec![("d", TRUE)]),
        "a:\n  d: true\n# c\n",
    );
}

#[test]
fn words_that_end_in_an_indicator_keep_their_comma() {
    drops("[a?, b ]\n", "1", "[a?, ]\n");
    drops("[\n  a?,\n  b\n]\n", "1", "[\n  a?,\n]\n");
    removes("{\"a\":, b: x, }\n", "", &["b"], "{\"a\":, }\n");
}

#[test]
fn a_null_key_is_refused() {
    let refused = edit("&k : a\n", "", |editor, root| {
        let key = editor.tree.children(root).next().unwrap();
        editor.set(key, &["b"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::Key { .. })));

    let refused = edit("? -\n: a\n", "", |editor, root| {
        let key = editor.tree.children(root).next().unwrap();
        let item = editor.tree.children(key).next().unwrap();
        editor.set(item, &["b"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::Key { .. })));
}

/// A mapping that is a key must not become a mapping of several lines.
#[test]
fn a_collection_that_is_a_key_is_refused() {
    for source in [
        "{}:",
        "{}: 1\n",
        "? {}\n: 1\n",
        "[{a: {}}]: 1\n",
        "? a:\n    b: {}\n",
    ] {
        let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
        let all = (0..tree.nodes.len()).map(|at| NodeId(u32::try_from(at).unwrap()));
        let is_empty_map =
            |at: &NodeId| tree.node(*at).kind == Kind::Map && tree.children(*at).next().is_none();
        let map = all.into_iter().find(is_empty_map).unwrap();
        let mut editor = Editor::new(&tree, Schema::GoYamlV2);
        let refused = editor.set(map, &["new"], Value::Bool(true));
        assert!(matches!(refused, Err(Refusal::Key { .. })), "{source}");
    }
}

#[test]
fn a_replaced_item_keeps_the_line_breaks_after_it() {
    let source = "- a: 1\n  b: |+\n   x\n- c\n";
    let after = edit(source, "", |editor, root| {
        let item = editor.tree.children(root).next().unwrap();
        editor.set_item(item, map(vec![("a", text("y"))]))
    })
    .unwrap();
    assert_eq!(after, "- a: \"y\"\n- c\n");
}

#[test]
fn blank_lines_below_removed_items_do_not_join_the_scalar_above() {
    let source = "a:\n  - |+\n   x\n\n  - b\n  - c\n\nd: e\n";
    let after = edit(source, "a", |editor, seq| {
        let items: Vec<NodeId> = editor.tree.children(seq).skip(1).collect();
        items
            .into_iter()
            .try_for_each(|item| editor.remove_item(item))
    });
    assert_eq!(after.as_deref(), Ok("a:\n  - |+\n   x\n\nd: e\n"));
}
