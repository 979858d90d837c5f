//! The effects of edits on the bytes around them, in single cases and on every corpus file.

use harden::proof::witness;
use harden::syntax::{
    Editor, Kind, Limits, Mode, NodeId, Refusal, Schema, Tree, Value, compare, parse,
};

type Operation<'o> = &'o dyn Fn(&mut Editor<'_, '_>, NodeId) -> Result<(), Refusal>;

/// Applies the operation to the mapping at `path` and proves the result.
fn edited(source: &str, path: &[&str], operation: Operation<'_>) -> Result<String, Refusal> {
    let tree = read(source);
    let map = node_at(&tree, path);
    let mut editor = Editor::new(&tree, Schema::GoYamlV4);
    operation(&mut editor, map)?;
    let plan = editor.finish();
    let result = plan.apply(source);
    let after = parse(&result, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error} in\n{result}"));
    compare(&tree, &plan, &after).unwrap_or_else(|error| panic!("{error} in\n{result}"));
    witness(&after).unwrap_or_else(|error| panic!("{error} in\n{result}"));
    Ok(result)
}

fn read(source: &str) -> Tree<'_> {
    parse(source, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error} in\n{source}"))
}

/// The value at a path of keys; a number is the index of an item, and the last document counts.
fn node_at(tree: &Tree<'_>, path: &[&str]) -> NodeId {
    let mut node = tree.documents().last().expect("a document").root;
    for step in path {
        node = match step.parse::<usize>() {
            Ok(index) if tree.node(node).kind == Kind::Seq => {
                tree.children(node).nth(index).expect("an item")
            }
            _ => tree
                .get(node, step, Schema::GoYamlV4)
                .expect("a key")
                .value(),
        };
    }
    node
}

fn text(value: &str) -> Value {
    Value::Str(value.to_owned())
}

fn set_read_only(editor: &mut Editor<'_, '_>, map: NodeId) -> Result<(), Refusal> {
    editor.set(map, &["read_only"], Value::Bool(true))
}

fn push_cap_drop(editor: &mut Editor<'_, '_>, map: NodeId) -> Result<(), Refusal> {
    editor.push(map, &["cap_drop"], text("ALL"))
}

