//! Reports paths that the image writes to and that a read-only root makes unwritable.

use super::{Kind, NO_SUCH_SETTING, Reference, Risk, Transform};
use crate::container::{
    Answer, Assignment, Container, Finding, Policy, Reason, Setting, Value, Via, Words,
};
use crate::edition::Edition;
use crate::transforms::needs::writable;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "writable-paths-missing",
    edition: Edition::new(2026, 11),
    summary: "a read-only root without paths that the image writes to",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference::new("mattermost/docker", "issue 39"),
        Reference::new("kube-linter", "no-read-only-root-fs"),
    ],
    page: include_str!("writable_paths_missing.md"),
    decide,
};

static ROOT_WRITABLE: Words = Words::new(
    "root-left-writable",
    "The file leaves the root file system writable.",
);
static ENTRYPOINT: Words = Words::new(
    "other-entrypoint-writes-unknown",
    "Its entrypoint is replaced; the paths that it writes to are unknown.",
);
static UNKNOWN: Words = Words::new(
    "written-paths-unknown",
    "The paths that the image writes to are unknown.",
);
static NONE_MISSING: Words = Words::new(
    "has-writable-paths",
    "{image} can write wherever it needs to.",
);
static MISSING: Words = Words::new(
    "lacks-writable-path",
    "{image} writes to {path} ({why}), and nothing is mounted there.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let place = match &container.read_only_root {
        Setting::Unsupported => return Answer::inapplicable(&NO_SUCH_SETTING),
        Setting::Set {
            value: true,
            origin,
        } if origin.via != Via::Planned => origin.place,
        _ => return Answer::hardened(&ROOT_WRITABLE),
    };
    if container.entrypoint.is_some() {
        return Answer::inapplicable(&ENTRYPOINT);
    }
    let Some(facts) = container
        .facts
        .as_deref()
        .filter(|facts| facts.writable_is_known())
    else {
        return Answer::inapplicable(&UNKNOWN);
    };
    let missing = writable::missing(container, facts);
    if missing.is_empty() {
        return Answer::hardened(Reason::new(&NONE_MISSING).image(facts.id.as_str()));
    }
    // A path whose data must persist, or that needs files of the image, requires a volume. The user
    // must choose that volume.
    let is_scratch = missing.iter().all(|path| !path.persist && !path.seed);
    let mut remedies: Vec<Vec<Assignment>> = vec![Vec::new(); missing.len()];
    if is_scratch {
        let paths = missing.iter();
        let paths = paths.map(|path| writable::scratch(container, facts, path));
        let paths = writable::within_limit(container, paths.collect());
        remedies = paths
            .into_iter()
            .map(|path| vec![Assignment::Scratch(path)])
            .collect();
    }
    let findings = missing.iter().zip(remedies).map(|(path, remedy)| Finding {
        reason: Reason::new(&MISSING)
            .image(facts.id.as_str())
            .path(path.path.as_str())
            .with("why", Value::Note(path.why.clone()))
            .at(place),
        remedy,
    });
    Answer::Findings(findings.collect())
}
