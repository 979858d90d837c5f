//! Confinement profiles: which are added, which are reported, and what prevents a change.

use harden::container::Assume;
use harden::engine::Run;
use harden::engine::outcome::Outcome;
use harden::report::words::sentence;

use crate::support::answers;
use crate::support::run::{Setup as _, only};

const BOTH: [&str; 2] = ["default-seccomp", "default-confinement"];

fn after(run: &Run<'_>, text: &str) -> String {
    answers::text(&run.file("file.yml", text), text)
}

/// The text after both transforms may change explicit values.
fn asked(text: &str) -> String {
    after(&only(&BOTH).overriding(), text)
}

/// The findings of both transforms without `--override`.
fn found(text: &str) -> Vec<(String, bool)> {
    let report = only(&BOTH).file("file.yml", text);
    let results = report.containers.iter().flat_map(|one| &one.rows);
    results
        .filter_map(|result| match &result.outcome {
            Outcome::Finding { can_be_asked } => Some((sentence(&result.reason), *can_be_asked)),
            _ => None,
        })
        .collect()
}

fn pod(container: &str, metadata: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{metadata}}}\nspec:\n  containers:\n  - {container}\n  {rest}\n"
    )
}

fn options(list: &str) -> String {
    format!("services:\n  a:\n    image: example/a\n    security_opt: {list}\n")
}

/// docs/semantics.md#confinement-default-on: the default profile is on, so no `seccomp:` is
/// written.
#[test]
fn compose_gets_no_profile() {
    let text = "services:\n  a:\n    image: example/a\n";
    assert_eq!(asked(text), text);
}

/// docs/semantics.md#confinement-kubernetes and #k8s-levels: Kubernetes does not confine by
/// default, and the container's field wins over the pod's.
#[test]
fn a_container_gets_the_profile_unless_its_pod_has_one() {
    let text = pod("{name: c, image: example/a}", "", "");
    assert!(asked(&text).contains("seccompProfile"), "{}", asked(&text));
    for profile in [
        "{type: RuntimeDefault}",
        "{type: Localhost, localhostProfile: a.json}",
    ] {
        let rest = format!("securityContext: {{seccompProfile: {profile}}}");
        let text = pod("{name: c, image: example/a}", "", &rest);
        assert_eq!(asked(&text), text);
    }
    let text = pod(
        "{name: c, image: example/a, securityContext: {seccompProfile: {type: Unconfined}}}",
        "",
        "securityContext: {seccompProfile: {type: RuntimeDefault}}",
    );
    assert_eq!(found(&text).len(), 1);
    assert!(!asked(&text).contains("Unconfined"));
}

/// docs/semantics.md#k8s-windows: a Windows pod must have none of these.
#[test]
fn windows_has_none() {
    let text = pod("{name: c, image: example/a}", "", "os: {name: windows}");
    assert_eq!(asked(&text), text);
}

/// docs/semantics.md#confinement-privileged: it has no seccomp profile, unless it names one.
#[test]
fn a_privileged_container_has_no_profile_whatever_is_written() {
    let text = pod(
        "{name: c, image: example/a, securityContext: {privileged: true}}",
        "",
        "",
    );
    assert_eq!(asked(&text), text);
}

/// docs/semantics.md#confinement-breaks: user namespaces, perf and `io_uring` break.
#[test]
fn containers_that_need_other_system_calls_change_only_by_assumption() {
    for container in [
        "{name: c, image: 'moby/buildkit:rootless'}",
        "{name: c, image: quay.io/podman/stable}",
        "{name: c, image: 'docker:27-dind'}",
        "{name: c, image: example/a, command: [sh, -c, 'perf record x']}",
    ] {
        let text = pod(container, "", "");
        assert_eq!(asked(&text), text);
        let bold = after(&only(&BOTH).assuming(Assume::All), &text);
        assert!(bold.contains("RuntimeDefault"), "{text}");
    }
}

/// A label of another kind only chooses among those that confine; `disable` wins
/// wherever it stands.
#[test]
fn only_the_lines_that_turn_something_off_go() {
    let text = options("[label:disable, 'label:level:s0', no-new-privileges, seccomp=unconfined]");
    assert_eq!(
        asked(&text),
        options("['label:level:s0', no-new-privileges]")
    );
    assert_eq!(
        asked(&options("[apparmor:unconfined]")),
        "services:\n  a:\n    image: example/a\n"
    );
    for list in [
        "[seccomp:./profile.json]",
        "[apparmor:own]",
        "['label:type:web_t']",
    ] {
        assert_eq!(found(&options(list)), []);
    }
}

