//! The main job: the diff, `--write`, `--check`, and the filter over standard input.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::base::Base;
use super::exit::{Exit, NothingChecked, UnknownService, UsageError};
use super::options::Options;
use super::reports::Reports;
use super::session::{Input, Job, Session, Take, names_files, reads_stdin};
use super::setup::Setup;
use super::worker::{Done, Planner, Worker};
use super::{Console, unusable};
use crate::command::cli::{Cli, Harden};
use crate::config::FailOn;
use crate::engine::names_of;
use crate::engine::outcome::{
    ContainerReport, FileOutcome, FileReport, Outcome, Report, StaleException,
};
use crate::files::{Excluded, FileError, Revision, Standing};
use crate::nearest;
use crate::project::State;
use crate::report::policy::AddedPolicy;
use crate::report::reporter::{Closing, Mode, Setting};

/// Hardens files or standard input.
pub(super) fn run(cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let setup = match Setup::read(cli, &console.directory) {
        Ok(setup) => setup,
        Err(files) => return unusable(&files, console),
    };
    let engine = setup.engine();
    run_with(cli, &setup.options, setup.base.as_ref(), console, &engine)
}

fn run_with(
    cli: &Cli,
    options: &Options,
    base: Option<&Base>,
    console: &mut Console<'_>,
    plan: &impl Planner,
) -> io::Result<Exit> {
    let reads_stdin = reads_stdin(&cli.harden.paths);
    let mode = match &cli.harden {
        Harden { write: true, .. } => Mode::Write,
        Harden { check: true, .. } => Mode::Check,
        Harden { diff: false, .. } if reads_stdin => Mode::Filter,
        _ => Mode::Diff,
    };
    let setting = Setting {
        mode,
        detail: cli.output.detail(),
        is_of_a_command: false,
        terminal: console.stdout_terminal,
    };
    let mut session = Session::new(cli.output.quiet, console);
    session.writes = mode == Mode::Write;
    session.base = base.map(|base| Arc::clone(&base.revision));
    let reports = match Reports::asked(&cli.reports, &setting, reads_stdin, session.console) {
        Ok(reports) => reports,
        Err(error) => {
            session.print_error(Path::new(""), "", &*error)?;
            return Ok(session.exit);
        }
    };
    let mut job = HardenJob {
        mode,
        reports,
        fail_on: &options.fail_on,
        services: Services::new(&cli.harden.services),
        stale: Vec::new(),
        notes: options.notes.clone(),
        unread: Vec::new(),
        left_alone: Vec::new(),
        excluded: Vec::new(),
        base: base.map(|base| Arc::clone(&base.revision)),
        policy: Vec::new(),
        containers: 0,
        can_be_empty: mode != Mode::Check
            || cli.harden.gate.allow_empty
            || base.is_some()
            || !cli.harden.files.is_empty()
            || names_files(&cli.harden.paths, &session.console.directory),
    };
    let result = if !reads_stdin && cli.harden.pass_through_errors {
        let error = UsageError("--pass-through-errors is for `-`, which reads standard input");
        session.print_error(Path::new(""), "", &error)
    } else if reads_stdin {
        job.run_stdin(&cli.harden, plan, &mut session)
    } else {
        let worker = Worker {
            plan,
            mode,
            overlays: cli.harden.overlay,
            merges: !cli.harden.files.is_empty(),
            directory: session.console.directory.clone(),
            names: Arc::clone(&session.names),
            renderers: job.reports.renderers(),
            keeps_texts: job.reports.needs().texts,
        };
        let input = match cli.harden.files.as_slice() {
            [] => Input::Paths {
                paths: &cli.harden.paths,
                // An overlay is for a base and its override, whichever of them is named.
                with_companions: cli.harden.overlay,
            },
            files => Input::Project(files),
        };
        let process = |sources, take: &Take<'_, Done>| worker.work(sources, take);
        session.run_files(input, &process, &mut job)
    };
    let covers = cli.harden.files.is_empty()
        && cli.harden.services.is_empty()
        && options.covers_configuration(&cli.harden.paths, &session.console.directory);
    if covers && !reads_stdin && session.exit < Exit::Error {
        job.stale = options.rules.stale(&options.transforms);
        if !job.stale.is_empty() && fails(mode, &[FailOn::StaleExceptions], &options.fail_on) {
            session.fail();
        }
    }
    session.end(result, &mut job)
}

