//! Processes the files of one group, on any core.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::session::{Processed, Take};
use crate::engine::Run;
use crate::engine::outcome::{Change, FileOutcome, FileReport, Report};
use crate::files::groups::Part;
use crate::files::stream::{Cut, Piece, Spool};
use crate::files::walk::Disk;
use crate::files::{Names, interrupt, write};
use crate::overlay;
use crate::overlay::Extent;
use crate::project::Source;
use crate::report::reporter::{Group, Mode, Renderer};

/// The state that all workers share.
pub(super) struct Worker<'w, P> {
    pub(super) plan: &'w P,
    pub(super) mode: Mode,
    pub(super) overlays: bool,
    /// The files of a group are one Compose project (`-f a -f b`).
    pub(super) merges: bool,
    pub(super) directory: PathBuf,
    pub(super) names: Arc<Names>,
    /// The parts of the reports that any core can do.
    pub(super) renderers: Vec<Option<Renderer>>,
    /// A reporter needs the texts of files later, too.
    pub(super) keeps_texts: bool,
}

/// Plans the files of a group.
pub(super) trait Planner: Sync {
    /// The results for a stream, piece by piece. A piece that fails is the last one.
    fn stream(
        &self,
        input: &mut Spool,
        take: &mut dyn FnMut(Piece) -> io::Result<()>,
    ) -> io::Result<()>;

    /// The report in parts, each with its number in the order of the files. `is_whole` asks for
    /// one part.
    fn parts(&self, sources: Vec<Source>, is_whole: bool, take: &(dyn Fn(usize, Part) + Sync));
}

impl Planner for Run<'_> {
    fn stream(
        &self,
        input: &mut Spool,
        take: &mut dyn FnMut(Piece) -> io::Result<()>,
    ) -> io::Result<()> {
        self.stream(input, Cut::default(), take)
    }

    fn parts(&self, sources: Vec<Source>, is_whole: bool, take: &(dyn Fn(usize, Part) + Sync)) {
        self.parts(sources, is_whole, take);
    }
}

impl<P: Planner> Worker<'_, P> {
    /// Plans the files of a group, and prints or writes them.
    pub(super) fn work(&self, mut sources: Vec<Source>, take: &Take<'_, Done>) {
        if self.overlays && self.merges {
            // An overlay is computed only from the originals.
            let is_ours = |source: &Source| {
                std::str::from_utf8(&source.bytes).is_ok_and(crate::dialect::recognise::is_overlay)
            };
            sources.retain(|source| !is_ours(source));
        }
        self.plan.parts(sources, self.overlays, &|number, part| {
            let is_given = |file: &&FileReport| !matches!(file.outcome, FileOutcome::Read);
            let files = part.report.files.iter().filter(is_given).count();
            let outcome = self.finish(part);
            take(number, Processed { outcome, files });
        });
    }

    fn finish(&self, part: Part) -> Done {
        let Part { report, is_group } = part;
        let mut results = Group {
            report,
            ..Group::default()
        };
        if is_group {
            self.overlay(&mut results);
        }
        if self.mode == Mode::Write {
            write_files(&mut results.report, &self.names);
        }
        for file in &mut results.report.files {
            file.path = self.names.of(&file.path);
        }
        for path in &mut results.not_counted {
            *path = self.names.of(path);
        }
        Done::render(results, &self.renderers, self.keeps_texts)
    }

    /// Moves changes into overlays, with `--overlay` or if a kustomization uses an overlay already.
    fn overlay(&self, results: &mut Group) {
        let disk = Disk::new(&self.directory);
        let extent = match (self.overlays, self.merges) {
            (true, true) => Some(Extent::Together),
            (true, false) => Some(Extent::All),
            (false, _) => overlay::is_applied(&results.report, &disk).then_some(Extent::Existing),
        };
        if let Some(extent) = extent {
            let overlaid = overlay::overlay(std::mem::take(&mut results.report), extent, &disk);
            (results.report, results.commands) = (overlaid.report, overlaid.commands);
        }
        results.not_counted = overlay::not_counted(&results.report);
    }
}

/// Writes the files that change. A file that cannot be written has failed.
fn write_files(report: &mut Report, names: &Names) {
    for file in &mut report.files {
        let written = match &file.outcome {
            FileOutcome::Changed(change) => {
                let (old, new) = (file.source.as_bytes(), change.text.as_bytes());
                write::replace(&file.path, old, new)
            }
            FileOutcome::Created(text) => write::create(&file.path, text.as_bytes()),
            _ => Ok(()),
        };
        if let Err(error) = written {
            file.outcome = FileOutcome::Failed(names.in_error(error).into());
        }
        interrupt::processed(&file.path);
    }
}

/// The results for files that come one after the other, rendered.
pub(super) struct Done {
    pub(super) results: Group,
    /// The output of each renderer.
    pub(super) rendered: Vec<Vec<u8>>,
}

impl Done {
    /// Renders the results. Then drops the texts, unless a reporter needs them later, because a
    /// large walk must not keep all texts in memory.
    pub(super) fn render(
        mut results: Group,
        renderers: &[Option<Renderer>],
        keeps_texts: bool,
    ) -> Self {
        let render = |one: &Option<Renderer>| one.as_ref().map(|render| render(&results));
        let rendered = renderers.iter().map(render);
        let rendered = rendered.map(Option::unwrap_or_default).collect();
        if !keeps_texts {
            results.report.files.iter_mut().for_each(forget_text);
        }
        Self { results, rendered }
    }

    pub(super) fn has_failures(&self) -> bool {
        let failed = |file: &FileReport| matches!(file.outcome, FileOutcome::Failed(_));
        self.results.report.files.iter().any(failed)
    }
}

fn forget_text(file: &mut FileReport) {
    match &mut file.outcome {
        // Its error shows a part of the text.
        FileOutcome::Failed(_) => return,
        FileOutcome::Changed(change) => *change = Change::default(),
        FileOutcome::Created(text) => *text = String::new(),
        FileOutcome::NotOurs(_) | FileOutcome::Read | FileOutcome::Unchanged => {}
    }
    file.source = String::new();
}
