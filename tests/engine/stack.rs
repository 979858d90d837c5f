//! A Compose project with a unique name and unique ports. It is removed on drop.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Seek as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use tempfile::TempDir;

/// The services with a published port, which the variable `NAME_PORT` sets.
const PUBLISHED: [&str; 10] = [
    "cache", "docs", "dogs", "edge", "jobs", "metrics", "proxy", "queue", "sessions", "web",
];

/// The time for one command of Compose. The longest one waits 180 s for all services of a project.
const LIMIT: Duration = Duration::from_secs(300);

/// The time for one script in a container. An exercise repeats it within its patience.
const SCRIPT_LIMIT: Duration = Duration::from_secs(60);

pub(super) struct Stack {
    name: String,
    directory: TempDir,
    files: Vec<&'static str>,
    ports: BTreeMap<&'static str, u16>,
}

impl Stack {
    /// A copy of the folder `tests/engine/<folder>`, not started. Without an engine, prints a note
    /// and returns `None`; with `HARDEN_ENGINE=1`, panics.
    #[allow(clippy::print_stdout, reason = "a test that did not run must say so")]
    pub(super) fn new(folder: &str, variant: &str) -> Option<Self> {
        if let Err(reason) = engine() {
            assert!(
                env::var("HARDEN_ENGINE").as_deref() != Ok("1"),
                "HARDEN_ENGINE=1, but {reason}"
            );
            println!("{folder} ({variant}) did not run: {reason}");
            return None;
        }
        let directory = TempDir::new().unwrap();
        copy(&here().join(folder), directory.path());
        // All listeners stay open until every service has a port, so all ports differ.
        let listeners = PUBLISHED.map(|service| {
            (
                service,
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap(),
            )
        });
        let ports = listeners
            .iter()
            .map(|(service, listener)| (*service, listener.local_addr().unwrap().port()))
            .collect();
        Some(Self {
            name: format!("harden-{folder}-{variant}-{}", process::id()),
            directory,
            files: vec!["compose.yml"],
            ports,
        })
    }

    /// The same project with a further file merged over its own.
    pub(super) fn overridden_by(mut self, file: &'static str) -> Self {
        self.files.push(file);
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn port(&self, service: &str) -> u16 {
        self.ports[service]
    }

    /// The output of Compose, or the command with its error.
    pub(super) fn compose(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = compose()?;
        command.arg("--project-name").arg(&self.name);
        for file in &self.files {
            command.arg("--file").arg(file);
        }
        for (service, port) in &self.ports {
            command.env(format!("{}_PORT", service.to_uppercase()), port.to_string());
        }
        command.args(arguments).current_dir(self.directory());
        let limit = match arguments {
            ["exec", ..] => SCRIPT_LIMIT,
            _ => LIMIT,
        };
        output_within(&mut command, limit)
    }

    /// Runs a script in a service's container, as the container's own user.
    pub(super) fn shell(&self, service: &str, script: &str) -> Result<String, String> {
        self.compose(&["exec", "-T", service, "sh", "-c", script])
    }

    /// Runs a script in a service's container as another user.
    pub(super) fn shell_as(
        &self,
        user: &str,
        service: &str,
        script: &str,
    ) -> Result<String, String> {
        self.compose(&["exec", "-T", "--user", user, service, "sh", "-c", script])
    }

    /// Whether the container of `service` stopped or restarted.
    pub(super) fn is_dead(&self, service: &str) -> bool {
        self.inspect(service, "{{.State.Status}} {{.RestartCount}}")
            .is_ok_and(|state| state != "running 0" && state != "created 0")
    }

    /// The state and the log of the container, if it stopped, restarted or ran out of memory.
    pub(super) fn deaths(&self, service: &str) -> Option<String> {
        let state = self
            .inspect(
                service,
                "{{.State.Status}} {{.RestartCount}} {{.State.OOMKilled}}",
            )
            .unwrap_or_else(|trouble| trouble);
        (state != "running 0 false").then(|| {
            format!(
                "{service}: state, restarts and out of memory are {state}\n{}",
                self.log(service)
            )
        })
    }

    /// The exit code of the first process of an ended container.
    pub(super) fn exit_code(&self, service: &str) -> Result<String, String> {
        self.inspect(service, "{{.State.ExitCode}}")
    }

    pub(super) fn log(&self, service: &str) -> String {
        self.compose(&["logs", "--no-color", "--tail", "15", service])
            .unwrap_or_else(|trouble| trouble)
    }

    /// The state of every container, and the last log lines of unhealthy ones.
    pub(super) fn last_words(&self) -> String {
        let listing = self
            .compose(&["ps", "--all", "--format", "{{.Service}} {{.Status}}"])
            .unwrap_or_else(|trouble| trouble);
        let mut words = listing.clone();
        for line in listing.lines() {
            let (service, status) = line.split_once(' ').unwrap_or((line, ""));
            if !status.starts_with("Up")
                || status.contains("health: starting")
                || status.contains("unhealthy")
            {
                let _ = write!(words, "\n{}", self.log(service));
            }
        }
        words
    }

    fn inspect(&self, service: &str, format: &str) -> Result<String, String> {
        let container = self.compose(&["ps", "--all", "--quiet", service])?;
        inspect(container.trim(), format)
    }
}

impl Drop for Stack {
    #[allow(
        clippy::print_stdout,
        reason = "a panic here would hide the test's own"
    )]
    fn drop(&mut self) {
        let down = ["down", "--volumes", "--remove-orphans", "--timeout", "1"];
        // If Compose rejects the file now, the name of the project still finds the containers to
        // remove.
        let removed = self.compose(&down).or_else(|_| {
            let mut command = compose()?;
            command.args(["--project-name", &self.name]).args(down);
            output(command.current_dir("/"))
        });
        if let Err(trouble) = removed {
            println!("{}: {trouble}", self.name);
        }
    }
}

