//! Known errors of other parsers, one test for each. Errors in editing are tested elsewhere.

use harden::syntax::{
    Kind, Limits, Mode, NodeId, Scalar, Schema, Style, SyntaxErrorKind, Tree, parse,
};

fn tree(source: &str) -> Tree<'_> {
    parse(source, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

fn error(source: &str) -> SyntaxErrorKind {
    match parse(source, Mode::GoYaml, &Limits::default()) {
        Ok(_) => panic!("{source:?} was accepted"),
        Err(error) => error.kind,
    }
}

fn root(tree: &Tree<'_>) -> NodeId {
    tree.documents()[0].root
}

/// The value of a key of the root.
fn at(tree: &Tree<'_>, key: &str) -> NodeId {
    tree.get(root(tree), key, Schema::GoYamlV4)
        .unwrap_or_else(|| panic!("no {key}"))
        .value()
}

/// The first document in a short form.
fn show(source: &str) -> String {
    fn node(tree: &Tree<'_>, id: NodeId) -> String {
        let list = |brackets: [&str; 2]| {
            let parts: Vec<String> = match tree.node(id).kind {
                Kind::Map => tree
                    .entries(id)
                    .map(|(key, value)| format!("{}={}", node(tree, key), node(tree, value)))
                    .collect(),
                _ => tree.children(id).map(|item| node(tree, item)).collect(),
            };
            format!("{}{}{}", brackets[0], parts.join(" "), brackets[1])
        };
        match tree.node(id).kind {
            Kind::Map => list(["{", "}"]),
            Kind::Seq => list(["[", "]"]),
            Kind::Alias => tree.text(id).to_owned(),
            Kind::Scalar => format!("{:?}", tree.value(id)).trim_matches('"').to_owned(),
        }
    }
    let tree = tree(source);
    node(&tree, root(&tree))
}

#[test]
fn unicode_line_breaks_hide_nothing() {
    for line_break in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let source = format!("a: 1 # c{line_break}privileged: true\n");
        assert_eq!(show(&source), "{a=1 privileged=true}", "{source:?}");
        let tree = parse(&source, Mode::Strict, &Limits::default()).unwrap();
        assert_eq!(
            tree.entries(root(&tree)).count(),
            1,
            "for YAML 1.2 it is a comment"
        );
    }
}

#[test]
fn unicode_line_breaks_fold_as_go_yaml_folds() {
    assert_eq!(
        tree("a: x\u{85}  y\n").value(at(&tree("a: x\u{85}  y\n"), "a")),
        "x y"
    );
    assert_eq!(
        tree("a: x\u{2028}  y\n").value(at(&tree("a: x\u{2028}  y\n"), "a")),
        "x\u{2028}y"
    );
    let quoted = "a: \"x\u{2029}  y\"\n";
    assert_eq!(tree(quoted).value(at(&tree(quoted), "a")), "x\u{2029}y");
    let literal = "a: |\n  x\u{85}  y\u{2028}  z\n";
    assert_eq!(
        tree(literal).value(at(&tree(literal), "a")),
        "x\ny\u{2028}z\n"
    );
}

#[test]
fn in_kubernetes_a_merge_overrides_keys_before_it() {
    let tree = tree("a: &a {p: true}\nc: {p: false, <<: *a}\nd: {<<: *a, p: false}\n");
    let value = |key: &str, schema: Schema| {
        tree.scalar(
            tree.get(at(&tree, key), "p", schema).unwrap().value(),
            schema,
        )
    };
    assert_eq!(value("c", Schema::GoYamlV2), Some(Scalar::Bool(true)));
    assert_eq!(value("c", Schema::GoYamlV4), Some(Scalar::Bool(false)));
    assert_eq!(value("d", Schema::GoYamlV2), Some(Scalar::Bool(false)));
    assert_eq!(value("d", Schema::GoYamlV4), Some(Scalar::Bool(false)));
}

