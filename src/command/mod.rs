//! What a call does: which files, what becomes of each, what is said, and the exit code.

pub mod cli;
mod command_line;
mod images;
mod knowledge;
mod orders;
mod pod_security;
mod progress;
mod worker;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use rayon::iter::{ParallelBridge, ParallelIterator};

use crate::command::cli::{Cli, Command, Harden, Words};
use crate::config::{self, FailOn};
use crate::dialect::docker_run::Engine;
use crate::engine::Run;
use crate::engine::outcome::{FileOutcome, Outcome, Report, StaleException};
use crate::error::{Error, Exit, said};
use crate::files::walk::{self, Disk, Entry, Found};
use crate::files::{groups, stream};
use crate::project::Source;
use crate::report::terminal::{Escaped, Terminal, path_text};
use crate::report::text::{Deed, Detail, Summary};
use crate::report::{explain, trouble};
use crate::syntax::Limits;
use crate::transforms;

use self::orders::Orders;
use self::progress::{Bar, TICK};
use self::worker::{Done, Worker, diff_of};

/// The streams of the process, and where it stands.
pub struct Console<'c> {
    /// Standard input.
    pub stdin: &'c mut dyn Read,
    /// Standard output, buffered: results alone.
    pub stdout: &'c mut dyn Write,
    /// What stands at its other end.
    pub stdout_terminal: Terminal,
    /// Standard error: everything said to a person.
    pub stderr: &'c mut dyn Write,
    /// What stands at its other end.
    pub stderr_terminal: Terminal,
    /// The current directory.
    pub directory: PathBuf,
}

/// Does what the call asks for.
///
/// A reader that goes away (`harden . | head`) ends the work and is no trouble.
pub fn run(cli: &Cli, console: &mut Console<'_>) -> Exit {
    if let Some(standard) = cli.harden.pod_security {
        let done = pod_security::judge(standard, cli, console);
        return finish(done, console);
    }
    let done = match &cli.command {
        Some(Command::Explain { id }) => explain(id.as_deref(), console),
        Some(Command::ConfigSchema) => {
            let written = console.stdout.write_all(config::SCHEMA.as_bytes());
            written
                .map(|()| Exit::Done)
                .or_else(|error| gone(error, Exit::Done))
        }
        _ => obey(cli, console),
    };
    finish(done, console)
}

/// The jobs that a configuration speaks of.
fn obey(cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let orders = match Orders::read(&cli.harden, &console.directory) {
        Ok(orders) => orders,
        Err(trouble) => return unusable(&[*trouble], console),
    };
    let own = [cli.knowledge.images.as_slice(), &orders.images].concat();
    let knowledge = match knowledge::load(&own, orders.entries.clone(), orders.edition) {
        Ok(knowledge) => knowledge,
        Err(troubles) => return unusable(&troubles, console),
    };
    if let Some(Command::Images { name }) = &cli.command {
        return images::show(name.as_deref(), &knowledge, cli.output.quiet, console);
    }
    let variables = match walk::read_texts(&cli.harden.variables) {
        Ok(variables) => variables,
        Err((path, error)) => return unusable(&[(path, String::new(), error)], console),
    };
    let disk = Disk {
        directory: console.directory.clone(),
    };
    let run = Run {
        surroundings: &disk,
        merges: !cli.harden.files.is_empty(),
        variables,
        rules: &orders.rules,
        custom_resources: &orders.custom_resources,
        ..Run::new(orders.transforms.clone(), orders.policy.clone(), &knowledge)
    };
    match &cli.command {
        Some(Command::Docker(Words { words })) => {
            command_line::harden(&run, Engine::Docker, words, cli, console)
        }
        Some(Command::Podman(Words { words })) => {
            command_line::harden(&run, Engine::Podman, words, cli, console)
        }
        _ => harden(cli, &orders, console, &|sources| run.project(sources)),
    }
}

/// The last bytes out, and the exit code.
fn finish(done: io::Result<Exit>, console: &mut Console<'_>) -> Exit {
    let flushed = done.and_then(|exit| {
        let flushed = console.stdout.flush().map(|()| exit);
        flushed.or_else(|error| gone(error, exit))
    });
    flushed.unwrap_or_else(|source| {
        // Nobody is left to be told when standard error fails too.
        let _ = writeln!(
            console.stderr,
            "error: cannot write the result: {}",
            said(&source)
        );
        Exit::Trouble
    })
}

