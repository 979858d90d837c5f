//! Paths that the image writes to and that a read-only root closes.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Setting, Via};
use crate::edition::Edition;
use crate::transforms::needs::writable;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    let place = match &container.read_only_root {
        Setting::Unsupported => {
            return Answer::inapplicable("this format has no such setting".to_owned());
        }
        Setting::Set {
            value: true,
            origin,
        } if origin.via != Via::Planned => origin.place,
        _ => return Answer::hardened("the file leaves the root writable".to_owned()),
    };
    if container.entrypoint.is_some() {
        return Answer::inapplicable(
            "its entrypoint is replaced, and where that writes is not known".to_owned(),
        );
    }
    let Some(facts) = container
        .facts
        .as_deref()
        .filter(|facts| facts.writable_is_known())
    else {
        return Answer::inapplicable("where the image writes is not known".to_owned());
    };
    let missing = writable::missing(container, facts);
    if missing.is_empty() {
        return Answer::hardened(format!("{} can write where it does", facts.id));
    }
    let places: Vec<_> = missing
        .iter()
        .map(|path| format!("`{}` ({})", path.path, path.why))
        .collect();
    // What must survive, or brings files along, takes a volume that a person chooses.
    let is_scratch = missing.iter().all(|path| !path.persist && !path.seed);
    let remedy = if is_scratch {
        let paths = missing.iter();
        let paths = paths.map(|path| writable::scratch(container, facts, path));
        writable::within_limit(container, paths.collect())
            .into_iter()
            .map(Assignment::Scratch)
            .collect()
    } else {
        Vec::new()
    };
    Answer::finding(
        Reason::from(format!(
            "{} writes to {}, and nothing is mounted there",
            facts.id,
            places.join(", ")
        ))
        .at(place),
        remedy,
    )
}
