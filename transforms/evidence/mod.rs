//! Evidence in a file against hardening a container.
//!
//! The report quotes each piece of evidence, so that a reader can disagree with it.

mod cluster;
mod commands;
mod confinement;
pub mod host_agent;
mod memory;
mod observed;
pub mod pod;
mod ports;
mod processes;
mod programs;
mod software;
mod writes;

pub use cluster::of_cluster_client;
pub(crate) use commands::{command_words, program};
pub use commands::{own_script, past_entrypoint, root_command};
pub use confinement::{against_default_seccomp, for_confinement_off};
pub use memory::{memory_by_variable, stated_memory};
pub use observed::observed;
pub use ports::login_port;
pub use processes::{engine_inside, stated_connections};
pub(crate) use programs::{started_by, started_together};
pub use software::may_be_known_software;
pub use writes::mentions_tmp;

use self::commands::{probing_command, programs, programs_of_probes, stepping_down};
use self::ports::server_port;
use self::writes::{StatedPath, probe_writes, redirects, stated_path, writing_command};
use crate::container::{
    Container, Mount, MountSource, Network, Reason, Value, Words, same_path, within,
};
use crate::image::Kind;

/// A fact in the file that is evidence against hardening a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The evidence, and where it is written.
    pub reason: Reason,
    /// Whether the hardening step cannot work, or the consumer would reject it. No assumption
    /// overrides decisive evidence.
    pub decisive: bool,
}

/// The hardening step that an [`Evidence`] is against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Another user.
    User,
    /// A read-only root.
    ReadOnlyRoot,
    /// `no_new_privs`.
    NoNewPrivileges,
    /// Dropping capabilities.
    Capabilities,
    /// A memory limit.
    MemoryLimit,
    /// A CPU limit.
    CpuLimit,
    /// Not mounting the token for the cluster's API.
    ServiceAccountToken,
}

impl From<Reason> for Evidence {
    /// Evidence that an assumption can override.
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            decisive: false,
        }
    }
}

