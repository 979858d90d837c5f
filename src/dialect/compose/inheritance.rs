//! Finds the effects of one service on others: inheritance and overriding.

use super::EVERYTHING;
use super::layers::{Layer, Layers};
use crate::container::{Container, MountSource, Observed};
use crate::project::{File, Surroundings};
use crate::syntax::{NodeId, Schema, Tree};

/// The mapping that receives new keys of a service: its first definition, without its bases.
pub(super) fn defining(layers: &Layers) -> Option<&Layer> {
    layers.iter().find(|layer| !layer.is_inherited())
}

/// The layers with higher precedence than the mapping that defines the service.
pub(super) fn later(layers: &Layers, defining: &Layer) -> Layers {
    let mut later = Layers::default();
    let after = layers
        .iter()
        .skip_while(|layer| (layer.file, layer.node) != (defining.file, defining.node))
        .skip(1);
    later.extend(after.cloned());
    later
}

/// Scalars of a service that a later document or file can override.
const SCALARS: [&[&str]; 17] = [
    &["user"],
    &["privileged"],
    &["read_only"],
    &["restart"],
    &["mem_limit"],
    &["cpus"],
    &["cpu_quota"],
    &["pids_limit"],
    &["deploy", "resources", "limits", "memory"],
    &["deploy", "resources", "limits", "cpus"],
    &["deploy", "resources", "limits", "pids"],
    &["deploy", "restart_policy", "condition"],
    &["deploy", "restart_policy", "max_attempts"],
    &["ipc"],
    &["network_mode"],
    &["pid"],
    &["userns_mode"],
];

/// The scalars that `later` sets: each path with its file and line.
pub(super) fn scalars(
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
    later: &Layers,
) -> Vec<(String, String)> {
    if later.iter().next().is_none() {
        return Vec::new();
    }
    let found = SCALARS.iter().filter_map(|path| {
        let place = later.get(files, path)?.origin.place?;
        let file = &files[place.file];
        let (line, _) = file.tree.line_column(place.span.start);
        let name = surroundings.name(&file.path);
        Some((path.join("."), format!("{}:{line}", name.display())))
    });
    found.collect()
}

/// How a service differs from its bases.
pub(super) struct Differences<'l> {
    layers: &'l Layers,
    /// For each layer, whether a new setting of a base could not break it.
    harmless: Vec<bool>,
}

impl<'l> Differences<'l> {
    pub(super) fn new(files: &[File<'_>], layers: &'l Layers) -> Self {
        Self {
            layers,
            harmless: layers
                .iter()
                .map(|layer| is_harmless(files, layer))
                .collect(),
        }
    }

    /// Whether neither the service adds anything to `base`, nor `base` has anything that the
    /// service does not inherit, that a new setting of the base could break.
    pub(super) fn are_harmless_for(&self, files: &[File<'_>], base: &Layers) -> bool {
        let place = |layer: &&Layer| (layer.file, layer.node);
        let mut bases = base.iter().peekable();
        let layers = self.layers.iter().zip(&self.harmless);
        // The layers of a base come first, in the same order. A later file can override the base,
        // and the service does not inherit that.
        let mut added = layers.filter(|(layer, _)| {
            let is_base = |base: &&Layer| place(base) == place(layer);
            bases.next_if(is_base).is_none()
        });
        added.all(|(_, harmless)| *harmless) && bases.all(|layer| is_harmless(files, layer))
    }
}

/// Whether a layer has only keys that no new setting can break.
fn is_harmless(files: &[File<'_>], layer: &Layer) -> bool {
    let tree = &files[layer.file].tree;
    let entries = tree.effective_entries(layer.node, Schema::GoYamlV4);
    let mut keys = entries.iter().map(|(key, _)| key);
    keys.all(|key| HARMLESS.contains(&&**key) || key.starts_with("x-"))
}

/// Whether the names in the service and its base mean the same thing in both projects. Each project
/// has its own volumes, configs and secrets.
pub(super) fn has_like_surroundings(heir: &Container, base: &Container) -> bool {
    fn mounts(container: &Container) -> impl Iterator<Item = (&str, &MountSource)> {
        let mounts = container.mounts.iter();
        mounts.map(|mount| (mount.target.as_str(), &mount.source))
    }
    fn observed(container: &Container) -> impl Iterator<Item = &Observed> {
        container.observations.iter().map(|seen| &seen.what)
    }
    mounts(heir).eq(mounts(base)) && observed(heir).eq(observed(base))
}

/// Keys of the service whose definition a later `!reset` or `!override` cancels. If the service
/// itself is cancelled, this is every key.
pub(super) fn overridden(files: &[File<'_>], defining: &Layer, later: &Layers) -> Vec<String> {
    let mut keys = Vec::new();
    let all = std::iter::once((defining, false)).chain(later.iter().map(|layer| (layer, true)));
    for (layer, is_later) in all {
        let tree = &files[layer.file].tree;
        if is_later && is_undone(tree, layer.node, is_later) {
            keys.push(EVERYTHING.to_owned());
        }
        for (key, found) in tree.effective_entries(layer.node, Schema::GoYamlV4) {
            let mut below = tree.subtree(found.value());
            if below.any(|node| is_undone(tree, node, is_later)) {
                keys.push(key.into_owned());
            }
        }
    }
    keys
}

/// Whether the node removes earlier values: `!reset`, or `!override` in a later document.
fn is_undone(tree: &Tree<'_>, node: NodeId, is_later: bool) -> bool {
    tree.tag(node)
        .is_some_and(|tag| tag == "!reset" || is_later && tag == "!override")
}

/// Keys that a service may add to its base without a conflict with a new setting of the base.
const HARMLESS: [&str; 16] = [
    "container_name",
    "depends_on",
    "expose",
    "extends",
    "hostname",
    "labels",
    "links",
    "logging",
    "networks",
    "ports",
    "profiles",
    "pull_policy",
    "restart",
    "scale",
    "stop_grace_period",
    "stop_signal",
];
