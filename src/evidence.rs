//! What a file holds against hardening a container, beyond what its dialect already noted.
//!
//! Each piece is quoted in the report, so that a reader can disagree with it.

mod cluster;
mod confinement;
mod processes;

pub use cluster::of_cluster_client;
pub use confinement::{against_default_seccomp, for_confinement_off};
pub use processes::{engine_inside, stated_connections};

use std::borrow::Cow;

use crate::container::{
    Against, Container, Evidence, Mount, MountSource, Network, same_path, within,
};
use crate::host_agent;
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
            what,
            decisive: false,
            place,
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
        what: format!("`{}` may be readable by root alone", mount.target),
        decisive: false,
        place: mount.place,
    })
}

/// What the container does or is given that only root can do or use, storage aside.
#[must_use]
pub fn demands_of_root(container: &Container) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::User,
            what,
            decisive: false,
            place,
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
    if redirects(container) {
        add("its command writes to a file by `>`".to_owned(), None);
    }
    found
}

/// Storage that another user may not be able to write.
fn storage_of_others(container: &Container) -> Vec<Evidence> {
    let mut found = Vec::new();
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::User,
            what,
            decisive: false,
            place,
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
    let mut add = |what: String, place| {
        found.push(Evidence {
            against: Against::ReadOnlyRoot,
            what,
            decisive: false,
            place,
        });
    };
    if let Some(name) = steps_down(container) {
        add(
            format!("`{name}` is set: the image rewrites its own files at start"),
            None,
        );
    }
    if container.privileged.judged() == Some(&true) {
        add("it is privileged".to_owned(), container.privileged.place());
    }
    if container.facts.is_none()
        && let Some(agent) = host_agent::evidence(container, Against::ReadOnlyRoot)
    {
        add(agent.what, agent.place);
    }
    if container.facts.is_none()
        && let Some(user) = container.user.judged()
        && user.is_root()
    {
        add(
            format!(
                "it runs as root explicitly (`{user}`), and who asks for that may write anywhere"
            ),
            container.user.place(),
        );
    }
    if let Some(word) = writing_command(container) {
        add(
            format!("its command runs `{word}`, which writes to the root file system"),
            None,
        );
    }
    if redirects(container) {
        add("its command writes to a file by `>`".to_owned(), None);
    }
    if let Some(words) = stated_path(container) {
        add(
            format!("`{words}` names a place to write to, and nothing is mounted there"),
            None,
        );
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
    if let Some(word) = command_words(container).find(|word| {
        matches!(
            program(word),
            "sudo" | "su" | "doas" | "newuidmap" | "pkexec"
        )
    }) {
        found.push(Evidence {
            against: Against::NoNewPrivileges,
            what: format!("its command runs `{word}`, which gains privileges"),
            decisive: false,
            place: None,
        });
    }
    found
}

/// The most memory that a known option of the file gives one part of the process, in bytes, with
/// the words that say so: a heap, a buffer pool, a cache.
#[must_use]
pub fn stated_memory(container: &Container) -> Option<(u64, String)> {
    let mut largest: Option<(u64, String)> = None;
    each_sized(container, |text, unit, words| {
        if let Some(bytes) = size(text, unit)
            && largest.as_ref().is_none_or(|(known, _)| bytes > *known)
        {
            largest = Some((bytes, words));
        }
    });
    largest
}

/// The words of an option that gives one part of the process memory, and how much a variable
/// decides that the file says nothing of.
#[must_use]
pub fn memory_by_variable(container: &Container) -> Option<String> {
    let mut found = None;
    each_sized(container, |text, _, words| {
        if text.starts_with('$') && found.is_none() {
            found = Some(words);
        }
    });
    found
}

/// Every amount that an option of [`SIZED_OPTIONS`] is given, with the bytes of a bare number and
/// the words that say so. A variable of the environment stands for its value.
fn each_sized(container: &Container, mut note: impl FnMut(&str, u64, String)) {
    let value_of = |text: &str| {
        let name = text.strip_prefix('$')?;
        let name = name.trim_start_matches(['$', '{']).trim_end_matches('}');
        let name = name.split([':', '-']).next()?;
        let (_, value) = container.variables().find(|(known, _)| *known == name)?;
        value.map(str::to_owned)
    };
    let mut note = |text: &str, unit, words| match value_of(text) {
        Some(value) => note(&value, unit, words),
        None => note(text, unit, words),
    };
    let texts = container
        .variables()
        .filter_map(|(_, value)| value)
        .chain(container.command());
    for (name, value) in container.variables() {
        if let Some((option, unit)) = SIZED_OPTIONS.iter().find(|(option, _)| *option == name)
            && let Some(value) = value
        {
            note(value, *unit, format!("{option}={value}"));
        }
    }
    let mut previous: Option<&(&str, u64)> = None;
    for text in texts {
        for word in text.split([' ', '\t', '\n', ',', ';', '"', '\'']) {
            let Some(first) = word.bytes().next() else {
                continue;
            };
            if let Some((option, unit)) = previous
                && !word.starts_with(option)
            {
                note(word, *unit, format!("{option} {word}"));
            }
            let begins = |(option, _): &&(&str, u64)| option.as_bytes()[0] == first;
            for (option, unit) in SIZED_OPTIONS.iter().filter(begins) {
                if let Some(rest) = word.strip_prefix(option) {
                    note(rest.trim_start_matches(['=', ':']), *unit, word.to_owned());
                }
            }
            previous = SIZED_OPTIONS.iter().find(|(option, _)| *option == word);
        }
    }
}

/// The words of an option or a variable that name a place to write to where nothing is mounted.
fn stated_path(container: &Container) -> Option<String> {
    const WRITTEN: [&str; 14] = [
        "log", "data", "dbpath", "pid", "sock", "tmp", "temp", "storage", "cache", "spool",
        "store", "output", "upload", "backup",
    ];
    let is_written = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "dir" || name.ends_with("-dir") || WRITTEN.iter().any(|word| name.contains(word))
    };
    let is_unserved = |path: &str| {
        path.starts_with('/')
            && !["/dev/", "/proc/", "/tmp"]
                .iter()
                .any(|served| path.starts_with(served))
            && container.mount_over(path).is_none()
            && !container.facts.as_ref().is_some_and(|facts| {
                container.mounts_image_volumes
                    && facts.declared_volumes().any(|volume| within(path, volume))
                    || facts
                        .writable
                        .iter()
                        .any(|writable| within(path, &writable.path))
            })
    };
    let words: Vec<&str> = container
        .command()
        .flat_map(|word| word.split([' ', '\t', '\n']))
        .collect();
    for (index, word) in words.iter().enumerate() {
        let (name, path) = match word.split_once('=') {
            Some(pair) => pair,
            None => (*word, words.get(index + 1).copied().unwrap_or_default()),
        };
        if name.starts_with('-') && is_unserved(path) && is_written(name.trim_start_matches('-')) {
            return Some(format!("{name} {path}"));
        }
    }
    let kept = |name: &str| is_written(name) && !name.ends_with("_FILE");
    container.variables().find_map(|(name, value)| {
        let value = value?;
        let in_scratch = value.starts_with("/tmp/") && name.contains("DATA");
        let unserved = is_unserved(value) || in_scratch && container.mount_over(value).is_none();
        (unserved && kept(name)).then(|| format!("{name}={value}"))
    })
}

