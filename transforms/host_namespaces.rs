//! Reports namespaces of the host that a container shares.

use super::{Kind, Reference, Risk, Transform, of_host_of_pod};
use crate::container::{Answer, Assignment, Container, Network, Place, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
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

static OWN_NAMESPACES: Words =
    Words::new("own-namespaces", "It shares no namespace with the host.");
static SHARES_NAMESPACE: Words = Words::new(
    "shares-host-namespace",
    "It shares the host's {name} namespace.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let network =
        (container.network == Network::Host).then_some(("network", container.network_place));
    let others = container.host_namespaces.iter();
    let shared: Vec<(&'static str, Option<Place>)> = network
        .into_iter()
        .chain(others.map(|one| (one.name, one.place)))
        .collect();
    if shared.is_empty() {
        return Answer::hardened(&OWN_NAMESPACES);
    }
    let findings = shared.into_iter().map(|(name, place)| {
        let reason = Reason::new(&SHARES_NAMESPACE).name(name).at(place);
        of_host_of_pod(container, reason, vec![Assignment::OwnNamespace(name)])
    });
    Answer::Findings(findings.collect())
}
