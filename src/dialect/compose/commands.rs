//! What a service starts, and what is started beside it: hooks and the health check.

use std::borrow::Cow;

use super::layers::{Layers, Value, judged};
use crate::container::Container;
use crate::project::File;
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
                // A text is for a shell as it stands (compose-go `types/types.go`, `HealthCheckTest`).
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
                        .map(|text| split_words(&text))
                        .unwrap_or_default(),
                });
            }
        }
    }
}

/// A service without a health check of its own has that of its image.
pub(super) fn probe_of_image(container: &mut Container) {
    let facts = container.facts.as_deref();
    if container.probes.is_empty()
        && let Some(probe) = facts.and_then(|facts| facts.probe.clone())
    {
        container.probes.push(probe);
    }
}

/// A command: a list as it is, a string split as a shell splits it. Null means the image's own.
fn words(files: &[File<'_>], value: &Value) -> Option<Vec<String>> {
    let file = &files[value.file];
    let tree = &file.tree;
    match tree.node(value.node).kind {
        Kind::Seq => Some(texts(file, value.node)),
        Kind::Scalar => judged(file, value.node).map(|text| split_words(&text)),
        _ => None,
    }
}

/// The texts of a sequence.
pub(super) fn texts(file: &File<'_>, seq: NodeId) -> Vec<String> {
    let tree = &file.tree;
    tree.children(seq)
        .filter_map(|item| judged(file, item).map(Cow::into_owned))
        .collect()
}

/// Words as a shell splits them: quotes and backslashes removed, nothing expanded.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_splits_it() {
        assert_eq!(
            split_words(r#"sh -c 'a "b" c' d\ e "f\"g""#),
            ["sh", "-c", r#"a "b" c"#, "d e", "f\"g"]
        );
        assert_eq!(split_words(""), Vec::<String>::new());
        assert_eq!(split_words("a ''"), ["a", ""]);
    }
}
