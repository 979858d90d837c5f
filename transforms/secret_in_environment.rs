//! Reports passwords and keys that are written into a file.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Container, Finding, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "secret-in-environment",
    edition: Edition::new(2026, 11),
    summary: "passwords and keys in the file",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Low,
    references: &[
        Reference::new("kube-linter", "env-var-secret"),
        Reference::new("Checkov", "CKV_K8S_35"),
        Reference::new("compose-lint", "CL-0020, CL-0021"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.4.1"),
    ],
    page: include_str!("secret_in_environment.md"),
    decide,
};

/// Parts of variable names that indicate a secret value.
static SECRET: &[&str] = &[
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "AUTH_KEY",
    "CREDENTIALS",
    "ENCRYPTION_KEY",
    "MASTER_KEY",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE_KEY",
    "SECRET",
    "SECRET_KEY",
    "TOKEN",
];

/// Name endings of variables that hold the location or a property of a secret, not the secret.
static ABOUT: &[&str] = &[
    "_FILE",
    "_PATH",
    "_DIR",
    "_URL",
    "_NAME",
    "_ID",
    "_TTL",
    "_EXPIRY",
    "_EXPIRATION",
    "_EXPIRES_IN",
    "_LENGTH",
    "_TYPE",
    "_ENABLED",
    "_REQUIRED",
    "_LIFETIME",
    "_TIMEOUT",
    "_ISSUER",
    "_HEADER",
    "_POLICY",
    "_ALGORITHM",
];

static NO_SECRET: Words = Words::new(
    "no-secret-in-environment",
    "No value in its environment looks like a secret.",
);
static SECRET_IN_FILE: Words = Words::new(
    "secret-in-environment",
    "{name} looks like a secret, and everybody who can read the file sees it; move it out.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    let mut names: Vec<&str> = container
        .environment
        .iter()
        .filter(|(name, value)| is_secret(name) && value.is_some_and(is_written))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Answer::hardened(&NO_SECRET);
    }
    let places = &container.environment_places;
    let place = |name: &str| {
        places
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, place)| *place)
    };
    let findings = names.into_iter().map(|name| Finding {
        reason: Reason::new(&SECRET_IN_FILE).name(name).at(place(name)),
        remedy: Vec::new(),
    });
    Answer::Findings(findings.collect())
}

fn is_secret(name: &str) -> bool {
    let name = name.as_bytes();
    let is_edge = |at: Option<usize>| {
        at.and_then(|at| name.get(at))
            .is_none_or(|byte| !byte.is_ascii_alphabetic())
    };
    // This code runs for every variable of every container, so one pass over the name checks all
    // parts.
    let holds = |at: usize| {
        let first = name[at].to_ascii_uppercase();
        let begins = |part: &&&str| part.as_bytes()[0] == first;
        SECRET.iter().filter(begins).any(|part| {
            starts_with(&name[at..], part)
                && is_edge(Some(at + part.len()))
                && (is_edge(at.checked_sub(1))
                    || !part.contains("TOKEN") && !part.contains("SECRET"))
        })
    };
    let is_about = |end: &&str| {
        let at = name.len().checked_sub(end.len());
        at.is_some_and(|at| starts_with(&name[at..], end))
    };
    (0..name.len()).any(holds) && !ABOUT.iter().any(is_about)
}

/// Compares without case. `part` is in upper case, `name` is as written.
fn starts_with(name: &[u8], part: &str) -> bool {
    let mut letters = name.iter().map(u8::to_ascii_uppercase);
    part.bytes().all(|letter| letters.next() == Some(letter))
}

/// Whether the value is the secret itself: not empty, not a switch, and not set elsewhere.
fn is_written(value: &str) -> bool {
    !value.is_empty()
        && !value.contains('$')
        && !value.contains("{{")
        && !["true", "false", "yes", "no", "0", "1", "none", "null"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}
