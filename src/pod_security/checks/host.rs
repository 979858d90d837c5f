//! Resources of the host: `check_hostNamespaces.go`, `check_hostPorts.go`,
//! `check_hostProbesAndhostLifecycle.go`, `check_windowsHostProcess.go`.

use super::{Check, Revision, Violations, each};
use crate::pod_security::pod::Pod;
use crate::pod_security::standard::Level;

pub(super) static HOST_NAMESPACES: Check = Check {
    id: "hostNamespaces",
    level: Level::Baseline,
    revisions: &[Revision::since(0, |pod, violations| {
        violations.must_not_be_true(&pod.host_namespaces);
    })],
};

pub(super) static HOST_PORTS: Check = Check {
    id: "hostPorts",
    level: Level::Baseline,
    revisions: &[Revision::since(0, host_ports)],
};

pub(super) static HOST_PROBES_AND_HOST_LIFECYCLE: Check = Check {
    id: "hostProbesAndHostLifecycle",
    level: Level::Baseline,
    revisions: &[Revision::since(34, |pod, violations| {
        let hosts = pod.containers.iter().flat_map(|one| &one.handler_hosts);
        violations.must_be_among(&[""], "empty or not set", hosts);
    })],
};

pub(super) static WINDOWS_HOST_PROCESS: Check = Check {
    id: "windowsHostProcess",
    level: Level::Baseline,
    revisions: &[Revision::since(0, |pod, violations| {
        violations.must_not_be_true([&pod.security.host_process]);
        violations.must_not_be_true(each(pod, |one| &one.security.host_process));
    })],
};

fn host_ports(pod: &Pod, violations: &mut Violations<'_>) {
    for port in pod.containers.iter().flat_map(|one| &one.host_ports) {
        if port.value.is_some_and(|port| port != 0) {
            violations.broken_by(port, "0 or not set");
        }
    }
}
