//! Runs `git`, which only reads objects here.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::GitError;

/// How long one command may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The bytes that are kept of an error of git.
const ERROR: u64 = 4096;

/// Options against a hostile configuration of the repository. The commands that run here need
/// none of these programs; a later version of git might.
const OPTIONS: [&str; 6] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=false",
    "core.sshCommand=false",
    "credential.helper=",
    "protocol.allow=never",
];

/// Variables of git that stay: they carry the user's own configuration, such as `safe.directory`.
const KEPT: [&str; 4] = [
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

/// The program for one repository.
#[derive(Clone, Debug)]
pub(super) struct Program {
    path: PathBuf,
    /// The root of the repository.
    root: PathBuf,
}

impl Program {
    /// The first `git` in the absolute directories of `PATH`. A relative one could be in the
    /// repository.
    pub(super) fn find(root: &Path) -> Result<Self, GitError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let name = format!("git{}", env::consts::EXE_SUFFIX);
        let path = env::split_paths(&path)
            .filter(|directory| directory.is_absolute() && !directory.starts_with(root))
            .map(|directory| directory.join(&name))
            .find(|program| fs::metadata(program).is_ok_and(|metadata| is_program(&metadata)));
        Ok(Self {
            path: path.ok_or(GitError::NoProgram)?,
            root: root.to_owned(),
        })
    }

    /// A command that finds the repository at the root, and no other one.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        for option in OPTIONS {
            command.args(["-c", option]);
        }
        command.arg("--no-pager").args(arguments);
        for (name, _) in env::vars_os() {
            if is_of_git(&name) {
                command.env_remove(name);
            }
        }
        let above = self.root.parent().unwrap_or(&self.root);
        command
            // Without it, git would search the directories above where `.git` is not valid.
            .env("GIT_CEILING_DIRECTORIES", above)
            // Git would fetch the missing objects of a partial clone, by a program that the
            // repository names. Versions before 2.44 do not know the first variable.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            // A local replacement would show another content for a commit.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("LC_ALL", "C")
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The output of a command, at most `limit` bytes; `None` if it is longer.
    pub(super) fn output(&self, arguments: &[&str], limit: u64) -> Result<Output, GitError> {
        let mut child = self.command(arguments).spawn().map_err(unusable)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (send, receive) = mpsc::channel();
        let read = thread::spawn(move || {
            let errors = thread::spawn(move || kept(stderr, ERROR));
            let output = kept(stdout, limit + 1);
            let errors = errors.join().unwrap_or_default();
            // The receiver is gone where the command was too slow.
            let _ = send.send((output, errors));
        });
        match receive.recv_timeout(PATIENCE) {
            Ok((text, errors)) => {
                let is_whole = text.len() as u64 <= limit;
                if !is_whole {
                    let _ = child.kill();
                }
                let status = child.wait().map_err(unusable)?;
                let _ = read.join();
                Ok(Output {
                    text: is_whole.then_some(text),
                    is_success: status.success(),
                    errors,
                })
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(GitError::Slow {
                    seconds: PATIENCE.as_secs(),
                })
            }
        }
    }

    /// Starts a command that answers questions.
    pub(super) fn dialogue(&self, arguments: &[&str]) -> Result<Dialogue, GitError> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(unusable)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (questions, answers) =
            pipes.ok_or_else(|| unusable(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Dialogue {
            child,
            questions: Some(questions),
            answers: BufReader::new(answers),
        })
    }
}

/// What a command printed.
pub(super) struct Output {
    /// `None` where it is over the limit.
    pub(super) text: Option<Vec<u8>>,
    pub(super) is_success: bool,
    errors: Vec<u8>,
}

impl Output {
    /// The error of a command that failed.
    pub(super) fn refusal(&self) -> GitError {
        let errors = String::from_utf8_lossy(&self.errors);
        let mut lines = errors.lines().map(str::trim);
        let words = lines.find(|line| !line.is_empty()).unwrap_or("no reason");
        let words = words.strip_prefix("fatal: ").unwrap_or(words);
        GitError::Refused {
            words: words.to_owned(),
        }
    }
}

/// A command that answers each line with a line, and perhaps with some bytes after it.
#[derive(Debug)]
pub(super) struct Dialogue {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Dialogue {
    /// The line that answers a question.
    pub(super) fn ask(&mut self, question: &str) -> Result<String, GitError> {
        let Some(questions) = &mut self.questions else {
            return Err(unusable(io::ErrorKind::BrokenPipe.into()));
        };
        let asked = writeln!(questions, "{question}").and_then(|()| questions.flush());
        asked.map_err(unusable)?;
        let mut line = String::new();
        let read = self.answers.by_ref().take(ERROR).read_line(&mut line);
        read.map_err(unusable)?;
        Ok(line.trim_end().to_owned())
    }

    /// The bytes after the last answer.
    pub(super) fn bytes(&mut self, count: usize) -> Result<Vec<u8>, GitError> {
        let mut bytes = vec![0; count];
        self.answers.read_exact(&mut bytes).map_err(unusable)?;
        // A line feed ends them.
        self.answers.read_exact(&mut [0]).map_err(unusable)?;
        Ok(bytes)
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        // The end of the questions ends the program.
        self.questions = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unusable(source: io::Error) -> GitError {
    GitError::Unusable { source }
}

/// The first bytes of a stream. The rest is not read.
fn kept(stream: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // A shorter output then has a status that is not success.
        let _ = stream.take(limit).read_to_end(&mut bytes);
    }
    bytes
}

/// Whether the variable could change what git reads or runs.
fn is_of_git(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let is_value = ["GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"]
        .iter()
        .any(|start| name.starts_with(start));
    name.starts_with("GIT_") && !is_value && !KEPT.contains(&&*name)
}

#[cfg(unix)]
fn is_program(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_program(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
}
