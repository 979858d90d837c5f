//! Normalizes paths by their text, without the file system.

use std::path::{Component, Path, PathBuf};

/// The path without `.`, and without each `..` that follows a name or the root.
///
/// The file system is not used. With a symbolic link before a `..`, the result may be another path.
#[must_use]
pub fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        let last = out.components().next_back();
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(last, Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::ParentDir if last == Some(Component::RootDir) => {}
            part => out.push(part),
        }
    }
    out
}

/// A path in a container, made absolute: without double or trailing slashes, `.` and `..`, like
/// Go's `path.Clean`. The root is `/`.
pub(crate) fn from_root(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 1);
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => out.truncate(out.rfind('/').unwrap_or_default()),
            part => {
                out.push('/');
                out.push_str(part);
            }
        }
    }
    if out.is_empty() {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_its_dots() {
        for (path, expected) in [
            ("", ""),
            (".", ""),
            ("./a//b/", "a/b"),
            ("a/../b", "b"),
            ("../a/..", ".."),
            ("a/../../b", "../b"),
            ("/../a", "/a"),
        ] {
            assert_eq!(normalized(Path::new(path)), Path::new(expected), "{path}");
        }
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("a/./b//", "/a/b"),
            ("/a/../../b", "/b"),
            ("/..", "/"),
        ] {
            assert_eq!(from_root(path), expected, "{path}");
        }
    }
}