#[test]
fn the_first_of_several_merged_mappings_wins() {
    let tree = tree("a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc: {<<: [*a, *b]}\n");
    for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
        let entries = tree.effective_entries(at(&tree, "c"), schema);
        let shown: Vec<_> = entries
            .iter()
            .map(|(key, found)| (key.as_ref(), tree.text(found.value())))
            .collect();
        assert_eq!(shown, [("p", "1"), ("q", "2")]);
    }
}

#[test]
fn a_quoted_merge_key_is_an_ordinary_key() {
    let tree = tree("a: &a {p: 1}\nc: {\"<<\": *a}\nd: {!!str <<: *a}\n");
    for key in ["c", "d"] {
        assert!(tree.get(at(&tree, key), "p", Schema::GoYamlV4).is_none());
        assert!(tree.get(at(&tree, key), "<<", Schema::GoYamlV4).is_some());
    }
}

#[test]
fn spans_are_bytes_and_columns_are_characters() {
    let source = "ключ: значение # π\nb: 'й'\n";
    let tree = tree(source);
    let value = at(&tree, "ключ");
    assert_eq!(tree.text(value), "значение");
    assert_eq!(tree.node(value).span.start, 10);
    assert_eq!(tree.line_column(tree.node(value).span.start), (1, 7));
    assert_eq!(tree.text(at(&tree, "b")), "'й'");
}

#[test]
fn a_block_scalar_ends_with_its_content() {
    let source = "a: |\n  one\n\n\n# c\nb: 2\n";
    let tree = tree(source);
    assert_eq!(tree.text(at(&tree, "a")), "|\n  one");
    assert_eq!(tree.value(at(&tree, "a")), "one\n");
    assert_eq!(tree.node(at(&tree, "a")).column, 2);
}

#[test]
fn kept_line_breaks_are_content() {
    let source = "a: |+\n  one\n\n\nb: 2\n";
    let tree = tree(source);
    assert_eq!(tree.text(at(&tree, "a")), "|+\n  one\n\n\n");
    assert_eq!(tree.value(at(&tree, "a")), "one\n\n\n");
}

#[test]
fn a_block_scalar_at_the_end_of_the_file_gets_no_line_break() {
    let source = "a: |\n  x";
    assert_eq!(tree(source).value(at(&tree(source), "a")), "x");
    let strict = parse(source, Mode::Strict, &Limits::default()).unwrap();
    assert_eq!(strict.value(at(&strict, "a")), "x\n");
}

#[test]
fn block_scalar_headers_in_any_order_and_with_comments() {
    assert_eq!(show("a: |2\n    x\n"), "{a=  x\\n}");
    assert_eq!(show("a: |-1\n  x\n"), "{a= x}");
    assert_eq!(show("a: >1-\n  x\n"), "{a= x}");
    assert_eq!(show("a: | # not | more\n  x\n"), "{a=x\\n}");
    assert_eq!(error("a: |0\n  x\n"), SyntaxErrorKind::BlockHeader);
    assert_eq!(error("a: |x\n  x\n"), SyntaxErrorKind::BlockHeader);
}

#[test]
fn six_spellings_of_null() {
    for (source, at_byte) in [
        ("web: # todo\n", 4),
        ("web:   \n", 4),
        ("web:", 4),
        ("web: &x\n", 7),
        ("web: !!map\n", 10),
    ] {
        let tree = tree(source);
        let node = tree.node(at(&tree, "web"));
        assert_eq!(
            (node.style, node.span.start, node.span.end),
            (Style::Empty, at_byte, at_byte),
            "{source:?}"
        );
        assert_eq!(node.indicator, 3);
    }
    let tree = tree("web: ~\n");
    assert_eq!(tree.node(at(&tree, "web")).style, Style::Plain);
    assert_eq!(
        tree.scalar(at(&tree, "web"), Schema::GoYamlV4),
        Some(Scalar::Null)
    );
}

