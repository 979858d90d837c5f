//! What a run found and did, as plain data.

mod change;
mod fingerprint;

use std::path::PathBuf;

pub use self::change::Change;
pub use self::fingerprint::Fingerprint;
use super::EngineError;
use crate::container::{Basis, Reason, Role};
use crate::project::NotOurs;
use crate::syntax::{Edit, Span};

/// The outcome for one project: its files and its containers.
#[derive(Debug, Default)]
pub struct Report {
    /// Every file of the project, in the order given.
    pub files: Vec<FileReport>,
    /// Every container, in file order.
    pub containers: Vec<ContainerReport>,
    /// Exceptions in these files that except nothing.
    pub stale: Vec<StaleException>,
    /// The workload and the name of each container that the call did not select.
    pub unselected: Vec<(String, String)>,
}

/// Where somebody said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In a file of the report: its index, and the line from 1.
    File(usize, u32),
    /// Elsewhere, in words: `.harden.yaml:12`.
    Elsewhere(String),
}

/// An exception that excepts nothing, or that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaleException {
    /// Where it stands.
    pub at: Position,
    /// Why it has no effect.
    pub why: String,
}

/// The outcome for one file.
#[derive(Debug)]
pub struct FileReport {
    /// As the person named it, or as the walk found it.
    pub path: PathBuf,
    /// The text as read (empty where it could not be).
    pub source: String,
    /// What became of it.
    pub outcome: FileOutcome,
}

/// What became of one file.
#[derive(Debug)]
pub enum FileOutcome {
    /// Not a file for us; left alone.
    NotOurs(NotOurs),
    /// Part of a project, and neither named nor walked to: read, and left as it is.
    Read,
    /// Ours, and nothing to change.
    Unchanged,
    /// It has a new text, proved against the plan.
    Changed(Change),
    /// There is no such file yet; the whole text of one that is new.
    Created(String),
    /// Trouble: the file is left alone.
    Failed(EngineError),
}

/// The outcome for one container.
#[derive(Debug)]
pub struct ContainerReport {
    /// Index into [`Report::files`].
    pub file: usize,
    /// Where it is defined; a command line has no lines.
    pub place: Option<Location>,
    /// The format that it is written in: `compose`, `kubernetes`, `quadlet`, `docker-run`.
    pub format: &'static str,
    /// What it belongs to: `web`, `Deployment/shop`, or `prod/Deployment/shop` where the file gives
    /// the namespace.
    pub workload: String,
    /// Its own name.
    pub name: String,
    /// Its part in the workload.
    pub role: Role,
    /// The image as written.
    pub image: Option<String>,
    /// What it takes to bring the changes to a workload that runs already.
    pub caution: Option<Reason>,
    /// The answers of the transforms, in catalogue order.
    pub rows: Vec<Row>,
}

/// One answer of a transform for one container, and what came of it. A transform that found several
/// things has a row for each.
#[derive(Clone, Debug)]
pub struct Row {
    /// The transform.
    pub id: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Where that was seen.
    pub place: Option<Location>,
    /// For a change, where the run was asked for fixes: the edits that `--write --only ID --service
    /// NAME` makes for this transform and container.
    pub fix: Option<Vec<FixEdit>>,
}

/// One edit of a fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixEdit {
    /// Index into [`Report::files`].
    pub file: usize,
    /// The bytes of the file that are replaced.
    pub edit: Edit,
    /// Of edits that start at the same byte, the one with the lower rank comes first.
    pub rank: u32,
}

/// A place in a file of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Index into [`Report::files`].
    pub file: usize,
    /// From 1.
    pub line: u32,
    /// In bytes, from 1.
    pub column: u32,
    /// The bytes of the file.
    pub span: Span,
}

/// What came of a transform's answer.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Already at least this strict.
    Hardened,
    /// Written.
    Changed {
        /// What it rests on.
        basis: Basis,
        /// The paths that were written, as people write them: `services.web.read_only`.
        paths: Vec<String>,
    },
    /// Weak, and not changed.
    Finding {
        /// It is changed when somebody asks for it.
        can_be_asked: bool,
    },
    /// Not changed, because somebody said so.
    Excepted {
        /// Their reason.
        justification: String,
        /// Where they said it.
        by: Position,
    },
    /// There is nothing of the kind here.
    Inapplicable,
    /// Not changed.
    Declined,
}

impl ContainerReport {
    /// The same report where each file has another number.
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

    /// Moves every place of the report, every position where somebody said no, and every edit.
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
    }

    /// The line that the container is defined at, from 1; 0 where there are no lines.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.place.map_or(0, |place| place.line)
    }
}

impl StaleException {
    /// The same where each file has the number that stands at its place.
    pub(crate) fn in_files(self, numbers: &[usize]) -> Self {
        let number = |file: usize| numbers.get(file).copied().unwrap_or(file);
        Self {
            at: self.at.moved(|file, line| (number(file), line)),
            ..self
        }
    }
}

impl Position {
    /// The same, where the files of the report have moved.
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
