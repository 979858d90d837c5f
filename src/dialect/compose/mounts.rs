//! Reads the mounts of a service: volumes, tmpfs, configs, secrets.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::Member;
use super::interpolation::compose_boolean;
use super::layers::{Layers, is_null, judged};
use crate::container::{
    Container, Mount, MountSource, Observation, Observed, Place, Reason, Value, Words,
    is_shared_directory,
};
use crate::dialect::engine_words::mount::{
    PROPAGATIONS, Volume, copied, is_host_path, tmpfs, tmpfs_size,
};
use crate::project::{File, Surroundings};
use crate::syntax::{Found, Kind, NodeId, Scalar, Schema};
use crate::units;

/// Adds every mount of the service to the container.
pub(super) fn read(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    top: &TopLevel,
    surroundings: &dyn Surroundings,
) {
    let mut places: HashMap<String, usize> = HashMap::new();
    for value in layers.items(files, "volumes") {
        let file = &files[value.file];
        let tree = &file.tree;
        let mount = match tree.node(value.node).kind {
            Kind::Map => long_volume(file, value.node, top),
            _ => value.judged(files).map(|text| short_volume(&text, top)),
        };
        let Some(mount) = mount else { continue };
        if let Some(tmpfs) = tree.get(value.node, "tmpfs", Schema::GoYamlV4) {
            let size = text_at(file, tmpfs.value(), "size");
            container.add_scratch_memory(
                size.and_then(|size| units::bytes(&size))
                    .unwrap_or_default(),
            );
        }
        let mount = Mount {
            place: value.origin.place,
            ..mount
        };
        // If two volumes have the same path, the later one is used (compose-go
        // `override/uncity.go`).
        let known = places.get(&mount.target).copied();
        if let Some(known) = known.and_then(|at| container.mounts.get_mut(at)) {
            *known = mount;
        } else {
            places.insert(mount.target.clone(), container.mounts.len());
            container.mounts.push(mount);
        }
    }
    for mount in &container.mounts {
        if let (MountSource::Host(path), Some(place)) = (&mount.source, mount.place) {
            let found = closed_file(&files[place.file], path, mount.place, surroundings);
            container.observations.extend(found);
        }
    }
    for (text, value) in layers.texts(files, "tmpfs") {
        container.add_scratch_memory(tmpfs_size(&text).unwrap_or_default());
        container.mounts.push(Mount {
            place: value.origin.place,
            ..tmpfs(&text)
        });
    }
    contents(container, layers, files, top, surroundings);
    for (from, value) in layers.texts(files, "volumes_from") {
        let mounts = Observed::MountsVolumesOf(from).at(value.origin.place);
        container.observations.push(mounts);
    }
}

/// Configs and secrets. Each is one file.
fn contents(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    top: &TopLevel,
    surroundings: &dyn Surroundings,
) {
    for (kind, directory) in [("configs", "/"), ("secrets", "/run/secrets/")] {
        for value in layers.items(files, kind) {
            let file = &files[value.file];
            let tree = &file.tree;
            let (name, target) = match tree.node(value.node).kind {
                Kind::Map => (
                    text_at(file, value.node, "source"),
                    text_at(file, value.node, "target"),
                ),
                _ => (value.judged(files).map(std::borrow::Cow::into_owned), None),
            };
            let Some(name) = name else { continue };
            let place = value.origin.place;
            if let Some(inline) = top.inline_content(files, kind, &name) {
                let copied = Observed::CopiedIntoRoot {
                    kind: kind.trim_end_matches('s'),
                    name: name.clone(),
                    key: inline,
                };
                container.observations.push(copied.at(place));
            }
            let target = match target {
                Some(target) if target.starts_with('/') => target,
                Some(target) => format!("{directory}{target}"),
                None => format!("{directory}{name}"),
            };
            let file_of_host = top.file(files, kind, &name);
            if file_of_host.is_none()
                && let Some(mode) = mode(file, value.node).filter(|mode| mode & 0o004 == 0)
            {
                let name = name.clone();
                let readable = Observed::ReadableByOwner { name, mode };
                container.observations.push(readable.at(place));
            }
            if let Some((file, path)) = file_of_host {
                container.observations.extend(closed_file(
                    &files[file],
                    &path,
                    place,
                    surroundings,
                ));
            }
            let source = MountSource::Content;
            container.mounts.push(Mount {
                target,
                source,
                read_only: true,
                open: false,
                propagation: None,
                place,
            });
        }
    }
}

