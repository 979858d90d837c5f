//! Which words of a command are programs: the first word, and what that program starts in turn.
//!
//! A shell starts the commands of its script. Programs such as `exec`, `env`, `sudo` and `tini`
//! start the command in their arguments. Every other argument is data, whatever it looks like.

use super::commands::program;
use crate::shell::{self, Token};

/// How often a program may start another one. Deeper commands are ignored.
const DEPTH: usize = 8;

/// Each command that these words start, beginning with its program. `sudo ping x` starts `sudo`
/// and `ping`.
pub(crate) fn started_by<'w>(words: impl Iterator<Item = &'w str>) -> Vec<Vec<&'w str>> {
    let words: Vec<&str> = words.collect();
    let mut started = Started::default();
    // Compose does not use a shell for a string, but the image's entrypoint may be one.
    for words in words.split(|word| matches!(*word, ";" | "&&" | "||" | "|" | "&")) {
        match words {
            // A health check in Docker's form.
            ["CMD-SHELL", script, ..] => started.script(script, DEPTH),
            ["CMD", words @ ..] => started.command(words, DEPTH),
            ["NONE", ..] => {}
            // The name of a program has no blanks.
            [script, ..] if script.contains([' ', '\n', '\t']) => started.script(script, DEPTH),
            words => started.command(words, DEPTH),
        }
    }
    started.0
}

/// The same for an entrypoint and its arguments. An entrypoint that is only a script usually starts
/// its arguments.
pub(crate) fn started_together<'w>(
    entrypoint: Option<&'w Vec<String>>,
    arguments: Option<&'w Vec<String>>,
) -> Vec<Vec<&'w str>> {
    fn words(words: Option<&Vec<String>>) -> impl Iterator<Item = &str> {
        words.into_iter().flatten().map(String::as_str)
    }
    let mut started = started_by(words(entrypoint).chain(words(arguments)));
    if let Some([script]) = entrypoint.map(Vec::as_slice)
        && is_script(script)
    {
        started.extend(started_by(words(arguments)));
    }
    started
}

fn is_script(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| extension == "sh")
}

#[derive(Default)]
struct Started<'w>(Vec<Vec<&'w str>>);