#[test]
fn a_justified_profile_is_reported_without_a_remedy() {
    let inline = "services:\n  a:\n    image: example/a\n    security_opt:\n      - seccomp:unconfined   # io_uring\n";
    let above = "services:\n  a:\n    image: example/a\n    security_opt:\n      # io_uring\n      - seccomp:unconfined\n";
    let key = "services:\n  a:\n    image: example/a\n    security_opt: # io_uring\n      - seccomp:unconfined\n";
    let traced = options("[seccomp:unconfined]\n    cap_add: [SYS_PTRACE]");
    let fuse = options("[apparmor:unconfined]\n    devices: [/dev/fuse]");
    for text in [inline, above, key, &traced, &fuse] {
        let found = found(text);
        assert!(matches!(&found[..], [(_, false)]), "{found:?}\n{text}");
        assert_eq!(asked(text), text);
    }
    // A comment in another place is about something else.
    for text in [
        "services:\n  a:\n    image: example/a # mine\n    security_opt:\n      - seccomp:unconfined\n",
        "services:\n  a:\n    image: example/a\n    security_opt:\n      - label:level:s0 # why\n      - no-new-privileges\n      - seccomp:unconfined\n",
    ] {
        assert!(matches!(&found(text)[..], [(_, true)]), "{text}");
    }
}

/// What reaches the service from elsewhere is read by others too.
#[test]
fn a_shared_list_is_not_edited() {
    let merged = "x-a: &a\n  security_opt: [seccomp:unconfined]\nservices:\n  a:\n    <<: *a\n    image: example/a\n";
    assert_eq!(found(merged).len(), 1);
    // The service gets a list of its own, which replaces the shared one.
    assert_eq!(asked(merged), format!("{merged}    security_opt: []\n"));
    let extended = "services:\n  b: {image: example/b, security_opt: [seccomp:unconfined], labels: [x]}\n  a: {extends: b, volumes: ['x:/x']}\n";
    assert_eq!(asked(extended), extended);
}

/// The API takes the annotation for the field (kubernetes `pkg/registry/core/pod`), and refuses
/// two that differ.
#[test]
fn annotations_are_read_and_changed_in_their_place() {
    let metadata = |key: &str, profile: &str| format!(", annotations: {{{key}: {profile}}}");
    let app_armor = "container.apparmor.security.beta.kubernetes.io/c";
    let container =
        "{name: c, image: example/a, securityContext: {seccompProfile: {type: RuntimeDefault}}}";
    let text = pod(container, &metadata(app_armor, "unconfined"), "");
    assert_eq!(found(&text).len(), 1);
    let changed = asked(&text);
    assert!(
        changed.contains(&format!("{app_armor}: runtime/default")),
        "{changed}"
    );
    assert!(!changed.contains("appArmorProfile"));
    let other = "container.apparmor.security.beta.kubernetes.io/d";
    assert_eq!(
        found(&pod(container, &metadata(other, "unconfined"), "")),
        []
    );

    let seccomp = "container.seccomp.security.alpha.kubernetes.io/c";
    let text = pod(
        "{name: c, image: example/a}",
        &metadata(seccomp, "unconfined"),
        "",
    );
    assert_eq!(found(&text).len(), 1);
    assert_eq!(asked(&text), text);
    let text = pod(
        "{name: c, image: example/a}",
        &metadata(seccomp, "runtime/default"),
        "",
    );
    assert!(asked(&text).contains("RuntimeDefault"));
}

#[test]
fn the_selinux_type_is_removed_and_the_level_stays() {
    let container = |options: &str| {
        pod(
            &format!(
                "{{name: c, image: 'example/dind', securityContext: {{runAsUser: 1, seLinuxOptions: {options}}}}}"
            ),
            "",
            "",
        )
    };
    assert!(asked(&container("{type: spc_t}")).contains("spc_t"));
    let container = |options: &str| container(options).replace("example/dind", "example/a");
    let changed = asked(&container("{type: spc_t, level: s0}"));
    assert!(
        changed.contains("level: s0") && !changed.contains("spc_t"),
        "{changed}"
    );
    let changed = asked(&container("{type: spc_t}"));
    assert!(!changed.contains("seLinuxOptions"), "{changed}");
    assert_eq!(found(&container("{type: container_t}")), []);
}
