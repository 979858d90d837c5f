//! Services in which a wrong change breaks something: see `corners/compose.yml`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::time::{Duration, Instant};

use super::exercise::{self, Service};
use super::stack::Stack;
use super::{harden, lives, lives_on_hardened};

const CORNERS: [Service; 14] = [
    Service {
        name: "ledger",
        exercise: |stack, round| exercise::marks(stack, "ledger", "/ledger/marks", round),
    },
    Service {
        name: "diary",
        exercise: |stack, round| exercise::marks(stack, "diary", "/diary/marks", round),
    },
    Service {
        name: "logs",
        exercise: |stack, _| exercise::page_within(stack, "logs", "It works."),
    },
    Service {
        name: "store",
        exercise: |stack, round| exercise::keys_within(stack, "store", round),
    },
    Service {
        name: "archive",
        exercise: |stack, round| {
            stack.shell("archive", "test -e /wal/log/archive_status")?;
            exercise::marks_in_table(stack, "archive", round)
        },
    },
    Service {
        name: "private",
        exercise: |stack, _| exercise::page_within(stack, "private", "for the master alone"),
    },
    Service {
        name: "closed",
        exercise: |stack, _| exercise::page_within(stack, "closed", "The page that the image"),
    },
    Service {
        name: "login",
        exercise: |stack, _| {
            stack
                .shell("login", "grep -q 33.33.33.33 /proc/1/status")
                .map(drop)
        },
    },
    Service {
        name: "socket",
        exercise: |stack, _| {
            stack
                .shell("socket", "test -S /tmp/memcached.sock")
                .map(drop)
        },
    },
    Service {
        name: "script",
        exercise: |stack, round| exercise::keys_within(stack, "script", round),
    },
    // Compose waits for the probe of the service.
    Service {
        name: "probed",
        exercise: |_, _| Ok(()),
    },
    Service {
        name: "watcher",
        exercise: |stack, _| stack.shell("watcher", "kill -0 1").map(drop),
    },
    Service {
        name: "notes",
        exercise: |stack, _| stack.shell("notes", "cat /app/notes").map(drop),
    },
    Service {
        name: "terminal",
        exercise: |stack, _| {
            stack
                .shell("terminal", "test -t 0 < /proc/1/fd/0")
                .map(drop)
        },
    },
];

const BOLD: [Service; 2] = [
    Service {
        name: "kv",
        exercise: |stack, round| exercise::keys_within(stack, "kv", round),
    },
    Service {
        name: "diary",
        exercise: |stack, round| exercise::marks(stack, "diary", "/diary/marks", round),
    },
];

#[test]
fn the_corners_run_as_they_are() {
    let Some(stack) = stack("corners", "as-is") else {
        return;
    };
    lives(&stack, &CORNERS);
    stops_cleanly(&stack, &["store", "archive"]);
    lives_on_hardened(&stack, &CORNERS);
}

#[test]
fn the_corners_run_hardened() {
    let Some(stack) = stack("corners", "hardened") else {
        return;
    };
    harden(&stack, &[]);
    lives(&stack, &CORNERS);
    stops_cleanly(&stack, &["store", "archive"]);
}

#[test]
fn the_bold_run_as_they_are() {
    let Some(stack) = stack("bold", "as-is") else {
        return;
    };
    lives(&stack, &BOLD);
    stops_cleanly(&stack, &["kv"]);
}

#[test]
fn the_bold_run_hardened_by_every_assumption() {
    let Some(stack) = stack("bold", "hardened") else {
        return;
    };
    harden(&stack, &["--assume", "all"]);
    lives(&stack, &BOLD);
    stops_cleanly(&stack, &["kv"]);
}

/// The folder, with directories of the user 1000 and a file that only its owner may read.
fn stack(folder: &str, variant: &str) -> Option<Stack> {
    let stack = Stack::new(folder, variant)?;
    let here = stack.directory();
    fs::create_dir(here.join("of-1000")).unwrap();
    for name in ["ledger", "diary", "logs", "store"] {
        let directory = here.join("of-1000").join(name);
        fs::create_dir(&directory).unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        chown(&directory, Some(1000), Some(1000)).unwrap();
    }
    let private = here.join("conf/default.conf");
    if private.exists() {
        fs::set_permissions(private, fs::Permissions::from_mode(0o600)).unwrap();
    }
    Some(stack)
}

/// Without `KILL`, the engine's init cannot forward the stop signal to a child of another user. It
/// exits with 1 at once, and the service ends without a clean stop.
fn stops_cleanly(stack: &Stack, services: &[&str]) {
    let start = Instant::now();
    for service in services {
        stack
            .compose(&["stop", "--timeout", "30", service])
            .unwrap();
        assert_eq!(stack.exit_code(service).as_deref(), Ok("0"), "{service}");
    }
    let took = start.elapsed();
    assert!(took < Duration::from_secs(25), "the stop took {took:?}");
}
