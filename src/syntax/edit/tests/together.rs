//! Several operations in one plan, and their effect on the rest of a collection.

use super::*;

#[test]
fn several_operations_merge_into_one_insertion() {
    let source = "spec:\n  a: 1\n";
    let tree = tree(source);
    let spec = find(&tree, 0, "spec");
    let mut editor = Editor::new(&tree, Schema::GoYamlV2);
    editor
        .set(spec, &["sc", "caps", "drop"], list(&["ALL"]))
        .unwrap();
    editor.set(spec, &["sc", "ro"], TRUE).unwrap();
    let checkpoint = editor.checkpoint();
    editor
        .push(spec, &["sc", "caps", "drop"], text("X"))
        .unwrap();
    editor.set(spec, &["sc", "gone"], TRUE).unwrap();
    assert!(matches!(
        editor.set(spec, &["sc", "ro", "x"], TRUE),
        Err(Refusal::NotAMapping { .. })
    ));
    editor.rollback(checkpoint);
    editor
        .push(spec, &["sc", "caps", "add"], text("CHOWN"))
        .unwrap();
    let plan = editor.finish();
    assert_eq!(plan.edits.len(), 1);
    assert_eq!(plan.touched.len(), 1);
    assert_eq!(
        plan.apply(source),
        "spec:\n  a: 1\n  sc:\n    caps:\n      drop:\n        - ALL\n      add:\n        - CHOWN\n    ro: true\n"
    );
}

#[test]
fn insertions_at_one_place_nest() {
    let source = "a:\n  b:\n    c: 1 # c";
    let out = edit(source, "", |editor, root| {
        editor.set(root, &["z"], TRUE)?;
        editor.set(root, &["a", "b", "x"], TRUE)?;
        editor.set(root, &["a", "w"], TRUE)
    });
    assert_eq!(
        out.as_deref(),
        Ok("a:\n  b:\n    c: 1 # c\n    x: true\n  w: true\nz: true")
    );
}

#[test]
fn setting_the_current_value_changes_nothing() {
    for (source, value) in [
        ("a: \"x\"\n", text("x")),
        ("a: True\n", TRUE),
        ("a: 0x10\n", Value::Int(16)),
        ("a: ['b', c]\n", list(&["b", "c"])),
        (
            "a:\n  c: 1\n  b: true\n",
            map(vec![("b", TRUE), ("c", Value::Int(1))]),
        ),
        ("x: &x {b: true}\na: *x\n", map(vec![("b", TRUE)])),
    ] {
        sets(source, "", &["a"], value, source);
    }
}

#[test]
fn replacing_collections() {
    sets(
        "a: # c\n  - x\n  - y # y\nb: 1\n",
        "",
        &["a"],
        TRUE,
        "a: true # c\nb: 1\n",
    );
    sets(
        "a:\n  - x\nb: 1\n",
        "",
        &["a"],
        list(&["z", "w"]),
        "a:\n  - z\n  - w\nb: 1\n",
    );
    sets("a: [x]\n", "", &["a"], list(&["z"]), "a: [z]\n");
    sets("a: x # c\n", "", &["a"], list(&["z"]), "a: # c\n  - z\n");
    sets(
        "a: |\n  x\n  y\nb: 1\n",
        "",
        &["a"],
        text("z"),
        "a: z\nb: 1\n",
    );
    sets(
        "a: |+\n  x\n\nb: 1\n",
        "",
        &["a"],
        text("z"),
        "a: z\n\nb: 1\n",
    );
    sets(
        "- zz\n- a: >1-\n   x\n- b\n",
        "1",
        &["a"],
        text("z"),
        "- zz\n- a: z\n- b\n",
    );
    sets(
        "a: \"x\n  y\" # c\n",
        "",
        &["a"],
        map(vec![("b", TRUE)]),
        "a: # c\n  b: true\n",
    );
}

#[test]
fn removing_the_first_of_an_item() {
    removes(
        "- name: a # c\n  image: x\n",
        "0",
        &["name"],
        "- image: x\n",
    );
    removes(
        "- name: a\n  # of image\n  image: x\n",
        "0",
        &["name"],
        "-\n  # of image\n  image: x\n",
    );
    removes("- name: a # c\n- b\n", "0", &["name"], "- {} # c\n- b\n");
    removes("a: 1\n", "", &["a"], "{}\n");
    removes("w:\n  a: 1\n  b: 2\n", "w", &["a"], "w:\n  b: 2\n");
}

#[test]
fn removing_and_adding_in_one_collection() {
    let both = |source| {
        edit(source, "s", |editor, seq| {
            editor.remove_item(editor.tree.children(seq).last().unwrap())?;
            editor.push(seq, &[], text("new"))
        })
        .unwrap()
    };
    assert_eq!(both("s:\n  - a\nx: 1\n"), "s:\n  - new\nx: 1\n");
    assert_eq!(both("s:\n  - a"), "s:\n  - new");
    assert_eq!(
        both("s:\n  - a\n  - b # c\nx: 1\n"),
        "s:\n  - a\n  - new\nx: 1\n"
    );
    assert_eq!(both("s:\n  - a\n  - b"), "s:\n  - a\n  - new");
    assert_eq!(both("s: [a]\n"), "s: [new]\n");
    assert_eq!(both("s: [a, b]\n"), "s: [a, new]\n");
    assert_eq!(both("s: [a, b,]\n"), "s: [a, new,]\n");
    assert_eq!(both("s: [\n  a,\n  b\n]\n"), "s: [\n  a,\n  new\n]\n");
}

