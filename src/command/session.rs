//! A run over files, whatever the job: find them, process them on any core, print the results in
//! order, and end with a summary.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use rayon::iter::{ParallelBridge, ParallelIterator};

use super::exit::{Exit, UsageError};
use super::progress::{Bar, TICK};
use super::{Console, ignore_broken_pipe};
use crate::diagnostic::Diagnostic;
use crate::files::FileError;
use crate::files::groups;
use crate::files::walk::{self, Disk, Entry, Found};
use crate::project::Source;
use crate::report::diagnostic;

/// A job over files, with what it has gathered so far.
pub(super) trait Job {
    /// The result of processing one group of files.
    type Outcome: Send;

    /// Prints and counts the result of one group.
    fn take(&mut self, outcome: Self::Outcome, session: &mut Session<'_, '_>) -> io::Result<()>;

    /// Takes a file that could not be read.
    fn add_unread(&mut self, path: &Path, error: &FileError);

    /// Whether [`Job::take`] prints something.
    fn prints(&self, outcome: &Self::Outcome) -> bool;

    /// Writes what follows the last result.
    fn end(&mut self, _: &mut Session<'_, '_>) -> io::Result<()> {
        Ok(())
    }

    /// Writes the summary.
    fn write_summary(&mut self, out: &mut Vec<u8>, session: &Session<'_, '_>) -> io::Result<()>;
}

/// The files of one group, processed.
pub(super) struct Processed<T> {
    pub(super) outcome: T,
    /// Files of the group that could not be read.
    pub(super) unread: Vec<(PathBuf, FileError)>,
}

/// Which files a run is over.
#[derive(Clone, Copy)]
pub(super) enum Input<'i> {
    /// Files, and directories to walk; none means the current directory.
    Paths(&'i [PathBuf]),
    /// The files of one Compose project, in this order.
    Project(&'i [PathBuf]),
}

/// One run over files or over standard input.
pub(super) struct Session<'s, 'c> {
    pub(super) console: &'s mut Console<'c>,
    pub(super) exit: Exit,
    /// A summary is wanted.
    sums_up: bool,
}

impl<'s, 'c> Session<'s, 'c> {
    pub(super) fn new(is_quiet: bool, console: &'s mut Console<'c>) -> Self {
        Self {
            console,
            exit: Exit::Success,
            sums_up: !is_quiet,
        }
    }

    /// Finds the files, processes them on any core, and takes the results in the order of the walk.
    pub(super) fn run_files<J: Job>(
        &mut self,
        input: Input<'_>,
        process: &(impl Fn(Vec<Entry>) -> Processed<J::Outcome> + Sync),
        job: &mut J,
    ) -> io::Result<()> {
        let (seen, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let disk = Disk {
            directory: self.console.directory.clone(),
        };
        let is_watched = self.sums_up && self.console.stderr_terminal.escape;
        let mut bar = Bar::new(is_watched);
        thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let (seen, is_over, disk) = (&seen, &is_over, &disk);
            scope.spawn(move || {
                let Found { groups, errors } = input.find(seen);
                let groups = groups::joined(groups, disk);
                let _ = send.send((0, None, errors, 0));
                let work = |send: &mut mpsc::Sender<_>, (nth, group): (usize, Vec<Entry>)| {
                    let len = group.len();
                    if !is_over.load(Ordering::Relaxed) {
                        let Processed { outcome, unread } = process(group);
                        // The receiver goes when the reader of standard output has gone.
                        let _ = send.send((nth + 1, Some(outcome), unread, len));
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
            let result = loop {
                match receive.recv_timeout(TICK) {
                    Ok((nth, outcome, unread, len)) => {
                        bar.processed += len;
                        early.insert(nth, (outcome, unread));
                        let mut taken = Ok(());
                        while let Some((outcome, unread)) = early.remove(&next) {
                            next += 1;
                            if !unread.is_empty()
                                || outcome.as_ref().is_some_and(|one| job.prints(one))
                            {
                                bar.clear(self.console.stderr);
                            }
                            taken = taken.and_then(|()| self.take(outcome, &unread, job));
                        }
                        if taken.is_err() {
                            is_over.store(true, Ordering::Relaxed);
                            break taken;
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break Ok(()),
                }
                bar.draw(seen.load(Ordering::Relaxed), self.console.stderr);
            };
            bar.clear(self.console.stderr);
            result
        })
    }

    fn take<J: Job>(
        &mut self,
        outcome: Option<J::Outcome>,
        unread: &[(PathBuf, FileError)],
        job: &mut J,
    ) -> io::Result<()> {
        for (path, error) in unread {
            job.add_unread(path, error);
            self.print_error(path, "", error)?;
        }
        outcome.map_or(Ok(()), |outcome| job.take(outcome, self))
    }

    /// Reads standard input. Where that fails, or `conflict` gives a reason not to, the error is
    /// printed and there is no summary.
    pub(super) fn read_stdin(
        &mut self,
        conflict: Option<&'static str>,
    ) -> io::Result<Option<Source>> {
        let read: Result<Source, Box<dyn Diagnostic>> = match conflict {
            Some(words) => Err(Box::new(UsageError(words))),
            None => {
                walk::read_stdin(&mut *self.console.stdin).map_err(|error| Box::new(error) as _)
            }
        };
        match read {
            Ok(source) => Ok(Some(source)),
            Err(error) => {
                self.sums_up = false;
                self.print_error(Path::new("-"), "", &*error)?;
                Ok(None)
            }
        }
    }

    /// Prints an error; the run ends with [`Exit::Error`].
    pub(super) fn print_error(
        &mut self,
        path: &Path,
        source: &str,
        error: &dyn Diagnostic,
    ) -> io::Result<()> {
        self.exit = Exit::Error;
        let terminal = self.console.stderr_terminal;
        diagnostic::write(&mut self.console.stderr, path, source, error, terminal)
    }

    /// The run ends with [`Exit::Changes`], unless it ends with [`Exit::Error`].
    pub(super) fn fail(&mut self) {
        self.exit = self.exit.max(Exit::Changes);
    }

    /// Writes the summary after the last line of the results, and gives the exit code.
    pub(super) fn end<J: Job>(&mut self, result: io::Result<()>, job: &mut J) -> io::Result<Exit> {
        let result = result
            .and_then(|()| job.end(self))
            .and_then(|()| self.console.stdout.flush())
            .and_then(|()| self.write_summary(job));
        let exit = self.exit;
        result
            .map(|()| exit)
            .or_else(|error| ignore_broken_pipe(error, exit))
    }

    fn write_summary<J: Job>(&mut self, job: &mut J) -> io::Result<()> {
        if !self.sums_up {
            return Ok(());
        }
        let mut text = Vec::new();
        job.write_summary(&mut text, self)?;
        self.console.stderr.write_all(&text)
    }
}

impl Input<'_> {
    fn find(self, seen: &AtomicUsize) -> Found {
        match self {
            Self::Paths([]) => walk::find(&[PathBuf::from(".")], seen),
            Self::Paths(paths) => walk::find(paths, seen),
            Self::Project(files) => walk::together(files, seen),
        }
    }
}

/// Whether the paths name standard input.
pub(super) fn reads_stdin(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path == Path::new("-"))
}

/// The reason not to read standard input where other paths are given too.
pub(super) fn conflict_with_files(paths: &[PathBuf]) -> Option<&'static str> {
    (paths.len() > 1).then_some("`-` reads standard input and cannot be combined with other paths")
}
