//! The user and the group of a process.

use harden::image::Facts;
use serde_json::Value;

use super::{alone, command, each_known_image, each_service, hardened, service};
use crate::formats::compose::declined;

/// docs/semantics.md#user-group-zero, #user-without-group and #k8s-run-as-group: the files of some
/// images belong to group 0, so their user keeps that group.
#[test]
fn a_known_image_keeps_its_group_and_gets_a_number() {
    let service = |facts: &Facts, service: &Value| {
        let user = service["user"].as_str().unwrap_or("0:0");
        let (uid, gid) = user.split_once(':').unwrap_or((user, "0"));
        assert!(uid.parse::<u32>().is_ok(), "{} {user}", facts.id);
        assert!(!facts.group_root || gid == "0", "{} {user}", facts.id);
    };
    each_known_image(service, |facts, container| {
        let group = &container["securityContext"]["runAsGroup"];
        assert!(
            !facts.group_root || group.is_null() || *group == 0,
            "{} {group}",
            facts.id
        );
    });
}

/// docs/semantics.md#cap-not-for-users: no capability reaches a process that is not root, so
/// `NET_BIND_SERVICE` opens no port where the sysctl does not.
#[test]
fn a_capability_opens_no_port_to_a_user() {
    for sysctls in [
        "{net.ipv4.ip_unprivileged_port_start: 1024}",
        "{net.ipv4.ip_unprivileged_port_start: '81'}",
        "['net.ipv4.ip_unprivileged_port_start=1024']",
    ] {
        for more in [
            "",
            ", cap_add: [NET_BIND_SERVICE]",
            ", cap_add: [CAP_NET_BIND_SERVICE]",
        ] {
            service(
                &format!("{{image: 'nginx:1.27', sysctls: {sysctls}{more}}}"),
                |service| {
                    assert!(service["user"].is_null(), "{service}");
                },
            );
        }
    }
    let line = "docker run --sysctl net.ipv4.ip_unprivileged_port_start=1024 nginx:1.27";
    for after in command(line) {
        assert!(!after.contains("--user"), "{after}");
    }
}

/// docs/semantics.md#user-health-check: a health check runs as the container's user, with its
/// capabilities.
#[test]
fn a_health_check_that_needs_root_keeps_it() {
    for test in [
        "[CMD, chown, a, /b]",
        "[CMD-SHELL, 'true && sudo x']",
        "'su x -c y'",
        "[CMD, sh, -c, 'date > /var/lib/x']",
    ] {
        let text = alone(&format!(
            "{{image: 'example/a:1', healthcheck: {{test: {test}}}}}"
        ));
        declined(&text, "a", "non-root-user");
        declined(&text, "a", "drop-capabilities");
    }
}

/// docs/semantics.md#root-inline-owner: inline content is copied with its own mode, and belongs to
/// root.
#[test]
fn a_closed_secret_keeps_root() {
    let tops = "configs: {c: {content: x}, f: {file: ./c}}\nsecrets: {s: {environment: S}}\n";
    for uses in [
        "configs: [{source: c, target: /etc/c, mode: 0400}]",
        "configs: [{source: c, target: /etc/c, mode: 256}]",
        "configs: [{source: c, target: /etc/c, mode: '0440'}]",
        "secrets: [{source: s, target: /etc/s, mode: 0o600}]",
    ] {
        for image in ["example/a:1", "nginx:1.27"] {
            let text = alone(&format!("{{image: '{image}', {uses}}}")) + tops;
            let why = declined(&text, "a", "non-root-user");
            assert!(why.contains("only its owner can read it"), "{why}");
        }
    }
    for uses in [
        "configs: [{source: f, mode: 0400}]",
        "configs: [{source: c, mode: 0444}]",
    ] {
        let text = alone(&format!("{{image: 'example/a:1', {uses}}}")) + tops;
        each_service(&text, "a", |service| {
            assert!(service["user"].is_string(), "{service}");
        });
    }
}

/// docs/semantics.md#user-groups-by-name: groups have names or numbers. They stay, and none is
/// guessed for the engine's socket, whose group is the host's.
#[test]
fn groups_stay_as_they_are() {
    for groups in ["[docker]", "['999']", "[999, video]"] {
        let socket = "/var/run/docker.sock:/var/run/docker.sock";
        for volumes in [String::new(), format!(", volumes: ['{socket}']")] {
            let text = format!("{{image: 'example/a:1', group_add: {groups}{volumes}}}");
            let before: Value = serde_yaml::from_str(&text).expect("YAML");
            service(&text, |service| {
                assert_eq!(service["group_add"], before["group_add"]);
            });
            if !volumes.is_empty() {
                declined(&alone(&text), "a", "non-root-user");
            }
        }
    }
}

/// docs/semantics.md#user-namespace-shifts-ids and #podman-keep-id: in a user namespace the ids on
/// the host are others, so no user is assumed.
#[test]
fn a_user_namespace_is_no_reason_for_a_user() {
    let text = alone("{image: 'example/a:1', userns_mode: host}");
    declined(&text, "a", "non-root-user");
    for mode in ["keep-id", "keep-id:uid=200"] {
        for after in command(&format!("podman run --userns={mode} -v ./x:/x example/a:1")) {
            assert!(!after.contains("--user "), "{after}");
        }
    }
    let unit = "[Container]\nImage=example.org/a:1\nUserNS=keep-id\n";
    for after in hardened("a.container", unit) {
        assert!(!after.contains("User=1"), "{after}");
    }
}

/// docs/semantics.md#user-of-a-build: without its Dockerfile the user of a built image is unknown,
/// whatever the name of the result.
#[test]
fn a_build_without_a_dockerfile_keeps_its_user_and_root() {
    for build in [
        "build: .",
        "build: {context: ./a}",
        "build: {dockerfile_inline: 'FROM x'}",
    ] {
        for image in ["", ", image: 'postgres:16'", ", image: 'example/a:1'"] {
            let text = alone(&format!("{{{build}{image}}}"));
            for id in ["non-root-user", "read-only-root"] {
                assert!(declined(&text, "a", id).contains("built"), "{text}");
            }
        }
    }
    let merged = "x-b: &b {build: .}\nservices:\n  a: {<<: *b, image: 'redis:7'}\n";
    assert!(declined(merged, "a", "non-root-user").contains("built"));
}
