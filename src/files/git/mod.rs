//! The repository of a directory, and its revisions.
//!
//! [`root_of`] looks for `.git` and reads nothing. A [`Revision`] reads git's objects with the
//! program `git`: the list of files by `ls-tree`, and their content by `cat-file`. There is no
//! checkout and no index, and no command runs unless a call names a revision.
//!
//! # Why the program, and not a crate
//!
//! * Where a revision has been fetched, `git` is installed: it made the clone. It reads what its
//!   version writes: worktrees, alternates, packs with all their indexes, every format of objects
//!   and references.
//! * `gix` 0.90 with the features that read revisions is 128 crates (`cargo tree`); harden has
//!   fewer than 100 in all. Packs of a hostile repository would be parsed in this process.
//! * Git's own defences hold: it refuses a repository of another owner until the user allows it.
//!
//! The price is a process of a few milliseconds for a call with `--base`, and that an image
//! without `git` cannot use `--base`; the error says so.
//!
//! # A hostile repository
//!
//! Its configuration can name programs. None runs: no hooks, no filters and no `textconv`
//! (`cat-file` without their options), no file system monitor, no pager, no credential helper, no
//! transport. A missing object of a partial clone is an error and is never fetched. The names of
//! revisions cannot be options. Links and submodules are not followed. All sizes have a limit, and
//! so has the time of each command (`program`).

mod error;
mod program;
mod revision;

use std::path::{Path, PathBuf};

pub use self::error::GitError;
pub use self::revision::Revision;

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
