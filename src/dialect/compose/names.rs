//! The default names of Compose files.

use std::path::{Path, PathBuf};

/// The names that Compose looks for, in order of preference (compose-go `cli/options.go`
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

/// Whether Compose merges a file of this name over the base in the same directory.
#[must_use]
pub fn is_override(path: &Path) -> bool {
    is_named(path, &OVERRIDES)
}

/// The paths where Compose looks for an override of this base, in order of preference. Empty if
/// Compose does not look for a base of this name.
#[must_use]
pub fn overrides(base: &Path) -> Vec<PathBuf> {
    if !is_named(base, &BASES) {
        return Vec::new();
    }
    OVERRIDES.map(|name| base.with_file_name(name)).into()
}

/// The paths where Compose looks for the base of an override, in order of preference.
#[must_use]
pub fn bases(path: &Path) -> Vec<PathBuf> {
    BASES.map(|name| path.with_file_name(name)).into()
}

/// The paths of the bases that this file overrides. `None` if the file is not an override.
#[must_use]
pub fn overridden_by(path: &Path) -> Option<Vec<PathBuf>> {
    is_override(path).then(|| bases(path))
}

/// The paths of bases that Compose prefers to this one.
#[must_use]
pub fn preferred_to(base: &Path) -> Vec<PathBuf> {
    let before = BASES
        .iter()
        .take_while(|name| base.file_name() != Some(name.as_ref()));
    before.map(|name| base.with_file_name(name)).collect()
}
