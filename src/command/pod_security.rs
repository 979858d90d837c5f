//! `harden pod-security`: judges every pod and changes nothing.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::base::Base;
use super::exit::{Exit, NothingJudged, UnusableFile, UsageError};
use super::options::{Options, failing};
use super::session::{
    Input, Job, Processed, Session, Take, conflict_with_files, names_files, reads_stdin,
};
use super::{Console, unusable};
use crate::command::cli::{Cli, PodSecurity};
use crate::config::FailOn;
use crate::dialect::{is_kustomization, kubernetes};
use crate::files::groups::{self, charts, kustomizations::Patches};
use crate::files::walk::{self, Disk};
use crate::files::{Excluded, FileError, Standing};
use crate::pod_security::{Content, FileJudgement, Standard, Verdict, judge};
use crate::project::{CustomResource, NotOurs, Source, State, Surroundings};
use crate::report::pod_security::{PodSecuritySummary, write_violations};
use crate::report::terminal::path_text;

/// Prints broken rules to standard output and everything else to standard error.
pub(super) fn run(asked: &PodSecurity, cli: &Cli, console: &mut Console<'_>) -> io::Result<Exit> {
    let directory = console.directory.clone();
    let gate = &cli.harden.gate;
    let read = Base::open(gate.base.as_deref(), &asked.paths, &directory).and_then(|base| {
        let options = Options::read(&cli.harden, &directory, base.as_ref())?;
        Ok((base, options))
    });
    let (base, options) = match read {
        Ok(read) => read,
        Err(file) => return unusable(&[file], console),
    };
    let reads_stdin = reads_stdin(&asked.paths);
    if base.is_some() && reads_stdin {
        let error = UsageError("--base needs files; `-` reads standard input");
        return unusable(&[UnusableFile::unread(PathBuf::new(), error)], console);
    }
    let (standard, custom_resources) = (asked.standard, options.custom_resources.as_slice());
    let fail_on = asked.fail_on.clone().unwrap_or(options.fail_on);
    let mut job = PodSecurityJob {
        fail_on: failing(Some(fail_on), asked.allow_unread),
        summary: PodSecuritySummary::new(standard, cli.output.verbose),
        can_be_empty: gate.allow_empty
            || base.is_some()
            || reads_stdin
            || names_files(&asked.paths, &directory),
    };
    let revision = base.map(|base| base.revision);
    if let Some(revision) = &revision {
        job.summary.set_base(revision, &options.notes);
    }
    let mut session = Session::new(cli.output.quiet, console);
    session.base = revision;
    let result = if reads_stdin {
        let conflict = conflict_with_files(&asked.paths);
        let read = session.read_stdin(conflict, |stdin| walk::read_stdin(stdin));
        read.and_then(|source| {
            let judgement = source.map(|source| judge(source, standard, custom_resources));
            job.take(judgement.into_iter().collect(), &mut session)
        })
    } else {
        let disk = Disk::new(&session.console.directory);
        let names = Arc::clone(&session.names);
        let process = |sources, take: &Take<'_, Vec<FileJudgement>>| {
            let mut outcome = judge_group(sources, standard, custom_resources, &disk);
            for file in &mut outcome {
                file.path = names.of(&file.path);
            }
            let files = outcome.len();
            take(0, Processed { outcome, files });
        };
        let input = Input::Paths {
            paths: &asked.paths,
            with_companions: false,
        };
        session.run_files(input, &process, &mut job)
    };
    session.end(result, &mut job)
}

/// A kustomization and the patches that it lists are in one group.
fn judge_group(
    sources: Vec<Source>,
    standard: Standard,
    custom_resources: &[CustomResource],
    disk: &Disk,
) -> Vec<FileJudgement> {
    let judge = |source| judge(source, standard, custom_resources);
    let mut judged: Vec<FileJudgement> = if groups::is_large(sources.len()) {
        sources.into_par_iter().map(judge).collect()
    } else {
        sources.into_iter().map(judge).collect()
    };
    let files = judged.iter();
    let files = files.map(|one| (one.path.as_path(), Some(one.source.as_str())));
    let patches = Patches::of(files, disk);
    for judgement in &mut judged {
        charts::mark(&mut judgement.unread, &judgement.path, disk);
        if is_kustomization(&judgement.path) {
            let parts = kubernetes::unevaluated(&judgement.path, &judgement.source, disk, false);
            judgement.unread.extend(parts);
        }
        let content = &mut judgement.content;
        if let Content::NotOurs(why @ NotOurs::Braces) = content
            && charts::is_template(&judgement.path, &judgement.source, disk)
        {
            *why = NotOurs::Template;
        }
    }
    let places: HashSet<PathBuf> = judged.iter().map(|one| disk.place(&one.path)).collect();
    let inline = patches.inline.iter().filter_map(|patch| {
        // Only the patches of the given kustomizations are judged.
        places.get(&disk.place(&patch.path))?;
        let source = Source {
            path: patch.path.clone(),
            bytes: patch.content.text.clone().into_bytes(),
        };
        let judged = judge(source).as_patch();
        judged.of_violations(|line| patch.content.line(line))
    });
    let inline: Vec<FileJudgement> = inline.collect();
    let is_listed = |one: &FileJudgement| patches.targets(&disk.place(&one.path)).is_some();
    let judged = judged.into_iter();
    judged
        .map(|one| if is_listed(&one) { one.as_patch() } else { one })
        .chain(inline)
        .collect()
}

