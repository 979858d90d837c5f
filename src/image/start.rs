//! Directories of start scripts in images.

/// Directories whose scripts an entrypoint or an init system runs at every start, as the user that
/// the container starts as. Sources: nginx (nginx/docker-nginx `entrypoint/docker-entrypoint.sh`),
/// s6 (just-containers/s6-overlay `layout/rootfs-overlay/etc/s6-overlay`), linuxserver.io and
/// phusion/baseimage.
const DIRECTORIES: [&str; 4] = [
    "/docker-entrypoint.d",
    "/etc/cont-init.d",
    "/custom-cont-init.d",
    "/etc/my_init.d",
];

/// Whether this path is in a directory of start scripts, or is such a directory.
#[must_use]
pub fn is_start_script(path: &str) -> bool {
    DIRECTORIES.iter().any(|directory| {
        let below = path.strip_prefix(directory);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