/// `set read_only: true` in the mapping at the path: source, path, result.
const SET: &[(&str, &str, &[&str], &str)] = &[
    (
        "block mapping",
        "web:\n  image: x\n",
        &["web"],
        "web:\n  image: x\n  read_only: true\n",
    ),
    (
        "trailing comment stays",
        "web:\n  image: x # why\n# end\n",
        &["web"],
        "web:\n  image: x # why\n  read_only: true\n# end\n",
    ),
    (
        "blank lines belong to what follows",
        "web:\n  image: x\n\n\ndb:\n  image: y\n",
        &["web"],
        "web:\n  image: x\n  read_only: true\n\n\ndb:\n  image: y\n",
    ),
    (
        "null at the end of the file",
        "web:",
        &["web"],
        "web:\n  read_only: true",
    ),
    (
        "null with blanks",
        "web:   \ndb: 1\n",
        &["web"],
        "web:   \n  read_only: true\ndb: 1\n",
    ),
    (
        "null with a comment",
        "web: # todo\ndb: 1\n",
        &["web"],
        "web: # todo\n  read_only: true\ndb: 1\n",
    ),
    (
        "null with an anchor",
        "web: &x\ndb: 1\n",
        &["web"],
        "web: &x\n  read_only: true\ndb: 1\n",
    ),
    (
        "null with a tag",
        "web: !!map\ndb: 1\n",
        &["web"],
        "web: !!map\n  read_only: true\ndb: 1\n",
    ),
    (
        "tilde",
        "web: ~ # todo\ndb: 1\n",
        &["web"],
        "web: # todo\n  read_only: true\ndb: 1\n",
    ),
    (
        "null by name",
        "web: null\n",
        &["web"],
        "web:\n  read_only: true\n",
    ),
    (
        "empty braces",
        "web: {} # todo\n",
        &["web"],
        "web: # todo\n  read_only: true\n",
    ),
    (
        "empty braces on a line of their own",
        "web:\n  { }\ndb: 1\n",
        &["web"],
        "web:\n  read_only: true\ndb: 1\n",
    ),
    (
        "flow on one line",
        "web: {image: x}\n",
        &["web"],
        "web: {image: x, read_only: true}\n",
    ),
    (
        "padded flow",
        "web: { image: x }\n",
        &["web"],
        "web: { image: x, read_only: true }\n",
    ),
    (
        "flow with a trailing comma",
        "web: {image: x,}\n",
        &["web"],
        "web: {image: x, read_only: true,}\n",
    ),
    (
        "flow over several lines",
        "web: {\n  image: x\n}\n",
        &["web"],
        "web: {\n  image: x,\n  read_only: true\n}\n",
    ),
    (
        "flow with commas and comments",
        "web: {\n  image: x, # b\n}\n",
        &["web"],
        "web: {\n  image: x, # b\n  read_only: true,\n}\n",
    ),
    (
        "flow with a comment and no comma",
        "web: {\n  image: x # b\n}\n",
        &["web"],
        "web: {\n  image: x, # b\n  read_only: true\n}\n",
    ),
    (
        "pretty JSON",
        "{\n  \"web\": {\n    \"image\": \"x\"\n  }\n}\n",
        &["web"],
        "{\n  \"web\": {\n    \"image\": \"x\",\n    \"read_only\": true\n  }\n}\n",
    ),
    (
        "compact JSON",
        "{\"web\":{\"image\":\"x\",\"b\":[1]}}",
        &["web"],
        "{\"web\":{\"image\":\"x\",\"b\":[1],\"read_only\":true}}",
    ),
    (
        "CRLF",
        "web:\r\n  image: x\r\n",
        &["web"],
        "web:\r\n  image: x\r\n  read_only: true\r\n",
    ),
    (
        "lone CR",
        "web:\r  image: x\r",
        &["web"],
        "web:\r  image: x\r  read_only: true\r",
    ),
    (
        "no final line break",
        "web:\n  image: x",
        &["web"],
        "web:\n  image: x\n  read_only: true",
    ),
    (
        "CRLF without a final break",
        "web:\r\n  image: x",
        &["web"],
        "web:\r\n  image: x\r\n  read_only: true",
    ),
    (
        "byte order mark",
        "\u{feff}web:\n  image: x\n",
        &["web"],
        "\u{feff}web:\n  image: x\n  read_only: true\n",
    ),
    (
        "four spaces",
        "web:\n    image: x\n",
        &["web"],
        "web:\n    image: x\n    read_only: true\n",
    ),
    (
        "an anchored mapping nobody reads",
        "web: &w # main\n  image: x\n",
        &["web"],
        "web: &w # main\n  image: x\n  read_only: true\n",
    ),
    (
        "after <<",
        "b: &b {c: 1}\nweb:\n  <<: *b\n",
        &["web"],
        "b: &b {c: 1}\nweb:\n  <<: *b\n  read_only: true\n",
    ),
    (
        "overrides a merged scalar",
        "b: &b {read_only: false}\nweb:\n  <<: *b\n",
        &["web"],
        "b: &b {read_only: false}\nweb:\n  <<: *b\n  read_only: true\n",
    ),
    (
        "after a literal",
        "web:\n  command: |\n    a\n\n# c\n",
        &["web"],
        "web:\n  command: |\n    a\n  read_only: true\n\n# c\n",
    ),
    (
        "after kept line breaks",
        "web:\n  command: |+\n    a\n\ndb: 1\n",
        &["web"],
        "web:\n  command: |+\n    a\n\n  read_only: true\ndb: 1\n",
    ),
    (
        "after an indentless sequence",
        "web:\n  ports:\n  - 80\n",
        &["web"],
        "web:\n  ports:\n  - 80\n  read_only: true\n",
    ),
    (
        "after a folded plain scalar",
        "web:\n  image: x\n    y\n",
        &["web"],
        "web:\n  image: x\n    y\n  read_only: true\n",
    ),
    (
        "on a dash line",
        "- name: a\n  image: x\n- name: b\n",
        &["0"],
        "- name: a\n  image: x\n  read_only: true\n- name: b\n",
    ),
    (
        "after a wide dash",
        "-   name: a\n",
        &["0"],
        "-   name: a\n    read_only: true\n",
    ),
    (
        "the second document",
        "a: 1\n---\nweb:\n  b: 1\n...\n",
        &["web"],
        "a: 1\n---\nweb:\n  b: 1\n  read_only: true\n...\n",
    ),
    (
        "tabs after colons",
        "web:\n  image:\tx\t# t\n",
        &["web"],
        "web:\n  image:\tx\t# t\n  read_only: true\n",
    ),
    (
        "replaces and keeps the comment",
        "web:\n  read_only: false # why\n",
        &["web"],
        "web:\n  read_only: true # why\n",
    ),
    (
        "fills an empty value",
        "web:\n  read_only:\n  image: x\n",
        &["web"],
        "web:\n  read_only: true\n  image: x\n",
    ),
    (
        "comment-only body",
        "web:\n  # soon\ndb: 1\n",
        &["web"],
        "web:\n  read_only: true\n  # soon\ndb: 1\n",
    ),
    (
        "non-ASCII text before",
        "ключ: значение # π\nweb:\n  a: 1\n",
        &["web"],
        "ключ: значение # π\nweb:\n  a: 1\n  read_only: true\n",
    ),
];

