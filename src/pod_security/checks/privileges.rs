//! Privileges and capabilities: `check_privileged.go`, `check_allowPrivilegeEscalation.go`,
//! `check_capabilities_baseline.go`, `check_capabilities_restricted.go`.

use super::{Check, Revision, Violations, each};
use crate::pod_security::NOT_SET;
use crate::pod_security::pod::Pod;
use crate::pod_security::standard::Level;
use crate::transforms::needs::capabilities::BASELINE;

pub(super) static PRIVILEGED: Check = Check {
    id: "privileged",
    level: Level::Baseline,
    revisions: &[Revision::since(0, |pod, violations| {
        violations.must_not_be_true(each(pod, |one| &one.privileged));
    })],
};

pub(super) static ALLOW_PRIVILEGE_ESCALATION: Check = Check {
    id: "allowPrivilegeEscalation",
    level: Level::Restricted,
    revisions: &[
        // The field exists since this version.
        Revision::since(8, no_escalation),
        Revision::since(25, |pod, violations| {
            if !pod.is_windows {
                no_escalation(pod, violations);
            }
        }),
    ],
};

pub(super) static CAPABILITIES_BASELINE: Check = Check {
    id: "capabilities_baseline",
    level: Level::Baseline,
    revisions: &[Revision::since(0, |pod, violations| {
        let added = pod.containers.iter().flat_map(|one| &one.added);
        let wanted = format!("one of {}", BASELINE.join(", "));
        violations.must_be_among(&BASELINE, &wanted, added);
    })],
};

pub(super) static CAPABILITIES_RESTRICTED: Check = Check {
    id: "capabilities_restricted",
    level: Level::Restricted,
    revisions: &[
        Revision::since(22, few_capabilities).replacing("capabilities_baseline"),
        Revision::since(25, |pod, violations| {
            if !pod.is_windows {
                few_capabilities(pod, violations);
            }
        })
        .replacing("capabilities_baseline"),
    ],
};

fn no_escalation(pod: &Pod, violations: &mut Violations<'_>) {
    for allowed in each(pod, |one| &one.allow_privilege_escalation) {
        if allowed.value != Some(false) {
            violations.broken_by(allowed, "false");
        }
    }
}

/// The check compares names exactly: `all` and `CAP_NET_BIND_SERVICE` do not count.
fn few_capabilities(pod: &Pod, violations: &mut Violations<'_>) {
    for container in &pod.containers {
        let dropped = &container.dropped;
        if !dropped
            .iter()
            .any(|one| one.value.as_deref() == Some("ALL"))
        {
            let found = if dropped.is_empty() {
                NOT_SET.to_owned()
            } else {
                let names: Vec<&str> = dropped
                    .iter()
                    .filter_map(|one| one.value.as_deref())
                    .collect();
                format!("`{}`", names.join(", "))
            };
            violations.broken(&container.drop, found, "a list with ALL");
        }
        violations.must_be_among(
            &["NET_BIND_SERVICE"],
            "NET_BIND_SERVICE or left out",
            &container.added,
        );
    }
}
