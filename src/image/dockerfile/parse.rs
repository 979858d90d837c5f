//! Parses a Dockerfile into typed instructions with line numbers.
//!
//! The grammar follows `BuildKit` (moby/buildkit `frontend/dockerfile/parser/`): directives at the
//! top, continuation lines with comments and empty lines between them, here-documents, flags, and
//! the shell and exec forms of a command. Words keep their quotes and variables; [`super::expand`]
//! replaces them.

use super::words::{self, exec_form};

/// A parsed Dockerfile.
#[derive(Clone, Debug)]
pub(super) struct Dockerfile {
    /// The instructions, in source order.
    pub(super) instructions: Vec<Instruction>,
    /// The escape character: `\`, or `` ` `` if a directive selects it.
    pub(super) escape: char,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    /// The line on which the instruction starts, from 1.
    pub(super) line: u32,
    /// The instruction with its arguments.
    pub(super) kind: Kind,
}

/// An instruction with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `FROM`: starts a stage.
    From {
        /// The base: an image or a stage.
        base: String,
        /// The name of this stage.
        name: Option<String>,
    },
    /// `ARG`: build variables, each with its default.
    Arg(Vec<(String, Option<String>)>),
    /// `ENV`: variables of the image.
    Env(Vec<(String, String)>),
    /// `RUN`: a command that runs during the build.
    Run(Command),
    /// `COPY` and `ADD`.
    Copy {
        /// The source stage or image; `None` for the build context.
        from: Option<String>,
        /// The source paths.
        sources: Vec<String>,
        /// The target path.
        target: String,
    },
    /// `USER`: the user of later instructions and of the container.
    User(String),
    /// `WORKDIR`: the directory of later instructions and of the container.
    Workdir(String),
    /// `EXPOSE`: ports.
    Expose(Vec<String>),
    /// `VOLUME`: paths.
    Volume(Vec<String>),
    /// `SHELL`: the shell of later shell forms.
    Shell(Vec<String>),
    /// `ENTRYPOINT`: the program.
    Entrypoint(Command),
    /// `CMD`: the arguments of the program.
    Cmd(Command),
    /// `ONBUILD`: an instruction that runs when this image is the base of another build.
    OnBuild(Box<Instruction>),
    /// `HEALTHCHECK`: the command of the check.
    HealthCheck(Command),
    /// An instruction without effect on hardening: labels, the stop signal, `HEALTHCHECK NONE`.
    Other,
}

/// The two forms of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `["program", "argument"]`
    Exec(Vec<String>),
    /// A script for the shell.
    Shell(String),
}

/// The text is not a valid Dockerfile. The builder would reject it, or another front end would read
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// The line, from 1.
    #[allow(dead_code, reason = "for tests and debugging")]
    pub(super) line: u32,
}

/// Parses a Dockerfile.
///
/// Time and memory are proportional to the length of the text.
pub(super) fn parse(text: &str) -> Result<Dockerfile, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Lines::new(text);
    let escape = directives(text)?;
    let mut instructions = Vec::new();
    while let Some(logical) = lines.instruction(escape) {
        let malformed = Malformed { line: logical.line };
        let heredocs = lines.heredocs(&logical.text, escape).ok_or(malformed)?;
        let kind = instruction(&logical.text, heredocs, escape, logical.line).ok_or(malformed)?;
        instructions.push(Instruction {
            line: logical.line,
            kind,
        });
    }
    Ok(Dockerfile {
        instructions,
        escape,
    })
}

/// The escape character that the directives at the top select. A `syntax` directive of another
/// front end is an error, because that front end may use another grammar.
fn directives(text: &str) -> Result<char, Malformed> {
    let mut escape = '\\';
    let shebang = usize::from(text.starts_with("#!"));
    for (index, line) in text.lines().enumerate().skip(shebang) {
        let directive = line
            .trim_start()
            .strip_prefix('#')
            .and_then(|rest| rest.split_once('='));
        let Some((key, value)) = directive else {
            break;
        };
        let malformed = Malformed {
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
        };
        match (key.trim().to_ascii_lowercase().as_str(), value.trim()) {
            ("escape", "\\") => escape = '\\',
            ("escape", "`") => escape = '`',
            ("escape", _) => return Err(malformed),
            ("syntax", image) => {
                let name = image.strip_prefix("docker.io/").unwrap_or(image);
                let is_own = ["docker/dockerfile", "docker/dockerfile-upstream"]
                    .iter()
                    .any(|own| {
                        name.strip_prefix(own)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
                    });
                if !is_own {
                    return Err(malformed);
                }
            }
            ("check", _) => {}
            _ => break,
        }
    }
    Ok(escape)
}

