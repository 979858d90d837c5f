//! Applies the platform's default `AppArmor` profile and `SELinux` labels.

use super::{Kind, Reference, Risk, Transform, by_variable, unreadable};
use crate::container::{Answer, Assignment, Container, Finding, Policy, Reason, Setting, Words};
use crate::edition::Edition;
use crate::transforms::evidence;

/// The page describes this transform.
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

/// `SELinux` types without confinement: those of the host's administrator and of the engine
/// (container-selinux `container.te`).
const UNCONFINED_TYPES: [&str; 4] = ["container_runtime_t", "kernel_t", "spc_t", "unconfined_t"];

static WINDOWS: Words = Words::new(
    "windows-without-lsm",
    "Windows has neither AppArmor nor SELinux.",
);
static APP_ARMOR_OFF: Words = Words::new("app-armor-off", "The AppArmor profile is turned off.");
static SELINUX_OFF: Words = Words::new("selinux-off", "The SELinux labels are turned off.");
static SELINUX_UNCONFINED: Words = Words::new(
    "selinux-type-unconfined",
    "The SELinux type {name} confines nothing.",
);
static NOT_A_PROFILE: Words = Words::new("not-a-profile", "{written} is not a profile.");
static PRIVILEGED: Words = Words::new(
    "privileged-without-profile",
    "It is privileged, so neither AppArmor nor SELinux confines it.",
);
static HELD: Words = Words::new(
    "default-profiles-kept",
    "The file turns neither AppArmor nor SELinux off.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.windows {
        return Answer::inapplicable(&WINDOWS);
    }
    let mut weak: Vec<(Reason, Assignment)> = Vec::new();
    if let Some(profile) = container.app_armor.judged()
        && profile.eq_ignore_ascii_case("unconfined")
    {
        let reason = Reason::new(&APP_ARMOR_OFF).at(container.app_armor.place());
        weak.push((reason, Assignment::DefaultAppArmor));
    }
    if let Some(label) = container.selinux.judged() {
        let kind = label.strip_prefix("type:").unwrap_or(label);
        let reason = if label == "disable" {
            Some(Reason::new(&SELINUX_OFF))
        } else {
            let is_unconfined = UNCONFINED_TYPES.contains(&kind);
            is_unconfined.then(|| Reason::new(&SELINUX_UNCONFINED).name(kind))
        };
        let reason = reason.map(|reason| reason.at(container.selinux.place()));
        weak.extend(reason.map(|reason| (reason, Assignment::DefaultSeLinux)));
    }
    if weak.is_empty() {
        return held(container);
    }
    // If the file gives a reason for its setting, no remedy is offered, so that a bulk change keeps
    // it.
    let argument = weak
        .iter()
        .find_map(|(reason, _)| evidence::for_confinement_off(container, reason.place));
    let findings = weak.into_iter().map(|(reason, remedy)| match &argument {
        None => Finding {
            reason,
            remedy: vec![remedy],
        },
        Some(why) => Finding {
            reason: reason.and(why.clone()),
            remedy: Vec::new(),
        },
    });
    Answer::Findings(findings.collect())
}

fn held(container: &Container) -> Answer {
    for setting in [&container.app_armor, &container.selinux] {
        match setting {
            Setting::Variable { text, origin, .. } => return by_variable(text, origin),
            Setting::Unreadable { text, origin } => {
                return unreadable(&NOT_A_PROFILE, text, origin);
            }
            Setting::Unsupported | Setting::Absent | Setting::Set { .. } => {}
        }
    }
    if container.privileged.judged() == Some(&true) {
        return Answer::declined(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    Answer::hardened(&HELD)
}