pub(super) static SOCKET_OF_ROOT: Words = Words::new(
    "engine-socket-of-root",
    "{path} belongs to root and the engine's group.",
);
static KEY_OF_ROOT: Words = Words::new("key-of-root", "{path} may be readable only by root.");
static STEPS_DOWN: Words = Words::new(
    "image-switches-user",
    "{name} is set: the image starts as root and switches to that user itself.",
);
static HOST_NETWORK: Words = Words::new(
    "host-network-ports",
    "It uses the host's network, where ports below 1024 need root.",
);
static DEVICE_OF_ROOT: Words = Words::new("device-of-root", "The device {path} belongs to root.");
static CAPABILITY_OF_ROOT: Words = Words::new(
    "capability-of-root",
    "It adds {capability}, which a process of another user would not get.",
);
static PRIVILEGED: Words = Words::new("is-privileged", "It is privileged.");
static HOST_NAMESPACE: Words = Words::new(
    "uses-host-namespace",
    "It uses the host's {name} namespace.",
);
static COMMAND_NEEDS_ROOT: Words = Words::new(
    "command-needs-root",
    "Its command runs {name}, which needs root.",
);
static COMMAND_WRITES_AS_ROOT: Words = Words::new(
    "command-writes-as-root",
    "Its command runs {name}, which may write to files of root.",
);
static BECOMES_USER: Words = Words::new(
    "command-switches-user",
    "Its command starts as root and switches to {user} ({name}).",
);
static SCRIPT_MAY_NEED_ROOT: Words = Words::new(
    "script-may-need-root",
    "It runs its own script {path} at start, which may need root.",
);
static COMMAND_REDIRECTS: Words = Words::new(
    "command-redirects",
    "Its command redirects output to a file.",
);
static PATH_MAY_NEED_ROOT: Words = Words::new(
    "path-may-need-root",
    "{name} is {path}, which only root may be able to create.",
);
static PROBE_NEEDS_ROOT: Words = Words::new(
    "probe-needs-root",
    "Its health check runs {name}, which needs root.",
);
static PROBE_WRITES: Words = Words::new(
    "probe-writes",
    "Its health check writes to a file: {written}.",
);
static READS_SYSTEM: Words = Words::new(
    "reads-host-system",
    "It reads system files of the host at {path}; some may be readable only by root.",
);
pub(super) static OWNER_OF_HOST_PATH: Words = Words::new(
    "host-path-owner-unknown",
    "{host} of the host is mounted at {path}; its owner is unknown.",
);
pub(super) static OWNER_OF_VOLUME: Words = Words::new(
    "volume-owner-unknown",
    "{name} is mounted at {path}; its owner is unknown.",
);
pub(super) static OWNER_OF_ANONYMOUS: Words = Words::new(
    "anonymous-volume-owner-unknown",
    "A volume is mounted at {path}; its owner is unknown.",
);
pub(super) static TMPFS_OF_ROOT: Words = Words::new(
    "tmpfs-of-root",
    "Only root may be able to write to the tmpfs at {path}.",
);
static REWRITES_AT_START: Words = Words::new(
    "image-rewrites-itself",
    "{name} is set: the image rewrites its own files at start.",
);
static SETS_UP_SYSTEM: Words = Words::new(
    "capability-of-system",
    "It adds {capability}: software that sets up networks, mounts or devices often writes to its \
     own files.",
);
static CONFIGURED_AT_START: Words = Words::new(
    "config-volume",
    "It keeps {path}, as images do that rewrite their own files at start.",
);
static ROOT_MAY_WRITE: Words = Words::new(
    "explicit-root-may-write",
    "The file makes it run as root ({written}), so it may write anywhere.",
);
static COMMAND_WRITES: Words = Words::new(
    "command-writes",
    "Its command runs {name}, which may write to the root file system.",
);
static SCRIPT_MAY_WRITE: Words = Words::new(
    "script-may-write",
    "It runs its own script {path} at start, which may write anywhere.",
);
static PATH_IS_NOT_MOUNTED: Words = Words::new(
    "written-path-not-mounted",
    "{name} is {path}, and nothing is mounted there.",
);
static COMMAND_GAINS: Words = Words::new(
    "command-gains-privileges",
    "Its command runs {name}, which gains privileges.",
);
static PROBE_GAINS: Words = Words::new(
    "probe-gains-privileges",
    "Its health check runs {name}, which gains privileges.",
);
static BUILT_HERE: Words = Words::new(
    "image-built-here",
    "The image is built from this project; what runs in it is unknown.",
);
static LANGUAGE_RUNTIME: Words = Words::new(
    "image-is-language-runtime",
    "The image is a language runtime; what runs in it is unknown.",
);
static OPERATING_SYSTEM: Words = Words::new(
    "image-is-operating-system",
    "The image is an operating system; what runs in it is unknown.",
);
static NO_IMAGE: Words = Words::new("no-image-named", "No image is named.");

/// All evidence in the file against assuming another user.
#[must_use]
pub fn against_user(container: &Container) -> Vec<Evidence> {
    let mut found = observed(container, Against::User);
    found.extend(storage_of_others(container));
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| is_engine_socket(mount))
    {
        found.push(of_mount(&SOCKET_OF_ROOT, mount).into());
    }
    found.extend(private_key(container));
    found.extend(demands_of_root(container));
    let ports = login_port(container).or_else(|| server_port(container));
    found.extend(ports.map(Evidence::from));
    found
}

/// A mounted key or secret that perhaps only root can read.
#[must_use]
pub fn private_key(container: &Container) -> Option<Evidence> {
    let mut mounts = container.mounts.iter();
    let mount = mounts.find(|mount| is_private_key(mount))?;
    Some(of_mount(&KEY_OF_ROOT, mount).into())
}