/// A logical line: a line with its continuation lines.
struct Logical {
    line: u32,
    text: String,
}

/// A here-document.
struct Heredoc {
    body: String,
}

/// The remaining physical lines.
struct Lines<'t> {
    rest: std::str::Lines<'t>,
    line: u32,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            rest: text.lines(),
            line: 0,
        }
    }

    fn next(&mut self) -> Option<&'t str> {
        self.line = self.line.saturating_add(1);
        self.rest.next()
    }

    /// The next instruction with its continuation lines joined. Comments and empty lines between
    /// them are dropped.
    fn instruction(&mut self, escape: char) -> Option<Logical> {
        loop {
            let first = self.next()?.trim_start();
            let line = self.line;
            let (text, mut continues) = continued(first, escape);
            if first.starts_with('#') || (text.is_empty() && !continues) {
                continue;
            }
            let mut text = text.to_owned();
            while continues && let Some(next) = self.next() {
                let bare = next.trim_start();
                if bare.is_empty() || bare.starts_with('#') {
                    continue;
                }
                let (part, more) = continued(next, escape);
                text.push_str(part);
                continues = more;
            }
            if !text.trim().is_empty() {
                return Some(Logical { line, text });
            }
        }
    }

    /// The here-documents of an instruction; `None` if one of them has no end.
    fn heredocs(&mut self, text: &str, escape: char) -> Option<Vec<Heredoc>> {
        let (mut keyword, mut rest) = split_keyword(text);
        if keyword.eq_ignore_ascii_case("onbuild") {
            (keyword, rest) = split_keyword(rest);
        }
        let takes_them = ["run", "copy", "add"]
            .iter()
            .any(|one| keyword.eq_ignore_ascii_case(one));
        if !takes_them || !rest.contains("<<") || exec_form(flags(rest).1).is_some() {
            return Some(Vec::new());
        }
        let mut heredocs = Vec::new();
        for word in words::split(rest, escape) {
            let Some((name, chomps)) = words::heredoc_name(word) else {
                continue;
            };
            let mut body = String::new();
            loop {
                let line = self.next()?;
                let bare = if chomps {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if bare == name {
                    break;
                }
                body.push_str(line);
                body.push('\n');
            }
            heredocs.push(Heredoc { body });
        }
        Some(heredocs)
    }
}

/// The line without its continuation mark, and whether it had one. An escaped escape character is
/// not a continuation mark.
fn continued(line: &str, escape: char) -> (&str, bool) {
    let end = line.trim_end_matches([' ', '\t']);
    match end.strip_suffix(escape) {
        Some(before) if !before.ends_with(escape) => (before, true),
        _ => (line, false),
    }
}

/// The first word, and the text after the space that follows it.
fn split_keyword(text: &str) -> (&str, &str) {
    let text = text.trim();
    match text.split_once([' ', '\t', '\u{b}', '\u{c}', '\r']) {
        Some((keyword, rest)) => (keyword, rest.trim()),
        None => (text, ""),
    }
}

/// The flags `--name=value` at the start, and the text after them.
fn flags(text: &str) -> (Vec<(&str, &str)>, &str) {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while rest.starts_with("--") {
        let (word, after) = split_keyword(rest);
        rest = after;
        if word == "--" {
            break;
        }
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        found.push((name, value.trim_matches(['"', '\''])));
    }
    (found, rest)
}

