//! Containers that work for their host: drivers of its network and storage, device plugins, the
//! agents that watch it. What they need grows with the host, and all its other containers wait
//! while such a one is throttled or killed, so that a guess is worth nothing here.

use crate::container::{
    Against, Container, Evidence, Mount, MountSource, Network, Place, Reason, same_path, within,
};
use crate::transforms::evidence::is_engine_socket;

/// What says that the container works for its host, as a reason against `against`.
#[must_use]
pub fn evidence(container: &Container, against: Against) -> Option<Evidence> {
    let (sign, place) = sign(container)?;
    Some(Evidence {
        against: against,
        reason: Reason::from(format!(
            "it works for its host ({sign}), and what that takes is not known"
        ))
        .at(place),
        decisive: false,
    })
}

fn sign(container: &Container) -> Option<(String, Option<Place>)> {
    if container.privileged.judged() == Some(&true) {
        return Some(("it is privileged".to_owned(), container.privileged.place()));
    }
    if let Some(mount) = container.mounts.iter().find(|mount| shows_mounts(mount)) {
        let what = format!("mounts below `{}` appear on it", mount.target);
        return Some((what, mount.place));
    }
    if let Some(mount) = container.mounts.iter().find(|mount| changes_host(mount)) {
        return Some((format!("it writes to `{}`", mount.target), mount.place));
    }
    let is_inside = container.network == Network::Host || !container.host_namespaces.is_empty();
    let capability = container
        .capabilities_added
        .judged()?
        .iter()
        .find(|added| POWERS.contains(&added.as_str()))?;
    is_inside.then(|| {
        (
            format!("it has `{capability}` in its namespaces"),
            container.capabilities_added.place(),
        )
    })
}

/// Capabilities that reach the host from within its namespaces (`capabilities(7)`).
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

/// What it mounts there is mounted on the host too, in the words of Kubernetes or of the engine.
fn shows_mounts(mount: &Mount) -> bool {
    matches!(
        mount.propagation.as_deref(),
        Some("Bidirectional" | "shared" | "rshared")
    )
}

/// Where the kubelet, the runtime, the network's plugins and the kernel keep what is theirs.
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
    // Who mounts these reads them, whatever the mount allows.
    let is_read = ["/sys/fs/cgroup", "/run/systemd/journal"]
        .iter()
        .any(|read| within(path, read));
    path.starts_with('/')
        && !mount.read_only
        && !is_read
        && !is_engine_socket(mount)
        && (same_path(path, "/") || DIRECTORIES.iter().any(|directory| within(path, directory)))
}
