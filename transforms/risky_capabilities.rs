//! Reports capabilities beyond the default set.

use super::{Kind, NO_SUCH_SETTING, Reference, Risk, Transform};
use crate::container::{
    Answer, Assignment, Container, Finding, Policy, Reason, Setting, Value, Words,
};
use crate::edition::Edition;
use crate::transforms::needs::capabilities::{self, BASELINE};

/// The page describes this transform.
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

static NONE_ADDED: Words = Words::new("adds-no-capability", "It adds no capability.");
static NONE_RISKY: Words = Words::new(
    "adds-ordinary-capabilities",
    "It adds only capabilities that the baseline Pod Security Standard allows or its image needs.",
);
static ADDED: Words = Words::new("adds-risky-capability", "It adds {capability}.");
static USED: Words = Words::new(
    "capability-used-by-command",
    "Its command runs {name}, which uses it.",
);
static POWER: Words = Words::new("capability-power", "That lets it {power}.");

fn decide(container: &Container, _: &Policy) -> Answer {
    let (added, place) = match &container.capabilities_added {
        Setting::Unsupported => return Answer::inapplicable(&NO_SUCH_SETTING),
        Setting::Set { value, origin } => (value, origin.place),
        _ => return Answer::hardened(&NONE_ADDED),
    };
    let needed = |name: &str| {
        container.facts.as_deref().is_some_and(|facts| {
            let of_root = facts.capabilities_as_root.iter().flatten();
            let also = facts.capabilities_as_root_also.iter();
            of_root
                .chain(also.map(|also| &also.name))
                .chain(facts.capabilities_as_user.iter().flatten())
                .any(|known| known == name)
                || capabilities::of_files(facts).any(|known| known == name)
        })
    };
    let findings: Vec<Finding> = added
        .iter()
        .filter(|name| !BASELINE.contains(&name.as_str()) && !needed(name))
        .map(|name| {
            let reason = Reason::new(&ADDED).capability(name).at(place);
            let user = capabilities::of_commands(container)
                .find(|(_, names)| names.contains(&name.as_str()));
            let reason = match power_of(name) {
                Some(power) => {
                    reason.and(Reason::new(&POWER).with("power", Value::Note(power.to_owned())))
                }
                None => reason,
            };
            // A capability that a command uses is no leftover, so no remedy is offered.
            match user {
                Some((program, _)) => Finding {
                    reason: reason.and(Reason::new(&USED).name(program)),
                    remedy: Vec::new(),
                },
                None => Finding {
                    reason,
                    remedy: vec![Assignment::RemoveCapability(name.clone())],
                },
            }
        })
        .collect();
    if findings.is_empty() {
        return Answer::hardened(&NONE_RISKY);
    }
    Answer::Findings(findings)
}

/// What a process can do with the capability (capabilities(7)).
fn power_of(capability: &str) -> Option<&'static str> {
    Some(match capability {
        "ALL" => "control the host as root",
        "SYS_ADMIN" => "mount file systems and leave the container",
        "SYS_MODULE" => "load code into the kernel",
        "SYS_PTRACE" => "read and write the memory of other processes",
        "SYS_RAWIO" => "write to the host's memory and disks",
        "SYS_BOOT" => "restart the host",
        "SYS_TIME" => "set the host's clock",
        "DAC_READ_SEARCH" => "open any file of the host by its handle",
        "NET_ADMIN" => "configure its network, and the host's where it shares that",
        "NET_RAW" => "send forged packets to its network",
        "BPF" | "PERFMON" => "watch the kernel and every process",
        _ => return None,
    })
}
