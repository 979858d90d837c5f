//! What a run found and did, as plain data.

use std::path::PathBuf;

use super::EngineError;
use crate::container::{Basis, Role};
use crate::project::NotOurs;

/// The outcome for one project: its files and its containers.
#[derive(Debug, Default)]
pub struct Report {
    /// Every file of the project, in the order given.
    pub files: Vec<FileReport>,
    /// Every container, in file order.
    pub containers: Vec<ContainerReport>,
    /// Exceptions in these files that except nothing.
    pub stale: Vec<StaleException>,
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
    /// The whole new text, proved against the plan.
    Changed(String),
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
    /// The line it is defined at, from 1; 0 where there are no lines.
    pub line: u32,
    /// What it belongs to: `web`, `Deployment/shop`.
    pub workload: String,
    /// Its own name.
    pub name: String,
    /// Its part in the workload.
    pub role: Role,
    /// The image as written.
    pub image: Option<String>,
    /// What it takes to bring the changes to a workload that runs already.
    pub caution: Option<&'static str>,
    /// One result a transform, in catalogue order.
    pub results: Vec<TransformReport>,
}

/// What one transform answered for one container, and what came of it.
#[derive(Debug)]
pub struct TransformReport {
    /// The transform.
    pub id: &'static str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a transform's answer.
#[derive(Debug)]
pub enum Outcome {
    /// Already at least this strict.
    Hardened {
        /// Why that is so.
        why: String,
    },
    /// Written.
    Changed {
        /// What it rests on.
        basis: Basis,
        /// Why these values.
        reason: String,
        /// The paths that were written, as people write them: `services.web.read_only`.
        paths: Vec<String>,
    },
    /// Weak, and not changed.
    Finding {
        /// What is weak.
        what: String,
        /// File (index into [`Report::files`]) and line of it.
        place: Option<(usize, u32)>,
        /// It is changed when somebody asks for it.
        can_be_asked: bool,
    },
    /// Not changed, because somebody said so.
    Excepted {
        /// Their reason.
        reason: String,
        /// Where they said it.
        by: Position,
    },
    /// There is nothing of the kind here.
    Inapplicable {
        /// Why that is so.
        why: String,
    },
    /// Not changed.
    Declined {
        /// The reason.
        why: String,
    },
}

impl ContainerReport {
    /// The same report where each file has another number.
    #[must_use]
    pub(crate) fn in_files(mut self, number: impl Fn(usize) -> usize) -> Self {
        self.file = number(self.file);
        for result in &mut self.results {
            match &mut result.outcome {
                Outcome::Finding {
                    place: Some((file, _)),
                    ..
                }
                | Outcome::Excepted {
                    by: Position::File(file, _),
                    ..
                } => *file = number(*file),
                _ => {}
            }
        }
        self
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