#[test]
fn an_alias_refers_to_the_latest_anchor_before_it() {
    let tree = tree("a: &x 1\nb: *x\nc: &x 2\nd: *x\n");
    assert_eq!(tree.resolve(at(&tree, "b")), at(&tree, "a"));
    assert_eq!(tree.resolve(at(&tree, "d")), at(&tree, "c"));
    assert_eq!(
        error("a: *x\nb: &x 1\n"),
        SyntaxErrorKind::UnknownAnchor("x".into())
    );
    assert_eq!(
        error("a: &x 1\n---\nb: *x\n"),
        SyntaxErrorKind::UnknownAnchor("x".into())
    );
}

#[test]
fn properties_belong_to_the_mapping_on_the_next_line_or_to_the_key_on_theirs() {
    let of_map = "web: &web # main\n  a: b\n";
    let tree_of_map = tree(of_map);
    assert_eq!(tree_of_map.anchor(at(&tree_of_map, "web")), Some("web"));
    let of_key = "&k a: b\n";
    let tree_of_key = tree(of_key);
    let map = root(&tree_of_key);
    assert_eq!(tree_of_key.anchor(map), None);
    assert_eq!(
        tree_of_key.anchor(tree_of_key.children(map).next().unwrap()),
        Some("k")
    );
    let of_both = tree("&m\n&k a: b\n");
    assert_eq!(of_both.anchor(root(&of_both)), Some("m"));
    assert_eq!(error("&a &b c\n"), SyntaxErrorKind::TwoProperties);
    assert_eq!(
        error("a: &a 1\nb: &b *a\n"),
        SyntaxErrorKind::PropertiesOnAlias
    );
}

#[test]
fn a_mapping_may_begin_on_the_line_of_its_dash() {
    let tree = tree("-   q: r\n    s: t\n- u: v\n");
    let columns: Vec<u32> = tree
        .children(root(&tree))
        .map(|item| tree.node(item).column)
        .collect();
    assert_eq!(columns, [4, 2]);
    assert_eq!(tree.node(root(&tree)).column, 0);
}

#[test]
fn a_sequence_may_start_at_the_column_of_its_key() {
    let source = "cap_drop:\n- A\n- B\nother:\n  - C\n";
    assert_eq!(show(source), "{cap_drop=[A B] other=[C]}");
    let tree = tree(source);
    assert_eq!(tree.node(at(&tree, "cap_drop")).column, 0);
    assert_eq!(tree.node(at(&tree, "other")).column, 2);
}

#[test]
fn flow_collections_in_every_shape() {
    assert_eq!(show("a: [A, B, # b\n]\n"), "{a=[A B]}");
    assert_eq!(show("a: {b}\n"), "{a={b=}}");
    assert_eq!(show("[k: v, \"q\":r]\n"), "[{k=v} {q=r}]");
    assert_eq!(show("{\"a\":1,\"b\":[1]}"), "{a=1 b=[1]}");
    assert_eq!(show("{a:1}"), "{a:1=}");
    assert_eq!(error("[a,,b]"), SyntaxErrorKind::ExpectedValue);
    assert_eq!(error("[,]"), SyntaxErrorKind::ExpectedValue);
    let pair = tree("[k: v]\n");
    let map = pair.children(root(&pair)).next().unwrap();
    assert_eq!(
        (pair.node(map).style, pair.text(map)),
        (Style::FlowPair, "k: v")
    );
}

#[test]
fn properties_before_a_flow_key_end_before_it() {
    let tree_of_seq = tree("a:\n- x\n[b]: c\n");
    assert_eq!(tree_of_seq.text(at(&tree_of_seq, "a")), "- x");
    let tree_of_empty = tree("? x\n[]: y\n");
    let (_, value) = tree_of_empty.entries(root(&tree_of_empty)).next().unwrap();
    assert_eq!(
        (
            tree_of_empty.node(value).style,
            tree_of_empty.node(value).span.start
        ),
        (Style::Empty, 3)
    );
}

#[test]
fn the_anchor_of_an_empty_key_in_a_sequence_is_on_the_line_of_its_colon() {
    let pair = parse("[&a : b]", Mode::Strict, &Limits::default()).unwrap();
    let map = pair.children(root(&pair)).next().unwrap();
    assert_eq!(pair.anchor(pair.children(map).next().unwrap()), Some("a"));
    assert!(parse("[&a\n: b]", Mode::Strict, &Limits::default()).is_err());
    assert_eq!(error("[&a\n: b]"), SyntaxErrorKind::KeyTooLong);
}

