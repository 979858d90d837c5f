//! Overlays: new files next to the originals that contain the changes. The originals stay the same.
//!
//! The engine plans and proves the changes in memory as for every run. This module compares the
//! new text of each file with the original, and writes the difference to an overlay file. The
//! consumer merges the overlay over the originals: `compose` writes a file for `docker compose -f`,
//! and `kustomize` writes a strategic merge `patch` for `kubectl apply -k` and lists the patch in
//! the kustomization.
//!
//! The first line of an overlay says that harden wrote the file. Each run with `--overlay` writes
//! the whole overlay again and reads only the originals, so a second run writes the same bytes. A
//! run without `--overlay` updates an overlay that a kustomization lists: changes in the overlay
//! count as made, and new changes are added to it.

mod compose;
mod error;
mod home;
mod kustomize;
mod patch;
mod value;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

pub use self::error::OverlayError;
use crate::container::{Reason, Value, Words};
pub use crate::dialect::recognise::OVERLAY_MARK;
use crate::dialect::recognise::{is_overlay, recognise};
use crate::engine::outcome::{Change, FileOutcome, FileReport, Outcome, Report};
use crate::files::groups::kustomizations::Reader;
use crate::project::{Format, NotOurs, Surroundings, Unread};
use crate::proof;

/// The overlay sets what the file does not set.
static IN_OVERLAY: Words = Words::new("in-overlay", "The overlay {name} sets it.");
/// No overlay can make the change.
static NOT_IN_OVERLAY: Words = Words::new(
    "not-in-overlay",
    "An overlay cannot hold the change: {why}.",
);

/// The files whose changes move into overlays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All files.
    All,
    /// All files. They are one Compose project, merged in their order.
    Together,
    /// The files that a kustomization already patches with an overlay from harden. Compose
    /// overlays are left out: Compose reads them only with `-f`, which no file shows.
    Existing,
}

/// The results for files of one group, with overlays.
#[derive(Debug, Default)]
pub struct Overlaid {
    /// The report, in which the originals are unchanged and the overlays are further files.
    pub report: Report,
    /// The commands that read originals and overlays together, one for each project.
    pub commands: Vec<String>,
}

/// Whether a kustomization patches a changed file with an overlay from harden.
#[must_use]
pub fn is_applied(report: &Report, surroundings: &dyn Surroundings) -> bool {
    let mut directories = BTreeSet::new();
    let reader = Reader::new(surroundings);
    report.files.iter().any(|file| {
        let directory = file.path.parent().unwrap_or(Path::new(""));
        // Compose files have no kustomization. This check is cheaper than the search for one.
        matches!(file.outcome, FileOutcome::Changed(_))
            && file.source.contains("apiVersion")
            && directories.insert(directory)
            && home::is_patched(directory, &file.path, &reader)
    })
}

/// The Compose overlays of changed files. No file shows whether Compose reads them, so their
/// changes do not count as made.
#[must_use]
pub fn not_counted(report: &Report) -> Vec<PathBuf> {
    let with = |wanted: fn(&FileOutcome) -> bool| {
        let files = report.files.iter();
        files.filter(move |file| wanted(&file.outcome))
    };
    let ours = with(|one| matches!(one, FileOutcome::NotOurs(NotOurs::Overlay)));
    let ours: BTreeSet<&Path> = ours.map(|file| file.path.as_path()).collect();
    if ours.is_empty() {
        return Vec::new();
    }
    let changed = with(|one| matches!(one, FileOutcome::Changed(_)));
    let overlays = changed.map(|file| compose::overlay_path(&file.path));
    overlays
        .filter(|path| ours.contains(path.as_path()))
        .collect()
}

/// Moves the changes of a report into overlays. `surroundings` reads the existing overlays and
/// kustomizations.
#[must_use]
pub fn overlay(report: Report, extent: Extent, surroundings: &dyn Surroundings) -> Overlaid {
    let mut containers: Vec<Vec<usize>> = vec![Vec::new(); report.files.len()];
    for (at, container) in report.containers.iter().enumerate() {
        if let Some(its) = containers.get_mut(container.file) {
            its.push(at);
        }
    }
    let paths = report.files.iter().enumerate();
    let mut builder = OverlayBuilder {
        paths: paths
            .map(|(index, file)| (file.path.clone(), index))
            .rev()
            .collect(),
        containers,
        report,
        extent,
        surroundings,
        kustomizations: Reader::new(surroundings),
        commands: Vec::new(),
    };
    let formats: Vec<Option<Format>> = builder
        .report
        .files
        .iter()
        .map(|file| match &file.outcome {
            FileOutcome::Unchanged | FileOutcome::Changed(_) => recognise(&file.source, &[])
                .ok()
                .and_then(|recognised| match recognised.format {
                    // The configuration may declare that the kind has pods.
                    Err(NotOurs::NoPods) => Some(Format::KUBERNETES),
                    format => format.ok(),
                }),
            _ => None,
        })
        .collect();
    let of = |wanted| {
        let files = formats.iter().enumerate();
        let files = files.filter(move |(_, format)| **format == Some(wanted));
        files.map(|(index, _)| index).collect::<Vec<_>>()
    };
    if extent == Extent::Existing {
        kustomize::write(&mut builder, &of(Format::KUBERNETES));
        return builder.done();
    }
    for (index, format) in formats.iter().enumerate() {
        if format.is_none() {
            builder.decline(index, "its format has no overlay");
        }
    }
    compose::write(&mut builder, &of(Format::COMPOSE));
    kustomize::write(&mut builder, &of(Format::KUBERNETES));
    builder.done()
}