/// `push ALL` to `cap_drop` of the mapping at the path.
const PUSH: &[(&str, &str, &[&str], &str)] = &[
    (
        "missing",
        "web:\n  image: x\n",
        &["web"],
        "web:\n  image: x\n  cap_drop:\n    - ALL\n",
    ),
    (
        "as its sibling is indented",
        "web:\n  ports:\n  - 80\n",
        &["web"],
        "web:\n  ports:\n  - 80\n  cap_drop:\n  - ALL\n",
    ),
    (
        "as the document is indented",
        "a:\n   b:\n       - c\nweb:\n   image: x\n",
        &["web"],
        "a:\n   b:\n       - c\nweb:\n   image: x\n   cap_drop:\n       - ALL\n",
    ),
    (
        "block",
        "web:\n  cap_drop:\n    - A # a\n    # b\n  image: x\n",
        &["web"],
        "web:\n  cap_drop:\n    - A # a\n    - ALL\n    # b\n  image: x\n",
    ),
    (
        "indentless",
        "web:\n  cap_drop:\n  - A\n",
        &["web"],
        "web:\n  cap_drop:\n  - A\n  - ALL\n",
    ),
    (
        "flow",
        "web:\n  cap_drop: [A]\n",
        &["web"],
        "web:\n  cap_drop: [A, ALL]\n",
    ),
    (
        "padded flow",
        "web:\n  cap_drop: [ A ]\n",
        &["web"],
        "web:\n  cap_drop: [ A, ALL ]\n",
    ),
    (
        "flow over lines",
        "web:\n  cap_drop: [\n    A,\n    B, # b\n  ]\n",
        &["web"],
        "web:\n  cap_drop: [\n    A,\n    B, # b\n    ALL,\n  ]\n",
    ),
    (
        "bracket in column 0",
        "web:\n  cap_drop: [\n    A\n]\n",
        &["web"],
        "web:\n  cap_drop: [\n    A,\n    ALL\n]\n",
    ),
    (
        "empty brackets",
        "web:\n  cap_drop: []\n  a: 1\n",
        &["web"],
        "web:\n  cap_drop:\n    - ALL\n  a: 1\n",
    ),
    (
        "null",
        "web:\n  cap_drop:\n  a: 1\n",
        &["web"],
        "web:\n  cap_drop:\n    - ALL\n  a: 1\n",
    ),
    (
        "into a flow mapping",
        "web: {image: x}\n",
        &["web"],
        "web: {image: x, cap_drop: [ALL]}\n",
    ),
    (
        "tagged",
        "web:\n  cap_drop: !override\n    - A\n",
        &["web"],
        "web:\n  cap_drop: !override\n    - A\n    - ALL\n",
    ),
    (
        "pretty JSON",
        "{\n  \"web\": {\n    \"a\": 1\n  }\n}",
        &["web"],
        "{\n  \"web\": {\n    \"a\": 1,\n    \"cap_drop\": [\n      \"ALL\"\n    ]\n  }\n}",
    ),
];

/// Removes `a` from the mapping at the path.
const REMOVE: &[(&str, &str, &[&str], &str)] = &[
    (
        "with its comments",
        "web:\n  # about a\n  a: 1 # here\n  b: 2\n",
        &["web"],
        "web:\n  b: 2\n",
    ),
    (
        "the last one",
        "web:\n  b: 2\n  a: 1\n",
        &["web"],
        "web:\n  b: 2\n",
    ),
    (
        "without a final line break",
        "web:\n  b: 2\n  a: 1",
        &["web"],
        "web:\n  b: 2",
    ),
    (
        "a whole collection",
        "web:\n  a:\n    - 1\n    - 2\n  b: 2\n",
        &["web"],
        "web:\n  b: 2\n",
    ),
    (
        "the only one",
        "web:\n  a: 1\ndb: 1\n",
        &["web"],
        "web: {}\ndb: 1\n",
    ),
    ("on a dash line", "- a: 1\n  b: 2\n", &["0"], "- b: 2\n"),
    (
        "from flow",
        "web: {a: 1, b: 2}\n",
        &["web"],
        "web: {b: 2}\n",
    ),
    (
        "the last from flow",
        "web: {b: 2, a: 1}\n",
        &["web"],
        "web: {b: 2}\n",
    ),
    (
        "the only one from flow",
        "web: {a: 1}\n",
        &["web"],
        "web: {}\n",
    ),
];

