//! Evidence that a container works for its host: network and storage drivers, device plugins,
//! monitoring agents. Their needs grow with the host, and throttling or killing one stops the other
//! containers. Limits are therefore not guessed for them.

use crate::container::{
    Container, Mount, MountSource, Network, Reason, Value, Words, same_path, within,
};
use crate::transforms::evidence::is_engine_socket;

static PRIVILEGED: Words = Words::new(
    "host-agent-privileged",
    "It is privileged, so it may work for its host: what it needs is unknown.",
);
static SHOWS_MOUNTS: Words = Words::new(
    "host-agent-mounts",
    "Its mounts below {path} appear on the host, so it may work for its host: what it needs is \
     unknown.",
);
static WRITES_TO_HOST: Words = Words::new(
    "host-agent-writes",
    "It can write to the host's system through {path}, so it may work for its host: what it needs \
     is unknown.",
);
static HAS_POWER: Words = Words::new(
    "host-agent-capability",
    "It has {capability} in the host's namespaces, so it may work for its host: what it needs is \
     unknown.",
);

/// The evidence that the container works for its host.
#[must_use]
pub fn reason(container: &Container) -> Option<Reason> {
    if container.privileged.judged() == Some(&true) {
        return Some(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if let Some(mount) = container.mounts.iter().find(|mount| shows_mounts(mount)) {
        let reason = Reason::new(&SHOWS_MOUNTS).path(mount.target.as_str());
        return Some(reason.at(mount.place));
    }
    if let Some(mount) = container.mounts.iter().find(|mount| changes_host(mount)) {
        let reason = Reason::new(&WRITES_TO_HOST).path(mount.target.as_str());
        return Some(reason.at(mount.place));
    }
    let is_inside = container.network == Network::Host || !container.host_namespaces.is_empty();
    let capability = container
        .capabilities_added
        .judged()?
        .iter()
        .find(|added| POWERS.contains(&added.as_str()))?;
    is_inside.then(|| {
        let capability = Value::Capability(capability.clone());
        let reason = Reason::new(&HAS_POWER).with("capability", capability);
        reason.at(container.capabilities_added.place())
    })
}

/// Capabilities that affect the host from within its namespaces (`capabilities(7)`).
const POWERS: [&str; 9] = [
    "ALL",
    "BPF",
    "DAC_READ_SEARCH",
    "NET_ADMIN",
    "PERFMON",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
];

/// Whether mounts that the container makes there also appear on the host. Kubernetes and the
/// engines use different names for this.
fn shows_mounts(mount: &Mount) -> bool {
    matches!(
        mount.propagation.as_deref(),
        Some("Bidirectional" | "shared" | "rshared")
    )
}

/// Directories of the kubelet, the runtime, network plugins and the kernel.
const DIRECTORIES: [&str; 15] = [
    "/boot",
    "/etc/cni",
    "/etc/kubernetes",
    "/etc/systemd",
    "/lib/modules",
    "/opt/cni",
    "/proc",
    "/run",
    "/sys",
    "/usr/lib/modules",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
];

fn changes_host(mount: &Mount) -> bool {
    let MountSource::Host(path) = &mount.source else {
        return false;
    };
    // These paths are mounted to be read, even if the mount is writable.
    let is_read = ["/sys/fs/cgroup", "/run/systemd/journal"]
        .iter()
        .any(|read| within(path, read));
    path.starts_with('/')
        && !mount.read_only
        && !is_read
        && !is_engine_socket(mount)
        && (same_path(path, "/") || DIRECTORIES.iter().any(|directory| within(path, directory)))
}
