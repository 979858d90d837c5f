//! Capabilities beyond what a container has by default.

use super::{Kind, Reference, Risk, Transform};
use crate::container::{Answer, Assignment, Container, Policy, Reason, Setting};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::BASELINE;

/// See the page.
pub(super) static TRANSFORM: Transform = Transform {
    id: "risky-capabilities",
    edition: Edition::new(2026, 11),
    summary: "added capabilities that an ordinary container does not have",
    kind: Kind::Finding,
    default: true,
    risk: Risk::Behaviour,
    references: &[
        Reference::new("Pod Security Standards, baseline", "capabilities"),
        Reference::new("CIS Docker Benchmark 1.6.0", "5.4"),
        Reference::new("CIS Kubernetes Benchmark 1.8.0", "5.2.8, 5.2.9, 5.2.10"),
        Reference::new("Trivy", "KSV-0005, KSV-0022, KSV-0119, KSV-0120"),
        Reference::new("Checkov", "CKV_K8S_25, CKV_K8S_39"),
        Reference::new("compose-lint", "CL-0011, CL-0024"),
        Reference::new("Polaris", "dangerousCapabilities"),
    ],
    page: include_str!("risky_capabilities.md"),
    decide,
};

fn decide(container: &Container, _: &Policy) -> Answer {
    let (added, place) = match &container.capabilities_added {
        Setting::Unsupported => {
            return Answer::inapplicable("this format has no such setting".to_owned());
        }
        Setting::Set { value, origin } => (value, origin.place),
        _ => return Answer::hardened("none is added".to_owned()),
    };
    let needed = |name: &str| {
        container.facts.as_deref().is_some_and(|facts| {
            let of_root = facts.capabilities_as_root.iter().flatten();
            let also = facts.capabilities_as_root_also.iter();
            of_root
                .chain(also.map(|also| &also.name))
                .chain(facts.capabilities_as_user.iter().flatten())
                .any(|known| known == name)
        })
    };
    let risky: Vec<&String> = added
        .iter()
        .filter(|name| !BASELINE.contains(&name.as_str()) && !needed(name))
        .collect();
    if risky.is_empty() {
        return Answer::hardened("what is added leaves it an ordinary container".to_owned());
    }
    let words: Vec<String> = risky
        .iter()
        .map(|name| match power_of(name) {
            Some(power) => format!("`{name}`, with which it {power}"),
            None => format!("`{name}`"),
        })
        .collect();
    Answer::finding(
        Reason::from(format!("it is given {}", words.join("; "))).at(place),
        risky
            .into_iter()
            .map(|name| Assignment::RemoveCapability(name.clone()))
            .collect(),
    )
}

/// What a process can do with the capability (capabilities(7)).
fn power_of(capability: &str) -> Option<&'static str> {
    Some(match capability {
        "ALL" => "is root on the host",
        "SYS_ADMIN" => "mounts file systems and leaves the container",
        "SYS_MODULE" => "loads code into the kernel",
        "SYS_PTRACE" => "reads and writes the memory of other processes",
        "SYS_RAWIO" => "writes to the host's memory and disks",
        "SYS_BOOT" => "restarts the host",
        "SYS_TIME" => "sets the host's clock",
        "DAC_READ_SEARCH" => "opens any file of the host by its handle",
        "NET_ADMIN" => "configures its network, and the host's where it shares that",
        "NET_RAW" => "forges packets to its neighbours",
        "BPF" | "PERFMON" => "watches the kernel and every process",
        _ => return None,
    })
}