/// The results of one run.
struct PodSecurityJob {
    /// What makes the run fail, besides broken rules.
    fail_on: Vec<FailOn>,
    /// A run that finds no pod is no error.
    can_be_empty: bool,
    summary: PodSecuritySummary,
}

impl Job for PodSecurityJob {
    type Outcome = Vec<FileJudgement>;

    fn take(
        &mut self,
        judged: Vec<FileJudgement>,
        session: &mut Session<'_, '_>,
    ) -> io::Result<()> {
        for file in &judged {
            self.summary.add(file);
            let parts = file.unread.iter().map(|part| part.state);
            let whole = match &file.content {
                Content::NotOurs(why) => Some(why.state()),
                _ => None,
            };
            let fails = |state| match state {
                State::Unread => self.fail_on.contains(&FailOn::Unread),
                State::Template => self.fail_on.contains(&FailOn::Templates),
                State::Skipped => false,
            };
            if parts.chain(whole).any(fails) {
                session.fail();
            }
            match &file.content {
                Content::Pods(pods) => {
                    for pod in pods {
                        match &pod.verdict {
                            Verdict::Breaks(broken) => {
                                session.fail();
                                let terminal = session.console.stdout_terminal;
                                let out = &mut session.console.stdout;
                                write_violations(out, &file.path, &pod.workload, broken, terminal)?;
                            }
                            Verdict::Rejected(rejections) => {
                                for rejection in rejections {
                                    session.print_error(&file.path, &file.source, rejection)?;
                                }
                            }
                            Verdict::Passes | Verdict::NotJudged(_) => {}
                        }
                    }
                }
                Content::Failed(error) => session.print_error(&file.path, &file.source, error)?,
                Content::Compose | Content::NotOurs(_) => {}
            }
        }
        Ok(())
    }

    fn add_unread(&mut self, _: &Path, _: &FileError) {
        self.summary.add_failure();
    }

    fn add_left_alone(&mut self, paths: Vec<(PathBuf, &'static str)>) -> bool {
        let is_any = !paths.is_empty();
        for (path, why) in paths {
            self.summary.add_unread(path_text(&path), why.to_owned());
        }
        is_any && self.fail_on.contains(&FailOn::Unread)
    }

    fn add_excluded(&mut self, lines: Vec<Excluded>, session: &mut Session<'_, '_>) {
        let adds_policy = lines.iter().any(|one| one.standing == Standing::Added);
        if adds_policy && self.fail_on.contains(&FailOn::Policy) {
            session.fail();
        }
        self.summary.add_excluded(lines);
    }

    fn prints(&self, judged: &Vec<FileJudgement>) -> bool {
        judged.iter().any(|file| match &file.content {
            Content::Pods(pods) => pods
                .iter()
                .any(|pod| matches!(pod.verdict, Verdict::Breaks(_) | Verdict::Rejected(_))),
            Content::Failed(_) => true,
            Content::Compose | Content::NotOurs(_) => false,
        })
    }

    fn end(&mut self, session: &mut Session<'_, '_>) -> io::Result<()> {
        let is_empty = self.summary.judged() == 0;
        if is_empty && !self.can_be_empty && session.exit == Exit::Success {
            session.print_error(Path::new(""), "", &NothingJudged)?;
        }
        Ok(())
    }

    fn write_summary(&mut self, out: &mut Vec<u8>, session: &Session<'_, '_>) -> io::Result<()> {
        if self.summary.is_only_failures() {
            return Ok(());
        }
        self.summary.write(out, session.console.stderr_terminal)
    }
}
