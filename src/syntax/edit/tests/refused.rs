//! Edits that the editor refuses.

use super::*;

#[track_caller]
#[test]
#[allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is not general over lifetimes"
)]
fn what_others_read_is_refused() {
    let source = "x: &x\n  a: {b: 1}\ny:\n  <<: *x\nz: &z 1\nw: *z\nv:\n  - &SS q\n  - *SS\n";
    assert!(
        matches!(refusal(source, "x", &["c"]), Refusal::SharedAnchor { anchor, .. } if anchor == "x")
    );
    assert!(matches!(
        refusal(source, "x.a", &["c"]),
        Refusal::SharedAnchor { .. }
    ));
    assert!(matches!(
        refusal(source, "", &["z"]),
        Refusal::SharedAnchor { .. }
    ));
    assert!(
        matches!(refusal(source, "y", &["a", "c"]), Refusal::Merged { anchor, .. } if anchor == "x")
    );
    let refused = edit(source, "v.0", |editor, item| editor.remove_item(item));
    assert!(matches!(refused, Err(Refusal::SharedAnchor { anchor, .. }) if anchor == "SS"));
    let source = "v:\n  a: {b: &c 1}\nw: *c\n";
    assert!(matches!(
        refusal(source, "", &["v"]),
        Refusal::AnchorInside { .. }
    ));
    sets("v: &v {a: 1}\n", "", &["v"], TRUE, "v: &v true\n");
    sets(
        "b: &b 1\nv: *b\nw: 2\n",
        "",
        &["v"],
        TRUE,
        "b: &b 1\nv: true\nw: 2\n",
    );
}

#[test]
fn merged_values() {
    let source = "x: &x {p: false, l: [A]}\nc:\n  <<: *x\n  d: 1\n";
    sets(
        source,
        "c",
        &["p"],
        TRUE,
        "x: &x {p: false, l: [A]}\nc:\n  <<: *x\n  d: 1\n  p: true\n",
    );
    sets(source, "c", &["p"], Value::Bool(false), source);
    sets(
        source,
        "c",
        &["l"],
        list(&["A", "B"]),
        "x: &x {p: false, l: [A]}\nc:\n  <<: *x\n  d: 1\n  l:\n    - A\n    - B\n",
    );
    let refused = edit(source, "c", |editor, node| {
        editor.push(node, &["l"], text("B"))
    });
    assert!(matches!(refused, Err(Refusal::Merged { .. })));
    let own_first = "x: &x {p: true}\nc:\n  p: false\n  <<: *x\n";
    let kubernetes = edit_as(Schema::GoYamlV2, own_first, (0, "c"), |editor, node| {
        editor.set(node, &["p"], TRUE)
    });
    assert!(matches!(kubernetes, Err(Refusal::Shadowed { .. })));
    sets(
        own_first,
        "c",
        &["p"],
        TRUE,
        "x: &x {p: true}\nc:\n  p: true\n  <<: *x\n",
    );
    let refused = edit(own_first, "c", |editor, node| editor.remove(node, &["p"]));
    assert!(matches!(refused, Err(Refusal::Merged { .. })));
}

#[test]
fn unsuitable_places_are_refused() {
    assert!(matches!(
        refusal("[k: v]\n", "0", &["a"]),
        Refusal::ImplicitPair { .. }
    ));
    assert!(
        matches!(refusal("a: 1\n\"a\": 2\n", "", &["b"]), Refusal::DuplicateKey { key, .. } if key == "a")
    );
    assert!(matches!(
        refusal("{a}\n", "", &["a"]),
        Refusal::NullWithoutColon { .. }
    ));
    assert!(matches!(
        refusal("? a\n", "", &["a"]),
        Refusal::NullWithoutColon { .. }
    ));
    assert!(matches!(
        refusal("a: 1\n", "", &["a", "b"]),
        Refusal::NotAMapping { .. }
    ));
    assert!(matches!(
        refusal("a: [1]\n", "", &["a", "b"]),
        Refusal::NotAMapping { .. }
    ));
    assert!(matches!(refusal("a: 1\n", "", &[]), Refusal::EmptyPath));
    assert!(matches!(
        refusal("a: !reset null\n", "", &["a", "b"]),
        Refusal::NotAMapping { .. } | Refusal::Tagged { .. }
    ));
    assert!(
        matches!(refusal("a: !!str x\n", "", &["a"]), Refusal::Tagged { tag, .. } if tag == "!!str")
    );
    assert!(matches!(
        refusal("a: |\n  x", "", &["b"]),
        Refusal::OpenBlockScalar { .. }
    ));
    sets("a: |-\n  x", "", &["b"], TRUE, "a: |-\n  x\nb: true");
    let refused = edit("a: {b: 1}\n", "", |editor, root| {
        editor.push(root, &["a"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::NotASequence { .. })));
    let refused = edit("a:\n  b: 1\n", "", |editor, root| {
        let inner = find(editor.tree, 0, "a");
        editor.remove(root, &["a"])?;
        editor.set(inner, &["c"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::Gone { .. })));
    let kubernetes = edit_as(
        Schema::GoYamlV2,
        "yes: 1\ntrue: 2\n",
        (0, ""),
        |editor, root| editor.set(root, &["a"], TRUE),
    );
    assert!(matches!(kubernetes, Err(Refusal::DuplicateKey { .. })));
}
