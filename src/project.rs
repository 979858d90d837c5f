//! Files that belong together, and the containers they define.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::container::Container;
use crate::dialect::{Format, Site};
use crate::syntax::Tree;

/// The files that one engine or cluster reads as one.
#[derive(Debug)]
pub struct Project<'s> {
    /// In the order their consumer merges them.
    pub files: Vec<File<'s>>,
}

/// The files that those of a project speak of: bases, includes, `.env`, Dockerfiles.
pub trait Surroundings: fmt::Debug + Sync {
    /// The text of the file `path`, of which the file `from` speaks; a relative path starts where
    /// the run does, as `from` does.
    ///
    /// # Errors
    ///
    /// Why there is no text to read.
    fn read(&self, from: &Path, path: &Path) -> Result<String, Unread>;
}

/// Why a file that another one speaks of is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is no such file, or the system does not let us read it.
    #[error("cannot be read")]
    Missing,
    /// It lies outside the project, and what a file says never leads there.
    #[error("lies outside the project")]
    Outside,
    /// It is not text, or larger than any file that is read.
    #[error("is not a text that is read")]
    NotText,
}

/// Nothing is there but what was given: standard input.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSurroundings;

impl Surroundings for NoSurroundings {
    fn read(&self, _: &Path, _: &Path) -> Result<String, Unread> {
        Err(Unread::Missing)
    }
}

/// One file of a project, parsed.
#[derive(Debug)]
pub struct File<'s> {
    /// As the person knows it.
    pub path: PathBuf,
    /// Its tree.
    pub tree: Tree<'s>,
    /// Who reads it.
    pub format: Format,
}

/// A container and where its settings are written.
#[derive(Debug)]
pub struct Member<S = Site> {
    /// The neutral view.
    pub container: Container,
    /// The dialect's own notes.
    pub site: S,
}
