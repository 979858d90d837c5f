//! Checks what an interrupted run leaves: each file old or new, no temporary files, and a message
//! that tells what was written.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::command::harden;
use crate::support::files::scratch;

const FILES: usize = 60;
const OLD: &str = "services:\n  web:\n    image: nginx:1.29\n";

#[test]
fn a_killed_run_leaves_each_file_old_or_new() {
    let new = new();
    for pause in (0..8).map(|step| Duration::from_millis(6 * step)) {
        let directory = directory(FILES);
        let mut child = write(directory.path()).spawn().unwrap();
        sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
        for text in texts(directory.path()) {
            assert!(text == OLD || text == new, "torn:\n{text}");
        }
        assert!(write(directory.path()).status().unwrap().success());
        assert!(texts(directory.path()).all(|text| text == new));
    }
}

#[test]
fn a_signal_leaves_whole_files_and_tells_which_are_written() {
    let new = new();
    let mut interrupted = 0;
    for step in 0..16 {
        let directory = directory(FILES);
        let mut child = write(directory.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(3 * step));
        let (signal, number, name) =
            [("-INT", 2, "SIGINT"), ("-TERM", 15, "SIGTERM")][usize::from(step % 2 == 0)];
        send(&child, signal);
        let status = wait(&mut child);
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert!(texts(directory.path()).all(|text| text == OLD || text == new));
        assert_eq!(temporary(directory.path()), 0, "{stderr}");
        if status.success() || stderr.is_empty() {
            // The signal came before the handler, or after the end.
            continue;
        }
        assert_eq!(status.signal(), Some(number), "{stderr}");
        assert!(
            stderr.contains(&format!("Interrupted by {name}. ")),
            "{stderr}"
        );
        let (written, unchanged) = stderr.split_once("unchanged").unwrap_or((&stderr, ""));
        let names = |text: &str, nth| text.contains(&format!("  {nth}/compose.yml\n"));
        for (nth, text) in texts(directory.path()).enumerate() {
            assert_eq!(names(written, nth), text == new, "{nth}: {stderr}");
            assert!(!names(unchanged, nth) || text == OLD, "{nth}: {stderr}");
        }
        interrupted += 1;
    }
    assert!(interrupted > 0, "no run was interrupted");
}

#[test]
fn a_signal_ends_a_run_that_waits_for_standard_input() {
    for (signal, number) in [("-INT", 2), ("-TERM", 15)] {
        let directory = scratch();
        let mut child = waiting(directory.path());
        // A report is a temporary file until it is complete.
        assert_eq!(temporary(directory.path()), 1);
        child
            .stdin
            .as_mut()
            .unwrap()
            .write_all(OLD.as_bytes())
            .unwrap();
        send(&child, signal);
        assert_eq!(wait(&mut child).signal(), Some(number));
        let mut stdout = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut stdout)
            .unwrap();
        assert_eq!(stdout, "");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_signal_ends_a_run_that_plans_a_large_file() {
    let directory = scratch();
    let mut text = "services:
"
    .to_owned();
    for nth in 0..30_000 {
        writeln!(
            text,
            "  s{nth}:
    image: nginx:1.29"
        )
        .unwrap();
    }
    fs::create_dir(directory.path().join("0")).unwrap();
    fs::write(directory.path().join("0/compose.yml"), &text).unwrap();
    let mut child = write(directory.path()).spawn().unwrap();
    sleep(Duration::from_millis(400));
    send(&child, "-INT");
    let sent = Instant::now();
    assert_eq!(wait(&mut child).signal(), Some(2));
    assert!(sent.elapsed() < Duration::from_secs(2));
    assert_eq!(
        fs::read_to_string(directory.path().join("0/compose.yml")).unwrap(),
        text
    );
}

#[test]
fn the_next_write_removes_temporary_files_of_killed_runs() {
    let directory = scratch();
    fs::write(directory.path().join("compose.yml"), OLD).unwrap();
    let mut child = waiting(directory.path());
    assert_eq!(temporary(directory.path()), 1);
    assert!(write(directory.path()).status().unwrap().success());
    // Its run still lives.
    assert_eq!(temporary(directory.path()), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(temporary(directory.path()), 1);
    fs::write(directory.path().join("compose.yml"), OLD).unwrap();
    assert!(write(directory.path()).status().unwrap().success());
    assert_eq!(temporary(directory.path()), 0);
}

/// A run that waits for standard input, and has begun to write a report.
fn waiting(directory: &Path) -> Child {
    let child = harden(directory, &["--format", "json=report.json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while temporary(directory) == 0 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "it did not start"
        );
        sleep(Duration::from_millis(5));
    }
    child
}

fn send(child: &Child, signal: &str) {
    let process = child.id().to_string();
    let sent = Command::new("kill").args([signal, &process]).status();
    assert!(sent.unwrap().success());
}

/// The status of a process that must end soon.
fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        sleep(Duration::from_millis(2));
    }
}

/// The number of temporary files in the directory and in those below it.
fn temporary(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                temporary(&entry.path())
            } else {
                usize::from(name.starts_with(".harden-"))
            }
        })
        .sum()
}

/// The written text.
fn new() -> String {
    let directory = directory(1);
    assert!(write(directory.path()).status().unwrap().success());
    let new = fs::read_to_string(directory.path().join("0/compose.yml")).unwrap();
    assert_ne!(new, OLD);
    new
}

fn directory(files: usize) -> tempfile::TempDir {
    let directory = scratch();
    for nth in 0..files {
        let project = directory.path().join(nth.to_string());
        fs::create_dir(&project).unwrap();
        fs::write(project.join("compose.yml"), OLD).unwrap();
    }
    directory
}

fn write(directory: &Path) -> Command {
    let mut command = harden(directory, &["--quiet", "--write", "."]);
    command.stdout(Stdio::null());
    command
}

fn texts(directory: &Path) -> impl Iterator<Item = String> {
    (0..FILES)
        .map(move |nth| fs::read_to_string(directory.join(format!("{nth}/compose.yml"))).unwrap())
}
