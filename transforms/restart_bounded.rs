//! Limits restarts, so that a failing container is not restarted forever.

use super::{Kind, Reference, Risk, Transform, by_variable, unreadable};
use crate::container::{
    Answer, Assignment, Basis, Container, Policy, Reason, Restart, Setting, Value, Words,
};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "restart-bounded",
    edition: Edition::new(2026, 11),
    summary: "limits how often a failing container is restarted",
    kind: Kind::Change,
    default: false,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.15",
        },
        Reference {
            source: "KICS",
            id: "2fc99041",
        },
    ],
    page: include_str!("restart_bounded.md"),
    decide,
};

static BACKS_OFF: Words = Words::new(
    "kubelet-backs-off",
    "A kubelet waits longer after each failure; it has no limit to set.",
);
static NOT_RESTARTED: Words = Words::new("not-restarted", "It is not restarted.");
static BOUNDED: Words = Words::new("restarts-bounded", "It is restarted at most {count} times.");
static UNBOUNDED: Words = Words::new(
    "restarts-unbounded",
    "It is restarted without a limit; the new limit is {count} restarts.",
);
static NOT_A_POLICY: Words =
    Words::new("not-a-restart-policy", "{written} is not a restart policy.");

fn decide(container: &Container, policy: &Policy) -> Answer {
    let place = container.restart.place();
    match &container.restart {
        Setting::Unsupported => Answer::inapplicable(&BACKS_OFF),
        Setting::Absent => Answer::hardened(&NOT_RESTARTED),
        Setting::Set { value, .. } => match value {
            Restart::Never => Answer::hardened(Reason::new(&NOT_RESTARTED).at(place)),
            Restart::OnFailure {
                retries: Some(retries),
            } => Answer::hardened(counted(&BOUNDED, *retries).at(place)),
            Restart::Always | Restart::OnFailure { retries: None } => Answer::Change {
                assignments: vec![Assignment::RestartAtMost(policy.restarts)],
                basis: Basis::General,
                reason: counted(&UNBOUNDED, policy.restarts).at(place),
            },
        },
        Setting::Variable { text, origin, .. } => by_variable(text, origin),
        Setting::Unreadable { text, origin } => unreadable(&NOT_A_POLICY, text, origin),
    }
}

fn counted(words: &'static Words, count: u32) -> Reason {
    Reason::new(words).with("count", Value::Count(count.into()))
}
