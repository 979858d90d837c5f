//! The names of files in reports, diffs and errors.
//!
//! A name is relative to the root of the repository that contains the current directory, so that
//! `git apply` takes the diff, and a report means the same file wherever it was made. Without a
//! repository, a name is relative to the current directory. A file elsewhere has its absolute path.
//! Symbolic links are resolved: the name is that of the file that a write would replace.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{FileError, root_of};
use crate::paths::normalized;

/// Names the files of one run.
#[derive(Debug)]
pub struct Names {
    directory: PathBuf,
    base: PathBuf,
    /// Directories with their links resolved. The files of a walk have few of them.
    known: Mutex<HashMap<PathBuf, PathBuf>>,
}

impl Names {
    /// The names for a run in this directory.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        let real = directory.canonicalize();
        let directory = real.unwrap_or_else(|_| directory.to_owned());
        Self {
            base: root_of(&directory).unwrap_or_else(|| directory.clone()),
            directory,
            known: Mutex::default(),
        }
    }

    /// The name of the file at this path, which is relative to the directory of the run.
    #[must_use]
    pub fn of(&self, path: &Path) -> PathBuf {
        if path.as_os_str().is_empty() || path == Path::new("-") {
            // There is no file, or the file is standard input.
            return path.to_owned();
        }
        self.below_base(self.real(&self.directory.join(path)))
    }

    /// The name of the path itself, also if it is a symbolic link.
    #[must_use]
    pub fn of_link(&self, path: &Path) -> PathBuf {
        let whole = self.directory.join(path);
        let (Some(parent), Some(name)) = (whole.parent(), whole.file_name()) else {
            return self.of(path);
        };
        let parent = parent.canonicalize();
        let parent = parent.unwrap_or_else(|_| self.directory.clone());
        self.below_base(parent.join(name))
    }

    fn below_base(&self, whole: PathBuf) -> PathBuf {
        match whole.strip_prefix(&self.base) {
            Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
            Ok(_) => PathBuf::from("."),
            Err(_) => whole,
        }
    }

    /// The error with the name of its file.
    #[must_use]
    pub fn in_error(&self, mut error: FileError) -> FileError {
        if let Some(path) = error.path_mut() {
            *path = self.of(path);
        }
        error
    }

    fn real(&self, whole: &Path) -> PathBuf {
        let is_link = whole.is_symlink();
        let (Some(parent), Some(name), false) = (whole.parent(), whole.file_name(), is_link) else {
            return whole.canonicalize().unwrap_or_else(|_| normalized(whole));
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parent) = known.get(parent) {
            return parent.join(name);
        }
        let real = parent.canonicalize();
        let real = real.unwrap_or_else(|_| normalized(parent));
        let whole = real.join(name);
        known.insert(parent.to_owned(), real);
        whole
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn names_are_relative_to_the_repository() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        for path in ["repository/.git", "repository/deploy/web", "elsewhere"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        let deploy = top.join("repository/deploy");
        for path in ["a.yml", "../b.yml", "../../elsewhere/c.yml"] {
            fs::write(deploy.join(path), "").unwrap();
        }
        symlink("../b.yml", deploy.join("link.yml")).unwrap();
        symlink("../../elsewhere", deploy.join("away")).unwrap();
        symlink("nowhere", deploy.join("dangling.yml")).unwrap();

        let absolute = top.join("repository/b.yml");
        let outside = top.join("elsewhere/c.yml");
        let named = Names::new(&deploy);
        for (path, name) in [
            ("a.yml", Path::new("deploy/a.yml")),
            ("./web/../a.yml", Path::new("deploy/a.yml")),
            ("web/new.yml", Path::new("deploy/web/new.yml")),
            ("none/new.yml", Path::new("deploy/none/new.yml")),
            ("../b.yml", Path::new("b.yml")),
            ("link.yml", Path::new("b.yml")),
            ("dangling.yml", Path::new("deploy/dangling.yml")),
            (absolute.to_str().unwrap(), Path::new("b.yml")),
            ("..", Path::new(".")),
            ("../../elsewhere/c.yml", &outside),
            ("away/c.yml", &outside),
            ("-", Path::new("-")),
        ] {
            assert_eq!(named.of(Path::new(path)), name, "{path}");
        }
        let link = named.of_link(Path::new("web/../link.yml"));
        assert_eq!(link, Path::new("deploy/link.yml"));
        // Without a repository.
        let named = Names::new(&top.join("elsewhere"));
        assert_eq!(named.of(Path::new("c.yml")), Path::new("c.yml"));
        let other = named.of(Path::new("../repository/b.yml"));
        assert_eq!(other, top.join("repository/b.yml"));
    }
}
