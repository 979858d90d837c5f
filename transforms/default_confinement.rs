//! The platform's own `AppArmor` profile and `SELinux` labels hold.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Finding, Place, Policy, Reason, Setting};
use crate::edition::Edition;
use crate::transforms::evidence;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "default-confinement",
    edition: Edition::new(2026, 11),
    summary: "a default AppArmor profile or SELinux confinement that is switched off",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "Pod Security Standards, baseline",
            id: "appArmorProfile",
        },
        Reference {
            source: "Pod Security Standards, baseline",
            id: "seLinuxOptions",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.2",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.3",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0002",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0025",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0009",
        },
    ],
    page: include_str!("default_confinement.md"),
    decide,
};

/// Types of `SELinux` that confine nothing: those of a host's administrator and of the engine
/// (container-selinux `container.te`).
const UNCONFINED_TYPES: [&str; 4] = ["container_runtime_t", "kernel_t", "spc_t", "unconfined_t"];

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable("Windows has neither of the two".to_owned());
    }
    let mut weak: Vec<Weak> = Vec::new();
    if let Some(profile) = container.app_armor.judged()
        && profile.eq_ignore_ascii_case("unconfined")
    {
        weak.push(Weak {
            what: "the AppArmor profile is turned off explicitly".to_owned(),
            place: container.app_armor.place(),
            remedy: Assignment::DefaultAppArmor,
        });
    }
    if let Some(label) = container.selinux.judged() {
        let kind = label.strip_prefix("type:").unwrap_or(label);
        if label == "disable" {
            weak.push(Weak {
                what: "the SELinux labels are turned off explicitly".to_owned(),
                place: container.selinux.place(),
                remedy: Assignment::DefaultSeLinux,
            });
        } else if UNCONFINED_TYPES.contains(&kind) {
            weak.push(Weak {
                what: format!("the SELinux type `{kind}` confines nothing"),
                place: container.selinux.place(),
                remedy: Assignment::DefaultSeLinux,
            });
        }
    }
    if weak.is_empty() {
        return held(container);
    }
    // Who argued for one gets no offer to have it taken away along with those of others.
    let argument = weak
        .iter()
        .find_map(|one| evidence::for_confinement_off(container, one.place));
    let findings = weak.into_iter().map(|one| {
        let reason = Reason::from(one.what).at(one.place);
        match &argument {
            None => Finding {
                reason,
                remedy: vec![one.remedy],
            },
            Some(why) => Finding {
                reason: reason.and(why.clone()),
                remedy: Vec::new(),
            },
        }
    });
    Answer::Findings(findings.collect())
}

/// One setting that is turned off.
struct Weak {
    what: String,
    place: Option<Place>,
    remedy: Assignment,
}

fn held(container: &Container) -> Answer {
    for setting in [&container.app_armor, &container.selinux] {
        match setting {
            Setting::Variable { text, .. } => {
                return Answer::declined(format!("`{text}` decides it"));
            }
            Setting::Unreadable { text, origin } => {
                return Answer::finding(
                    Reason::from(format!("`{text}` is not a profile")).at(origin.place),
                    Vec::new(),
                );
            }
            Setting::Unsupported | Setting::Absent | Setting::Set { .. } => {}
        }
    }
    if container.privileged.judged() == Some(&true) {
        return Answer::declined("it is privileged, and confined by neither then".to_owned());
    }
    Answer::hardened("nothing turns them off".to_owned())
}