impl<'w> Started<'w> {
    /// A command of words: each word is one argument.
    fn command(&mut self, words: &[&'w str], depth: usize) {
        let mut words = &words[before_program(words)..];
        for depth in (0..depth).rev() {
            let Some((first, arguments)) = words.split_first() else {
                return;
            };
            let inner = if first.starts_with('-') {
                // The entrypoint of the image may be a shell.
                script_option(words).map_or(Inner::None, Inner::Script)
            } else {
                self.0.push(words.to_vec());
                inner(program(first), arguments)
            };
            match inner {
                Inner::None => return,
                Inner::Script(script) => return self.script(script, depth),
                Inner::Command(at) => {
                    let Some(rest) = arguments.get(at..) else {
                        return;
                    };
                    words = &rest[before_program(rest)..];
                }
            }
        }
    }

    /// A script that a shell runs.
    fn script(&mut self, script: &'w str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        let mut command: Vec<&str> = Vec::new();
        for token in shell::tokens(script) {
            let word = match token {
                Token::Operator(_) => {
                    self.command(&std::mem::take(&mut command), depth);
                    continue;
                }
                Token::Word(word) => word,
            };
            let bare = shell::without_quotes(word);
            // An apostrophe in a here-document looks like an opening quote.
            if word.contains('\n') && bare.len() == word.len() {
                for part in word.split([';', '&', '|', '(', ')', '`', '\n']) {
                    let parts: Vec<&str> = part.split_whitespace().collect();
                    command.extend(parts);
                    self.command(&std::mem::take(&mut command), depth);
                }
            } else {
                if !word.starts_with('\'') {
                    self.substitutions(word, depth);
                }
                command.push(bare);
            }
        }
        self.command(&command, depth);
    }

    /// The scripts in `$( )` and backquotes.
    fn substitutions(&mut self, word: &'w str, depth: usize) {
        let mut rest = word;
        while let Some(at) = rest.find(['$', '`']) {
            let (inner, after) = if let Some(inner) = rest[at..].strip_prefix('`') {
                inner.split_once('`').unwrap_or((inner, ""))
            } else if let Some(inner) = rest[at..].strip_prefix("$(") {
                inner.split_at(closing(inner))
            } else {
                rest = &rest[at + 1..];
                continue;
            };
            self.script(inner, depth);
            rest = after;
        }
    }
}

/// The position of the parenthesis that closes the open one.
fn closing(text: &str) -> usize {
    let mut open = 1_usize;
    let mut marks = text.match_indices(['(', ')']);
    let end = marks.find(|(_, mark)| {
        open = if *mark == "(" { open + 1 } else { open - 1 };
        open == 0
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// The number of words before the program: keywords of the shell, assignments and redirections.
fn before_program(words: &[&str]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let is_keyword = matches!(
            *word,
            "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "!" | "{"
        );
        let redirection = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_redirection = redirection.starts_with(['<', '>']);
        if is_redirection && redirection.ends_with(['<', '>']) {
            // The file is the next word.
            at += 1;
        } else if !is_keyword && !is_redirection && !is_assignment(word) {
            break;
        }
        at += 1;
    }
    at.min(words.len())
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    })
}

/// What a program starts.
enum Inner<'w> {
    None,
    /// The command that begins with this argument.
    Command(usize),
    Script(&'w str),
}

/// What the program starts by its arguments.
fn inner<'w>(program: &str, arguments: &[&'w str]) -> Inner<'w> {
    match program {
        "sh" | "ash" | "bash" | "dash" | "zsh" | "ksh" | "busybox" | "toybox" => {
            match script_option(arguments) {
                Some(script) => Inner::Script(script),
                None => after_options(arguments, &["-o", "-O", "+O", "--rcfile"], 0),
            }
        }
        "su" | "runuser" | "flock" | "script" => match script_option(arguments) {
            Some(script) => Inner::Script(script),
            None if program == "flock" => after_options(arguments, &["-w", "-E"], 1),
            None => after_dashes(arguments),
        },
        "eval" => match arguments {
            [script] => Inner::Script(script),
            _ => Inner::Command(0),
        },
        "exec" => after_options(arguments, &["-a"], 0),
        "command" | "builtin" | "nohup" | "setsid" | "time" | "tini" | "tini-static"
        | "dumb-init" | "catatonit" | "docker-init" | "with-contenv" | "catchsegv" | "xvfb-run" => {
            after_options(arguments, &["-p", "-e", "-r", "-f", "-o", "-n"], 0)
        }
        "env" => after_options(arguments, &["-u", "-C", "--unset", "--chdir"], 0),
        "sudo" | "doas" => after_options(
            arguments,
            &[
                "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U", "-D", "--user", "--group",
            ],
            0,
        ),
        // The first operand is a user, a directory, a priority or a mask.
        "gosu" | "su-exec" | "s6-setuidgid" | "setuidgid" | "chroot" | "chrt" | "taskset" => {
            after_options(arguments, &[], 1)
        }
        "chpst" => after_options(arguments, &["-u", "-U", "-b", "-n", "-l", "-m", "-o"], 0),
        "setpriv" => after_options(
            arguments,
            &[
                "--reuid",
                "--regid",
                "--groups",
                "--inh-caps",
                "--ambient-caps",
                "--bounding-set",
                "--securebits",
                "--pdeathsig",
                "--selinux-label",
                "--apparmor-profile",
            ],
            0,
        ),
        "nice" | "stdbuf" | "watch" => {
            after_options(arguments, &["-n", "-i", "-o", "-e", "--interval"], 0)
        }
        "ionice" => after_options(arguments, &["-c", "-n"], 0),
        "timeout" => after_options(arguments, &["-s", "-k", "--signal", "--kill-after"], 1),
        "xargs" => after_options(
            arguments,
            &["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a"],
            0,
        ),
        "unshare" | "nsenter" => after_options(
            arguments,
            &[
                "-t", "-S", "-G", "-R", "-w", "--target", "--setuid", "--setgid",
            ],
            0,
        ),
        "strace" | "ltrace" => after_options(arguments, &["-e", "-o", "-s", "-p", "-u"], 0),
        "find" => match arguments.iter().position(|word| word.starts_with("-exec")) {
            Some(at) => Inner::Command(at + 1),
            None => Inner::None,
        },
        "bundle" | "poetry" | "pipenv" | "pdm" | "uv" | "npm" | "pnpm" | "yarn" => {
            match arguments.first() {
                Some(&("exec" | "run")) => after_options(&arguments[1..], &[], 0).after(1),
                _ => Inner::None,
            }
        }
        "npx" | "bunx" | "uvx" => after_options(arguments, &["-p", "--package"], 0),
        name if name.starts_with("python") => match arguments {
            ["-m", ..] => Inner::Command(1),
            _ => Inner::None,
        },
        // Entrypoints start their arguments. Wait scripts start what follows `--`.
        name if name.contains("entrypoint") || name.contains("entry-point") => {
            after_options(arguments, &[], 0)
        }
        name if is_script(name) => after_dashes(arguments),
        "doppler" | "op" | "infisical" | "chamber" | "aws-vault" | "envconsul" | "dotenv"
        | "dockerize" | "wait-for-it" | "wait-for" | "wait4x" => after_dashes(arguments),
        _ => Inner::None,
    }
}

impl Inner<'_> {
    /// The same behind `count` more arguments.
    fn after(self, count: usize) -> Self {
        match self {
            Self::Command(at) => Self::Command(at + count),
            other => other,
        }
    }
}

