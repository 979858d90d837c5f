//! Where images look for scripts to run at every start.

/// Directories whose scripts an entrypoint or an init system runs as the user that the container
/// starts as: of nginx (nginx/docker-nginx `entrypoint/docker-entrypoint.sh`), of s6
/// (just-containers/s6-overlay `layout/rootfs-overlay/etc/s6-overlay`), of linuxserver.io and of
/// phusion/baseimage.
const DIRECTORIES: [&str; 4] = [
    "/docker-entrypoint.d",
    "/etc/cont-init.d",
    "/custom-cont-init.d",
    "/etc/my_init.d",
];

/// Whether a file at this path, or below it, is run at every start.
#[must_use]
pub fn is_start_script(path: &str) -> bool {
    DIRECTORIES.iter().any(|directory| {
        let below = path.strip_prefix(directory);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
