//! Mounts that a container makes and the host then has too.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Mount, Policy, Reason};
use crate::edition::Edition;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    let spreads = |mount: &&Mount| {
        mount
            .propagation
            .as_deref()
            .is_some_and(|word| matches!(word, "shared" | "rshared" | "Bidirectional"))
    };
    match container.mounts.iter().find(spreads) {
        Some(mount) => Answer::finding(
            Reason::from(format!(
                "what is mounted below `{}` appears on the host too",
                mount.target
            ))
            .at(mount.place),
            Vec::new(),
        ),
        None => Answer::hardened("its mounts stay its own".to_owned()),
    }
}
