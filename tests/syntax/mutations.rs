//! Random mutations of valid documents: checks the invariants of the tree, and compares the values
//! with those of `granit-parser`.

use std::fmt::Write as _;
use std::fs;

use granit_parser::{Event, Options, Parser, ScalarStyle, StructureStyle};
use harden::syntax::{Kind, Limits, Mode, NodeId, Style, Tree, parse};

use crate::support::shared::shared;
use crate::syntax::documents::Chance;
use crate::syntax::invariants;

/// Documents that contain every construct once.
const SEEDS: [&str; 10] = [
    "services:\n  web:\n    image: nginx\n    ports:\n    - \"80:80\"\n    - 443:443 # tls\n  db: &db\n    image: 'postgres'\n",
    "a: &a {b: 1, c: [x, y]}\nd: *a\n<<: *a\ne: [*a, {f: g}, h: i]\n",
    "t: |\n  one\n   two\n\n  three\nf: >-\n  a\n  b\n\n  c\nk: |+\n  x\n\n\nz: |2\n    y\n",
    "--- # one\na: !!str 1\n...\n---\n- !x y\n- ? complex\n  : value\n- - - deep\n",
    "\u{feff}key: \"a\\tb\\x41\\u00e9 \\\n  joined\n  folded\n\n  twice\"\nother: 'it''s\n  two'\n",
    "{\"json\": {\"a\":1,\"b\":[true,null]}, \"c\":\"d\"}\n",
    "plain: a b\n  c d\n\n  e\r\ncrlf: 1\r\nlone: 2\rnext: 3\n",
    "%TAG !e! tag:example.com,2000:\n---\na: !e!x b\n",
    "-   q: r\n    s:\n    -  t\n- \n-\n  u: v\nno: yes\n",
    "ключ: значение # π\nu: a\u{85}b\nl: c\u{2028}d\ntab:\tx\t# t\nempty:\n",
];

/// The texts that mutations insert.
const PIECES: [&str; 36] = [
    "- ",
    "? ",
    ": ",
    ":",
    "\n",
    "\n\n",
    "  ",
    " ",
    "\t",
    "#",
    " # c\n",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "|\n",
    ">-\n",
    "|+\n",
    "&a ",
    "*a",
    "!t ",
    "!!str ",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\r\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "\\",
    "<<: *a\n",
];

impl Chance {
    fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn mutate(&mut self, seeds: &[String]) -> String {
        let mut text = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(4) {
            let at = self.boundary(&text);
            match self.below(5) {
                0 => text.insert_str(at, PIECES[self.below(PIECES.len())]),
                1 => {
                    let other = self.boundary(&text);
                    let (from, to) = (at.min(other), at.max(other).min(at.min(other) + 8));
                    let to = (to..=text.len())
                        .find(|&to| text.is_char_boundary(to))
                        .unwrap_or(from);
                    text.replace_range(from..to, "");
                }
                2 => {
                    let other = &seeds[self.below(seeds.len())];
                    let (from, to) = (self.boundary(other), self.boundary(other));
                    text.insert_str(at, &other[from.min(to)..from.max(to)]);
                }
                3 => text.truncate(at),
                _ => {
                    // A line with other indentation.
                    let line = text[..at].rfind('\n').map_or(0, |before| before + 1);
                    text.insert_str(line, &" ".repeat(1 + self.below(3)));
                }
            }
        }
        text
    }
}

fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> = SEEDS.iter().map(ToString::to_string).collect();
    if let Some(folder) = shared("yaml-test-suite/cases") {
        let cases = fs::read_dir(folder).unwrap();
        let mut cases: Vec<_> = cases
            .map(|case| case.unwrap().path().join("in.yaml"))
            .collect();
        cases.sort();
        seeds.extend(cases.iter().map(|case| fs::read_to_string(case).unwrap()));
    }
    seeds
}

#[test]
fn invariants_hold_for_mutated_documents() {
    let seeds = seeds();
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    for _ in 0..20_000 {
        invariants::check(&chance.mutate(&seeds));
    }
}

