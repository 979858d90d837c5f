//! Drops all capabilities except those that the image needs.

use std::collections::BTreeSet;

use super::needs::writable;
use super::{Kind, Reference, Risk, Transform, evidence};
use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Policy, Reason, Setting, Value, Words,
};
use crate::edition::Edition;
use crate::image::Facts;
use crate::transforms::evidence::Against;
use crate::transforms::needs::capabilities::{self, Start};

/// The page describes this transform.
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

static WINDOWS: Words = Words::new(
    "windows-without-capabilities",
    "Windows has no capabilities.",
);
static PRIVILEGED: Words = Words::new(
    "privileged-ignores-drop",
    "It is privileged, so dropping capabilities has no effect.",
);
static ALL_ADDED: Words = Words::new(
    "adds-all-capabilities",
    "It adds every capability, so dropping them has no effect.",
);
static ALL_DROPPED: Words = Words::new("drops-all-capabilities", "It drops every capability.");
static ENTRYPOINT_REPLACED: Words = Words::new(
    "entrypoint-needs-unknown",
    "Its entrypoint is replaced; the capabilities that the new one needs are unknown.",
);
static OWN_SCRIPT: Words = Words::new(
    "script-needs-unknown",
    "It runs its own script {path} at start; the capabilities that it needs are unknown.",
);
static NONE_AS_USER: Words = Words::new(
    "image-uses-none-as-user",
    "{image} does not start as root and needs no capability.",
);
static NONE_AS_ROOT: Words =
    Words::new("image-needs-no-capability", "{image} needs no capability.");
static NEEDED: Words = Words::new("image-needs-capabilities", "{image} needs {capabilities}.");
static ROOT: Words = Words::new(
    "root-needs-unknown",
    "It starts as root; the capabilities that it needs are unknown.",
);
static PERHAPS_ROOT: Words = Words::new(
    "start-needs-unknown",
    "It may start as root; the capabilities that it then needs are unknown.",
);
static NOT_ROOT: Words = Words::new(
    "user-needs-no-capability",
    "A process that is not root rarely needs a capability.",
);
static STEPS_DOWN: Words = Words::new(
    "no-sign-of-other-capabilities",
    "Nothing in the file shows that it needs more than to switch from root to another user.",
);
static COMMAND_USES: Words = Words::new(
    "command-uses-capabilities",
    "Its command runs {name}, which uses capabilities.",
);
static ADDED: Words = Words::new(
    "capability-added-for-program",
    "It adds {capability}, so one of its programs may have capabilities of its own.",
);
static IMAGE_GAINS: Words = Words::new(
    "image-may-use-capabilities",
    "{image} may gain privileges and use capabilities; check this first: {why}.",
);
static ALLOWED: Words = Words::new(
    "gained-privileges-may-use-capabilities",
    "The file allows it to gain privileges, which may need capabilities.",
);
static COMMAND_OF_ROOT: Words = Words::new(
    "command-needs-root-capabilities",
    "Its command runs {name}, which needs root and its capabilities.",
);

fn decide(container: &Container, policy: &Policy) -> Answer {
    if container.windows || !container.capabilities_dropped.is_supported() {
        return Answer::inapplicable(&WINDOWS);
    }
    if container.privileged.judged() == Some(&true) {
        return Answer::declined(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if holds_all(&container.capabilities_added) {
        let place = container.capabilities_added.place();
        return Answer::declined(Reason::new(&ALL_ADDED).at(place));
    }
    if holds_all(&container.capabilities_dropped) {
        return Answer::hardened(
            Reason::new(&ALL_DROPPED).at(container.capabilities_dropped.place()),
        );
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

/// Whether the list contains `ALL` in upper case. Pod Security accepts no other spelling.
fn holds_all(list: &Setting<Vec<String>>) -> bool {
    list.judged()
        .is_some_and(|names| names.iter().any(|name| name == "ALL"))
}

/// The answer if the image's needs are known.
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
    let reason = Reason::new(match start {
        _ if !needed.is_empty() => &NEEDED,
        Start::User => &NONE_AS_USER,
        Start::Root | Start::Unknown => &NONE_AS_ROOT,
    });
    let names = needed.iter().map(|name| Value::Capability(name.clone()));
    let reason = reason
        .image(facts.id.as_str())
        .with("capabilities", Value::List(names.collect()));
    Answer::Change {
        assignments: drop_all_but(container, &needed),
        basis,
        reason,
    }
}

/// The answer if the image's needs are not known.
fn of_unknown(container: &Container, policy: &Policy) -> Answer {
    let start = capabilities::start(container);
    if policy.assume != Assume::All {
        if let Some(why) = against(container, start) {
            return Answer::declined(why);
        }
        match start {
            Start::User => {}
            Start::Root => return Answer::declined(&ROOT),
            Start::Unknown => return Answer::declined(&PERHAPS_ROOT),
        }
    }
    let reason = Reason::new(match start {
        Start::User => &NOT_ROOT,
        Start::Root | Start::Unknown => &STEPS_DOWN,
    });
    Answer::Change {
        assignments: drop_all_but(container, &assumed(container, start)),
        basis: Basis::Assumed,
        reason,
    }
}

/// The largest set that unknown software may need, as far as the file shows.
fn assumed(container: &Container, start: Start) -> BTreeSet<String> {
    match start {
        Start::User => of_commands(container),
        Start::Root | Start::Unknown => stepping_down(container),
    }
}

/// The evidence in the file that capabilities are used.
fn against(container: &Container, start: Start) -> Option<Reason> {
    if let Some((word, _)) = capabilities::of_commands(container).next() {
        return Some(Reason::new(&COMMAND_USES).name(word));
    }
    if start != Start::User {
        let word = evidence::root_command(container)?;
        return Some(Reason::new(&COMMAND_OF_ROOT).name(word));
    }
    if let Some(name) = container
        .capabilities_added
        .judged()
        .and_then(|added| added.iter().find(|name| *name != "NET_BIND_SERVICE"))
        .filter(|_| container.facts.is_none())
    {
        let reason = Reason::new(&ADDED).capability(name);
        return Some(reason.at(container.capabilities_added.place()));
    }
    if container.no_new_privileges.judged() != Some(&true)
        && let Some(facts) = container.facts.as_deref()
        && let Some(why) = facts.breaks_without_new_privileges()
    {
        let reason = Reason::new(&IMAGE_GAINS).image(facts.id.as_str());
        return Some(reason.with("why", Value::Note(why.to_owned())));
    }
    let is_allowed = container.no_new_privileges.judged() == Some(&false);
    let place = container.no_new_privileges.place();
    is_allowed.then(|| Reason::new(&ALLOWED).at(place))
}

/// The needs of an entrypoint that switches from root to another user, for the ports and commands
/// of this container.
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

/// Drops all capabilities and adds the needed ones that the container has now. Other needed ones
/// are not added, because the container would be less restricted than before.
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
