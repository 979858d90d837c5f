//! Each line of the facts is cited by a case, and each citation is of a line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

/// Lines without a case, each with the reason: nothing that hardening writes could break them.
const NOTHING_TO_BREAK: &[(u32, &str)] = &[
    (
        27,
        "what a user gains in its logs: nothing is written for it",
    ),
    (
        83,
        "podman-compose reads the keys that are written as Compose does",
    ),
];

#[test]
fn every_fact_has_a_case_and_every_case_its_fact() {
    let Some(shared) = std::env::var_os("HARDEN_SHARED") else {
        println!("HARDEN_SHARED names no folder: the facts are not there to be cited");
        return;
    };
    let facts = Path::new(&shared).join("research/semantics.md");
    let facts = sections(&std::fs::read_to_string(facts).expect("the facts"));

    let mut cited = BTreeSet::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        let text = std::fs::read_to_string(&path).expect("a test");
        for (section, line) in citations(&text) {
            assert_eq!(
                facts.get(&line).map(String::as_str),
                Some(section.as_str()),
                "{} cites line {line} of section {section}",
                path.display()
            );
            cited.insert(line);
        }
    }
    for (line, why) in NOTHING_TO_BREAK {
        assert!(facts.contains_key(line), "there is no fact at line {line}");
        assert!(!cited.contains(line), "line {line} has a case: {why}");
        cited.insert(*line);
    }
    let missing: Vec<_> = facts
        .iter()
        .filter(|(line, _)| !cited.contains(line))
        .collect();
    assert!(missing.is_empty(), "no case cites {missing:?}");
}

/// The section of each line that states a fact: an item of a list.
fn sections(text: &str) -> BTreeMap<u32, String> {
    let heading = Regex::new(r"^##+ (\d+(?:\.\d+)?)").expect("a pattern");
    let item = Regex::new(r"^(?:-|\d+\.) ").expect("a pattern");
    let mut section = None;
    let mut facts = BTreeMap::new();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(found) = heading.captures(text) {
            section = Some(found[1].to_owned());
        }
        if let Some(section) = &section
            && item.is_match(text)
        {
            facts.insert(line, section.clone());
        }
    }
    facts
}

/// `semantics 1.1, line N` and `semantics 1.1, lines N, N and N`, over the ends of lines.
fn citations(text: &str) -> Vec<(String, u32)> {
    let breaks = Regex::new(r"\n\s*//[/!]\s*").expect("a pattern");
    let citation = Regex::new(r"semantics (\d+(?:\.\d+)?), lines? (\d+(?:(?:, | and )\d+)*)");
    let number = Regex::new(r"\d+").expect("a pattern");
    let text = breaks.replace_all(text, " ");
    let mut found = Vec::new();
    for citation in citation.expect("a pattern").captures_iter(&text) {
        for line in number.find_iter(&citation[2]) {
            found.push((
                citation[1].to_owned(),
                line.as_str().parse().expect("a line"),
            ));
        }
    }
    found
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}
