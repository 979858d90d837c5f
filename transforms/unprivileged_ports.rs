//! A process that is not root may listen on the pod's low ports.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Network, Policy, Reason, Setting};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::{self, Start};

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    if !container.unprivileged_port_start.is_supported() {
        let why = if container.low_ports_are_free {
            "the engine opens every port in a network of its own"
        } else {
            "this format has no such setting"
        };
        return Answer::inapplicable(why.to_owned());
    }
    let Some(lowest) = capabilities::lowest_low_port(container) else {
        return Answer::hardened("it is not known to listen below 1024".to_owned());
    };
    match capabilities::start(container) {
        Start::User => {}
        Start::Root => return Answer::hardened("root may listen on every port".to_owned()),
        Start::Unknown => {
            return Answer::declined(
                "it may start as root, which may listen on every port".to_owned(),
            );
        }
    }
    if container.network != Network::Private {
        return Answer::declined(format!(
            "it listens on port {lowest} of the host's network, whose parameters are the host's"
        ));
    }
    match &container.unprivileged_port_start {
        Setting::Set { value, .. } if *value <= lowest => {
            Answer::hardened(format!("ports from {value} on need no privilege"))
        }
        Setting::Set { value, origin } => Answer::finding(Reason::from(format!(
                "it listens on port {lowest}, and ports below {value} need a privilege that it does not have"
            )).at(origin.place), Vec::new()),
        Setting::Variable { text, .. } => Answer::declined(format!("`{text}` decides it")),
        Setting::Unreadable { text, origin } => Answer::finding(Reason::from(format!("`{text}` is not a port")).at(origin.place), Vec::new()),
        Setting::Absent | Setting::Unsupported => Answer::Change {
            assignments: vec![Assignment::UnprivilegedPortStart(
                container
                    .lowest_port_of_pod
                    .map_or(lowest, |pod| pod.min(lowest)),
            )],
            basis: Basis::General,
            reason: format!("it listens on port {lowest} and is not root").into(),
        },
    }
}
