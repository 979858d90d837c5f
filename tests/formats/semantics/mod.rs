//! One test for each rule of `docs/semantics.md` that hardening could break.
//!
//! Some of these tests are in `tests/formats/compose/rejections.rs`, `tests/formats/kubernetes/`
//! and `tests/transforms/`, next to similar ones. Each test cites the anchors of its rules, and
//! [`citations`] checks that every rule is cited.

mod citations;
mod escalation;
mod host;
mod kubernetes;
mod ports;
mod read_only;
mod resources;
mod swarm;
mod tmpfs;
mod users;
mod volumes;

use std::sync::{Arc, LazyLock};

use harden::container::Assume;
use harden::engine::Run;
use harden::image::{Facts, Name};
use serde_json::Value;

use crate::support::answers;
use crate::support::run::{Setup as _, by_default, every, knowledge};

/// The results of `run` with the defaults, with all assumptions, and with all explicit values
/// overridden.
fn each_way<T>(run: impl Fn(&Run<'_>) -> T) -> [T; 3] {
    [
        by_default(),
        by_default().assuming(Assume::All),
        every().assuming(Assume::All).overriding(),
    ]
    .map(|one| run(&one))
}

/// The text of a file after each way of hardening, changed or not.
pub(crate) fn hardened(path: &str, text: &str) -> [String; 3] {
    each_way(|run| answers::text(&run.file(path, text), text))
}

/// Checks a service of a Compose file after each way of hardening.
fn each_service(text: &str, name: &str, look: impl Fn(&Value)) {
    for after in hardened("compose.yml", text) {
        let file: Value = serde_yaml::from_str(&after).expect("YAML");
        look(&file["services"][name]);
    }
}

/// Checks the only service of a Compose file after each way of hardening.
fn service(service: &str, look: impl Fn(&Value)) {
    each_service(&alone(service), "a", look);
}

/// A Compose file with one service.
fn alone(service: &str) -> String {
    format!("services:\n  a: {service}\n")
}

/// Checks the spec of a pod after each way of hardening.
fn pod(container: &str, rest: &str, look: impl Fn(&Value)) {
    for after in hardened(
        "pod.yaml",
        &crate::formats::kubernetes::pod(container, rest),
    ) {
        let object: Value = serde_yaml::from_str(&after).expect("YAML");
        look(&object["spec"]);
    }
}

/// The words of a command after each way of hardening, in one line.
fn command(line: &str) -> [String; 3] {
    each_way(|run| run.line(line))
}

/// Checks every known image, in a Compose service and in a pod, after each way of hardening.
fn each_known_image(look: impl Fn(&Facts, &Value), look_at_container: impl Fn(&Facts, &Value)) {
    static HARDENED: LazyLock<KnownImages> = LazyLock::new(KnownImages::hardened);
    let KnownImages { ids, facts, .. } = &*HARDENED;
    for file in &HARDENED.services {
        for (id, facts) in ids.iter().zip(facts) {
            look(facts, &file["services"][*id]);
        }
    }
    for object in &HARDENED.pods {
        for (at, facts) in facts.iter().enumerate() {
            look_at_container(facts, &object["spec"]["containers"][at]);
        }
    }
}

/// Every known image in one Compose file and in one pod, after each way of hardening.
struct KnownImages {
    ids: Vec<&'static str>,
    facts: Vec<Arc<Facts>>,
    services: [Value; 3],
    pods: [Value; 3],
}

impl KnownImages {
    fn hardened() -> Self {
        let images: Vec<(&str, &str)> = knowledge()
            .entries()
            .filter_map(|entry| {
                let image = entry.images.iter().find(|image| !image.contains('*'))?;
                Some((entry.id.as_str(), image.as_str()))
            })
            .collect();
        assert!(images.len() > 100, "{}", images.len());
        let list = |line: &dyn Fn(&str, &str) -> String| -> String {
            images.iter().map(|(id, image)| line(id, image)).collect()
        };
        let values = |path, text: &str| {
            hardened(path, text).map(|after| serde_yaml::from_str(&after).expect("YAML"))
        };
        let services = list(&|id, image| format!("  {id}: {{image: '{image}'}}\n"));
        let containers = list(&|id, image| format!("  - {{name: {id}, image: '{image}'}}\n"));
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{containers}"
        );
        let facts = |image| knowledge().facts(&Name::parse(image)).expect("it is known");
        Self {
            ids: images.iter().map(|(id, _)| *id).collect(),
            facts: images.iter().map(|(_, image)| facts(image)).collect(),
            services: values("compose.yml", &format!("services:\n{services}")),
            pods: values("pod.yaml", &pod),
        }
    }
}

/// The strings of a list, or the single string that is written instead of a list.
fn texts<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    match &value[key] {
        Value::String(text) => vec![text],
        list => list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    }
}
