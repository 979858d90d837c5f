//! Is this a Compose file?

use crate::report::NotOurs;
use crate::syntax::{Kind, NodeId, Schema, Tree};

/// What compose-spec allows at the top beside `x-` extensions; a file with other keys is rejected
/// by its schema (`compose-spec.json`, `additionalProperties: false`).
const TOP_LEVEL: [&str; 9] = [
    "version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models",
];

/// Keys that say what a service runs; an entry without any of them is defined elsewhere.
const DEFINING: [&str; 4] = ["image", "build", "extends", "provider"];

/// Whether the stream is a Compose project, judging every document.
///
/// # Errors
///
/// [`NotOurs::Empty`] without content, [`NotOurs::Fragment`] where no service says what it runs.
pub(in crate::dialect) fn recognise(tree: &Tree<'_>) -> Result<bool, NotOurs> {
    let mut empty = true;
    let mut services = false;
    let mut defined = false;
    for document in tree.documents() {
        let root = tree.resolve(document.root);
        match tree.node(root).kind {
            Kind::Map => {}
            _ if tree.text(root).is_empty() => continue,
            _ => return Ok(false),
        }
        empty = false;
        for (key, _) in tree.effective_entries(root, Schema::Compose) {
            if !TOP_LEVEL.contains(&&*key) && !key.starts_with("x-") {
                return Ok(false);
            }
        }
        let Some(found) = tree.get(root, "services", Schema::Compose) else {
            continue;
        };
        let map = tree.resolve(found.value());
        if tree.node(map).kind != Kind::Map {
            continue;
        }
        services = true;
        defined |= tree
            .effective_entries(map, Schema::Compose)
            .iter()
            .any(|(_, entry)| is_defined(tree, entry.value()));
    }
    match (empty, services, defined) {
        (true, ..) => Err(NotOurs::Empty),
        (_, false, _) => Ok(false),
        (_, true, false) => Err(NotOurs::Fragment),
        (_, true, true) => Ok(true),
    }
}

/// The service says what it runs.
pub(super) fn is_defined(tree: &Tree<'_>, service: NodeId) -> bool {
    DEFINING
        .iter()
        .any(|key| tree.get(service, key, Schema::Compose).is_some())
}
