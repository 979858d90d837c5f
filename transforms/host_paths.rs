//! Reports host directories that give a container access to the host.

use super::{Kind, Reference, Risk, Transform, of_host};
use crate::container::{
    Answer, Assignment, Container, Finding, Mount, MountSource, Policy, Reason, Words,
};
use crate::edition::Edition;
use crate::transforms::evidence;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "host-paths",
    edition: Edition::new(2026, 11),
    summary: "mounts of the host's system directories",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "hostPathVolumes"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.6"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.12"),
        Reference::new("kube-linter", "sensitive-host-mounts, writable-host-mount"),
        Reference::new("Trivy", "KSV-0023"),
        Reference::new("KICS", "1c1325ff"),
        Reference::new("compose-lint", "CL-0013, CL-0025"),
        Reference::new("Polaris", "hostPathSet"),
    ],
    page: include_str!("host_paths.md"),
    decide,
};

static NO_SYSTEM_PATH: Words = Words::new(
    "no-host-system-path",
    "It mounts no system directory of the host.",
);
static WRITES_HOST: Words = Words::new("writes-host-path", "It can write to {path} on the host.");
static READS_HOST: Words = Words::new("reads-host-path", "It can read {path} on the host.");

fn decide(container: &Container, _: &Policy) -> Answer {
    let findings: Vec<Finding> = container
        .mounts
        .iter()
        .filter_map(reaching)
        .map(|(mount, path)| {
            let (words, remedy) = if mount.read_only {
                (&READS_HOST, Vec::new())
            } else {
                let remedy = vec![Assignment::ReadOnlyMount(mount.target.clone())];
                (&WRITES_HOST, remedy)
            };
            let reason = Reason::new(words).path(path).at(mount.place);
            of_host(container, reason, remedy)
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(&NO_SYSTEM_PATH);
    }
    Answer::Findings(findings)
}

/// The host path of a mount that exposes the host's system.
fn reaching(mount: &Mount) -> Option<(&Mount, &str)> {
    match &mount.source {
        MountSource::Host(path)
            if evidence::is_system_path(mount) && !evidence::is_engine_socket(mount) =>
        {
            Some((mount, path))
        }
        _ => None,
    }
}