#[test]
fn an_unclosed_bracket_is_shown_where_it_opens() {
    for (source, start) in [("a: [é: ", 3), ("{a: [b]", 0), ("[[", 1)] {
        let error = parse(source, Mode::GoYaml, &Limits::default()).unwrap_err();
        assert_eq!(
            (error.kind, error.span.start),
            (SyntaxErrorKind::UnclosedBracket, start),
            "{source}"
        );
    }
}

#[test]
fn carriage_returns_are_line_breaks() {
    for source in ["a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "a: 1\r\nb: 2\n"] {
        assert_eq!(show(source), "{a=1 b=2}", "{source:?}");
        let tree = tree(source);
        assert_eq!(tree.text(at(&tree, "a")), "1");
        assert_eq!(
            tree.line_column(tree.node(at(&tree, "b")).span.start),
            (2, 4),
            "{source:?}"
        );
    }
}

#[test]
fn documents_have_bounds() {
    let tree = tree("%YAML 1.1\n--- {c: 3}\n... # end\n--- |\n x\n");
    let bounds: Vec<_> = tree
        .documents()
        .iter()
        .map(|document| (document.span.start, document.span.end))
        .collect();
    assert_eq!(bounds, [(0, 31), (31, 40)]);
    assert!(tree.documents()[0].closed && !tree.documents()[1].closed);
    assert_eq!(error("a: \"x\n--- y\"\n"), SyntaxErrorKind::MarkerInside);
    assert_eq!(error("[a,\n---\n]"), SyntaxErrorKind::MarkerInside);
}

#[test]
fn the_version_is_the_one_that_go_yaml_knows() {
    assert_eq!(error("%YAML 1.2\n---\na: 1\n"), SyntaxErrorKind::Version);
    assert_eq!(error("%FOO\n---\na: 1\n"), SyntaxErrorKind::Directive);
    assert_eq!(
        error("%YAML 1.1\n%YAML 1.1\n---\n"),
        SyntaxErrorKind::Directive
    );
    assert_eq!(
        error("%YAML 1.1\na: 1\n"),
        SyntaxErrorKind::ExpectedDocument
    );
}

#[test]
fn a_template_may_be_valid_yaml() {
    let tree = tree("config: {{config_data}}\n");
    let outer = at(&tree, "config");
    let key = tree.children(outer).next().unwrap();
    assert_eq!(
        (tree.node(outer).kind, tree.node(key).kind),
        (Kind::Map, Kind::Map)
    );
}

#[test]
fn a_block_scalar_may_start_at_the_column_of_its_key() {
    assert_eq!(show("key:\n|\n x\nb: 1\n"), "{key=x\\n b=1}");
    assert!(parse("key:\n|\n x\n", Mode::Strict, &Limits::default()).is_err());
}

#[test]
fn quotes_and_brackets_may_go_on_at_any_column() {
    assert_eq!(show("a:\n  b: \"x\ny\"\n"), "{a={b=x y}}");
    assert_eq!(show("a:\n  b: [\n1\n]\n"), "{a={b=[1]}}");
    assert!(parse("a:\n  b: [\n1\n]\n", Mode::Strict, &Limits::default()).is_err());
}

#[test]
fn a_key_may_have_hundreds_of_comments_before_its_value() {
    let source = format!("key:\n{}  a: b\n", "  # c\n".repeat(200));
    assert_eq!(show(&source), "{key={a=b}}");
}

#[test]
fn keys_may_be_explicit_or_an_alias_or_missing() {
    assert_eq!(show("? complex\n  key\n: - x\n"), "{complex key=[x]}");
    assert_eq!(show("a: &a k\n*a : x\n"), "{a=k *a=x}");
    assert_eq!(show("? a\n? b\n"), "{a= b=}");
    // libyaml has no empty keys; YAML 1.2 has.
    assert_eq!(error(": -\n"), SyntaxErrorKind::ExpectedKey);
    assert!(parse(": x\n", Mode::Strict, &Limits::default()).is_ok());
}

