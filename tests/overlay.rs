//! Hardening beside the originals: what an overlay says, and what Compose makes of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::container::Policy;
use harden::engine::{Run, Source};
use harden::error::Error;
use harden::image::Knowledge;
use harden::overlay::{self, FIRST_LINE, Overlaid};
use harden::project::{Surroundings, Unread};
use harden::report::{FileOutcome, Outcome};
use harden::transforms;

/// Files in memory.
#[derive(Debug, Default)]
pub(crate) struct Shelf(BTreeMap<PathBuf, String>);

impl Surroundings for Shelf {
    fn read(&self, _: &Path, path: &Path) -> Result<String, Unread> {
        self.0.get(path).cloned().ok_or(Unread::Missing)
    }
}

/// One directory, hardened by an overlay with these transforms and overrides.
fn overlaid(files: &[(&str, &str)], ids: &[&'static str], asked: bool) -> Overlaid {
    let knowledge = Knowledge::embedded();
    let policy = Policy {
        overrides: if asked { ids.to_vec() } else { Vec::new() },
        ..Policy::default()
    };
    let chosen = ids.iter().map(|id| transforms::find(id).unwrap()).collect();
    let run = Run::new(chosen, policy, &knowledge);
    let shelf = files
        .iter()
        .map(|(path, text)| ((*path).into(), (*text).to_owned()));
    let shelf = Shelf(shelf.collect());
    let sources = files.iter().map(|(path, text)| Source {
        path: (*path).into(),
        bytes: text.as_bytes().to_vec(),
    });
    overlay::overlay(run.project(sources.collect()), &shelf)
}

/// The text of a file that the overlay writes, without its first line.
fn written<'o>(overlaid: &'o Overlaid, path: &str) -> &'o str {
    let files = &overlaid.report.files;
    let file = files.iter().find(|file| file.path == Path::new(path));
    match file.map(|file| &file.outcome) {
        Some(FileOutcome::Created(text) | FileOutcome::Changed(text)) => {
            text.strip_prefix(FIRST_LINE).unwrap().trim_start()
        }
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn lists_gain_items_and_keep_those_they_have() {
    let base = "services:\n  web:\n    image: nginx\n    cap_drop: [NET_RAW]\n    tmpfs: /x\n    security_opt: &o\n      - label:disable\n";
    let overlaid = overlaid(
        &[("compose.yml", base)],
        &["no-new-privileges", "drop-capabilities"],
        false,
    );
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        "services:\n  web:\n    cap_drop:\n      - ALL\n    security_opt:\n      - no-new-privileges:true\n    cap_add:\n      - CHOWN\n      - SETGID\n      - SETUID\n"
    );
    assert_eq!(
        overlaid.commands,
        ["docker compose -f compose.yml -f compose.harden.yml up"]
    );
}

#[test]
fn what_goes_takes_the_tags_of_compose() {
    let base = "services:\n  web:\n    image: nginx\n    pid: host\n    security_opt: [\"no-new-privileges:false\", \"label:disable\"]\n";
    let overlaid = overlaid(
        &[("compose.yaml", base)],
        &["no-new-privileges", "host-namespaces"],
        true,
    );
    assert_eq!(
        written(&overlaid, "compose.harden.yaml"),
        "services:\n  web:\n    security_opt: !override\n      - label:disable\n      - no-new-privileges:true\n    pid: !reset null\n"
    );
}

#[test]
fn an_heir_is_told_what_its_base_is_told() {
    let base = "services:\n  test:\n    image: x\n  b:\n    extends: {service: test}\n";
    let common = "services:\n  c:\n    image: y\n";
    let user = "services:\n  d:\n    image: z\n    extends: {file: ./common.yml, service: c}\n";
    let files = [
        ("compose.yml", base),
        ("common.yml", common),
        ("user.yml", user),
    ];
    let overlaid = overlaid(&files, &["no-new-privileges"], false);
    let option = "    security_opt:\n      - no-new-privileges:true\n";
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        format!("services:\n  test:\n{option}  b:\n{option}")
    );
    assert_eq!(
        written(&overlaid, "user.harden.yml"),
        format!("services:\n  d:\n{option}")
    );
}

#[test]
fn an_override_is_named_between_base_and_overlay() {
    let files = [
        (
            "compose.override.yml",
            "services:\n  db:\n    image: postgres\n",
        ),
        ("compose.yml", "services:\n  web:\n    image: nginx\n"),
    ];
    let overlaid = overlaid(&files, &["no-new-privileges"], false);
    let option = "    security_opt:\n      - no-new-privileges:true\n";
    assert_eq!(
        written(&overlaid, "compose.harden.yml"),
        format!("services:\n  web:\n{option}  db:\n{option}")
    );
    assert_eq!(
        overlaid.commands,
        ["docker compose -f compose.yml -f compose.override.yml -f compose.harden.yml up"]
    );
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let base = "services:\n  web:\n    image: nginx\n";
    let first = overlaid(&[("compose.yml", base)], &["no-new-privileges"], false);
    let text = format!("{FIRST_LINE}\n{}", written(&first, "compose.harden.yml"));
    let files = [("compose.harden.yml", text.as_str()), ("compose.yml", base)];
    let second = overlaid(&files, &["no-new-privileges"], false);
    for file in &second.report.files {
        let is_left = matches!(
            file.outcome,
            FileOutcome::NotOurs(_) | FileOutcome::Unchanged
        );
        assert!(is_left, "{file:?}");
    }
    let outcome = &second.report.containers[0].results[0].outcome;
    assert!(
        matches!(outcome, Outcome::Hardened { why } if why == "compose.harden.yml has it"),
        "{outcome:?}"
    );
}

#[test]
fn aliases_that_multiply_are_an_error() {
    let mut lines = vec!["x-0: &x0 [a, a, a, a, a, a, a, a]\n".to_owned()];
    for level in 1..9 {
        let items = vec![format!("*x{}", level - 1); 8].join(", ");
        lines.push(format!("x-{level}: &x{level} [{items}]\n"));
    }
    lines.push("services:\n  web:\n    image: nginx\n    labels: *x8\n".to_owned());
    let base = lines.concat();
    let overlaid = overlaid(&[("compose.yml", &base)], &["no-new-privileges"], false);
    let outcome = &overlaid.report.files[0].outcome;
    assert!(
        matches!(outcome, FileOutcome::Failed(Error::TooManyAliases)),
        "{outcome:?}"
    );
    assert_eq!(overlaid.report.files.len(), 1);
}
