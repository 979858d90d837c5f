//! From text to a [`Config`], or to an error with its place.

use super::{Choices, Config, ConfigError};
use crate::edition::Edition;
use crate::nearest;
use crate::syntax::{self, Found, Kind, Limits, Mode, NodeId, Schema, Span, Tree};

/// Nobody writes more by hand, and what a program writes is no exception that a person argued.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    depth: 32,
    nodes: 1 << 16,
};

/// Reads a configuration.
///
/// # Errors
///
/// The text is no YAML, has an unknown key, or a value that is not one of its key.
pub fn read(text: &str) -> Result<Config, ConfigError> {
    let tree = syntax::parse(text, Mode::GoYaml, &LIMITS)?;
    if let Some(second) = tree.documents().get(1) {
        return Err(ConfigError {
            span: Span {
                end: second.span.start.saturating_add(3),
                ..second.span
            },
            message: "a configuration is one document".to_owned(),
        });
    }
    if let Some(error) = duplicate(&tree) {
        return Err(error);
    }
    let mut config = serde_yaml::from_str(text).map_err(|error| located(&tree, &error))?;
    check(&config, &tree)?;
    number_lines(&mut config, &tree);
    Ok(config)
}

/// What no type of a single value can say.
fn check(config: &Config, tree: &Tree<'_>) -> Result<(), ConfigError> {
    if let Some(edition) = config.edition
        && edition > Edition::CURRENT
    {
        return Err(ConfigError {
            span: span(tree, "edition", None),
            message: format!(
                "edition {edition} is newer than this program, which knows {}",
                Edition::CURRENT
            ),
        });
    }
    for (at, workload) in config.workloads.iter().enumerate() {
        if !workload.selects() {
            return Err(ConfigError {
                span: span(tree, "workloads", Some(at)),
                message: "a section of `workloads` needs a selector: `name`, `container`, \
                          `label`, `image`, `path` or `jsonpath`"
                    .to_owned(),
            });
        }
    }
    for (at, custom) in config.custom_resources.iter().enumerate() {
        // kubevirt/kubevirt `pkg/virt-controller/services/template.go` writes the pod of a machine.
        if custom.group == "kubevirt.io" || custom.group.ends_with(".kubevirt.io") {
            return Err(ConfigError {
                span: span(tree, "custom_resources", Some(at)),
                message: format!(
                    "the pods of a `{}` are written by KubeVirt, which gives them what a virtual \
                     machine needs of the host; no path leads to them",
                    custom.kind
                ),
            });
        }
    }
    Ok(())
}

/// Says of what a report may name where it stands.
fn number_lines(config: &mut Config, tree: &Tree<'_>) {
    let line = |node: NodeId| tree.line_column(tree.node(node).span.start).0;
    let items = |node: Option<NodeId>, key: &str| -> Vec<NodeId> {
        let found = node.and_then(|node| tree.get(node, key, Schema::GoYamlV4));
        let list = found.map(|found| tree.resolve(found.value()));
        list.map_or_else(Vec::new, |list| tree.children(list).collect())
    };
    let skips = |choices: &mut Choices, owner: Option<NodeId>| {
        let owner = owner.and_then(|node| tree.get(node, "transforms", Schema::GoYamlV4));
        let written = items(owner.map(Found::value), "skip");
        for (skip, node) in choices.skip.iter_mut().zip(written) {
            skip.line = line(node);
        }
    };
    let root = tree.documents().first().map(|document| document.root);
    skips(&mut config.transforms, root);
    for (workload, node) in config.workloads.iter_mut().zip(items(root, "workloads")) {
        workload.line = line(node);
        skips(&mut workload.transforms, Some(node));
    }
}

/// The value of a key, or the first line of an item of it.
fn span(tree: &Tree<'_>, key: &str, item: Option<usize>) -> Span {
    let find = || {
        let root = tree.documents().first()?.root;
        let value = tree.get(root, key, Schema::GoYamlV4)?.value();
        match item {
            None => Some(value),
            Some(at) => {
                let item = tree.children(tree.resolve(value)).nth(at)?;
                tree.children(item).next()
            }
        }
    };
    find().map_or(Span { start: 0, end: 0 }, |node: NodeId| {
        tree.node(node).span
    })
}

