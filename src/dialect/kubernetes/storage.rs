//! Reads the volumes of a pod and the mounts of its containers.

use std::collections::{BTreeMap, BTreeSet};

use super::cursor::{Cursor, id};
use super::quantity;
use crate::container::{Container, Mount, MountSource, Observed, Setting, same_path};

/// The volumes of a pod by name.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    by_name: BTreeMap<String, Volume>,
    /// Whether `fsGroup` is set. That group then owns the volumes and can read all that the API
    /// writes into them (kubernetes `pkg/volume/volume_linux.go`).
    grouped: bool,
    /// The first volume whose files only their owner can read.
    private: Option<String>,
}

/// One volume.
#[derive(Debug)]
struct Volume {
    source: MountSource,
    /// Whether the volume is read-only for every container.
    read_only: bool,
    /// Its size in bytes, if it is in memory.
    memory: Option<u64>,
    /// The file permissions that the manifest sets for content that the API writes.
    modes: Vec<u32>,
}

/// The permission bit for reading by everyone.
const READABLE: u32 = 0o004;

/// The permission bits of everyone except the owner.
const SHARED: u32 = 0o077;

impl Volumes {
    /// The pod's own volumes, those defined around it and, for a `StatefulSet`, those of its claim
    /// templates.
    pub(super) fn read(
        spec: &Cursor<'_, '_>,
        around: Option<&Cursor<'_, '_>>,
        templates: Option<&Cursor<'_, '_>>,
    ) -> Self {
        let mut by_name = BTreeMap::new();
        let around = around.map(Cursor::items).unwrap_or_default();
        for (_, volume) in around.into_iter().chain(spec.items_of("volumes")) {
            let name = volume.word_of("name");
            by_name.insert(name.clone(), Volume::read(name, &volume));
        }
        // A claim template replaces a volume of the same name, as the controller does.
        for (_, template) in templates.map(Cursor::items).unwrap_or_default() {
            if let Some(name) = template
                .find(&["metadata", "name"])
                .and_then(|name| name.word())
            {
                let volume = Volume {
                    source: MountSource::Claim(name.clone().into_owned()),
                    read_only: false,
                    memory: None,
                    modes: Vec::new(),
                };
                by_name.insert(name.into_owned(), volume);
            }
        }
        let grouped = spec.find(&["securityContext", "fsGroup"]).is_some();
        let is_private = |volume: &Volume| volume.modes.iter().any(|mode| mode & SHARED == 0);
        let private = by_name.iter().find(|(_, volume)| is_private(volume));
        Self {
            private: private.map(|(name, _)| name.clone()),
            by_name,
            grouped,
        }
    }

    /// A volume whose files only their owner can read, such as a key. Programs reject a key that
    /// its group can read.
    pub(super) fn readable_by_owner_only(&self) -> Option<&String> {
        self.private.as_ref()
    }

    /// Every name that a new volume must not have.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.by_name.keys()
    }

    /// Fills in the mounts of `container`.
    pub(super) fn mount(&self, cursor: &Cursor<'_, '_>, container: &mut Container) {
        let mut in_memory = BTreeSet::new();
        for (_, mount) in cursor.items_of("volumeMounts") {
            let name = mount.word_of("name");
            let target = mount.word_of("mountPath");
            let volume = self.by_name.get(&name);
            let sub_path = ["subPath", "subPathExpr"]
                .iter()
                .find_map(|key| mount.get(key)?.word());
            let source = volume.map_or_else(
                || MountSource::Other(format!("volume {name}")),
                |volume| volume.source.clone(),
            );
            if let Some(sub_path) = &sub_path
                && matches!(source, MountSource::Claim(_))
            {
                let made = Observed::SubPathMadeByKubelet {
                    volume: name.clone(),
                    path: sub_path.clone().into_owned(),
                };
                container.observations.push(made.at(Some(mount.place())));
            }
            let closed = volume
                .iter()
                .flat_map(|volume| &volume.modes)
                .find(|mode| *mode & READABLE == 0)
                .filter(|_| !self.grouped);
            if let Some(mode) = closed {
                let readable = Observed::ReadableByRoot {
                    volume: name.clone(),
                    mode: *mode,
                };
                container
                    .observations
                    .push(readable.at(Some(mount.place())));
            }
            let memory = volume.and_then(|volume| volume.memory);
            if same_path(&target, "/dev/shm") {
                container.shared_memory = memory;
            } else if let Some(bytes) = memory
                && in_memory.insert(name.clone())
            {
                container.add_scratch_memory(bytes);
            }
            container.mounts.push(Mount {
                target,
                open: source == MountSource::Scratch,
                source,
                read_only: mount.is_true("readOnly")
                    || volume.is_some_and(|volume| volume.read_only),
                propagation: Some(mount.word_of("mountPropagation"))
                    .filter(|word| !word.is_empty() && word != "None"),
                place: Some(mount.place()),
            });
        }
        for (_, device) in cursor.items_of("volumeDevices") {
            container.devices.push(device.word_of("devicePath"));
        }
    }
}

impl Volume {
    fn read(name: String, cursor: &Cursor<'_, '_>) -> Self {
        let kind = cursor
            .entries()
            .into_iter()
            .find(|(key, _)| key.as_ref() != "name");
        // A volume without a source is an emptyDir, the API's default.
        let Some((kind, source)) = kind else {
            return Self {
                source: MountSource::Scratch,
                read_only: false,
                memory: None,
                modes: Vec::new(),
            };
        };
        let mounted = match kind.as_ref() {
            "emptyDir" => MountSource::Scratch,
            "persistentVolumeClaim" => MountSource::Claim(source.word_of("claimName")),
            "ephemeral" => MountSource::Claim(name),
            "hostPath" => MountSource::Host(source.word_of("path")),
            "configMap" | "secret" | "projected" | "downwardAPI" => MountSource::Content,
            other => MountSource::Other(other.to_owned()),
        };
        let memory = (source.word_of("medium") == "Memory")
            .then(|| source.setting(&["sizeLimit"], quantity::bytes))
            .and_then(|size| match size {
                Setting::Set { value, .. } => Some(value),
                _ => None,
            });
        Self {
            read_only: mounted == MountSource::Content
                || kind == "image"
                || source.is_true("readOnly"),
            modes: match mounted {
                MountSource::Content => modes(&source),
                _ => Vec::new(),
            },
            source: mounted,
            memory,
        }
    }
}

/// The permissions of a content volume: for all files, for one file, or for one file of one source.
fn modes(source: &Cursor<'_, '_>) -> Vec<u32> {
    let mode = |cursor: &Cursor<'_, '_>, key| match cursor.setting(&[key], id) {
        Setting::Set { value, .. } => Some(value),
        _ => None,
    };
    let items = |cursor: &Cursor<'_, '_>| {
        let items = cursor.items_of("items").into_iter();
        items
            .filter_map(|(_, item)| mode(&item, "mode"))
            .collect::<Vec<_>>()
    };
    let sources = source.items_of("sources").into_iter();
    let of_sources = sources
        .flat_map(|(_, one)| one.entries())
        .flat_map(|(_, one)| items(&one));
    mode(source, "defaultMode")
        .into_iter()
        .chain(items(source))
        .chain(of_sources)
        .collect()
}
