//! Confinement by the kernel: `check_appArmorProfile.go`, `check_seLinuxOptions.go`,
//! `check_seccompProfile_baseline.go`, `check_seccompProfile_restricted.go`,
//! `check_procMount_baseline.go`, `check_procMount_restricted.go`.

use super::user::has_own_users;
use super::{Check, Revision, Violations, each};
use crate::pod_security::pod::{Pod, SeLinuxOptions};
use crate::pod_security::standard::Level;

pub(super) static APP_ARMOR_PROFILE: Check = Check {
    id: "appArmorProfile",
    level: Level::Baseline,
    revisions: &[Revision::since(0, app_armor)],
};

pub(super) static SE_LINUX_OPTIONS: Check = Check {
    id: "seLinuxOptions",
    level: Level::Baseline,
    revisions: &[
        Revision::since(0, |pod, violations| {
            se_linux(pod, violations, &SE_LINUX_TYPES[..4]);
        }),
        Revision::since(31, |pod, violations| {
            se_linux(pod, violations, &SE_LINUX_TYPES);
        }),
    ],
};

pub(super) static SECCOMP_PROFILE_BASELINE: Check = Check {
    id: "seccompProfile_baseline",
    level: Level::Baseline,
    revisions: &[
        Revision::since(0, seccomp_annotations),
        // The field exists since this version.
        Revision::since(19, |pod, violations| {
            violations.must_be_among(
                &PROFILES,
                "RuntimeDefault, Localhost or not set",
                [&pod.security.seccomp_profile],
            );
            let own = each(pod, |one| &one.security.seccomp_profile);
            violations.must_be_among(&PROFILES, "RuntimeDefault, Localhost or not set", own);
        }),
    ],
};

pub(super) static SECCOMP_PROFILE_RESTRICTED: Check = Check {
    id: "seccompProfile_restricted",
    level: Level::Restricted,
    revisions: &[
        Revision::since(19, seccomp).replacing("seccompProfile_baseline"),
        Revision::since(25, |pod, violations| {
            if !pod.is_windows {
                seccomp(pod, violations);
            }
        })
        .replacing("seccompProfile_baseline"),
    ],
};

pub(super) static PROC_MOUNT: Check = Check {
    id: "procMount",
    level: Level::Baseline,
    revisions: &[
        Revision::since(0, masked_proc),
        Revision::since(35, |pod, violations| {
            if !has_own_users(pod) {
                masked_proc(pod, violations);
            }
        }),
    ],
};

pub(super) static PROC_MOUNT_RESTRICTED: Check = Check {
    id: "procMount_restricted",
    level: Level::Restricted,
    revisions: &[Revision::since(35, masked_proc).replacing("procMount")],
};

const PROFILES: [&str; 2] = ["RuntimeDefault", "Localhost"];

/// The last one is allowed since a later version.
const SE_LINUX_TYPES: [&str; 5] = [
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

const APP_ARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn app_armor(pod: &Pod, violations: &mut Violations<'_>) {
    const WANTED: &str = "RuntimeDefault, Localhost or not set";
    violations.must_be_among(&PROFILES, WANTED, [&pod.security.app_armor_profile]);
    let own = each(pod, |one| &one.security.app_armor_profile);
    violations.must_be_among(&PROFILES, WANTED, own);
    for (key, profile) in &pod.annotations {
        let value = profile.value.as_deref().unwrap_or_default();
        if key.starts_with(APP_ARMOR_ANNOTATION)
            && !value.is_empty()
            && value != "runtime/default"
            && !value.starts_with("localhost/")
        {
            violations.broken_by(profile, "runtime/default, localhost/* or not set");
        }
    }
}

fn se_linux(pod: &Pod, violations: &mut Violations<'_>, types: &[&str]) {
    let wanted = match types {
        [_, named @ ..] => format!("one of {}, or not set", named.join(", ")),
        [] => "not set".to_owned(),
    };
    let mut judge = |options: &SeLinuxOptions| {
        violations.must_be_among(types, &wanted, [&options.kind]);
        violations.must_be_among(&[""], "left out", [&options.user, &options.role]);
    };
    judge(&pod.security.se_linux);
    for container in &pod.containers {
        judge(&container.security.se_linux);
    }
}

/// An annotation for a container that the pod does not have is ignored.
fn seccomp_annotations(pod: &Pod, violations: &mut Violations<'_>) {
    for (key, profile) in &pod.annotations {
        let value = profile.value.as_deref().unwrap_or_default();
        let counts = key == SECCOMP_POD_ANNOTATION
            || key
                .strip_prefix(SECCOMP_ANNOTATION)
                .is_some_and(|name| pod.containers.iter().any(|one| one.name == name));
        if counts
            && !matches!(value, "runtime/default" | "docker/default")
            && !value.starts_with("localhost/")
        {
            violations.broken_by(
                profile,
                "runtime/default, docker/default, localhost/* or not set",
            );
        }
    }
}

fn seccomp(pod: &Pod, violations: &mut Violations<'_>) {
    let of_pod = &pod.security.seccomp_profile;
    let is_confined = |value: Option<&str>| value.is_some_and(|value| PROFILES.contains(&value));
    violations.must_be_among(&PROFILES, "RuntimeDefault, Localhost or not set", [of_pod]);
    for own in each(pod, |one| &one.security.seccomp_profile) {
        if own.value.is_none() && !is_confined(of_pod.value.as_deref()) {
            violations.broken_by(own, "RuntimeDefault or Localhost, here or in the pod");
        } else if own.value.is_some() && !is_confined(own.value.as_deref()) {
            violations.broken_by(own, "RuntimeDefault or Localhost");
        }
    }
}

fn masked_proc(pod: &Pod, violations: &mut Violations<'_>) {
    let mounts = each(pod, |one| &one.proc_mount);
    violations.must_be_among(&["Default"], "Default or not set", mounts);
}
