//! Evidence of what a container writes, and where.

use super::commands::commands;
use super::commands::commands_of_probes;
use super::program;
use crate::container::{Container, within};

/// An option or a variable that names a path to write to.
pub(super) struct StatedPath<'c> {
    /// The option or variable.
    pub(super) name: &'c str,
    /// The path.
    pub(super) path: &'c str,
}

/// An option or a variable that names a path to write to where nothing is mounted.
pub(super) fn stated_path(container: &Container) -> Option<StatedPath<'_>> {
    const WRITTEN: [&str; 14] = [
        "log", "data", "dbpath", "pid", "sock", "tmp", "temp", "storage", "cache", "spool",
        "store", "output", "upload", "backup",
    ];
    const READ: [&str; 9] = [
        "catalog", "endpoint", "login", "logo", "prefix", "route", "template", "uri", "url",
    ];
    let is_written = |name: &str| {
        let name = name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        !has(&READ) && (name == "dir" || name.ends_with("-dir") || has(&WRITTEN))
    };
    // Scratch space is enough, except for data that must be kept.
    let is_kept = |name: &str| {
        let name = name.to_ascii_lowercase();
        ["data", "db", "storage"]
            .iter()
            .any(|word| name.contains(word))
    };
    let is_of_image = |path: &str| {
        container.facts.as_ref().is_some_and(|facts| {
            container.mounts_image_volumes
                && facts.declared_volumes().any(|volume| within(path, volume))
                || facts
                    .writable
                    .iter()
                    .any(|writable| within(path, &writable.path))
        })
    };
    let is_unserved = |name: &str, path: &str| {
        path.starts_with('/')
            && container.mount_over(path).is_none()
            && if within(path, "/tmp") {
                is_kept(name)
            } else {
                !is_scratch(path) && !is_of_image(path)
            }
    };
    // A directive in an argument with several words has no dash either: `httpd -c "ErrorLog /log"`.
    let is_blank = [' ', '\t', '\n'];
    let words: Vec<(&str, bool)> = container
        .command()
        .flat_map(|argument| {
            let is_text = argument.contains(is_blank);
            argument.split(is_blank).map(move |word| (word, is_text))
        })
        .collect();
    for (index, (word, is_text)) in words.iter().enumerate() {
        // `postgres -c log_directory=/var/log/db` has no dash before the name.
        let (name, path, is_option) = if let Some((name, path)) = word.split_once('=') {
            (name, path, true)
        } else {
            let next = words.get(index + 1).map(|(next, _)| *next);
            let path = next.unwrap_or_default().trim_end_matches(';');
            (*word, path, *is_text || word.starts_with('-'))
        };
        if is_option && is_unserved(name, path) && is_written(name.trim_start_matches('-')) {
            return Some(StatedPath { name, path });
        }
    }
    let is_place = |name: &str| is_written(name) && !name.ends_with("_FILE");
    container.variables().find_map(|(name, value)| {
        let path = value?;
        (is_unserved(name, path) && is_place(name)).then_some(StatedPath { name, path })
    })
}

/// A program of the command that changes the image's files.
pub(super) fn writing_command(container: &Container) -> Option<&str> {
    let changes_files = |words: &&Vec<&str>| match words.as_slice() {
        [_, "install", ..] => true,
        [first, ..] => is_writing(program(first)),
        [] => false,
    };
    let commands = commands(container);
    commands.iter().find(changes_files)?.first().copied()
}

