//! Ends the process on SIGINT and SIGTERM: the file in hand is finished, temporary files are
//! removed, and the message tells what was written.
//!
//! A thread of its own does that, because the others may wait for standard input or plan a large
//! file for a long time. It writes to standard error without the lock, which the main thread holds.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::{flag, low_level};

use crate::files::Names;
use crate::files::interrupt::{self, Stopped};
use crate::report::terminal::path_text;

/// Starts to listen for the signals.
///
/// # Errors
///
/// Those of the system. Without this thread a signal ends the process at once, as by default.
pub fn listen() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            if let Some(signal) = signals.forever().next() {
                end(signal);
            }
        })?;
    Ok(())
}

fn end(signal: i32) {
    // A second signal does not wait for the file in hand: its file system may not answer.
    for signal in [SIGINT, SIGTERM] {
        let status = 128 + signal;
        let _ =
            flag::register_conditional_shutdown(signal, status, Arc::new(AtomicBool::new(true)));
    }
    let mut stopped = interrupt::stop();
    if let Ok(directory) = std::env::current_dir() {
        let names = Names::new(&directory);
        let name = |path: &PathBuf| names.of(path);
        stopped.written = stopped.written.iter().map(name).collect();
        stopped.waiting = stopped.waiting.iter().map(name).collect();
    }
    let text = message(signal, &stopped);
    let mut text = text.as_bytes();
    while let Ok(written @ 1..) = rustix::io::write(rustix::stdio::stderr(), text) {
        text = text.get(written..).unwrap_or_default();
    }
    // A shell ends its script only if the signal itself ended the program, and its `$?` is 130 or
    // 143 then. The first process of a container cannot be ended so: it exits with the same status.
    if std::process::id() != 1 {
        let _ = low_level::emulate_default_handler(signal);
    }
    low_level::exit(128 + signal);
}

/// The number of files of each list that are named.
const NAMED: usize = 100;

fn message(signal: i32, stopped: &Stopped) -> String {
    let Stopped { written, waiting } = stopped;
    let name = low_level::signal_name(signal).unwrap_or("a signal");
    let mut text = format!("Interrupted by {name}. ");
    match written.len() {
        0 => text.push_str("No file was written.\n"),
        1 => text.push_str("1 file was written:\n"),
        more => {
            let _ = writeln!(text, "{more} files were written:");
        }
    }
    list(&mut text, written.iter());
    match waiting.len() {
        0 => {}
        1 => text.push_str("1 file is unchanged, because harden did not get to it:\n"),
        more => {
            let _ = writeln!(
                text,
                "{more} files are unchanged, because harden did not get to them:"
            );
        }
    }
    list(&mut text, waiting.iter());
    text
}

fn list<'p>(text: &mut String, paths: impl ExactSizeIterator<Item = &'p PathBuf>) {
    let rest = paths.len().saturating_sub(NAMED);
    for path in paths.take(NAMED) {
        let _ = writeln!(text, "  {}", path_text(path));
    }
    if rest > 0 {
        let _ = writeln!(text, "  and {rest} more");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_what_was_written_and_what_was_not() {
        assert_eq!(
            message(SIGINT, &Stopped::default()),
            "Interrupted by SIGINT. No file was written.\n"
        );
        let stopped = Stopped {
            written: vec!["a.yml".into()],
            waiting: (0..102)
                .map(|nth| format!("b{nth:03}.yml").into())
                .collect(),
        };
        let text = message(SIGTERM, &stopped);
        assert!(
            text.starts_with(
                "Interrupted by SIGTERM. 1 file was written:\n  a.yml\n\
                 102 files are unchanged, because harden did not get to them:\n  b000.yml\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("  b099.yml\n  and 2 more\n"), "{text}");
    }
}
