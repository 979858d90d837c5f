//! Reports capabilities that the image needs and that the file drops.

use super::{Kind, NO_SUCH_SETTING, Reference, Risk, Transform};
use crate::container::{
    Answer, Assignment, Container, Finding, Policy, Reason, Setting, Via, Words,
};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::{self, Start};

/// The page describes this transform.
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

static NONE_DROPPED: Words = Words::new("drops-no-capability", "The file drops no capability.");
static PRIVILEGED: Words = Words::new(
    "privileged-keeps-capabilities",
    "It is privileged, so it has every capability.",
);
static ENTRYPOINT: Words = Words::new(
    "other-entrypoint-needs-unknown",
    "Its entrypoint is replaced; the capabilities that it needs are unknown.",
);
static UNKNOWN: Words = Words::new(
    "needed-capabilities-unknown",
    "The capabilities that the image needs are unknown.",
);
static NONE_MISSING: Words = Words::new(
    "has-needed-capabilities",
    "{image} has the capabilities that it needs.",
);
static MISSING: Words = Words::new(
    "lacks-needed-capability",
    "{image} needs {capability}, which it does not have.",
);
static LATER: Words = Words::new(
    "fails-at-second-start",
    "It may fail only at its second start.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let place = match &container.capabilities_dropped {
        Setting::Unsupported => return Answer::inapplicable(&NO_SUCH_SETTING),
        Setting::Set { origin, .. } if origin.via != Via::Planned => origin.place,
        _ => return Answer::hardened(&NONE_DROPPED),
    };
    if container.privileged.judged() == Some(&true) {
        return Answer::hardened(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if container.entrypoint.is_some() {
        return Answer::inapplicable(&ENTRYPOINT);
    }
    let known = container
        .facts
        .as_deref()
        .and_then(|facts| Some((facts, capabilities::needed(container, facts)?)));
    let Some((facts, needed)) = known else {
        return Answer::inapplicable(&UNKNOWN);
    };
    let has = capabilities::bounding_set(container);
    let findings: Vec<Finding> = needed
        .into_iter()
        .filter(|name| !has.contains(name.as_str()) && !has.contains("ALL"))
        .map(|name| {
            let reason = Reason::new(&MISSING)
                .image(facts.id.as_str())
                .capability(name.as_str())
                .at(place);
            Finding {
                reason: match capabilities::start(container) {
                    Start::User => reason,
                    Start::Root | Start::Unknown => reason.and(Reason::new(&LATER)),
                },
                // A capability outside the default set was not lost by dropping, so adding it is no
                // remedy.
                remedy: if capabilities::DEFAULT.contains(&name.as_str()) {
                    vec![Assignment::AddCapability(name)]
                } else {
                    Vec::new()
                },
            }
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(Reason::new(&NONE_MISSING).image(facts.id.as_str()));
    }
    Answer::Findings(findings)
}