#[test]
fn set_writes_in_the_style_of_the_surroundings() {
    check(SET, &set_read_only);
}

#[test]
fn push_writes_in_the_style_of_the_surroundings() {
    check(PUSH, &push_cap_drop);
}

#[test]
fn remove_deletes_everything_of_the_entry() {
    check(REMOVE, &|editor, map| editor.remove(map, &["a"]));
}

fn check(cases: &[(&str, &str, &[&str], &str)], operation: Operation<'_>) {
    for (name, source, path, expected) in cases {
        let result =
            edited(source, path, operation).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(result, *expected, "{name}");
    }
}

#[test]
fn several_operations_into_one_missing_mapping_are_one_insertion() {
    let source = "web:\n    image: x\n";
    let result = edited(source, &["web"], &|editor, map| {
        editor.set(
            map,
            &["deploy", "resources", "limits", "memory"],
            text("512M"),
        )?;
        editor.set(map, &["deploy", "resources", "limits", "cpus"], text("1"))?;
        editor.push(map, &["tmpfs"], text("/tmp:size=64m"))?;
        editor.push(map, &["tmpfs"], text("/run"))
    });
    let expected = "web:\n    image: x\n    deploy:\n        resources:\n            limits:\n                memory: 512M\n                cpus: \"1\"\n    tmpfs:\n        - /tmp:size=64m\n        - /run\n";
    assert_eq!(result.as_deref(), Ok(expected));
}

#[test]
fn inner_and_outer_insertions_at_one_byte_keep_their_order() {
    let source = "spec:\n  containers:\n    - name: a\n      image: x\n";
    let result = edited(source, &["spec"], &|editor, spec| {
        editor.push(
            spec,
            &["volumes"],
            Value::Map(vec![("name".to_owned(), text("tmp"))]),
        )?;
        editor.set(NodeId::clone(&spec), &["x"], Value::Int(1))
    });
    assert_eq!(
        result.as_deref(),
        Ok(
            "spec:\n  containers:\n    - name: a\n      image: x\n  volumes:\n    - name: tmp\n  x: 1\n"
        )
    );
}

#[test]
fn removing_items_leaves_valid_lists() {
    for (source, index, expected) in [
        ("a:\n  - 1\n  - 2\n  - 3\n", 1, "a:\n  - 1\n  - 3\n"),
        ("a:\n  - 1 # x\nb: 2\n", 0, "a: []\nb: 2\n"),
        ("a: # list\n- 1\n", 0, "a: [] # list\n"),
        ("a: [1, 2]\n", 1, "a: [1]\n"),
        ("a: [b,]\n", 0, "a: []\n"),
        ("- - 1\n  - 2\n- 3\n", 0, "- 3\n"),
    ] {
        let path: &[&str] = if source.starts_with('-') { &[] } else { &["a"] };
        let tree = read(source);
        let item = tree
            .children(node_at(&tree, path))
            .nth(index)
            .expect("an item");
        let mut editor = Editor::new(&tree, Schema::GoYamlV4);
        editor.remove_item(item).expect("it can be removed");
        let plan = editor.finish();
        let result = plan.apply(source);
        assert_eq!(result, expected);
        compare(&tree, &plan, &read(&result)).expect("it differs as planned");
    }
}

#[test]
fn an_item_is_replaced_in_its_place_and_its_quotes() {
    for (source, expected) in [
        ("a:\n  - b # x\n  - c\n", "a:\n  - new # x\n  - c\n"),
        ("a: ['b', c]\n", "a: ['new', c]\n"),
        ("a: [\"b\", c]\n", "a: [\"new\", c]\n"),
        ("a: [b]\n", "a: [new]\n"),
        ("a:\r\n- 80\r\n- c\r\n", "a:\r\n- new\r\n- c\r\n"),
        ("a:\n  -\n  - c\n", "a:\n  - new\n  - c\n"),
        ("a:\n  - b: 1\n    c: 2\n  - d\n", "a:\n  - new\n  - d\n"),
        ("a:\n  - |\n    b\n  - c\n", "a:\n  - new\n  - c\n"),
    ] {
        let tree = read(source);
        let item = tree
            .children(node_at(&tree, &["a"]))
            .next()
            .expect("an item");
        let mut editor = Editor::new(&tree, Schema::GoYamlV4);
        let value = Value::Str("new".to_owned());
        editor.set_item(item, value).expect("it can be replaced");
        let plan = editor.finish();
        let result = plan.apply(source);
        assert_eq!(result, expected);
        compare(&tree, &plan, &read(&result)).expect("it differs as planned");
    }
    let tree = read("a: [&x b, *x]\n");
    let items: Vec<_> = tree.children(node_at(&tree, &["a"])).collect();
    let mut editor = Editor::new(&tree, Schema::GoYamlV4);
    let value = || Value::Str("new".to_owned());
    assert!(editor.set_item(items[0], value()).is_err());
    assert!(editor.set_item(node_at(&tree, &["a"]), value()).is_err());
    editor.remove_item(items[1]).expect("it can be removed");
    assert!(editor.set_item(items[1], value()).is_err());
}

