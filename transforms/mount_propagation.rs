//! Reports mounts that propagate from the container to the host.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Finding, Mount, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "mount-propagation",
    edition: Edition::new(2026, 11),
    summary: "mounts that propagate from a container to the host",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("CIS Docker Benchmark 1.6.0", "5.20"),
        Reference::new("KICS", "baa452f0"),
        Reference::new("compose-lint", "CL-0017"),
    ],
    page: include_str!("mount_propagation.md"),
    decide,
};

static OWN_MOUNTS: Words = Words::new(
    "own-mounts",
    "Mounts that it makes do not appear on the host.",
);
static SHARED_MOUNTS: Words = Words::new(
    "mounts-reach-host",
    "Mounts that it makes below {path} appear on the host too.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let spreads = |mount: &&Mount| {
        mount
            .propagation
            .as_deref()
            .is_some_and(|word| matches!(word, "shared" | "rshared" | "Bidirectional"))
    };
    let findings: Vec<Finding> = container
        .mounts
        .iter()
        .filter(spreads)
        .map(|mount| Finding {
            reason: Reason::new(&SHARED_MOUNTS)
                .path(mount.target.as_str())
                .at(mount.place),
            remedy: Vec::new(),
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(&OWN_MOUNTS);
    }
    Answer::Findings(findings)
}
