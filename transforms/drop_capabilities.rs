//! The process has none of root's powers but those that its image needs.

use std::collections::BTreeSet;

use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, evidence};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Policy, Reason, Setting, Words,
};
use crate::edition::Edition;
use crate::image::Facts;
use crate::transforms::evidence::Against;
use crate::transforms::needs::capabilities::{self, Start};

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "drop-capabilities",
    edition: Edition::new(2026, 11),
    summary: "drops all capabilities except those that the image needs",
    kind: Kind::Change,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "Pod Security Standards, restricted",
            id: "capabilities",
        },
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.4",
        },
        Reference {
            source: "CIS Kubernetes Benchmark 1.8.0",
            id: "5.2.10",
        },
        Reference {
            source: "kube-linter",
            id: "drop-net-raw-capability",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0003",
        },
        Reference {
            source: "Trivy",
            id: "KSV-0106",
        },
        Reference {
            source: "Checkov",
            id: "CKV_K8S_37",
        },
        Reference {
            source: "KICS",
            id: "ce76b7d0",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0006",
        },
        Reference {
            source: "Polaris",
            id: "insecureCapabilities",
        },
    ],
    page: include_str!("drop_capabilities.md"),
    decide,
};

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows || !container.capabilities_dropped.is_supported() {
        return Answer::inapplicable("Windows has no capabilities".to_owned());
    }
    if container.privileged.judged() == Some(&true) {
        return Answer::declined(
            "it is privileged, and has every capability whatever is dropped".to_owned(),
        );
    }
    if holds_all(&container.capabilities_added) {
        return Answer::declined(
            "every capability is added, which wins over what is dropped".to_owned(),
        );
    }
    if holds_all(&container.capabilities_dropped) {
        return Answer::hardened("all are dropped".to_owned());
    }
    if let Some(evidence) = evidence::observed(container, Against::Capabilities).first() {
        return Answer::declined(evidence.reason.clone());
    }
    let known = container
        .facts
        .as_deref()
        .filter(|_| evidence::is_unknown_software(container).is_none())
        .and_then(|facts| Some((facts, capabilities::needed(container, facts)?)));
    match known {
        Some((facts, needed)) => of_known(container, facts, needed, policy),
        None => of_unknown(container, policy),
    }
}

/// The API's own spelling, upper case: Pod Security does not count another one.
fn holds_all(list: &Setting<Vec<String>>) -> bool {
    list.judged()
        .is_some_and(|names| names.iter().any(|name| name == "ALL"))
}

/// What the image needs is a fact.
fn of_known(
    container: &Container,
    facts: &Facts,
    mut needed: BTreeSet<String>,
    policy: &Policy,
) -> Answer {
    let start = capabilities::start(container);
    needed.extend(capabilities::perhaps_needed(container, facts));
    let bold = policy.assume == Assume::All;
    let mut basis = writable::basis(container, facts);
    if let Some(why) = against(container, start) {
        if !bold {
            return Answer::declined(why);
        }
        needed.extend(assumed(container, start));
        basis = Basis::Assumed;
    }
    let unknown = match &container.entrypoint {
        Some(_) => Some(Reason::new(&ENTRYPOINT_REPLACED)),
        None => evidence::own_script(container).map(|script| Reason::new(&OWN_SCRIPT).path(script)),
    };
    if start != Start::User
        && let Some(why) = unknown
    {
        if !bold {
            return Answer::declined(why);
        }
        needed.extend(assumed(container, start));
        basis = Basis::Assumed;
    }
    let reason = if needed.is_empty() {
        match start {
            Start::User => format!("{} does not start as root and uses none", facts.id),
            Start::Root | Start::Unknown => format!("{} needs none of them", facts.id),
        }
    } else {
        let names: Vec<&str> = needed.iter().map(String::as_str).collect();
        format!("{} needs {}", facts.id, names.join(", "))
    };
    Answer::Change {
        assignments: drop_all_but(container, &needed),
        basis,
        reason: reason.into(),
    }
}

