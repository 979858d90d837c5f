//! Published ports are reached from the host alone.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Basis, Container, Network, Policy};
use crate::edition::Edition;

/// See the page.
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

fn decide(container: &Container, _: &Policy) -> Answer {
    if container.network == Network::Host {
        return Answer::inapplicable("in the host's network no port is published".to_owned());
    }
    if container.open_ports.is_empty() {
        let is_open = container
            .host_ports
            .iter()
            .any(|port| port.address.is_none());
        return if is_open {
            Answer::inapplicable("this format has no such setting".to_owned())
        } else {
            Answer::hardened("no port is published on every address".to_owned())
        };
    }
    Answer::Change {
        assignments: vec![Assignment::LocalhostPorts],
        basis: Basis::General,
        reason: "a port without an address is open to every network of the host".into(),
    }
}
