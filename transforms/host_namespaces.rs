//! Namespaces of the host that a container shares.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Network, Policy, Reason};
use crate::edition::Edition;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "host-namespaces",
    edition: Edition::new(2026, 11),
    summary: "namespaces that a container shares with the host",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "hostNamespaces"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.10, 5.16, 5.17, 5.21, 5.31"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.3, 5.2.4, 5.2.5"),
        Reference::new("NSA/CISA Kubernetes Hardening Guide 1.2", "1.4"),
        Reference::new("kube-linter", "host-network, host-pid, host-ipc"),
        Reference::new("Trivy", "KSV-0008, KSV-0009, KSV-0010"),
        Reference::new("Checkov", "CKV_K8S_17, CKV_K8S_18, CKV_K8S_19"),
        Reference::new("KICS", "071a71ff, 4f31dd9f, baa3890f, 8af7162d"),
        Reference::new("compose-lint", "CL-0008, CL-0010"),
        Reference::new("Polaris", "hostNetworkSet, hostPIDSet, hostIPCSet"),
    ],
    page: include_str!("host_namespaces.md"),
    decide,
};

fn decide(container: &Container, _: &Policy) -> Answer {
    let mut shared: Vec<&'static str> = Vec::new();
    if container.network == Network::Host {
        shared.push("network");
    }
    shared.extend(container.host_namespaces.iter().map(|one| one.name));
    let Some(first) = shared.first() else {
        return Answer::hardened("its namespaces are its own".to_owned());
    };
    let names: Vec<_> = shared.iter().map(|name| format!("`{name}`")).collect();
    let noun = if shared.len() == 1 {
        "namespace"
    } else {
        "namespaces"
    };
    let mut what = format!("it shares the host's {} {noun}", names.join(", "));
    let place = container
        .host_namespaces
        .iter()
        .find(|one| one.name == *first)
        .and_then(|one| one.place);
    let facts = container.facts.as_deref();
    let needed = facts.filter(|facts| !facts.host_access.is_empty());
    if let Some(facts) = needed {
        what = format!("{what}; {} watches or serves the host", facts.id);
    }
    let remedy = match needed {
        Some(_) => Vec::new(),
        None => shared.into_iter().map(Assignment::OwnNamespace).collect(),
    };
    Answer::finding(Reason::from(what).at(place), remedy)
}