/// Parses one instruction; `None` if it is not valid.
fn instruction(text: &str, heredocs: Vec<Heredoc>, escape: char, line: u32) -> Option<Kind> {
    let (keyword, rest) = split_keyword(text);
    let (flags, rest) = flags(rest);
    let spaced = || rest.split_ascii_whitespace().map(str::to_owned).collect();
    let list = || exec_form(rest).unwrap_or_else(spaced);
    Some(match keyword.to_ascii_lowercase().as_str() {
        "from" => from(rest)?,
        "arg" => Kind::Arg(
            words::split(rest, escape)
                .map(|word| match word.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (word.to_owned(), None),
                })
                .collect(),
        ),
        "env" => Kind::Env(env(rest, escape)?),
        "run" => Kind::Run(match (command(rest), heredocs.into_iter().next()) {
            (Command::Shell(script), Some(heredoc)) => {
                Command::Shell(heredoc_script(&script, heredoc))
            }
            (command, _) => command,
        }),
        "copy" | "add" => {
            let mut paths: Vec<String> = list();
            let target = paths.pop()?;
            let from = flags.iter().find(|(name, _)| *name == "--from");
            Kind::Copy {
                from: from.map(|(_, stage)| (*stage).to_owned()),
                sources: paths,
                target,
            }
        }
        "user" if !rest.is_empty() => Kind::User(rest.to_owned()),
        "workdir" if !rest.is_empty() => Kind::Workdir(rest.to_owned()),
        "expose" => Kind::Expose(spaced()),
        "volume" => Kind::Volume(list()),
        "shell" => Kind::Shell(exec_form(rest)?),
        "entrypoint" => Kind::Entrypoint(command(rest)),
        "cmd" => Kind::Cmd(command(rest)),
        "onbuild" => {
            let (keyword, _) = split_keyword(rest);
            if keyword.eq_ignore_ascii_case("onbuild") || keyword.eq_ignore_ascii_case("from") {
                return None;
            }
            let kind = instruction(rest, heredocs, escape, line)?;
            Kind::OnBuild(Box::new(Instruction { line, kind }))
        }
        "healthcheck" => match split_keyword(rest) {
            (form, check) if form.eq_ignore_ascii_case("cmd") => Kind::HealthCheck(command(check)),
            _ => Kind::Other,
        },
        "label" | "maintainer" | "stopsignal" => Kind::Other,
        _ => return None,
    })
}

fn from(rest: &str) -> Option<Kind> {
    let mut words = rest.split_ascii_whitespace();
    let base = words.next()?.to_owned();
    let name = match (words.next(), words.next(), words.next()) {
        (None, ..) => None,
        (Some(word), Some(name), None) if word.eq_ignore_ascii_case("as") => Some(name.to_owned()),
        _ => return None,
    };
    Some(Kind::From { base, name })
}