/// A property of a container in the engine, by name or id.
pub(super) fn inspect(container: &str, format: &str) -> Result<String, String> {
    output(docker().args(["inspect", "--format", format, container]))
        .map(|value| value.trim().to_owned())
}

/// Why no container can run here. This is checked once.
fn engine() -> Result<(), String> {
    static ENGINE: OnceLock<Result<(), String>> = OnceLock::new();
    ENGINE
        .get_or_init(|| {
            output(docker().arg("info"))
                .map_err(|_| "no engine answers `docker info`".to_owned())?;
            compose()?;
            let names = fs::read_to_string(here().join("images/names")).unwrap();
            for name in names.lines().filter_map(|line| line.split(' ').nth(1)) {
                output(docker().args(["image", "inspect", name])).map_err(|_| {
                    format!("the image {name} is not here (tests/engine/images/build builds it)")
                })?;
            }
            Ok(())
        })
        .clone()
}

fn docker() -> Command {
    Command::new("docker")
}

/// Compose as a separate program, or as a plugin of the client.
fn compose() -> Result<Command, String> {
    static STANDALONE: OnceLock<Option<bool>> = OnceLock::new();
    let standalone = STANDALONE.get_or_init(|| {
        if output(Command::new("docker-compose").arg("version")).is_ok() {
            return Some(true);
        }
        output(docker().args(["compose", "version"]))
            .ok()
            .map(|_| false)
    });
    match standalone {
        Some(true) => Ok(Command::new("docker-compose")),
        Some(false) => {
            let mut command = docker();
            command.arg("compose");
            Ok(command)
        }
        None => Err("there is no Compose".to_owned()),
    }
}

fn output(command: &mut Command) -> Result<String, String> {
    output_within(command, LIMIT)
}

/// Standard output, or the command with its error. Sometimes an engine no longer answers: the
/// command is killed at the limit, and `tests/engine/run` recognises the words of that error.
fn output_within(command: &mut Command, limit: Duration) -> Result<String, String> {
    let words = format!("{command:?}");
    let trouble = |error: &dyn std::fmt::Display| format!("{words}: {error}");
    // Files, because a child of a killed command would keep a pipe open.
    let file = || tempfile::tempfile().map_err(|error| trouble(&error));
    let (mut out, mut err) = (file()?, file()?);
    let handle = |file: &fs::File| file.try_clone().map(Stdio::from);
    let mut child = handle(&out)
        .and_then(|out| Ok((out, handle(&err)?)))
        .and_then(|(out, err)| command.stdin(Stdio::null()).stdout(out).stderr(err).spawn())
        .map_err(|error| trouble(&error))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|error| trouble(&error))? {
            break status;
        }
        if start.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(trouble(&format!("no end within {} s", limit.as_secs())));
        }
        sleep(Duration::from_millis(20));
    };
    let text = |file: &mut fs::File| {
        let mut bytes = Vec::new();
        file.rewind()
            .and_then(|()| file.read_to_end(&mut bytes))
            .map_err(|error| trouble(&error))?;
        Ok::<_, String>(String::from_utf8_lossy(&bytes).into_owned())
    };
    let stdout = text(&mut out)?;
    if status.success() {
        Ok(stdout)
    } else {
        Err(trouble(&format!("{status}\n{stdout}{}", text(&mut err)?)))
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine")
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
