//! How time and memory grow with the input: each case at three sizes, with the exponent.
//!
//! `cargo bench --bench growth` runs the command in child processes and prints a table. An exponent
//! of 1 is linear and 2 is quadratic; `n log n` shows as 1.0 to 1.1. Arguments select the cases
//! whose names start with them. `HARDEN` names another build of the command, and `LIMIT` the seconds
//! after which a run is cut. Times are those of the processors, because other work on the machine
//! does not count in them.
//!
//! A run with the wrong outcome fails the bench, at any size. A slow run does not.
#![allow(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]

mod cases;
mod child;

use std::fs;
use std::time::Duration;

use self::cases::{ALL, Case, Input};
use self::child::{End, Usage};

/// How many times the size is doubled.
const DOUBLINGS: u32 = 2;
/// The default for `LIMIT`, in seconds.
const LIMIT: u64 = 60;
/// Shorter times say nothing about growth, because the clock has steps of 0.01 s.
const SHORTEST: Duration = Duration::from_millis(80);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` passes no `--bench`.
    if !words.iter().any(|word| word == "--bench") {
        println!("did not run: no --bench");
        return;
    }
    let chosen: Vec<&String> = words.iter().filter(|word| *word != "--bench").collect();
    let is_chosen = |case: &Case| {
        chosen.is_empty()
            || chosen
                .iter()
                .any(|word| case.name.starts_with(word.as_str()))
    };
    let seconds = std::env::var("LIMIT")
        .ok()
        .and_then(|text| text.parse().ok());
    let limit = Duration::from_secs(seconds.unwrap_or(LIMIT));
    println!(
        "{:42} {:>8} {:>26} {:>17} {:>9}",
        "case", "n", "seconds at n, 2n, 4n", "MB", "exponent"
    );
    let mut wrong = Vec::new();
    for case in ALL.iter().copied().flatten().filter(|case| is_chosen(case)) {
        let runs = measured(case, limit, &mut wrong);
        println!("{}", row(case, &runs));
    }
    assert!(wrong.is_empty(), "wrong outcomes:\n{}", wrong.join("\n"));
}

/// The runs of a case at growing sizes. A run that is cut is the last.
fn measured(case: &Case, limit: Duration, wrong: &mut Vec<String>) -> Vec<Usage> {
    let mut runs = Vec::new();
    for doubling in 0..=DOUBLINGS {
        let size = case.size << doubling;
        let input = (case.input)(size);
        let folder = tempfile::tempdir().expect("a directory");
        for (name, text) in &input.files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        let usage = child::run(folder.path(), &input, limit);
        let is_cut = matches!(usage.end, End::Cut(_));
        if let Some(why) = fault(&input, &usage.end) {
            wrong.push(format!("{} at {size}: {why}", case.name));
        }
        runs.push(usage);
        if is_cut {
            break;
        }
    }
    runs
}

/// How the outcome differs from the expected one.
fn fault(input: &Input, end: &End) -> Option<String> {
    let End::Done {
        code,
        stdout,
        stderr,
    } = end
    else {
        return None;
    };
    let last = || stderr.lines().next_back().unwrap_or_default().to_owned();
    if *code != Some(input.code) {
        return Some(format!(
            "exit code {code:?}, not {}: {}",
            input.code,
            last()
        ));
    }
    input.has.iter().find_map(|(words, expected)| {
        let found = stdout.matches(words).count() + stderr.matches(words).count();
        (found != *expected).then(|| format!("`{words}` {found} times, not {expected}: {}", last()))
    })
}

fn row(case: &Case, runs: &[Usage]) -> String {
    let time = |usage: &Usage| match usage.end {
        End::Cut(why) => why.to_owned(),
        End::Done { .. } => format!("{:.2}", usage.time.as_secs_f64()),
    };
    let times: Vec<String> = runs.iter().map(time).collect();
    let memory: Vec<String> = runs
        .iter()
        .map(|usage| usage.megabytes.to_string())
        .collect();
    format!(
        "{:42} {:>8} {:>26} {:>17} {:>9}",
        case.name,
        case.size,
        times.join(" "),
        memory.join(" "),
        exponent(runs)
    )
}

/// From the last two runs; for a run that was cut, a lower bound.
fn exponent(runs: &[Usage]) -> String {
    let [.., before, last] = runs else {
        return String::new();
    };
    if last.time < SHORTEST {
        return "small".to_owned();
    }
    if before.time < SHORTEST {
        return "?".to_owned();
    }
    let ratio = last.time.as_secs_f64() / before.time.as_secs_f64();
    let mark = if matches!(last.end, End::Cut(_)) {
        ">"
    } else {
        ""
    };
    format!("{mark}{:.2}", ratio.log2())
}
