//! What is done with the files of one directory, on any core.

use std::path::{Path, PathBuf};

use super::session::Processed;
use crate::engine::outcome::{FileOutcome, FileReport, Report};
use crate::files::walk::{self, Disk, Entry};
use crate::files::write;
use crate::overlay;
use crate::overlay::Extent;
use crate::project::Source;
use crate::report::diff;
use crate::report::terminal::Terminal;
use crate::report::text::Mode;

/// The state that all workers share.
pub(super) struct Worker<'w, P> {
    pub(super) plan: &'w P,
    pub(super) mode: Mode,
    pub(super) overlays: bool,
    /// The files of a group are one Compose project (`-f a -f b`).
    pub(super) merges: bool,
    pub(super) directory: PathBuf,
    pub(super) terminal: Terminal,
}

impl<P: Fn(Vec<Source>) -> Report> Worker<'_, P> {
    pub(super) fn work(&self, group: Vec<Entry>) -> Processed<Done> {
        let mut done = Done::default();
        let mut unread = Vec::new();
        let mut sources = Vec::with_capacity(group.len());
        let group = if self.overlays && !self.merges {
            overlay::with_companions(group)
        } else {
            group
        };
        for entry in group {
            let path = entry.path.clone();
            match walk::read(entry) {
                Ok(source) => sources.extend(source),
                Err(error) => unread.push((path, error)),
            }
        }
        if self.overlays && self.merges {
            // It is made from the originals alone.
            let is_ours = |source: &Source| {
                std::str::from_utf8(&source.bytes).is_ok_and(crate::dialect::recognise::is_overlay)
            };
            sources.retain(|source| !is_ours(source));
        }
        done.report = (self.plan)(sources);
        let disk = Disk {
            directory: self.directory.clone(),
        };
        let extent = match (self.overlays, self.merges) {
            (true, true) => Some(Extent::Together),
            (true, false) => Some(Extent::All),
            (false, _) => overlay::stands(&done.report, &disk).then_some(Extent::Standing),
        };
        if let Some(extent) = extent {
            let overlaid = overlay::overlay(std::mem::take(&mut done.report), extent, &disk);
            (done.report, done.commands) = (overlaid.report, overlaid.commands);
        }
        done.not_counted = overlay::not_counted(&done.report);
        match self.mode {
            Mode::Write => {
                for file in &mut done.report.files {
                    let written = match &file.outcome {
                        FileOutcome::Changed(text) => {
                            write::replace(&file.path, file.source.as_bytes(), text.as_bytes())
                        }
                        FileOutcome::Created(text) => write::create(&file.path, text.as_bytes()),
                        _ => Ok(()),
                    };
                    if let Err(error) = written {
                        file.outcome = FileOutcome::Failed(error.into());
                    }
                }
            }
            Mode::Diff => done.diff = diff_of(&done.report, &self.directory, self.terminal),
            Mode::Check | Mode::Filter => {}
        }
        // The texts of a large walk are not kept for a summary that does not need them.
        for file in &mut done.report.files {
            match &mut file.outcome {
                FileOutcome::Failed(_) => {}
                FileOutcome::Changed(text) | FileOutcome::Created(text) => {
                    *text = String::new();
                    file.source = String::new();
                }
                FileOutcome::NotOurs(_) | FileOutcome::Read | FileOutcome::Unchanged => {
                    file.source = String::new();
                }
            }
        }
        Processed {
            outcome: done,
            unread,
        }
    }
}

/// What a worker made of the files of one directory.
#[derive(Default)]
pub(super) struct Done {
    pub(super) diff: Vec<u8>,
    pub(super) report: Report,
    pub(super) commands: Vec<String>,
    /// Overlays beside files that are changed all the same.
    pub(super) not_counted: Vec<PathBuf>,
}

impl Done {
    /// Something is said of it at once, and not only in the summary.
    pub(super) fn prints(&self) -> bool {
        let failed = |file: &FileReport| matches!(file.outcome, FileOutcome::Failed(_));
        !self.diff.is_empty() || self.report.files.iter().any(failed)
    }
}

pub(super) fn diff_of(report: &Report, directory: &Path, terminal: Terminal) -> Vec<u8> {
    let mut out = Vec::new();
    for file in &report.files {
        let (old, text) = match &file.outcome {
            FileOutcome::Changed(text) => (Some(file.source.as_str()), text),
            FileOutcome::Created(text) => (None, text),
            _ => continue,
        };
        // Writing to memory cannot fail.
        let _ = diff::write(&mut out, (&file.path, directory), old, text, terminal);
    }
    out
}
