//! The jobs of the command line, one file for each, and their shared code.

mod base;
pub mod cli;
mod docker;
mod exit;
mod explain;
mod filter;
mod harden;
mod images;
pub mod interrupt;
mod knowledge;
mod options;
mod pod_security;
mod progress;
mod reports;
mod session;
mod setup;
mod worker;

use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;

use crate::command::cli::{Cli, Command};
use crate::config;
use crate::diagnostic::system_message;
use crate::dialect::docker_run::Engine;
use crate::files::Names;
use crate::report::terminal::Terminal;
use crate::report::{diagnostic, json};

pub use self::exit::Exit;
use self::exit::UnusableFile;

/// Runs the job that the call names.
///
/// A reader that closes standard output early (`harden . | head`) ends the work without an error.
pub fn run(cli: &Cli, console: &mut Console<'_>) -> Exit {
    let result = match &cli.command {
        None => harden::run(cli, console),
        Some(Command::PodSecurity(job)) => pod_security::run(job, cli, console),
        Some(Command::Explain { id }) => explain::run(id.as_deref(), console),
        Some(Command::Images { name, .. }) => images::run(name.as_deref(), cli, console),
        Some(Command::Docker(command)) => docker::run(Engine::Docker, command, cli, console),
        Some(Command::Podman(command)) => docker::run(Engine::Podman, command, cli, console),
        Some(Command::ConfigSchema) => print(config::SCHEMA, console),
        Some(Command::ReportSchema) => print(json::SCHEMA, console),
    };
    finish(result, console)
}

fn print(text: &str, console: &mut Console<'_>) -> io::Result<Exit> {
    let written = console.stdout.write_all(text.as_bytes());
    written
        .map(|()| Exit::Success)
        .or_else(|error| ignore_broken_pipe(error, Exit::Success))
}

/// The streams of the process and its current directory.
pub struct Console<'c> {
    /// Standard input.
    pub stdin: &'c mut dyn Read,
    /// Standard output, buffered: only results.
    pub stdout: &'c mut dyn Write,
    /// Whether standard output is a terminal, and which kind.
    pub stdout_terminal: Terminal,
    /// Standard error: everything else.
    pub stderr: &'c mut dyn Write,
    /// Whether standard error is a terminal, and which kind.
    pub stderr_terminal: Terminal,
    /// The current directory.
    pub directory: PathBuf,
}

/// Flushes standard output and gives the exit code.
fn finish(result: io::Result<Exit>, console: &mut Console<'_>) -> Exit {
    let flushed = result.and_then(|exit| {
        let flushed = console.stdout.flush().map(|()| exit);
        flushed.or_else(|error| ignore_broken_pipe(error, exit))
    });
    flushed.unwrap_or_else(|source| {
        // Where standard error fails too, there is no way left to report it.
        let _ = writeln!(
            console.stderr,
            "error: cannot write the result: {}",
            system_message(&source)
        );
        Exit::Error
    })
}

/// The exit code where the reader of standard output has closed it; any other error stays one.
fn ignore_broken_pipe(error: io::Error, exit: Exit) -> io::Result<Exit> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(exit),
        _ => Err(error),
    }
}

/// Prints why the configuration or an entry of the knowledge base cannot be used.
fn unusable(files: &[UnusableFile], console: &mut Console<'_>) -> io::Result<Exit> {
    let terminal = console.stderr_terminal;
    let names = Names::new(&console.directory);
    for UnusableFile { path, text, error } in files {
        let path = names.of(path);
        diagnostic::write(&mut console.stderr, &path, text, &**error, terminal)?;
    }
    Ok(Exit::Error)
}
