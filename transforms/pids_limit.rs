//! Limits processes and threads, so that one container cannot use up those of its host.

use super::{DEFAULT_LIMIT, Kind, Reference, Risk, Transform, limited, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Reason, Words};
use crate::edition::Edition;
use crate::transforms::evidence;

/// The page describes this transform.
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

/// The facts of an image describe an idle or small instance.
const HEADROOM: i64 = 2;

static WINDOWS: Words = Words::new(
    "windows-without-pids-limit",
    "Windows has no limit on processes.",
);
static OF_NODE: Words = Words::new(
    "kubelet-limits-processes",
    "The kubelet limits the processes of a pod ({name}).",
);
static NOT_PROCESSES: Words = Words::new(
    "not-a-number-of-processes",
    "{written} is not a number of processes.",
);
static GPU: Words = Words::new(
    "gpu-threads-unknown",
    "It has a GPU; the number of threads it needs is unknown.",
);
static TWICE_KNOWN: Words = Words::new(
    "twice-known-processes",
    "The limit is twice what {image} needs.",
);
static TWICE_CONNECTIONS: Words = Words::new(
    "twice-stated-connections",
    "The limit is twice what {written} allows, for one process or thread each.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable(&WINDOWS);
    }
    if !container.pids_limit.is_supported() {
        return Answer::inapplicable(Reason::new(&OF_NODE).name("podPidsLimit"));
    }
    let remedy = || limit(container, policy).assignments();
    written(&container.pids_limit, &NOT_PROCESSES, limited, remedy)
        .unwrap_or_else(|| limit(container, policy))
}

/// The answer if no limit is written.
fn limit(container: &Container, policy: &Policy) -> Answer {
    if policy.assume != Assume::All {
        if let Some(what) = evidence::engine_inside(container) {
            return Answer::declined(what);
        }
        if container.accelerated {
            return Answer::declined(&GPU);
        }
    }
    let mut limit = policy.pids;
    let mut reason = Reason::new(&DEFAULT_LIMIT);
    let mut basis = Basis::Assumed;
    if let Some(facts) = &container.facts
        && let Some(least) = facts.pids_min
    {
        basis = Basis::Known(facts.id.clone());
        let need = i64::from(least).saturating_mul(HEADROOM);
        if need > limit {
            limit = need;
            reason = Reason::new(&TWICE_KNOWN).image(facts.id.as_str());
        }
    }
    if let Some((stated, words)) = evidence::stated_connections(container) {
        let need = stated.saturating_mul(HEADROOM);
        if need > limit {
            limit = need;
            reason = Reason::new(&TWICE_CONNECTIONS).written(words);
        }
    }
    Answer::Change {
        assignments: vec![Assignment::PidsLimit(limit)],
        basis,
        reason,
    }
}
