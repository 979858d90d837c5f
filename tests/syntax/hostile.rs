//! Input that tries to cause an overflow, a hang or high memory use. With the sizes here, quadratic
//! work takes minutes, and linear work takes less than a second in a debug build.

use std::fmt::Write as _;

use harden::syntax::{
    Editor, Limits, Mode, NodeId, Schema, SyntaxErrorKind, Tree, Value, decode, parse,
};

const MEGA: usize = 1 << 20;

fn tree(source: &str) -> Tree<'_> {
    parse(source, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error} at {:?}", error.span))
}

/// A source whose aliases may repeat anything.
fn tree_of_aliases(source: &str) -> Tree<'_> {
    let limits = Limits {
        repeated: u64::MAX,
        ..Limits::default()
    };
    parse(source, Mode::GoYaml, &limits)
        .unwrap_or_else(|error| panic!("{error} at {:?}", error.span))
}

fn root(tree: &Tree<'_>) -> NodeId {
    tree.documents()[0].root
}

fn error(source: &str) -> SyntaxErrorKind {
    match parse(source, Mode::GoYaml, &Limits::default()) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.kind,
    }
}

#[test]
fn deep_nesting_of_each_kind_is_an_error() {
    let staircase = (0..3000).fold(String::new(), |mut text, level| {
        writeln!(text, "{}a:", " ".repeat(level)).unwrap();
        text
    });
    let brackets = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for source in [
        "[".repeat(100_000),
        brackets,
        "{a: ".repeat(100_000),
        "{? ".repeat(100_000),
        "[? ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        "- ? ".repeat(100_000),
        staircase,
    ] {
        for mode in [Mode::GoYaml, Mode::Strict] {
            let error = parse(&source, mode, &Limits::default()).unwrap_err();
            assert_eq!(
                error.kind,
                SyntaxErrorKind::TooDeep(256),
                "{}",
                &source[..20]
            );
        }
    }
}

#[test]
fn nesting_within_the_limit_is_read() {
    let source = format!("{}{}", "[".repeat(256), "]".repeat(256));
    assert_eq!(tree(&source).children(root(&tree(&source))).count(), 1);
    let source = "- ".repeat(256);
    assert_eq!(tree(&source).text(root(&tree(&source))).len(), 511);
}

#[test]
fn limits_are_errors_that_name_them() {
    let limits = Limits {
        bytes: 10,
        ..Limits::default()
    };
    assert_eq!(
        parse("a: 12345678", Mode::GoYaml, &limits)
            .unwrap_err()
            .kind,
        SyntaxErrorKind::TooLarge(10)
    );
    let limits = Limits {
        nodes: 4,
        ..Limits::default()
    };
    assert_eq!(
        parse("[a, b, c, d]", Mode::GoYaml, &limits)
            .unwrap_err()
            .kind,
        SyntaxErrorKind::TooManyNodes(4)
    );
    assert!(parse("[a, b, c]", Mode::GoYaml, &limits).is_ok());
    assert_eq!(
        parse("[[a]: c]", Mode::GoYaml, &limits).unwrap_err().kind,
        SyntaxErrorKind::TooManyNodes(4)
    );
}

#[test]
fn long_scalars_of_each_style() {
    let text = "x".repeat(4 * MEGA);
    for source in [
        text.clone(),
        format!("'{text}'"),
        format!("\"{text}\""),
        format!("|\n {text}"),
        format!(">\n {text}"),
    ] {
        let tree = tree(&source);
        assert_eq!(tree.value(root(&tree)).len(), text.len());
    }
}

#[test]
fn scalars_of_many_lines() {
    for (source, expected) in [
        ("x\n".repeat(MEGA), 2 * MEGA - 1),
        (format!("'{}'", "x\n".repeat(MEGA)), 2 * MEGA),
        (format!("\"{}\"", "x\\\n".repeat(MEGA)), MEGA),
        (format!("|\n{}", " x\n".repeat(MEGA)), 2 * MEGA),
        (format!(">\n{}", " x\n".repeat(MEGA)), 2 * MEGA),
        (format!("|+\n{}", "\n".repeat(MEGA)), MEGA),
        (format!("x\n{}y", "\n".repeat(MEGA)), MEGA + 2),
    ] {
        let tree = tree(&source);
        assert_eq!(
            tree.value(root(&tree)).len(),
            expected,
            "{:?}",
            &source[..4]
        );
    }
}

#[test]
fn escapes_by_the_million() {
    let source = format!("\"{}\"", "\\x41".repeat(MEGA));
    assert_eq!(tree(&source).value(root(&tree(&source))).len(), MEGA);
    let source = format!("'{}'", "''".repeat(MEGA));
    assert_eq!(tree(&source).value(root(&tree(&source))).len(), MEGA);
}

