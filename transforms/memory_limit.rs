//! Limits memory, so that one container cannot use all memory of its host.

use super::evidence::{self, Against, host_agent};
use super::needs::writable;
use super::{
    AUTOSCALED, DEFAULT_LIMIT, Kind, Reference, Risk, TWICE_REQUEST, Transform, limited, written,
};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Policy, Reason, Value, Words,
};
use crate::edition::Edition;
use crate::image::Facts;
use crate::transforms::needs::writable::Applies;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "memory-limit",
    edition: Edition::new(2026, 11),
    summary: "limits memory",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.11",
        },
        Reference {
            source: "kube-linter",
            id: "unset-memory-requirements",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0018",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_13",
        },
        Reference {
            source: "KICS",
            id: "bb9ac4f7",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0026",
        },
        Reference {
            source: "Polaris",
            id: "memoryLimitsMissing",
        },
    ],
    page: include_str!("memory_limit.md"),
    decide,
};

/// A process may need as much memory again in addition to the heap or cache of a sized option.
const HEADROOM: u64 = 2;

static NOT_MEMORY: Words = Words::new(
    "not-an-amount-of-memory",
    "{written} is not an amount of memory.",
);
static GPU: Words = Words::new(
    "gpu-memory-unknown",
    "It has a GPU; the memory it needs is unknown.",
);
static SIZED_BY_HOST: Words = Words::new(
    "memory-sized-by-host",
    "{image} sizes itself by the memory of the host, not by its limit.",
);
static NEED_DIFFERS: Words = Words::new(
    "memory-of-image-differs",
    "Many programs share the name {image}; the memory that this one needs is unknown.",
);
static BY_VARIABLE: Words = Words::new(
    "memory-set-by-variable",
    "{written} sets its memory, and the file does not give the value.",
);
static ESTIMATED: Words = Words::new(
    "estimated-minimum",
    "The limit is {count} × its estimated minimum ({bytes}).",
);
static TWICE_STATED: Words = Words::new(
    "twice-stated-memory",
    "The limit is twice what {written} asks for.",
);
static WITH_TMPFS: Words = Words::new("limit-includes-tmpfs", "It includes its tmpfs.");
static WITH_SHARED: Words = Words::new(
    "limit-includes-shared-memory",
    "It includes its shared memory.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    let remedy = || limit(container, policy).assignments();
    written(&container.memory_limit, &NOT_MEMORY, limited, remedy)
        .unwrap_or_else(|| limit(container, policy))
}

/// The answer if no limit is written.
fn limit(container: &Container, policy: &Policy) -> Answer {
    let known = container
        .facts
        .as_ref()
        .and_then(|facts| Some((facts.known_memory_min()?, facts.id.clone())));
    if let Some(why) = against(container, known.is_some(), policy) {
        return Answer::declined(why);
    }
    let (limit, reason) = amount(container, policy);
    let mut assignments = vec![Assignment::MemoryLimit(limit)];
    if container.limit_implies_request && container.memory_request.is_absent() {
        let need = known.as_ref().map_or(0, |(minimum, _)| *minimum);
        assignments.push(Assignment::MemoryRequest(
            policy.memory_request.max(need).min(limit),
        ));
    }
    let basis = known.map_or(Basis::Assumed, |(_, id)| Basis::Known(id));
    Answer::Change {
        assignments,
        basis,
        reason,
    }
}

/// Why no limit can be chosen.
fn against(container: &Container, is_known: bool, policy: &Policy) -> Option<Reason> {
    if let Some(autoscaler) = &container.autoscaler {
        return Some(Reason::new(&AUTOSCALED).name(autoscaler));
    }
    if container.accelerated {
        return Some(Reason::new(&GPU));
    }
    if let Some(evidence) = evidence::observed(container, Against::MemoryLimit).first() {
        return Some(evidence.reason.clone());
    }
    let of_image = |words, facts: &Facts| Some(Reason::new(words).image(facts.id.as_str()));
    if let Some(facts) = container.facts.as_deref()
        && let Some(conditions) = facts.sized_by_host_unless()
        && writable::applies(container, conditions) != Applies::Yes
    {
        return of_image(&SIZED_BY_HOST, facts);
    }
    if let Some(why) = evidence::may_be_known_software(container)
        && policy.assume != Assume::All
    {
        return Some(why);
    }
    if let Some(facts) = container.facts.as_deref()
        && facts.memory_differs()
        && policy.assume != Assume::All
    {
        return of_image(&NEED_DIFFERS, facts);
    }
    if let Some(words) = evidence::memory_by_variable(container) {
        return Some(Reason::new(&BY_VARIABLE).written(words));
    }
    if !is_known && policy.assume != Assume::All {
        return host_agent::reason(container);
    }
    None
}

/// The limit, and the reason for this amount.
fn amount(container: &Container, policy: &Policy) -> (u64, Reason) {
    let mut limit = policy.memory;
    let mut reason = Reason::new(&DEFAULT_LIMIT);
    // A suspected minimum is too weak as a basis, but it is enough to avoid a lower limit.
    if let Some(facts) = &container.facts
        && let Some(minimum) = facts.suspected_memory_min()
        && minimum.saturating_mul(policy.memory_factor) > limit
    {
        limit = minimum.saturating_mul(policy.memory_factor);
        reason = Reason::new(&ESTIMATED)
            .with("count", Value::Count(policy.memory_factor))
            .with("bytes", Value::Bytes(minimum));
    }
    if let Some((stated, words)) = evidence::stated_memory(container)
        && stated.saturating_mul(HEADROOM) > limit
    {
        limit = stated.saturating_mul(HEADROOM);
        reason = Reason::new(&TWICE_STATED).written(words);
    }
    let scratch = writable::scratch_memory(container);
    if container.scratch_memory > 0 || scratch > 0 {
        limit = limit
            .saturating_add(container.scratch_memory)
            .saturating_add(scratch);
        reason = reason.and(Reason::new(&WITH_TMPFS));
    }
    if let Some(shared) = container.shared_memory
        && shared > 64 << 20
    {
        limit = limit.saturating_add(shared);
        reason = reason.and(Reason::new(&WITH_SHARED));
    }
    if let Some(request) = container.memory_request.judged().copied()
        && request.saturating_mul(HEADROOM) > limit
    {
        limit = request.saturating_mul(HEADROOM);
        reason = Reason::new(&TWICE_REQUEST).at(container.memory_request.place());
    }
    (limit, reason)
}
