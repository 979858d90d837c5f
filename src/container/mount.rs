//! What a container mounts, and where.

use std::borrow::Cow;

use super::Place;
use crate::paths;

/// Something mounted into the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The path inside, as written.
    pub target: String,
    /// What is mounted there.
    pub source: MountSource,
    /// It cannot be written.
    pub read_only: bool,
    /// Any user can write to its root: `emptyDir`, `/tmp` as tmpfs. What nobody knows is `false`.
    pub open: bool,
    /// Mounts made below it later are seen across the border, in the format's own word (`rshared`,
    /// `Bidirectional`); `None` for the default.
    pub propagation: Option<String>,
    /// Where it is written.
    pub place: Option<Place>,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A path of the host, whose owner nobody here knows.
    Host(String),
    /// A volume the engine makes and keeps, by name.
    Volume(String),
    /// A volume without a name, new with each container.
    Anonymous,
    /// Storage claimed from a cluster.
    Claim(String),
    /// Memory or disk that goes with the container: tmpfs, `emptyDir`.
    Scratch,
    /// Files the platform writes: configs, secrets, downward API, projected.
    Content,
    /// Anything else: CSI, NFS, image volumes.
    Other(String),
}

/// Two spellings of one path: `/run/` and `/var/run` are `/run`.
#[must_use]
pub fn same_path(left: &str, right: &str) -> bool {
    clean(left) == clean(right)
}

/// `path` is `directory` or lies below it.
#[must_use]
pub fn within(path: &str, directory: &str) -> bool {
    let (path, directory) = (clean(path), clean(directory));
    path.strip_prefix(directory.as_ref())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A directory that any user can write in every image.
#[must_use]
pub fn is_shared_directory(path: &str) -> bool {
    matches!(&*clean(path), "/tmp" | "/var/tmp" | "/dev/shm")
}

/// The path without doubled or trailing slashes, `.` and `..`, as Go's `path.Clean` has it; the
/// root is empty. `/var/run` is a link to `/run` in every image that has both.
pub(super) fn clean(path: &str) -> Cow<'_, str> {
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

/// Most paths are written as they are meant, and cost a look.
fn is_clean(path: &str) -> bool {
    let dotted_or_doubled = |pair: &[u8]| pair[0] == b'/' && matches!(pair[1], b'/' | b'.');
    path.starts_with('/')
        && !path.ends_with('/')
        && !path.starts_with("/var/run")
        && !path.as_bytes().windows(2).any(dotted_or_doubled)
}
