//! Recognises files with pods, and gives the reason for leaving others alone.

use super::cursor::{Cursor, Source};
use super::object::{Document, Object, Pod, documents};
use crate::project::{CustomResource, NotOurs};
use crate::syntax::{Kind, NodeId, Style, Tree};

/// Whether a file contains a complete pod.
pub(super) fn recognise(
    tree: &Tree<'_>,
    custom_resources: &[CustomResource],
) -> Result<(), NotOurs> {
    if tree.source().contains("{{") && has_template_value(tree) {
        return Err(NotOurs::Template);
    }
    let source = Source::new(tree, 0, custom_resources);
    let mut seen = NotOurs::Empty;
    let mut ours = false;
    for document in documents(&source) {
        let found = match document {
            Document::Empty => NotOurs::Empty,
            Document::Other(root) if is_operation_list(&root) => NotOurs::Patch,
            Document::Other(_) => NotOurs::OtherYaml,
            Document::Objects(objects) => {
                let mut found = NotOurs::NoPods;
                for object in &objects {
                    let pods = object.pods();
                    if is_template(object, &pods) {
                        return Err(NotOurs::Template);
                    }
                    ours |= pods.iter().any(|pod| is_written_out(tree, object, pod));
                    if !pods.is_empty() {
                        found = NotOurs::Patch;
                    }
                }
                found
            }
        };
        if rank(found) > rank(seen) {
            seen = found;
        }
    }
    if ours { Ok(()) } else { Err(seen) }
}

/// Whether this pod of the object is complete in this file.
pub(crate) fn is_written_out(tree: &Tree<'_>, object: &Object<'_, '_>, pod: &Pod<'_, '_>) -> bool {
    !pod.is_partial() && !has_directive(tree, object.cursor.node())
}

/// Orders reasons: of several, the most specific one is reported.
fn rank(reason: NotOurs) -> u8 {
    match reason {
        NotOurs::Empty => 0,
        NotOurs::OtherYaml => 1,
        NotOurs::NoPods => 2,
        _ => 3,
    }
}

/// Whether the document is a JSON patch (RFC 6902), as kustomize reads it.
fn is_operation_list(root: &Cursor<'_, '_>) -> bool {
    let items = root.items();
    !items.is_empty()
        && items
            .iter()
            .all(|(_, item)| item.get("op").is_some() && item.get("path").is_some())
}

/// Whether the object contains a directive of a strategic merge patch, such as `$patch: delete`.
fn has_directive(tree: &Tree<'_>, object: NodeId) -> bool {
    const DIRECTIVES: [&str; 3] = ["$patch", "$retainKeys", "$setElementOrder"];
    let span = tree.node(object).span;
    let text = tree
        .source()
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default();
    DIRECTIVES.iter().any(|directive| text.contains(directive))
        && descendants(tree, object).any(|node| {
            tree.entries(node).any(|(key, _)| {
                let key = tree.value(key);
                DIRECTIVES
                    .iter()
                    .any(|directive| key.starts_with(directive))
            })
        })
}

/// `key: {{ value }}` without quotes: YAML reads a mapping whose key is a mapping. No JSON object
/// has such a key, so the file must be a template.
fn has_template_value(tree: &Tree<'_>) -> bool {
    tree.documents().iter().any(|document| {
        descendants(tree, document.root).any(|node| {
            tree.node(node).style == Style::Flow
                && tree.text(node).starts_with("{{")
                && tree
                    .entries(node)
                    .any(|(key, _)| tree.node(key).kind == Kind::Map)
        })
    })
}

/// Whether a kind, a name or an image contains a brace, which the API rejects there. Elsewhere,
/// `{{` is often meant for a program in the pod.
fn is_template(object: &Object<'_, '_>, pods: &[Pod<'_, '_>]) -> bool {
    let braced = |cursor: &Cursor<'_, '_>, path: &[&str]| {
        cursor
            .find(path)
            .and_then(|value| value.word())
            .is_some_and(|word| word.contains("{{"))
    };
    let in_object = [
        &["kind"] as &[&str],
        &["apiVersion"],
        &["metadata", "name"],
        &["metadata", "namespace"],
    ]
    .iter()
    .any(|path| braced(&object.cursor, path));
    let in_containers = || {
        pods.iter()
            .find(|pod| pod.shape.is_pod())
            .is_some_and(|pod| {
                pod.containers().iter().any(|container| {
                    braced(&container.cursor, &["name"]) || braced(&container.cursor, &["image"])
                })
            })
    };
    in_object || in_containers()
}

/// The node and all its descendants, without following aliases.
fn descendants<'t>(tree: &'t Tree<'_>, root: NodeId) -> impl Iterator<Item = NodeId> + 't {
    let mut open = vec![root];
    std::iter::from_fn(move || {
        let node = open.pop()?;
        open.extend(tree.children(node));
        Some(node)
    })
}