/// The script after `-c`, `-lc`, `-ec`.
fn script_option<'w>(arguments: &[&'w str]) -> Option<&'w str> {
    let is_option = |word: &&str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        let is_short = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
        is_short && letters.ends_with('c') || *word == "--command"
    };
    let at = arguments.iter().position(is_option)?;
    arguments[at + 1..]
        .iter()
        .find(|word| **word != "--")
        .copied()
}

/// The command after `--`.
fn after_dashes<'w>(arguments: &[&str]) -> Inner<'w> {
    match arguments.iter().position(|word| *word == "--") {
        Some(at) => Inner::Command(at + 1),
        None => Inner::None,
    }
}

/// The command after the options and `operands` more words. Options of `with_value` have their
/// value in the next word.
fn after_options<'w>(arguments: &[&str], with_value: &[&str], operands: usize) -> Inner<'w> {
    let mut at = 0;
    while let Some(word) = arguments.get(at) {
        at += 1;
        if *word == "--" {
            break;
        }
        if with_value.contains(word) {
            at += 1;
        } else if !word.starts_with(['-', '+']) && !is_assignment(word) {
            at -= 1;
            break;
        }
    }
    Inner::Command(at + operands)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The programs that the words start.
    fn programs(words: &[&str]) -> String {
        let started = started_by(words.iter().copied());
        let programs: Vec<&str> = started.iter().map(|words| words[0]).collect();
        programs.join(" ")
    }

    #[test]
    fn an_argument_is_not_a_program() {
        for words in [
            &["app", "ping"][..],
            &["app", "/bin/ping", "--exec", "ping"],
            &["app", "a; ping", "$(ping)", "`ping`"],
            &["app", "-c", "ping"],
            &["app", "host:2801/ping"],
            &["app", "--", "ping"],
        ] {
            assert_eq!(programs(words), "app");
        }
        assert_eq!(programs(&["redis-cli", "ping"]), "redis-cli");
        assert_eq!(programs(&["--target", "ping"]), "");
        assert_eq!(programs(&[]), "");
    }

    #[test]
    fn a_shell_runs_the_commands_of_its_script() {
        for (script, expected) in [
            ("a b && c d || e; f | g & h\ni", "a c e f g h i"),
            ("(a b); { c d; }", "a c }"),
            ("if a b; then c d; else e; fi", "a c e fi"),
            ("A=1 B=2 a >x 2>&1; >x b; 2> x c", "a b c"),
            ("echo 'no su; no chown' \"a; b\"", "echo"),
            ("x=\"$(su app)\" `chown y` z", "su chown `chown y`"),
            ("echo $(a b $(c d)) e", "c a echo"),
            ("sh -c 'a; exec b'", "sh a exec b"),
            (
                "su app -c \"chown x y; exec 'my app'\"",
                "su chown exec my app",
            ),
            ("cat <<E > x\nit's\nE\nchown y", "cat it's E chown"),
            ("\"$@\"", "$@"),
        ] {
            let expected = format!("sh {expected}");
            let expected = expected.trim();
            assert_eq!(programs(&["sh", "-c", script]), expected, "{script}");
            assert_eq!(programs(&["CMD-SHELL", script]), expected[2..].trim());
            assert_eq!(programs(&["-ec", script]), expected[2..].trim());
        }
    }

    #[test]
    fn some_programs_start_others() {
        for (words, expected) in [
            ("exec a b", "exec a"),
            ("env -u X A=1 B=2 a b", "env a"),
            ("sudo -u app -E a b", "sudo a"),
            ("gosu app:app a b", "gosu a"),
            ("setpriv --reuid 1000 --clear-groups a", "setpriv a"),
            ("su app -c a", "su a"),
            ("runuser -u app -- a", "runuser a"),
            ("tini -g -- exec a", "tini exec a"),
            ("timeout -k 5 10 a b", "timeout a"),
            ("nice -n 5 a", "nice a"),
            ("find / -name x -exec a b", "find a"),
            ("xargs -n 1 a", "xargs a"),
            ("python3 -m pip install", "python3 pip"),
            ("bundle exec a b", "bundle a"),
            ("docker-entrypoint.sh a b", "docker-entrypoint.sh a"),
            ("wait-for-it.sh db:1 -- a b", "wait-for-it.sh a"),
            ("bash -x start.sh ping", "bash start.sh"),
            ("a && b ping ; c", "a b c"),
            ("sudo", "sudo"),
            ("gosu app", "gosu"),
        ] {
            let split: Vec<&str> = words.split(' ').collect();
            assert_eq!(programs(&split), expected, "{words}");
        }
    }

    #[test]
    fn long_chains_are_cut() {
        let words = vec!["env"; 10_000];
        assert_eq!(started_by(words.into_iter()).len(), DEPTH);
        let script = format!("{}a{}", "$(".repeat(10_000), ")".repeat(10_000));
        assert!(started_by(["sh", "-c", &script].into_iter()).len() < 20);
        let script = "`".repeat(10_000);
        started_by(["sh", "-c", &script].into_iter());
        let script = "$(a".repeat(10_000);
        started_by(["sh", "-c", &script].into_iter());
    }
}
