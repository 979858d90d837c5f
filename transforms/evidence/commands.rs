//! What the programs and words of commands, hooks and health checks are evidence for.

use super::programs::{started_by, started_together};
use crate::container::{Container, Reason, Words};
use crate::image::{Kind, is_start_script};
use crate::shell;

static ENTRYPOINT_REPLACED: Words =
    Words::new("entrypoint-replaced", "Its entrypoint is replaced.");
static COMMAND_IS_SCRIPT: Words = Words::new(
    "command-is-script",
    "Its command is a script, which may run as root.",
);

/// Why the image may skip what it does as root at its start, before it switches to another user:
/// entrypoints check the first word of the command.
#[must_use]
pub fn past_entrypoint(container: &Container) -> Option<Reason> {
    if container.entrypoint.is_some() {
        return Some(Reason::new(&ENTRYPOINT_REPLACED));
    }
    let first = container.arguments.as_ref()?.first()?;
    is_shell(program(first)).then(|| Reason::new(&COMMAND_IS_SCRIPT))
}

/// The path of a script of the user's own that runs in a known image at its start. The facts of the
/// image do not cover what the script writes, or as which user.
#[must_use]
pub fn own_script(container: &Container) -> Option<&str> {
    let facts = container.facts.as_ref()?;
    if facts.kind != Kind::Service {
        return None;
    }
    let mut mounts = container.mounts.iter().map(|mount| mount.target.as_str());
    let at_start = mounts
        .find(|target| is_start_script(target))
        .or(facts.start_scripts.as_deref());
    if let Some(script) = at_start {
        return Some(script);
    }
    first_words(started(container))
        .into_iter()
        .find(|word| is_own_script(word))
}

/// Whether a script name is not a usual entrypoint or wait script. Images use those names for their
/// own entrypoints, and wait scripts only start the remaining command.
fn is_own_script(word: &str) -> bool {
    let known = [
        "docker-entrypoint.sh",
        "entrypoint.sh",
        "wait-for-it.sh",
        "wait-for.sh",
    ];
    let name = program(word);
    name.strip_suffix(".sh")
        .is_some_and(|stem| !stem.is_empty())
        && !known.contains(&name)
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "ash" | "bash" | "dash")
}

/// A program of the command that only root can use.
#[must_use]
pub fn root_command(container: &Container) -> Option<&str> {
    programs(container).find(|word| needs_root(program(word)))
}

/// The option that names the user a server switches to after its start as root, with that user.
/// Some servers exit if they cannot switch.
pub(super) fn stepping_down(container: &Container) -> Option<(&str, &str)> {
    let arguments = container.command();
    let words = arguments.flat_map(|text| text.split_ascii_whitespace());
    let words: Vec<&str> = words.map(shell::without_quotes).collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    let mut apart = pairs.map(|(option, user)| (*option, *user));
    let mut joined = words.iter().filter_map(|word| word.split_once('='));
    let becomes = |(option, user): &(&str, &str)| is_user_option(option) && is_account(user);
    apart.find(becomes).or_else(|| joined.find(becomes))
}

fn is_user_option(word: &str) -> bool {
    matches!(
        word,
        "-u" | "-user" | "--user" | "--uid" | "--setuid" | "--runas" | "--run-as"
    )
}

/// System accounts without a login. The user names of databases are not in this list.
fn is_account(name: &str) -> bool {
    let name = name.split(':').next().unwrap_or(name);
    matches!(
        name,
        "apache"
            | "bind"
            | "daemon"
            | "http"
            | "httpd"
            | "named"
            | "nginx"
            | "nobody"
            | "proxy"
            | "squid"
            | "unbound"
            | "www-data"
    )
}

/// A program of a health check that only root can use.
pub(super) fn probing_command(container: &Container) -> Option<&str> {
    let programs = programs_of_probes(container);
    programs.into_iter().find(|word| needs_root(program(word)))
}

fn needs_root(program: &str) -> bool {
    matches!(
        program,
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
}

/// Every word of entrypoint, arguments and hooks. Only [`programs`] are programs.
pub(crate) fn command_words(container: &Container) -> impl Iterator<Item = &str> {
    let hooks = container.hooks.iter().flatten().map(String::as_str);
    let arguments = container.command().chain(hooks);
    let words = arguments.flat_map(|text| text.split([' ', '\t', '\n', ';', '&', '|', '(', ')']));
    words
        .map(shell::without_quotes)
        .filter(|word| !word.is_empty())
}

/// The commands that entrypoint, arguments and hooks start, each beginning with its program.
pub(super) fn commands(container: &Container) -> Vec<Vec<&str>> {
    let hooks = container.hooks.iter();
    let hooks = hooks.flat_map(|hook| started_by(hook.iter().map(String::as_str)));
    started(container).into_iter().chain(hooks).collect()
}

/// The programs that entrypoint, arguments and hooks start, as written.
pub(crate) fn programs(container: &Container) -> impl Iterator<Item = &str> {
    first_words(commands(container)).into_iter()
}

/// The commands that entrypoint and arguments start.
fn started(container: &Container) -> Vec<Vec<&str>> {
    let (entrypoint, arguments) = container.entrypoint_and_arguments();
    started_together(entrypoint, arguments)
}

/// The programs of the health checks.
pub(super) fn programs_of_probes(container: &Container) -> Vec<&str> {
    first_words(commands_of_probes(container))
}

/// Each command of the health checks, starting with the program.
pub(super) fn commands_of_probes(container: &Container) -> Vec<Vec<&str>> {
    let probes = container.probes.iter();
    probes
        .flat_map(|probe| started_by(probe.iter().map(String::as_str)))
        .collect()
}

fn first_words(commands: Vec<Vec<&str>>) -> Vec<&str> {
    let commands = commands.into_iter();
    commands
        .filter_map(|words| words.first().copied())
        .collect()
}

/// The program that a word names, without its directory. An address such as `host:80/path` names
/// none.
pub(crate) fn program(word: &str) -> &str {
    match word.rsplit_once('/') {
        Some((directory, name)) if !directory.contains(':') => name,
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_not_a_program() {
        for (word, name) in [
            ("/bin/ping", "ping"),
            ("ping", "ping"),
            ("./a/ping", "ping"),
            ("host:2801/ping", "host:2801/ping"),
            ("http://host/ping", "http://host/ping"),
        ] {
            assert_eq!(program(word), name);
        }
    }
}
