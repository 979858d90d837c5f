//! Reports privileged containers.

use super::{Kind, NOT_A_BOOLEAN, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "privileged",
    edition: Edition::new(2026, 11),
    summary: "privileged containers",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "privileged"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.5"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.2"),
        Reference::new("NSA/CISA Kubernetes Hardening Guide 1.2", "1.3"),
        Reference::new("kube-linter", "privileged-container"),
        Reference::new("Trivy", "KSV-0017"),
        Reference::new("Checkov", "CKV_K8S_16"),
        Reference::new("KICS", "ae5b6871"),
        Reference::new("compose-lint", "CL-0002"),
        Reference::new("Polaris", "runAsPrivileged"),
        Reference::new("kube-score", "container-security-context-privileged"),
    ],
    page: include_str!("privileged.md"),
    decide,
};

static NOT_PRIVILEGED: Words = Words::new("not-privileged", "It is not privileged.");
static PRIVILEGED: Words = Words::new(
    "privileged",
    "It is privileged; give it only the devices and capabilities that it needs.",
);
static NEEDS_PRIVILEGE: Words = Words::new(
    "privileged-for-its-work",
    "It is privileged, which {image} needs.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let judge = |privileged: &bool| match (privileged, needed_by(container)) {
        (false, _) => Written::Strict(Reason::new(&NOT_PRIVILEGED)),
        (true, Some(id)) => Written::Weak(Reason::new(&NEEDS_PRIVILEGE).image(id)),
        (true, None) => Written::Weak(Reason::new(&PRIVILEGED)),
    };
    let remedy = || match needed_by(container) {
        Some(_) => Vec::new(),
        None => vec![Assignment::Unprivileged],
    };
    written(&container.privileged, &NOT_A_BOOLEAN, judge, remedy)
        .unwrap_or_else(|| Answer::hardened(&NOT_PRIVILEGED))
}

/// The image, if it works on the host and needs this.
fn needed_by(container: &Container) -> Option<&str> {
    let facts = container.facts.as_deref()?;
    facts
        .host_access
        .iter()
        .any(|access| access.contains("privileged"))
        .then_some(facts.id.as_str())
}
