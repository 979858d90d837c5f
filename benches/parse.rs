//! Compares the parser, which builds a tree, with two event parsers, `saphyr-parser` and
//! `granit-parser`, on the same texts in the same run.
//!
//! `HARDEN_SHARED=… cargo bench --bench parse` uses every file of the corpus that all parsers
//! accept. Without the corpus, nothing is measured. The best round is reported, because other work
//! on the machine only makes rounds slower.
#![allow(
    clippy::print_stdout,
    reason = "a benchmark reports on standard output"
)]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harden::syntax::{Limits, Mode, parse};

const ROUNDS: u32 = 15;

/// Parses the whole text; false if the parser rejects it.
type Read = fn(&str) -> bool;

const PARSERS: [(&str, Read); 4] = [
    ("harden (tree)", harden),
    ("saphyr-parser", saphyr),
    ("granit-parser", granit),
    ("… no comments", granit_without_comments),
];

fn main() {
    // `cargo test --benches` does not pass `--bench`.
    let Some(shared) =
        std::env::var_os("HARDEN_SHARED").filter(|_| std::env::args().any(|arg| arg == "--bench"))
    else {
        println!("did not run: HARDEN_SHARED is not set");
        return;
    };
    let mut files = Vec::new();
    collect(&PathBuf::from(shared).join("corpus/files"), &mut files);
    files.retain(|text| PARSERS.iter().all(|(_, read)| read(text)));

    let small: Vec<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|text| text.len() <= 4096)
        .collect();
    let one = files
        .iter()
        .filter(|text| !text.contains("\n...") && !text.starts_with(['%', '\u{feff}']))
        .fold(String::new(), |one, text| one + "---\n" + text + "\n");
    compare("the corpus as one stream", &[&one]);
    compare("files of at most 4 KiB", &small);
}

fn compare(title: &str, texts: &[&str]) {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    println!("{title}: {} texts, {bytes} bytes", texts.len());
    let mut best = [Duration::MAX; PARSERS.len()];
    // The parsers alternate, so that other work on the machine affects all of them alike.
    for _ in 0..ROUNDS {
        for (best, (_, read)) in best.iter_mut().zip(PARSERS) {
            let start = Instant::now();
            for text in texts {
                assert!(
                    black_box(read(black_box(text))),
                    "every parser reads what is measured"
                );
            }
            *best = start.elapsed().min(*best);
        }
    }
    for (best_of_one, (name, _)) in best.iter().zip(PARSERS) {
        let seconds = best_of_one.as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
        let (bytes, count) = (bytes as f64, texts.len() as f64);
        println!(
            "  {name:14} {:7.1} MB/s {:9.0} texts/s   harden is {:5.2} times as fast",
            bytes / seconds / 1e6,
            count / seconds,
            seconds / best[0].as_secs_f64(),
        );
    }
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push(text);
        }
    }
}

fn harden(text: &str) -> bool {
    parse(text, Mode::GoYaml, &Limits::default())
        .map(black_box)
        .is_ok()
}

fn saphyr(text: &str) -> bool {
    saphyr_parser::Parser::new_from_str(text).all(|event| black_box(event).is_ok())
}

fn granit(text: &str) -> bool {
    let mut options = granit_parser::Options::default();
    // By default, a key with a hundred comment lines below it is an error.
    options.max_buffered_comment_events = usize::MAX;
    granit_with(text, options)
}

fn granit_without_comments(text: &str) -> bool {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    granit_with(text, options)
}

fn granit_with(text: &str, options: granit_parser::Options) -> bool {
    let mut parser = granit_parser::Parser::new_from_str_with_options(text, options);
    while let Some(event) = parser.next_event() {
        if black_box(event).is_err() {
            return false;
        }
    }
    true
}
