//! Parses volumes and tmpfs mounts in their short form.

use crate::container::{Mount, MountSource, Scratch, is_shared_directory};
use crate::units;

/// `[SOURCE:]TARGET[:OPTIONS]`.
#[derive(Clone, Copy, Debug)]
pub(in crate::dialect) struct Volume<'t> {
    /// A path, the name of a volume, or empty.
    pub(in crate::dialect) source: &'t str,
    /// The path in the container.
    pub(in crate::dialect) target: &'t str,
    options: &'t str,
}

impl<'t> Volume<'t> {
    /// Splits at colons. A drive letter belongs to its path (compose-go `format/volume.go`,
    /// docker/cli `internal/volumespec/volumespec.go`).
    pub(in crate::dialect) fn parse(text: &'t str) -> Self {
        let (source, target, options) = match split(text).as_slice() {
            [target] => ("", *target, ""),
            [source, target] => (*source, *target, ""),
            [source, target, options, ..] => (*source, *target, *options),
            [] => ("", "", ""),
        };
        Self {
            source,
            target,
            options,
        }
    }

    /// Whether the options contain this word.
    pub(in crate::dialect) fn has(&self, option: &str) -> bool {
        self.options().any(|known| known == option)
    }

    /// The options, one by one.
    pub(in crate::dialect) fn options(&self) -> impl Iterator<Item = &'t str> {
        self.options.split(',').filter(|option| !option.is_empty())
    }

    /// The mount propagation, if it is not the default.
    pub(in crate::dialect) fn propagation(&self) -> Option<String> {
        self.options()
            .find(|option| PROPAGATIONS.contains(option))
            .map(str::to_owned)
    }
}

/// The modes of mount propagation other than the default (moby `volume/mounts/linux_parser.go`).
pub(in crate::dialect) const PROPAGATIONS: [&str; 4] = ["shared", "rshared", "slave", "rslave"];

/// Splits at colons outside `${…}`. `C:\` and `C:/` are kept whole.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut depth = 0_u32;
    let bytes = text.as_bytes();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                let drive = at == start + 1
                    && bytes[start].is_ascii_alphabetic()
                    && matches!(bytes.get(at + 1), Some(b'\\' | b'/'))
                    && parts.is_empty();
                if !drive {
                    parts.push(&text[start..at]);
                    start = at + 1;
                }
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Whether the source of a mount is a host path and not a volume name.
pub(in crate::dialect) fn is_host_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~', '\\'])
        || source.as_bytes().get(1) == Some(&b':') && source.as_bytes()[0].is_ascii_alphabetic()
}

/// A volume that is not initialised from the image's directory keeps its own owner.
pub(in crate::dialect) fn copied(source: MountSource, name: &str, copies: bool) -> MountSource {
    match source {
        MountSource::Volume(_) | MountSource::Anonymous if !copies => {
            MountSource::Other(name.to_owned())
        }
        source => source,
    }
}

/// `PATH[:OPTIONS]`. Without owner and mode, the engine makes root the owner. The mode is that of
/// the image's directory, or 1777 if the image has no such directory
/// (docs/semantics.md#tmpfs-owner).
pub(in crate::dialect) fn tmpfs(text: &str) -> Mount {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    let open = is_shared_directory(target)
        || options.split(',').any(|option| {
            option == "U"
                || option.starts_with("uid=")
                || option
                    .strip_prefix("mode=")
                    .is_some_and(|mode| mode.ends_with("777"))
        });
    let read_only = options.split(',').any(|option| option == "ro");
    Mount {
        target: target.to_owned(),
        source: MountSource::Scratch,
        read_only,
        open,
        propagation: None,
        place: None,
    }
}

/// The size of a tmpfs in bytes. `None` for a percentage of the host's memory.
pub(in crate::dialect) fn tmpfs_size(text: &str) -> Option<u64> {
    let mut options = text.split([':', ',']);
    units::bytes(options.find_map(|option| option.strip_prefix("size="))?)
}

/// `PATH:noexec,nosuid,size=…`. A mode is written together with an owner, because old versions of
/// runc ignore the mode (docs/semantics.md#tmpfs-mode-ignored).
pub(in crate::dialect) fn write_tmpfs(scratch: &Scratch) -> String {
    let exec = if scratch.exec { "exec" } else { "noexec" };
    let size = units::write_bytes(scratch.size);
    let owner = scratch
        .owner
        .map_or_else(String::new, |(uid, gid)| format!(",uid={uid},gid={gid}"));
    let mode = scratch
        .mode
        .map_or_else(String::new, |mode| format!(",mode={mode:o}"));
    format!("{}:{exec},nosuid,size={size}{owner}{mode}", scratch.path)
}