/// The error of the typed reader in our words, at the node it speaks of.
fn located(tree: &Tree<'_>, error: &serde_yaml::Error) -> ConfigError {
    let whole = error.to_string();
    let Some(location) = error.location() else {
        return ConfigError {
            span: Span { start: 0, end: 0 },
            message: reworded(&whole),
        };
    };
    let (line, column) = (location.line(), location.column());
    let message = whole
        .strip_suffix(&format!(" at line {line} column {column}"))
        .unwrap_or(&whole);
    ConfigError {
        span: span_at(tree, line, column),
        message: reworded(message),
    }
}

/// The words of serde, of which a person needs the key and what it should be.
fn reworded(message: &str) -> String {
    if let Some((_, rest)) = message.split_once("unknown field `")
        && let Some((key, rest)) = rest.split_once('`')
    {
        return format!("there is no key `{key}` here{}", candidates(key, rest));
    }
    if let Some((_, rest)) = message.split_once("unknown variant `")
        && let Some((word, rest)) = rest.split_once('`')
    {
        return format!("`{word}` is none of the values{}", candidates(word, rest));
    }
    if let Some((_, rest)) = message.split_once("missing field ") {
        return format!("the key {rest} is missing");
    }
    // The path of the value is above the line that is shown.
    match message.split_once(": ") {
        Some((path, rest)) if !path.contains([' ', '`']) => rest.to_owned(),
        _ => message.to_owned(),
    }
}

/// The nearest of the words that stand in backticks, or all of them.
fn candidates(word: &str, list: &str) -> String {
    let words: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let hint = nearest::hint(word, words.iter().copied());
    if hint.is_empty() && !words.is_empty() {
        return format!("; it can be {}", words.join(", "));
    }
    hint
}

/// The node at a line and column, both from 1, the column in characters.
fn span_at(tree: &Tree<'_>, line: usize, column: usize) -> Span {
    let source = tree.source();
    let start_of_line = source
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    let rest = source.get(start_of_line..).unwrap_or_default();
    let within = rest
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(rest.len(), |(at, _)| at);
    let start = u32::try_from(start_of_line + within).unwrap_or(u32::MAX);
    let end = nodes(tree)
        .map(|node| tree.node(node))
        .find(|node| node.span.start == start && node.kind == Kind::Scalar)
        .map_or(start.saturating_add(1), |node| node.span.end);
    Span { start, end }
}

/// The second of two equal keys, at which the typed reader would show the first key of all.
fn duplicate(tree: &Tree<'_>) -> Option<ConfigError> {
    nodes(tree).find_map(|node| {
        let (_, second) = tree.duplicate_key(node, Schema::GoYamlV4)?;
        Some(ConfigError {
            span: tree.node(second).span,
            message: format!("the key `{}` stands twice", tree.value(second)),
        })
    })
}

