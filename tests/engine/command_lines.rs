//! Hardens the commands of the article, and runs the printed commands.

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use super::exercise::{self, Service};
use super::stack::{self, Stack};
use super::{PATIENCE, binary, confinement};

/// The options that each step of the article adds to `docker container run --name … --rm -it -p …`.
const STEPS: [&[&str]; 5] = [
    &[],
    &["--user", "1500:1500"],
    &["--security-opt", "no-new-privileges"],
    &["--memory", "128m", "--cpus", "0.75"],
    &["--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,size=64k"],
];

const IMAGE: &str = "qualimente/rando-doggos:2018-03-20-1030";

const DOGS: Service = Service {
    name: "dogs",
    exercise: |stack, _| exercise::page(stack, "dogs", "is a good dog"),
};

#[test]
fn the_commands_run_as_printed() {
    thread::scope(|scope| {
        for step in 0..STEPS.len() {
            scope.spawn(move || runs_as_printed(step));
        }
    });
}

fn runs_as_printed(step: usize) {
    // The test uses only the port of this stack.
    let Some(stack) = Stack::new("bold", &format!("step-{step}")) else {
        return;
    };
    let running = Running::start(&stack, &printed(&stack, &[], step));
    let patience = (0..PATIENCE.as_secs()).map(|_| (DOGS.exercise)(&stack, 1));
    let answers = patience.take_while(|answer| {
        thread::sleep(Duration::from_millis(if answer.is_err() {
            1000
        } else {
            0
        }));
        answer.is_err()
    });
    let troubles: Vec<_> = answers.collect();
    assert!(
        troubles.len() < usize::try_from(PATIENCE.as_secs()).unwrap(),
        "step {step}: {:?}",
        troubles.last()
    );
    let settings = stack::inspect(
        &running.name,
        "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}",
    );
    let user = if step == 0 {
        "10001:10001"
    } else {
        "1500:1500"
    };
    assert_eq!(
        settings.as_deref(),
        Ok(&*format!("{user} true [ALL] [no-new-privileges]")),
        "step {step}"
    );
}

#[test]
fn the_command_runs_as_a_service() {
    let Some(stack) = Stack::new("bold", "as-compose") else {
        return;
    };
    let service = printed(&stack, &["--as", "compose"], 0);
    fs::write(stack.directory().join("compose.yml"), service).unwrap();
    if let Err(trouble) = stack.compose(&["up", "--detach", "--wait"]) {
        panic!("{trouble}\n{}", stack.last_words());
    }
    let answer = DOGS.run(&stack, 1, PATIENCE);
    assert_eq!(answer, Ok(()));
    confinement::everything_is_denied(&stack, "dogs");
}

/// The command that harden prints for the article's command at `step`.
fn printed(stack: &Stack, options: &[&str], step: usize) -> String {
    // `--as compose` names the service after the container.
    let name = if options.is_empty() {
        stack.name()
    } else {
        "dogs"
    };
    let output = Command::new(binary())
        .args(options)
        .args(["docker", "container", "run", "--name", name, "--rm", "-it"])
        .args(["-p", &format!("{}:5000", stack.port("dogs"))])
        .args(STEPS[..=step].concat())
        .arg(IMAGE)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// A command at a terminal, and the container that it starts.
struct Running {
    name: String,
    terminal: Child,
}

impl Running {
    fn start(stack: &Stack, command: &str) -> Self {
        let terminal = Command::new("script")
            .args(["--quiet", "--return", "--command", command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            name: stack.name().to_owned(),
            terminal,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "--force", &self.name])
            .stdout(Stdio::null())
            .status();
        let _ = self.terminal.wait();
    }
}
