//! Ports of the host that lead into a container from every network.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, HostPort, Policy, Reason};
use crate::edition::Edition;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    let open: Vec<&HostPort> = container
        .host_ports
        .iter()
        .filter(|port| is_open(port))
        .collect();
    let Some(first) = open.first() else {
        return Answer::hardened("no port of the host leads to it from every network".to_owned());
    };
    let mut numbers: Vec<u16> = open.iter().map(|port| port.port).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let words = match numbers.as_slice() {
        [one] => format!("port {one} of the host leads"),
        many => {
            let many: Vec<_> = many.iter().map(u16::to_string).collect();
            format!("ports {} of the host lead", many.join(", "))
        }
    };
    Answer::finding(
        Reason::from(format!("{words} to it from every network")).at(first.place),
        Vec::new(),
    )
}

/// Every address of the host is meant, in either family.
fn is_open(port: &HostPort) -> bool {
    port.address
        .as_deref()
        .is_none_or(|address| matches!(address, "" | "0.0.0.0" | "::" | "*"))
}
