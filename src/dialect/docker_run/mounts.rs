//! Reads the mounts of a command: `--volume`, `--tmpfs`, `--mount`, and the default mounts.

use super::read::Reading;
use super::{Engine, Given};
use crate::container::{Container, Mount, MountSource, Observed, is_shared_directory};
use crate::dialect::engine_words;
use crate::dialect::engine_words::mount::{
    PROPAGATIONS, Volume, copied, is_host_path, tmpfs, tmpfs_size,
};
use crate::units;

/// Adds every mount to the container.
pub(super) fn read(container: &mut Container, reading: &Reading<'_>) {
    let command = reading.command;
    let in_words = command
        .given("tmpfs")
        .filter_map(|given| tmpfs_size(&given.value));
    let in_fields = command
        .given("mount")
        .filter_map(|given| units::bytes(field(&given.value, &["tmpfs-size"])?));
    for bytes in in_words.chain(in_fields) {
        container.add_scratch_memory(bytes);
    }
    let mut add = |given: &Given, mount: Mount| {
        let place = Some(reading.place(given));
        container.mounts.push(Mount { place, ..mount });
    };
    for given in command.given("volume") {
        add(given, volume(&given.value));
    }
    for given in command.given("tmpfs") {
        add(given, tmpfs(&given.value));
    }
    for given in command.given("mount") {
        if let Some(mount) = long(&given.value) {
            add(given, mount);
        }
    }
    for given in command.given("secret") {
        add(given, secret(&given.value));
    }
    if let Some(given) = command.last("use-api-socket")
        && command.is_on("use-api-socket")
    {
        add(given, bind("/var/run/docker.sock"));
    }
    for given in command.given("volumes-from") {
        let mounts = Observed::MountsVolumesOf(given.value.clone());
        let mounts = mounts.at(Some(reading.place(given)));
        container.observations.push(mounts);
    }
    let read_only = container.read_only_root.judged() == Some(&true);
    let keeps = command.last("read-only-tmpfs").is_none() || command.is_on("read-only-tmpfs");
    if command.engine == Engine::Podman && read_only && keeps {
        // docs/semantics.md#podman-read-only-tmpfs; podman `pkg/specgen/generate/storage.go`
        // `addReadWriteTmpfsMounts`.
        for path in ["/tmp", "/var/tmp", "/run"] {
            if container.mount_at(path).is_none() {
                container.mounts.push(Mount {
                    // These mounts are defaults, so they are no evidence of who writes there.
                    open: true,
                    ..tmpfs(path)
                });
            }
        }
    }
}

fn volume(text: &str) -> Mount {
    let volume = Volume::parse(text);
    Mount {
        target: volume.target.to_owned(),
        source: copied(source(volume.source), volume.source, !volume.has("nocopy")),
        read_only: volume.has("ro"),
        open: false,
        propagation: volume.propagation(),
        place: None,
    }
}

fn source(name: &str) -> MountSource {
    if name.is_empty() {
        MountSource::Anonymous
    } else if is_host_path(name) {
        MountSource::Host(name.to_owned())
    } else {
        MountSource::Volume(name.to_owned())
    }
}

/// `type=…,source=…,target=…`. The default type is a volume (docker/cli `opts/mount.go`, podman
/// `pkg/specgenutil/volumes.go`).
fn long(text: &str) -> Option<Mount> {
    let field = |names: &[&str]| field(text, names);
    let is_on = |names: &[&str]| field(names).and_then(engine_words::boolean) == Some(true);
    let target = field(&["target", "dst", "destination"])?;
    let from = field(&["source", "src"]).unwrap_or_default();
    let kind = field(&["type"]).unwrap_or("volume").to_ascii_lowercase();
    let bare = is_on(&["volume-nocopy"]) || field(&["volume-subpath", "subpath"]).is_some();
    let open = kind == "tmpfs"
        && (is_shared_directory(target)
            || is_on(&["U", "chown"])
            || field(&["tmpfs-mode"]).is_some_and(|mode| mode.ends_with("777")));
    let source = match kind.as_str() {
        "bind" => MountSource::Host(from.to_owned()),
        "tmpfs" | "ramfs" => MountSource::Scratch,
        "volume" if field(&["volume-driver"]).is_some_and(|driver| driver != "local") => {
            MountSource::Other(from.to_owned())
        }
        "volume" => copied(source(from), from, !bare),
        _ => MountSource::Other(kind),
    };
    let propagation = field(&["bind-propagation"]).map(str::to_ascii_lowercase);
    Some(Mount {
        target: target.to_owned(),
        source,
        read_only: is_on(&["readonly", "ro"]),
        open,
        propagation: propagation.filter(|word| PROPAGATIONS.contains(&word.as_str())),
        place: None,
    })
}

/// The value of the field that has one of these names.
fn field<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    text.split(',').find_map(|field| {
        let (name, value) = field.split_once('=').unwrap_or((field, "true"));
        let mut names = names.iter();
        names
            .any(|known| name.eq_ignore_ascii_case(known))
            .then_some(value)
    })
}

/// `NAME[,target=…]`. The default path is in `/run/secrets`.
fn secret(text: &str) -> Mount {
    let mut fields = text.split(',');
    let name = fields.next().unwrap_or_default();
    let target = fields.find_map(|field| field.strip_prefix("target="));
    let target = match target.unwrap_or(name) {
        path if path.starts_with('/') => path.to_owned(),
        name => format!("/run/secrets/{name}"),
    };
    Mount {
        target,
        source: MountSource::Content,
        read_only: true,
        open: false,
        propagation: None,
        place: None,
    }
}

fn bind(path: &str) -> Mount {
    Mount {
        target: path.to_owned(),
        source: MountSource::Host(path.to_owned()),
        read_only: false,
        open: false,
        propagation: None,
        place: None,
    }
}
