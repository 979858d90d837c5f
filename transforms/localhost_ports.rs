//! Binds published ports to the loopback address of the host.

use super::{Kind, NO_SUCH_SETTING, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Network, Policy, Reason, Words};
use crate::edition::Edition;

/// The page describes this transform.
pub(super) static TRANSFORM: Transform = Transform {
    id: "localhost-ports",
    edition: Edition::new(2026, 11),
    summary: "publishes ports on 127.0.0.1 only",
    kind: Kind::Change,
    default: false,
    risk: Risk::Behaviour,
    references: &[
        Reference {
            source: "CIS Docker Benchmark 1.6.0",
            id: "5.14",
        },
        Reference {
            source: "KICS",
            id: "451d79dc",
        },
        Reference {
            source: "compose-lint",
            id: "CL-0005",
        },
    ],
    page: include_str!("localhost_ports.md"),
    decide,
};

static HOST_NETWORK: Words = Words::new(
    "host-network-publishes-nothing",
    "It uses the host's network, where no port is published.",
);
static NONE_OPEN: Words = Words::new(
    "no-port-on-every-address",
    "It publishes no port on every address of the host.",
);
static OPEN: Words = Words::new(
    "ports-on-every-address",
    "A port without an address is open to every network of the host.",
);

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.network == Network::Host {
        return Answer::inapplicable(&HOST_NETWORK);
    }
    if container.open_ports.is_empty() {
        let is_open = container
            .host_ports
            .iter()
            .any(|port| port.address.is_none());
        return if is_open {
            Answer::inapplicable(&NO_SUCH_SETTING)
        } else {
            Answer::hardened(&NONE_OPEN)
        };
    }
    Answer::Change {
        assignments: vec![Assignment::LocalhostPorts],
        basis: Basis::General,
        reason: Reason::new(&OPEN).at(container.open_ports.first().copied()),
    }
}
