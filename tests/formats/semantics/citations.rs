//! Checks that every citation of `docs/semantics.md` names a rule, and that a test cites every
//! rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// The rules that no test cites, each with the reason.
const NOT_TESTED: &[(&str, &str)] = &[
    (
        "cap-default-set-differs",
        "no file shows which engine or runtime runs it",
    ),
    ("k8s-host-port", "harden writes no port of a pod"),
    ("nnp-keeps-ping", "nothing breaks, so nothing is written"),
    (
        "podman-ambient",
        "harden gives no capability to a user; those in the file stay",
    ),
    (
        "podman-compose-keys",
        "the keys are written as Compose reads them",
    ),
    (
        "podman-pids",
        "a pids limit is written whatever the default",
    ),
    (
        "podman-tmpfs-copies",
        "harden relies on no copy: Docker makes none",
    ),
    (
        "port-podman",
        "known gap: harden treats Podman like Docker there",
    ),
    (
        "root-copy",
        "people type these commands later, and no file shows them",
    ),
    (
        "start-children",
        "a run of the image shows it, and no file does",
    ),
    (
        "tmpfs-new-path-closed",
        "known gap: harden does not defend against three releases of runc",
    ),
    ("user-stdout", "hardening only gains by it"),
    (
        "volume-existing",
        "no file shows whether the volume exists already",
    ),
];

#[test]
fn every_citation_names_a_rule() {
    let rules = rules();
    let mut missing = Vec::new();
    for path in files(&["src", "transforms", "tests", "images", "benches", "fuzz"]) {
        let text = fs::read_to_string(&path).expect("a source");
        assert!(
            !text.contains("research/semantics"),
            "{} cites a file that is not part of the project",
            path.display()
        );
        for anchor in citations(&text) {
            if !rules.contains_key(&anchor) {
                missing.push(format!("{}: #{anchor}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "no such rules: {missing:#?}");
}

#[test]
fn every_rule_is_cited_by_a_test_or_says_why_not() {
    let rules = rules();
    let cited: BTreeSet<String> = files(&["tests"])
        .iter()
        .flat_map(|path| citations(&fs::read_to_string(path).expect("a test")))
        .collect();
    for (anchor, why) in NOT_TESTED {
        assert!(rules.contains_key(*anchor), "no rule is called #{anchor}");
        assert!(!cited.contains(*anchor), "a test cites #{anchor}: {why}");
    }
    let missing: Vec<&String> = rules
        .keys()
        .filter(|rule| !cited.contains(*rule))
        .filter(|rule| NOT_TESTED.iter().all(|(anchor, _)| anchor != rule))
        .collect();
    assert!(missing.is_empty(), "no test cites {missing:#?}");
}

#[test]
fn every_rule_has_a_source_and_every_link_a_target() {
    let rules = rules();
    for (anchor, text) in &rules {
        let (_, source) = text.split_once("\n  Source: ").unwrap_or_default();
        assert!(!source.trim().is_empty(), "#{anchor} names no source");
    }
    let text = document();
    let slug = |heading: &str| heading.to_lowercase().replace(' ', "-");
    let headings: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' '))
        .map(slug)
        .collect();
    let link = Regex::new(r"\]\(#([^)]*)\)").expect("a pattern");
    for link in link.captures_iter(&text) {
        let target = &link[1];
        assert!(
            rules.contains_key(target) || headings.contains(target),
            "a link leads nowhere: #{target}"
        );
    }
}

fn document() -> String {
    fs::read_to_string(root().join("docs/semantics.md")).expect("the rules")
}

/// The text of each rule by its anchor: an item of a list, up to the next one or a heading.
fn rules() -> BTreeMap<String, String> {
    let item = Regex::new(r#"^\* <a id="([a-z0-9-]+)"></a>\*\*"#).expect("a pattern");
    let text = document();
    let mut rules: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(found) = item.captures(line) {
            let anchor = found[1].to_owned();
            let twice = rules.insert(anchor.clone(), String::new());
            assert!(twice.is_none(), "two rules are called #{anchor}");
            current = Some(anchor);
        } else if !line.starts_with("  ") {
            current = None;
        }
        if let Some(rule) = current.as_ref().and_then(|anchor| rules.get_mut(anchor)) {
            rule.push_str(line);
            rule.push('\n');
        }
    }
    assert_eq!(rules.len(), text.matches("<a id=").count());
    rules
}

/// Finds citations such as `docs/semantics.md#first, #second and #third`, also over several lines.
fn citations(text: &str) -> Vec<String> {
    let breaks = Regex::new(r"\n\s*//[/!]?\s*").expect("a pattern");
    let citation = Regex::new(r"docs/semantics\.md(#[a-z0-9-]+(?:(?:, | and )#[a-z0-9-]+)*)")
        .expect("a pattern");
    let anchor = Regex::new(r"#([a-z0-9-]+)").expect("a pattern");
    let text = breaks.replace_all(text, " ");
    citation
        .captures_iter(&text)
        .flat_map(|found| {
            let list = found.get(1).expect("a group").as_str();
            anchor
                .captures_iter(list)
                .map(|one| one[1].to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sources and pages below these folders, except this file and build directories.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name == "target") {
                continue;
            }
            let entries = fs::read_dir(&path).expect("a folder");
            waiting.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if !path.ends_with(file!())
            && path
                .extension()
                .is_some_and(|kind| ["rs", "md", "yaml"].iter().any(|one| kind == *one))
        {
            found.push(path);
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}
