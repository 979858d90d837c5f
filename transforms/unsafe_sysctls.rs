//! Reports kernel parameters that may have effects beyond their container.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Finding, Policy, Reason, Sysctl, Words};
use crate::edition::Edition;

/// The page describes this transform.
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

/// The safe set of Kubernetes 1.37: parameters that affect only the container or its pod
/// (kubernetes/pod-security-admission `policy/check_sysctls.go`).
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

static NONE_UNSAFE: Words = Words::new(
    "no-unsafe-sysctl",
    "It sets no kernel parameter that Kubernetes calls unsafe.",
);
static UNSAFE: Words = Words::new(
    "unsafe-sysctl",
    "Kubernetes does not call the kernel parameter {name} safe.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let is_unsafe = |sysctl: &&Sysctl| !SAFE.contains(&sysctl.name.as_str());
    let found = container.sysctls.iter().filter(is_unsafe);
    let findings: Vec<Finding> = found
        .map(|sysctl| Finding {
            reason: Reason::new(&UNSAFE)
                .name(sysctl.name.as_str())
                .at(sysctl.place),
            remedy: vec![Assignment::RemoveSysctl(sysctl.name.clone())],
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(&NONE_UNSAFE);
    }
    Answer::Findings(findings)
}
