//! From text to a [`Config`], or to an error with its place.

use std::collections::HashMap;

use serde_json::Value;

use super::deserialize::from_tree;
use super::{Config, ConfigError, Exact};
use crate::json;
use crate::syntax::{self, Limits, Mode, Schema, Span};

/// More than anybody writes by hand.
const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    depth: 32,
    nodes: 1 << 16,
    repeated: 1 << 20,
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
            message: "a configuration is a single YAML document".to_owned(),
        });
    }
    let config: Config = from_tree(&tree, &LIMITS)?;
    check(&config)?;
    Ok(config)
}

/// The sections of `workloads` as values, to compare those of two configurations. A section that
/// is too large is `null`, which is equal to no section.
#[must_use]
pub fn sections(text: &str) -> Vec<Value> {
    let Ok(tree) = syntax::parse(text, Mode::GoYaml, &LIMITS) else {
        return Vec::new();
    };
    let schema = Schema::GoYamlV4;
    let root = tree.documents().first().map(|document| document.root);
    let workloads = root.and_then(|root| tree.get(root, "workloads", schema));
    let Some(workloads) = workloads else {
        return Vec::new();
    };
    let sections = tree.children(tree.resolve(workloads.value()));
    sections
        .map(|section| json::value(&tree, section, schema, LIMITS.nodes as usize))
        .map(Option::unwrap_or_default)
        .collect()
}

/// The most sections that are compared with one container.
const MOST_COMPARED: usize = 128;

/// What no type of a single value can say.
fn check(config: &Config) -> Result<(), ConfigError> {
    let mut compared: HashMap<Option<Exact>, usize> = HashMap::new();
    for workload in &config.workloads {
        let exact = workload.exact();
        let count = compared.entry(exact.clone()).or_default();
        *count += 1;
        if *count > MOST_COMPARED {
            return Err(ConfigError {
                span: workload.span,
                message: too_many(exact),
            });
        }
        if !workload.selects() {
            return Err(ConfigError {
                span: workload.span,
                message: "a section of `workloads` needs a selector: `name`, `container`, \
                          `label`, `image`, `path` or `jsonpath`"
                    .to_owned(),
            });
        }
    }
    for custom in &config.custom_resources {
        // kubevirt/kubevirt `pkg/virt-controller/services/template.go` writes the pod of a machine.
        if custom.group == "kubevirt.io" || custom.group.ends_with(".kubevirt.io") {
            return Err(ConfigError {
                span: custom.span,
                message: format!(
                    "KubeVirt creates the pods of a `{}` itself, with what a virtual machine needs \
                     of the host; no path in the object leads to them",
                    custom.kind
                ),
            });
        }
    }
    Ok(())
}