#[test]
fn edits_that_affect_other_places_are_refused() {
    let refusal = |source, path: &[&str], operation| {
        edited(source, path, operation).expect_err("it is refused")
    };
    let alias = "b: &b {c: 1}\nweb: *b\n";
    assert!(matches!(
        refusal(alias, &["web"], &set_read_only),
        Refusal::ThroughAlias { .. }
    ));
    let shared = "web: &w\n  a: 1\ndb:\n  <<: *w\n";
    assert!(matches!(
        refusal(shared, &["web"], &set_read_only),
        Refusal::SharedAnchor { .. }
    ));
    let merged = "b: &b\n  cap_drop: [A]\nweb:\n  <<: *b\n";
    assert!(matches!(
        refusal(merged, &["web"], &push_cap_drop),
        Refusal::Merged { .. }
    ));
    let pair = "web: [a: 1]\n";
    assert!(matches!(
        refusal(pair, &["web", "0"], &set_read_only),
        Refusal::ImplicitPair { .. }
    ));
    assert!(matches!(
        refusal("{web}\n", &["web"], &set_read_only),
        Refusal::NullWithoutColon { .. }
    ));
    let twice = "web:\n  a: 1\n  'a': 2\n";
    assert!(matches!(
        refusal(twice, &["web"], &set_read_only),
        Refusal::DuplicateKey { .. }
    ));
    let scalar = "web: 1\n";
    assert!(matches!(
        refusal(scalar, &["web"], &set_read_only),
        Refusal::NotAMapping { .. }
    ));
    let string = "web:\n  cap_drop: A\n";
    assert!(matches!(
        refusal(string, &["web"], &push_cap_drop),
        Refusal::NotASequence { .. }
    ));
    let open = "web:\n  a: |\n    x";
    assert!(matches!(
        refusal(open, &["web"], &set_read_only),
        Refusal::OpenBlockScalar { .. }
    ));
    let anchor = "web:\n  a: &x 1\n  b: *x\n";
    let remove: Operation<'_> = &|editor, map| editor.remove(map, &["a"]);
    assert!(matches!(
        refusal(anchor, &["web"], remove),
        Refusal::SharedAnchor { .. }
    ));
}

#[test]
fn setting_an_existing_value_makes_no_edit() {
    let source = "web:\n  read_only: yes\n  user: '1'\n";
    let tree = read(source);
    let web = node_at(&tree, &["web"]);
    let mut editor = Editor::new(&tree, Schema::GoYamlV2);
    editor
        .set(web, &["read_only"], Value::Bool(true))
        .expect("it can be set");
    editor
        .set(web, &["user"], text("1"))
        .expect("it can be set");
    assert!(editor.finish().edits.is_empty());
}

#[test]
fn a_rollback_discards_edits_after_the_checkpoint() {
    let source = "web:\n  a: 1\n";
    let tree = read(source);
    let web = node_at(&tree, &["web"]);
    let mut editor = Editor::new(&tree, Schema::GoYamlV4);
    editor
        .set(web, &["b"], Value::Int(2))
        .expect("it can be set");
    let checkpoint = editor.checkpoint();
    editor
        .push(web, &["c"], Value::Int(3))
        .expect("it can be pushed");
    editor.rollback(checkpoint);
    assert_eq!(editor.finish().apply(source), "web:\n  a: 1\n  b: 2\n");
}

#[test]
fn lines_of_tabs_after_the_last_entry_never_break_the_result() {
    let source = "    image: registr\t\t\t#xd\n\t\t\n\t\t\n\t\t\t#\t ";
    let written = edited(source, &[], &|editor, map| {
        editor.set(map, &["new", "image", "securityContext"], text("x\ny"))
    });
    assert!(written.is_err() || written.is_ok_and(|after| after.contains("securityContext")));
}
