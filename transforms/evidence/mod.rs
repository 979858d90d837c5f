//! What a file holds against hardening a container, beyond what its dialect already noted.
//!
//! Each piece is quoted in the report, so that a reader can disagree with it.

mod cluster;
mod commands;
mod confinement;
pub mod host_agent;
mod memory;
mod ports;
mod processes;
mod software;
mod writes;

pub use cluster::of_cluster_client;
pub(crate) use commands::{command_words, program, simple_commands};
pub use commands::{own_script, past_entrypoint, root_command};
pub use confinement::{against_default_seccomp, for_confinement_off};
pub use memory::{memory_by_variable, stated_memory};
pub use ports::login_port;
pub use processes::{engine_inside, stated_connections};
pub use software::may_be_known_software;
pub use writes::mentions_tmp;

use std::borrow::Cow;

use self::commands::{probing_command, programs_of_probes, stepping_down};
use self::ports::server_port;
use self::writes::{probe_writes, redirects, stated_path, writing_command};
use crate::container::{
    Against, Container, Evidence, Mount, MountSource, Network, Reason, same_path, within,
};
use crate::image::Kind;

/// Everything in the file that speaks against assuming another user.
#[must_use]
pub fn against_user(container: &Container) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = container
        .evidence_against(Against::User)
        .cloned()
        .chain(storage_of_others(container))
        .collect();
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::User,
            reason: Reason::from(what).at(place),
            decisive: false,
        });
    };
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| is_engine_socket(mount))
    {
        add(
            format!("`{}` belongs to root and the engine's group", mount.target),
            mount.place,
        );
    }
    found.extend(private_key(container));
    found.extend(demands_of_root(container));
    let ports = login_port(container).or_else(|| server_port(container));
    found.extend(ports.map(|what| Evidence {
        against: Against::User,
        reason: Reason::from(what).at(None),
        decisive: false,
    }));
    found
}

/// A mounted key or secret that root alone may be able to read.
#[must_use]
pub fn private_key(container: &Container) -> Option<Evidence> {
    let mount = container
        .mounts
        .iter()
        .find(|mount| is_private_key(mount))?;
    Some(Evidence {
        against: Against::User,
        reason: Reason::from(format!("`{}` may be readable by root alone", mount.target))
            .at(mount.place),
        decisive: false,
    })
}

/// What the container does or is given that only root can do or use, storage aside.
#[must_use]
pub fn demands_of_root(container: &Container) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::User,
            reason: Reason::from(what).at(place),
            decisive: false,
        });
    };
    if let Some(name) = steps_down(container) {
        add(
            format!("`{name}` is set: the image starts as root and becomes that user itself"),
            None,
        );
    }
    if container.network == Network::Host {
        add(
            "it uses the host's network, where ports below 1024 need root".to_owned(),
            None,
        );
    }
    if let Some(device) = container.devices.first() {
        add(format!("the device `{device}` belongs to root"), None);
    }
    if let Some(added) = container.capabilities_added.judged()
        && let Some(capability) = added
            .iter()
            .find(|capability| *capability != "NET_BIND_SERVICE")
    {
        add(
            format!(
                "the capability `{capability}` is added, which a process of another user would not get"
            ),
            container.capabilities_added.place(),
        );
    }
    if container.privileged.judged() == Some(&true) {
        add("it is privileged".to_owned(), container.privileged.place());
    }
    if let Some(namespace) = container.host_namespaces.first() {
        add(
            format!("it uses the host's `{}` namespace", namespace.name),
            namespace.place,
        );
    }
    if let Some(word) = root_command(container) {
        add(format!("its command runs `{word}`, which needs root"), None);
    } else if let Some(word) = writing_command(container) {
        add(
            format!("its command runs `{word}`, which writes to files of root"),
            None,
        );
    }
    if let Some(words) = stepping_down(container) {
        add(
            format!("`{words}` names the user that root becomes in its command"),
            None,
        );
    }
    if let Some(what) = own_script(container) {
        add(format!("{what}, and may need root"), None);
    }
    if redirects(container) {
        add("its command writes to a file by `>`".to_owned(), None);
    }
    if let Some(words) = stated_path(container).filter(|words| !words.contains("/tmp")) {
        add(
            format!("`{words}` names a place to write to, which only root may be able to make"),
            None,
        );
    }
    if let Some(word) = probing_command(container) {
        add(
            format!("its health check runs `{word}`, which needs root"),
            None,
        );
    }
    if let Some(words) = probe_writes(container) {
        add(
            format!("its health check writes to a file (`{words}`)"),
            None,
        );
    }
    found
}

/// Storage that another user may not be able to write.
fn storage_of_others(container: &Container) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::User,
            reason: Reason::from(what).at(place),
            decisive: false,
        });
    };
    if let Some(mount) = container
        .mounts
        .iter()
        .find(|mount| mount.read_only && is_system_path(mount))
    {
        add(
            format!(
                "it reads `{}` of the host, of which root alone may read some",
                mount.target
            ),
            mount.place,
        );
    }
    for mount in container.mounts.iter().filter(|mount| !mount.read_only) {
        match &mount.source {
            MountSource::Host(_) if is_engine_socket(mount) => {}
            MountSource::Host(path) => {
                add(
                    format!(
                        "`{path}` of the host is mounted at `{}`, and its owner is not known",
                        mount.target
                    ),
                    mount.place,
                );
            }
            MountSource::Volume(name) | MountSource::Claim(name) | MountSource::Other(name) => {
                add(
                    format!(
                        "`{name}` is mounted at `{}`, and its owner is not known",
                        mount.target
                    ),
                    mount.place,
                );
            }
            MountSource::Anonymous => {
                add(
                    format!(
                        "a volume is mounted at `{}`, and its owner is not known",
                        mount.target
                    ),
                    mount.place,
                );
            }
            MountSource::Scratch if !mount.open => {
                add(
                    format!(
                        "only root may be able to write the tmpfs at `{}`",
                        mount.target
                    ),
                    mount.place,
                );
            }
            MountSource::Scratch | MountSource::Content => {}
        }
    }
    found
}

