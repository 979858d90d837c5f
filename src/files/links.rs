//! Symbolic links that a walk finds.
//!
//! Git keeps links, and the consumers follow them: `docker compose` opens `compose.yml` whatever it
//! is, and kustomize resolves the paths that it lists. A link within the repository therefore counts
//! as its target, once. A link out of the repository leads to what is not reviewed with it, so it
//! is not read, and the run says so.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ignores::Ignores;
use super::root_of;
use super::walk::is_candidate_name;

/// The links of one walk.
#[derive(Debug)]
pub(super) struct Links {
    /// The repository, or without one the directory of the run if the walk is below it, otherwise
    /// the walked directory.
    top: PathBuf,
    /// The walked directories, without symbolic links.
    roots: Vec<(PathBuf, Arc<Ignores>)>,
    /// The targets that were followed.
    known: HashSet<PathBuf>,
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To a file that the walk does not find by itself.
    File,
    /// To a directory that the walk does not find by itself.
    Directory,
    /// To what the walk finds anyway, or to a directory around it.
    Known,
    /// Out of the repository.
    Outside(&'static str),
    /// To nothing that can be read.
    Other(&'static str),
}

impl Links {
    /// `root` is the walked directory and `here` that of the run, both without symbolic links.
    pub(super) fn new(root: PathBuf, here: PathBuf) -> Self {
        let top =
            root_of(&root).unwrap_or_else(|| if root.starts_with(&here) { here } else { root });
        Self {
            top,
            roots: Vec::new(),
            known: HashSet::new(),
        }
    }

    /// Adds a walked directory.
    pub(super) fn add(&mut self, root: PathBuf, ignores: Arc<Ignores>) {
        self.roots.push((root, ignores));
    }

    /// Where the link at this path leads. A second link to a target is [`Target::Known`].
    pub(super) fn follow(&mut self, path: &Path) -> Target {
        let Ok(real) = path.canonicalize() else {
            return Target::Other("a symbolic link to a file that does not exist");
        };
        if !real.starts_with(&self.top) {
            return Target::Outside("a symbolic link out of the repository");
        }
        let is_directory = real.is_dir();
        if !is_directory && !real.is_file() {
            return Target::Other("not a regular file");
        }
        let is_around = self.roots.iter().any(|(root, _)| root.starts_with(&real));
        if is_around || self.is_walked(&real, is_directory) || !self.known.insert(real) {
            Target::Known
        } else if is_directory {
            Target::Directory
        } else {
            Target::File
        }
    }

    /// Whether a walk finds the target without the link.
    fn is_walked(&self, real: &Path, is_directory: bool) -> bool {
        let is_found = is_directory || is_candidate_name(real);
        is_found
            && self.roots.iter().any(|(root, ignores)| {
                let Ok(below) = real.strip_prefix(root) else {
                    return false;
                };
                let mut at = root.clone();
                below.components().all(|part| {
                    at.push(part);
                    let is_directory = is_directory || at != real;
                    at.file_name() != Some(OsStr::new(".git"))
                        && !ignores.excludes(&at, is_directory, false)
                })
            })
    }
}
