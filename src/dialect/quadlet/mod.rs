//! Quadlet: `.container` units, of which systemd's generator makes a `podman run`.
//!
//! The dialect does the same: a unit is read as the command that it stands for
//! ([`super::docker_run`]), and the options that harden the command are written back as keys.
//! Sources: podman `pkg/systemd/quadlet/quadlet.go` and `pkg/systemd/parser/{unitfile,split}.go`
//! at c6580b4, and `docs/source/markdown/podman-container.unit.5.md.in`.

mod draft;
mod translate;
mod unit;
mod words;

use std::path::Path;

pub(crate) use self::draft::UnitDraft;
pub(crate) use self::translate::Translation;
pub(crate) use self::unit::Unit;
pub use self::unit::UnitFault;

/// Its name in reports and fingerprints.
pub(crate) const NAME: &str = "quadlet";

/// The file is such a unit: by its name, or on standard input by its section.
pub(crate) fn is_unit(path: &Path, text: &str) -> bool {
    match path.extension() {
        Some(extension) => extension.eq_ignore_ascii_case("container"),
        None => path == Path::new("-") && text.lines().any(|line| line.trim() == "[Container]"),
    }
}