/// The report while changes move into overlays.
struct OverlayBuilder<'s> {
    report: Report,
    /// The positions of the files.
    paths: HashMap<PathBuf, usize>,
    /// The positions of the containers of each file.
    containers: Vec<Vec<usize>>,
    extent: Extent,
    surroundings: &'s dyn Surroundings,
    kustomizations: Reader<'s>,
    commands: Vec<String>,
}

impl OverlayBuilder<'_> {
    fn done(self) -> Overlaid {
        Overlaid {
            report: self.report,
            commands: self.commands,
        }
    }

    fn path(&self, index: usize) -> &Path {
        self.report
            .files
            .get(index)
            .map_or(Path::new(""), |file| &file.path)
    }

    /// The text that the engine would have written.
    fn changed(&self, index: usize) -> Option<&str> {
        match &self.report.files.get(index)?.outcome {
            FileOutcome::Changed(change) => Some(&change.text),
            _ => None,
        }
    }

    /// The current text of the file at the path, if the file exists. `from` is a file of the same
    /// project.
    fn existing(&self, from: &Path, path: &Path) -> Result<Option<String>, OverlayError> {
        match self.surroundings.read(from, path) {
            Ok(text) => Ok(Some(text)),
            Err(Unread::Missing) => Ok(None),
            Err(Unread::Outside | Unread::NotText) => Err(OverlayError::Foreign {
                path: self.surroundings.name(path),
            }),
        }
    }

    /// The current text of the overlay at the path, if the overlay exists.
    fn existing_overlay(&self, from: &Path, path: &Path) -> Result<Option<String>, OverlayError> {
        match self.existing(from, path)? {
            Some(text) if !is_overlay(&text) => Err(OverlayError::Foreign {
                path: self.surroundings.name(path),
            }),
            existing => Ok(existing),
        }
    }

    /// Records that all changes of this file are made in `overlay`. `is_there`: the overlay
    /// contains them already.
    fn move_to(&mut self, index: usize, overlay: &Path, is_there: bool) {
        let Some(file) = self.report.files.get_mut(index) else {
            return;
        };
        if !matches!(file.outcome, FileOutcome::Changed(_)) {
            return;
        }
        file.outcome = FileOutcome::Unchanged;
        if is_there {
            let why = Reason::new(&IN_OVERLAY).name(name_of(overlay));
            self.answer(index, &why, &Outcome::Hardened);
        }
    }

    /// Declines the changes of this file.
    fn decline(&mut self, index: usize, why: &str) {
        if self.changed(index).is_none() {
            return;
        }
        if let Some(file) = self.report.files.get_mut(index) {
            file.outcome = FileOutcome::Unchanged;
        }
        let why = Reason::new(&NOT_IN_OVERLAY).with("why", Value::Note(why.to_owned()));
        self.answer(index, &why, &Outcome::Declined);
    }

    /// Records that the changes of these files cannot be made. Only the first file gets the error.
    fn fail(&mut self, indices: &[usize], error: OverlayError) {
        let mut error = Some(error);
        for &index in indices {
            if self.changed(index).is_none() {
                continue;
            }
            match error.take() {
                Some(error) => {
                    if let Some(file) = self.report.files.get_mut(index) {
                        file.outcome = FileOutcome::Failed(error.into());
                    }
                }
                None => self.decline(index, "the overlay cannot be written"),
            }
        }
    }

    /// Replaces the outcome of every change of the file's containers.
    fn answer(&mut self, index: usize, why: &Reason, outcome: &Outcome) {
        for at in self.containers.get(index).into_iter().flatten() {
            let Some(container) = self.report.containers.get_mut(*at) else {
                continue;
            };
            container.caution = None;
            for row in &mut container.rows {
                if matches!(row.outcome, Outcome::Changed { .. }) {
                    row.outcome = outcome.clone();
                    row.reason = why.clone();
                    row.place = None;
                }
            }
        }
    }

    /// Adds an overlay or a kustomization to the report.
    fn put(&mut self, path: PathBuf, existing: Option<String>, text: String) {
        let (source, outcome) = match existing {
            None => (String::new(), FileOutcome::Created(text)),
            Some(old) if old == text => (old, FileOutcome::NotOurs(NotOurs::Overlay)),
            Some(old) => {
                let change = Change::between(&old, text);
                (old, FileOutcome::Changed(change))
            }
        };
        let known = self.paths.get(&path).copied();
        let next = self.report.files.len();
        match known.and_then(|index| self.report.files.get_mut(index)) {
            Some(file) => {
                file.source = source;
                if !matches!(
                    (&file.outcome, &outcome),
                    (FileOutcome::NotOurs(_), FileOutcome::NotOurs(_))
                ) {
                    file.outcome = outcome;
                }
            }
            None if matches!(outcome, FileOutcome::NotOurs(_)) => {}
            None => {
                self.paths.insert(path.clone(), next);
                self.report.files.push(FileReport {
                    path,
                    source,
                    outcome,
                });
            }
        }
    }
}

/// The last part of a path, for messages.
fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Checks that two parsers read the same values from the overlay.
fn prove(path: &Path, text: &str) -> Result<(), OverlayError> {
    let unproved = |why| OverlayError::Unproved(format!("{}: {why}", path.display()));
    proof::written(text).map(drop).map_err(unproved)
}
