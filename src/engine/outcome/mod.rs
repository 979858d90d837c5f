//! The results of a run, as plain data.

mod change;
mod fingerprint;

use std::path::PathBuf;

pub use self::change::Change;
pub use self::fingerprint::Fingerprint;
use super::EngineError;
use crate::container::{Basis, Reason, Role};
use crate::project::{NotOurs, State};
use crate::syntax::{Edit, Span};

/// The results for files that were planned together, and their containers.
#[derive(Debug, Default)]
pub struct Report {
    /// All files, in the given order.
    pub files: Vec<FileReport>,
    /// All reported containers, in the order of the files.
    pub containers: Vec<ContainerReport>,
    /// Exceptions in these files without effect.
    pub stale: Vec<StaleException>,
    /// The workload and the name of each container that is not selected.
    pub unselected: Vec<(String, String)>,
    /// The parts of files that were left alone although a consumer could take them. Whole files
    /// have an outcome that says so.
    pub unread: Vec<Unread>,
}

/// A part of a file that was left alone although a consumer could take it.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Index into [`Report::files`].
    pub file: usize,
    /// The line where the part begins, from 1.
    pub line: u32,
    /// What it means for a check.
    pub state: State,
    /// A template engine makes YAML of it.
    pub is_template: bool,
    /// Why it was not read.
    pub reason: Reason,
}

/// The place of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In a file of the report: the index of the file, and the line, counted from 1.
    File(usize, u32),
    /// In another file, as text: `.harden.yaml:12`.
    Elsewhere(String),
}

/// An exception that is invalid or has no effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleException {
    /// The place of the exception.
    pub at: Position,
    /// Why it has no effect.
    pub why: String,
}

/// The outcome for one file.
#[derive(Debug)]
pub struct FileReport {
    /// The path as given on the command line or found by the walk.
    pub path: PathBuf,
    /// The text as read; empty if the file could not be read.
    pub source: String,
    /// The outcome.
    pub outcome: FileOutcome,
}

impl Unread {
    /// The same part, where the files are counted from `first`.
    pub(crate) fn before(self, first: usize) -> Self {
        Self {
            file: self.file.saturating_sub(first),
            ..self
        }
    }
}

impl FileReport {
    /// What it means for a check that the file was left alone; `None` for other files.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        match &self.outcome {
            FileOutcome::NotOurs(why) => Some(why.state()),
            _ => None,
        }
    }
}

/// The outcome for one file.
#[derive(Debug)]
pub enum FileOutcome {
    /// There is nothing to harden in the file, for this reason. The file is unchanged.
    NotOurs(NotOurs),
    /// The file was only read, because a file of the call references it.
    Read,
    /// The file has nothing to change.
    Unchanged,
    /// The file has a new text, which is proved.
    Changed(Change),
    /// The file does not exist yet. This is its whole text.
    Created(String),
    /// The file has an error and is unchanged.
    Failed(EngineError),
}

/// The outcome for one container.
#[derive(Debug)]
pub struct ContainerReport {
    /// Index into [`Report::files`].
    pub file: usize,
    /// Where the container is defined; `None` for a command line.
    pub place: Option<Location>,
    /// The format of the file: `compose`, `kubernetes`, `quadlet`, `docker-run`.
    pub format: &'static str,
    /// The service or object: `web`, `Deployment/shop`, or `prod/Deployment/shop` if the file gives
    /// the namespace.
    pub workload: String,
    /// The name of the container.
    pub name: String,
    /// The role in the workload.
    pub role: Role,
    /// The image as written.
    pub image: Option<String>,
    /// How to apply the changes to a running workload.
    pub caution: Option<Reason>,
    /// The answers of the transforms, in catalogue order.
    pub rows: Vec<Row>,
    /// With a base revision: what the change adds to the policy for this container.
    pub policy: Vec<PolicyEntry>,
}

/// An exception, or a section of the configuration, that the base revision does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEntry {
    /// The place.
    pub at: Position,
    /// The transform of an exception; `None` for a section.
    pub id: Option<&'static str>,
    /// It counts, because the container is new. Otherwise the base has the container without it.
    pub is_used: bool,
}

/// One answer of a transform for one container, with its outcome. Each finding of a transform has
/// its own row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The transform.
    pub id: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason.
    pub reason: Reason,
    /// The place in the file that the reason is about.
    pub place: Option<Location>,
    /// For a change in a run with fixes: the edits that `--write --only ID --service NAME` makes
    /// for this transform and container.
    pub fix: Option<Vec<FixEdit>>,
}

/// One edit of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixEdit {
    /// Index into [`Report::files`].
    pub file: usize,
    /// The replaced bytes, and the new text.
    pub edit: Edit,
    /// Orders edits that start at the same byte: the lowest rank comes first.
    pub rank: u32,
}

/// A place in a file of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Index into [`Report::files`].
    pub file: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
    /// The byte range in the file.
    pub span: Span,
}

/// The outcome of a transform's answer.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The container is at least this strict already.
    Hardened,
    /// The change is in the new text.
    Changed {
        /// Why the change is safe.
        basis: Basis,
        /// The written paths, for example `services.web.read_only`.
        paths: Vec<String>,
    },
    /// A setting is weak, and is not changed.
    Finding {
        /// `--override` changes it.
        can_be_asked: bool,
    },
    /// Not changed because of an exception.
    Excepted {
        /// The reason in the exception.
        justification: String,
        /// The place of the exception.
        by: Position,
    },
    /// The format or the platform has no such setting.
    Inapplicable,
    /// Not changed.
    Declined,
}

impl ContainerReport {
    /// The same report with other indices of files.
    #[must_use]
    pub(crate) fn in_files(mut self, number: impl Fn(usize) -> usize) -> Self {
        self.file = number(self.file);
        self.relocate(
            |place| Location {
                file: number(place.file),
                ..place
            },
            |file, line| (number(file), line),
            |one| FixEdit {
                file: number(one.file),
                ..one
            },
        );
        self
    }

    /// Moves all places, positions of exceptions and edits of the report.
    pub(crate) fn relocate(
        &mut self,
        place: impl Fn(Location) -> Location,
        line: impl Fn(usize, u32) -> (usize, u32),
        fix: impl Fn(FixEdit) -> FixEdit,
    ) {
        self.place = self.place.map(&place);
        for row in &mut self.rows {
            row.place = row.place.map(&place);
            row.fix = row
                .fix
                .take()
                .map(|edits| edits.into_iter().map(&fix).collect());
            if let Outcome::Excepted {
                by: Position::File(file, at),
                ..
            } = &mut row.outcome
            {
                (*file, *at) = line(*file, *at);
            }
        }
        for entry in &mut self.policy {
            if let Position::File(file, at) = &mut entry.at {
                (*file, *at) = line(*file, *at);
            }
        }
    }

    /// The line that defines the container, from 1; 0 for a command line.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.place.map_or(0, |place| place.line)
    }
}

impl StaleException {
    /// The same with the index `numbers[file]` instead of each index `file`.
    pub(crate) fn in_files(self, numbers: &[usize]) -> Self {
        let number = |file: usize| numbers.get(file).copied().unwrap_or(file);
        Self {
            at: self.at.moved(|file, line| (number(file), line)),
            ..self
        }
    }
}

impl Position {
    /// The same position, moved by `to`.
    pub(crate) fn moved(self, to: impl FnOnce(usize, u32) -> (usize, u32)) -> Self {
        match self {
            Self::File(file, line) => {
                let (file, line) = to(file, line);
                Self::File(file, line)
            }
            Self::Elsewhere(words) => Self::Elsewhere(words),
        }
    }
}