#[test]
fn nothing_but_blanks_breaks_and_comments() {
    for source in [
        " ".repeat(4 * MEGA),
        "\n".repeat(4 * MEGA),
        "\r".repeat(4 * MEGA),
        format!("#{}", "x".repeat(4 * MEGA)),
        "#\n".repeat(MEGA),
        "# x\n   \n\t\n".repeat(MEGA / 2) + "#",
    ] {
        assert!(tree(&source).documents().is_empty());
    }
    let source = format!("a:{}b\n", "\n".repeat(MEGA) + " ");
    assert_eq!(tree(&source).children(root(&tree(&source))).count(), 2);
    let source = format!("a:\n{}  b: c\n", "# x\n".repeat(MEGA / 2));
    assert_eq!(tree(&source).children(root(&tree(&source))).count(), 2);
}

#[test]
fn many_entries() {
    let keys = (0..200_000).fold(String::new(), |mut text, key| {
        writeln!(text, "k{key}: v").unwrap();
        text
    });
    let keys = tree(&keys).source().to_owned();
    let tree_of_keys = tree(&keys);
    let map = root(&tree_of_keys);
    assert_eq!(tree_of_keys.entries(map).count(), 200_000);
    assert_eq!(tree_of_keys.duplicate_key(map, Schema::GoYamlV4), None);
    assert_eq!(
        tree_of_keys.effective_entries(map, Schema::GoYamlV2).len(),
        200_000
    );

    for source in [
        "- a\n".repeat(MEGA / 2),
        format!("[{}]", "a,".repeat(MEGA / 2)),
        format!("{{{}}}", "a,".repeat(MEGA / 4)),
        format!("[{}]", "a: b,".repeat(MEGA / 4)),
        format!("[{}]", "[]: b,".repeat(MEGA / 8)),
        "---\n".repeat(MEGA / 2),
        "[a]: b\n".repeat(MEGA / 4),
        "? a\n: b\n".repeat(MEGA / 4),
    ] {
        assert!(!tree(&source).documents().is_empty());
    }
    assert_eq!(
        error(&"a: ".repeat(200_000)),
        SyntaxErrorKind::MappingNotAllowed
    );
}

#[test]
fn many_anchors_and_aliases() {
    let source = (0..100_000).fold(String::new(), |mut text, number| {
        writeln!(text, "- &a{number} x\n- *a{number}").unwrap();
        text
    });
    assert_eq!(
        tree(&source).children(root(&tree(&source))).count(),
        200_000
    );
    // Flow collections that turn out to be keys move, with the anchors in them.
    let source = (0..50_000).fold(String::new(), |mut text, number| {
        writeln!(text, "[&a{number} x]: *a{number}").unwrap();
        text
    });
    let tree = tree(&source);
    for (key, value) in tree.entries(root(&tree)) {
        assert_eq!(tree.children(key).next(), Some(tree.resolve(value)));
    }
}

#[test]
fn keys_within_keys_move_in_bounded_work() {
    let inner = "&a x, *a, ".repeat(2_000);
    let source = format!(
        "{}{inner}{}",
        "[".repeat(250),
        "]: v".repeat(250).replacen(": v", "", 0) + ""
    );
    // The outermost `]` is followed by `: v`, which makes the whole a mapping.
    let tree = tree(&source);
    let aliases = tree.documents()[0].root.index()..tree.node(root(&tree)).next.index();
    assert!(aliases.len() > 4_000);
}

#[test]
fn many_directives() {
    let source = (0..100_000).fold(String::new(), |mut text, number| {
        writeln!(text, "%TAG !t{number}! tag:example.com,{number}:").unwrap();
        text
    });
    let source = format!("{source}---\n{}", "- !t99999!x y\n".repeat(10_000));
    let tree = tree(&source);
    for item in tree.children(root(&tree)) {
        assert_eq!(tree.tag(item).as_deref(), Some("tag:example.com,99999:x"));
    }
}

#[test]
fn an_alias_bomb_stays_as_small_as_its_text() {
    let mut source = "a0: &a0 [x]\n".to_owned();
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 10].join(",");
        writeln!(source, "a{level}: &a{level} [{items}]").unwrap();
    }
    assert_eq!(
        tree_of_aliases(&source)
            .node(root(&tree_of_aliases(&source)))
            .next
            .index(),
        1 + 30 * 2 + 1 + 29 * 10
    );
}

