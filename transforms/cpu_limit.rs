//! Limits CPU time, so that one container cannot starve the others.

use super::{
    AUTOSCALED, DEFAULT_LIMIT, Kind, Reference, Risk, TWICE_REQUEST, Transform, limited, written,
};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Policy, Reason, Setting, Words,
};
use crate::edition::Edition;
use crate::transforms::evidence::{self, Against, host_agent};

/// The page describes this transform.
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

static NOT_CPUS: Words = Words::new("not-a-number-of-cpus", "{written} is not a number of CPUs.");
static GPU: Words = Words::new(
    "gpu-cpus-unknown",
    "It has a GPU; the CPUs it needs are unknown.",
);
static REQUEST_BY_VARIABLE: Words = Words::new(
    "cpu-request-set-by-variable",
    "{written} decides how many CPUs it requests.",
);
static LARGE_REQUEST: Words = Words::new(
    "cpu-request-above-default",
    "It requests more CPUs than the default limit; the host may not have twice as many.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    let remedy = || limit(container, policy).assignments();
    written(&container.cpu_limit, &NOT_CPUS, limited, remedy)
        .unwrap_or_else(|| limit(container, policy))
}

/// The answer if no limit is written.
fn limit(container: &Container, policy: &Policy) -> Answer {
    if let Some(autoscaler) = &container.autoscaler {
        return Answer::declined(Reason::new(&AUTOSCALED).name(autoscaler));
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
        return Answer::declined(&GPU);
    }
    if let Setting::Variable { text, origin, .. } = &container.cpu_request {
        let reason = Reason::new(&REQUEST_BY_VARIABLE).written(text);
        return Answer::declined(reason.at(origin.place));
    }

    let mut limit = policy.cpu;
    let mut reason = Reason::new(&DEFAULT_LIMIT);
    if let Some(request) = container.cpu_request.judged().copied() {
        let place = container.cpu_request.place();
        if container.limit_implies_request && request.saturating_mul(2) > limit {
            limit = request.saturating_mul(2);
            reason = Reason::new(&TWICE_REQUEST).at(place);
        } else if request > limit {
            // Without a scheduler, the host may have fewer CPUs. The engine rejects a limit above
            // the number of CPUs of its host.
            return Answer::declined(Reason::new(&LARGE_REQUEST).at(place));
        }
    }
    let mut assignments = vec![Assignment::CpuLimit(limit)];
    if container.limit_implies_request && container.cpu_request.is_absent() {
        assignments.push(Assignment::CpuRequest(policy.cpu_request.min(limit)));
    }
    Answer::Change {
        assignments,
        basis: Basis::Assumed,
        reason,
    }
}