fn too_many(exact: Option<Exact>) -> String {
    match exact {
        None => format!(
            "more than {MOST_COMPARED} sections select only by patterns or by JSONPath; give the \
             others an exact `name`, `container`, `image` or `path`"
        ),
        Some(
            Exact::Name(name) | Exact::Container(name) | Exact::Label(name, _) | Exact::Image(name),
        ) => format!("more than {MOST_COMPARED} sections select by `{name}`"),
        Some(Exact::Path(path)) => {
            let path = path.display();
            format!("more than {MOST_COMPARED} sections select by `{path}`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edition::Edition;

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
    fn sections_that_are_compared_with_every_container_are_few() {
        let sections = |selector: &str, count: usize| {
            let numbered = |at: usize| selector.replace('#', &at.to_string());
            let sections = (0..count).map(|at| format!("- {{{}, assume: all}}\n", numbered(at)));
            format!("workloads:\n{}", sections.collect::<String>())
        };
        for selector in ["name: 'a#*'", "jsonpath: $.a#", "name: a", "label: a=#*"] {
            assert!(read(&sections(selector, 128)).is_ok(), "{selector}");
            let error = read(&sections(selector, 129)).unwrap_err();
            assert!(error.message.starts_with("more than 128 sections select"));
        }
        for selector in [
            "name: a#",
            "path: a#.yml, name: '*'",
            "container: a#",
            "label: a=#",
        ] {
            assert!(read(&sections(selector, 1000)).is_ok(), "{selector}");
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
            "unknown key `editon`; did you mean `edition`?",
            "editon",
        );
        fails(
            "settings:\n  memory: 1g\n  mémory: 1g\n",
            "unknown key `mémory`; did you mean `memory`?",
            "mémory",
        );
        fails(
            "transforms:\n  skip:\n    - id: cpu-limit\n      because: x\n",
            "unknown key `because`; expected one of id, reason",
            "because",
        );
    }

    #[test]
    fn unknown_transforms_are_answered_with_the_nearest() {
        fails(
            "transforms: {enable: [read-only-rot]}\n",
            "unknown transform `read-only-rot`; did you mean `read-only-root`?",
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
            "the reason is empty; say why the transform is skipped",
            "' '",
        );
    }

    #[test]
    fn values_are_checked_where_they_stand() {
        fails(
            "settings: {uid: 0}\n",
            "uid 0 is root; use another uid",
            "0",
        );
        fails(
            "settings:\n  # a lot\n  memory: lots\n",
            "`lots` is not a size; write for example 512m",
            "lots",
        );
        fails(
            "assume: fitt\n",
            "unknown value `fitt`; did you mean `fit`?",
            "fitt",
        );
        fails(
            "edition: 2031.01\n",
            &format!(
                "edition 2031.01 is newer than this version of harden, which knows editions up to {}",
                Edition::CURRENT
            ),
            "2031.01",
        );
        fails(
            "custom_resources:\n- {group: a, kind: B, pod_spec: spec}\n",
            "`spec` is not a JSONPath; write for example `$.spec.template`",
            "spec",
        );
        fails(
            "images: [../secret.yaml]\n",
            "`../secret.yaml` must be a path inside the folder of the configuration",
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
            "expected settings, each under its key, found a list",
            "[",
        );
        fails(
            "uid: 1\n",
            "unknown key `uid`; expected one of edition, assume, settings, transforms, workloads, \
             custom_resources, images, fail_on",
            "uid",
        );
        fails(
            "assume: all\nassume: fit\n",
            "duplicate key `assume`",
            "assume",
        );
        fails(
            "a: 1\n---\nb: 2\n",
            "a configuration is a single YAML document",
            "---",
        );
    }

    #[test]
    fn an_error_is_shown_where_it_stands() {
        // In an entry of the knowledge base, in a value of a list, behind an alias and in a flow
        // mapping.
        let entry = "images:\n- id: own\n  date: 2026-11-23\n  kind: servise\n";
        fails(
            entry,
            "unknown value `servise`; did you mean `service`?",
            "servise",
        );
        fails(
            "fail_on:\n  - changes\n  - everything\n",
            "unknown value `everything`; expected one of changes, findings, declines, \
             stale-exceptions, unread, templates, policy",
            "everything",
        );
        fails(
            "settings: {uid: &u 70000000000, gid: *u}\n",
            "`70000000000` is not a whole number from 0 to 2147483647",
            "70000000000",
        );
        fails(
            "settings: {uid: 1, gid: -1}\n",
            "`-1` is not a whole number from 0 to 2147483647",
            "-1",
        );
        fails(
            "assume: [fit]\n",
            "expected a single value, found a list",
            "[",
        );
        fails(
            "settings: !own {uid: 1}\n",
            "a configuration has no tags; remove `!own`",
            "{",
        );
    }

    #[test]
    fn aliases_are_read_within_a_budget() {
        let config =
            read("settings: &s {uid: 7}\nworkloads:\n- name: a\n  settings: *s\n- {name: b}\n")
                .unwrap();
        assert_eq!(config.workloads[0].settings.uid, Some(7));
        let skips = "{id: cpu-limit, reason: x}, ".repeat(1_000);
        let sections = "{name: a, transforms: *t}, ".repeat(1_000);
        let text = format!("transforms: &t {{skip: [{skips}]}}\nworkloads: [{sections}]\n");
        let (message, _) = error(&text);
        assert!(message.starts_with("the aliases of the file repeat more than the limit"));
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
