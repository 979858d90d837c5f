//! Any text is read as a configuration or refused with a place in it. Any configuration can be
//! used.

#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use harden::config;
use harden::container::Policy;
use harden::engine::Run;
use harden::engine::rules::Rules;
use harden::image::Knowledge;
use harden::project::Source;
use harden::transforms;
use libfuzzer_sys::fuzz_target;

/// Containers for the selectors of the configuration.
const FILES: [(&str, &str); 2] = [
    ("app/compose.yml", "services:\n  web:\n    image: nginx:1.27\n    labels: {tier: front}\n"),
    (
        "app/deploy.yml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop, labels: {app: shop}}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: 'example/shop:1'}\n      - {name: log, image: 'fluentd:1'}\n",
    ),
];

fuzz_target!(|text: &str| {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    let knowledge = KNOWLEDGE.get_or_init(Knowledge::embedded);
    let mut config = match config::read(text) {
        Ok(config) => config,
        Err(error) => {
            let span = error.span.start as usize..error.span.end as usize;
            assert!(text.get(span).is_some(), "the error is at a place of the text: {error:?}");
            return;
        }
    };
    let mut policy = Policy::default();
    config.settings.apply(&mut policy);
    policy.assume = config.assume.unwrap_or(policy.assume);
    policy.overrides = config.transforms.overrides.iter().map(|id| id.0.id).collect();
    let custom_resources = std::mem::take(&mut config.custom_resources);
    let custom_resources: Vec<_> = custom_resources.into_iter().map(|one| one.value).collect();
    let name = config::NAME.to_owned();
    let rules = Rules::new(config, name, PathBuf::from("/project"), PathBuf::from("/project"));
    let run = Run {
        rules: &rules,
        custom_resources: &custom_resources,
        ..Run::new(transforms::ALL.to_vec(), policy, knowledge)
    };
    for (path, text) in FILES {
        let _ = run.project(vec![Source { path: path.into(), bytes: text.into() }]);
    }
    let _ = rules.stale(transforms::ALL);
});
