//! Capabilities that the image needs and that the file takes away.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Setting, Via};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::{self, Start};

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "capabilities-missing",
    edition: Edition::new(2026, 11),
    summary: "dropped capabilities that the image needs",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference::new("docker-library/postgres", "issue 208"),
        Reference::new("pgadmin-org/pgadmin4", "issue 7721"),
        Reference::new("hashicorp/docker-vault", "issue 17"),
    ],
    page: include_str!("capabilities_missing.md"),
    decide,
};

fn decide(container: &Container, _: &Policy) -> Answer {
    let place = match &container.capabilities_dropped {
        Setting::Unsupported => {
            return Answer::inapplicable("this format has no such setting".to_owned());
        }
        Setting::Set { origin, .. } if origin.via != Via::Planned => origin.place,
        _ => return Answer::hardened("the file drops none".to_owned()),
    };
    if container.privileged.judged() == Some(&true) {
        return Answer::hardened("it is privileged, and has them whatever is dropped".to_owned());
    }
    if container.entrypoint.is_some() {
        return Answer::inapplicable(
            "its entrypoint is replaced, and what that needs is not known".to_owned(),
        );
    }
    let known = container
        .facts
        .as_deref()
        .and_then(|facts| Some((facts, capabilities::needed(container, facts)?)));
    let Some((facts, needed)) = known else {
        return Answer::inapplicable("what the image needs is not known".to_owned());
    };
    let has = capabilities::bounding_set(container);
    let missing: Vec<&String> = needed
        .iter()
        .filter(|name| !has.contains(name.as_str()) && !has.contains("ALL"))
        .collect();
    if missing.is_empty() {
        return Answer::hardened(format!("{} has what it needs", facts.id));
    }
    let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
    let when = match capabilities::start(container) {
        Start::User => "",
        Start::Root | Start::Unknown => ", at its second start if not before",
    };
    // What no container has by default was not taken away by dropping.
    let remedy = missing
        .into_iter()
        .filter(|name| capabilities::DEFAULT.contains(&name.as_str()))
        .map(|name| Assignment::AddCapability(name.clone()))
        .collect();
    let what = format!("{} needs {}{when}", facts.id, names.join(", "));
    Answer::finding(Reason::from(what).at(place), remedy)
}
