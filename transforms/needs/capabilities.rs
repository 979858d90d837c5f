//! Which capabilities a container needs, and which it has.

use std::collections::BTreeSet;

use crate::container::{Container, Id, Mount, MountSource, Network, Setting, User, within};
use crate::image;
use crate::image::{DefaultUser, Facts, FileCapability};
use crate::transforms::evidence;
use crate::transforms::needs::writable::{self, Applies};

/// The default capabilities of Docker. Other engines have fewer (docs/semantics.md#cap-default-set
/// and #cap-default-set-differs).
pub const DEFAULT: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The capabilities that the baseline Pod Security Standard allows: Docker's default set except
/// `NET_RAW` (kubernetes/pod-security-admission `policy/check_capabilities_baseline.go`).
pub const BASELINE: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The needs of an entrypoint that prepares its files as root and then switches to another user
/// (gosu, su-exec, setpriv, s6, or the server itself). The list also covers later starts: the
/// entrypoint changes owners and modes, enters directories that other users own by then, and stops
/// child processes of other users.
pub const STEPPING_DOWN: [&str; 6] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "SETGID",
    "SETUID",
];

/// The additional needs of a server with user logins: it confines a session in a chroot before it
/// has authenticated the user, and writes audit records.
pub const OF_LOGIN: [&str; 2] = ["AUDIT_WRITE", "SYS_CHROOT"];

/// The user that a container starts as, with regard to capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Root, with the capabilities that are left to it.
    Root,
    /// Another user. It has no capabilities, except those of file capabilities
    /// (docs/semantics.md#cap-not-for-users).
    User,
    /// Unknown.
    Unknown,
}

/// The start user, from written settings, planned settings, or image facts.
#[must_use]
pub fn start(container: &Container) -> Start {
    match &container.user {
        Setting::Set { value, .. } => return of_user(value),
        Setting::Variable { .. } | Setting::Unreadable { .. } => return Start::Unknown,
        Setting::Unsupported | Setting::Absent => {}
    }
    if container.require_non_root.judged() == Some(&true) {
        return Start::User;
    }
    match container.facts.as_ref().map(|facts| &facts.default_user) {
        Some(DefaultUser::Root | DefaultUser::Uid(0)) => Start::Root,
        Some(DefaultUser::Name(name)) if name == "root" => Start::Root,
        Some(DefaultUser::Uid(_) | DefaultUser::Name(_)) => Start::User,
        Some(DefaultUser::Unknown) | None => Start::Unknown,
    }
}

fn of_user(user: &User) -> Start {
    match &user.user {
        _ if user.is_root() => Start::Root,
        Id::Name(name) if name.contains('$') => Start::Unknown,
        Id::Number(_) | Id::Name(_) => Start::User,
    }
}

/// The capabilities that a process of the container can have now: the engine's default set, minus
/// dropped ones, plus added ones.
#[must_use]
pub fn bounding_set(container: &Container) -> BTreeSet<&str> {
    let dropped = listed(&container.capabilities_dropped);
    let all_dropped = dropped.iter().any(|name| name.eq_ignore_ascii_case("ALL"));
    DEFAULT
        .iter()
        .copied()
        .filter(|name| !all_dropped && !dropped.iter().any(|dropped| dropped == name))
        .chain(
            listed(&container.capabilities_added)
                .iter()
                .map(String::as_str),
        )
        .collect()
}

fn listed(setting: &Setting<Vec<String>>) -> &[String] {
    setting.judged().map(Vec::as_slice).unwrap_or_default()
}

/// The capabilities that the image needs in this container, including those for files of the host.
/// `None` if its needs are not known.
#[must_use]
pub fn needed(container: &Container, facts: &Facts) -> Option<BTreeSet<String>> {
    if facts.automation == Some(image::Automation::Skip) {
        return None;
    }
    let as_user = || facts.capabilities_as_user.iter().flatten().cloned();
    let mut needed: BTreeSet<String> = match start(container) {
        Start::User => {
            facts.capabilities_as_user.as_ref()?;
            as_user().collect()
        }
        Start::Root | Start::Unknown => {
            let as_root = facts.capabilities_as_root.as_ref()?;
            let files = files_of_others(container).map(|_| "DAC_OVERRIDE".to_owned());
            as_root
                .iter()
                .cloned()
                .chain(as_user())
                .chain(files)
                .chain(in_case(container, facts, Applies::Yes))
                .collect()
        }
    };
    if low_ports_are_free(container, facts) {
        needed.remove("NET_BIND_SERVICE");
    }
    // A program whose effective file capability is not in the bounding set cannot be started
    // (docs/semantics.md#cap-file-effective).
    needed.extend(of_files(facts));
    Some(needed)
}

