//! Root: `check_runAsNonRoot.go`, `check_runAsUser.go`.

use super::{Check, Revision, Violations, each};
use crate::pod_security::pod::Pod;
use crate::pod_security::standard::Level;

pub(super) static RUN_AS_NON_ROOT: Check = Check {
    id: "runAsNonRoot",
    level: Level::Restricted,
    revisions: &[
        Revision::since(0, non_root),
        Revision::since(35, |pod, violations| {
            if !has_own_users(pod) {
                non_root(pod, violations);
            }
        }),
    ],
};

pub(super) static RUN_AS_USER: Check = Check {
    id: "runAsUser",
    level: Level::Restricted,
    revisions: &[
        Revision::since(23, no_user_zero),
        Revision::since(35, |pod, violations| {
            if !has_own_users(pod) {
                no_user_zero(pod, violations);
            }
        }),
    ],
};

/// Root in the pod is an unprivileged user on the host (`policy/helpers.go`,
/// `relaxPolicyForUserNamespacePod`).
pub(super) fn has_own_users(pod: &Pod) -> bool {
    pod.host_users.value == Some(false)
}

fn non_root(pod: &Pod, violations: &mut Violations<'_>) {
    let of_pod = &pod.security.run_as_non_root;
    if of_pod.value == Some(false) {
        violations.broken_by(of_pod, "true or not set");
    }
    for own in each(pod, |one| &one.security.run_as_non_root) {
        match own.value {
            Some(true) => {}
            Some(false) => violations.broken_by(own, "true"),
            None if of_pod.value == Some(true) => {}
            None => violations.broken_by(own, "true here or in the pod"),
        }
    }
}

fn no_user_zero(pod: &Pod, violations: &mut Violations<'_>) {
    let own = each(pod, |one| &one.security.run_as_user);
    for user in std::iter::once(&pod.security.run_as_user).chain(own) {
        if user.value == Some(0) {
            violations.broken_by(user, "another user or not set");
        }
    }
}
