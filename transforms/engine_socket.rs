//! The control socket of a container engine in a container.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Policy, Reason};
use crate::edition::Edition;
use crate::transforms::evidence;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    match container
        .mounts
        .iter()
        .find(|mount| evidence::is_engine_socket(mount))
    {
        Some(mount) => Answer::finding(
            Reason::from(format!(
                "who holds `{}` is root on the host, whatever else is hardened",
                mount.target
            ))
            .at(mount.place),
            Vec::new(),
        ),
        None => Answer::hardened("no engine's socket is mounted".to_owned()),
    }
}