/// The exit code that stands where the reader has gone away.
fn gone(error: io::Error, exit: Exit) -> io::Result<Exit> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(exit),
        _ => Err(error),
    }
}

/// Nothing is done with a configuration or entries that cannot be used.
fn unusable(troubles: &[knowledge::Trouble], console: &mut Console<'_>) -> io::Result<Exit> {
    let terminal = console.stderr_terminal;
    for (path, text, error) in troubles {
        trouble::write(&mut console.stderr, path, text, error, terminal)?;
    }
    Ok(Exit::Trouble)
}

fn explain(id: Option<&str>, console: &mut Console<'_>) -> io::Result<Exit> {
    let terminal = console.stdout_terminal;
    let mut out = &mut *console.stdout;
    let written = match id.and_then(transforms::find) {
        Some(transform) => explain::write_page(&mut out, transform, terminal),
        None => explain::write_list(&mut out, transforms::ALL, terminal),
    };
    written
        .map(|()| Exit::Done)
        .or_else(|error| gone(error, Exit::Done))
}

/// `plan` is the engine's pass over one project.
fn harden(
    cli: &Cli,
    orders: &Orders,
    console: &mut Console<'_>,
    plan: &(impl Fn(Vec<Source>) -> Report + Sync),
) -> io::Result<Exit> {
    let reads_stdin = cli.harden.paths.iter().any(|path| path == Path::new("-"));
    let mut session = Session {
        deed: match &cli.harden {
            Harden { write: true, .. } => Deed::Written,
            Harden { check: true, .. } => Deed::Checked,
            Harden { diff: false, .. } if reads_stdin => Deed::Filtered,
            _ => Deed::Shown,
        },
        says: !cli.output.quiet,
        summary: Summary::new(if cli.output.verbose {
            Detail::Full
        } else {
            Detail::Short
        }),
        has_shown: false,
        overlays: cli.harden.overlay,
        commands: Vec::new(),
        fail_on: &orders.fail_on,
        exit: Exit::Done,
        console,
    };
    let worked = if reads_stdin {
        session.stdin(&cli.harden, plan)
    } else {
        session.files(&cli.harden, plan)
    };
    let covers = cli.harden.files.is_empty()
        && orders.covers_configuration(&cli.harden.paths, &session.console.directory);
    if covers && !reads_stdin && session.exit < Exit::Trouble {
        session.stale(&orders.rules.stale(&orders.transforms));
    }
    for note in &orders.notes {
        session.summary.add_note(note);
    }
    let worked = worked.and_then(|()| session.end());
    let exit = session.exit;
    worked.map(|()| exit).or_else(|error| gone(error, exit))
}

/// One run over files or over standard input.
struct Session<'s, 'c> {
    deed: Deed,
    /// The summary is wanted, and there is something to sum up.
    says: bool,
    summary: Summary,
    has_shown: bool,
    /// The changes go into files beside the originals.
    overlays: bool,
    /// How originals and overlays are read together.
    commands: Vec<String>,
    /// What makes a check fail.
    fail_on: &'s [FailOn],
    exit: Exit,
    console: &'s mut Console<'c>,
}

impl Session<'_, '_> {
    fn stdin(&mut self, asked: &Harden, plan: &impl Fn(Vec<Source>) -> Report) -> io::Result<()> {
        let dash = Path::new("-");
        let conflict = if asked.paths.len() > 1 {
            Some("- stands alone: standard input and files are not mixed")
        } else if asked.overlay {
            Some("--overlay has no place beside a file where - reads standard input")
        } else if asked.write {
            Some("--write has no file to write where - reads standard input")
        } else {
            None
        };
        if let Some(words) = conflict {
            self.says = false;
            return self.trouble(dash, "", &Error::Usage(words));
        }
        let source = match walk::read_stdin(&mut *self.console.stdin) {
            Ok(source) => source,
            Err(error) => {
                self.says = false;
                return self.trouble(dash, "", &error);
            }
        };
        let bytes = source.bytes.clone();
        let limit = Limits::default().bytes as usize;
        let report = stream::joined(plan(stream::pieces(source, limit)));
        if self.deed == Deed::Filtered {
            // A filter hands on what it leaves alone.
            let text = match report.files.first().map(|file| &file.outcome) {
                Some(FileOutcome::Changed(text)) => text.as_bytes(),
                _ => &bytes,
            };
            self.console.stdout.write_all(text)?;
        }
        let diff = self.diff(&report);
        self.take(&Done {
            diff,
            report,
            ..Done::default()
        })
    }

