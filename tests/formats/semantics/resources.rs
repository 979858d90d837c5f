//! Resource limits, and where they may be written.

use serde_json::Value;

use super::{alone, command, each_service, hardened, service};
use crate::formats::compose::{changed, declined, hardened as by_default, project};

const FLAT: [&str; 3] = ["mem_limit", "cpus", "pids_limit"];

/// docs/semantics.md#limit-one-place: where `deploy.resources.limits` exists, however it gets
/// there, a flat limit that it does not have is refused.
#[test]
fn no_flat_limit_is_added_to_limits_of_deploy() {
    let anchors = "x-d: &d {resources: {limits: {memory: 1g}}}\nx-l: &l {memory: 1g}\n";
    for deploy in [
        "*d",
        "{<<: *d}",
        "{resources: {limits: *l}}",
        "{resources: {limits: {<<: *l}}}",
        "{resources: {limits: {memory: '1g'}}, replicas: 2}",
        "{resources: {limits: {cpus: 0.5}, reservations: {memory: 1m}}}",
        "{resources: {limits: {pids: 100}}}",
        "{resources: {limits: {}}}",
    ] {
        let text = format!("{anchors}services:\n  a: {{image: 'example/a:1', deploy: {deploy}}}\n");
        each_service(&text, "a", |service| {
            for key in FLAT {
                assert!(service.get(key).is_none(), "{deploy}: {service}");
            }
        });
    }
    let merged = "x-a: &a\n  deploy: {resources: {limits: {cpus: '1'}}}\nservices:\n  a:\n    <<: *a\n    image: example/a:1\n";
    for after in hardened("compose.yml", merged) {
        assert!(
            FLAT.iter()
                .all(|key| !after.contains(&format!("{key}:")) || *key == "cpus"),
            "{after}"
        );
    }
    let base =
        "services:\n  b: {image: 'example/b:1', deploy: {resources: {limits: {memory: 1g}}}}\n";
    let text = "services:\n  a: {extends: {file: base.yml, service: b}, labels: [x]}\n";
    let report = project(&[("compose.yml", text), ("base.yml", base)]);
    for file in ["compose.yml", "base.yml"] {
        let after = changed(&report, file).unwrap_or_default();
        assert!(
            !after.contains("mem_limit") && !after.contains("pids_limit"),
            "{after}"
        );
    }
}

/// docs/semantics.md#limit-one-place: and no limit of `deploy` where limits are flat.
#[test]
fn no_limit_of_deploy_is_added_to_flat_limits() {
    for flat in [
        "mem_limit: 1g",
        "cpus: 0.5",
        "pids_limit: 100",
        "mem_limit: '1g', deploy: {replicas: 1}",
    ] {
        for version in ["", "version: '2.4'\n", "version: '3.8'\n"] {
            let text = format!(
                "{version}{}",
                alone(&format!("{{image: 'example/a:1', {flat}}}"))
            );
            each_service(&text, "a", |service| {
                assert!(
                    service["deploy"]["resources"].is_null(),
                    "{flat}: {service}"
                );
            });
        }
    }
}

/// docs/semantics.md#limit-compose-v1, #limit-deploy-honoured and #limit-version-ignored:
/// docker-compose 1 knows only flat limits in a file of version 2, and only those of `deploy` in
/// one of version 3. Compose reads both.
#[test]
fn limits_are_written_as_the_version_supports_them() {
    for (version, is_flat) in [
        ("", true),
        ("version: '2'\n", true),
        ("version: \"2.4\"\n", true),
        ("version: '3'\n", false),
        ("version: 3.8\n", false),
        ("version: '3.9'\n", false),
    ] {
        let text = format!("{version}{}", alone("{image: 'example/a:1'}"));
        each_service(&text, "a", |service| {
            assert_eq!(
                service["mem_limit"].is_string(),
                is_flat,
                "{version}{service}"
            );
            let deploy = &service["deploy"]["resources"]["limits"]["memory"];
            assert_eq!(deploy.is_string(), !is_flat, "{version}{service}");
        });
    }
}

/// docs/semantics.md#limit-swap: a memory limit above `memswap_limit` is refused.
#[test]
fn a_memory_limit_stays_below_that_with_swap() {
    for swap in ["256m", "'268435456'", "268435456", "'${SWAP}'"] {
        service(
            &format!("{{image: 'example/a:1', memswap_limit: {swap}}}"),
            |service| {
                assert!(service["mem_limit"].is_null(), "{service}");
            },
        );
    }
    for swap in ["-1", "'-1'", "0", "1g"] {
        service(
            &format!("{{image: 'example/a:1', memswap_limit: {swap}}}"),
            |service| {
                assert_eq!(service["mem_limit"], "512m", "{service}");
            },
        );
    }
    for after in command("docker run --memory-swap 256m example/a:1") {
        assert!(!after.contains("--memory "), "{after}");
    }
}

/// docs/semantics.md#limit-cpus: more CPUs than the host has are refused at create.
#[test]
fn at_most_one_cpu_is_written() {
    for there in [
        "deploy: {resources: {reservations: {cpus: '4'}}}",
        "deploy: {resources: {reservations: {cpus: 1.5}}}",
        "cpuset: 0-3",
        "cpu_shares: 2048",
    ] {
        service(&format!("{{image: 'example/a:1', {there}}}"), |service| {
            let limit = [
                &service["cpus"],
                &service["deploy"]["resources"]["limits"]["cpus"],
            ];
            for limit in limit {
                assert!(limit.is_null() || *limit == 1 || *limit == "1", "{service}");
            }
        });
    }
}

/// docs/semantics.md#limit-changes-behaviour: some programs size themselves by the host or by their
/// options, and a lower limit kills them.
#[test]
fn memory_limits_follow_the_options_of_the_program() {
    for image in ["cassandra:4", "cassandra:5"] {
        let text = alone(&format!("{{image: '{image}'}}"));
        assert!(declined(&text, "a", "memory-limit").contains("sizes itself"));
    }
    for told in [
        "environment: {JAVA_OPTS: -Xmx2g}",
        "environment: ['JAVA_TOOL_OPTIONS=-Xms1g -Xmx2048m']",
        "command: java -Xmx2g -jar x.jar",
    ] {
        let after = by_default(&alone(&format!("{{image: 'example/a:1', {told}}}")));
        let file: Value = serde_yaml::from_str(&after).expect("YAML");
        assert_eq!(file["services"]["a"]["mem_limit"], "4g", "{told}");
    }
}