/// More capabilities that the image may need. The file does not determine whether it does.
#[must_use]
pub fn perhaps_needed(container: &Container, facts: &Facts) -> BTreeSet<String> {
    match start(container) {
        Start::User => BTreeSet::new(),
        Start::Root | Start::Unknown => in_case(container, facts, Applies::Perhaps).collect(),
    }
}

/// The needs of a start as root in the cases that apply with this `certainty`.
fn in_case(
    container: &Container,
    facts: &Facts,
    certainty: Applies,
) -> impl Iterator<Item = String> {
    let of_image = facts
        .capabilities_as_root_also
        .iter()
        .filter(move |also| writable::applies(container, &also.when) == certainty)
        .map(|also| also.name.clone());
    of_image.chain(signals_another_user(container, facts, certainty).then(|| "KILL".to_owned()))
}

/// The engine's init process stays root. Without `KILL` it cannot forward a stop signal to a child
/// that runs as another user (docs/semantics.md#cap-kill).
fn signals_another_user(container: &Container, facts: &Facts, certainty: Applies) -> bool {
    let mut as_root = facts.capabilities_as_root.iter().flatten();
    let comes_first = match &container.init {
        Setting::Set { value: true, .. } => Applies::Yes,
        Setting::Variable { .. } => Applies::Perhaps,
        _ => Applies::No,
    };
    comes_first == certainty && as_root.any(|name| name == "SETUID")
}

/// The capabilities that the image's programs have as file capabilities.
pub fn of_files(facts: &Facts) -> impl Iterator<Item = String> {
    facts.file_capabilities.iter().flat_map(granted)
}

/// The capabilities of a file in the notation of `setcap`: `cap_net_raw,cap_net_admin+ep`.
fn granted(file: &FileCapability) -> Vec<String> {
    file.grants
        .split_whitespace()
        .filter_map(|clause| clause.split(['=', '+']).next())
        .flat_map(|names| names.split(','))
        .map(str::to_ascii_uppercase)
        .filter_map(|name| name.strip_prefix("CAP_").map(str::to_owned))
        .collect()
}

/// A mount whose owners and modes come from elsewhere: the host, another container, or a network
/// storage. Root can bypass them only with `DAC_OVERRIDE`. System directories belong to root and
/// are excluded.
#[must_use]
pub fn files_of_others(container: &Container) -> Option<&Mount> {
    const OF_ROOT: [&str; 7] = [
        "/dev",
        "/etc/localtime",
        "/etc/timezone",
        "/lib/modules",
        "/proc",
        "/sys",
        "/usr",
    ];
    container.mounts.iter().find(|mount| match &mount.source {
        MountSource::Host(path) => {
            !evidence::is_engine_socket(mount)
                && !OF_ROOT.iter().any(|of_root| within(path, of_root))
        }
        // Compose mounts secrets from files of the host.
        MountSource::Content => within(&mount.target, "/run/secrets"),
        MountSource::Volume(name) => container.shared_volumes.contains(name),
        MountSource::Other(_) => true,
        _ => false,
    })
}

/// Whether every process of the container may listen on the ports of the image.
fn low_ports_are_free(container: &Container, facts: &Facts) -> bool {
    let lowest = container.ports.iter().chain(&facts.ports).copied().min();
    let opened = || {
        container
            .unprivileged_port_start
            .judged()
            .is_some_and(|start| lowest.is_none_or(|lowest| *start <= lowest))
    };
    container.network == Network::Private && (container.low_ports_are_free || opened())
}

