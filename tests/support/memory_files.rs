//! Files in memory that the given files can reference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use harden::paths::normalized;
use harden::project::{Surroundings, Unread};

/// The files by their paths, which are relative to the directory of the run.
#[derive(Debug, Default)]
pub(crate) struct MemoryFiles(BTreeMap<PathBuf, String>);

impl MemoryFiles {
    pub(crate) fn new<P: AsRef<Path>, T: AsRef<str>>(files: &[(P, T)]) -> Self {
        let file = |(path, text): &(P, T)| (normalized(path.as_ref()), text.as_ref().to_owned());
        Self(files.iter().map(file).collect())
    }
}

impl Surroundings for MemoryFiles {
    fn read(&self, _: &Path, path: &Path) -> Result<String, Unread> {
        let path = normalized(path);
        if path.starts_with("..") || path.is_absolute() {
            return Err(Unread::Outside);
        }
        self.0.get(&path).cloned().ok_or(Unread::Missing)
    }
}
