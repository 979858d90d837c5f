//! `harden docker run …`: reads a command and prints it with hardening options.

use std::io;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::harden::{fails, results_to_fail_on};
use super::reports::Reports;
use super::setup::Setup;
use super::worker::Done;
use super::{Console, ignore_broken_pipe, unusable};
use crate::command::cli::{Cli, EngineCommand, Target};
use crate::config::FailOn;
use crate::diagnostic::Diagnostic;
use crate::dialect::docker_run::{Command, Engine, Layout};
use crate::engine::Run;
use crate::engine::outcome::{Change, FileOutcome, FileReport, Report};
use crate::project::Source;
use crate::report::diagnostic;
use crate::report::reporter::{Closing, Group, Mode, Setting};

/// Prints the hardened command to standard output, and everything else to standard error.
///
/// The job is a filter: it ends with 0 whether or not there was something to change. With
/// `--check` it prints no command, and the exit code says whether there is something to change. A
/// command that cannot be read or proved is not printed, so that nobody runs it as hardened.
pub(super) fn run(
    engine: Engine,
    typed: &EngineCommand,
    cli: &Cli,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let setup = match Setup::read(cli, &console.directory) {
        Ok(setup) => setup,
        Err(files) => return unusable(&files, console),
    };
    let run = &setup.engine();
    let name = PathBuf::from(format!("{} run", engine.program()));
    let program = std::iter::once(engine.program().to_owned());
    let command = match Command::parse(program.chain(typed.words.iter().cloned()).collect()) {
        Ok(command) => command,
        Err(fault) => {
            return print_error(Path::new("<command line>"), &fault.line, &fault, console);
        }
    };
    let report = match cli.printing.target {
        Some(Target::Compose) => as_compose(run, &command, cli, console)?,
        None => as_command(run, name, &command, cli),
    };
    print(report, &setup.options.fail_on, cli, console)
}

fn as_command(run: &Run<'_>, name: PathBuf, command: &Command, cli: &Cli) -> Report {
    let layout = if cli.printing.one_line {
        Layout::OneLine
    } else {
        Layout::Fitted
    };
    let hardened = run.command_line(command);
    let source = command.print(layout);
    let outcome = match hardened.command {
        Ok(after) if after.words() == command.words() => FileOutcome::Unchanged,
        Ok(after) => FileOutcome::Changed(Change::between(&source, after.print(layout))),
        Err(error) => FileOutcome::Failed(error),
    };
    let file = FileReport {
        path: name,
        source,
        outcome,
    };
    Report {
        files: vec![file],
        containers: vec![hardened.container],
        ..Report::default()
    }
}

/// Turns the command into a Compose file, and hardens that like any other.
fn as_compose(
    run: &Run<'_>,
    command: &Command,
    cli: &Cli,
    console: &mut Console<'_>,
) -> io::Result<Report> {
    let (text, left_out) = command.as_compose();
    if !left_out.is_empty() && !cli.output.quiet {
        let left_out = left_out.join(", ");
        writeln!(
            console.stderr,
            "Compose has no key for these options: {left_out}."
        )?;
    }
    let source = Source {
        path: PathBuf::from("compose.yml"),
        bytes: text.into_bytes(),
    };
    Ok(run.project(vec![source]))
}

/// Prints the command, or with `--check` only decides the exit code, and writes the reports.
fn print(
    report: Report,
    fail_on: &[FailOn],
    cli: &Cli,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let mode = if cli.harden.check {
        Mode::Check
    } else {
        Mode::Filter
    };
    let setting = Setting {
        mode,
        detail: cli.output.detail(),
        is_of_a_command: true,
        terminal: console.stdout_terminal,
    };
    let mut reports = match Reports::asked(&cli.reports, &setting, mode == Mode::Filter, console) {
        Ok(reports) => reports,
        Err(error) => return print_error(Path::new(""), "", &*error, console),
    };
    for file in &report.files {
        let text = match &file.outcome {
            FileOutcome::Changed(Change { text, .. }) | FileOutcome::Created(text) => text,
            FileOutcome::Unchanged | FileOutcome::NotOurs(_) | FileOutcome::Read => &file.source,
            FileOutcome::Failed(error) => {
                return print_error(&file.path, &file.source, error, console);
            }
        };
        if mode == Mode::Filter {
            let printed = console.stdout.write_all(text.as_bytes());
            printed
                .and_then(|()| console.stdout.flush())
                .or_else(|error| ignore_broken_pipe(error, Exit::Success).map(|_| ()))?;
        }
    }
    let mut exit = if fails(mode, &results_to_fail_on(&report), fail_on) {
        Exit::Changes
    } else {
        Exit::Success
    };
    let results = Group {
        report,
        ..Group::default()
    };
    let done = Done::render(results, &reports.renderers(), true);
    reports.take(&done.results, &done.rendered, console)?;
    let closing = Closing::default();
    for error in reports.end(&closing, console)? {
        exit = print_error(Path::new(""), "", &error, console)?;
    }
    if !cli.output.quiet {
        let text = reports.end_on_stderr(&closing)?;
        if mode == Mode::Filter && !text.is_empty() {
            // An empty line separates it from the command.
            writeln!(console.stderr)?;
        }
        console.stderr.write_all(&text)?;
    }
    Ok(exit)
}

fn print_error(
    name: &Path,
    line: &str,
    error: &dyn Diagnostic,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let terminal = console.stderr_terminal;
    diagnostic::write(&mut console.stderr, name, line, error, terminal)?;
    Ok(Exit::Error)
}
