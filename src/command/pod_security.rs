//! `--pod-security`: every pod is judged and nothing is changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::orders::Orders;
use super::{Console, gone, unusable};
use crate::command::cli::Cli;
use crate::dialect::kubernetes::kustomization;
use crate::error::{Error, Exit};
use crate::files::walk::{self, Disk, Entry};
use crate::pod_security::{Content, FileJudgement, Standard, Verdict, judge as judge_file};
use crate::project::{CustomResource, NotOurs, Surroundings};
use crate::report::pod_security::{Summary, write_violations};
use crate::report::trouble;

/// Broken rules to standard output, everything else to standard error.
pub(super) fn judge(standard: Standard, cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let orders = match Orders::read(&cli.harden, &console.directory) {
        Ok(orders) => orders,
        Err(trouble) => return unusable(&[*trouble], console),
    };
    let mut session = Session {
        custom_resources: &orders.custom_resources,
        summary: Summary::new(standard, cli.output.verbose),
        exit: Exit::Done,
        console,
    };
    let (judged, unread) = session.read(&cli.harden.paths);
    let said = session.say(&judged, &unread, !cli.output.quiet);
    let exit = session.exit;
    said.map(|()| exit).or_else(|error| gone(error, exit))
}

struct Session<'s, 'c> {
    custom_resources: &'s [CustomResource],
    summary: Summary,
    exit: Exit,
    console: &'s mut Console<'c>,
}

/// The judgements in the order of the walk, and what could not be read.
type Read = (Vec<FileJudgement>, Vec<(PathBuf, Error)>);

impl Session<'_, '_> {
    fn read(&mut self, paths: &[PathBuf]) -> Read {
        let standard = self.summary.standard();
        let custom_resources = self.custom_resources;
        let dash = Path::new("-");
        if paths.iter().any(|path| path == dash) {
            if paths.len() > 1 {
                let error = Error::Usage("- stands alone: standard input and files are not mixed");
                return (Vec::new(), vec![(dash.to_owned(), error)]);
            }
            return match walk::read_stdin(&mut *self.console.stdin) {
                Ok(source) => (
                    vec![judge_file(source, standard, custom_resources)],
                    Vec::new(),
                ),
                Err(error) => (Vec::new(), vec![(dash.to_owned(), error)]),
            };
        }
        let here = [PathBuf::from(".")];
        let paths = if paths.is_empty() { &here } else { paths };
        let found = walk::find(paths, &AtomicUsize::new(0));
        let entries: Vec<Entry> = found.groups.into_iter().flatten().collect();
        let read: Vec<Result<FileJudgement, (PathBuf, Error)>> = entries
            .into_par_iter()
            .filter_map(|entry| {
                let path = entry.path.clone();
                match walk::read(entry) {
                    Ok(source) => Some(Ok(judge_file(source?, standard, custom_resources))),
                    Err(error) => Some(Err((path, error))),
                }
            })
            .collect();
        let disk = Disk {
            directory: self.console.directory.clone(),
        };
        let files = read.iter().flatten();
        let files = files.map(|one| (one.path.as_path(), Some(one.source.as_str())));
        let patches = kustomization::Patches::of(files, &disk);
        let mut judged = Vec::with_capacity(read.len());
        let mut unread = found.errors;
        for one in read {
            match one {
                Ok(mut judgement) => {
                    if patches.targets(&disk.place(&judgement.path)).is_some() {
                        judgement.content = Content::NotOurs(NotOurs::Patch);
                    }
                    judged.push(judgement);
                }
                Err(failure) => unread.push(failure),
            }
        }
        (judged, unread)
    }

    fn say(
        &mut self,
        judged: &[FileJudgement],
        unread: &[(PathBuf, Error)],
        sums_up: bool,
    ) -> io::Result<()> {
        for (path, error) in unread {
            self.summary.add_failure();
            self.trouble(path, "", error)?;
        }
        judged.iter().try_for_each(|file| self.take(file))?;
        self.console.stdout.flush()?;
        if !sums_up || judged.is_empty() && !unread.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        self.summary
            .write(&mut text, self.console.stderr_terminal)?;
        self.console.stderr.write_all(&text)
    }

    fn take(&mut self, file: &FileJudgement) -> io::Result<()> {
        self.summary.add(file);
        match &file.content {
            Content::Pods(pods) => {
                for pod in pods {
                    match &pod.verdict {
                        Verdict::Breaks(broken) => {
                            self.exit = self.exit.max(Exit::Changes);
                            let terminal = self.console.stdout_terminal;
                            let out = &mut self.console.stdout;
                            write_violations(out, &file.path, &pod.workload, broken, terminal)?;
                        }
                        Verdict::Rejected(rejections) => {
                            for rejection in rejections {
                                let error = Error::Rejected(rejection.clone());
                                self.trouble(&file.path, &file.source, &error)?;
                            }
                        }
                        Verdict::Passes | Verdict::NotJudged(_) => {}
                    }
                }
                Ok(())
            }
            Content::Failed(error) => self.trouble(&file.path, &file.source, error),
            Content::Compose | Content::NotOurs(_) => Ok(()),
        }
    }

    fn trouble(&mut self, path: &Path, source: &str, error: &Error) -> io::Result<()> {
        self.exit = Exit::Trouble;
        let terminal = self.console.stderr_terminal;
        trouble::write(&mut self.console.stderr, path, source, error, terminal)
    }
}