/// Every node of the tree.
fn nodes(tree: &Tree<'_>) -> impl Iterator<Item = NodeId> {
    let mut open: Vec<NodeId> = tree.documents().iter().map(|one| one.root).collect();
    std::iter::from_fn(move || {
        let node = open.pop()?;
        open.extend(tree.children(node));
        Some(node)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, String) {
        let error = read(text).unwrap_err();
        let span = error.span.start as usize..error.span.end as usize;
        let shown = text.get(span).unwrap_or("?").to_owned();
        (error.message, shown)
    }

    #[track_caller]
    fn fails(text: &str, message: &str, shown: &str) {
        assert_eq!(error(text), (message.to_owned(), shown.to_owned()));
    }

    #[test]
    fn nothing_is_a_configuration() {
        for text in ["", "# nothing\n", "settings:\nworkloads:\n", "---\n"] {
            let config = read(text).unwrap();
            assert_eq!(config.settings, super::super::Settings::default());
        }
    }

    #[test]
    fn what_a_report_names_knows_its_line() {
        let config = read(
            "transforms:\n  skip:\n    - {id: cpu-limit, reason: a}\n    - id: cpu-limit\n      \
             reason: b\nworkloads:\n  # c\n  - name: d\n    transforms:\n      skip:\n        \
             - {id: cpu-limit, reason: e}\n",
        )
        .unwrap();
        let lines: Vec<u32> = config
            .transforms
            .skip
            .iter()
            .map(|skip| skip.line)
            .collect();
        assert_eq!(lines, [3, 4]);
        let section = config.workloads.first().unwrap();
        assert_eq!((section.line, section.transforms.skip[0].line), (8, 11));
    }

    #[test]
    fn unknown_keys_are_answered_with_the_nearest() {
        fails(
            "editon: 2026.11\n",
            "there is no key `editon` here; the nearest is `edition`",
            "editon",
        );
        fails(
            "settings:\n  memory: 1g\n  mémory: 1g\n",
            "there is no key `mémory` here; the nearest is `memory`",
            "mémory",
        );
        fails(
            "transforms:\n  skip:\n    - id: cpu-limit\n      because: x\n",
            "there is no key `because` here; it can be id, reason",
            "because",
        );
    }

    #[test]
    fn unknown_transforms_are_answered_with_the_nearest() {
        fails(
            "transforms: {enable: [read-only-rot]}\n",
            "there is no transform `read-only-rot`; the nearest is `read-only-root`",
            "read-only-rot",
        );
    }

    #[test]
    fn a_reason_is_needed() {
        fails(
            "transforms:\n  skip:\n    - id: cpu-limit\n",
            "the key `reason` is missing",
            "id",
        );
        fails(
            "transforms:\n  skip:\n    - {id: cpu-limit, reason: ' '}\n",
            "a reason is needed, for those who come after",
            "' '",
        );
    }

    #[test]
    fn values_are_checked_where_they_stand() {
        fails("settings: {uid: 0}\n", "uid 0 is root", "0");
        fails(
            "settings:\n  # a lot\n  memory: lots\n",
            "`lots` is not an amount of memory, such as 512m",
            "lots",
        );
        fails(
            "assume: fitt\n",
            "`fitt` is none of the values; the nearest is `fit`",
            "fitt",
        );
        fails(
            "edition: 2031.01\n",
            &format!(
                "edition 2031.01 is newer than this program, which knows {}",
                Edition::CURRENT
            ),
            "2031.01",
        );
        fails(
            "custom_resources:\n- {group: a, kind: B, pod_spec: spec}\n",
            "`spec` is not a JSONPath, which begins with `$`",
            "spec",
        );
        fails(
            "images: [../secret.yaml]\n",
            "`../secret.yaml` must be a path below the folder of the configuration",
            "../secret.yaml",
        );
    }

    #[test]
    fn a_section_needs_a_selector() {
        let (message, shown) = error("workloads:\n  - name: a\n  - assume: all\n");
        assert!(message.contains("needs a selector"), "{message}");
        assert_eq!(shown, "assume");
    }

    #[test]
    fn the_kind_of_a_value_is_checked() {
        fails(
            "settings: [1]\n",
            "invalid type: sequence, expected settings, each behind its key",
            "[",
        );
        fails(
            "uid: 1\n",
            "there is no key `uid` here; it can be edition, assume, settings, transforms, \
             workloads, custom_resources, images, fail_on",
            "uid",
        );
        fails(
            "assume: all\nassume: fit\n",
            "the key `assume` stands twice",
            "assume",
        );
        fails(
            "a: 1\n---\nb: 2\n",
            "a configuration is one document",
            "---",
        );
    }

    #[test]
    fn hostile_texts_end_in_an_error() {
        let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n";
        for text in [
            bomb.to_owned(),
            "[".repeat(10_000),
            "x: ".repeat(10_000),
            format!("edition: {}\n", "9".repeat(100_000)),
            format!("{}: 1\n", "k".repeat(1_000)),
            "\u{feff}\u{1b}".to_owned(),
            "settings: *a\n".to_owned(),
            "<<: {settings: {uid: 1}}\n".to_owned(),
            "!!binary aGFyZGVu: 1\n".to_owned(),
        ] {
            assert!(read(&text).is_err(), "{text:.40}");
        }
    }
}
