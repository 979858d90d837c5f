//! Options under which one transform changed what another one had read: a second run must find
//! nothing.

use harden::container::Assume;

use crate::support::answers;
use crate::support::run::{Setup as _, every, only};
use harden::engine::Run;

/// Hardens the text twice, and returns the text after the first run.
#[track_caller]
fn settles(run: &Run<'_>, text: &str) -> String {
    let after = answers::text(&run.file("compose.yml", text), text);
    assert_eq!(
        answers::text(&run.file("compose.yml", &after), &after),
        after
    );
    after
}

/// The default transforms, of which these may replace weak values.
fn overriding(ids: &[&'static str]) -> Run<'static> {
    let mut run = every();
    run.policy.overrides = ids.to_vec();
    run
}

fn service(keys: &str) -> String {
    format!("services:\n  a:\n    image: nginx:1.27\n{keys}")
}

#[test]
fn an_option_that_is_removed_leaves_those_that_are_added() {
    let run = overriding(&["default-seccomp"]);
    for options in [
        "    security_opt:\n      - seccomp:unconfined\n",
        "    security_opt: [seccomp:unconfined]\n",
        "    security_opt: [seccomp=unconfined, apparmor=unconfined]\n",
        "    security_opt: seccomp:unconfined\n",
    ] {
        let after = settles(&run, &service(options));
        assert!(!after.contains("seccomp"), "{after}");
        assert!(after.contains("no-new-privileges:true"), "{after}");
    }
    let merged = "x-a: &a\n  security_opt: [seccomp:unconfined]\nservices:\n  a:\n    <<: *a\n    \
                  image: nginx:1.27\n";
    let after = settles(&run, merged);
    assert!(
        after.contains("&a\n  security_opt: [seccomp:unconfined]"),
        "{after}"
    );
    assert!(
        after.contains("security_opt:\n      - no-new-privileges:true"),
        "{after}"
    );
}

#[test]
fn a_list_that_hides_a_merged_one_stays_when_it_is_empty() {
    let text = "x-a: &a\n  cap_add: [NET_ADMIN, SYS_PTRACE]\nservices:\n  a:\n    <<: *a\n    image: \
                nginx:1.27\n    cap_add: [NET_ADMIN, SYS_PTRACE]\n    network_mode: host\n";
    let after = settles(&overriding(&["risky-capabilities"]), text);
    assert_eq!(after.matches("SYS_PTRACE").count(), 1, "{after}");
}

#[test]
fn a_parameter_of_another_document_is_not_removed_here() {
    let text = "services:\n  a:\n    image: nginx:1.27\n    sysctls: {net.core.somaxconn: 1024}\n---\nservices:\n  \
                a:\n    sysctls: [kernel.msgmax=65536]\n";
    let after = settles(&overriding(&["unsafe-sysctls"]), text);
    assert!(after.contains("kernel.msgmax"), "{after}");
}

#[test]
fn options_that_several_transforms_remove_leave_no_empty_list() {
    let text = service("    security_opt: [seccomp:unconfined, apparmor:unconfined]\n");
    let ids = ["default-confinement", "default-seccomp"];
    let after = settles(&overriding(&ids), &text);
    assert!(!after.contains("unconfined"), "{after}");
    let after = settles(&only(&ids).overriding(), &text);
    assert!(!after.contains("security_opt"), "{after}");
}

#[test]
fn a_capability_that_a_drop_in_lower_case_loses_is_added_at_once() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    \
               image: postgres:16\n    securityContext:\n      runAsUser: 0\n      capabilities:\n        \
               drop: [all]\n";
    let after = settles(&overriding(&["capabilities-missing"]), pod);
    assert!(after.contains("- SETUID"), "{after}");
    let text = "services:\n  a:\n    image: postgres:16\n    user: root\n    cap_drop: [NET_RAW]\n";
    settles(&every().overriding(), text);
}

#[test]
fn a_capability_that_a_command_uses_is_not_removed_and_added_in_turn() {
    let run = overriding(&["risky-capabilities"]).assuming(Assume::All);
    let text = "services:\n  a:\n    image: alpine\n    command: ping db\n";
    let after = settles(&run, text);
    assert!(after.contains("- NET_RAW"), "{after}");
    let text = "services:\n  a:\n    image: alpine\n    command: ping db\n    cap_add: [NET_RAW, SYS_ADMIN]\n";
    let after = settles(&run, text);
    assert!(
        after.contains("NET_RAW") && !after.contains("SYS_ADMIN"),
        "{after}"
    );
    // The image's programs have the capability as a file capability.
    let text = "services:\n  a:\n    image: clickhouse/clickhouse-server:24\n";
    settles(&run, text);
}

#[test]
fn every_container_of_a_pod_finds_the_group_that_one_of_them_brings() {
    for (image, path) in [("mysql:8", "/var/lib/mysql"), ("mongo:7", "/data/db")] {
        let container = |name: &str, image: &str, path: &str| {
            format!(
                "  - name: {name}\n    image: {image}\n    volumeMounts: [{{name: d, mountPath: {path}}}]\n"
            )
        };
        let (a, b) = (
            container("a", "traefik:v3", "/data"),
            container("b", image, path),
        );
        let pod = |containers: String| {
            let text = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  volumes:\n  - {{name: d, \
                 persistentVolumeClaim: {{claimName: d}}}}\n  containers:\n{containers}"
            );
            settles(&every(), &text)
        };
        for after in [pod(format!("{a}{b}")), pod(format!("{b}{a}"))] {
            assert_eq!(after.matches("fsGroup: ").count(), 1, "{after}");
            assert_eq!(after.matches("runAsUser: ").count(), 2, "{after}");
        }
    }
}

#[test]
fn an_heir_keeps_its_own_ports_and_restarts() {
    let text = "services:\n  a:\n    image: nginx:1.27\n    restart: always\n    ports: [\"80:80\"]\n  b:\n    \
                extends: a\n    restart: always\n    ports: [\"81:80\"]\n";
    let after = settles(&only(&["restart-bounded", "localhost-ports"]), text);
    assert_eq!(after.matches("on-failure").count(), 2, "{after}");
    assert_eq!(after.matches("127.0.0.1").count(), 2, "{after}");
}

#[test]
fn a_weak_limit_is_replaced_where_it_is() {
    let text = service(
        "    pids_limit: -1\n    mem_limit: 0\n    deploy: {resources: {limits: {cpus: '2'}}}\n",
    );
    let after = settles(&every().overriding(), &text);
    assert!(
        after.contains("pids_limit: 512") && after.contains("mem_limit: 512m"),
        "{after}"
    );
    assert!(!after.contains("pids: "), "{after}");
}
