//! A bound on processes and threads, so that one container cannot take the host's.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy};
use crate::edition::Edition;
use crate::transforms::evidence;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "pids-limit",
    edition: Edition::new(2026, 11),
    summary: "limits processes and threads",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.29",
        },
        Reference {
            source: "KICS",
            id: "221e0658",
        },
    ],
    page: include_str!("pids_limit.md"),
    decide,
};

/// What is known of an image is what an idle or small one has.
const HEADROOM: i64 = 2;

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable("Windows has no such bound".to_owned());
    }
    if !container.pids_limit.is_supported() {
        return Answer::inapplicable(
            "a node bounds the processes of its pods (`podPidsLimit` of the kubelet)".to_owned(),
        );
    }
    let judge = |limit: &i64| match limit {
        ..=0 => Written::Weak("processes are unlimited explicitly".into()),
        _ => Written::Strict("it has a limit".into()),
    };
    written(
        &container.pids_limit,
        "a number of processes",
        judge,
        || limit(container, policy).assignments(),
    )
    .unwrap_or_else(|| limit(container, policy))
}

/// The answer where nobody has written a limit.
fn limit(container: &Container, policy: &Policy) -> Answer {
    if policy.assume != Assume::All {
        if let Some(what) = evidence::engine_inside(container) {
            return Answer::declined(what);
        }
        if container.accelerated {
            return Answer::declined(
                "it is given a GPU, and such work starts threads that nobody here can count"
                    .to_owned(),
            );
        }
    }
    let mut limit = policy.pids;
    let mut reason = "the default".to_owned();
    let mut basis = Basis::Assumed;
    if let Some(facts) = &container.facts
        && let Some(least) = facts.pids_min
    {
        basis = Basis::Known(facts.id.clone());
        let need = i64::from(least).saturating_mul(HEADROOM);
        if need > limit {
            limit = need;
            reason = format!("twice what {} needs", facts.id);
        }
    }
    if let Some((stated, words)) = evidence::stated_connections(container) {
        let need = stated.saturating_mul(HEADROOM);
        if need > limit {
            limit = need;
            reason = format!("twice what `{words}` allows, for one process or thread each");
        }
    }
    Answer::Change {
        assignments: vec![Assignment::PidsLimit(limit)],
        basis,
        reason: reason.into(),
    }
}
