//! Settings that `docker stack deploy` ignores or refuses.

use serde_json::Value;

use super::{each_service, hardened, texts};
use crate::formats::compose::{declined, project};

/// Keys which show that a swarm runs the service `a`: a key of this or another service, and keys
/// that Compose would refuse.
const SIGNS: [&str; 8] = [
    "services:\n  a: {image: 'redis:7', user: '999', deploy: {placement: {max_replicas_per_node: 1}}}\n",
    "services:\n  a:\n    image: redis:7\n    user: '999'\n    deploy:\n      mode: global\n",
    "x-d: &d {update_config: {parallelism: 1}}\nservices:\n  a: {image: 'redis:7', user: '999', deploy: *d}\n",
    "services:\n  a: {image: 'redis:7', user: '999', deploy: {replicas: 2}}\n  b: {image: 'example/b:1', deploy: {endpoint_mode: vip}}\n",
    "services:\n  a: {image: 'redis:7', user: '999', secrets: [s]}\nsecrets: {s: {external: true}}\n",
    "services:\n  a: {image: 'redis:7', user: '999'}\nconfigs: {c: {external: {name: d}}}\n",
    "services:\n  a: {image: 'redis:7', user: '999', networks: [n]}\nnetworks: {n: {driver: overlay}}\n",
    "services:\n  a: {image: 'redis:7', user: '999', networks: [n]}\nnetworks:\n  n: {driver: overlay, attachable: false}\n",
];

/// docs/semantics.md#swarm-short-tmpfs and #swarm-tmpfs-mode: a swarm drops the short form without
/// a warning, and knows no mode in the long one.
#[test]
fn a_swarm_gets_no_short_tmpfs() {
    for text in SIGNS {
        for text in [
            text.to_owned(),
            text.replace("redis:7", "example/a:1"),
            text.replace("redis:7", "nginx:1.27"),
        ] {
            each_service(&text, "a", |service| {
                assert_eq!(texts(service, "tmpfs"), [""; 0], "{service}");
                let root = service["read_only"] == true && text.contains("example/a");
                let volumes = service["volumes"].as_array().into_iter().flatten();
                assert!(
                    volumes.clone().all(|one| one["tmpfs"]["mode"].is_null()),
                    "{service}"
                );
                assert!(
                    !root || volumes.map(|one| &one["target"]).any(|path| path == "/tmp"),
                    "{service}"
                );
            });
        }
    }
    let attachable = "services:\n  a: {image: 'example/a:1'}\nnetworks: {n: {driver: overlay, attachable: true}}\n";
    assert!(crate::formats::compose::hardened(attachable).contains("tmpfs:"));
}

/// docs/semantics.md#swarm-refuses and #swarm-pids: flat limits and `group_add` are errors, and old
/// schemas have no `pids`.
#[test]
fn a_swarm_gets_no_flat_limit() {
    for text in SIGNS {
        for version in ["", "version: '3.7'\n", "version: '3.13'\n"] {
            let is_written = |service: &Value, key: &str| service.get(key).is_some();
            each_service(&format!("{version}{text}"), "a", |service| {
                for key in [
                    "mem_limit",
                    "cpus",
                    "pids_limit",
                    "mem_reservation",
                    "group_add",
                    "cpu_quota",
                ] {
                    assert!(!is_written(service, key), "{key}: {service}");
                }
                let limits = &service["deploy"]["resources"]["limits"];
                assert!(
                    limits["pids"].is_null() || version != "version: '3.7'\n",
                    "{service}"
                );
            });
        }
    }
}

/// docs/semantics.md#swarm-ignores, #swarm-nnp and #nnp-daemon-default: a swarm ignores
/// `security_opt` and `restart`. The report names the daemon's default, and a bound on restarts
/// goes where a swarm reads it.
#[test]
fn the_report_names_what_a_swarm_ignores() {
    for text in SIGNS {
        let report = project(&[("compose.yml", text)]);
        let caution = report.containers[0].caution.as_ref();
        assert!(
            caution.is_some_and(|caution| caution.code() == "swarm-ignores-option"),
            "{text}"
        );
        for restart in ["", ", restart: always", ", restart: 'no'"] {
            let text = text.replace("user: '999'", &format!("user: '999'{restart}"));
            let text = text.replace("    user: '999', restart", "    user: '999'\n    restart");
            let before: Value = serde_yaml::from_str(&text).expect("YAML");
            each_service(&text, "a", |service| {
                assert_eq!(
                    service["restart"], before["services"]["a"]["restart"],
                    "{service}"
                );
            });
        }
    }
    let ports =
        "services:\n  a: {image: 'redis:7', ports: ['6379:6379'], deploy: {mode: global}}\n";
    let [.., asked] = hardened("compose.yml", ports);
    assert!(asked.contains("ports: ['6379:6379']"), "{asked}");
    let policy = "restart_policy: {condition: on-failure, max_attempts: 5}";
    assert!(asked.contains(policy), "{asked}");
    declined(
        &SIGNS[0].replace("redis:7", "nginx:1.27"),
        "a",
        "read-only-root",
    );
}
