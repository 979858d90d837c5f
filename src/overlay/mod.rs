//! Hardening in a file of its own, beside originals that stay as they are.
//!
//! The engine plans and proves in memory as ever. Here what it would have written is compared with
//! what stands there, and the difference becomes a file that the consumer lays over the originals:
//! `compose` writes one that `docker compose -f` merges, `kustomize` one that `kubectl apply -k` takes
//! in as a strategic merge `patch`, with the entry for it in the kustomization.
//!
//! An overlay is wholly ours, which its first line says. It is written anew by each run that asks
//! for it, from the originals alone, so that a second run writes the same bytes. A run that does not
//! ask takes it for what it is where its consumer applies it by itself: its changes count as made,
//! and what it lacks is added to it.

mod compose;
mod error;
mod home;
mod kustomize;
mod patch;
mod value;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub use self::error::OverlayError;
use crate::container::{Reason, Value, Words};
pub use crate::dialect::recognise::OVERLAY_MARK;
use crate::dialect::recognise::{is_overlay, recognise};
use crate::engine::outcome::{Change, ContainerReport, FileOutcome, FileReport, Outcome, Report};
use crate::project::{Format, NotOurs, Surroundings, Unread};
use crate::proof;

/// An overlay has what the file lacks.
static IN_OVERLAY: Words = Words::new("in-overlay", "The overlay {name} sets it.");
/// No overlay can have the change.
static NOT_IN_OVERLAY: Words = Words::new(
    "not-in-overlay",
    "An overlay cannot hold the change: {why}.",
);

/// Whose changes move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those of all files.
    All,
    /// Those of all files, which are one Compose project, merged in their order.
    Together,
    /// Those of the files that an overlay of ours is laid over already, whoever reads them: a
    /// kustomization names it. Compose reads its overlay where `-f` says so, which no file tells.
    Standing,
}

/// What became of the files of one directory.
#[derive(Debug, Default)]
pub struct Overlaid {
    /// The same report, where the originals are unchanged and the overlays are files of their own.
    pub report: Report,
    /// The commands that read originals and overlays together, one a project.
    pub commands: Vec<String>,
}

/// Whether an overlay of ours is laid over a file that would be changed.
#[must_use]
pub fn stands(report: &Report, surroundings: &dyn Surroundings) -> bool {
    let mut directories = BTreeSet::new();
    report.files.iter().any(|file| {
        let directory = file.path.parent().unwrap_or(Path::new(""));
        // Compose files have none, and looking for one costs more than looking at them.
        matches!(file.outcome, FileOutcome::Changed(_))
            && file.source.contains("apiVersion")
            && directories.insert(directory)
            && home::is_patched(directory, &file.path, surroundings)
    })
}

/// The overlays for Compose that stand beside files that would be changed. Nothing says that they
/// are read.
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
    let overlays = changed.map(|file| compose::beside(&file.path));
    overlays
        .filter(|path| ours.contains(path.as_path()))
        .collect()
}

/// Moves the changes of a report into overlays. `surroundings` gives what lies beside the files.
#[must_use]
pub fn overlay(report: Report, extent: Extent, surroundings: &dyn Surroundings) -> Overlaid {
    let mut desk = Desk {
        report,
        extent,
        surroundings,
        commands: Vec::new(),
    };
    let formats: Vec<Option<Format>> = desk
        .report
        .files
        .iter()
        .map(|file| match &file.outcome {
            FileOutcome::Unchanged | FileOutcome::Changed(_) => recognise(&file.source, &[])
                .ok()
                .and_then(|recognised| match recognised.format {
                    // Only a configuration knows that the kind has pods.
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
    if extent == Extent::Standing {
        kustomize::write(&mut desk, &of(Format::KUBERNETES));
        return desk.done();
    }
    for (index, format) in formats.iter().enumerate() {
        if format.is_none() {
            desk.decline(index, "its format has no overlay");
        }
    }
    compose::write(&mut desk, &of(Format::COMPOSE));
    kustomize::write(&mut desk, &of(Format::KUBERNETES));
    desk.done()
}

/// The report while its changes move.
struct Desk<'s> {
    report: Report,
    extent: Extent,
    surroundings: &'s dyn Surroundings,
    commands: Vec<String>,
}

impl Desk<'_> {
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

    /// What stands at the path now, beside the file `from`.
    fn existing(&self, from: &Path, path: &Path) -> Result<Option<String>, OverlayError> {
        match self.surroundings.read(from, path) {
            Ok(text) => Ok(Some(text)),
            Err(Unread::Missing) => Ok(None),
            Err(Unread::Outside | Unread::NotText) => Err(OverlayError::Foreign {
                path: path.to_owned(),
            }),
        }
    }

    /// What stands at the path of an overlay now.
    fn existing_overlay(&self, from: &Path, path: &Path) -> Result<Option<String>, OverlayError> {
        match self.existing(from, path)? {
            Some(text) if !is_overlay(&text) => Err(OverlayError::Foreign {
                path: path.to_owned(),
            }),
            existing => Ok(existing),
        }
    }

    /// The changes of this file are all made elsewhere: in `place`, which has them already or not.
    fn move_to(&mut self, index: usize, place: &Path, is_there: bool) {
        let Some(file) = self.report.files.get_mut(index) else {
            return;
        };
        if !matches!(file.outcome, FileOutcome::Changed(_)) {
            return;
        }
        file.outcome = FileOutcome::Unchanged;
        if is_there {
            let why = Reason::new(&IN_OVERLAY).name(name_of(place));
            self.answer(index, &why, &Outcome::Hardened);
        }
    }

    /// The changes of this file are not made.
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

    /// The changes of these files cannot be made; the first of them says why.
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

    /// Puts the answer in the place of every change of a file's containers.
    fn answer(&mut self, index: usize, why: &Reason, outcome: &Outcome) {
        let is_its = |container: &&mut ContainerReport| container.file == index;
        for container in self.report.containers.iter_mut().filter(is_its) {
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

    /// Puts a file of ours into the report.
    fn put(&mut self, path: PathBuf, existing: Option<String>, text: String) {
        let (source, outcome) = match existing {
            None => (String::new(), FileOutcome::Created(text)),
            Some(old) if old == text => (old, FileOutcome::NotOurs(NotOurs::Overlay)),
            Some(old) => {
                let change = Change::between(&old, text);
                (old, FileOutcome::Changed(change))
            }
        };
        let known = self.report.files.iter_mut().find(|file| file.path == path);
        match known {
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
            None => self.report.files.push(FileReport {
                path,
                source,
                outcome,
            }),
        }
    }
}

/// The last part of a path, for words.
fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Two parsers must read the overlay alike.
fn prove(path: &Path, text: &str) -> Result<(), OverlayError> {
    let unproved = |why| OverlayError::Unproved(format!("{}: {why}", path.display()));
    proof::written(text).map(drop).map_err(unproved)
}