#[test]
fn an_alias_as_a_key_is_the_key_it_refers_to() {
    let tree = tree("a: &a k\n*a : x\n");
    for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
        let found = tree.get(root(&tree), "k", schema).unwrap();
        assert_eq!(tree.text(found.value()), "x");
    }
}

#[test]
fn an_anchor_has_no_colon_in_its_name() {
    let source = "key: &an:chor value\n";
    assert_eq!(show(source), "{key=:chor value}");
    assert_eq!(tree(source).anchor(at(&tree(source), "key")), Some("an"));
    let strict = parse(source, Mode::Strict, &Limits::default()).unwrap();
    assert_eq!(strict.anchor(at(&strict, "key")), Some("an:chor"));
}

#[test]
fn a_tag_ends_with_a_blank() {
    assert_eq!(error("[!!str, xxx]"), SyntaxErrorKind::Tag);
    assert!(parse("[!!str, xxx]", Mode::Strict, &Limits::default()).is_ok());
    assert_eq!(error("!e!x y"), SyntaxErrorKind::UndefinedHandle);
}

#[test]
fn tabs_separate_but_do_not_indent() {
    assert_eq!(show("image:\tnginx\t# t\n"), "{image=nginx}");
    assert_eq!(show("a: |\n  x\n  \t\n  y\n"), "{a=x\\n\\t\\ny\\n}");
    assert_eq!(error("a:\n\tb: 1\n"), SyntaxErrorKind::Tab);
    assert_eq!(error("-\tx\n"), SyntaxErrorKind::Tab);
    assert_eq!(error("a: b\n\tc\n"), SyntaxErrorKind::Tab);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_and_content_elsewhere() {
    let first = tree("\u{feff}a: 1\n");
    let key = first.children(root(&first)).next().unwrap();
    assert_eq!(
        (first.node(key).span.start, first.node(root(&first)).column),
        (3, 0)
    );
    assert_eq!(
        first.line_column(first.node(at(&first, "a")).span.start),
        (1, 4)
    );
    assert_eq!(show("a: 1\n\u{feff}b: 2\n"), "{a=1 \\u{feff}b=2}");
    assert_eq!(
        error("\u{feff}\u{feff}a: 1\n"),
        SyntaxErrorKind::TwoByteOrderMarks
    );
}

#[test]
fn keys_may_be_longer_than_1024_bytes() {
    let source = format!("{}: v\n", "k".repeat(5000));
    assert_eq!(tree(&source).entries(root(&tree(&source))).count(), 1);
    assert_eq!(
        parse(&source, Mode::Strict, &Limits::default())
            .unwrap_err()
            .kind,
        SyntaxErrorKind::KeyTooLong
    );
}

#[test]
fn keys_are_the_same_key_in_any_spelling() {
    for (source, schema, expected) in [
        ("a: 1\n\"a\": 2\n", Schema::GoYamlV4, true),
        ("a: 1\n'a': 2\n", Schema::GoYamlV2, true),
        ("yes: 1\ntrue: 2\n", Schema::GoYamlV2, true),
        ("yes: 1\ntrue: 2\n", Schema::GoYamlV4, false),
        ("0x10: 1\n16: 2\n", Schema::GoYamlV2, true),
        ("a: &a {}\nb: {<<: *a, <<: *a}\n", Schema::GoYamlV4, false),
    ] {
        let tree = tree(source);
        assert_eq!(
            tree.duplicate_key(root(&tree), schema).is_some(),
            expected,
            "{source:?}"
        );
    }
    let tree = tree("a: &a {}\nb: {<<: *a, <<: *a}\n");
    assert!(
        tree.duplicate_key(at(&tree, "b"), Schema::GoYamlV4)
            .is_some()
    );
    assert!(
        tree.duplicate_key(at(&tree, "b"), Schema::GoYamlV2)
            .is_none()
    );
}

#[test]
fn the_last_duplicate_wins_in_kubernetes() {
    let tree = tree("a: 1\nb: 2\na: 3\n");
    let found = tree.get(root(&tree), "a", Schema::GoYamlV2).unwrap();
    assert_eq!(tree.text(found.value()), "3");
    assert_eq!(
        tree.effective_entries(root(&tree), Schema::GoYamlV2).len(),
        2
    );
}

#[test]
fn each_consumer_types_a_plain_scalar_its_own_way() {
    use Scalar::{Bool, Float, Int, Null};
    let text = |text: &'static str| Scalar::Str(text.into());
    for (source, kubernetes, compose) in [
        ("yes", Bool(true), text("yes")),
        ("Off", Bool(false), text("Off")),
        ("y", Bool(true), text("y")),
        ("TRUE", Bool(true), Bool(true)),
        ("tRUE", text("tRUE"), text("tRUE")),
        ("~", Null, Null),
        ("0755", Int(493), Int(493)),
        ("0o755", Int(493), Int(493)),
        ("08", Float(8.0), Float(8.0)),
        ("0x1F", Int(31), Int(31)),
        ("0b101", Int(5), Int(5)),
        ("1_000", Int(1000), Int(1000)),
        ("+1", Int(1), Int(1)),
        ("-0x1F", Int(-31), Int(-31)),
        ("1e3", Float(1000.0), Float(1000.0)),
        ("1.", Float(1.0), Float(1.0)),
        (".5", Float(0.5), Float(0.5)),
        ("1000:50", text("1000:50"), text("1000:50")),
        ("2001-01-01", text("2001-01-01"), text("2001-01-01")),
        (".inf", Float(f64::INFINITY), Float(f64::INFINITY)),
        ("=", text("="), text("=")),
        ("<<", text("<<"), text("<<")),
        ("'true'", text("true"), text("true")),
        ("!foo true", text("true"), text("true")),
        ("!!bool \"yes\"", Bool(true), text("yes")),
        ("! true", text("true"), Bool(true)),
        (
            "18446744073709551615",
            Int(u64::MAX.into()),
            Int(u64::MAX.into()),
        ),
        (
            "18446744073709551616",
            Float(18_446_744_073_709_552_000.0),
            Float(18_446_744_073_709_552_000.0),
        ),
        ("1e999", text("1e999"), text("1e999")),
        ("!!float 1", Float(1.0), Float(1.0)),
        ("!!str 1", text("1"), text("1")),
    ] {
        let tree = tree(source);
        assert_eq!(
            tree.scalar(root(&tree), Schema::GoYamlV2),
            Some(kubernetes),
            "{source} in Kubernetes"
        );
        assert_eq!(
            tree.scalar(root(&tree), Schema::GoYamlV4),
            Some(compose),
            "{source} in Compose"
        );
    }
}

#[test]
fn in_kubernetes_a_boolean_key_is_its_boolean() {
    let tree = tree("on: x\nn: y\n1.5: z\n1e6: w\n");
    let keys: Vec<_> = tree
        .effective_entries(root(&tree), Schema::GoYamlV2)
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    assert_eq!(keys, ["true", "false", "1.5", "1e+06"]);
}

#[test]
fn a_second_document_begins_with_dashes() {
    assert_eq!(error("{a: 1}\n{b: 2}\n"), SyntaxErrorKind::AfterDocument);
    assert_eq!(error("a\n...\nb\n"), SyntaxErrorKind::AfterDocument);
    assert!(parse("a\n...\nb\n", Mode::Strict, &Limits::default()).is_ok());
}

#[test]
fn a_flow_key_moves_its_anchors_and_aliases_along() {
    let tree = tree("&m\n? x\n&m2 [&a b, *a, c: *a]: *a\n");
    let (key, value) = tree.entries(root(&tree)).nth(1).unwrap();
    let items: Vec<NodeId> = tree.children(key).collect();
    assert_eq!(tree.resolve(items[1]), items[0]);
    assert_eq!(tree.resolve(value), items[0]);
    assert_eq!(tree.anchor(key), Some("m2"));
    assert_eq!(tree.anchor(root(&tree)), Some("m"));
}
