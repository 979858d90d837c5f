//! The forty edit cases that were used to compare sixteen YAML libraries.

use super::*;

#[test]
fn case_01_add_list_among_comments_and_anchors() {
    sets(
        "# top\nservices:\n  # the web\n  web: &web # main\n    image: nginx # pinned\n\n  # the db\n  db:\n    image: x\n",
        "services.web",
        &["cap_drop"],
        list(&["ALL"]),
        "# top\nservices:\n  # the web\n  web: &web # main\n    image: nginx # pinned\n    cap_drop:\n      - ALL\n\n  # the db\n  db:\n    image: x\n",
    );
}

#[test]
fn case_02_add_to_empty_braces() {
    sets(
        "web: {}\ndb: 1\n",
        "web",
        &["read_only"],
        TRUE,
        "web:\n  read_only: true\ndb: 1\n",
    );
    sets(
        "web: { } # c\n",
        "web",
        &["read_only"],
        TRUE,
        "web: # c\n  read_only: true\n",
    );
    sets(
        "web: {\n  # c\n}\n",
        "web",
        &["a"],
        TRUE,
        "web: {\n  # c\n  a: true\n}\n",
    );
}

#[test]
fn case_03_null_service_at_end_of_file() {
    sets(
        "services:\n  web:",
        "services.web",
        &["read_only"],
        TRUE,
        "services:\n  web:\n    read_only: true",
    );
    sets(
        "services:\n  web:\n",
        "services.web",
        &["read_only"],
        TRUE,
        "services:\n  web:\n    read_only: true\n",
    );
}

#[test]
fn case_04_null_service_with_comment_and_sibling() {
    sets(
        "services:\n  web: # todo\n  db:\n    image: x\n",
        "services.web",
        &["read_only"],
        TRUE,
        "services:\n  web: # todo\n    read_only: true\n  db:\n    image: x\n",
    );
}

