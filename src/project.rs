//! Files that belong together, and the containers they define.

use std::path::PathBuf;

use crate::container::Container;
use crate::dialect::{Format, Site};
use crate::syntax::Tree;

/// The files that one engine or cluster reads as one.
#[derive(Debug)]
pub struct Project<'s> {
    /// In the order their consumer merges them.
    pub files: Vec<File<'s>>,
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
pub struct Member {
    /// The neutral view.
    pub container: Container,
    /// The dialect's own notes.
    pub site: Site,
}
