//! Reports the control socket of a container engine in a container.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Finding, Policy, Reason, Words};
use crate::edition::Edition;
use crate::transforms::evidence;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "engine-socket",
    edition: Edition::new(2026, 11),
    summary: "mounts of an engine's control socket, which gives root on the host",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("CIS Docker Benchmark 1.6.0", "5.32"),
        Reference::new("kube-linter", "docker-sock"),
        Reference::new("Trivy", "KSV-0006"),
        Reference::new("Checkov", "CKV_K8S_27"),
        Reference::new("KICS", "d6355c88"),
        Reference::new("compose-lint", "CL-0001"),
    ],
    page: include_str!("engine_socket.md"),
    decide,
};

static NO_SOCKET: Words = Words::new(
    "no-engine-socket",
    "It mounts no control socket of a container engine.",
);
static SOCKET: Words = Words::new(
    "mounts-engine-socket",
    "Mounting the engine's socket at {path} gives root on the host; no other setting prevents that.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let sockets = container
        .mounts
        .iter()
        .filter(|mount| evidence::is_engine_socket(mount));
    let findings: Vec<Finding> = sockets
        .map(|mount| Finding {
            reason: Reason::new(&SOCKET)
                .path(mount.target.as_str())
                .at(mount.place),
            remedy: Vec::new(),
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(&NO_SOCKET);
    }
    Answer::Findings(findings)
}