/// The lowest port below 1024 that the container is known to listen on.
#[must_use]
pub fn lowest_low_port(container: &Container) -> Option<u16> {
    let of_image = container.facts.iter().flat_map(|facts| &facts.ports);
    container
        .ports
        .iter()
        .chain(of_image)
        .copied()
        .filter(|port| (1..1024).contains(port))
        .min()
}

/// The lowest port below 1024 of a process that may not be root and needs a file capability to open
/// it, and the program with that capability. If the process cannot gain privileges, it cannot open
/// the port.
#[must_use]
pub fn port_of_file(container: &Container) -> Option<(u16, &str)> {
    let facts = container.facts.as_deref()?;
    let mut files = facts.file_capabilities.iter();
    let opens =
        |file: &&FileCapability| granted(file).iter().any(|name| name == "NET_BIND_SERVICE");
    let file = files.find(opens)?;
    let port = lowest_low_port(container)?;
    let needs_it = start(container) != Start::Root && !low_ports_are_free(container, facts);
    needs_it.then_some((port, file.path.as_str()))
}

/// Whether the container has a port below 1024 that requires a capability.
#[must_use]
pub fn binds_low_port(container: &Container) -> bool {
    let low = container.ports.iter().any(|port| *port < 1024);
    low && !(container.network == Network::Private && container.low_ports_are_free)
}

/// The default capabilities that programs of the command need, each with its program.
pub fn of_commands(container: &Container) -> impl Iterator<Item = (&str, &'static [&'static str])> {
    let started =
        evidence::started_together(container.entrypoint.as_ref(), container.arguments.as_ref());
    let others = container.hooks.iter().chain(&container.probes);
    started
        .into_iter()
        .chain(others.flat_map(|words| evidence::started_by(words.iter().map(String::as_str))))
        .filter_map(|words| {
            let word = *words.first()?;
            Some((word, of_program(evidence::program(word))?))
        })
}

fn of_program(program: &str) -> Option<&'static [&'static str]> {
    Some(match program {
        "ping" | "ping6" | "fping" | "arping" | "traceroute" | "mtr" | "tcpdump" | "tshark"
        | "nmap" | "hping3" => &["NET_RAW"],
        "sshd" => &OF_LOGIN,
        "chroot" => &["SYS_CHROOT"],
        "mknod" => &["MKNOD"],
        "setcap" => &["SETFCAP"],
        "capsh" => &["SETPCAP"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(grants: &str) -> Vec<String> {
        granted(&FileCapability {
            path: String::new(),
            grants: grants.to_owned(),
            note: None,
        })
    }

    #[test]
    fn pinging_a_server_needs_no_capability() {
        let needed = |probe: &[&str]| {
            let place = crate::container::Place {
                file: 0,
                span: crate::syntax::Span { start: 0, end: 0 },
            };
            let mut container = Container::new("c".to_owned(), "w".to_owned(), place);
            container.probes = vec![probe.iter().map(|word| (*word).to_owned()).collect()];
            of_commands(&container).count()
        };
        assert_eq!(needed(&["redis-cli", "ping"]), 0);
        assert_eq!(needed(&["mysqladmin ping -h localhost || exit 1"]), 0);
        assert_eq!(needed(&["sh", "-c", "celery -A app inspect ping"]), 0);
        assert_eq!(needed(&["ping", "-c", "1", "db"]), 1);
        assert_eq!(needed(&["redis-cli info && ping -c 1 db"]), 1);
        assert_eq!(needed(&["redis-cli ping; tcpdump"]), 1);
        assert_eq!(needed(&["redis-cli", "ping;", "tcpdump"]), 0);
        assert_eq!(needed(&["app", "--target", "host:2801/ping"]), 0);
        assert_eq!(needed(&["app", "/bin/ping", "sh -c ping"]), 0);
    }

    #[test]
    fn file_capabilities_are_read_in_setcap_notation() {
        assert_eq!(file("cap_net_bind_service=+ep"), ["NET_BIND_SERVICE"]);
        assert_eq!(
            file("cap_net_raw,cap_net_admin+eip"),
            ["NET_RAW", "NET_ADMIN"]
        );
        assert_eq!(file("cap_chown=p cap_kill+e"), ["CHOWN", "KILL"]);
        assert_eq!(file(""), Vec::<String>::new());
    }
}