/// Everything in the file that speaks against assuming a read-only root.
#[must_use]
pub fn against_read_only_root(container: &Container) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = container
        .evidence_against(Against::ReadOnlyRoot)
        .cloned()
        .collect();
    let mut add = |what: Reason, place: Option<_>| {
        let place = place.or(what.place);
        found.push(Evidence {
            against: Against::ReadOnlyRoot,
            reason: what.at(place),
            decisive: false,
        });
    };
    if let Some(name) = steps_down(container) {
        add(
            format!("`{name}` is set: the image rewrites its own files at start").into(),
            None,
        );
    }
    if container.privileged.judged() == Some(&true) {
        add("it is privileged".into(), container.privileged.place());
    }
    if container.facts.is_none()
        && let Some(added) = container.capabilities_added.judged()
        && let Some(capability) = added.iter().find(|added| sets_up_systems(added))
    {
        add(
            format!(
                "`{capability}` is added, and who sets up a system with it writes to `/etc` and `/run`"
            ).into(),
            container.capabilities_added.place(),
        );
    }
    if container.facts.is_none()
        && let Some(mount) = configured_at_start(container)
    {
        add(
            "it keeps `/config`, as images do that rewrite their own files at start".into(),
            mount.place,
        );
    }
    if container.facts.is_none()
        && let Some(agent) = host_agent::evidence(container, Against::ReadOnlyRoot)
    {
        add(agent.reason, None);
    }
    if container.facts.is_none()
        && let Some(user) = container.user.judged()
        && user.is_root()
    {
        add(
            format!(
                "it runs as root explicitly (`{user}`), and who asks for that may write anywhere"
            )
            .into(),
            container.user.place(),
        );
    }
    if let Some(word) = writing_command(container) {
        add(
            format!("its command runs `{word}`, which writes to the root file system").into(),
            None,
        );
    }
    if let Some(what) = own_script(container) {
        add(format!("{what}, and may write anywhere").into(), None);
    }
    if redirects(container) {
        add("its command writes to a file by `>`".into(), None);
    }
    if let Some(words) = stated_path(container) {
        add(
            format!("`{words}` names a place to write to, and nothing is mounted there").into(),
            None,
        );
    }
    if let Some(words) = probe_writes(container) {
        add(
            format!("its health check writes to a file (`{words}`)").into(),
            None,
        );
    }
    if let Some(what) = login_port(container).or_else(|| server_port(container)) {
        add(what.into(), None);
    }
    found
}

/// Everything in the file that speaks against forbidding new privileges.
#[must_use]
pub fn against_no_new_privileges(container: &Container) -> Vec<Evidence> {
    let mut found: Vec<Evidence> = container
        .evidence_against(Against::NoNewPrivileges)
        .cloned()
        .collect();
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
    let found_in = match command_words(container).find(gains) {
        Some(word) => Some(("command", word)),
        None => of_probes().map(|word| ("health check", word)),
    };
    if let Some((part, word)) = found_in {
        found.push(Evidence {
            against: Against::NoNewPrivileges,
            reason: Reason::from(format!("its {part} runs `{word}`, which gains privileges"))
                .at(None),
            decisive: false,
        });
    }
    found
}

/// The image is a language runtime or an operating system, built here, named after another one or
/// by a variable: what runs in it is not known, or not as anybody's service would.
#[must_use]
pub fn is_unknown_software(container: &Container) -> Option<Cow<'static, str>> {
    let facts = container.facts.as_deref();
    if container.built && !facts.is_some_and(|facts| facts.kind == Kind::Service) {
        return Some("the image is built here".into());
    }
    match container.facts.as_ref().map(|facts| facts.kind) {
        Some(Kind::LanguageBase) => {
            Some("the image is a language runtime, and what runs in it is not known".into())
        }
        Some(Kind::BaseOs) => {
            Some("the image is an operating system, and what runs in it is not known".into())
        }
        Some(Kind::Service) => None,
        None if container.image.is_none() => Some("no image is named".into()),
        None => may_be_known_software(container),
    }
}

/// The variable by which images choose the user they step down to, as those of linuxserver.io
/// (`PUID`), of jlesage (`USER_ID`) and of others do whose init system sets the user up at start.
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

/// The powers of those that set up networks, mounts and devices (`capabilities(7)`).
fn sets_up_systems(capability: &str) -> bool {
    matches!(capability, "ALL" | "NET_ADMIN" | "SYS_ADMIN" | "SYS_MODULE")
}

/// Where images keep what an init system of theirs sets up at start, beside files of the image that
/// it rewrites (linuxserver.io, hotio, jlesage).
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

/// Directories whose content controls the host, or holds the secrets of others on it.
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

/// What people mount to have the host's clock and certificates, and that tells nothing.
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

/// The mount leads into the system of the host: its root, its configuration, its devices, its logs.
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

/// A file or directory that holds private keys by its name; those are often mode 0600.
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

/// The path names keys or certificates.
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
