//! The services of a project: who defines them, and who extends whom.

use super::EVERYTHING;
use super::layers::{Layer, Layers, judged};
use crate::container::Via;
use crate::project::File;
use crate::syntax::{Found, Kind, NodeId, Schema, Span, Tree};

/// Every service of the project with the mappings that define it, in the order first written.
pub(super) struct Services {
    own: Vec<(String, Span, Layers)>,
    pub(super) roots: Vec<(usize, NodeId)>,
}

impl Services {
    pub(super) fn collect(files: &[File<'_>]) -> Self {
        let mut own: Vec<(String, Span, Layers)> = Vec::new();
        let mut roots = Vec::new();
        for (index, file) in files.iter().enumerate() {
            let tree = &file.tree;
            for document in tree.documents() {
                roots.push((index, document.root));
                let Some(services) = tree.get(document.root, "services", Schema::Compose) else {
                    continue;
                };
                for (name, found) in tree.effective_entries(services.value(), Schema::Compose) {
                    let (Found::Own { key, value } | Found::Merged { key, value, .. }) = found;
                    let at = own
                        .iter()
                        .position(|(known, ..)| *known == *name)
                        .unwrap_or_else(|| {
                            own.push((
                                name.clone().into_owned(),
                                tree.node(key).span,
                                Layers::default(),
                            ));
                            own.len() - 1
                        });
                    let via = if own[at].2.iter().next().is_some() {
                        Via::Override
                    } else {
                        Via::Own
                    };
                    own[at].2.push(Layer {
                        file: index,
                        node: value,
                        via,
                    });
                }
            }
        }
        Self { own, roots }
    }

    pub(super) fn own(&self, name: &str) -> Option<&Layers> {
        self.own
            .iter()
            .find(|(known, ..)| known == name)
            .map(|(.., layers)| layers)
    }

    pub(super) fn key_span(&self, name: &str, otherwise: Span) -> Span {
        self.own
            .iter()
            .find(|(known, ..)| known == name)
            .map_or(otherwise, |(_, span, _)| *span)
    }

    /// The service of the same project that this one extends.
    fn base(&self, files: &[File<'_>], name: &str) -> Option<String> {
        match self.extends(files, name)? {
            Extends::Service(base) => Some(base),
            Extends::File(_) => None,
        }
    }

    fn extends(&self, files: &[File<'_>], name: &str) -> Option<Extends> {
        let value = self.own(name)?.get(files, &["extends"])?;
        let tree = &files[value.file].tree;
        if tree.node(value.node).kind != Kind::Map {
            return value
                .judged(files)
                .map(|base| Extends::Service(base.into_owned()));
        }
        if let Some(file) = tree.get(value.node, "file", Schema::Compose) {
            return judged(tree, file.value()).map(|file| Extends::File(file.into_owned()));
        }
        let service = tree.get(value.node, "service", Schema::Compose)?;
        judged(tree, service.value()).map(|base| Extends::Service(base.into_owned()))
    }

    /// Every mapping that makes up the service, and why something is missing, if it is.
    pub(super) fn layers(
        &self,
        files: &[File<'_>],
        name: &str,
        depth: usize,
    ) -> Option<(Layers, Option<String>)> {
        let own = self.own(name)?;
        let mut all = Layers::default();
        let mut incomplete = None;
        match self.extends(files, name) {
            Some(Extends::Service(base)) if depth < self.own.len() => {
                match self.layers(files, &base, depth + 1) {
                    Some((layers, missing)) => {
                        layers
                            .inherited(&base)
                            .iter()
                            .for_each(|layer| all.push(layer.clone()));
                        incomplete = missing;
                    }
                    None => {
                        incomplete = Some(format!(
                            "it extends `{base}`, which this project does not define"
                        ));
                    }
                }
            }
            Some(Extends::Service(base)) => {
                incomplete = Some(format!("it extends `{base}`, which extends it in turn"));
            }
            Some(Extends::File(file)) => {
                incomplete = Some(format!(
                    "it extends a service of `{file}`, which is not read"
                ));
            }
            None => {}
        }
        own.iter().for_each(|layer| all.push(layer.clone()));
        Some((all, incomplete))
    }

    /// Names with each base before its heirs, otherwise as written.
    pub(super) fn in_order(&self, files: &[File<'_>]) -> Vec<String> {
        let depth = |name: &str| self.bases(files, name).len();
        let mut names: Vec<(usize, String)> = self
            .own
            .iter()
            .map(|(name, ..)| (depth(name), name.clone()))
            .collect();
        names.sort_by_key(|(depth, _)| *depth);
        names.into_iter().map(|(_, name)| name).collect()
    }

    pub(super) fn is_like_its_base(&self, files: &[File<'_>], name: &str) -> bool {
        self.own(name).is_some_and(|layers| {
            layers.iter().all(|layer| {
                let tree = &files[layer.file].tree;
                tree.effective_entries(layer.node, Schema::Compose)
                    .iter()
                    .all(|(key, _)| HARMLESS.contains(&&**key) || key.starts_with("x-"))
            })
        })
    }

    /// Keys of the service where `!reset` or `!override` undoes what is written here; all of them
    /// where the service itself is undone.
    pub(super) fn overridden(&self, files: &[File<'_>], name: &str) -> Vec<String> {
        let Some(own) = self.own(name) else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        for (index, layer) in own.iter().enumerate() {
            let tree = &files[layer.file].tree;
            if index > 0 && is_undone(tree, layer.node, index) {
                keys.push(EVERYTHING.to_owned());
            }
            for (key, found) in tree.effective_entries(layer.node, Schema::Compose) {
                let mut open = vec![found.value()];
                let mut undone = false;
                while let Some(node) = open.pop() {
                    undone |= is_undone(tree, node, index);
                    open.extend(tree.children(node));
                }
                if undone {
                    keys.push(key.into_owned());
                }
            }
        }
        keys
    }

    /// The services that this one extends, the nearest first.
    pub(super) fn bases(&self, files: &[File<'_>], name: &str) -> Vec<String> {
        let mut bases = Vec::new();
        let mut at = name.to_owned();
        while bases.len() <= self.own.len()
            && let Some(base) = self.base(files, &at)
        {
            bases.push(base.clone());
            at = base;
        }
        bases
    }
}

/// The node takes back what came before it: `!reset`, and in a later document `!override`.
fn is_undone(tree: &Tree<'_>, node: NodeId, document: usize) -> bool {
    tree.tag(node)
        .is_some_and(|tag| tag == "!reset" || document > 0 && tag == "!override")
}

enum Extends {
    Service(String),
    File(String),
}

/// Keys that a service may have beside its base's without making a setting of the base wrong for it.
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
