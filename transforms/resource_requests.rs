//! Requests resources from the scheduler for a container without limits.

use super::{AUTOSCALED, Kind, NO_SUCH_SETTING, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Policy, Reason, Setting, Words};
use crate::edition::Edition;
use crate::transforms::evidence::{self, Against};

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "resource-requests",
    edition: Edition::new(2026, 11),
    summary: "reserves a little memory and CPU for a container without requests and limits",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "kube-linter",
            id: "unset-cpu-requirements",
        },
        Reference {
            source: "kube-linter",
            id: "unset-memory-requirements",
        },
        Reference {
            source: "kube-score",
            id: "container-resources",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0015",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0016",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_10",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_12",
        },
        Reference {
            source: "Polaris",
            id: "cpuRequestsMissing",
        },
        Reference {
            source: "Polaris",
            id: "memoryRequestsMissing",
        },
    ],
    page: include_str!("resource_requests.md"),
    decide,
};

static NO_SCHEDULER: Words = Words::new(
    "placed-by-no-scheduler",
    "No scheduler places it by its requests.",
);
static HAS_REQUESTS: Words = Words::new(
    "has-requests",
    "Its requests or limits tell the scheduler what it needs.",
);
static NO_REQUESTS: Words = Words::new(
    "evicted-without-requests",
    "A pod without requests is the first to be evicted.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    if !container.limit_implies_request {
        return Answer::inapplicable(&NO_SCHEDULER);
    }
    if !container.memory_request.is_supported() && !container.cpu_request.is_supported() {
        return Answer::inapplicable(&NO_SUCH_SETTING);
    }
    let memory = is_open(&container.memory_request, &container.memory_limit);
    let cpu = is_open(&container.cpu_request, &container.cpu_limit);
    if !memory && !cpu {
        return Answer::hardened(&HAS_REQUESTS);
    }
    if let Some(autoscaler) = &container.autoscaler {
        return Answer::declined(Reason::new(&AUTOSCALED).name(autoscaler));
    }
    if let Some(evidence) = [Against::MemoryLimit, Against::CpuLimit]
        .into_iter()
        .flat_map(|against| evidence::observed(container, against))
        .find(|evidence| evidence.decisive)
    {
        return Answer::declined(evidence.reason.clone());
    }

    let known = container
        .facts
        .as_ref()
        .and_then(|facts| Some((facts.known_memory_min()?, facts.id.clone())));
    let mut assignments = Vec::new();
    if memory {
        let need = known.as_ref().map_or(0, |(minimum, _)| *minimum);
        assignments.push(Assignment::MemoryRequest(policy.memory_request.max(need)));
    }
    if cpu {
        assignments.push(Assignment::CpuRequest(policy.cpu_request));
    }
    let basis = known
        .filter(|_| memory)
        .map_or(Basis::Assumed, |(_, id)| Basis::Known(id));
    Answer::Change {
        assignments,
        basis,
        reason: Reason::new(&NO_REQUESTS),
    }
}

/// Whether neither the request nor a limit that implies it is written. A smaller request next to a
/// limit would remove the pod from the quality-of-service class that is evicted last.
fn is_open(request: &Setting<u64>, limit: &Setting<u64>) -> bool {
    request.is_absent() && limit.is_absent()
}