/// Parses `NAME=value …`, or the older form `NAME value`.
fn env(rest: &str, escape: char) -> Option<Vec<(String, String)>> {
    let first = words::split(rest, escape).next()?;
    if !first.contains('=') {
        let (name, value) = split_keyword(rest);
        return Some(vec![(name.to_owned(), value.to_owned())]);
    }
    words::split(rest, escape)
        .map(|word| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn command(rest: &str) -> Command {
    exec_form(rest).map_or_else(|| Command::Shell(rest.to_owned()), Command::Exec)
}

/// The script of a `RUN` with a here-document. If the here-document is the whole command or the
/// input of a shell, it is the script, unless its first line selects another interpreter.
fn heredoc_script(script: &str, heredoc: Heredoc) -> String {
    let mut programs = script
        .split_ascii_whitespace()
        .filter(|word| words::heredoc_name(word).is_none());
    let is_shell = |program: &str| {
        matches!(
            program.rsplit('/').next(),
            Some("sh" | "bash" | "ash" | "dash" | "ksh")
        )
    };
    let interpreter = heredoc
        .body
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("#!"))
        .and_then(|line| line.split_ascii_whitespace().next_back());
    let reads_shell = programs.next().is_none_or(is_shell) && interpreter.is_none_or(is_shell);
    if reads_shell {
        heredoc.body
    } else {
        script.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(u32, Kind)> {
        let instructions = parse(text).unwrap().instructions;
        instructions
            .into_iter()
            .map(|one| (one.line, one.kind))
            .collect()
    }

    fn shell(text: &str) -> Command {
        Command::Shell(text.to_owned())
    }

    #[test]
    fn lines_continue_over_comments_and_empty_lines() {
        let text = "# syntax=docker/dockerfile:1\n\nFROM a AS b\r\nRUN one && \\\n  # why\n\n  two \\ \n  three\nUSER x\n";
        assert_eq!(
            kinds(text),
            [
                (
                    3,
                    Kind::From {
                        base: "a".to_owned(),
                        name: Some("b".to_owned())
                    }
                ),
                (4, Kind::Run(shell("one &&   two   three"))),
                (9, Kind::User("x".to_owned())),
            ]
        );
        assert_eq!(
            kinds("FROM a\nUSER a\\\\\nUSER b"),
            [
                (
                    1,
                    Kind::From {
                        base: "a".to_owned(),
                        name: None
                    }
                ),
                (2, Kind::User("a\\\\".to_owned())),
                (3, Kind::User("b".to_owned())),
            ]
        );
    }

    #[test]
    fn another_escape_character() {
        let text = "# escape=`\nRUN a `\n b\nUSER c:\\\n";
        assert_eq!(parse(text).unwrap().escape, '`');
        assert_eq!(
            kinds(text),
            [
                (2, Kind::Run(shell("a  b"))),
                (4, Kind::User("c:\\".to_owned()))
            ]
        );
        assert_eq!(
            parse("# a comment\n# escape=`\nRUN a").unwrap().escape,
            '\\'
        );
        assert!(parse("# escape=x\nRUN a").is_err());
    }

    #[test]
    fn other_front_ends_are_rejected() {
        assert!(parse("# syntax=example.com/own:1\nFROM a").is_err());
        assert!(parse("#!/usr/bin/env x\n# syntax = docker/dockerfile:1.7-labs\nFROM a").is_ok());
        assert!(parse("FROM a\nINCLUDE b\n").is_err());
        assert!(parse("FROM a b\n").is_err());
    }

    #[test]
    fn here_documents() {
        let text =
            "FROM a\nRUN <<EOF\nuseradd x\nEOF\nRUN python3 <<-'PY'\n\timport os\n\tPY\nUSER x\n";
        assert_eq!(
            kinds(text)[1..],
            [
                (2, Kind::Run(shell("useradd x\n"))),
                (5, Kind::Run(shell("python3 <<-'PY'"))),
                (8, Kind::User("x".to_owned())),
            ]
        );
        assert!(parse("FROM a\nRUN <<EOF\nno end").is_err());
        let text = "FROM a\nCOPY <<A <<B /x/\n1\nA\n2\nB\nUSER y";
        assert_eq!(kinds(text).last(), Some(&(7, Kind::User("y".to_owned()))));
        let text = "FROM a\nONBUILD RUN <<EOF\nb\nEOF";
        let inner = Instruction {
            line: 2,
            kind: Kind::Run(shell("b\n")),
        };
        assert_eq!(kinds(text)[1], (2, Kind::OnBuild(Box::new(inner))));
        // A here-document with words after its mark, and one for another interpreter.
        assert_eq!(
            kinds("FROM a\nRUN <<EOF\n#!/usr/bin/env python3\nx\nEOF")[1].1,
            Kind::Run(shell("<<EOF"))
        );
    }

    #[test]
    fn shell_and_exec_forms() {
        let exec = |words: &[&str]| Command::Exec(words.iter().map(|w| (*w).to_owned()).collect());
        let text = "FROM a\nCMD [\"a\", \"b\\u0041\\n\"]\nCMD [a]\nENTRYPOINT /x y\nVOLUME /a /b\nVOLUME [\"/c d\"]";
        assert_eq!(
            kinds(text)[1..]
                .iter()
                .map(|(_, kind)| kind.clone())
                .collect::<Vec<_>>(),
            [
                Kind::Cmd(exec(&["a", "bA\n"])),
                Kind::Cmd(shell("[a]")),
                Kind::Entrypoint(shell("/x y")),
                Kind::Volume(vec!["/a".to_owned(), "/b".to_owned()]),
                Kind::Volume(vec!["/c d".to_owned()]),
            ]
        );
    }

    #[test]
    fn variables_and_flags() {
        let text = "ARG A B=c D=\"e f\"\nFROM --platform=$BUILDPLATFORM a\nENV X=1 Y=\"2 3\"\nENV Z 4 5\nCOPY --chown=1:1 --from=b /a /b /c/\nADD x /y";
        let pairs = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>()
        };
        let kinds: Vec<_> = kinds(text).into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(
            kinds,
            [
                Kind::Arg(vec![
                    ("A".to_owned(), None),
                    ("B".to_owned(), Some("c".to_owned())),
                    ("D".to_owned(), Some("\"e f\"".to_owned())),
                ]),
                Kind::From {
                    base: "a".to_owned(),
                    name: None
                },
                Kind::Env(pairs(&[("X", "1"), ("Y", "\"2 3\"")])),
                Kind::Env(pairs(&[("Z", "4 5")])),
                Kind::Copy {
                    from: Some("b".to_owned()),
                    sources: vec!["/a".to_owned(), "/b".to_owned()],
                    target: "/c/".to_owned()
                },
                Kind::Copy {
                    from: None,
                    sources: vec!["x".to_owned()],
                    target: "/y".to_owned()
                },
            ]
        );
    }
}
