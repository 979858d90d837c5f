//! The names of Compose files.

use std::path::{Path, PathBuf};

/// The names that Compose looks for, most preferred first (compose-go `cli/options.go`
/// `DefaultFileNames`, `DefaultOverrideFileNames`).
const BASES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

fn is_named(path: &Path, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| path.file_name() == Some(name.as_ref()))
}

/// Compose merges a file of this name over the base that it finds beside it.
#[must_use]
pub fn is_override(path: &Path) -> bool {
    is_named(path, &OVERRIDES)
}

/// The paths where Compose looks for an override of this base, most preferred first; none where
/// Compose looks for no file of its name.
#[must_use]
pub fn overrides(base: &Path) -> Vec<PathBuf> {
    if !is_named(base, &BASES) {
        return Vec::new();
    }
    OVERRIDES.map(|name| base.with_file_name(name)).into()
}

/// The paths where Compose looks for the base of an override, most preferred first.
#[must_use]
pub fn bases(path: &Path) -> Vec<PathBuf> {
    BASES.map(|name| path.with_file_name(name)).into()
}

/// The paths of the bases that this file is merged over; `None` for a file that is no override.
#[must_use]
pub fn overridden_by(path: &Path) -> Option<Vec<PathBuf>> {
    is_override(path).then(|| bases(path))
}

/// The paths of bases that Compose would take instead of this one.
#[must_use]
pub fn preferred_to(base: &Path) -> Vec<PathBuf> {
    let before = BASES
        .iter()
        .take_while(|name| base.file_name() != Some(name.as_ref()));
    before.map(|name| base.with_file_name(name)).collect()
}
