//! Settings in the patch of a workload are respected and not changed.

use harden::container::Assume;
use harden::engine::outcome::{Change, FileOutcome, Outcome, Report};
use harden::project::NotOurs;
use harden::report::words::sentence;

use crate::support::run::{Setup as _, by_default};

fn run(files: &[(&str, String)], assume: Assume) -> Report {
    by_default().assuming(assume).files(files)
}

fn deployment(pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      {pod}\n      containers:\n      - name: web\n        {container}\n"
    )
}

/// The transforms that decline a change because of a patch of the container or its pod.
fn left(pod: &str, patch: &str, assume: Assume) -> Vec<&'static str> {
    let base = deployment("restartPolicy: Always", "image: nginx:1.29");
    let patch = deployment(pod, patch);
    let listed = "patches: [{path: patch.yaml}]\n".to_owned();
    let files = [
        ("base.yaml", base),
        ("kustomization.yaml", listed),
        ("patch.yaml", patch),
    ];
    let report = run(&files, assume);
    assert!(matches!(report.files[0].outcome, FileOutcome::Changed(_)));
    let outcome = &report.files[2].outcome;
    assert!(
        matches!(outcome, FileOutcome::NotOurs(NotOurs::Patch)),
        "{outcome:?}"
    );
    // What the patch sets can be a finding of its own.
    assert_eq!(report.containers[0].file, 0);
    let results = report.containers[0].rows.iter();
    let left = results.filter(|result| match &result.outcome {
        Outcome::Declined => sentence(&result.reason).contains("`patch.yaml`"),
        _ => false,
    });
    left.map(|result| result.id).collect()
}

#[test]
fn settings_in_a_patch_are_not_changed() {
    let resources = ["memory-limit", "cpu-limit", "resource-requests"];
    for (pod, container, ids) in [
        ("{}", "resources: {requests: {memory: 2Gi}}", &resources[..]),
        ("restartPolicy: Always", "image: nginx:1.30", &[]),
        (
            "{}",
            "securityContext: {privileged: true}",
            &["no-new-privileges"],
        ),
        (
            "{}",
            "securityContext: {capabilities: {add: [NET_ADMIN]}}",
            &["drop-capabilities"],
        ),
        (
            "securityContext: {runAsUser: 0}",
            "env: []",
            &["non-root-user"],
        ),
        (
            "{}",
            "securityContext: {readOnlyRootFilesystem: false}",
            &["read-only-root"],
        ),
    ] {
        let pod = pod.replace("{}", "restartPolicy: Always");
        for assume in [Assume::Fit, Assume::All] {
            assert_eq!(left(&pod, container, assume), ids, "{container}");
        }
    }
    let mounts = "volumeMounts: [{name: v, mountPath: /data}]";
    assert_eq!(
        left("restartPolicy: Always", mounts, Assume::Fit),
        ["non-root-user"]
    );
}

#[test]
fn a_patch_of_another_object_or_container_has_no_effect() {
    let base = deployment("restartPolicy: Always", "image: nginx:1.29");
    let other = deployment("restartPolicy: Always", "resources: {limits: {cpu: 2}}");
    for other in [
        other.replace("name: web}", "name: api}"),
        other.replace("- name: web", "- name: api"),
        other.replace("Deployment", "StatefulSet"),
    ] {
        let report = run(
            &[("base.yaml", base.clone()), ("p.yaml", other)],
            Assume::Fit,
        );
        let mut results = report.containers[0].rows.iter();
        assert!(results.any(|result| {
            result.id == "cpu-limit" && matches!(result.outcome, Outcome::Changed { .. })
        }));
    }
}

#[test]
fn a_user_that_a_patch_makes_root_is_not_held_to_another() {
    let base = deployment("securityContext: {runAsUser: 101}", "image: nginx:1.29");
    let patch = deployment("securityContext: {runAsUser: 0}", "env: []");
    let report = run(&[("base.yaml", base), ("p.yaml", patch)], Assume::All);
    let FileOutcome::Changed(Change { text: after, .. }) = &report.files[0].outcome else {
        panic!("{:?}", report.files[0]);
    };
    assert!(!after.contains("runAsNonRoot"), "{after}");
}

/// The transforms that decline a change because of a kustomization with these lines.
fn left_by(kustomization: &str, others: &[(&str, &str)], assume: Assume) -> Vec<&'static str> {
    let base = deployment("restartPolicy: Always", "image: nginx:1.29");
    let mut files = vec![
        ("base.yaml", base),
        ("kustomization.yaml", kustomization.to_owned()),
    ];
    files.extend(
        others
            .iter()
            .map(|(path, text)| (*path, (*text).to_owned())),
    );
    let report = run(&files, assume);
    assert!(matches!(report.files[0].outcome, FileOutcome::Changed(_)));
    let results = report.containers[0].rows.iter();
    let left = results.filter(|result| match &result.outcome {
        Outcome::Declined => result.reason.code() == "patched",
        _ => false,
    });
    left.map(|result| result.id).collect()
}

