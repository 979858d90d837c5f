//! Checks that `harden.schema.json` agrees with the types that read `.harden.yaml`.

use std::collections::BTreeSet;
use std::fs;

use harden::config::{self, Choices, Config, ImageSource, Settings, Skip, Workload};
use harden::image::entry::Entry;
use harden::project::CustomResource;
use harden::transforms;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::support::expected::expect;
use crate::support::files::project;
use crate::support::schema::validate;

fn schema() -> Value {
    serde_json::from_str(config::SCHEMA).unwrap()
}

/// The keys that a type reads, taken from its error message for an unknown key.
fn keys<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_yaml::from_str::<T>("no-such-key: 1") else {
        panic!("an unknown key is accepted");
    };
    let error = error.to_string();
    let (_, expected) = error.split_once("expected ").unwrap();
    let keys = expected.split('`').skip(1).step_by(2);
    keys.map(str::to_owned).collect()
}

#[test]
fn every_key_is_in_the_schema_and_no_other() {
    let schema = schema();
    let described = |pointer: &str| -> BTreeSet<String> {
        let object = schema.pointer(pointer).unwrap();
        assert_eq!(object["additionalProperties"], false, "{pointer}");
        let properties = object["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    };
    let definition = |name: &str| described(&format!("/definitions/{name}"));
    assert_eq!(keys::<Config>(), described(""));
    assert_eq!(keys::<Settings>(), definition("settings"));
    assert_eq!(keys::<Choices>(), definition("transforms"));
    assert_eq!(
        keys::<Skip>(),
        described("/definitions/transforms/properties/skip/items")
    );
    assert_eq!(keys::<Workload>(), definition("workload"));
    assert_eq!(keys::<CustomResource>(), definition("custom_resource"));
    assert_eq!(keys::<Entry>(), definition("image"));
}

#[test]
fn every_transform_is_in_the_schema() {
    let ids: Vec<String> = transforms::ALL
        .iter()
        .map(|transform| format!("        \"{}\"", transform.id))
        .collect();
    let (begin, end) = ("\"transform\": {\n      \"enum\": [", "]");
    let (before, rest) = config::SCHEMA.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let now = format!("{before}{begin}\n{}\n      {end}{after}", ids.join(",\n"));
    expect(&project("harden.schema.json"), &now);
}

/// Configurations, each with whether it is valid. The program and the schema must agree.
const SAMPLES: &[(bool, &str)] = &[
    (true, ""),
    (true, "edition: '2026.11'"),
    (true, "edition: 2026.11"),
    (false, "edition: '2026.13'"),
    (false, "edition: [2026]"),
    (true, "assume: none"),
    (false, "assume: some"),
    (true, "settings:"),
    (
        true,
        "settings: {uid: 1000, gid: 0, pids: 100, restarts: 3}",
    ),
    (false, "settings: {uid: 0}"),
    (false, "settings: {uid: -1}"),
    (false, "settings: {uid: 4294967296}"),
    (false, "settings: {pids: 0}"),
    (
        true,
        "settings: {memory: 512m, tmp: 1.5 GiB, memory_request: 67108864}",
    ),
    (true, "settings: {memory_factor: 2}"),
    (false, "settings: {memory_factor: 1.5}"),
    (false, "settings: {memory: lots}"),
    (false, "settings: {memory: 512q}"),
    (false, "settings: {memory: -5}"),
    (true, "settings: {cpu: 0.5, cpu_request: 50m}"),
    (true, "settings: {cpu: '2'}"),
    (false, "settings: {cpu: 0}"),
    (false, "settings: {cpu: many}"),
    (false, "settings: {mem: 1g}"),
    (
        true,
        "transforms: {enable: [], override: [non-root-user], skip: [{id: cpu-limit, reason: x}]}",
    ),
    (false, "transforms: {skip: [cpu-limit]}"),
    (false, "transforms: {skip: [{id: cpu-limit}]}"),
    (false, "transforms: {skip: [{id: cpu-limit, reason: ''}]}"),
    (false, "transforms: {skip: [{id: cpu-limits, reason: x}]}"),
    (false, "transforms: {enable: [no-such-transform]}"),
    (
        true,
        "workloads: [{name: a*, container: b, label: c=d, image: e, path: f/**, jsonpath: $.g}]",
    ),
    (
        true,
        "workloads: [{name: a, assume: all, settings: {cpu: 2}, transforms: {enable: [cpu-limit]}}]",
    ),
    (false, "workloads: [{}]"),
    (false, "workloads: [{assume: all}]"),
    (false, "workloads: [{name: ''}]"),
    (false, "workloads: [{label: '=x'}]"),
    (false, "workloads: [{jsonpath: .spec}]"),
    (false, "workloads: [{name: a, skip: []}]"),
    (false, "workloads: {name: a}"),
    (
        true,
        "custom_resources: [{group: a.io, kind: B, pod_spec: $.spec}]",
    ),
    (false, "custom_resources: [{kind: B, pod_spec: $.spec}]"),
    (
        false,
        "custom_resources: [{group: a.io, kind: B, pod_spec: spec}]",
    ),
    (true, "images: [facts, facts/own.yaml]"),
    (
        true,
        "images: [{id: own, date: 2026-11-23, kind: service, images: [own], sources: {a: b}, \
         user: {source: [a], confidence: high, default: root, starts_as_user: yes}}]",
    ),
    (false, "images: [/etc/passwd]"),
    (false, "images: [{id: own}]"),
    (false, "images: [1.5: x]"),
    (
        true,
        "fail_on: [changes, findings, declines, stale-exceptions, unread, templates, policy]",
    ),
    (true, "fail_on: []"),
    (false, "fail_on: changes"),
    (false, "fail_on: [everything]"),
    (false, "transfroms: {}"),
    (false, "- edition"),
];

#[test]
fn the_schema_accepts_what_the_program_accepts() {
    let schema = schema();
    for (valid, text) in SAMPLES {
        let read = config::read(text);
        assert_eq!(read.is_ok(), *valid, "the program on {text}: {read:?}");
        let value: Value = serde_yaml::from_str(text).unwrap();
        let judged = validate(&schema, &schema, &value);
        assert_eq!(judged.is_ok(), *valid, "the schema on {text}: {judged:?}");
    }
}

#[test]
fn an_entry_in_the_configuration_is_the_entry_in_a_file() {
    let folder = project("images");
    let mut count = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|end| end != "yaml") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let Ok(entry) = serde_yaml::from_str::<Entry>(&text) else {
            // Several editions of one entry.
            assert!(text.contains("\n---\n"));
            continue;
        };
        let indented = text.replace('\n', "\n  ");
        let config = config::read(&format!("images:\n- # first\n  {indented}\n")).unwrap();
        let [ImageSource::Entry(read)] = config.images.as_slice() else {
            panic!("{config:?}");
        };
        assert_eq!(format!("{read:?}"), format!("{entry:?}"));
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[test]
fn the_sample_of_the_readme_is_a_configuration() {
    let readme = fs::read_to_string(project("README.md")).unwrap();
    let (_, sample) = readme
        .split_once("```yaml\n# yaml-language-server: $schema=./")
        .unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    let (name, sample) = sample.split_once('\n').unwrap();
    assert_eq!(name, "harden.schema.json");
    config::read(sample).unwrap();
    let value: Value = serde_yaml::from_str(sample).unwrap();
    let schema = schema();
    validate(&schema, &schema, &value).unwrap();
}
