//! Applies the platform's default seccomp profile.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Reason, Words};
use crate::edition::Edition;
use crate::transforms::evidence;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "default-seccomp",
    edition: Edition::new(2026, 11),
    summary: "allows only the system calls of the platform's default seccomp profile",
    kind: Kind::Change,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference {
            source: "Pod Security Standards, restricted",
            id: "seccompProfile",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.22",
        },
        Reference {
            source: "CIS Kubernetes Benchmark 1.8.0",
            id: "5.7.2",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0030",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0104",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_31",
        },
        Reference {
            source: "KICS",
            id: "404fde2c",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0009",
        },
        Reference {
            source: "kube-score",
            id: "container-seccomp-profile",
        },
    ],
    page: include_str!("default_seccomp.md"),
    decide,
};

static WINDOWS: Words = Words::new("windows-without-seccomp", "Windows has no seccomp.");
static HAS_PROFILE: Words = Words::new("has-seccomp-profile", "It has a seccomp profile.");
static OFF: Words = Words::new("seccomp-off", "The seccomp profile is turned off.");
static NOT_A_PROFILE: Words = Words::new(
    "not-a-seccomp-profile",
    "{written} is not a seccomp profile.",
);
static PRIVILEGED: Words = Words::new(
    "privileged-without-seccomp",
    "It is privileged, so no seccomp profile applies.",
);
static BY_DEFAULT: Words = Words::new(
    "engine-applies-seccomp",
    "The engine applies its own seccomp profile.",
);
static NONE_BY_DEFAULT: Words = Words::new(
    "kubelet-applies-no-seccomp",
    "A kubelet applies no seccomp profile by default.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable(&WINDOWS);
    }
    let argument = evidence::for_confinement_off(container, container.seccomp.place());
    let judge = |profile: &String| {
        if !profile.eq_ignore_ascii_case("unconfined") {
            return Written::Strict(Reason::new(&HAS_PROFILE));
        }
        let off = Reason::new(&OFF);
        Written::Weak(match &argument {
            None => off,
            Some(why) => off.and(why.clone()),
        })
    };
    // If the file gives a reason for its profile, no remedy is offered, so that a bulk change keeps
    // it.
    let remedy = || match &argument {
        None => vec![Assignment::DefaultSeccomp],
        Some(_) => Vec::new(),
    };
    written(&container.seccomp, &NOT_A_PROFILE, judge, remedy)
        .unwrap_or_else(|| confine(container, policy))
}

/// The answer if no profile is named.
fn confine(container: &Container, policy: &Policy) -> Answer {
    if container.privileged.judged() == Some(&true) {
        return Answer::declined(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if container.seccomp_by_default {
        return Answer::hardened(&BY_DEFAULT);
    }
    if let Some(why) = evidence::against_default_seccomp(container)
        && policy.assume != Assume::All
    {
        return Answer::declined(why);
    }
    Answer::Change {
        assignments: vec![Assignment::DefaultSeccomp],
        basis: Basis::General,
        reason: Reason::new(&NONE_BY_DEFAULT),
    }
}