    /// Walks, plans on every core, and takes the results in the order of the walk.
    fn files(
        &mut self,
        asked: &Harden,
        plan: &(impl Fn(Vec<Source>) -> Report + Sync),
    ) -> io::Result<()> {
        let here = [PathBuf::from(".")];
        let paths = if asked.paths.is_empty() {
            &here
        } else {
            asked.paths.as_slice()
        };
        let (seen, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let worker = Worker {
            plan,
            deed: self.deed,
            overlays: self.overlays,
            merges: !asked.files.is_empty(),
            directory: self.console.directory.clone(),
            terminal: self.console.stdout_terminal,
        };
        let is_watched = self.says && self.console.stderr_terminal.escape;
        let mut bar = Bar::new(is_watched);
        thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let (seen, over, worker) = (&seen, &over, &worker);
            scope.spawn(move || {
                let found = if asked.files.is_empty() {
                    walk::find(paths, seen)
                } else {
                    walk::together(&asked.files, seen)
                };
                let Found { groups, errors } = found;
                let disk = Disk {
                    directory: worker.directory.clone(),
                };
                let groups = groups::joined(groups, &disk);
                let unread = Done {
                    unread: errors,
                    ..Done::default()
                };
                let _ = send.send((0, unread, 0));
                let work = |send: &mut mpsc::Sender<_>, (nth, group): (usize, Vec<Entry>)| {
                    let len = group.len();
                    if !over.load(Ordering::Relaxed) {
                        // The receiver goes when the reader of the diff has gone.
                        let _ = send.send((nth + 1, worker.work(group), len));
                    }
                };
                if groups.len() == 1 {
                    let mut send = send;
                    groups
                        .into_iter()
                        .enumerate()
                        .for_each(|one| work(&mut send, one));
                } else {
                    groups
                        .into_iter()
                        .enumerate()
                        .par_bridge()
                        .for_each_with(send, work);
                }
            });
            let mut early = BTreeMap::new();
            let mut next = 0;
            let outcome = loop {
                match receive.recv_timeout(TICK) {
                    Ok((nth, done, len)) => {
                        bar.read += len;
                        early.insert(nth, done);
                        let ready = std::iter::from_fn(|| {
                            let done = early.remove(&next)?;
                            next += 1;
                            Some(done)
                        });
                        let ready: Vec<Done> = ready.collect();
                        if ready.iter().any(Done::prints) {
                            bar.clear(self.console.stderr);
                        }
                        let taken = ready.iter().try_for_each(|done| self.take(done));
                        if taken.is_err() {
                            over.store(true, Ordering::Relaxed);
                            break taken;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break Ok(()),
                }
                bar.draw(seen.load(Ordering::Relaxed), self.console.stderr);
            };
            bar.clear(self.console.stderr);
            outcome
        })
    }

    /// Prints and counts what came of one project.
    fn take(&mut self, done: &Done) -> io::Result<()> {
        for (path, error) in &done.unread {
            self.summary.add_failure();
            self.trouble(path, "", error)?;
        }
        for file in &done.report.files {
            match &file.outcome {
                FileOutcome::Failed(error) => self.trouble(&file.path, &file.source, error)?,
                FileOutcome::Changed(_) | FileOutcome::Created(_) if self.deed == Deed::Shown => {
                    self.fail();
                }
                FileOutcome::Changed(_) | FileOutcome::Created(_) => {
                    self.fail_on(FailOn::Changes);
                }
                _ => {}
            }
        }
        let results = done.report.containers.iter().flat_map(|one| &one.results);
        for result in results {
            match result.outcome {
                Outcome::Finding { .. } => self.fail_on(FailOn::Findings),
                Outcome::Declined { .. } => self.fail_on(FailOn::Declines),
                _ => {}
            }
        }
        if !done.report.stale.is_empty() {
            self.fail_on(FailOn::StaleExceptions);
        }
        self.summary.add(&done.report);
        self.commands.extend_from_slice(&done.commands);
        for path in &done.not_counted {
            self.summary.add_note(&format!(
                "{} is not counted: Compose reads it where -f names it. --overlay counts it.",
                path_text(path)
            ));
        }
        self.has_shown |= !done.diff.is_empty();
        self.console.stdout.write_all(&done.diff)
    }

    /// Exceptions of the configuration that excepted nothing.
    fn stale(&mut self, stale: &[StaleException]) {
        for one in stale {
            self.summary.add_stale(one, &Report::default());
            self.fail_on(FailOn::StaleExceptions);
        }
    }

    fn fail_on(&mut self, what: FailOn) {
        if self.deed == Deed::Checked && self.fail_on.contains(&what) {
            self.fail();
        }
    }

    fn fail(&mut self) {
        self.exit = self.exit.max(Exit::Changes);
    }

    fn diff(&self, report: &Report) -> Vec<u8> {
        if self.deed != Deed::Shown {
            return Vec::new();
        }
        diff_of(
            report,
            &self.console.directory,
            self.console.stdout_terminal,
        )
    }

    fn trouble(&mut self, path: &Path, source: &str, error: &Error) -> io::Result<()> {
        self.exit = Exit::Trouble;
        let terminal = self.console.stderr_terminal;
        trouble::write(&mut self.console.stderr, path, source, error, terminal)
    }

    /// The last words, after the last line of the diff.
    fn end(&mut self) -> io::Result<()> {
        self.console.stdout.flush()?;
        if !self.says {
            return Ok(());
        }
        let terminal = self.console.stderr_terminal;
        // On a terminal the summary follows the diff.
        let mut text = if self.has_shown {
            b"\n".to_vec()
        } else {
            Vec::new()
        };
        self.summary.write(&mut text, self.deed, terminal)?;
        match self.commands.as_slice() {
            [] => {}
            [command] => writeln!(text, "With the overlay: {}", Escaped(command))?,
            commands => {
                writeln!(text, "With the overlays:")?;
                for command in commands {
                    writeln!(text, "  {}", Escaped(command))?;
                }
            }
        }
        self.console.stderr.write_all(&text)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;

    use super::*;
    use crate::engine::outcome::FileReport;
    use crate::project::NotOurs;

    /// An engine that knows one file format: the first line says what becomes of the file.
    fn plan(sources: Vec<Source>) -> Report {
        let files = sources.into_iter().map(|source| {
            let text = String::from_utf8(source.bytes).unwrap();
            let outcome = match text.lines().next() {
                Some("weak") => FileOutcome::Changed(text.replacen("weak", "strong", 1)),
                Some("strong") => FileOutcome::Unchanged,
                Some("bad") => FileOutcome::Failed(Error::Unproved("it is bad".to_owned())),
                _ => FileOutcome::NotOurs(NotOurs::OtherYaml),
            };
            FileReport {
                path: source.path,
                source: text,
                outcome,
            }
        });
        Report {
            files: files.collect(),
            ..Report::default()
        }
    }

    struct Outcome {
        exit: Exit,
        stdout: String,
        stderr: String,
    }

    fn call(directory: &Path, arguments: &[&str], mut stdin: &[u8]) -> Outcome {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let exit = call_with(directory, arguments, &mut stdin, &mut stdout, &mut stderr);
        Outcome {
            exit,
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    fn call_with(
        directory: &Path,
        arguments: &[&str],
        stdin: &mut dyn Read,
        stdout: &mut dyn Write,
        stderr: &mut dyn Write,
    ) -> Exit {
        let place = |argument: &&str| match *argument {
            "-" => "-".into(),
            flag if flag.starts_with('-') => flag.into(),
            path => directory.join(path).into_os_string(),
        };
        let arguments = arguments.iter().map(place);
        let cli = Cli::parse_from(std::iter::once("harden".into()).chain(arguments));
        let mut console = Console {
            stdin,
            stdout,
            stdout_terminal: Terminal::PIPE,
            stderr,
            stderr_terminal: Terminal::PIPE,
            directory: directory.to_owned(),
        };
        let orders = Orders::read(&cli.harden, directory).unwrap();
        finish(harden(&cli, &orders, &mut console, &plan), &mut console)
    }

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        directory
    }

    #[test]
    fn a_diff_says_by_its_exit_code_whether_there_is_one() {
        let here = directory(&[("a.yml", "weak\n"), ("b.yml", "strong\n")]);
        let both = call(here.path(), &["a.yml", "b.yml"], b"");
        assert_eq!(both.exit, Exit::Changes);
        assert_eq!(
            both.stdout,
            "--- a/a.yml\n+++ b/a.yml\n@@ -1 +1 @@\n-weak\n+strong\n"
        );
        assert_eq!(call(here.path(), &["b.yml"], b"").exit, Exit::Done);
        let checked = call(here.path(), &["--check", "a.yml"], b"");
        assert_eq!((checked.exit, checked.stdout.as_str()), (Exit::Changes, ""));
    }

    #[test]
    fn what_is_written_needs_no_second_run() {
        let here = directory(&[("a.yml", "weak\n"), ("b/c.yml", "weak\r\n")]);
        assert_eq!(call(here.path(), &["--write", "."], b"").exit, Exit::Done);
        assert_eq!(fs::read(here.path().join("a.yml")).unwrap(), b"strong\n");
        assert_eq!(
            fs::read(here.path().join("b/c.yml")).unwrap(),
            b"strong\r\n"
        );
        let again = call(here.path(), &["."], b"");
        assert_eq!((again.exit, again.stdout.as_str()), (Exit::Done, ""));
    }

    #[test]
    fn a_bad_file_does_not_stop_the_others() {
        let here = directory(&[("a.yml", "bad\n"), ("b.yml", "weak\n")]);
        let outcome = call(here.path(), &["--write", "a.yml", "none.yml", "b.yml"], b"");
        assert_eq!(outcome.exit, Exit::Trouble);
        assert!(outcome.stderr.contains("it is bad"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("none.yml"), "{}", outcome.stderr);
        assert_eq!(fs::read(here.path().join("b.yml")).unwrap(), b"strong\n");
    }

    #[test]
    fn what_cannot_be_written_is_trouble() {
        let here = directory(&[("a.yml", "weak\n")]);
        fs::hard_link(here.path().join("a.yml"), here.path().join("twin")).unwrap();
        let outcome = call(here.path(), &["--write", "a.yml"], b"");
        assert_eq!(outcome.exit, Exit::Trouble);
        assert!(outcome.stderr.contains("hard links"), "{}", outcome.stderr);
    }

    #[test]
    fn the_output_is_in_the_order_of_the_walk() {
        let names: Vec<_> = (0..60)
            .map(|nth| format!("d{:02}/f.yml", (nth * 7) % 60))
            .collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "weak\n")).collect();
        let here = directory(&files);
        let shown = call(here.path(), &["."], b"").stdout;
        let heads: Vec<_> = shown
            .lines()
            .filter(|line| line.starts_with("---"))
            .collect();
        assert_eq!(heads.len(), 60);
        assert!(heads.is_sorted());
        // An argument comes before what follows it, whatever their names.
        let shown = call(here.path(), &["d09", "d03"], b"").stdout;
        assert!(shown.find("d09").unwrap() < shown.find("d03").unwrap());
    }

    #[test]
    fn a_filter_hands_on_what_it_leaves_alone() {
        let here = Path::new("/");
        let filter = |text: &[u8]| call(here, &["-"], text);
        assert_eq!(filter(b"weak\r\nx").stdout, "strong\r\nx");
        assert_eq!(filter(b"weak").exit, Exit::Done);
        assert_eq!(filter(b"other: 1").stdout, "other: 1");
        let bad = filter(b"bad\nx");
        assert_eq!((bad.exit, bad.stdout.as_str()), (Exit::Trouble, "bad\nx"));
        let diff = call(here, &["--diff", "-"], b"weak\n");
        assert_eq!(diff.exit, Exit::Changes);
        assert!(diff.stdout.starts_with("--- a/-\n"), "{}", diff.stdout);
        let checked = call(here, &["--check", "-"], b"weak\n");
        assert_eq!((checked.exit, checked.stdout.as_str()), (Exit::Changes, ""));
    }

    #[test]
    fn quiet_says_nothing_but_errors() {
        let here = directory(&[("a.yml", "weak\n"), ("b.yml", "bad\n")]);
        assert_eq!(call(here.path(), &["-q", "a.yml"], b"").stderr, "");
        assert_ne!(call(here.path(), &["-q", "b.yml"], b"").stderr, "");
    }

    /// A reader that goes away at once, or a disk that is full.
    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_trouble() {
        let here = directory(&[("a.yml", "weak\n"), ("b/b.yml", "weak\n")]);
        let exit_with = |kind| {
            let (mut stdout, mut stderr) = (Broken(kind), Vec::new());
            call_with(
                here.path(),
                &["."],
                &mut io::empty(),
                &mut stdout,
                &mut stderr,
            )
        };
        assert_eq!(exit_with(ErrorKind::BrokenPipe), Exit::Changes);
        assert_eq!(exit_with(ErrorKind::StorageFull), Exit::Trouble);
    }
}