/// Options that size a heap or a cache, with the bytes of a bare number.
static SIZED_OPTIONS: &[(&str, u64)] = &[
    ("-Xmx", 1),
    ("-Xms", 1),
    ("-XX:MaxDirectMemorySize", 1),
    ("--max-old-space-size", 1 << 20),
    ("--max_old_space_size", 1 << 20),
    ("--maxmemory", 1),
    ("maxmemory", 1),
    ("shared_buffers", 8192),
    ("--innodb-buffer-pool-size", 1),
    ("--innodb_buffer_pool_size", 1),
    ("--wiredTigerCacheSizeGB", 1 << 30),
    ("--memory-limit", 1 << 20),
    ("MAX_HEAP_SIZE", 1),
    ("HEAP_SIZE", 1),
];

/// `4g`, `512M`, `2gb`, `2.5`; a bare number counts in `unit` bytes.
fn size(text: &str, unit: u64) -> Option<u64> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (whole, fraction) = text[..end].split_once('.').unwrap_or((&text[..end], ""));
    let number: u64 = whole.parse().ok()?;
    let factor = match text[end..].to_ascii_lowercase().as_str() {
        "" => unit,
        "k" | "kb" | "ki" => 1 << 10,
        "m" | "mb" | "mi" => 1 << 20,
        "g" | "gb" | "gi" => 1 << 30,
        "t" | "tb" | "ti" => 1 << 40,
        _ => return None,
    };
    // A part of a unit counts as a whole one: the limit may be too high, never too low.
    let whole = number.checked_add(u64::from(fraction.contains(|c: char| c != '0')))?;
    whole.checked_mul(factor)
}

