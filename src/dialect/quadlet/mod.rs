//! Quadlet: `.container` units, which systemd's generator turns into a `podman run`.
//!
//! The dialect does the same. It reads a unit as its command ([`super::docker_run`]) and writes the
//! hardening options back as keys. Sources: podman `pkg/systemd/quadlet/quadlet.go` and
//! `pkg/systemd/parser/{unitfile,split}.go` at c6580b4, and
//! `docs/source/markdown/podman-container.unit.5.md.in`.

mod draft;
mod translate;
mod unit;
mod words;

use std::path::Path;

pub(crate) use self::draft::UnitDraft;
pub(crate) use self::translate::Translation;
pub(crate) use self::unit::Unit;
pub use self::unit::UnitFault;

/// The format name in reports and fingerprints.
pub(crate) const NAME: &str = "quadlet";

/// Whether the file is a container unit: by its name, or on stdin by its section.
pub(crate) fn is_unit(path: &Path, text: &str) -> bool {
    let is_named = path
        .file_name()
        .map(|name| name.eq_ignore_ascii_case(".container"));
    if is_named == Some(true) {
        return true;
    }
    if let Some(extension) = path.extension() {
        return extension.eq_ignore_ascii_case("container");
    }
    // A stream of objects can have the line in a value.
    let mut lines = text.lines().map(str::trim);
    let first = lines
        .clone()
        .find(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    path == Path::new("-")
        && first.is_some_and(|line| line.starts_with('[') && line.ends_with(']'))
        && lines.any(|line| line == "[Container]")
}
