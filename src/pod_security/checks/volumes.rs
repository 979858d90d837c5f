//! Volumes: `check_hostPathVolumes.go`, `check_restrictedVolumes.go`.

use super::{Check, Revision};
use crate::pod_security::standard::Level;

pub(super) static HOST_PATH_VOLUMES: Check = Check {
    id: "hostPathVolumes",
    level: Level::Baseline,
    revisions: &[Revision::since(0, |pod, violations| {
        for volume in &pod.volumes {
            if volume.source.value.as_deref() == Some("hostPath") {
                violations.broken(&volume.source, "set".to_owned(), "left out");
            }
        }
    })],
};

pub(super) static RESTRICTED_VOLUMES: Check = Check {
    id: "restrictedVolumes",
    level: Level::Restricted,
    revisions: &[Revision::since(0, |pod, violations| {
        for volume in &pod.volumes {
            let kind = volume.source.value.as_deref();
            if kind.is_some_and(|kind| !UNPRIVILEGED.contains(&kind)) {
                let wanted = format!("one of {}", UNPRIVILEGED.join(", "));
                violations.broken(&volume.source, "the volume's source".to_owned(), &wanted);
            }
        }
    })
    .replacing("hostPathVolumes")],
};

/// The volume types that are allowed.
const UNPRIVILEGED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