#[test]
fn case_05_service_is_an_alias() {
    let source = "x: &base\n  image: a\nservices:\n  web: *base\n  db: *base\n";
    let refused = edit(source, "services", |editor, node| {
        editor.set(node, &["web", "read_only"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::ThroughAlias { anchor, .. }) if anchor == "base"));
    let refused = edit(source, "services.web", |editor, node| {
        editor.set(node, &["read_only"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::ThroughAlias { .. })));
}

#[test]
fn case_06_service_with_a_merge_key() {
    sets(
        "x: &b\n  image: a\nservices:\n  web:\n    <<: *b\n    tty: true\n",
        "services.web",
        &["read_only"],
        TRUE,
        "x: &b\n  image: a\nservices:\n  web:\n    <<: *b\n    tty: true\n    read_only: true\n",
    );
}

#[test]
fn case_07_append_to_flow_sequence() {
    pushes(
        "cap_drop: [A, B] # c\n",
        "",
        &["cap_drop"],
        "C",
        "cap_drop: [A, B, C] # c\n",
    );
    pushes(
        "a: [\"A\",\"B\"]\n",
        "",
        &["a"],
        "C",
        "a: [\"A\",\"B\",\"C\"]\n",
    );
}

#[test]
fn case_08_append_to_indentless_sequence() {
    pushes(
        "web:\n  cap_drop:\n  - A\n  x: 1\n",
        "web",
        &["cap_drop"],
        "B",
        "web:\n  cap_drop:\n  - A\n  - B\n  x: 1\n",
    );
}

#[test]
fn case_09_append_to_indented_sequence_with_trailing_comment() {
    pushes(
        "web:\n  cap_drop:\n    - A # why\n  # next\n  x: 1\n",
        "web",
        &["cap_drop"],
        "B",
        "web:\n  cap_drop:\n    - A # why\n    - B\n  # next\n  x: 1\n",
    );
}

#[test]
fn case_10_insert_before_trailing_comments() {
    sets(
        "web:\n  a: 1\n\n  # trailing\n# end\n",
        "web",
        &["b"],
        TRUE,
        "web:\n  a: 1\n  b: true\n\n  # trailing\n# end\n",
    );
}

/// Commented-out parts of a value stay with the value.
#[test]
fn deeper_comments_stay_above_added_entries() {
    sets(
        "web:\n  a:\n    x: 1\n    # y: 2\n  # b: 1\n",
        "web",
        &["c"],
        TRUE,
        "web:\n  a:\n    x: 1\n    # y: 2\n  c: true\n  # b: 1\n",
    );
    sets(
        "web:\n  a: |\n    x\n   # y",
        "web",
        &["c"],
        TRUE,
        "web:\n  a: |\n    x\n   # y\n  c: true",
    );
    sets(
        "web:\n  a: |+\n    x\n\n   # y\n  # z\n",
        "web",
        &["c"],
        TRUE,
        "web:\n  a: |+\n    x\n\n   # y\n  c: true\n  # z\n",
    );
    sets(
        "web:\n  a: |+\n    x\n\n   # y",
        "web",
        &["c"],
        TRUE,
        "web:\n  a: |+\n    x\n\n  c: true\n   # y",
    );
    sets(
        "web:\r\n  a: 1\r\n    # y",
        "web",
        &["c"],
        TRUE,
        "web:\r\n  a: 1\r\n    # y\r\n  c: true",
    );
}

#[test]
fn case_11_crlf() {
    sets(
        "web:\r\n  a: 1\r\ndb: 2\r\n",
        "web",
        &["b", "c"],
        TRUE,
        "web:\r\n  a: 1\r\n  b:\r\n    c: true\r\ndb: 2\r\n",
    );
    sets(
        "web:\r  a: 1\rdb: 2\r",
        "web",
        &["b"],
        TRUE,
        "web:\r  a: 1\r  b: true\rdb: 2\r",
    );
    sets(
        "web:\n  a: 1\r\ndb: 2\n",
        "web",
        &["b"],
        TRUE,
        "web:\n  a: 1\r\n  b: true\r\ndb: 2\n",
    );
    sets(
        "web:\r\n  a: 1",
        "web",
        &["b"],
        TRUE,
        "web:\r\n  a: 1\r\n  b: true",
    );
}

#[test]
fn case_12_second_document() {
    let out = edit_as(
        Schema::GoYamlV2,
        "a: 1\n---\na: 2\n---\na: 3\n",
        (1, ""),
        |editor, node| editor.set(node, &["b"], TRUE),
    );
    assert_eq!(out.as_deref(), Ok("a: 1\n---\na: 2\nb: true\n---\na: 3\n"));
}

#[test]
fn case_13_nested_security_context_in_indentless_manifest() {
    sets(
        "spec:\n  containers:\n  - name: a\n    image: x\n    ports:\n    - containerPort: 1\n  volumes: []\n",
        "spec.containers.0",
        &["securityContext", "capabilities", "drop"],
        list(&["ALL"]),
        "spec:\n  containers:\n  - name: a\n    image: x\n    ports:\n    - containerPort: 1\n    securityContext:\n      capabilities:\n        drop:\n        - ALL\n  volumes: []\n",
    );
}

#[test]
fn case_14_replace_scalar_keep_comment() {
    sets(
        "a: 1\nb: false # why\nc: 2\n",
        "",
        &["b"],
        TRUE,
        "a: 1\nb: true # why\nc: 2\n",
    );
}

#[test]
fn case_15_remove_middle_item() {
    drops(
        "c:\n  - A # a\n  - B # b\n  - C # c\n",
        "c.1",
        "c:\n  - A # a\n  - C # c\n",
    );
    drops("c: [A, B, C]\n", "c.1", "c: [A, C]\n");
}

#[test]
fn case_16_remove_only_item() {
    drops("c: # why\n  - A # a\nd: 1\n", "c.0", "c: [] # why\nd: 1\n");
    drops("c:\n- A", "c.0", "c: []");
    drops("c: [A]\n", "c.0", "c: []\n");
    drops("c: &x\n  - A\n", "c.0", "c: &x []\n");
    drops("c: &x\n  !!seq\n  - A\n", "c.0", "c: &x\n  !!seq []\n");
    removes(
        "key: &a\n  !!map\n  a: b\n",
        "key",
        &["a"],
        "key: &a\n  !!map {}\n",
    );
}

#[test]
fn case_17_tab_after_colon() {
    sets(
        "web:\n  image:\tnginx\t# t\n",
        "web",
        &["a"],
        TRUE,
        "web:\n  image:\tnginx\t# t\n  a: true\n",
    );
    sets(
        "web:\n  image:\tnginx\t# t\n",
        "web",
        &["image"],
        text("x"),
        "web:\n  image:\tx\t# t\n",
    );
}

#[test]
fn case_18_four_spaces() {
    sets(
        "services:\n    web:\n        image: x\n",
        "services.web",
        &["deploy", "resources", "limits"],
        map(vec![("memory", text("512M")), ("devices", list(&["A"]))]),
        "services:\n    web:\n        image: x\n        deploy:\n            resources:\n                limits:\n                    memory: 512M\n                    devices:\n                        - A\n",
    );
    sets(
        "a:\n   b:\n      c: 1\n",
        "a.b",
        &["d", "e"],
        TRUE,
        "a:\n   b:\n      c: 1\n      d:\n         e: true\n",
    );
}

#[test]
fn case_19_and_20_no_final_newline() {
    sets(
        "web:\n  a: 1",
        "web",
        &["b"],
        TRUE,
        "web:\n  a: 1\n  b: true",
    );
    sets("web:\n  a: 1", "web", &["a"], TRUE, "web:\n  a: true");
    sets(
        "web:\n  a: 1 # c",
        "web",
        &["b"],
        TRUE,
        "web:\n  a: 1 # c\n  b: true",
    );
}

#[test]
fn case_21_after_literal() {
    sets(
        "w:\n  a: |\n    one\n    two\n\n  # c\nb: 2\n",
        "w",
        &["x"],
        TRUE,
        "w:\n  a: |\n    one\n    two\n  x: true\n\n  # c\nb: 2\n",
    );
}

#[test]
fn case_22_after_kept_line_breaks() {
    sets(
        "w:\n  a: |+\n    one\n\n\nb: 2\n",
        "w",
        &["x"],
        TRUE,
        "w:\n  a: |+\n    one\n\n\n  x: true\nb: 2\n",
    );
    sets(
        "w:\r\n  a: |+\r\n    one\r\n\r\nb: 2\r\n",
        "w",
        &["x"],
        TRUE,
        "w:\r\n  a: |+\r\n    one\r\n\r\n  x: true\r\nb: 2\r\n",
    );
    sets(
        "w:\n  a: |+\n    one\n\n",
        "w",
        &["x"],
        TRUE,
        "w:\n  a: |+\n    one\n\n  x: true\n",
    );
}

#[test]
fn case_23_add_to_flow_mapping_over_several_lines() {
    sets(
        "w: {\n  a: 1, # one\n  b: 2 # two\n}\n",
        "w",
        &["c"],
        TRUE,
        "w: {\n  a: 1, # one\n  b: 2, # two\n  c: true\n}\n",
    );
    sets(
        "w: {\n  a: 1,\n  b: 2 }\n",
        "w",
        &["c"],
        TRUE,
        "w: {\n  a: 1,\n  b: 2,\n  c: true }\n",
    );
}

#[test]
fn case_24_add_to_flow_mapping_on_one_line() {
    sets(
        "w: {a: 1} # c\n",
        "w",
        &["b"],
        TRUE,
        "w: {a: 1, b: true} # c\n",
    );
    sets(
        "w: { a: 1 }\n",
        "w",
        &["b", "c"],
        TRUE,
        "w: { a: 1, b: { c: true } }\n",
    );
    sets("w: {a}\n", "w", &["b"], TRUE, "w: {a, b: true}\n");
    sets("w: {a: }\n", "w", &["b"], TRUE, "w: {a: , b: true}\n");
}

#[test]
fn case_25_append_behind_trailing_comma() {
    pushes(
        "c: [\n  A, # a\n  B, # b\n]\n",
        "",
        &["c"],
        "C",
        "c: [\n  A, # a\n  B, # b\n  C,\n]\n",
    );
    pushes(
        "c: [\nA,\nB # b\n]\n",
        "",
        &["c"],
        "C",
        "c: [\nA,\nB, # b\nC\n]\n",
    );
    pushes("c: [A, B,]\n", "", &["c"], "C", "c: [A, B, C,]\n");
}

#[test]
fn case_26_quoted_key() {
    sets(
        "\"web\":\n  'a': 1\n",
        "",
        &["web", "a"],
        TRUE,
        "\"web\":\n  'a': true\n",
    );
}

#[test]
fn case_27_after_plain_scalar_over_several_lines() {
    sets(
        "w:\n  a: one\n    two # c\n  # d\nb: 1\n",
        "w",
        &["x"],
        TRUE,
        "w:\n  a: one\n    two # c\n  x: true\n  # d\nb: 1\n",
    );
}

#[test]
fn case_28_utf8_before() {
    sets(
        "ключ: значение # π\nw:\n  é: 1\n",
        "w",
        &["a"],
        TRUE,
        "ключ: значение # π\nw:\n  é: 1\n  a: true\n",
    );
}

#[test]
fn case_29_byte_order_mark() {
    sets(
        "\u{FEFF}a: 1\n",
        "",
        &["b"],
        TRUE,
        "\u{FEFF}a: 1\nb: true\n",
    );
    removes("\u{FEFF}a: 1\nb: 2\n", "", &["b"], "\u{FEFF}a: 1\n");
}

#[test]
fn case_30_remove_entry_with_its_comments() {
    removes(
        "web:\n  a: 1\n  # of privileged\n  privileged: true # bad\n  # of b\n  b: 2\n",
        "web",
        &["privileged"],
        "web:\n  a: 1\n  # of b\n  b: 2\n",
    );
    removes(
        "a: 1\nb:\n  - c\n  # in b\n# of d\nd: 1\n",
        "",
        &["b"],
        "a: 1\n# of d\nd: 1\n",
    );
    removes("# licence\na: 1\nb: 2\n", "", &["a"], "# licence\nb: 2\n");
    removes("a: 1\nb: 2", "", &["b"], "a: 1");
    removes("a: 1\r\nb: 2", "", &["b"], "a: 1");
}

#[test]
fn case_31_anchored_mapping() {
    sets(
        "w: &w\n  a: 1\nx: 2\n",
        "w",
        &["b"],
        TRUE,
        "w: &w\n  a: 1\n  b: true\nx: 2\n",
    );
}

#[test]
fn case_32_tagged_sequence() {
    pushes(
        "c: !override\n  - A\n",
        "",
        &["c"],
        "B",
        "c: !override\n  - A\n  - B\n",
    );
    pushes(
        "c: !override [A]\n",
        "",
        &["c"],
        "B",
        "c: !override [A, B]\n",
    );
}

#[test]
fn case_33_null_with_trailing_blanks() {
    sets(
        "s:\n  web:   \n  db: 1\n",
        "s.web",
        &["a"],
        TRUE,
        "s:\n  web:   \n    a: true\n  db: 1\n",
    );
}

#[test]
fn case_34_body_of_comments() {
    sets(
        "s:\n  web:\n    # image: x\n  db: 1\n",
        "s.web",
        &["a"],
        TRUE,
        "s:\n  web:\n    a: true\n    # image: x\n  db: 1\n",
    );
}

#[test]
fn case_35_document_end_markers() {
    sets(
        "%YAML 1.1\n---\na: 1\n... # end\n",
        "",
        &["b"],
        TRUE,
        "%YAML 1.1\n---\na: 1\nb: true\n... # end\n",
    );
    sets(
        "--- {c: 3}\n...\n",
        "",
        &["b"],
        TRUE,
        "--- {c: 3, b: true}\n...\n",
    );
}

#[test]
fn case_36_append_to_empty_brackets() {
    pushes("c: [] # c\n", "", &["c"], "A", "c: # c\n  - A\n");
    pushes("c: [ ]\n", "", &["c"], "A", "c:\n  - A\n");
    pushes("{c: [ ]}\n", "", &["c"], "A", "{c: [A]}\n");
    sets("{}\n", "", &["c"], TRUE, "{c: true}\n");
}

#[test]
fn case_37_blank_lines_and_trailing_blanks_stay() {
    sets(
        "w:\n  a: 1  \n\n\n\nb: 2 \t\n",
        "w",
        &["c"],
        TRUE,
        "w:\n  a: 1  \n  c: true\n\n\n\nb: 2 \t\n",
    );
}

#[test]
fn case_38_flow_mapping_in_sequence() {
    sets(
        "c:\n  - {name: a, image: x}\n",
        "c.0",
        &["b"],
        TRUE,
        "c:\n  - {name: a, image: x, b: true}\n",
    );
    sets(
        "c:\n  - { name: a }\n",
        "c.0",
        &["b"],
        TRUE,
        "c:\n  - { name: a, b: true }\n",
    );
}

#[test]
fn case_39_json() {
    sets(
        "{\"a\":1,\"b\":[1]}\n",
        "",
        &["c", "d"],
        text("x"),
        "{\"a\":1,\"b\":[1],\"c\":{\"d\":\"x\"}}\n",
    );
    sets(
        "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": {}\n}\n",
        "",
        &["a", "d", "e"],
        list(&["x", "y"]),
        "{\n  \"a\": {\n    \"b\": 1,\n    \"d\": {\n      \"e\": [\n        \"x\",\n        \"y\"\n      ]\n    }\n  },\n  \"c\": {}\n}\n",
    );
    sets(
        "{\n\t\"a\": {},\n\t\"c\": null\n}",
        "a",
        &["b"],
        TRUE,
        "{\n\t\"a\": {\n\t\t\"b\": true\n\t},\n\t\"c\": null\n}",
    );
    sets(
        "{\n    \"a\": 1,\n    \"c\": null\n}",
        "",
        &["c", "d"],
        Value::Int(5),
        "{\n    \"a\": 1,\n    \"c\": {\n        \"d\": 5\n    }\n}",
    );
}

#[test]
fn case_40_replace_keeps_quotes() {
    sets(
        "user: \"root\" # c\n",
        "",
        &["user"],
        text("1000:1000"),
        "user: \"1000:1000\" # c\n",
    );
    sets(
        "user: 'root'\n",
        "",
        &["user"],
        text("it's"),
        "user: 'it''s'\n",
    );
    sets(
        "user: root\n",
        "",
        &["user"],
        text("1000:1000"),
        "user: \"1000:1000\"\n",
    );
    sets(
        "user: root\n",
        "",
        &["user"],
        text("nobody"),
        "user: nobody\n",
    );
    sets("a: \"false\"\n", "", &["a"], TRUE, "a: true\n");
}