#[test]
fn merges_of_merges_are_each_visited_once() {
    // Each level has ten aliases of the one before, 30 levels deep: 10^30 entries if expanded.
    let mut source = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 10].join(",");
        writeln!(source, "a{level}: &a{level} {{<<: [{items}], k{level}: v}}").unwrap();
    }
    // A chain that is too long for every stack.
    source.push_str("c0: &c0 {k: v}\n");
    for level in 1..20_000 {
        writeln!(source, "c{level}: &c{level} {{<<: *c{}}}", level - 1).unwrap();
    }
    source.push_str("self: &self {<<: *self, k: v}\n");
    let tree = tree_of_aliases(&source);
    for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
        for (key, count) in [("a29", 30), ("c19999", 1), ("self", 1)] {
            let map = tree.get(root(&tree), key, schema).unwrap().value();
            assert_eq!(tree.effective_entries(map, schema).len(), count, "{key}");
            assert!(tree.get(map, "k", schema).is_some());
            assert!(tree.get(map, "missing", schema).is_none());
        }
    }
}

#[test]
fn aliases_that_repeat_more_than_the_limit_are_errors() {
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..30 {
        let items = vec![format!("*a{}", level - 1); 10].join(",");
        writeln!(bomb, "a{level}: &a{level} [{items}]").unwrap();
    }
    assert!(matches!(error(&bomb), SyntaxErrorKind::TooMuchRepeated(_)));
    let limits = Limits {
        repeated: 0,
        ..Limits::default()
    };
    // 16 times the source is always accepted, and so is an alias inside its own anchor.
    for source in ["[&a [x, y, z], *a, *a, *a]", "&a [*a, *a, *a]"] {
        assert!(parse(source, Mode::GoYaml, &limits).is_ok(), "{source}");
    }
    let many = format!("[&a [x, y, z], {}]", "*a, ".repeat(100));
    assert!(parse(&many, Mode::GoYaml, &limits).is_ok());
    let long = format!("[&a [{}], {}]", "x, ".repeat(100), "*a, ".repeat(100));
    let error = parse(&long, Mode::GoYaml, &limits).unwrap_err();
    assert_eq!(
        &long[error.span.start as usize..error.span.end as usize],
        "*a"
    );
}

#[test]
fn unterminated_constructs_are_errors() {
    let many = "x ".repeat(MEGA);
    assert_eq!(error(&format!("'{many}")), SyntaxErrorKind::UnclosedQuote);
    assert_eq!(error(&format!("\"{many}")), SyntaxErrorKind::UnclosedQuote);
    assert_eq!(error(&format!("[{many}")), SyntaxErrorKind::UnclosedBracket);
    assert_eq!(
        error(&"[\"a\", '".repeat(MEGA / 8)),
        SyntaxErrorKind::ExpectedComma
    );
}

#[test]
fn control_characters_are_errors() {
    for source in ["a\0b", "a: \u{1}", "# \u{1b}[0m", "\u{fffe}", "a: \u{ffff}"] {
        assert!(
            matches!(error(source), SyntaxErrorKind::ControlCharacter(_)),
            "{source:?}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf8_are_errors() {
    assert_eq!(
        decode(b"\xFF\xFEa\0").unwrap_err().kind,
        SyntaxErrorKind::WrongEncoding("UTF-16")
    );
    assert_eq!(
        decode(b"\0a\0:").unwrap_err().kind,
        SyntaxErrorKind::WrongEncoding("UTF-16")
    );
    assert_eq!(
        decode(b"\0\0\xFE\xFF").unwrap_err().kind,
        SyntaxErrorKind::WrongEncoding("UTF-32")
    );
    let error = decode(b"a: \xC3(").unwrap_err();
    assert_eq!(
        (error.kind, error.span.start),
        (SyntaxErrorKind::NotUtf8, 3)
    );
    assert_eq!(decode(b""), Ok(""));
}

#[test]
fn an_edit_in_each_of_many_entries_of_one_collection() {
    // An edit must not search all neighbors for the style.
    let block = |index| format!("  s{index}:\n    image: x\n");
    let compact = |index| format!("{{\"s{index}\":{{\"image\":\"x\"}}}},");
    let count = 50_000;
    let services: String = (0..count).map(block).collect();
    let json: String = (0..count).map(compact).collect();
    for source in [
        format!("services:\n{services}"),
        format!("[{}]", json.trim_end_matches(',')),
    ] {
        let tree = tree(&source);
        let mut editor = Editor::new(&tree, Schema::GoYamlV4);
        let mut open = vec![root(&tree)];
        while let Some(id) = open.pop() {
            if tree.get(id, "image", Schema::GoYamlV4).is_some() {
                editor.set(id, &["read_only"], Value::Bool(true)).unwrap();
                editor.set(id, &["a", "b"], Value::Seq(Vec::new())).unwrap();
                editor
                    .set(id, &["image"], Value::Str("y".to_owned()))
                    .unwrap();
            } else {
                open.extend(tree.children(id));
            }
        }
        let plan = editor.finish();
        assert_eq!(plan.touched.len(), 3 * count);
    }
}