/// The image is a language runtime or an operating system, built here, or named after another one:
/// what runs in it is not known, or not as anybody's service would.
#[must_use]
pub fn is_unknown_software(container: &Container) -> Option<Cow<'static, str>> {
    let facts = container.facts.as_deref();
    if container.built && !facts.is_some_and(|facts| facts.kind == Kind::Service) {
        return Some("the image is built here".into());
    }
    if let Some(namesake) = namesake(container) {
        return Some(namesake.into());
    }
    match container.facts.as_ref().map(|facts| facts.kind) {
        Some(Kind::LanguageBase) => {
            Some("the image is a language runtime, and what runs in it is not known".into())
        }
        Some(Kind::BaseOs) => {
            Some("the image is an operating system, and what runs in it is not known".into())
        }
        None if container.image.is_none() => Some("no image is named".into()),
        Some(Kind::Service) | None => None,
    }
}

/// The image has the name of one that is known and comes from somebody else: it may be a copy,
/// which needs what that one does.
#[must_use]
pub fn namesake(container: &Container) -> Option<String> {
    let namesake = container.namesake.as_deref()?;
    Some(format!(
        "it is named like `{namesake}`, and whether it is a copy of that is not known"
    ))
}

/// The variable by which s6-style images choose the user they step down to.
fn steps_down(container: &Container) -> Option<&str> {
    container
        .variables()
        .map(|(name, _)| name)
        .find(|name| matches!(*name, "PUID" | "PGID" | "USER_UID" | "USER_GID" | "RUN_UID"))
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

/// A program of the command that only root can use.
#[must_use]
pub fn root_command(container: &Container) -> Option<&str> {
    command_words(container).find(|word| {
        matches!(
            program(word),
            "apt-get"
                | "apt"
                | "apk"
                | "yum"
                | "dnf"
                | "microdnf"
                | "chown"
                | "useradd"
                | "adduser"
                | "usermod"
                | "groupadd"
                | "sysctl"
                | "mount"
                | "umount"
                | "iptables"
                | "ip6tables"
                | "nft"
                | "ip"
                | "setcap"
                | "sudo"
                | "su"
                | "gosu"
                | "su-exec"
                | "setpriv"
                | "runuser"
                | "chroot"
                | "nsenter"
                | "modprobe"
                | "dockerd"
                | "sshd"
                | "crond"
                | "cron"
                | "update-ca-certificates"
        )
    })
}

/// A program of the command that changes the image's files.
fn writing_command(container: &Container) -> Option<&str> {
    command_words(container).find(|word| {
        matches!(
            program(word),
            "apt-get"
                | "apt"
                | "apk"
                | "yum"
                | "dnf"
                | "microdnf"
                | "pip"
                | "pip3"
                | "npm"
                | "npx"
                | "yarn"
                | "pnpm"
                | "bundle"
                | "gem"
                | "composer"
                | "poetry"
                | "uv"
                | "go"
                | "cargo"
                | "mvn"
                | "gradle"
                | "make"
                | "git"
                | "wget"
                | "touch"
                | "mkdir"
                | "cp"
                | "mv"
                | "ln"
                | "sed"
                | "tee"
                | "tar"
                | "unzip"
                | "chmod"
                | "chown"
                | "useradd"
                | "adduser"
                | "install"
                | "envsubst"
                | "dockerd"
                | "sshd"
                | "update-ca-certificates"
        )
    })
}

/// Whether a shell redirects to a file that is neither scratch nor a device.
fn redirects(container: &Container) -> bool {
    let hooks = container.hooks.iter().flatten().map(String::as_str);
    for script in container.command().chain(hooks) {
        for (at, _) in script.match_indices('>') {
            let before = script[..at].chars().next_back();
            let target = script[at..].trim_start_matches('>').trim_start();
            let harmless = matches!(before, Some('-' | '=' | '>' | '<'))
                || target.is_empty()
                || ["&", "/dev/", "/tmp/", "/proc/", "="]
                    .iter()
                    .any(|start| target.starts_with(start));
            if !harmless {
                return true;
            }
        }
    }
    false
}

/// Every word of entrypoint, arguments and hooks, shell scripts split into theirs.
pub(crate) fn command_words(container: &Container) -> impl Iterator<Item = &str> {
    let hooks = container.hooks.iter().flatten().map(String::as_str);
    container.command().chain(hooks).flat_map(words_of)
}

/// The words of one argument, which may be a shell script.
pub(crate) fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\n', ';', '&', '|', '(', ')', '`'])
        .filter(|word| !word.is_empty())
}

/// The program a word names, without its directory; an address names none.
pub(crate) fn program(word: &str) -> &str {
    if word.contains("://") {
        return word;
    }
    word.rsplit('/').next().unwrap_or(word)
}
