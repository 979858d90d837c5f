//! The mounts of a container.

use std::borrow::Cow;

use super::Place;
use crate::paths;

/// One mount of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The path in the container, as written.
    pub target: String,
    /// What is mounted there.
    pub source: MountSource,
    /// The mount is read-only.
    pub read_only: bool,
    /// Every user can write to its root directory: `emptyDir`, `/tmp` as tmpfs. `false` if this is
    /// unknown.
    pub open: bool,
    /// The mount propagation, as the format names it (`rshared`, `Bidirectional`); `None` for the
    /// default.
    pub propagation: Option<String>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host. Its owner is unknown.
    Host(String),
    /// A named volume of the engine.
    Volume(String),
    /// A volume without a name; each container gets a new one.
    Anonymous,
    /// A persistent volume claim of Kubernetes.
    Claim(String),
    /// Memory or disk space that is removed with the container: tmpfs, `emptyDir`.
    Scratch,
    /// Files that the platform writes: configs, secrets, downward API, projected volumes.
    Content,
    /// Any other source: CSI, NFS, image volumes.
    Other(String),
}

/// Whether two spellings mean the same path. `/run/` and `/var/run` are `/run`.
#[must_use]
pub fn same_path(left: &str, right: &str) -> bool {
    clean(left) == clean(right)
}

/// Whether `path` is `directory` or is below it.
#[must_use]
pub fn within(path: &str, directory: &str) -> bool {
    let (path, directory) = (clean(path), clean(directory));
    path.strip_prefix(directory.as_ref())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether every user can write to the directory in every image.
#[must_use]
pub fn is_shared_directory(path: &str) -> bool {
    matches!(&*clean(path), "/tmp" | "/var/tmp" | "/dev/shm")
}

/// The path without doubled or trailing slashes, `.` and `..`, as Go's `path.Clean` returns it.
/// The root is empty. `/var/run` becomes `/run`, because it is a link in every image that has both.
pub(crate) fn clean(path: &str) -> Cow<'_, str> {
    if is_clean(path) {
        return Cow::Borrowed(path);
    }
    let mut cleaned = paths::from_root(path);
    if cleaned == "/" {
        cleaned.clear();
    }
    let is_run = |rest: &str| rest.is_empty() || rest.starts_with('/');
    if cleaned.strip_prefix("/var/run").is_some_and(is_run) {
        cleaned.drain(.."/var".len());
    }
    Cow::Owned(cleaned)
}

/// Most paths are clean already; this check avoids a copy.
fn is_clean(path: &str) -> bool {
    let dotted_or_doubled = |pair: &[u8]| pair[0] == b'/' && matches!(pair[1], b'/' | b'.');
    path.starts_with('/')
        && !path.ends_with('/')
        && !path.starts_with("/var/run")
        && !path.as_bytes().windows(2).any(dotted_or_doubled)
}
