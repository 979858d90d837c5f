//! A run over files, whatever the job: find them, process them on any core, print the results in
//! order, and end with a summary.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use rayon::iter::{ParallelBridge, ParallelIterator};

use super::exit::{Exit, UsageError};
use super::progress::{Bar, TICK};
use super::{Console, ignore_broken_pipe};
use crate::diagnostic::Diagnostic;
use crate::files::groups::{self, Group};
use crate::files::walk::{self, Disk, Found};
use crate::files::{Excluded, FileError, Names, Revision, interrupt};
use crate::project::Source;
use crate::report::diagnostic;

/// A job over files, with the results so far.
pub(super) trait Job {
    /// The result of processing one group of files.
    type Outcome: Send;

    /// Prints and counts the result of one group.
    fn take(&mut self, outcome: Self::Outcome, session: &mut Session<'_, '_>) -> io::Result<()>;

    /// Takes a file that could not be read.
    fn add_unread(&mut self, path: &Path, error: &FileError);

    /// Takes paths that were left alone although a consumer could take them, each with the reason.
    /// Returns whether the run fails for them.
    fn add_left_alone(&mut self, paths: Vec<(PathBuf, &'static str)>) -> bool;

    /// Takes what the ignore files excluded from the walk.
    fn add_excluded(&mut self, lines: Vec<Excluded>, session: &mut Session<'_, '_>);

    /// Whether [`Job::take`] prints something.
    fn prints(&self, outcome: &Self::Outcome) -> bool;

    /// Writes what follows the last result.
    fn end(&mut self, _: &mut Session<'_, '_>) -> io::Result<()> {
        Ok(())
    }

    /// Writes the summary.
    fn write_summary(&mut self, out: &mut Vec<u8>, session: &Session<'_, '_>) -> io::Result<()>;
}

/// Files of one group, processed.
pub(super) struct Processed<T> {
    pub(super) outcome: T,
    /// How many they are.
    pub(super) files: usize,
}

/// Takes the results of a group, in parts: each with its number in the order of the files.
pub(super) type Take<'t, T> = dyn Fn(usize, Processed<T>) + Sync + 't;

/// Which files a run is over.
#[derive(Clone, Copy)]
pub(super) enum Input<'i> {
    /// Files, and directories to walk; none means the current directory.
    Paths {
        paths: &'i [PathBuf],
        /// Also reads the files that Compose merges with these.
        with_companions: bool,
    },
    /// The files of one Compose project, in this order.
    Project(&'i [PathBuf]),
}

/// One run over files or over standard input.
pub(super) struct Session<'s, 'c> {
    pub(super) console: &'s mut Console<'c>,
    pub(super) exit: Exit,
    /// The revision whose ignore files apply.
    pub(super) base: Option<Arc<Revision>>,
    /// A summary is wanted.
    sums_up: bool,
    /// The run writes files, so an interruption tells which ones it wrote.
    pub(super) writes: bool,
    /// Names the files for reports and errors.
    pub(super) names: Arc<Names>,
}

impl<'s, 'c> Session<'s, 'c> {
    pub(super) fn new(is_quiet: bool, console: &'s mut Console<'c>) -> Self {
        Self {
            names: Arc::new(Names::new(&console.directory)),
            console,
            exit: Exit::Success,
            base: None,
            sums_up: !is_quiet,
            writes: false,
        }
    }

    /// Finds the files, processes them on any core, and takes the results in the order of the walk.
    pub(super) fn run_files<J: Job>(
        &mut self,
        input: Input<'_>,
        process: &(impl Fn(Vec<Source>, &Take<'_, J::Outcome>) + Sync),
        job: &mut J,
    ) -> io::Result<()> {
        let (seen, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let disk = Disk::new(&self.console.directory);
        let is_watched = self.sums_up && self.console.stderr_terminal.escape;
        let mut bar = Bar::new(is_watched);
        let writes = self.writes;
        thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let (seen, is_over, disk) = (&seen, &is_over, &disk);
            let base = self.base.clone();
            scope.spawn(move || {
                let (
                    groups,
                    Found {
                        errors,
                        excluded,
                        left_alone,
                        ..
                    },
                ) = input.read(seen, disk, base.as_ref());
                if writes {
                    let sources = groups.iter().flat_map(|group| &group.sources);
                    interrupt::expect(sources.map(|source| source.path.as_path()));
                }
                // The receiver is dropped when the reader of standard output closes it.
                let send = |message: Message<J::Outcome>| _ = send.send(message);
                send(Message::unread(0, errors));
                send(Message::excluded(excluded));
                send(Message::left_alone(left_alone));
                send(Message::end(0, 3));
                run_groups(groups, &|number, group| {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let number = number + 1;
                    send(Message::unread(number, group.unread));
                    let parts = AtomicUsize::new(1);
                    process(group.sources, &|part, processed| {
                        parts.fetch_add(1, Ordering::Relaxed);
                        send(Message::part(number, part + 1, processed));
                    });
                    send(Message::end(number, parts.into_inner()));
                });
            });
            let mut order = Order::new();
            let result = loop {
                match receive.recv_timeout(TICK) {
                    Ok(message) => {
                        if let Content::Part(processed) = &message.content {
                            bar.processed += processed.files;
                        }
                        order.add(message);
                        let mut taken = Ok(());
                        while let Some(content) = order.next() {
                            taken = taken.and_then(|()| self.take(content, &mut bar, job));
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
        content: Content<J::Outcome>,
        bar: &mut Bar,
        job: &mut J,
    ) -> io::Result<()> {
        match content {
            Content::Unread(files) => {
                for (path, error) in files {
                    bar.clear(self.console.stderr);
                    let (path, error) = (self.names.of(&path), self.names.in_error(error));
                    job.add_unread(&path, &error);
                    self.print_error(&path, "", &error)?;
                }
                Ok(())
            }
            Content::LeftAlone(paths) => {
                if job.add_left_alone(paths) {
                    self.fail();
                }
                Ok(())
            }
            Content::Excluded(lines) => {
                job.add_excluded(lines, self);
                Ok(())
            }
            Content::Part(Processed { outcome, .. }) => {
                if job.prints(&outcome) {
                    bar.clear(self.console.stderr);
                }
                job.take(outcome, self)
            }
            Content::End => Ok(()),
        }
    }

    /// Reads standard input. Where that fails, or `conflict` gives a reason not to, the error is
    /// printed and there is no summary.
    pub(super) fn read_stdin<T>(
        &mut self,
        conflict: Option<&'static str>,
        read: impl FnOnce(&mut dyn Read) -> Result<T, FileError>,
    ) -> io::Result<Option<T>> {
        let read: Result<T, Box<dyn Diagnostic>> = match conflict {
            Some(words) => Err(Box::new(UsageError(words))),
            None => read(&mut *self.console.stdin).map_err(|error| Box::new(error) as _),
        };
        match read {
            Ok(input) => Ok(Some(input)),
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
    /// The files in groups, and the rest of what was found.
    fn read(
        self,
        seen: &AtomicUsize,
        disk: &Disk,
        base: Option<&Arc<Revision>>,
    ) -> (Vec<Group>, Found) {
        match self {
            Self::Paths {
                paths,
                with_companions,
            } => {
                let here = [PathBuf::from(".")];
                let paths = if paths.is_empty() { &here } else { paths };
                let mut found = walk::find_with(paths, base, seen);
                let files = std::mem::take(&mut found.files);
                (groups::read(files, with_companions, disk), found)
            }
            Self::Project(files) => {
                let mut found = walk::together(files, seen);
                let files = std::mem::take(&mut found.files);
                (groups::read_project(files), found)
            }
        }
    }
}

/// Processes the groups in order: small groups in parallel, and a large group separately, because
/// it keeps every core busy.
fn run_groups(groups: Vec<Group>, work: &(impl Fn(usize, Group) + Sync)) {
    let mut groups = groups.into_iter().enumerate().peekable();
    while let Some((number, group)) = groups.next() {
        if group.is_large() {
            work(number, group);
            continue;
        }
        let mut small = vec![(number, group)];
        small.extend(std::iter::from_fn(|| {
            groups.next_if(|(_, group)| !group.is_large())
        }));
        let is_one = small.len() == 1;
        let small = small.into_iter();
        if is_one {
            // Starting the threads takes longer than most files.
            small.for_each(|(number, group)| work(number, group));
        } else {
            small
                .par_bridge()
                .for_each(|(number, group)| work(number, group));
        }
    }
}

/// A message from a worker.
struct Message<T> {
    group: usize,
    /// The number of the message within its group.
    number: usize,
    content: Content<T>,
}

enum Content<T> {
    /// Files that could not be found or read.
    Unread(Vec<(PathBuf, FileError)>),
    /// The lines of ignore files that excluded something.
    Excluded(Vec<Excluded>),
    /// Paths that were left alone although a consumer could take them.
    LeftAlone(Vec<(PathBuf, &'static str)>),
    Part(Processed<T>),
    /// The last message of the group.
    End,
}

impl<T> Message<T> {
    /// The first message of a group.
    fn unread(group: usize, files: Vec<(PathBuf, FileError)>) -> Self {
        Self {
            group,
            number: 0,
            content: Content::Unread(files),
        }
    }

    /// The second message of the first group.
    fn excluded(lines: Vec<Excluded>) -> Self {
        Self {
            group: 0,
            number: 1,
            content: Content::Excluded(lines),
        }
    }

    fn left_alone(paths: Vec<(PathBuf, &'static str)>) -> Self {
        Self {
            group: 0,
            number: 2,
            content: Content::LeftAlone(paths),
        }
    }

    fn part(group: usize, number: usize, part: Processed<T>) -> Self {
        Self {
            group,
            number,
            content: Content::Part(part),
        }
    }

    fn end(group: usize, number: usize) -> Self {
        Self {
            group,
            number,
            content: Content::End,
        }
    }
}

/// Puts messages in order.
struct Order<T> {
    waiting: BTreeMap<(usize, usize), Content<T>>,
    next: (usize, usize),
}

impl<T> Order<T> {
    fn new() -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: (0, 0),
        }
    }

    fn add(&mut self, message: Message<T>) {
        let place = (message.group, message.number);
        self.waiting.insert(place, message.content);
    }

    /// The next message, if it is there.
    fn next(&mut self) -> Option<Content<T>> {
        let content = self.waiting.remove(&self.next)?;
        self.next = match content {
            Content::End => (self.next.0 + 1, 0),
            _ => (self.next.0, self.next.1 + 1),
        };
        Some(content)
    }
}

/// Whether the paths name standard input.
pub(super) fn reads_stdin(paths: &[PathBuf]) -> bool {
    paths.iter().any(|path| path == Path::new("-"))
}

/// Whether all paths are files that the call names one by one. Such a list may have nothing to
/// check, for example in a hook.
pub(super) fn names_files(paths: &[PathBuf], directory: &Path) -> bool {
    let is_directory = |path: &PathBuf| directory.join(path).is_dir();
    !paths.is_empty() && !paths.iter().any(is_directory)
}

/// The reason not to read standard input where other paths are given too.
pub(super) fn conflict_with_files(paths: &[PathBuf]) -> Option<&'static str> {
    (paths.len() > 1).then_some("`-` reads standard input and cannot be combined with other paths")
}
