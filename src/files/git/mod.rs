//! The repository of a directory.

use std::path::{Path, PathBuf};

/// The root of the repository that contains the directory: the nearest directory above it, or the
/// directory itself, with an entry `.git`. The path has no symbolic links.
///
/// Only the name `.git` is looked for, and nothing in it is read. It is a file in a worktree or a
/// submodule, whose own root this is.
#[must_use]
pub fn root_of(directory: &Path) -> Option<PathBuf> {
    let real = directory.canonicalize().ok()?;
    let root = real
        .ancestors()
        .find(|above| above.join(".git").symlink_metadata().is_ok())?;
    Some(root.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_root_is_the_nearest_directory_with_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("a/.git")).unwrap();
        fs::create_dir_all(folder.join("a/b/c")).unwrap();
        fs::create_dir_all(folder.join("a/module/d")).unwrap();
        fs::write(folder.join("a/module/.git"), "gitdir: elsewhere\n").unwrap();
        let root = |below: &str| root_of(&folder.join(below));
        assert_eq!(root("a"), Some(folder.join("a")));
        assert_eq!(root("a/b/c"), Some(folder.join("a")));
        assert_eq!(root("a/b/../b"), Some(folder.join("a")));
        assert_eq!(root("a/module/d"), Some(folder.join("a/module")));
        assert_eq!(root("a/missing"), None);
    }
}
