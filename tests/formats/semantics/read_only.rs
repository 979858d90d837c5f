//! The effects of a read-only root, and the files that Compose copies into the root.

use super::{alone, command, hardened, service};
use crate::formats::compose::{declined, declined_in, hardened as by_default, outcome, project};
use harden::engine::outcome::Outcome;

/// docs/semantics.md#root-stays-writable: `/etc/hosts` and its neighbours become read-only.
#[test]
fn services_that_write_below_etc_keep_a_writable_root() {
    for command in [
        "command: sh -c 'echo 1.2.3.4 b >> /etc/hosts && x'",
        "command: [sh, -c, 'sed -i s/a/b/ /etc/resolv.conf; x']",
        "entrypoint: [sh, -c, 'cp /x /etc/hostname && x']",
        "command: [tee, /etc/hosts]",
    ] {
        declined(
            &alone(&format!("{{image: 'example/a:1', {command}}}")),
            "a",
            "read-only-root",
        );
    }
}

/// docs/semantics.md#root-inline-configs: Compose refuses inline content in a read-only service,
/// however the file writes it.
#[test]
fn inline_content_keeps_the_root_writable() {
    let uses = |tops: &str, uses: &str| {
        format!("{tops}\nservices:\n  a: {{image: 'example/a:1', {uses}}}\n")
    };
    for (top, list) in [
        ("x-c: &c {content: x}\nconfigs: {c: *c}", "configs: [c]"),
        (
            "x-c: &c {content: x}\nconfigs: {c: {<<: *c}}",
            "configs: [{source: c, target: /etc/c}]",
        ),
        (
            "secrets: {c: {environment: C}}",
            "secrets: [{source: c, uid: '7'}]",
        ),
        (
            "secrets:\n  c:\n    environment: C",
            "secrets:\n    - c\n  ",
        ),
    ] {
        let text = uses(top, &list.replace("\n    - c\n  ", " [c]"));
        for after in hardened("compose.yml", &text) {
            assert!(!after.contains("read_only: true"), "{after}");
        }
    }
    let base = "services:\n  b: {image: 'example/b:1', configs: [c]}\n";
    let text =
        "configs: {c: {content: x}}\nservices:\n  a: {extends: {file: base.yml, service: b}}\n";
    let report = project(&[("compose.yml", text), ("base.yml", base)]);
    assert!(declined_in(&report, "a", "read-only-root").contains("fails if that is read-only"));
    let file = uses(
        "configs: {c: {file: ./c, content: null, environment: ~}}",
        "configs: [c]",
    );
    assert!(by_default(&file).contains("read_only: true"));
}

/// docs/semantics.md#root-watch: `develop.watch` copies changed files into the container.
#[test]
fn a_watched_service_can_be_written() {
    for action in ["sync", "sync+restart", "sync+exec"] {
        let rule = format!("{{action: {action}, path: ., target: /app}}");
        let service = format!("{{image: 'example/a:1', develop: {{watch: [{rule}]}}}}");
        assert!(declined(&alone(&service), "a", "read-only-root").contains("watch"));
        let merged = format!(
            "x-d: &d {{develop: {{watch: [{rule}]}}}}\nservices:\n  a: {{<<: *d, image: 'example/a:1'}}\n"
        );
        assert!(declined(&merged, "a", "read-only-root").contains("watch"));
    }
    let rebuilt = alone("{image: 'example/a:1', develop: {watch: [{action: rebuild, path: .}]}}");
    assert!(by_default(&rebuilt).contains("read_only: true"));
}

/// docs/semantics.md#root-hooks: hooks run in the container's file system.
#[test]
fn a_hook_that_writes_keeps_the_root() {
    for hook in [
        "post_start: [{command: [cp, /a, /b]}]",
        "post_start: [{command: sh -c 'date > /started', user: root}]",
        "pre_stop: [{command: [sh, -c, 'touch /stopped']}]",
    ] {
        declined(
            &alone(&format!("{{image: 'example/a:1', {hook}}}")),
            "a",
            "read-only-root",
        );
    }
}

/// docs/semantics.md#root-privileged: a privileged container can have a read-only root.
#[test]
fn a_read_only_root_of_a_privileged_container_is_accepted() {
    let text = alone("{image: 'example/a:1', privileged: true, read_only: true}");
    let report = project(&[("compose.yml", &text)]);
    assert!(matches!(
        outcome(&report, "a", "read-only-root"),
        Outcome::Hardened
    ));
    service(
        "{image: 'example/a:1', privileged: true, read_only: true}",
        |service| {
            assert_eq!(service["read_only"], true);
        },
    );
}

/// docs/semantics.md#podman-read-only-tmpfs: Podman gives a read-only root `/run`, `/tmp` and
/// `/var/tmp`, Docker gives it nothing.
#[test]
fn only_podman_adds_scratch_space_of_its_own() {
    for after in command("docker run --read-only nginx:1.27") {
        assert!(after.contains("--tmpfs /run:"), "{after}");
    }
    service("{image: 'nginx:1.27', read_only: true}", |service| {
        assert!(
            service["tmpfs"][1]
                .as_str()
                .is_some_and(|path| path.starts_with("/run:"))
        );
    });
    for after in command("docker run example/a:1") {
        assert!(after.contains("--read-only --tmpfs /tmp:"), "{after}");
    }
    for after in command("podman run --read-only nginx:1.27") {
        assert!(!after.contains("--tmpfs /run"), "{after}");
    }
    let line = "podman run --read-only --read-only-tmpfs=false nginx:1.27";
    assert!(command(line)[2].contains("--tmpfs /run"));
    let unit = "[Container]\nImage=docker.io/library/nginx:1.27\nReadOnly=true\n";
    assert!(!hardened("web.container", unit)[2].contains("Tmpfs=/run"));
    let unit = format!("{unit}ReadOnlyTmpfs=false\n");
    assert!(hardened("web.container", &unit)[2].contains("Tmpfs=/run"));
}
