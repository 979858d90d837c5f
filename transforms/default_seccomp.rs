//! The processes run under the platform's own seccomp profile.

use super::{Kind, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Reason};
use crate::edition::Edition;
use crate::transforms::evidence;

/// See the page.
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

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable("Windows has no seccomp".to_owned());
    }
    let argument = evidence::for_confinement_off(container, container.seccomp.place());
    let judge = |profile: &String| {
        if !profile.eq_ignore_ascii_case("unconfined") {
            return Written::Strict("it has a profile".into());
        }
        Written::Weak(match &argument {
            None => "the seccomp profile is turned off explicitly".into(),
            Some(why) => {
                Reason::from("the seccomp profile is turned off explicitly").and(why.clone())
            }
        })
    };
    // Who argued for it gets no offer to have it taken away along with those of others.
    let remedy = || match &argument {
        None => vec![Assignment::DefaultSeccomp],
        Some(_) => Vec::new(),
    };
    written(&container.seccomp, "a seccomp profile", judge, remedy)
        .unwrap_or_else(|| confine(container, policy))
}

/// The answer where nobody has named a profile.
fn confine(container: &Container, policy: &Policy) -> Answer {
    if container.privileged.judged() == Some(&true) {
        return Answer::declined("it is privileged, and has no seccomp profile then".to_owned());
    }
    if container.seccomp_by_default {
        return Answer::hardened("the engine's own profile holds".to_owned());
    }
    if let Some(why) = evidence::against_default_seccomp(container)
        && policy.assume != Assume::All
    {
        return Answer::declined(why);
    }
    Answer::Change {
        assignments: vec![Assignment::DefaultSeccomp],
        basis: Basis::General,
        reason: "a kubelet turns the profile of its runtime on only where it is told to".into(),
    }
}
