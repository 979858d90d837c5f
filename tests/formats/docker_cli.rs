//! Compares the requests of Docker's own client: for the hardened command, it requests the same
//! container as for the original command, plus the hardening.
//!
//! A listener acts as the engine and records the requests. Without `docker` in the path, the test
//! prints a note and passes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command as Process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use harden::container::Assume;
use harden::dialect::docker_run::Command;
use serde_json::Value;

use crate::support::run::{Setup as _, by_default};

/// Options in many forms, each tested together with its neighbors.
const OPTIONS: [&str; 62] = [
    "-it",
    "--rm",
    "--rm=false",
    "-p 8080:80",
    "-p8081:80",
    "-p=127.0.0.1:8080:80/udp",
    "-itp 80:80",
    "--publish published=1,target=2",
    "-P",
    "--name web",
    "-e A=b",
    "-eA=$B",
    "--env=A=",
    "-v data:/data",
    "-v/srv:/srv:ro",
    "--volume=/anon",
    "--mount type=bind,src=/etc,dst=/e,readonly",
    "--mount=type=tmpfs,target=/run,tmpfs-size=1m",
    "--tmpfs /tmp",
    "--tmpfs=/run:size=1m",
    "-u 1500",
    "-uroot",
    "--user=7:8",
    "-m 128m",
    "-m1g",
    "--memory-reservation=2g",
    "--memory-swap -1",
    "--cpus=.5",
    "--cpu-period=5000",
    "--cpu-quota 5000",
    "-c 5",
    "--pids-limit 100",
    "--read-only",
    "--read-only=false",
    "--privileged",
    "--cap-add NET_ADMIN",
    "--cap-drop=all",
    "--security-opt no-new-privileges:false",
    "--security-opt=no-new-privileges",
    "--security-opt=seccomp=unconfined",
    "--security-opt label:disable",
    "--network=host",
    "--net none",
    "--restart=always",
    "--restart on-failure:3",
    "--gpus all",
    "-w /x",
    "-hfoo",
    "--entrypoint sh",
    "--entrypoint=",
    "-l a=b",
    "--add-host a:1.2.3.4",
    "--dns=1.1.1.1",
    "--device /dev/null",
    "--ulimit nofile=10:20",
    "--sysctl net.core.somaxconn=5",
    "--shm-size 64m",
    "--init",
    "--health-cmd true",
    "--stop-timeout 5",
    "--ipc host",
    "--userns host",
];

const IMAGES: [&str; 5] = [
    "nginx:1.27",
    "-- postgres:16",
    "redis --save ''",
    "alpine:3.22 sh -c --rm",
    "qualimente/rando-doggos:2018-03-20-1030",
];

/// An engine that accepts every request, and passes on the containers to create.
fn listen(listener: &TcpListener, asked: &Sender<Value>) {
    for stream in listener.incoming().flatten() {
        let asked = asked.clone();
        thread::spawn(move || answer(stream, &asked));
    }
}

fn answer(mut stream: TcpStream, asked: &Sender<Value>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).ok()? == 0 {
                return None;
            }
        }
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse().ok())?
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).ok()?;
        let creates = head.starts_with("POST") && head.contains("/containers/create");
        if creates {
            asked.send(serde_json::from_slice(&body).ok()?).ok()?;
        }
        let (status, text) = match (creates, head.starts_with("HEAD")) {
            (true, _) => ("201 Created", r#"{"Id":"x"}"#),
            (_, true) => ("200 OK", ""),
            _ => ("200 OK", "{}"),
        };
        let length = text.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nApi-Version: 1.47\r\nOstype: linux\r\nContent-Length: {length}\r\n\r\n{text}"
        )
        .ok()?;
    }
}

struct Docker {
    host: String,
    asked: Receiver<Value>,
}

impl Docker {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = format!("tcp://{}", listener.local_addr().unwrap());
        let (sender, asked) = channel();
        thread::spawn(move || listen(&listener, &sender));
        Self { host, asked }
    }

    /// The request to the engine; `None` if the client refuses the command.
    fn create(&self, words: &[String]) -> Option<Value> {
        let done = Process::new("docker")
            .args(&words[1..])
            .env("DOCKER_HOST", &self.host)
            .env("DOCKER_CONFIG", "/nonexistent")
            .output()
            .unwrap();
        done.status.success().then(|| self.asked.recv().unwrap())
    }
}

/// Checks that the new request contains the old one, and that only hardening is added.
fn differs_only_by_hardening(before: &Value, after: &Value) -> Result<(), String> {
    let is_unset = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_i64() == Some(0),
        Value::String(value) => value.is_empty(),
        Value::Array(value) => value.is_empty(),
        Value::Object(value) => value.is_empty(),
    };
    let grows = |before: &Value, after: &Value| match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            before.iter().all(|item| after.contains(item))
        }
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .all(|(name, value)| after.get(name) == Some(value)),
        _ => false,
    };
    let (empty, none) = (serde_json::Map::new(), Value::Null);
    for part in ["", "/HostConfig"] {
        let fields = |value: &Value| {
            let fields = value.pointer(part).and_then(Value::as_object);
            fields.cloned().unwrap_or_else(|| empty.clone())
        };
        let (before, after) = (fields(before), fields(after));
        for name in before.keys().chain(after.keys()) {
            let old = before.get(name).unwrap_or(&none);
            let new = after.get(name).unwrap_or(&none);
            let is_fine = match name.as_str() {
                "HostConfig" => true,
                "User" | "Memory" | "NanoCpus" | "PidsLimit" | "ReadonlyRootfs" => is_unset(old),
                "SecurityOpt" | "CapDrop" | "CapAdd" | "Tmpfs" => is_unset(old) || grows(old, new),
                // The client reads these from a map, in any order.
                "Binds" | "Env" => grows(old, new) && grows(new, old),
                _ => false,
            };
            if old != new && !is_fine {
                return Err(format!("{part}/{name}: {old} became {new}"));
            }
        }
    }
    Ok(())
}

#[test]
fn a_hardened_command_requests_the_same_container_and_the_hardening() {
    if Process::new("docker").arg("--version").output().is_err() {
        println!("there is no docker to judge");
        return;
    }
    let docker = Docker::new();
    let run = by_default().assuming(Assume::All);
    let mut judged = 0;
    for first in 0..OPTIONS.len() {
        let options = [0, 1, 7, 29].map(|step| OPTIONS[(first + step) % OPTIONS.len()]);
        let image = IMAGES[first % IMAGES.len()];
        let line = format!("docker create {} {image}", options.join(" "));
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let Some(before) = docker.create(&words) else {
            continue;
        };
        let after = run.command_line(&Command::parse(words).unwrap()).command;
        let after = after.unwrap_or_else(|error| panic!("{line}: {error}"));
        let created = docker.create(after.words());
        let created = created.unwrap_or_else(|| panic!("{line}: {:?}", after.words()));
        if let Err(what) = differs_only_by_hardening(&before, &created) {
            panic!("{line}\n{:?}\n{what}", after.words());
        }
        judged += 1;
    }
    assert!(judged > 40, "only {judged} commands were judged");
}
