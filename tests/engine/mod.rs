//! Checks that services still run after hardening, on a real engine with the real Compose.
//!
//! The images are imitations built by `tests/engine/images/build`, or the official ones if they are
//! available. `tests/engine/run` prepares a machine and runs these tests. Without an engine, the
//! tests print that they did not run; with `HARDEN_ENGINE=1`, they fail.

mod command_lines;
mod confinement;
mod corners;
mod exercise;
mod stack;

use std::process::Command;
use std::time::Duration;

use self::exercise::Service;
use self::stack::Stack;

/// The timeout: enough for a database to start on a busy machine with two cores.
const PATIENCE: Duration = Duration::from_secs(90);

const SHOP: [Service; 9] = [
    Service {
        name: "web",
        exercise: |stack, _| exercise::page(stack, "web", "Open all day"),
    },
    Service {
        name: "docs",
        exercise: |stack, _| exercise::page(stack, "docs", "Read it"),
    },
    Service {
        name: "dogs",
        exercise: |stack, _| exercise::page(stack, "dogs", "is a good dog"),
    },
    Service {
        name: "db",
        exercise: |stack, round| exercise::postgres(stack, "db", round),
    },
    Service {
        name: "legacy",
        exercise: |stack, round| exercise::mariadb(stack, "legacy", round),
    },
    Service {
        name: "cache",
        exercise: |stack, round| exercise::redis(stack, "cache", round),
    },
    Service {
        name: "sessions",
        exercise: |stack, _| exercise::memcached(stack, "sessions"),
    },
    Service {
        name: "queue",
        exercise: |stack, round| exercise::rabbitmq(stack, "queue", round),
    },
    Service {
        name: "metrics",
        exercise: |stack, round| exercise::prometheus(stack, "metrics", round),
    },
];

const VARIATIONS: [Service; 7] = [
    Service {
        name: "dogs",
        exercise: |stack, _| exercise::page(stack, "dogs", "is a good dog"),
    },
    Service {
        name: "proxy",
        exercise: |stack, _| exercise::proxy(stack, "proxy"),
    },
    Service {
        name: "edge",
        exercise: |stack, _| exercise::proxy(stack, "edge"),
    },
    Service {
        name: "db",
        exercise: |stack, round| exercise::postgres(stack, "db", round),
    },
    Service {
        name: "cache",
        exercise: |stack, round| exercise::redis(stack, "cache", round),
    },
    Service {
        name: "jobs",
        exercise: |stack, round| exercise::redis(stack, "jobs", round),
    },
    Service {
        name: "sessions",
        exercise: |stack, _| exercise::memcached(stack, "sessions"),
    },
];

#[test]
fn the_shop_runs_as_it_is() {
    let Some(stack) = Stack::new("shop", "as-is") else {
        return;
    };
    lives(&stack, &SHOP);
    confinement::nothing_is_denied(&stack, "dogs");
    lives_on_hardened(&stack, &SHOP);
}

#[test]
fn the_shop_runs_hardened() {
    let Some(stack) = Stack::new("shop", "hardened") else {
        return;
    };
    harden(&stack, &[]);
    lives(&stack, &SHOP);
    confinement::everything_is_denied(&stack, "dogs");
}

#[test]
fn the_variations_run_as_they_are() {
    let Some(stack) = Stack::new("variations", "as-is") else {
        return;
    };
    lives(&stack, &VARIATIONS);
    lives_on_hardened(&stack, &VARIATIONS);
}

#[test]
fn the_variations_run_hardened() {
    let Some(stack) = Stack::new("variations", "hardened") else {
        return;
    };
    harden(&stack, &[]);
    lives(&stack, &VARIATIONS);
}

/// Checks the exercises: a change without facts about the image breaks it, and they detect that.
#[test]
fn hardening_without_knowledge_is_noticed() {
    let Some(stack) = Stack::new("shop", "naive") else {
        return;
    };
    let stack = stack.overridden_by("naive.yml");
    if let Err(trouble) = stack.compose(&["up", "--detach"]) {
        panic!("{trouble}");
    }
    let broken: Vec<&str> = SHOP
        .iter()
        .filter(|service| service.run(&stack, 1, Duration::from_secs(10)).is_err())
        .map(|service| service.name)
        .collect();
    assert_eq!(
        broken,
        ["web", "docs", "db", "legacy", "cache", "queue", "metrics"]
    );
}

/// docs/semantics.md#start-proves-little, #start-second-start and #start-new-volume: start,
/// restart, and new containers with the old volumes. Some services fail only at the second start,
/// if another user owns the data then.
fn lives(stack: &Stack, services: &[Service]) {
    let boots: [&[&[&str]]; 3] = [
        &[&["up", "--detach", "--wait", "--wait-timeout", "180"]],
        &[&["restart", "--timeout", "20"]],
        &[
            // The network stays, because an engine may report it as in use for some time.
            &["stop", "--timeout", "20"],
            &["rm", "--force"],
            &["up", "--detach", "--wait", "--wait-timeout", "180"],
        ],
    ];
    for (round, boot) in (1..).zip(boots) {
        boots_well(stack, services, round, boot);
    }
}

/// The fourth start is hardened and uses the volumes of the first three.
fn lives_on_hardened(stack: &Stack, services: &[Service]) {
    harden(stack, &[]);
    let boot: &[&[&str]] = &[&["up", "--detach", "--wait", "--wait-timeout", "180"]];
    boots_well(stack, services, 4, boot);
}

fn boots_well(stack: &Stack, services: &[Service], round: u32, boot: &[&[&str]]) {
    for arguments in boot {
        if let Err(trouble) = stack.compose(arguments) {
            panic!("{trouble}\n{}", stack.last_words());
        }
    }
    let mut broken = Vec::new();
    for service in services {
        if let Err(trouble) = service.run(stack, round, PATIENCE) {
            broken.push(format!(
                "{}: {trouble}\n{}",
                service.name,
                stack.log(service.name)
            ));
        }
        broken.extend(stack.deaths(service.name));
    }
    assert!(
        broken.is_empty(),
        "boot {round} of {}\n{}",
        stack.name(),
        broken.join("\n")
    );
}

/// The program under test.
fn binary() -> String {
    std::env::var("HARDEN_BIN").unwrap_or_else(|_| env!("CARGO_BIN_EXE_harden").into())
}

/// Hardens the file of `stack`, and checks that a second run changes nothing.
fn harden(stack: &Stack, options: &[&str]) {
    let run = |arguments: &[&str]| {
        let output = Command::new(binary())
            .args(arguments)
            .args(options)
            .arg("compose.yml")
            .current_dir(stack.directory())
            .output()
            .unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (
            output.status.code(),
            String::from_utf8_lossy(&printed).into_owned(),
        )
    };
    let (code, printed) = run(&["--write"]);
    assert_eq!(code, Some(0), "{printed}");
    let (code, printed) = run(&["--check"]);
    assert_eq!(code, Some(0), "a second run finds work:\n{printed}");
}