/// The results of one run.
pub(super) struct HardenJob<'o> {
    pub(super) mode: Mode,
    pub(super) reports: Reports,
    /// What makes a check fail.
    fail_on: &'o [FailOn],
    services: Services,
    /// Exceptions of the configuration that match nothing.
    stale: Vec<StaleException>,
    pub(super) notes: Vec<String>,
    unread: Vec<(PathBuf, String)>,
    left_alone: Vec<(PathBuf, String)>,
    excluded: Vec<Excluded>,
    /// The revision of `--base`.
    pub(super) base: Option<Arc<Revision>>,
    /// What the change adds to the policy of that revision.
    policy: Vec<AddedPolicy>,
    /// How many containers were checked.
    containers: usize,
    /// A run that finds no container is no error.
    can_be_empty: bool,
}

impl HardenJob<'_> {
    fn closing(&self) -> Closing<'_> {
        Closing {
            stale: &self.stale,
            notes: &self.notes,
            unread: &self.unread,
            left_alone: &self.left_alone,
            excluded: &self.excluded,
            base: self.base.as_deref(),
            policy: &self.policy,
        }
    }
}

/// The names that `--service` gives, and those that the files have.
#[derive(Default)]
struct Services {
    asked: Vec<String>,
    /// The names of the selected containers.
    found: BTreeSet<String>,
    unselected: BTreeSet<String>,
}

/// The most names that get a hint.
const MOST_HINTS: usize = 20;

impl Services {
    fn new(names: &[String]) -> Self {
        Self {
            asked: names.to_vec(),
            ..Self::default()
        }
    }

    fn see(&mut self, report: &Report) {
        if self.asked.is_empty() {
            return;
        }
        for ContainerReport { workload, name, .. } in &report.containers {
            self.found.extend(names_of(workload, name));
        }
        for (workload, name) in &report.unselected {
            self.unselected.extend(names_of(workload, name));
        }
    }

    /// The names that no container has.
    fn unknown(&self) -> impl Iterator<Item = UnknownService> {
        let unknown = self.asked.iter().filter(|name| !self.found.contains(*name));
        unknown.enumerate().map(|(at, name)| {
            // A hint compares the name with all others.
            let hints = self
                .found
                .union(&self.unselected)
                .filter(|_| at < MOST_HINTS);
            UnknownService {
                name: name.clone(),
                hint: nearest::hint(name, hints.map(String::as_str)),
            }
        })
    }
}

/// Whether a run with these results ends with [`Exit::Changes`].
pub(super) fn fails(mode: Mode, results: &[FailOn], fail_on: &[FailOn]) -> bool {
    match mode {
        Mode::Check => results.iter().any(|result| fail_on.contains(result)),
        Mode::Diff => results.contains(&FailOn::Changes),
        Mode::Write | Mode::Filter => false,
    }
}

/// The results of a project that a check can fail for.
pub(super) fn results_to_fail_on(report: &Report) -> Vec<FailOn> {
    let mut found = Vec::new();
    let is_changed = report.files.iter().any(|file| {
        matches!(
            file.outcome,
            FileOutcome::Changed(_) | FileOutcome::Created(_)
        )
    });
    if is_changed {
        found.push(FailOn::Changes);
    }
    let results = report.containers.iter().flat_map(|one| &one.rows);
    found.extend(results.filter_map(|result| match result.outcome {
        Outcome::Finding { .. } => Some(FailOn::Findings),
        Outcome::Declined => Some(FailOn::Declines),
        _ => None,
    }));
    if !report.stale.is_empty() {
        found.push(FailOn::StaleExceptions);
    }
    let mut policy = report.containers.iter().flat_map(|one| &one.policy);
    if policy.any(|entry| entry.is_used) {
        found.push(FailOn::Policy);
    }
    let files = report.files.iter().filter_map(FileReport::state);
    let states = files.chain(report.unread.iter().map(|part| part.state));
    found.extend(states.filter_map(|state| match state {
        State::Unread => Some(FailOn::Unread),
        State::Template => Some(FailOn::Templates),
        State::Skipped => None,
    }));
    found
}

