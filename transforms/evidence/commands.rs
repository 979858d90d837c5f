//! The programs and words of commands, hooks and health checks.

use crate::container::{Container, Reason, Words};
use crate::image::{Kind, is_start_script};
use crate::shell::{self, Token};

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
    container
        .command()
        .flat_map(words_of)
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
    command_words(container).find(|word| needs_root(program(word)))
}

/// The option that names the user a server switches to after its start as root, with that user.
/// Some servers exit if they cannot switch.
pub(super) fn stepping_down(container: &Container) -> Option<(&str, &str)> {
    let words: Vec<&str> = container.command().flat_map(words_of).collect();
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

/// Every word of entrypoint, arguments and hooks. Shell scripts are split into their words.
pub(crate) fn command_words(container: &Container) -> impl Iterator<Item = &str> {
    let hooks = container.hooks.iter().flatten().map(String::as_str);
    container.command().chain(hooks).flat_map(words_of)
}

/// The program of each simple command of the health checks. Shells and their keywords are left out.
pub(super) fn programs_of_probes(container: &Container) -> Vec<&str> {
    commands_of_probes(container)
        .into_iter()
        .filter_map(|words| words.first().copied())
        .collect()
}

/// Each simple command of the health checks, starting with the program.
pub(super) fn commands_of_probes(container: &Container) -> Vec<Vec<&str>> {
    let is_around = |word: &&str| {
        word.starts_with('-')
            || matches!(
                program(word),
                "CMD" | "CMD-SHELL" | "NONE" | "exec" | "timeout"
            )
            || is_shell(program(word))
            || matches!(
                *word,
                "if" | "then" | "else" | "while" | "until" | "do" | "!" | "{"
            )
    };
    let probes = container.probes.iter();
    probes
        .flat_map(|probe| simple_commands(&probe.iter().collect::<Vec<_>>()))
        .map(|words| words.into_iter().skip_while(is_around).collect())
        .collect()
}

/// The words of each simple command. One argument may be a script with several commands.
pub(crate) fn simple_commands<'w>(words: &[&'w String]) -> Vec<Vec<&'w str>> {
    let mut commands = vec![Vec::new()];
    for word in words {
        enter(word, &mut commands);
    }
    commands
}

/// The words of one argument, which may be a shell script.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut commands = vec![Vec::new()];
    enter(text, &mut commands);
    commands.into_iter().flatten()
}

/// Adds the words of an argument to the commands, without the quotes around each word.
fn enter<'w>(text: &'w str, commands: &mut Vec<Vec<&'w str>>) {
    let mut is_script = false;
    for token in shell::tokens(text) {
        let word = match token {
            Token::Operator(_) => {
                commands.push(Vec::new());
                continue;
            }
            Token::Word(word) => word,
        };
        let bare = shell::without_quotes(word);
        // A command substitution also runs, in quotes or not. An apostrophe in a here-document
        // looks like an opening quote.
        let is_document = word.contains('\n') && bare.len() == word.len();
        if word.contains("$(") || word.contains('`') || is_document {
            let mut parts = word.split([';', '&', '|', '(', ')', '`', '\n']);
            add(
                parts.next().unwrap_or_default().split_whitespace(),
                commands,
            );
            for part in parts {
                commands.push(Vec::new());
                add(part.split_whitespace(), commands);
            }
        } else if is_script && bare.len() < word.len() {
            enter(bare, commands);
        } else {
            add([bare], commands);
        }
        // `sh -c`, `su app -c`, `bash -lc`: a quoted script follows.
        is_script = word == "eval" || word.starts_with('-') && word.ends_with('c');
    }
}

fn add<'w>(words: impl IntoIterator<Item = &'w str>, commands: &mut [Vec<&'w str>]) {
    if let Some(command) = commands.last_mut() {
        command.extend(words.into_iter().filter(|word| !word.is_empty()));
    }
}

/// The program that a word names, without its directory. An address names none.
pub(crate) fn program(word: &str) -> &str {
    if word.contains("://") {
        return word;
    }
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(text: &str) -> Vec<String> {
        let text = text.to_owned();
        let commands = simple_commands(&[&text]);
        commands.iter().map(|words| words.join(",")).collect()
    }

    #[test]
    fn quoted_text_is_not_a_program() {
        assert_eq!(
            commands("echo 'no su; no chown' && exec \"app\" --name='a b'"),
            ["echo,no su; no chown", "exec,app,--name='a b'"]
        );
    }

    #[test]
    fn a_quoted_script_is_split_into_its_commands() {
        assert_eq!(
            commands("su app -c \"chown x y; exec 'my app'\""),
            ["su,app,-c,chown,x,y", "exec,my app"]
        );
        assert_eq!(commands("bash -lc 'a|b' c"), ["bash,-lc,a", "b,c"]);
        assert_eq!(
            commands("x=\"$(su app)\" `chown y`"),
            ["x=\"$", "su,app", "\"", "chown,y", ""]
        );
        assert_eq!(
            commands("cat <<E > x\nit's\nE\nchown y"),
            ["cat,<<E,>,x", "it's", "E", "chown,y"]
        );
    }
}
