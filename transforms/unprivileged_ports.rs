//! Lets a process that is not root listen on the pod's low ports.

use super::{Kind, NO_SUCH_SETTING, Reference, Risk, Transform, by_variable, unreadable};
use crate::container::{
    Answer, Assignment, Basis, Container, Network, Policy, Reason, Setting, Value, Words,
};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::{self, Start};

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "unprivileged-ports",
    edition: Edition::new(2026, 11),
    summary: "lets a process that is not root listen on the low ports of its pod",
    kind: Kind::Change,
    default: true,
    risk: Risk::Low,
    references: &[Reference {
        source: "Pod Security Standards, baseline",
        id: "sysctls",
    }],
    page: include_str!("unprivileged_ports.md"),
    decide,
};

static ENGINE_OPENS: Words = Words::new(
    "engine-opens-low-ports",
    "The engine lets every user listen on low ports in a private network.",
);
static NO_LOW_PORT: Words = Words::new(
    "no-low-port",
    "It is not known to listen on a port below 1024.",
);
static ROOT: Words = Words::new("root-opens-low-ports", "Root may listen on every port.");
static PERHAPS_ROOT: Words = Words::new(
    "may-be-root-for-low-port",
    "It may start as root, which may listen on every port.",
);
static HOST_NETWORK: Words = Words::new(
    "low-port-of-host",
    "It listens on port {port} of the host's network, whose parameters belong to the host.",
);
static OPENED: Words = Words::new(
    "low-ports-opened",
    "Ports from {from} on need no privilege.",
);
static CLOSED: Words = Words::new(
    "low-port-closed",
    "It listens on port {port}, but ports below {from} need a privilege that it does not have.",
);
static NOT_A_PORT: Words = Words::new("not-a-port", "{written} is not a port.");
static NEEDED: Words = Words::new(
    "low-port-without-root",
    "It listens on port {port} and does not run as root.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    if !container.unprivileged_port_start.is_supported() {
        return Answer::inapplicable(if container.low_ports_are_free {
            &ENGINE_OPENS
        } else {
            &NO_SUCH_SETTING
        });
    }
    let Some(lowest) = capabilities::lowest_low_port(container) else {
        return Answer::hardened(&NO_LOW_PORT);
    };
    match capabilities::start(container) {
        Start::User => {}
        Start::Root => return Answer::hardened(&ROOT),
        Start::Unknown => return Answer::declined(&PERHAPS_ROOT),
    }
    if container.network != Network::Private {
        return Answer::declined(Reason::new(&HOST_NETWORK).port(lowest));
    }
    let from = |port: &u16| Value::Count(u64::from(*port));
    match &container.unprivileged_port_start {
        Setting::Set { value, origin } if *value <= lowest => {
            let reason = Reason::new(&OPENED).with("from", from(value));
            Answer::hardened(reason.at(origin.place))
        }
        Setting::Set { value, origin } => {
            let reason = Reason::new(&CLOSED).port(lowest).with("from", from(value));
            Answer::finding(reason.at(origin.place), Vec::new())
        }
        Setting::Variable { text, origin, .. } => by_variable(text, origin),
        Setting::Unreadable { text, origin } => unreadable(&NOT_A_PORT, text, origin),
        Setting::Absent | Setting::Unsupported => Answer::Change {
            assignments: vec![Assignment::UnprivilegedPortStart(
                container
                    .lowest_port_of_pod
                    .map_or(lowest, |pod| pod.min(lowest)),
            )],
            basis: Basis::General,
            reason: Reason::new(&NEEDED).port(lowest),
        },
    }
}
