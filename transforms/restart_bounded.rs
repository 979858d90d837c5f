//! A container that keeps failing is not started again for ever.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Policy, Restart, Setting};
use crate::edition::Edition;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "restart-bounded",
    edition: Edition::new(2026, 11),
    summary: "a container that keeps failing is not started again for ever",
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
        Setting::Unsupported => Answer::Inapplicable(
            "a kubelet waits longer after each failure, and has no bound to set".to_owned(),
        ),
        Setting::Absent => Answer::Hardened("it is not started again".to_owned()),
        Setting::Set { value, .. } => match value {
            Restart::Never => Answer::Hardened("it is not started again".to_owned()),
            Restart::OnFailure {
                retries: Some(retries),
            } => Answer::Hardened(format!("it is started again {retries} times at most")),
            Restart::Always | Restart::OnFailure { retries: None } => Answer::Change {
                assignments: vec![Assignment::RestartAtMost(policy.restarts)],
                basis: Basis::Always,
                reason: format!(
                    "what fails {} times in a row fails for a reason",
                    policy.restarts
                ),
            },
        },
        Setting::Variable { text, .. } => Answer::Declined(format!("`{text}` decides it")),
        Setting::Unreadable { text, origin } => Answer::Finding {
            what: format!("`{text}` is not a restart policy"),
            place: origin.place,
            remedy: Vec::new(),
        },
    }
}
