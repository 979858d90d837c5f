//! `harden docker run …`: a command line is read, and printed with what hardens it.

use std::io;
use std::path::{Path, PathBuf};

use super::exit::Exit;
use super::setup::Setup;
use super::{Console, ignore_broken_pipe, unusable};
use crate::command::cli::{Cli, EngineCommand, Format};
use crate::diagnostic::Diagnostic;
use crate::dialect::docker_run::{Command, Engine, Layout};
use crate::engine::Run;
use crate::engine::outcome::{FileOutcome, FileReport, Report};
use crate::project::Source;
use crate::report::diagnostic;
use crate::report::text::{Detail, Mode, Summary};

/// The hardened command to standard output, everything else to standard error.
///
/// It is a filter, so that it ends with 0 whether or not there was something to change; with
/// `--check` it prints nothing and says it by its status. A command that cannot be read or proved
/// is not printed, so that nobody runs it in the belief that it was hardened.
pub(super) fn run(
    engine: Engine,
    typed: &EngineCommand,
    cli: &Cli,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let setup = match Setup::read(cli, &console.directory) {
        Ok(setup) => setup,
        Err(troubles) => return unusable(&troubles, console),
    };
    let run = &setup.engine();
    let name = PathBuf::from(format!("{} run", engine.program()));
    let program = std::iter::once(engine.program().to_owned());
    let command = match Command::parse(program.chain(typed.words.iter().cloned()).collect()) {
        Ok(command) => command,
        Err(fault) => {
            return trouble(Path::new("<command line>"), &fault.line, &fault, console);
        }
    };
    let report = match cli.printing.format {
        Some(Format::Compose) => as_compose(run, &command, cli, console)?,
        None => as_command(run, name, &command, cli),
    };
    print(&report, cli, console)
}

fn as_command(run: &Run<'_>, name: PathBuf, command: &Command, cli: &Cli) -> Report {
    let layout = if cli.printing.one_line {
        Layout::OneLine
    } else {
        Layout::Fitted
    };
    let hardened = run.command_line(command);
    let outcome = match hardened.command {
        Ok(after) if after.words() == command.words() => FileOutcome::Unchanged,
        Ok(after) => FileOutcome::Changed(after.print(layout)),
        Err(error) => FileOutcome::Failed(error),
    };
    let file = FileReport {
        path: name,
        source: command.print(layout),
        outcome,
    };
    Report {
        files: vec![file],
        containers: vec![hardened.container],
        stale: Vec::new(),
    }
}

/// The command as a Compose file, which is then hardened like any other.
fn as_compose(
    run: &Run<'_>,
    command: &Command,
    cli: &Cli,
    console: &mut Console<'_>,
) -> io::Result<Report> {
    let (text, unsaid) = command.as_compose();
    if !unsaid.is_empty() && !cli.output.quiet {
        let unsaid = unsaid.join(", ");
        writeln!(
            console.stderr,
            "Compose has no key for what these options say: {unsaid}."
        )?;
    }
    let source = Source {
        path: PathBuf::from("compose.yml"),
        bytes: text.into_bytes(),
    };
    Ok(run.project(vec![source]))
}

fn print(report: &Report, cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let mut exit = Exit::Done;
    for file in &report.files {
        let text = match &file.outcome {
            FileOutcome::Changed(text) | FileOutcome::Created(text) => text,
            FileOutcome::Unchanged | FileOutcome::NotOurs(_) | FileOutcome::Read => &file.source,
            FileOutcome::Failed(error) => {
                return trouble(&file.path, &file.source, error, console);
            }
        };
        let is_changed = matches!(file.outcome, FileOutcome::Changed(_));
        if !cli.harden.check {
            let printed = console.stdout.write_all(text.as_bytes());
            printed
                .and_then(|()| console.stdout.flush())
                .or_else(|error| ignore_broken_pipe(error, Exit::Done).map(|_| ()))?;
        } else if is_changed {
            exit = Exit::Changes;
        }
    }
    if !cli.output.quiet {
        let detail = if cli.output.verbose {
            Detail::Full
        } else {
            Detail::Short
        };
        let mode = if cli.harden.check {
            Mode::Check
        } else {
            Mode::Filter
        };
        let mut summary = Summary::of_a_command(detail);
        summary.add(report);
        let mut text = if cli.harden.check {
            Vec::new()
        } else {
            b"\n".to_vec()
        };
        summary.write(&mut text, mode, console.stderr_terminal)?;
        console.stderr.write_all(&text)?;
    }
    Ok(exit)
}

fn trouble(
    name: &Path,
    line: &str,
    error: &dyn Diagnostic,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let terminal = console.stderr_terminal;
    diagnostic::write(&mut console.stderr, name, line, error, terminal)?;
    Ok(Exit::Trouble)
}
