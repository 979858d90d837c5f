//! Finds the configuration.

use std::fs;
use std::path::{Path, PathBuf};

use super::LoadError;

/// The name of the file.
pub const NAME: &str = ".harden.yaml";
/// A common mistake.
const OTHER_NAME: &str = ".harden.yml";

/// The nearest configuration, from `directory` up to the root of its repository. Outside of a
/// repository (`root` is `None`) only the directory itself is searched, because other users may own
/// those above it.
///
/// The path is relative to `directory`: `../../.harden.yaml`.
///
/// # Errors
///
/// A file with this name cannot be used: it is a link that leads out of the repository, not a
/// regular file, or ends in `.yml`.
pub fn find(directory: &Path, root: Option<&Path>) -> Result<Option<PathBuf>, LoadError> {
    let Ok(here) = directory.canonicalize() else {
        return Ok(None);
    };
    let root = root.unwrap_or(&here);
    let mut climb = PathBuf::new();
    for folder in here.ancestors() {
        let path = folder.join(NAME);
        if path.symlink_metadata().is_ok() {
            let shown = climb.join(NAME);
            let is_inside = path
                .canonicalize()
                .is_ok_and(|real| real.starts_with(root) && real.is_file());
            return if is_inside {
                Ok(Some(shown))
            } else {
                Err(LoadError::Stray { path: shown })
            };
        }
        if fs::symlink_metadata(folder.join(OTHER_NAME)).is_ok() {
            let path = climb.join(OTHER_NAME);
            return Err(LoadError::Misnamed { path });
        }
        if folder == root {
            break;
        }
        climb.push("..");
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn found(folder: &tempfile::TempDir, below: &str, root: Option<&str>) -> Option<PathBuf> {
        let folder = folder.path().canonicalize().unwrap();
        let root = root.map(|root| folder.join(root));
        find(&folder.join(below), root.as_deref()).unwrap()
    }

    #[test]
    fn the_nearest_one_counts_up_to_the_root_of_the_repository() {
        let folder = folder(&[
            ".harden.yaml",
            "a/.git/HEAD",
            "a/.harden.yaml",
            "a/b/.harden.yaml",
            "a/b/c/d/x",
            "a/e/x",
            "f/.git/HEAD",
            "f/g/x",
        ]);
        assert_eq!(
            found(&folder, "a/b/c/d", Some("a")),
            Some("../../.harden.yaml".into())
        );
        assert_eq!(
            found(&folder, "a/b", Some("a")),
            Some(".harden.yaml".into())
        );
        assert_eq!(
            found(&folder, "a/e", Some("a")),
            Some("../.harden.yaml".into())
        );
        assert_eq!(found(&folder, "f/g", Some("f")), None);
    }

    #[test]
    fn outside_of_a_repository_nothing_above_is_read() {
        let folder = folder(&[".harden.yaml", "a/x"]);
        assert_eq!(found(&folder, "a", None), None);
        assert_eq!(found(&folder, ".", None), Some(".harden.yaml".into()));
        assert_eq!(found(&folder, "missing", None), None);
    }

    #[test]
    fn it_is_a_file_of_the_repository() {
        let folder = folder(&["secret", "a/.git/HEAD", "a/real", "b/.harden.yml"]);
        let link = folder.path().join("a/.harden.yaml");
        std::os::unix::fs::symlink("../secret", &link).unwrap();
        let error = find(&folder.path().join("a"), None).unwrap_err();
        assert!(matches!(error, LoadError::Stray { .. }));
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        assert_eq!(found(&folder, "a", None), Some(".harden.yaml".into()));
        let error = find(&folder.path().join("b"), None).unwrap_err();
        assert!(matches!(error, LoadError::Misnamed { .. }));
    }
}
