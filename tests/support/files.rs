//! The directories of the project, and copies that a test may change.

use std::fs;
use std::path::{Path, PathBuf};

/// A file or folder of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An empty directory. It is removed on drop.
pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory can be made")
}

/// Copies a directory, so that a test may change the copy.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            // The mode is not copied: the original may be read-only, and tests change the copy.
            fs::write(target, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

/// All files below a directory, as sorted relative paths.
pub(crate) fn below(directory: &Path) -> Vec<PathBuf> {
    ignore::WalkBuilder::new(directory)
        .standard_filters(false)
        .sort_by_file_path(Ord::cmp)
        .build()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.path().strip_prefix(directory).unwrap().to_owned())
        .collect()
}
