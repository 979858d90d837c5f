//! Finds the places where comments describe a container or its workload.

use super::lower::Site;
use crate::container::{Container, Place};
use crate::project::File;
use crate::syntax::{Kind, Node, NodeId, Schema, Span, Tree};

impl Site {
    /// The places whose line comments describe this container: its list item and its `name`. For
    /// the whole object: its first line, `kind`, `metadata` and the first entry of `metadata`.
    pub(super) fn places(&self, container: &Container, files: &[File<'_>]) -> Vec<Place> {
        let file = container.place.file;
        let Some(File { tree, .. }) = files.get(file) else {
            return Vec::new();
        };
        let key_of = |map: NodeId, key: &str| {
            let found = tree.get(map, key, Schema::GoYamlV2)?;
            Some(tree.node(found.key()).span)
        };
        let (_, object) = self.object_of(container, files);
        let metadata = tree
            .get(object, "metadata", Schema::GoYamlV2)
            .and_then(|found| tree.children(tree.resolve(found.value())).next());
        let documents = tree.documents();
        let document = documents.binary_search_by_key(&object, |document| document.root);
        let document = document.ok().and_then(|at| documents.get(at));
        [
            start(tree, self.node()),
            Some(tree.node(self.node()).span),
            key_of(self.node(), "name"),
            document.map(|document| document.span),
            start(tree, object),
            Some(tree.node(object).span),
            key_of(object, "kind"),
            key_of(object, "metadata"),
            metadata.map(|first| tree.node(first).span),
        ]
        .into_iter()
        .flatten()
        .map(|span| Place { file, span })
        .collect()
    }

    /// The object: the innermost mapping around the container that has a kind and a version, or
    /// otherwise the document.
    pub(super) fn object_of(&self, container: &Container, files: &[File<'_>]) -> (usize, NodeId) {
        let file = container.place.file;
        let mut node = self.node();
        if let Some(File { tree, .. }) = files.get(file) {
            let has = |node, key| tree.get(node, key, Schema::GoYamlV2).is_some();
            loop {
                let parent = tree.node(node).parent;
                if parent == node {
                    break;
                }
                node = parent;
                let is_map = tree.node(node).kind == Kind::Map;
                if is_map && has(node, "kind") && has(node, "apiVersion") {
                    break;
                }
            }
        }
        (file, node)
    }
}

/// The dash of an item, which may be on a separate line.
fn start(tree: &Tree<'_>, item: NodeId) -> Option<Span> {
    let start = tree.node(item).indicator;
    (start != Node::NONE).then_some(Span { start, end: start })
}
