//! Runs the command in a process of its own, with limits of time and memory.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::cases::Input;

/// The most memory of a run, in megabytes.
const MOST: u64 = 4096;

/// What one run used.
pub(super) struct Usage {
    /// The time of all processors, as far as the system tells it.
    pub(super) time: Duration,
    /// The peak of the memory; 0 where the system does not tell it.
    pub(super) megabytes: u64,
    pub(super) end: End,
}

pub(super) enum End {
    Done {
        code: Option<i32>,
        stdout: String,
        stderr: String,
    },
    /// A limit stopped the run.
    Cut(&'static str),
}

/// Runs the command in `folder`.
pub(super) fn run(folder: &Path, input: &Input, limit: Duration) -> Usage {
    // Pipes could fill, so the output goes to files.
    let outside = tempfile::tempdir().expect("a directory");
    let file = |name: &str| outside.path().join(name);
    fs::write(file("stdin"), &input.stdin).expect("a file");
    let open = |name: &str| {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(file(name))
            .expect("a file")
    };
    let program = std::env::var_os("HARDEN");
    let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_harden").into());
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(&input.args)
        .current_dir(folder)
        .stdin(Stdio::from(open("stdin")))
        .stdout(Stdio::from(open("stdout")))
        .stderr(Stdio::from(open("stderr")))
        .spawn()
        .expect("the command starts");
    let (mut time, mut megabytes) = (Duration::ZERO, 0);
    let mut cut = None;
    loop {
        // A process that has ended keeps its times until it is waited for.
        let (has_ended, used) = times(&child);
        time = used.unwrap_or_else(|| start.elapsed()).max(time);
        megabytes = peak(&child).max(megabytes);
        if has_ended.unwrap_or_else(|| matches!(child.try_wait(), Ok(Some(_)))) {
            break;
        }
        // A run that waits for other work on the machine gets more time.
        if time > limit || start.elapsed() > 5 * limit {
            cut = Some("cut");
        } else if megabytes > MOST {
            cut = Some("memory");
        }
        if cut.is_some() {
            let _ = child.kill();
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let status = child.wait().expect("it has ended");
    let text = |name: &str| {
        let bytes = fs::read(file(name)).expect("a file");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let end = match cut {
        Some(why) => End::Cut(why),
        None => End::Done {
            code: status.code(),
            stdout: text("stdout"),
            stderr: text("stderr"),
        },
    };
    Usage {
        time,
        megabytes,
        end,
    }
}

/// Whether the process has ended, and the time of the processors, from `/proc`.
fn times(child: &Child) -> (Option<bool>, Option<Duration>) {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name of the program is in brackets and can contain anything.
    let fields: Vec<&str> = match stat.rsplit_once(") ") {
        Some((_, fields)) => fields.split(' ').collect(),
        None => return (None, None),
    };
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<u64>().ok());
    // A tick is 0.01 s on every platform of Linux that has other than historical values.
    let used = ticks(11)
        .zip(ticks(12))
        .map(|(user, system)| Duration::from_millis(10 * (user + system)));
    (Some(fields.first() == Some(&"Z")), used)
}

/// The peak of the memory so far, in megabytes.
fn peak(child: &Child) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes = kilobytes.and_then(|text| text.trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}