/// The permissions of a config or secret. They apply to copied content, and not to a file of the
/// host (docs/semantics.md#root-inline-owner). A string is octal.
fn mode(file: &File<'_>, map: NodeId) -> Option<u32> {
    let found = file.tree.get(map, "mode", Schema::GoYamlV4)?;
    match file.tree.scalar(found.value(), Schema::GoYamlV4)? {
        Scalar::Int(mode) => u32::try_from(mode).ok(),
        Scalar::Str(text) => u32::from_str_radix(text.trim_start_matches("0o"), 8).ok(),
        _ => None,
    }
}

/// A file or directory of the project that only its owner and group can read.
fn closed_file(
    file: &File<'_>,
    path: &str,
    place: Option<Place>,
    surroundings: &dyn Surroundings,
) -> Option<Observation> {
    let path_here = file.context.directory.join(path);
    let is_known = !path.contains('$') && !path.starts_with(['~', '\\']);
    (is_known && surroundings.is_closed(&file.path, &path_here)).then(|| {
        let path = path.to_owned();
        Observed::ClosedFile { path }.at(place)
    })
}

/// Marks volumes that an image of another name also writes to: their files belong to the user of
/// that image. `projects` gives the project of each member, because volume names belong to a
/// project.
pub(super) fn share(members: &mut [Member], projects: &[usize]) {
    let mut writers: HashMap<(usize, String), Vec<usize>> = HashMap::new();
    for (at, (member, project)) in members.iter().zip(projects).enumerate() {
        for mount in member
            .container
            .mounts
            .iter()
            .filter(|mount| !mount.read_only)
        {
            if let MountSource::Volume(name) = &mount.source {
                writers
                    .entry((*project, name.clone()))
                    .or_default()
                    .push(at);
            }
        }
    }
    let image = |at: usize| {
        let image = members[at].container.image.as_ref()?.to_string();
        Some(image.split(['@', ':']).next()?.to_owned())
    };
    let mut found = Vec::new();
    let mut shared: HashMap<usize, BTreeSet<String>> = HashMap::new();
    for ((project, volume), writers) in writers {
        let images: Vec<Option<String>> = writers.iter().map(|at| image(*at)).collect();
        let Some(first) = images.first() else {
            continue;
        };
        let Some(second) = images.iter().position(|image| image != first) else {
            continue;
        };
        shared.entry(project).or_default().insert(volume.clone());
        for (at, image) in writers.iter().zip(&images) {
            let other = if image == first {
                writers[second]
            } else {
                writers[0]
            };
            let writer = members[other].container.name.clone();
            found.push((*at, writer, volume.clone()));
        }
    }
    let shared: HashMap<usize, Arc<BTreeSet<String>>> = shared
        .into_iter()
        .map(|(project, volumes)| (project, Arc::new(volumes)))
        .collect();
    for (member, project) in members.iter_mut().zip(projects) {
        if let Some(volumes) = shared.get(project) {
            member.container.shared_volumes = Arc::clone(volumes);
        }
    }
    found.sort();
    for (at, writer, volume) in found {
        let written = Observed::VolumeWrittenBy { volume, writer };
        members[at].container.observations.push(written.at(None));
    }
}

static EXTERNAL_CONTENT: Words = Words::new(
    "swarm-only-content",
    "The {kind} {name} is external, and only a swarm has those.",
);
static OVERLAY_NETWORK: Words = Words::new(
    "swarm-only-network",
    "The network {name} is an overlay, and only a swarm can use it.",
);

/// The top-level mappings of every document of the project.
#[derive(Debug, Default)]
pub(super) struct TopLevel {
    /// Named volumes that the engine does not initialise from the image's directory: external
    /// volumes, volumes of a plugin, and directories of this or another machine.
    foreign: HashSet<String>,
    /// The definitions of each config, in the order of the documents.
    configs: Definitions,
    secrets: Definitions,
    roots: Vec<(usize, NodeId)>,
}

