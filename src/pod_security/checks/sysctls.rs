//! Kernel parameters: `check_sysctls.go`.

use super::{Check, Revision, Violations};
use crate::pod_security::pod::Pod;
use crate::pod_security::standard::Level;

pub(super) static SYSCTLS: Check = Check {
    id: "sysctls",
    level: Level::Baseline,
    revisions: &[
        Revision::since(0, |pod, violations| safe(pod, violations, 5)),
        Revision::since(27, |pod, violations| safe(pod, violations, 6)),
        Revision::since(29, |pod, violations| safe(pod, violations, 10)),
        Revision::since(32, |pod, violations| safe(pod, violations, 12)),
        Revision::since(37, |pod, violations| safe(pod, violations, SAFE.len())),
    ],
};

/// Parameters of a pod's own namespaces, in the order in which Kubernetes began to allow them.
const SAFE: [&str; 14] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_notsent_lowat",
];

/// Only the first `allowed` of them are allowed. The API also accepts `/` for `.` in a name; the
/// check of Kubernetes does not, and neither does this one.
fn safe(pod: &Pod, violations: &mut Violations<'_>, allowed: usize) {
    let allowed = &SAFE[..allowed];
    let wanted = format!("one of {}", allowed.join(", "));
    violations.must_be_among(allowed, &wanted, &pod.sysctls);
}
