//! `--base`: the revision that a change starts from, and the policy that it has.
//!
//! The configuration, entries of the knowledge base and ignore files are read from the revision, so
//! that a change cannot weaken the check of itself. The files that are hardened are those of the
//! checkout.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::exit::UnusableFile;
use crate::config::{self, Loaded};
use crate::container::Policy;
use crate::engine::Run;
use crate::files::{FileError, GitError, Revision};
use crate::image::Knowledge;
use crate::paths::normalized;
use crate::project::{self, Before, CustomResource, Source};
use crate::syntax::{self, Limits};

/// The names of other configurations, which are mistakes.
const MISNAMED: &str = ".harden.yml";
/// The limit for a file of the knowledge base, in bytes.
const ENTRIES: u64 = 4 << 20;

/// The revision of `--base`.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) revision: Arc<Revision>,
    /// The directory of the run, without symbolic links.
    here: PathBuf,
    /// The containers that the change removes from a file of the revision, by workload and name.
    moved: OnceLock<HashSet<(String, String)>>,
    /// Custom resources with pods, by the configuration of the revision.
    custom_resources: OnceLock<Vec<CustomResource>>,
}

impl Base {
    /// The revision that the call names. The paths of the call must be in its repository.
    pub(super) fn open(
        name: Option<&str>,
        paths: &[PathBuf],
        directory: &Path,
    ) -> Result<Option<Self>, UnusableFile> {
        let Some(name) = name else { return Ok(None) };
        let unusable = |error: GitError| UnusableFile::unread(PathBuf::new(), error);
        let revision = Revision::open(directory, name).map_err(unusable)?;
        for path in paths {
            let real = directory.join(path).canonicalize();
            // A path that does not exist is an error later.
            if let Ok(real) = real
                && revision.below_root(&real).is_err()
            {
                let path = path.clone();
                return Err(unusable(GitError::Outside { path }));
            }
        }
        let here = directory.canonicalize();
        Ok(Some(Self {
            revision: Arc::new(revision),
            here: here.unwrap_or_else(|_| directory.to_owned()),
            moved: OnceLock::new(),
            custom_resources: OnceLock::new(),
        }))
    }

