//! Edits with their exact bytes: every style of surroundings, every trap.

use super::*;
use crate::syntax::{Limits, Mode, parse};

fn tree(source: &str) -> Tree<'_> {
    parse(source, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {source:?}"))
}

/// The node at a path of keys and positions in a document; aliases are not followed.
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
    edit_as(Schema::Compose, source, (0, at), work)
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

// The forty cases that sixteen libraries were measured with.

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

/// What is commented out of a value stays with it.
#[test]
fn deeper_comments_stay_above_what_is_added_below_them() {
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
        Schema::Kubernetes,
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

// Six spellings of nothing.

#[test]
fn a_null_in_each_spelling_becomes_a_mapping() {
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

#[test]
fn several_operations_merge_into_one_insertion() {
    let source = "spec:\n  a: 1\n";
    let tree = tree(source);
    let spec = find(&tree, 0, "spec");
    let mut editor = Editor::new(&tree, Schema::Kubernetes);
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
fn set_of_what_is_so_changes_nothing() {
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
fn removing_beside_block_scalars_keeps_their_text() {
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
fn keys_that_kubernetes_would_type_are_quoted() {
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
fn pushed_mappings_stand_as_their_neighbours_do() {
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

// Refusals.

#[track_caller]
fn refusal(source: &str, at: &str, path: &[&str]) -> Refusal {
    edit(source, at, |editor, node| editor.set(node, path, TRUE)).expect_err("an edit was made")
}

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
    let kubernetes = edit_as(Schema::Kubernetes, own_first, (0, "c"), |editor, node| {
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
fn what_cannot_hold_an_edit_is_refused() {
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
        Schema::Kubernetes,
        "yes: 1\ntrue: 2\n",
        (0, ""),
        |editor, root| editor.set(root, &["a"], TRUE),
    );
    assert!(matches!(kubernetes, Err(Refusal::DuplicateKey { .. })));
}

// What random operations found.

#[test]
fn a_merge_key_is_no_entry() {
    let refused = refusal("x: &x {a: 1}\ny:\n  <<: *x\n", "y", &["<<", "a"]);
    assert_eq!(refused, Refusal::MergeKey);
}

#[test]
fn tabs_behind_an_explicit_colon() {
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
fn a_comma_behind_a_tag() {
    pushes("[~, !t ]\n", "", &[], "A", "[~, !t , A]\n");
}

#[test]
fn removing_what_is_not_there_is_no_edit() {
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
fn an_empty_path_replaces_nothing_that_was_planned() {
    let source = "a:\n";
    let outcome = edit(source, "a", |editor, null| {
        editor.push(null, &[], TRUE)?;
        editor.set(null, &[], TRUE)
    });
    assert_eq!(outcome, Err(Refusal::EmptyPath));
}

#[test]
fn keys_of_which_nothing_is_written() {
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
fn tabs_below_what_changes() {
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
fn a_null_key_is_no_place() {
    let refused = edit("&k : a\n", "", |editor, root| {
        let key = editor.tree.children(root).next().unwrap();
        editor.set(key, &["b"], TRUE)
    });
    assert!(matches!(refused, Err(Refusal::NotAMapping { .. })));
}

#[test]
fn an_item_is_replaced_up_to_the_line_breaks_that_its_last_scalar_keeps() {
    let source = "- a: 1\n  b: |+\n   x\n- c\n";
    let after = edit(source, "", |editor, root| {
        let item = editor.tree.children(root).next().unwrap();
        editor.set_item(item, map(vec![("a", text("y"))]))
    })
    .unwrap();
    assert_eq!(after, "- a: \"y\"\n- c\n");
}

#[test]
fn blank_lines_below_several_items_that_go_do_not_join_the_scalar_above() {
    let source = "a:\n  - |+\n   x\n\n  - b\n  - c\n\nd: e\n";
    let after = edit(source, "a", |editor, seq| {
        let items: Vec<NodeId> = editor.tree.children(seq).skip(1).collect();
        items
            .into_iter()
            .try_for_each(|item| editor.remove_item(item))
    });
    assert_eq!(after.as_deref(), Ok("a:\n  - |+\n   x\n\nd: e\n"));
}
