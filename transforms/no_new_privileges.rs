//! The process can never gain privileges: no setuid program, no file capability takes effect.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Network, Policy};
use crate::edition::Edition;
use crate::transforms::evidence;
use crate::transforms::needs::capabilities;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "no-new-privileges",
    edition: Edition::new(2026, 11),
    summary: "blocks new privileges through setuid programs and file capabilities",
    kind: Kind::Change,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference {
            source: "Pod Security Standards, restricted",
            id: "allowPrivilegeEscalation",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.26",
        },
        Reference {
            source: "CIS Kubernetes Benchmark 1.8.0",
            id: "5.2.6",
        },
        Reference {
            source: "kube-linter",
            id: "privilege-escalation-container",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0001",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_20",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0003",
        },
        Reference {
            source: "KICS",
            id: "27fcc7d6",
        },
        Reference {
            source: "Polaris",
            id: "privilegeEscalationAllowed",
        },
    ],
    page: include_str!("no_new_privileges.md"),
    decide,
};

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &bool| match value {
        true => Written::Strict("it is on".into()),
        false => Written::Weak("gaining privileges is allowed explicitly".into()),
    };
    written(
        &container.no_new_privileges,
        "a value of this setting",
        judge,
        || forbid(container, policy).assignments(),
    )
    .unwrap_or_else(|| forbid(container, policy))
}

/// The answer where nobody has said anything.
fn forbid(container: &Container, policy: &Policy) -> Answer {
    if let Some(why) = container
        .facts
        .as_ref()
        .and_then(|facts| facts.breaks_without_new_privileges())
    {
        return Answer::declined(why.to_owned());
    }
    if let Some(evidence) = evidence::against_no_new_privileges(container)
        .into_iter()
        .find(|evidence| evidence.decisive || policy.assume != Assume::All)
    {
        return Answer::declined(evidence.reason);
    }
    let mut assignments = vec![Assignment::NoNewPrivileges];
    if let Some((port, program)) = capabilities::port_of_file(container) {
        if container.network != Network::Private || !container.unprivileged_port_start.is_absent() {
            return Answer::declined(format!(
                "`{program}` opens port {port} by a capability of its own, which it would not gain"
            ));
        }
        let lowest = container.lowest_port_of_pod;
        assignments.push(Assignment::UnprivilegedPortStart(
            lowest.map_or(port, |of_pod| of_pod.min(port)),
        ));
    }
    Answer::Change {
        assignments,
        basis: Basis::General,
        reason: "a process that is taken over cannot become more than it is".into(),
    }
}
