//! Does not mount the token for the cluster's API into the pod.

use super::{Kind, NOT_A_BOOLEAN, Reference, Risk, Transform, Written, written};
use crate::container::{Answer, Assignment, Assume, Basis, Container, Policy, Reason, Words};
use crate::edition::Edition;
use crate::transforms::evidence::{self, Against};

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "service-account-token",
    edition: Edition::new(2026, 11),
    summary: "mounts no API token in a pod that does not use the cluster's API",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Kubernetes Benchmark 1.8.0",
            id: "5.1.6",
        },
        Reference {
            source: "NSA/CISA Kubernetes Hardening Guide 1.2",
            id: "1.11",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0036",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_38",
        },
        Reference {
            source: "Polaris",
            id: "automountServiceAccountToken",
        },
        Reference {
            source: "kubesec",
            id: "AutomountServiceAccountToken",
        },
    ],
    page: include_str!("service_account_token.md"),
    decide,
};

static NO_TOKEN: Words = Words::new("no-api-token", "No token for the cluster's API is mounted.");
static TOKEN: Words = Words::new(
    "api-token-mounted",
    "The file asks for a token for the cluster's API.",
);
static NOT_NEEDED: Words = Words::new(
    "no-sign-of-api-client",
    "Nothing in the file shows that it uses the cluster's API.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    let judge = |mounted: &bool| match mounted {
        false => Written::Strict(Reason::new(&NO_TOKEN)),
        true => Written::Weak(Reason::new(&TOKEN)),
    };
    let remedy = || withhold(container, policy).assignments();
    written(
        &container.service_account_token,
        &NOT_A_BOOLEAN,
        judge,
        remedy,
    )
    .unwrap_or_else(|| withhold(container, policy))
}

/// The answer if the setting is absent.
fn withhold(container: &Container, policy: &Policy) -> Answer {
    if let Some(evidence) = evidence::observed(container, Against::ServiceAccountToken)
        .iter()
        .find(|evidence| evidence.decisive || policy.assume != Assume::All)
    {
        return Answer::declined(evidence.reason.clone());
    }
    Answer::Change {
        assignments: vec![Assignment::NoServiceAccountToken],
        basis: Basis::Assumed,
        reason: Reason::new(&NOT_NEEDED),
    }
}