const RESOURCES: &[&str] = &["memory-limit", "cpu-limit", "resource-requests"];
const CONFINED: &[&str] = &[
    "non-root-user",
    "no-new-privileges",
    "read-only-root",
    "drop-capabilities",
];
const WEB: &str = "{kind: Deployment, name: web}";

/// kustomize `api/types/kustomization.go`: a kustomization may contain a patch, with a target that
/// selects the objects.
#[test]
fn a_merge_patch_in_the_kustomization_is_read() {
    let merge = |beside: &str, name: &str, key: &str| {
        format!(
            "patches:\n- {beside}\n  patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: {name}}}\n    spec:\n      template:\n        spec:\n          containers:\n          - name: web\n            {key}\n"
        )
    };
    let limits = "resources: {limits: {memory: 1Gi}}";
    let mounts = "volumeMounts: [{$patch: replace}, {name: a, mountPath: /a, readOnly: true}]";
    for (beside, name, key, ids) in [
        ("options: {}", "web", limits, RESOURCES),
        ("target: {kind: Deployment}", "any", limits, RESOURCES),
        ("options: {}", "any", limits, &[]),
        ("options: {}", "web", mounts, &["read-only-root"]),
    ] {
        let kustomization = merge(beside, name, key);
        for assume in [Assume::Fit, Assume::All] {
            assert_eq!(left_by(&kustomization, &[], assume), ids, "{kustomization}");
        }
    }
}

/// RFC 6902: an operation names a place in the object, and may replace the value there.
#[test]
fn patch_operations_in_the_kustomization_are_read() {
    let pod = "/spec/template/spec";
    for (target, path, value, ids) in [
        (
            WEB,
            "containers/0/resources",
            "{limits: {cpu: 2}}",
            RESOURCES,
        ),
        (
            "{name: w.*}",
            "containers/0/resources/limits",
            "{}",
            RESOURCES,
        ),
        (WEB, "containers/1/resources", "{limits: {cpu: 2}}", &[]),
        (
            WEB,
            "containers/0/securityContext",
            "{runAsUser: 0}",
            CONFINED,
        ),
        (WEB, "securityContext/runAsUser", "0", &["non-root-user"]),
        (WEB, "volumes", "[]", &["read-only-root"]),
        ("{name: api}", "volumes", "[]", &[]),
        (WEB, "volumes/-", "{name: a}", &[]),
        (WEB, "containers/0/volumeMounts", "[]", &["read-only-root"]),
        (WEB, "priorityClassName", "high", &[]),
    ] {
        let kustomization = format!(
            "patches:\n- target: {target}\n  patch: |-\n    - op: add\n      path: {pod}/{path}\n      value: {value}\n"
        );
        for assume in [Assume::Fit, Assume::All] {
            assert_eq!(left_by(&kustomization, &[], assume), ids, "{kustomization}");
        }
    }
}

#[test]
fn operations_in_a_file_and_above_the_pod_are_read() {
    let listed = "patches: [{path: operations.yaml, target: {kind: Deployment}}]\n";
    let operations = "- {op: remove, path: /spec/template/spec/containers/0/resources}\n";
    let files = [("operations.yaml", operations)];
    assert_eq!(left_by(listed, &files, Assume::Fit), RESOURCES);
    let whole = "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"replace\", \"path\": \"/spec/template\", \"value\": {}}]'\n";
    let all = left_by(whole, &[], Assume::All);
    for id in RESOURCES.iter().chain(CONFINED) {
        assert!(all.contains(id), "{id} in {all:?}");
    }
    for beside in ["/metadata/labels/a~1b", "/spec/replicas"] {
        let kustomization = format!(
            "patches:\n- target: {WEB}\n  patch: |-\n    - {{op: add, path: {beside}, value: '3'}}\n"
        );
        assert!(left_by(&kustomization, &[], Assume::All).is_empty());
    }
}

/// Thousands of patches may apply to thousands of workloads: only so many are compared, and a pod
/// with more is left alone.
#[test]
fn a_pod_with_too_many_patches_is_declined() {
    let merge = "- target: {kind: Deployment}\n  patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: any}, spec: {template: {spec: {containers: [{name: web, image: a}]}}}}'\n";
    let operation = |path: &str| {
        format!(
            "- target: {WEB}\n  patch: '[{{op: add, path: /spec/template/spec/containers/0/{path}, value: 1}}]'\n"
        )
    };
    let listed = |one: &str, times: usize| format!("patches:\n{}", one.repeat(times));
    for (one, times, is_too_many) in [
        (merge, 32, false),
        (merge, 33, true),
        (&operation("resources/limits"), 33, true),
        (&operation("env/-"), 1000, false),
    ] {
        let base = deployment("restartPolicy: Always", "image: nginx:1.29");
        let files = [
            ("base.yaml", base),
            ("kustomization.yaml", listed(one, times)),
        ];
        let report = run(&files, Assume::Fit);
        let rows = || report.containers[0].rows.iter();
        let code = "too-many-patches";
        let declined = rows().filter(|row| row.reason.code() == code).count();
        let expected = if is_too_many { rows().count() } else { 0 };
        assert_eq!(declined, expected, "{times} of {one}");
    }
}
