//! Prevents the process from gaining privileges: setuid programs and file capabilities have no
//! effect.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Network, Policy, Reason, Value, Words,
};
use crate::edition::Edition;
use crate::image::{Facts, Support};
use crate::transforms::evidence;
use crate::transforms::needs::capabilities;

/// The page describes this transform.
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

static ON: Words = Words::new("new-privileges-forbidden", "It cannot gain privileges.");
static ALLOWED: Words = Words::new(
    "new-privileges-allowed",
    "The file allows it to gain privileges.",
);
static INVALID: Words = Words::new(
    "not-a-value-of-no-new-privileges",
    "{written} is not a value of this setting.",
);
static IMAGE_GAINS: Words = Words::new(
    "image-gains-privileges",
    "{image} needs to gain privileges: {why}.",
);
static IMAGE_MAY_GAIN: Words = Words::new(
    "image-may-gain-privileges",
    "{image} may need to gain privileges; check this first: {why}.",
);
static OPENS_BY_FILE: Words = Words::new(
    "opens-port-by-file-capability",
    "{path} opens port {port} by a file capability, which it would no longer gain.",
);
static FORBIDS: Words = Words::new(
    "process-keeps-its-privileges",
    "A process that is taken over cannot gain more privileges.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &bool| match value {
        true => Written::Strict(Reason::new(&ON)),
        false => Written::Weak(Reason::new(&ALLOWED)),
    };
    written(&container.no_new_privileges, &INVALID, judge, || {
        forbid(container, policy).assignments()
    })
    .unwrap_or_else(|| forbid(container, policy))
}

/// Why the image may need to gain privileges.
fn gains_privileges(facts: &Facts) -> Option<Reason> {
    let (words, why) = match &facts.no_new_privileges {
        Support::No(why) => (&IMAGE_GAINS, why),
        Support::Conditional(why) => (&IMAGE_MAY_GAIN, why),
        Support::Yes | Support::Unknown => return None,
    };
    let reason = Reason::new(words).image(facts.id.as_str());
    Some(reason.with("why", Value::Note(why.clone())))
}

/// The answer if the setting is absent.
fn forbid(container: &Container, policy: &Policy) -> Answer {
    if let Some(why) = container.facts.as_deref().and_then(gains_privileges) {
        return Answer::declined(why);
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
            return Answer::declined(Reason::new(&OPENS_BY_FILE).path(program).port(port));
        }
        let lowest = container.lowest_port_of_pod;
        assignments.push(Assignment::UnprivilegedPortStart(
            lowest.map_or(port, |of_pod| of_pod.min(port)),
        ));
    }
    Answer::Change {
        assignments,
        basis: Basis::General,
        reason: Reason::new(&FORBIDS),
    }
}