/// The files and the values that define something, by its name.
type Definitions = HashMap<String, Vec<(usize, NodeId)>>;

impl TopLevel {
    pub(super) fn new(files: &[File<'_>], roots: Vec<(usize, NodeId)>) -> Self {
        let mut top = Self {
            configs: definitions(files, &roots, "configs"),
            secrets: definitions(files, &roots, "secrets"),
            foreign: HashSet::new(),
            roots,
        };
        for (file, root) in &top.roots {
            let file = &files[*file];
            let tree = &file.tree;
            let Some(volumes) = tree.get(*root, "volumes", Schema::GoYamlV4) else {
                continue;
            };
            for (name, volume) in tree.effective_entries(volumes.value(), Schema::GoYamlV4) {
                let has = |key| {
                    tree.get(volume.value(), key, Schema::GoYamlV4)
                        .is_some_and(|found| !is_null(tree, found.value()))
                };
                let local =
                    text_at(file, volume.value(), "driver").is_none_or(|driver| driver == "local");
                if has("driver_opts") || has("external") || !local {
                    top.foreign.insert(name.into_owned());
                }
            }
        }
        top
    }

    /// Why only a swarm can run the project. Docker Compose rejects external configs and secrets
    /// (docker/compose `pkg/compose/create.go`). A standalone container cannot join an overlay
    /// network that is not attachable.
    pub(super) fn for_swarm(&self, files: &[File<'_>]) -> Option<Reason> {
        let is_on = |file: &File<'_>, node, key| {
            text_at(file, node, key)
                .as_deref()
                .and_then(compose_boolean)
                == Some(true)
        };
        let is_external = |file: &File<'_>, node| {
            let found = file.tree.get(node, "external", Schema::GoYamlV4);
            let names =
                |found: Found| file.tree.node(file.tree.resolve(found.value())).kind == Kind::Map;
            is_on(file, node, "external") || found.is_some_and(names)
        };
        let is_overlay = |file: &File<'_>, node| {
            let driver = text_at(file, node, "driver");
            driver.as_deref() == Some("overlay") && !is_on(file, node, "attachable")
        };
        let find = |kind: &str, is_sign: &dyn Fn(&File<'_>, NodeId) -> bool| {
            self.roots.iter().find_map(|(file, root)| {
                let file = &files[*file];
                let all = file.tree.get(*root, kind, Schema::GoYamlV4)?;
                let all = file.tree.effective_entries(all.value(), Schema::GoYamlV4);
                let mut signs = all.iter().filter(|(_, one)| is_sign(file, one.value()));
                signs.next().map(|(name, _)| name.to_string())
            })
        };
        let external = ["configs", "secrets"].into_iter().find_map(|kind| {
            let name = find(kind, &is_external)?;
            let kind = Value::Note(kind.trim_end_matches('s').to_owned());
            let reason = Reason::new(&EXTERNAL_CONTENT).with("kind", kind);
            Some(reason.name(name))
        });
        external.or_else(|| {
            let name = find("networks", &is_overlay)?;
            Some(Reason::new(&OVERLAY_NETWORK).name(name))
        })
    }

    /// The key that defines a config or secret in the file or from the environment.
    fn inline_content(&self, files: &[File<'_>], kind: &str, name: &str) -> Option<&'static str> {
        self.definitions(kind, name).find_map(|(file, one)| {
            let tree = &files[file].tree;
            ["content", "environment"].into_iter().find(|key| {
                tree.get(one, key, Schema::GoYamlV4)
                    .is_some_and(|found| !is_null(tree, found.value()))
            })
        })
    }

    /// The host file that is mounted as a config or secret, and the index of the Compose file that
    /// defines it.
    fn file(&self, files: &[File<'_>], kind: &str, name: &str) -> Option<(usize, String)> {
        self.definitions(kind, name)
            .find_map(|(file, one)| Some((file, text_at(&files[file], one, "file")?)))
    }

    /// The definitions of a config or secret.
    fn definitions(&self, kind: &str, name: &str) -> impl Iterator<Item = (usize, NodeId)> {
        let all = if kind == "configs" {
            &self.configs
        } else {
            &self.secrets
        };
        all.get(name).into_iter().flatten().copied()
    }

    fn source(&self, name: &str) -> MountSource {
        if name.is_empty() {
            MountSource::Anonymous
        } else if is_host_path(name) || name.contains('$') {
            MountSource::Host(name.to_owned())
        } else if self.foreign.contains(name) {
            MountSource::Other(name.to_owned())
        } else {
            MountSource::Volume(name.to_owned())
        }
    }
}

/// Everything that the documents define under this key.
fn definitions(files: &[File<'_>], roots: &[(usize, NodeId)], key: &str) -> Definitions {
    let mut found = Definitions::new();
    for &(file, root) in roots {
        let tree = &files[file].tree;
        let Some(all) = tree.get(root, key, Schema::GoYamlV4) else {
            continue;
        };
        for (name, one) in tree.effective_entries(all.value(), Schema::GoYamlV4) {
            let known = found.entry(name.into_owned()).or_default();
            known.push((file, one.value()));
        }
    }
    found
}

fn short_volume(text: &str, top: &TopLevel) -> Mount {
    let volume = Volume::parse(text);
    let copies = !volume.has("nocopy");
    Mount {
        target: volume.target.to_owned(),
        source: copied(top.source(volume.source), volume.source, copies),
        read_only: volume.has("ro"),
        open: false,
        propagation: volume.propagation(),
        place: None,
    }
}

fn long_volume(file: &File<'_>, node: NodeId, top: &TopLevel) -> Option<Mount> {
    let tree = &file.tree;
    let target = text_at(file, node, "target")?;
    let source = text_at(file, node, "source")
        .or_else(|| text_at(file, node, "src"))
        .unwrap_or_default();
    let read_only = text_at(file, node, "read_only")
        .as_deref()
        .and_then(compose_boolean)
        .unwrap_or_default();
    let kind = text_at(file, node, "type").unwrap_or_default();
    let open = kind == "tmpfs" && is_shared_directory(&target);
    let source = match kind.as_str() {
        "bind" => MountSource::Host(source),
        "tmpfs" => MountSource::Scratch,
        "volume" | "" => {
            let option = |key| {
                tree.get(node, "volume", Schema::GoYamlV4)
                    .and_then(|volume| text_at(file, volume.value(), key))
            };
            let bare = option("subpath").is_some()
                || option("nocopy").as_deref().and_then(compose_boolean) == Some(true);
            copied(top.source(&source), &source, !bare)
        }
        _ => MountSource::Other(kind),
    };
    let propagation = tree
        .get(node, "bind", Schema::GoYamlV4)
        .and_then(|bind| text_at(file, bind.value(), "propagation"))
        .filter(|word| PROPAGATIONS.contains(&word.as_str()));
    Some(Mount {
        target,
        source,
        read_only,
        open,
        propagation,
        place: None,
    })
}

fn text_at(file: &File<'_>, map: NodeId, key: &str) -> Option<String> {
    let tree = &file.tree;
    let found = tree.get(map, key, Schema::GoYamlV4)?;
    if is_null(tree, found.value()) {
        return None;
    }
    judged(file, found.value()).map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> (String, MountSource, bool) {
        let mount = short_volume(text, &TopLevel::default());
        (mount.target, mount.source, mount.read_only)
    }

    #[test]
    fn short_volumes_are_split_as_compose_splits_them() {
        assert_eq!(
            source("/data"),
            ("/data".into(), MountSource::Anonymous, false)
        );
        assert_eq!(
            source("db:/data:ro"),
            ("/data".into(), MountSource::Volume("db".into()), true)
        );
        assert_eq!(
            source("./x:/data:z,ro"),
            ("/data".into(), MountSource::Host("./x".into()), true)
        );
        assert_eq!(
            source("C:\\x:/data"),
            ("/data".into(), MountSource::Host("C:\\x".into()), false)
        );
        assert_eq!(
            source("${DIR:-./x}:/data"),
            (
                "/data".into(),
                MountSource::Host("${DIR:-./x}".into()),
                false
            )
        );
    }
}