/// What the container does or uses that requires root, except storage.
#[must_use]
pub fn demands_of_root(container: &Container) -> Vec<Evidence> {
    let mut found: Vec<Reason> = Vec::new();
    if let Some(name) = steps_down(container) {
        found.push(Reason::new(&STEPS_DOWN).name(name));
    }
    if container.network == Network::Host {
        found.push(Reason::new(&HOST_NETWORK));
    }
    if let Some(device) = container.devices.first() {
        found.push(Reason::new(&DEVICE_OF_ROOT).path(device));
    }
    if let Some(added) = container.capabilities_added.judged()
        && let Some(capability) = added
            .iter()
            .find(|capability| *capability != "NET_BIND_SERVICE")
    {
        let reason = of_capability(&CAPABILITY_OF_ROOT, capability);
        found.push(reason.at(container.capabilities_added.place()));
    }
    if container.privileged.judged() == Some(&true) {
        found.push(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if let Some(namespace) = container.host_namespaces.first() {
        let reason = Reason::new(&HOST_NAMESPACE).name(namespace.name);
        found.push(reason.at(namespace.place));
    }
    if let Some(word) = root_command(container) {
        found.push(Reason::new(&COMMAND_NEEDS_ROOT).name(word));
    } else if let Some(word) = writing_command(container) {
        found.push(Reason::new(&COMMAND_WRITES_AS_ROOT).name(word));
    }
    if let Some((option, user)) = stepping_down(container) {
        let user = Value::Name(user.to_owned());
        found.push(Reason::new(&BECOMES_USER).name(option).with("user", user));
    }
    if let Some(script) = own_script(container) {
        found.push(Reason::new(&SCRIPT_MAY_NEED_ROOT).path(script));
    }
    if redirects(container) {
        found.push(Reason::new(&COMMAND_REDIRECTS));
    }
    // Every user can create files in scratch space.
    if let Some(stated) = stated_path(container)
        && ![stated.name, stated.path]
            .iter()
            .any(|word| word.contains("/tmp"))
    {
        found.push(of_path(&PATH_MAY_NEED_ROOT, &stated));
    }
    if let Some(word) = probing_command(container) {
        found.push(Reason::new(&PROBE_NEEDS_ROOT).name(word));
    }
    if let Some(command) = probe_writes(container) {
        found.push(Reason::new(&PROBE_WRITES).written(command));
    }
    found.into_iter().map(Evidence::from).collect()
}

/// Storage that another user may not be able to write.
fn storage_of_others(container: &Container) -> impl Iterator<Item = Evidence> {
    let read = container
        .mounts
        .iter()
        .find(|mount| mount.read_only && is_system_path(mount))
        .map(|mount| of_mount(&READS_SYSTEM, mount));
    let writable = container.mounts.iter().filter(|mount| !mount.read_only);
    let written = writable.filter_map(|mount| {
        let named = |name: &str| of_mount(&OWNER_OF_VOLUME, mount).name(name);
        Some(match &mount.source {
            MountSource::Host(_) if is_engine_socket(mount) => return None,
            MountSource::Host(path) => {
                let host = Value::Path(path.clone());
                of_mount(&OWNER_OF_HOST_PATH, mount).with("host", host)
            }
            MountSource::Volume(name) | MountSource::Claim(name) | MountSource::Other(name) => {
                named(name)
            }
            MountSource::Anonymous => of_mount(&OWNER_OF_ANONYMOUS, mount),
            MountSource::Scratch if !mount.open => of_mount(&TMPFS_OF_ROOT, mount),
            MountSource::Scratch | MountSource::Content => return None,
        })
    });
    read.into_iter().chain(written).map(Evidence::from)
}

/// All evidence in the file against assuming a read-only root.
#[must_use]
pub fn against_read_only_root(container: &Container) -> Vec<Evidence> {
    let mut found: Vec<Reason> = Vec::new();
    if let Some(name) = steps_down(container) {
        found.push(Reason::new(&REWRITES_AT_START).name(name));
    }
    if container.privileged.judged() == Some(&true) {
        found.push(Reason::new(&PRIVILEGED).at(container.privileged.place()));
    }
    if container.facts.is_none() {
        found.extend(writes_of_unknown(container));
    }
    if let Some(word) = writing_command(container) {
        found.push(Reason::new(&COMMAND_WRITES).name(word));
    }
    if let Some(script) = own_script(container) {
        found.push(Reason::new(&SCRIPT_MAY_WRITE).path(script));
    }
    if redirects(container) {
        found.push(Reason::new(&COMMAND_REDIRECTS));
    }
    if let Some(stated) = stated_path(container) {
        found.push(of_path(&PATH_IS_NOT_MOUNTED, &stated));
    }
    if let Some(command) = probe_writes(container) {
        found.push(Reason::new(&PROBE_WRITES).written(command));
    }
    found.extend(login_port(container).or_else(|| server_port(container)));
    let mut all = observed(container, Against::ReadOnlyRoot);
    all.extend(found.into_iter().map(Evidence::from));
    all
}

/// The evidence that an unknown image writes to its own files.
fn writes_of_unknown(container: &Container) -> Vec<Reason> {
    let mut found = Vec::new();
    if let Some(added) = container.capabilities_added.judged()
        && let Some(capability) = added.iter().find(|added| sets_up_systems(added))
    {
        let reason = of_capability(&SETS_UP_SYSTEM, capability);
        found.push(reason.at(container.capabilities_added.place()));
    }
    if let Some(mount) = configured_at_start(container) {
        found.push(of_mount(&CONFIGURED_AT_START, mount));
    }
    found.extend(host_agent::reason(container));
    if let Some(user) = container.user.judged()
        && user.is_root()
    {
        let reason = Reason::new(&ROOT_MAY_WRITE).written(user.to_string());
        found.push(reason.at(container.user.place()));
    }
    found
}

/// All evidence in the file against forbidding new privileges.
#[must_use]
pub fn against_no_new_privileges(container: &Container) -> Vec<Evidence> {
    let mut found = observed(container, Against::NoNewPrivileges);
    let gains = |word: &&str| {
        matches!(
            program(word),
            "sudo" | "su" | "doas" | "newuidmap" | "pkexec"
        )
    };
    let of_probes = || {
        let programs = programs_of_probes(container);
        programs.into_iter().find(gains)
    };
    let reason = match programs(container).find(gains) {
        Some(word) => Some(Reason::new(&COMMAND_GAINS).name(word)),
        None => of_probes().map(|word| Reason::new(&PROBE_GAINS).name(word)),
    };
    found.extend(reason.map(Evidence::from));
    found
}

/// Why the software in the container is not known: the image is a language runtime or an operating
/// system, is built here, has the name of another image, or comes from a variable.
#[must_use]
pub fn is_unknown_software(container: &Container) -> Option<Reason> {
    let facts = container.facts.as_deref();
    if container.built && !facts.is_some_and(|facts| facts.kind == Kind::Service) {
        return Some(Reason::new(&BUILT_HERE));
    }
    match container.facts.as_ref().map(|facts| facts.kind) {
        Some(Kind::LanguageBase) => Some(Reason::new(&LANGUAGE_RUNTIME)),
        Some(Kind::BaseOs) => Some(Reason::new(&OPERATING_SYSTEM)),
        Some(Kind::Service) => None,
        None if container.image.is_none() => Some(Reason::new(&NO_IMAGE)),
        None => may_be_known_software(container),
    }
}

pub(super) fn of_mount(words: &'static Words, mount: &Mount) -> Reason {
    let reason = Reason::new(words).path(mount.target.as_str());
    reason.at(mount.place)
}

fn of_capability(words: &'static Words, capability: &str) -> Reason {
    let capability = Value::Capability(capability.to_owned());
    Reason::new(words).with("capability", capability)
}

fn of_path(words: &'static Words, stated: &StatedPath<'_>) -> Reason {
    Reason::new(words).name(stated.name).path(stated.path)
}

/// The variable that sets the user an image switches to at start, as in images of linuxserver.io
/// (`PUID`), of jlesage (`USER_ID`), and others whose init system sets up the user.
fn steps_down(container: &Container) -> Option<&str> {
    let is_number = |value: Option<&str>| {
        value.is_none_or(|value| value.is_empty() || value.parse::<u32>().is_ok())
    };
    let chooses = |name: &str| {
        let last = name.rsplit('_').next().unwrap_or(name);
        matches!(last, "UID" | "GID" | "PUID" | "PGID")
            || matches!(name, "USER_ID" | "GROUP_ID" | "USERID" | "GROUPID")
    };
    let mut variables = container.variables();
    let found = variables.find(|(name, value)| chooses(name) && is_number(*value));
    found.map(|(name, _)| name)
}

/// Capabilities of programs that configure networks, mounts and devices (`capabilities(7)`).
fn sets_up_systems(capability: &str) -> bool {
    matches!(capability, "ALL" | "NET_ADMIN" | "SYS_ADMIN" | "SYS_MODULE")
}

/// The directory that an image's init system sets up at start. Such an init system also rewrites
/// files of the image (linuxserver.io, hotio, jlesage).
fn configured_at_start(container: &Container) -> Option<&Mount> {
    let mut mounts = container.mounts.iter().filter(|mount| !mount.read_only);
    mounts.find(|mount| mount.target == "/config" && mount.source != MountSource::Content)
}

/// The control socket of a container engine.
#[must_use]
pub fn is_engine_socket(mount: &Mount) -> bool {
    let is_socket = |path: &str| {
        [
            "docker.sock",
            "podman.sock",
            "containerd.sock",
            "crio.sock",
            "docker.raw.sock",
        ]
        .iter()
        .any(|name| path.ends_with(name))
    };
    is_socket(&mount.target)
        || matches!(&mount.source, MountSource::Host(path)
            if is_socket(path) || same_path(path, "/run"))
}

/// Directories whose content controls the host or holds secrets of its other services.
static SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/log",
    "/var/spool/cron",
];

/// Files that are often mounted for the host's clock and certificates. They reveal nothing.
static HARMLESS: &[&str] = &[
    "/dev/null",
    "/dev/shm",
    "/dev/urandom",
    "/etc/hostname",
    "/etc/localtime",
    "/etc/machine-id",
    "/etc/os-release",
    "/etc/pki",
    "/etc/ssl/certs",
    "/etc/timezone",
    "/run/systemd/journal",
    "/sys/fs/cgroup",
    "/usr/share",
];

/// Whether the mount exposes the host's system: its root, configuration, devices or logs.
#[must_use]
pub fn is_system_path(mount: &Mount) -> bool {
    let MountSource::Host(path) = &mount.source else {
        return false;
    };
    let is_root = path.starts_with('/') && same_path(path, "/");
    let is_system = path.starts_with('/')
        && SYSTEM.iter().any(|directory| within(path, directory))
        && !HARMLESS.iter().any(|harmless| within(path, harmless));
    is_root || is_system
}

/// Whether the name suggests a file or directory with private keys, which often have mode 0600.
fn is_private_key(mount: &Mount) -> bool {
    if mount.target.starts_with("/run/secrets/") && mount.source == MountSource::Content {
        return true;
    }
    let (MountSource::Host(source) | MountSource::Volume(source) | MountSource::Other(source)) =
        &mount.source
    else {
        return false;
    };
    is_key_path(&mount.target) || is_key_path(source)
}

/// Whether the path names keys or certificates.
fn is_key_path(path: &str) -> bool {
    let target = path.to_ascii_lowercase();
    target.split('/').any(|part| {
        matches!(
            part,
            "certs" | "cert" | "ssl" | "tls" | "letsencrypt" | "keys" | "private" | "acme.json"
        )
    }) || [".key", ".pem", ".p12", ".pfx", ".jks"]
        .iter()
        .any(|end| target.ends_with(end))
}