fn is_writing(program: &str) -> bool {
    matches!(
        program,
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
}

/// Whether a shell redirects to a file that is neither scratch space nor a device.
pub(super) fn redirects(container: &Container) -> bool {
    let hooks = container.hooks.iter().flatten().map(String::as_str);
    container.command().chain(hooks).any(redirects_in)
}

fn redirects_in(script: &str) -> bool {
    script.match_indices('>').any(|(at, _)| {
        let before = script[..at].chars().next_back();
        let target = script[at..].trim_start_matches('>').trim_start();
        !matches!(before, Some('-' | '=' | '>' | '<'))
            && !target.is_empty()
            && !target.starts_with(['&', '='])
            && !is_scratch(target)
    })
}

/// Whether every user can write there, even with a read-only root.
fn is_scratch(path: &str) -> bool {
    ["/dev/", "/proc/", "/tmp/"]
        .iter()
        .any(|served| path.starts_with(served))
}

/// A command of a health check that writes a file outside scratch space.
pub(super) fn probe_writes(container: &Container) -> Option<String> {
    let mut scripts = container.probes.iter().flatten();
    if let Some(script) = scripts.find(|script| redirects_in(script)) {
        return Some(script.clone());
    }
    let commands = commands_of_probes(container);
    let writing = commands.into_iter().find(|words| leaves_a_file(words))?;
    Some(writing.join(" "))
}

fn leaves_a_file(words: &[&str]) -> bool {
    let Some((first, arguments)) = words.split_first() else {
        return false;
    };
    let paths = || arguments.iter().filter(|word| !word.starts_with('-'));
    match program(first) {
        "touch" | "mkdir" | "tee" | "install" | "chmod" | "chown" => {
            paths().any(|path| !is_scratch(path))
        }
        "cp" | "mv" | "ln" => paths().next_back().is_some_and(|path| !is_scratch(path)),
        "sed" => arguments.iter().any(|word| word.starts_with("-i")),
        // Without an output option, wget saves the page under its own name.
        "wget" => match output(arguments, 'O', "--output-document") {
            Some(target) => target != "-" && !is_scratch(target),
            None => !arguments
                .iter()
                .any(|word| *word == "--spider" || *word == "-s"),
        },
        "curl" => {
            let is_named = |word: &&str| *word == "--remote-name" || *word == "-O";
            arguments.iter().any(is_named)
                || output(arguments, 'o', "--output")
                    .is_some_and(|target| target != "-" && !is_scratch(target))
        }
        _ => false,
    }
}

/// The value of the option for the output file. Its short form may follow other letters (`-qO-`).
fn output<'w>(arguments: &[&'w str], short: char, long: &str) -> Option<&'w str> {
    const ALONE: &str = "LSfgiknqsv";
    arguments.iter().enumerate().find_map(|(index, word)| {
        let next = || arguments.get(index + 1).copied().unwrap_or_default();
        if let Some(rest) = word.strip_prefix(long) {
            return rest.strip_prefix('=').or_else(|| Some(next()));
        }
        let cluster = word.strip_prefix('-')?;
        let target = cluster
            .trim_start_matches(|c| ALONE.contains(c))
            .strip_prefix(short)?;
        Some(if target.is_empty() { next() } else { target })
    })
}

/// Whether the command, a probe or the environment mentions `/tmp`, or contains a shell script. A
/// shell may keep its here-documents there.
#[must_use]
pub fn mentions_tmp(container: &Container) -> bool {
    let others = container.hooks.iter().chain(&container.probes).flatten();
    let values = container.variables().filter_map(|(_, value)| value);
    container
        .command()
        .chain(others.map(String::as_str))
        .chain(values)
        .any(|text| names_tmp(text) || text.contains("<<"))
}

fn names_tmp(text: &str) -> bool {
    text.match_indices("/tmp").any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + "/tmp".len()..].chars().next();
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && !"./_-}".contains(c));
        begins && after.is_none_or(|c| !c.is_alphanumeric() && !"._-".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_probes_that_leave_a_file_are_found() {
        let leaves = |text: &str| leaves_a_file(&text.split(' ').collect::<Vec<_>>());
        for writing in [
            "wget http://localhost/health",
            "wget -q -O /var/x http://localhost",
            "curl -fsSo /var/x http://localhost",
            "curl -O http://localhost/health",
            "touch /var/run/alive",
            "cp /tmp/a /etc/a",
            "sed -i s/a/b/ /etc/a",
        ] {
            assert!(leaves(writing), "{writing}");
        }
        for reading in [
            "wget --spider http://localhost/health",
            "wget -qO- http://localhost",
            "wget -q -O /dev/null http://localhost",
            "wget --output-document=- http://localhost",
            "curl -fsS http://localhost",
            "curl -so /dev/null http://localhost",
            "curl -XPOST --output /tmp/x http://localhost",
            "touch /tmp/alive",
            "cp /etc/a /tmp/a",
            "sed s/a/b/ /etc/a",
            "pg_isready",
        ] {
            assert!(!leaves(reading), "{reading}");
        }
    }

    #[test]
    fn only_tmp_at_the_root_is_named() {
        for text in [
            "/tmp",
            "--unixsocket=/tmp/x",
            "echo > /tmp/x",
            "pid /tmp/nginx.pid;",
        ] {
            assert!(names_tmp(text), "{text}");
        }
        for text in ["/var/tmp/x", "/tmpfiles", "./tmp/x", "${HOME}/tmp"] {
            assert!(!names_tmp(text), "{text}");
        }
    }
}
