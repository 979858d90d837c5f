//! Collects the texts of a service that have values of variables in them, so that a report shows the
//! texts as written (`container::Spellings`).

use std::collections::HashSet;
use std::sync::Arc;

use super::interpolation::inserted;
use super::layers::{Layers, known};
use super::recognise::services_of;
use crate::container::{Expanded, Spellings};
use crate::project::File;
use crate::syntax::{Kind, NodeId};

/// The longest text outside the services that is searched for a text of a reason.
const COMMON: usize = 64 << 10;

/// What all services of some files have in common.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// The texts with values outside the services: of volumes, networks, configs and secrets.
    expanded: Arc<Expanded>,
    /// The text outside the services, and the names of all services.
    text: Arc<str>,
}

impl Common {
    pub(super) fn of(files: &[File<'_>]) -> Self {
        let mut expanded = Expanded::default();
        let mut text = String::new();
        for (file, File { tree, .. }) in files.iter().enumerate() {
            for document in tree.documents() {
                let services = services_of(tree, document.root);
                let mut seen = HashSet::new();
                for (key, value) in tree.entries(document.root) {
                    if services
                        .is_some_and(|services| tree.resolve(value) == tree.resolve(services))
                    {
                        for (name, _) in tree.entries(tree.resolve(value)) {
                            text.push_str(tree.text(name));
                            text.push('\n');
                        }
                    } else {
                        collect(&mut expanded, files, file, value, &mut seen);
                        let outside = tree.text(value);
                        if text.len() + outside.len() < COMMON {
                            text.push_str(tree.text(key));
                            text.push_str(outside);
                            text.push('\n');
                        }
                    }
                }
            }
        }
        Self {
            expanded: Arc::new(expanded),
            text: text.into(),
        }
    }

    /// The spellings of a service. `others` are texts from its files of variables.
    pub(super) fn spellings(
        &self,
        layers: &Layers,
        files: &[File<'_>],
        others: Vec<Arc<Expanded>>,
    ) -> Spellings {
        let mut own = Expanded::default();
        let mut seen = HashSet::new();
        for layer in layers.iter() {
            collect(&mut own, files, layer.file, layer.node, &mut seen);
        }
        let groups = [Arc::new(own), Arc::clone(&self.expanded)].into_iter();
        let groups: Vec<Arc<Expanded>> = groups
            .chain(others)
            .filter(|group| !group.is_empty())
            .collect();
        if groups.is_empty() {
            return Spellings::default();
        }
        let mut text = String::new();
        for layer in layers.iter() {
            text.push_str(files[layer.file].tree.text(layer.node));
            text.push('\n');
        }
        Spellings::new(groups, text, Arc::clone(&self.text))
    }
}

/// Adds the scalars below the node. Each node is visited once, also through aliases.
fn collect(
    expanded: &mut Expanded,
    files: &[File<'_>],
    file: usize,
    node: NodeId,
    seen: &mut HashSet<(usize, NodeId)>,
) {
    let File { tree, context, .. } = &files[file];
    if context.variables.is_empty() {
        return;
    }
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        let node = tree.resolve(node);
        if !seen.insert((file, node)) {
            continue;
        }
        match tree.node(node).kind {
            Kind::Scalar => {
                let text = tree.value(node);
                if text.contains('$')
                    && let Some((text, values)) = inserted(&text, &known(&files[file]))
                {
                    expanded.add(&text, values);
                }
            }
            _ => open.extend(tree.children(node)),
        }
    }
}