#[test]
fn removing_from_flow_collections() {
    drops("a: [b,]\n", "a.0", "a: []\n");
    drops("[A, B, C]\n", "0", "[B, C]\n");
    drops("[A, B, C]\n", "2", "[A, B]\n");
    drops("[A, B, C,]\n", "2", "[A, B,]\n");
    drops(
        "[\n  A, # a\n  B, # b\n  C # c\n]\n",
        "1",
        "[\n  A, # a\n  C # c\n]\n",
    );
    drops(
        "[\n  A, # a\n  B, # b\n  C # c\n]\n",
        "2",
        "[\n  A, # a\n  B # b\n]\n",
    );
    drops("[\n  A,\n  B\n]\n", "0", "[\n  B\n]\n");
    drops("[a: b, c]\n", "0", "[c]\n");
    removes("{a: 1, \"b\": 2}\n", "", &["a"], "{\"b\": 2}\n");
}

#[test]
fn removing_next_to_block_scalars_keeps_their_text() {
    removes(
        "a: |+\n  x\nb: 1\n\nc: 2\n",
        "",
        &["b"],
        "a: |+\n  x\nc: 2\n",
    );
    removes(
        "a: |\n  x\nb: 1\n\n  # deep\nc: 2\n",
        "",
        &["b"],
        "a: |\n  x\nc: 2\n",
    );
    removes("a: |\n  x\nb: 1", "", &["b"], "a: |\n  x\n");
    removes("a: |+\n  x\n\nb: 1\n", "", &["a"], "b: 1\n");
}

#[test]
fn undoing_within_one_plan() {
    let out = edit("a: 1\nb: 2\n", "", |editor, root| {
        editor.set(root, &["c"], TRUE)?;
        editor.remove(root, &["c"])?;
        editor.remove(root, &["b"])?;
        editor.set(root, &["b"], Value::Int(2))
    });
    assert_eq!(out.as_deref(), Ok("a: 1\nb: 2\n"));
}

#[test]
fn keys_that_go_yaml_v2_would_type_are_quoted() {
    sets("a: 1\n", "", &["n"], text("on"), "a: 1\n\"n\": \"on\"\n");
    sets(
        "a: 1\n",
        "",
        &["22:22"],
        text("no-new-privileges:true"),
        "a: 1\n\"22:22\": no-new-privileges:true\n",
    );
    sets(
        "{a: 1}\n",
        "",
        &["b"],
        text("no-new-privileges:true"),
        "{a: 1, b: no-new-privileges:true}\n",
    );
}

#[test]
fn columns_of_siblings_and_dashes() {
    sets(
        "-   q: r\n",
        "0",
        &["s", "t"],
        TRUE,
        "-   q: r\n    s:\n      t: true\n",
    );
    pushes("- - a\n  - b\n", "0", &[], "c", "- - a\n  - b\n  - c\n");
    sets(
        "&k a: b\nc: d\n",
        "",
        &["e"],
        TRUE,
        "&k a: b\nc: d\ne: true\n",
    );
    sets("? a\n: b\n", "", &["e"], TRUE, "? a\n: b\ne: true\n");
    sets("? a\n:\n", "", &["a", "e"], TRUE, "? a\n:\n  e: true\n");
}

#[test]
fn pushed_mappings_are_indented_like_their_neighbours() {
    let mount = map(vec![("name", text("tmp")), ("mountPath", text("/tmp"))]);
    let out = edit("v:\n-   name: a\n    x: 1\n", "", |editor, root| {
        editor.push(root, &["v"], mount.clone())
    });
    assert_eq!(
        out.as_deref(),
        Ok("v:\n-   name: a\n    x: 1\n-   name: tmp\n    mountPath: /tmp\n")
    );
    let out = edit("v: [{name: a}]\n", "", |editor, root| {
        editor.push(root, &["v"], mount)
    });
    assert_eq!(
        out.as_deref(),
        Ok("v: [{name: a}, {name: tmp, mountPath: /tmp}]\n")
    );
}

#[test]
fn an_entry_goes_before_a_removed_item_with_its_comment() {
    let source = "d:\n  ax:\n      -\n      # c\n      - x\nbx: x\n";
    let tree = tree(source);
    let d = find(&tree, 0, "d");
    let item = find(&tree, 0, "d.ax.1");
    let mut editor = Editor::new(&tree, Schema::GoYamlV2);
    editor
        .set(d, &["new", "ax"], Value::Map(Vec::new()))
        .unwrap();
    editor.remove_item(item).unwrap();
    let plan = editor.finish();
    assert_eq!(
        plan.apply(source),
        "d:\n  ax:\n      -\n  new:\n    ax: {}\nbx: x\n"
    );
}
