//! A bound on memory, so that one container cannot take the host's.

use super::evidence::{self, Against, host_agent};
use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy};
use crate::edition::Edition;
use crate::transforms::needs::writable::Applies;

/// See the page.
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

/// A process may need as much again beside the heap or cache that an option sizes.
const HEADROOM: u64 = 2;

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |value: &u64| match value {
        0 => Written::Weak("memory is unlimited explicitly".into()),
        _ => Written::Strict("it has a limit".into()),
    };
    written(
        &container.memory_limit,
        "an amount of memory",
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
    if container.accelerated {
        return Answer::declined(
            "it is given a GPU, and such work needs memory that nobody here can tell".to_owned(),
        );
    }
    if let Some(evidence) = evidence::observed(container, Against::MemoryLimit).first() {
        return Answer::declined(evidence.reason.clone());
    }

    if let Some(facts) = &container.facts
        && let Some(conditions) = facts.sized_by_host_unless()
        && writable::applies(container, conditions) != Applies::Yes
    {
        return Answer::declined(format!(
            "{} sizes itself by the memory of the host, whatever its limit",
            facts.id
        ));
    }

    if let Some(why) = evidence::may_be_known_software(container)
        && policy.assume != Assume::All
    {
        return Answer::declined(why);
    }
    if let Some(facts) = &container.facts
        && facts.memory_differs()
        && policy.assume != Assume::All
    {
        return Answer::declined(format!(
            "many programs go by the name of {}, and how much memory this one needs is not known",
            facts.id
        ));
    }
    if let Some(words) = evidence::memory_by_variable(container) {
        return Answer::declined(format!(
            "`{words}` asks for memory, and how much is decided elsewhere"
        ));
    }
    let known = container
        .facts
        .as_ref()
        .and_then(|facts| Some((facts.known_memory_min()?, facts.id.clone())));
    if known.is_none()
        && policy.assume != Assume::All
        && let Some(reason) = host_agent::reason(container)
    {
        return Answer::declined(reason);
    }
    let mut limit = policy.memory;
    let mut reason = "the default".to_owned();
    // A suspicion is no ground to rest on, but one against a lower limit.
    if let Some(facts) = &container.facts
        && let Some(minimum) = facts.suspected_memory_min()
        && minimum.saturating_mul(policy.memory_factor) > limit
    {
        limit = minimum.saturating_mul(policy.memory_factor);
        reason = format!(
            "{} times what {} cannot live without",
            policy.memory_factor, facts.id
        );
    }
    if let Some((stated, words)) = evidence::stated_memory(container)
        && stated.saturating_mul(HEADROOM) > limit
    {
        limit = stated.saturating_mul(HEADROOM);
        reason = format!("twice what `{words}` asks for");
    }
    let scratch = writable::scratch_memory(container);
    if container.scratch_memory > 0 || scratch > 0 {
        limit = limit
            .saturating_add(container.scratch_memory)
            .saturating_add(scratch);
        reason.push_str(", and its tmpfs");
    }
    if let Some(shared) = container.shared_memory
        && shared > 64 << 20
    {
        limit = limit.saturating_add(shared);
        reason.push_str(", and its shared memory");
    }
    if let Some(request) = container.memory_request.judged().copied()
        && request.saturating_mul(HEADROOM) > limit
    {
        limit = request.saturating_mul(HEADROOM);
        "twice what it requests".clone_into(&mut reason);
    }

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
        reason: reason.into(),
    }
}
