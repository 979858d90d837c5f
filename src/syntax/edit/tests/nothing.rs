//! Replacing null values in each of six notations.

use super::*;

#[test]
fn a_null_in_each_notation_becomes_a_mapping() {
    let cases = [
        ("w: # todo\nx: 1\n", "w: # todo\n  a: true\nx: 1\n"),
        ("w:   \nx: 1\n", "w:   \n  a: true\nx: 1\n"),
        ("w:", "w:\n  a: true"),
        ("w: &x\ny: 1\n", "w: &x\n  a: true\ny: 1\n"),
        ("w: !!map\ny: 1\n", "w: !!map\n  a: true\ny: 1\n"),
        (
            "w: &x\n  !!map\ny: 1\n",
            "w: &x\n  !!map\n  a: true\ny: 1\n",
        ),
        ("w: ~\ny: 1\n", "w:\n  a: true\ny: 1\n"),
        ("w: null # c\ny: 1\n", "w: # c\n  a: true\ny: 1\n"),
        ("w: &x ~ # c\n", "w: &x # c\n  a: true\n"),
        ("w:\n  ~\ny: 1\n", "w:\n  a: true\ny: 1\n"),
        (
            "w:\n    # c\n    null # d\ny: 1\n",
            "w:\n    # c\n    a: true # d\ny: 1\n",
        ),
    ];
    for (source, expected) in cases {
        sets(source, "w", &["a"], TRUE, expected);
    }
}

#[test]
fn a_null_item_becomes_a_mapping_or_sequence() {
    sets(
        "c:\n  -\n  - x\n",
        "c.0",
        &["a"],
        TRUE,
        "c:\n  - a: true\n  - x\n",
    );
    sets(
        "c:\n  - ~\n  - x\n",
        "c.0",
        &["a"],
        TRUE,
        "c:\n  - a: true\n  - x\n",
    );
    sets(
        "c:\n  - # c\n  - x\n",
        "c.0",
        &["a"],
        TRUE,
        "c:\n  - # c\n    a: true\n  - x\n",
    );
    sets(
        "c:\n  - &x\n",
        "c.0",
        &["a"],
        TRUE,
        "c:\n  - &x\n    a: true\n",
    );
    pushes("c:\n  - &x ~\n", "c.0", &[], "A", "c:\n  - &x\n    - A\n");
}

#[test]
fn an_empty_document_becomes_a_mapping() {
    sets("---\n# c\n", "", &["a"], TRUE, "---\na: true\n# c\n");
    sets("--- # c\n", "", &["a"], TRUE, "--- # c\na: true\n");
    sets(
        "--- # d\n\t# t\n# u\n",
        "",
        &["a"],
        TRUE,
        "--- # d\na: true\n# t\n# u\n",
    );
    sets("--- ~\n", "", &["a"], TRUE, "---\na: true\n");
    sets("--- !!map\n", "", &["a"], TRUE, "--- !!map\na: true\n");
    sets("null\n", "", &["a"], TRUE, "a: true\n");
    sets("~", "", &["a", "b"], TRUE, "a:\n  b: true");
}

#[test]
fn a_null_in_braces_becomes_a_flow_mapping() {
    sets(
        "{a: , b: 1}\n",
        "a",
        &["c"],
        TRUE,
        "{a: {c: true} , b: 1}\n",
    );
    sets("{\"a\":}\n", "a", &["c"], TRUE, "{\"a\": {\"c\":true}}\n");
    sets("{a:\n}\n", "", &["b"], TRUE, "{a: , b: true\n}\n");
    sets(
        "{a: ~, b: 1}\n",
        "a",
        &["c"],
        TRUE,
        "{a: {c: true}, b: 1}\n",
    );
    sets("[~]\n", "0", &["c"], TRUE, "[{c: true}]\n");
}

#[test]
fn a_null_becomes_a_sequence() {
    pushes(
        "w:\n  a: 1\nc:\nd:\n- x\n",
        "",
        &["c"],
        "A",
        "w:\n  a: 1\nc:\n- A\nd:\n- x\n",
    );
    pushes("c: ~ # c\n", "", &["c"], "A", "c: # c\n  - A\n");
    sets("c: &x\n", "", &["c"], text("A"), "c: &x A\n");
    sets("c:\nd: 1\n", "", &["c"], list(&[]), "c: []\nd: 1\n");
}
