//! Privilege escalation: setuid programs and file capabilities.

use harden::engine::outcome::Outcome;

use super::{alone, command, hardened};
use crate::formats::compose::{declined, hardened as by_default, outcome, project};

/// docs/semantics.md#nnp-strips-silently and #cap-file-effective: with `no_new_privs` a program
/// loses its file capability without an error, and can no longer open a low port that needs it.
#[test]
fn a_program_keeps_the_capability_for_its_port() {
    let caddy = |rest: &str| format!("{{image: 'caddy:2', user: '1000', {rest}}}");
    for rest in [
        "network_mode: host",
        "network_mode: 'service:b'",
        "network_mode: '$MODE'",
        "sysctls: {net.ipv4.ip_unprivileged_port_start: 1024}",
    ] {
        let why = declined(&alone(&caddy(rest)), "a", "no-new-privileges");
        assert!(why.contains("port 80"), "{why}");
    }
    for free in [
        "image: 'caddy:2'",
        "image: 'caddy:2', user: '1000'",
        "image: 'caddy:2', user: root, network_mode: host",
    ] {
        let text = alone(&format!("{{{free}}}"));
        let report = project(&[("compose.yml", &text)]);
        let outcome = outcome(&report, "a", "no-new-privileges");
        assert!(
            matches!(outcome, Outcome::Changed { .. }),
            "{free}: {outcome:?}"
        );
    }
    for after in &command("docker run --net host -u 1000 caddy:2")[..2] {
        assert!(!after.contains("no-new-privileges"), "{after}");
    }
    let unit = "[Container]\nImage=docker.io/library/caddy:2\nUser=1000\nNetwork=host\n";
    for after in &hardened("caddy.container", unit)[..2] {
        assert!(!after.contains("NoNewPrivileges"), "{after}");
    }
    let pod = |rest: &str| {
        let container = "{name: c, image: 'caddy:2', securityContext: {runAsUser: 1000}}";
        hardened(
            "pod.yaml",
            &crate::formats::kubernetes::pod(container, rest),
        )
    };
    for after in pod("") {
        let is_opened = after.contains("ip_unprivileged_port_start");
        assert!(
            is_opened && after.contains("allowPrivilegeEscalation: false"),
            "{after}"
        );
    }
    for after in &pod("hostNetwork: true")[..2] {
        assert!(
            !after.contains("allowPrivilegeEscalation: false"),
            "{after}"
        );
    }
}

/// docs/semantics.md#nnp-breaks-sudo and #cap-step-down: a user gains privileges by `sudo` and
/// `su`, wherever they are called; root that steps down gains nothing.
#[test]
fn services_that_call_sudo_may_gain_privileges() {
    for call in [
        "command: sudo /x",
        "command: [sh, -c, 'cd /x && exec sudo -E ./y']",
        "entrypoint: [/usr/bin/sudo, /x]",
        "healthcheck: {test: [CMD, sudo, /x]}",
        "healthcheck: {test: 'su app -c x'}",
        "post_start: [{command: [sudo, x]}]",
    ] {
        let text = alone(&format!("{{image: 'example/a:1', user: app, {call}}}"));
        assert!(
            declined(&text, "a", "no-new-privileges").contains("gains privileges"),
            "{call}"
        );
    }
    // Stepping down gains nothing.
    for call in ["command: gosu app /x", "entrypoint: [su-exec, app, /x]"] {
        let text = alone(&format!("{{image: 'example/a:1', {call}}}"));
        assert!(by_default(&text).contains("no-new-privileges"), "{call}");
    }
}
