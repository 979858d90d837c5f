//! Reads what a service starts: its command, its hooks and its health check.

use std::borrow::Cow;

use super::layers::{Layers, Value, judged};
use crate::container::Container;
use crate::project::File;
use crate::shell;
use crate::syntax::{Kind, NodeId, Schema};

/// Fills in entrypoint, arguments, hooks and the health check.
pub(super) fn read(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    container.entrypoint = layers
        .get(files, &["entrypoint"])
        .and_then(|value| words(files, &value));
    container.arguments = layers
        .get(files, &["command"])
        .and_then(|value| words(files, &value));
    hooks(container, layers, files);
}

fn hooks(container: &mut Container, layers: &Layers, files: &[File<'_>]) {
    if let Some(test) = layers.get(files, &["healthcheck", "test"]) {
        let file = &files[test.file];
        container
            .probes
            .extend(match file.tree.node(test.node).kind {
                // A shell runs a string unchanged (compose-go `types/types.go`, `HealthCheckTest`).
                Kind::Scalar => judged(file, test.node)
                    .map(|script| vec!["CMD-SHELL".to_owned(), script.into_owned()]),
                _ => words(files, &test),
            });
    }
    for key in ["pre_start", "post_start", "pre_stop"] {
        for hook in layers.items(files, key) {
            let file = &files[hook.file];
            let tree = &file.tree;
            if let Some(command) = tree.get(hook.node, "command", Schema::GoYamlV4) {
                let node = tree.resolve(command.value());
                container.hooks.push(match tree.node(node).kind {
                    Kind::Seq => texts(file, node),
                    _ => judged(file, node)
                        .map(|text| shell::words(&text))
                        .unwrap_or_default(),
                });
            }
        }
    }
}

/// A service without its own health check uses the one of its image.
pub(super) fn probe_of_image(container: &mut Container) {
    let facts = container.facts.as_deref();
    if container.probes.is_empty()
        && let Some(probe) = facts.and_then(|facts| facts.probe.clone())
    {
        container.probes.push(probe);
    }
}

/// A command: a list is used unchanged, a string is split as a shell splits it. Null means the
/// command of the image.
fn words(files: &[File<'_>], value: &Value) -> Option<Vec<String>> {
    let file = &files[value.file];
    let tree = &file.tree;
    match tree.node(value.node).kind {
        Kind::Seq => Some(texts(file, value.node)),
        Kind::Scalar => judged(file, value.node).map(|text| shell::words(&text)),
        _ => None,
    }
}

/// The strings of a sequence.
pub(super) fn texts(file: &File<'_>, seq: NodeId) -> Vec<String> {
    let tree = &file.tree;
    tree.children(seq)
        .filter_map(|item| judged(file, item).map(Cow::into_owned))
        .collect()
}