static ENTRYPOINT_REPLACED: Words = Words::new(
    "entrypoint-needs-unknown",
    "Its entrypoint is replaced; the capabilities that the new one needs are unknown.",
);
static OWN_SCRIPT: Words = Words::new(
    "script-needs-unknown",
    "It runs its own script {path} at start; the capabilities that it needs are unknown.",
);

/// Nothing is known of the image's needs.
fn of_unknown(container: &Container, policy: &Policy) -> Answer {
    let start = capabilities::start(container);
    if policy.assume != Assume::All {
        if let Some(why) = against(container, start) {
            return Answer::declined(why);
        }
        match start {
            Start::User => {}
            Start::Root => {
                return Answer::declined(
                    "it starts as root, and what it needs as root is not known".to_owned(),
                );
            }
            Start::Unknown => {
                return Answer::declined(
                    "it may start as root, and what it needs then is not known".to_owned(),
                );
            }
        }
    }
    let reason = match start {
        Start::User => "a process that is not root has no use for them",
        Start::Root | Start::Unknown => {
            "nothing in the file says that it needs more than to step down from root"
        }
    };
    Answer::Change {
        assignments: drop_all_but(container, &assumed(container, start)),
        basis: Basis::Assumed,
        reason: reason.into(),
    }
}

/// What software that nobody knows needs at most, as far as the file tells.
fn assumed(container: &Container, start: Start) -> BTreeSet<String> {
    match start {
        Start::User => of_commands(container),
        Start::Root | Start::Unknown => stepping_down(container),
    }
}

/// What in the file says that capabilities are used.
fn against(container: &Container, start: Start) -> Option<String> {
    if let Some((word, _)) = capabilities::of_commands(container).next() {
        return Some(format!(
            "its command runs `{word}`, which uses capabilities"
        ));
    }
    if start == Start::User {
        if let Some(name) = container
            .capabilities_added
            .judged()
            .and_then(|added| added.iter().find(|name| *name != "NET_BIND_SERVICE"))
            .filter(|_| container.facts.is_none())
        {
            return Some(format!(
                "`{name}` is added, so that a program of it may have capabilities of its own"
            ));
        }
        let gains = container
            .facts
            .as_ref()
            .and_then(|facts| facts.breaks_without_new_privileges())
            .filter(|_| container.no_new_privileges.judged() != Some(&true));
        if let Some(why) = gains {
            return Some(format!("it gains privileges on purpose: {why}"));
        }
        if container.no_new_privileges.judged() == Some(&false) {
            return Some(
                "gaining privileges is allowed explicitly, and who does that uses them".to_owned(),
            );
        }
        None
    } else {
        evidence::root_command(container)
            .map(|word| format!("its command runs `{word}`, which needs root and its capabilities"))
    }
}

/// What an entrypoint needs that steps down from root, on this container's ports and commands.
fn stepping_down(container: &Container) -> BTreeSet<String> {
    let mut needed = of_commands(container);
    needed.extend(
        capabilities::STEPPING_DOWN
            .iter()
            .map(|name| (*name).to_owned()),
    );
    if capabilities::binds_low_port(container) {
        needed.insert("NET_BIND_SERVICE".to_owned());
    }
    if evidence::login_port(container).is_some() {
        let of_login = capabilities::OF_LOGIN.iter();
        needed.extend(of_login.map(|name| (*name).to_owned()));
    }
    needed
}

fn of_commands(container: &Container) -> BTreeSet<String> {
    capabilities::of_commands(container)
        .flat_map(|(_, names)| names)
        .map(|name| (*name).to_owned())
        .collect()
}

/// A capability that the container does not have now is not among what is added: it would be less
/// restricted than it was.
fn drop_all_but(container: &Container, needed: &BTreeSet<String>) -> Vec<Assignment> {
    let has = capabilities::bounding_set(container);
    let added = container.capabilities_added.judged();
    let is_added = |name| added.is_some_and(|added| added.contains(name));
    let add = needed
        .iter()
        .filter(|name| has.contains(name.as_str()) && !is_added(name))
        .cloned()
        .map(Assignment::AddCapability);
    std::iter::once(Assignment::DropAllCapabilities)
        .chain(add)
        .collect()
}