    /// The path from the root of the repository; `None` for a path outside of it. No link is
    /// followed.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let whole = normalized(&self.here.join(path));
        let below = self.revision.below_root(&whole);
        below.ok().map(Path::to_owned)
    }

    /// Whether the path is in the repository.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.below(path).is_some()
    }

    /// The configuration of the revision: the named one, or the nearest from the directory of the
    /// run.
    pub(super) fn configuration(
        &self,
        named: Option<&Path>,
    ) -> Result<Option<Loaded>, UnusableFile> {
        let found = match named {
            Some(named) => self.below(named),
            None => self.nearest()?,
        };
        let Some(path) = found else { return Ok(None) };
        let shown = PathBuf::from(self.shown(&path));
        let unread = |error| UnusableFile::unread(shown.clone(), error);
        let bytes = self.revision.read(&path, config::MOST).map_err(unread)?;
        let Some(bytes) = bytes else { return Ok(None) };
        let text = syntax::decode(&bytes).map_err(|error| {
            let error = config::LoadError::from(config::ConfigError::from(error));
            UnusableFile::unread(shown.clone(), error)
        })?;
        let whole = self.revision.root().join(&path);
        let folder = whole.parent().unwrap_or(self.revision.root()).to_owned();
        let loaded = config::loaded(text.to_owned(), shown, folder)?;
        Ok(Some(Loaded {
            path: whole,
            ..loaded
        }))
    }

    /// The path of the nearest configuration in the revision.
    fn nearest(&self) -> Result<Option<PathBuf>, UnusableFile> {
        let below = self.below(Path::new("")).unwrap_or_default();
        for folder in below.ancestors() {
            let path = folder.join(config::NAME);
            if self.revision.has(&path) {
                return Ok(Some(path));
            }
            let path = folder.join(MISNAMED);
            if self.revision.has(&path) {
                let path = PathBuf::from(self.shown(&path));
                let error = config::LoadError::Misnamed { path: path.clone() };
                return Err(UnusableFile::unread(path, error));
            }
        }
        Ok(None)
    }

    /// The path as git writes it: `main:deploy/.harden.yaml`.
    pub(super) fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(self.revision.root()).unwrap_or(path);
        format!("{}:{}", self.revision.name(), path.display())
    }

    /// The text of a file of entries, or the texts of those in a directory; `None` for a path
    /// outside of the repository.
    pub(super) fn entries(&self, path: &Path) -> Option<Result<Vec<(PathBuf, String)>, FileError>> {
        let below = self.below(path)?;
        let mut paths = vec![below.clone()];
        if !self.revision.has(&below) && self.revision.has_directory(&below) {
            let inside = self.revision.paths_in(&below);
            let inside = inside.filter(|path| {
                let extension = path.extension();
                extension.is_some_and(|end| end == "yaml" || end == "yml")
            });
            paths = inside.map(Path::to_owned).collect();
        }
        Some(paths.into_iter().map(|path| self.entry(&path)).collect())
    }

    fn entry(&self, path: &Path) -> Result<(PathBuf, String), FileError> {
        let shown = PathBuf::from(self.shown(path));
        let failed = |kind: std::io::ErrorKind| FileError::Read {
            path: shown.clone(),
            source: kind.into(),
        };
        let bytes = self.revision.read(path, ENTRIES)?;
        let bytes = bytes.ok_or_else(|| failed(std::io::ErrorKind::NotFound))?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| failed(std::io::ErrorKind::InvalidData))?;
        Ok((shown, text))
    }

    /// Sets the custom resources that contain pods.
    pub(super) fn set_custom_resources(&self, all: &[CustomResource]) {
        // It is set once, before the first file is read.
        let _ = self.custom_resources.set(all.to_vec());
    }

    /// The containers that a file had in the revision and does not have in the checkout.
    fn moved(&self) -> HashSet<(String, String)> {
        let extensions = ["yml", "yaml", "json", "container"];
        let can_be_ours = |path: &&Path| {
            let own = path.extension();
            own.is_some_and(|own| extensions.iter().any(|one| own.eq_ignore_ascii_case(one)))
        };
        let limit = u64::from(Limits::default().bytes);
        let knowledge = Knowledge::embedded();
        let none = Vec::new();
        let run = Run {
            custom_resources: self.custom_resources.get().unwrap_or(&none),
            ..Run::new(Vec::new(), Policy::default(), &knowledge)
        };
        let containers = |path: &Path, bytes: Vec<u8>| {
            let path = path.to_owned();
            // Each file is read for itself, so that a bad one does not hide the others.
            let report = run.project(vec![Source { path, bytes }]);
            let containers = report.containers.into_iter();
            containers.map(|one| (one.workload, one.name))
        };
        let mut moved = HashSet::new();
        for path in self.revision.paths().filter(can_be_ours) {
            let Ok(Some(before)) = self.revision.read(path, limit) else {
                continue;
            };
            let now = self.now(path, limit);
            if now.as_ref() == Some(&before) {
                continue;
            }
            let mut own: HashSet<_> = containers(path, before).collect();
            if let Some(now) = now.filter(|_| !own.is_empty()) {
                containers(path, now).for_each(|container| _ = own.remove(&container));
            }
            moved.extend(own);
        }
        moved
    }

    /// The bytes of a regular file of the checkout.
    fn now(&self, path: &Path, limit: u64) -> Option<Vec<u8>> {
        let path = self.revision.root().join(path);
        let metadata = fs::symlink_metadata(&path).ok()?;
        let is_read = metadata.is_file() && metadata.len() <= limit;
        is_read.then(|| fs::read(&path).ok()).flatten()
    }
}

impl project::Base for Base {
    fn read(&self, path: &Path) -> Before {
        let named = self.below(path);
        // A file of the base may be reached by a link now.
        let real = self.here.join(path).canonicalize().ok();
        let real = real.and_then(|real| self.below(&real));
        let limit = u64::from(Limits::default().bytes);
        let mut before = Before::Absent;
        for path in named.iter().chain(&real) {
            match self.revision.read(path, limit) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    return match syntax::decode(&bytes) {
                        Ok(text) => Before::Text(text.to_owned()),
                        Err(_) => Before::Unreadable,
                    };
                }
                Err(_) => before = Before::Unreadable,
            }
        }
        before
    }

    fn has_moved(&self, workload: &str, name: &str) -> bool {
        let moved = self.moved.get_or_init(|| self.moved());
        // The set has owned pairs, and a change has few new containers with exceptions.
        moved.contains(&(workload.to_owned(), name.to_owned()))
    }
}
