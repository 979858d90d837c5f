//! Reads ignore files. A link, a pipe or a device must not lead to other files, and no file is
//! read without a limit.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::files::git::{GitError, Revision};

/// The text of an ignore file; `None` if there is no such file.
pub(super) type IgnoreText = Result<Option<String>, Trouble>;

/// Why an ignore file is not read.
pub(super) enum Trouble {
    /// It is a link out of the project, a pipe or a device.
    Stray,
    /// It is over the limit.
    TooLarge,
    /// The system could not read it.
    Unreadable(io::Error),
    /// Git could not read it from the revision.
    Revision(GitError),
}

/// The limit for an ignore file, in bytes.
pub(super) const MOST: u64 = 256 << 10;
/// The limit for a line, in bytes.
const LONGEST: usize = 4096;
/// The limit for braces in one line. `globset` parses nested braces recursively and multiplies
/// the alternatives.
const BRACES: usize = 16;

/// The ignore file of a directory in the project: a regular file, or a link to one below `top`.
pub(super) fn of_project(path: &Path, top: &Path) -> IgnoreText {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok(None);
    };
    // Git ignores such a directory, too.
    if metadata.is_dir() {
        return Ok(None);
    }
    let real = if metadata.is_symlink() {
        path.canonicalize().ok()
    } else {
        Some(path.to_owned())
    };
    match real.filter(|real| real.starts_with(top) && is_file(real)) {
        Some(real) => text(&real).map(Some),
        None => Err(Trouble::Stray),
    }
}

/// The ignore file that a revision has at this absolute path.
pub(super) fn of_revision(path: &Path, revision: &Revision) -> IgnoreText {
    let read = revision
        .below_root(path)
        .and_then(|below| revision.read(below, MOST));
    match read {
        Ok(bytes) => Ok(bytes.as_deref().map(decoded)),
        Err(GitError::TooLarge { .. }) => Err(Trouble::TooLarge),
        Err(error) => Err(Trouble::Revision(error)),
    }
}

/// The file `info/exclude` of the repository with this root, and its text. It is part of the
/// repository's own directory, which may be elsewhere if the root is that of a worktree.
pub(super) fn of_repository(root: &Path) -> (PathBuf, IgnoreText) {
    let directory = repository_directory(root).and_then(|one| one.canonicalize().ok());
    let Some(directory) = directory else {
        return (root.join(".git"), Ok(None));
    };
    let path = directory.join("info/exclude");
    let text = of_project(&path, &directory);
    (path, text)
}

/// Git's global ignore file, which the user's own configuration names.
pub(super) fn of_user(path: &Path) -> IgnoreText {
    if is_file(path) {
        text(path).map(Some)
    } else {
        Ok(None)
    }
}

/// Whether a line could take very much time or memory as a pattern.
pub(super) fn is_too_deep(line: &str) -> bool {
    line.len() > LONGEST || line.bytes().filter(|byte| *byte == b'{').count() > BRACES
}

/// The directory that the worktrees of a repository share.
fn repository_directory(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    let metadata = git.symlink_metadata().ok()?;
    if metadata.is_dir() {
        return Some(git);
    }
    if !metadata.is_file() {
        return None;
    }
    let own = first_line(&git)?;
    let own = root.join(own.strip_prefix("gitdir:")?.trim());
    let shared = first_line(&own.join("commondir"));
    Some(shared.map_or(own.clone(), |shared| own.join(shared)))
}

/// The first line of a small file.
fn first_line(path: &Path) -> Option<String> {
    if !is_file(path) {
        return None;
    }
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(LONGEST as u64).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.lines().next().map(str::to_owned)
}

fn text(path: &Path) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    if read.map_err(Trouble::Unreadable)? as u64 > MOST {
        return Err(Trouble::TooLarge);
    }
    Ok(decoded(&bytes))
}

fn decoded(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}