impl Job for HardenJob<'_> {
    type Outcome = Done;

    fn take(&mut self, done: Done, session: &mut Session<'_, '_>) -> io::Result<()> {
        let Done { results, rendered } = done;
        for file in &results.report.files {
            if let FileOutcome::Failed(error) = &file.outcome {
                session.print_error(&file.path, &file.source, error)?;
            }
        }
        self.services.see(&results.report);
        self.containers += results.report.containers.len();
        self.policy.extend(AddedPolicy::of(&results.report));
        let to_fail_on = results_to_fail_on(&results.report);
        if fails(self.mode, &to_fail_on, self.fail_on) {
            session.fail();
        }
        self.reports.take(&results, &rendered, session.console)
    }

    fn add_unread(&mut self, path: &Path, error: &FileError) {
        self.unread.push((path.to_owned(), error.to_string()));
    }

    fn add_left_alone(&mut self, paths: Vec<(PathBuf, &'static str)>) -> bool {
        let is_any = !paths.is_empty();
        let paths = paths.into_iter();
        self.left_alone
            .extend(paths.map(|(path, why)| (path, format!("{why}."))));
        is_any && fails(self.mode, &[FailOn::Unread], self.fail_on)
    }

    fn add_excluded(&mut self, lines: Vec<Excluded>, session: &mut Session<'_, '_>) {
        let adds_policy = lines.iter().any(|one| one.standing == Standing::Added);
        if adds_policy && fails(self.mode, &[FailOn::Policy], self.fail_on) {
            session.fail();
        }
        self.excluded.extend(lines);
    }

    fn prints(&self, done: &Done) -> bool {
        self.reports.prints(&done.rendered) || done.has_failures()
    }

    fn end(&mut self, session: &mut Session<'_, '_>) -> io::Result<()> {
        let mut reports = std::mem::take(&mut self.reports);
        let errors = reports.end(&self.closing(), session.console)?;
        self.reports = reports;
        for error in errors {
            session.print_error(Path::new(""), "", &error)?;
        }
        for error in self.services.unknown() {
            session.print_error(Path::new(""), "", &error)?;
        }
        if self.containers == 0 && !self.can_be_empty && session.exit == Exit::Success {
            session.print_error(Path::new(""), "", &NothingChecked)?;
        }
        Ok(())
    }

    fn write_summary(&mut self, out: &mut Vec<u8>, _: &Session<'_, '_>) -> io::Result<()> {
        let mut reports = std::mem::take(&mut self.reports);
        *out = reports.end_on_stderr(&self.closing())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Read, Write};

    use clap::Parser;

    use super::*;
    use crate::command::finish;
    use crate::engine::EngineError;
    use crate::engine::outcome::{Change, FileReport};
    use crate::files::groups::Part;
    use crate::files::stream::{Piece, Spool, Start};
    use crate::project::{NotOurs, Source};
    use crate::report::terminal::Terminal;

    /// An engine for one file format: the first line gives the outcome.
    struct FirstLine;

    impl Planner for FirstLine {
        fn stream(
            &self,
            input: &mut Spool,
            take: &mut dyn FnMut(Piece) -> io::Result<()>,
        ) -> io::Result<()> {
            let path = "-".into();
            let bytes = input.read_all()?;
            let report = plan(vec![Source { path, bytes }]);
            take(Piece::new(report, Start::default()))
        }

        fn parts(&self, sources: Vec<Source>, _: bool, take: &(dyn Fn(usize, Part) + Sync)) {
            let report = plan(sources);
            let is_group = true;
            take(0, Part { report, is_group });
        }
    }

    fn plan(sources: Vec<Source>) -> Report {
        let files = sources.into_iter().map(|source| {
            let text = String::from_utf8(source.bytes).unwrap();
            let outcome = match text.lines().next() {
                Some("weak") => {
                    let changed = text.replacen("weak", "strong", 1);
                    FileOutcome::Changed(Change::between(&text, changed))
                }
                Some("strong") => FileOutcome::Unchanged,
                Some("bad") => FileOutcome::Failed(EngineError::Unproved("it is bad".to_owned())),
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
        let options = Options::read(&cli.harden, directory, None).unwrap();
        let result = run_with(&cli, &options, None, &mut console, &FirstLine);
        finish(result, &mut console)
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
    fn the_exit_code_of_a_diff_tells_whether_it_is_empty() {
        let here = directory(&[("a.yml", "weak\n"), ("b.yml", "strong\n")]);
        let both = call(here.path(), &["a.yml", "b.yml"], b"");
        assert_eq!(both.exit, Exit::Changes);
        assert_eq!(
            both.stdout,
            "diff --git a/a.yml b/a.yml\n--- a/a.yml\n+++ b/a.yml\n@@ -1 +1 @@\n-weak\n+strong\n"
        );
        assert_eq!(call(here.path(), &["b.yml"], b"").exit, Exit::Success);
        let checked = call(here.path(), &["--check", "a.yml"], b"");
        assert_eq!((checked.exit, checked.stdout.as_str()), (Exit::Changes, ""));
    }

    #[test]
    fn a_run_after_a_write_finds_no_change() {
        let here = directory(&[("a.yml", "weak\n"), ("b/c.yml", "weak\r\n")]);
        assert_eq!(
            call(here.path(), &["--write", "."], b"").exit,
            Exit::Success
        );
        assert_eq!(fs::read(here.path().join("a.yml")).unwrap(), b"strong\n");
        assert_eq!(
            fs::read(here.path().join("b/c.yml")).unwrap(),
            b"strong\r\n"
        );
        let again = call(here.path(), &["."], b"");
        assert_eq!((again.exit, again.stdout.as_str()), (Exit::Success, ""));
    }

    #[test]
    fn a_bad_file_does_not_stop_the_others() {
        let here = directory(&[("a.yml", "bad\n"), ("b.yml", "weak\n")]);
        let outcome = call(here.path(), &["--write", "a.yml", "none.yml", "b.yml"], b"");
        assert_eq!(outcome.exit, Exit::Error);
        assert!(outcome.stderr.contains("it is bad"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("none.yml"), "{}", outcome.stderr);
        assert_eq!(fs::read(here.path().join("b.yml")).unwrap(), b"strong\n");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error() {
        let here = directory(&[("a.yml", "weak\n")]);
        fs::hard_link(here.path().join("a.yml"), here.path().join("twin")).unwrap();
        let outcome = call(here.path(), &["--write", "a.yml"], b"");
        assert_eq!(outcome.exit, Exit::Error);
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
        // The order of the arguments comes first.
        let shown = call(here.path(), &["d09", "d03"], b"").stdout;
        assert!(shown.find("d09").unwrap() < shown.find("d03").unwrap());
    }

    #[test]
    fn a_filter_prints_the_text_that_it_does_not_change() {
        let here = Path::new("/");
        let filter = |text: &[u8]| call(here, &["-"], text);
        assert_eq!(filter(b"weak\r\nx").stdout, "strong\r\nx");
        assert_eq!(filter(b"weak").exit, Exit::Success);
        assert_eq!(filter(b"other: 1").stdout, "other: 1");
        let bad = filter(b"bad\nx");
        assert_eq!((bad.exit, bad.stdout.as_str()), (Exit::Error, ""));
        let bad = call(here, &["--pass-through-errors", "-"], b"bad\nx");
        assert_eq!((bad.exit, bad.stdout.as_str()), (Exit::Error, "bad\nx"));
        let diff = call(here, &["--diff", "-"], b"weak\n");
        assert_eq!(diff.exit, Exit::Changes);
        assert!(
            diff.stdout.starts_with("diff --git a/- b/-\n"),
            "{}",
            diff.stdout
        );
        let checked = call(here, &["--check", "-"], b"weak\n");
        assert_eq!((checked.exit, checked.stdout.as_str()), (Exit::Changes, ""));
    }

    #[test]
    fn quiet_prints_only_errors() {
        let here = directory(&[("a.yml", "weak\n"), ("b.yml", "bad\n")]);
        assert_eq!(call(here.path(), &["-q", "a.yml"], b"").stderr, "");
        assert_ne!(call(here.path(), &["-q", "b.yml"], b"").stderr, "");
    }

    /// Standard output whose reader has closed it, or on a full disk.
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
    fn a_reader_that_closes_the_pipe_is_not_an_error() {
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
        assert_eq!(exit_with(ErrorKind::StorageFull), Exit::Error);
    }
}
