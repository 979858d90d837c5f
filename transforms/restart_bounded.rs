//! A container that keeps failing is not started again for ever.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Policy, Reason, Restart, Setting};
use crate::edition::Edition;

/// See the page.
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

fn decide(container: &Container, policy: &Policy) -> Answer {
    match &container.restart {
        Setting::Unsupported => Answer::inapplicable(
            "a kubelet waits longer after each failure, and has no bound to set".to_owned(),
        ),
        Setting::Absent => Answer::hardened("it is not started again".to_owned()),
        Setting::Set { value, .. } => match value {
            Restart::Never => Answer::hardened("it is not started again".to_owned()),
            Restart::OnFailure {
                retries: Some(retries),
            } => Answer::hardened(format!("it is started again {retries} times at most")),
            Restart::Always | Restart::OnFailure { retries: None } => Answer::Change {
                assignments: vec![Assignment::RestartAtMost(policy.restarts)],
                basis: Basis::General,
                reason: format!(
                    "what fails {} times in a row fails for a reason",
                    policy.restarts
                )
                .into(),
            },
        },
        Setting::Variable { text, .. } => Answer::declined(format!("`{text}` decides it")),
        Setting::Unreadable { text, origin } => Answer::finding(
            Reason::from(format!("`{text}` is not a restart policy")).at(origin.place),
            Vec::new(),
        ),
    }
}