#[test]
fn an_independent_parser_reads_the_same() {
    let seeds = seeds();
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    let (mut both, mut wrong) = (0, Vec::new());
    for _ in 0..60_000 {
        let source = chance.mutate(&seeds);
        let Ok(tree) = parse(&source, Mode::GoYaml, &Limits::default()) else {
            continue;
        };
        let Some(theirs) = granit_events(&source) else {
            continue;
        };
        both += 1;
        let ours = events(&tree);
        if ours != theirs && explanation(&source, &tree).is_none() {
            wrong.push(format!("{source:?}\n  ours   {ours}\n  granit {theirs}"));
        }
    }
    assert!(both > 2_000, "only {both} documents were read by both");
    assert!(
        wrong.is_empty(),
        "{} of {both} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Why the two parsers differ, if go-yaml deviates from YAML 1.2.
fn explanation(source: &str, tree: &Tree<'_>) -> Option<&'static str> {
    if source.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return Some("Unicode line breaks are line breaks in go-yaml");
    }
    if source.trim_start_matches('\u{feff}').contains('\u{feff}') {
        return Some("a byte order mark is content in go-yaml, except at the very start");
    }
    let mut open: Vec<NodeId> = tree
        .documents()
        .iter()
        .map(|document| document.root)
        .collect();
    while let Some(id) = open.pop() {
        let node = tree.node(id);
        let anchor_end = tree
            .props(id)
            .and_then(|props| props.anchor)
            .map(|anchor| anchor.end as usize);
        if anchor_end.is_some_and(|end| source[end..].starts_with(':')) {
            return Some("no anchor has a colon in its name in go-yaml");
        }
        let is_in_brackets = matches!(tree.node(node.parent).style, Style::Flow | Style::FlowPair);
        if node.style == Style::Plain && is_in_brackets && tree.text(id).ends_with(':') {
            return Some("`:` before `,` or a bracket belongs to the plain scalar in go-yaml");
        }
        if node.style == Style::Empty && is_in_brackets && tree.props(id).is_some() {
            return Some(
                "`:` directly behind a tag or anchor in brackets is an indicator in go-yaml",
            );
        }
        let is_block_scalar = matches!(node.style, Style::Literal | Style::Folded);
        if is_block_scalar && node.parent == id {
            return Some("a block scalar has no content in the first column in go-yaml");
        }
        open.extend(tree.children(id));
    }
    None
}

fn events(tree: &Tree<'_>) -> String {
    let mut out = String::new();
    let mut anchors = Vec::new();
    for document in tree.documents() {
        out.push_str(" +DOC");
        node_events(tree, document.root, &mut anchors, &mut out);
        out.push_str(" -DOC");
    }
    out
}

fn node_events(tree: &Tree<'_>, id: NodeId, anchors: &mut Vec<NodeId>, out: &mut String) {
    let node = tree.node(id);
    if tree.anchor(id).is_some() {
        anchors.push(id);
    }
    let anchor = |of: NodeId| {
        anchors
            .iter()
            .rposition(|&anchored| anchored == of)
            .map_or(0, |at| at + 1)
    };
    let tag = tree.tag(id).unwrap_or_default();
    match node.kind {
        Kind::Alias => write!(out, " *{}", anchor(tree.resolve(id))).unwrap(),
        Kind::Scalar => {
            let value = tree.value(id);
            write!(out, " {:?}:{}:{tag}:{value:?}", node.style, anchor(id)).unwrap();
        }
        Kind::Map | Kind::Seq => {
            let style = if node.style == Style::Block {
                "Block"
            } else {
                "Flow"
            };
            write!(out, " +{:?}:{style}:{}:{tag}", node.kind, anchor(id)).unwrap();
            for child in tree.children(id) {
                node_events(tree, child, anchors, out);
            }
            write!(out, " -{:?}", node.kind).unwrap();
        }
    }
}

fn granit_events(source: &str) -> Option<String> {
    let mut options = Options::default();
    options.bom_inside_document_as_content = true;
    options.block_scalar_eof_without_line_feed = true;
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(source, options);
    let mut out = String::new();
    let tag = |tag: Option<&granit_parser::Tag>| {
        tag.map_or(String::new(), |tag| {
            format!("{}{}", tag.handle(), tag.suffix())
        })
    };
    let style = |style: &StructureStyle| {
        if *style == StructureStyle::Block {
            "Block"
        } else {
            "Flow"
        }
    };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.ok()?;
        match &event {
            Event::DocumentStart(..) => out.push_str(" +DOC"),
            Event::DocumentEnd => out.push_str(" -DOC"),
            Event::Alias(anchor) => write!(out, " *{anchor}").unwrap(),
            Event::SequenceStart(how, anchor, with) => {
                write!(
                    out,
                    " +Seq:{}:{anchor}:{}",
                    style(how),
                    tag(with.as_deref())
                )
                .unwrap();
            }
            Event::MappingStart(how, anchor, with) => {
                write!(
                    out,
                    " +Map:{}:{anchor}:{}",
                    style(how),
                    tag(with.as_deref())
                )
                .unwrap();
            }
            Event::SequenceEnd => out.push_str(" -Seq"),
            Event::MappingEnd => out.push_str(" -Map"),
            Event::Scalar(value, how, anchor, with) => {
                let is_empty = *how == ScalarStyle::Plain && span.start.index() == span.end.index();
                let (style, value) = match how {
                    // An empty scalar has the value `~` there.
                    ScalarStyle::Plain if is_empty => ("Empty", ""),
                    ScalarStyle::Plain => ("Plain", value.as_ref()),
                    ScalarStyle::SingleQuoted => ("Single", value.as_ref()),
                    ScalarStyle::DoubleQuoted => ("Double", value.as_ref()),
                    ScalarStyle::Literal => ("Literal", value.as_ref()),
                    ScalarStyle::Folded => ("Folded", value.as_ref()),
                };
                write!(out, " {style}:{anchor}:{}:{value:?}", tag(with.as_deref())).unwrap();
            }
            _ => {}
        }
    }
    Some(out)
}
