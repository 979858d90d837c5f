//! Kernel parameters that may act beyond their container.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Sysctl};
use crate::edition::Edition;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "unsafe-sysctls",
    edition: Edition::new(2026, 11),
    summary: "kernel parameters that can act outside their container",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "sysctls"),
        Reference::new("kube-linter", "unsafe-sysctls"),
        Reference::new("Trivy", "KSV-0026"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.7.2"),
    ],
    page: include_str!("unsafe_sysctls.md"),
    decide,
};

/// Parameters that stay within a container and its share of the node: the safe set of Kubernetes
/// 1.37 (kubernetes/pod-security-admission `policy/check_sysctls.go`).
static SAFE: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn decide(container: &Container, _: &Policy) -> Answer {
    let is_unsafe = |sysctl: &&Sysctl| !SAFE.contains(&sysctl.name.as_str());
    let found: Vec<&Sysctl> = container.sysctls.iter().filter(is_unsafe).collect();
    let Some(first) = found.first() else {
        return Answer::hardened("none but safe ones are set".to_owned());
    };
    let names: Vec<_> = found.iter().map(|one| format!("`{}`", one.name)).collect();
    let verb = if found.len() == 1 { "is" } else { "are" };
    Answer::finding(
        Reason::from(format!(
            "{} {verb} not among the kernel parameters that Kubernetes calls safe",
            names.join(", ")
        ))
        .at(first.place),
        found
            .iter()
            .map(|sysctl| Assignment::RemoveSysctl(sysctl.name.clone()))
            .collect(),
    )
}
