//! A bound on processor time, so that one container cannot starve the others.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Setting};
use crate::edition::Edition;
use crate::transforms::evidence::{self, Against, host_agent};

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "cpu-limit",
    edition: Edition::new(2026, 11),
    summary: "limits CPU time",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.12",
        },
        Reference {
            source: "kube-linter",
            id: "unset-cpu-requirements",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0011",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_11",
        },
        Reference {
            source: "KICS",
            id: "6b610c50",
        },
        Reference {
            source: "Polaris",
            id: "cpuLimitsMissing",
        },
    ],
    page: include_str!("cpu_limit.md"),
    decide,
};

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &u64| match value {
        0 => Written::Weak("processor time is unlimited explicitly".into()),
        _ => Written::Strict("it has a limit".into()),
    };
    written(
        &container.cpu_limit,
        "a number of processors",
        judge,
        || limit(container, policy).assignments(),
    )
    .unwrap_or_else(|| limit(container, policy))
}

/// The answer where nobody has written a limit.
fn limit(container: &Container, policy: &Policy) -> Answer {
    if let Some(autoscaler) = &container.autoscaler {
        return Answer::declined(format!("{autoscaler} decides about its resources"));
    }
    if let Some(evidence) = evidence::observed(container, Against::CpuLimit).first() {
        return Answer::declined(evidence.reason.clone());
    }
    if policy.assume != Assume::All
        && let Some(reason) = host_agent::reason(container)
    {
        return Answer::declined(reason);
    }
    if container.accelerated && policy.assume != Assume::All {
        return Answer::declined(
            "it is given a GPU, and it takes processors to feed that, how many nobody here can tell"
                .to_owned(),
        );
    }
    if let Setting::Variable { text, .. } = &container.cpu_request {
        return Answer::declined(format!("`{text}` decides how much it reserves"));
    }

    let mut limit = policy.cpu;
    let mut reason = "the default".to_owned();
    if let Some(request) = container.cpu_request.judged().copied() {
        if container.limit_implies_request && request.saturating_mul(2) > limit {
            limit = request.saturating_mul(2);
            "twice what it requests".clone_into(&mut reason);
        } else if request > limit {
            // Nothing places it on a host that has so many, and an engine refuses more than its own.
            return Answer::declined(
                "it reserves more than the default, and the host may not have twice that"
                    .to_owned(),
            );
        }
    }
    let mut assignments = vec![Assignment::CpuLimit(limit)];
    if container.limit_implies_request && container.cpu_request.is_absent() {
        assignments.push(Assignment::CpuRequest(policy.cpu_request.min(limit)));
    }
    Answer::Change {
        assignments,
        basis: Basis::Assumed,
        reason: reason.into(),
    }
}
