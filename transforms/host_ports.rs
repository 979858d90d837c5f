//! Reports host ports that are open to every network.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Finding, HostPort, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "host-ports",
    edition: Edition::new(2026, 11),
    summary: "ports of the host that every network can reach",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "hostPorts"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.8, 5.14"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.13"),
        Reference::new("Trivy", "KSV-0024"),
        Reference::new("Checkov", "CKV_K8S_26"),
        Reference::new("KICS", "451d79dc, bc2908f3"),
        Reference::new("compose-lint", "CL-0005"),
        Reference::new("Polaris", "hostPortSet"),
    ],
    page: include_str!("host_ports.md"),
    decide,
};

static NO_OPEN_PORT: Words = Words::new(
    "no-open-host-port",
    "It opens no port of the host to every network.",
);
static OPEN_PORT: Words = Words::new(
    "open-host-port",
    "Port {port} of the host is open to every network; bind it to 127.0.0.1 if only the host uses \
     it.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let mut open: Vec<&HostPort> = container
        .host_ports
        .iter()
        .filter(|port| is_open(port))
        .collect();
    if open.is_empty() {
        return Answer::hardened(&NO_OPEN_PORT);
    }
    // One port may be open for both TCP and UDP.
    open.sort_by_key(|port| port.port);
    open.dedup_by_key(|port| port.port);
    let findings = open.into_iter().map(|port| Finding {
        reason: Reason::new(&OPEN_PORT).port(port.port).at(port.place),
        remedy: Vec::new(),
    });
    Answer::Findings(findings.collect())
}

/// Whether the port is bound to all addresses of the host, IPv4 or IPv6.
fn is_open(port: &HostPort) -> bool {
    port.address
        .as_deref()
        .is_none_or(|address| matches!(address, "" | "0.0.0.0" | "::" | "*"))
}
