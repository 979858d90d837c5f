//! What a patch says of a workload counts, and is left to it.

use harden::container::{Assume, Policy};
use harden::engine::{Run, Source};
use harden::image::Knowledge;
use harden::report::{FileOutcome, NotOurs, Outcome, Report};
use harden::transforms;

fn run(files: &[(&str, String)], assume: Assume) -> Report {
    let knowledge = Knowledge::embedded();
    let policy = Policy {
        assume,
        ..Policy::default()
    };
    let run = Run::new(transforms::by_default().collect(), policy, &knowledge);
    let sources = files.iter().map(|(path, text)| Source {
        path: path.into(),
        bytes: text.as_bytes().to_vec(),
    });
    run.project(sources.collect())
}

fn deployment(pod: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      {pod}\n      containers:\n      - name: web\n        {container}\n"
    )
}

/// The transforms that a patch of the container or its pod keeps from a change.
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
    assert_eq!(report.containers.len(), 1);
    let results = report.containers[0].results.iter();
    let left = results.filter(|result| match &result.outcome {
        Outcome::Declined { why } => why.contains("`patch.yaml`"),
        _ => false,
    });
    left.map(|result| result.id).collect()
}

#[test]
fn what_a_patch_speaks_of_is_left_to_it() {
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
fn a_patch_of_another_object_or_container_says_nothing() {
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
        let mut results = report.containers[0].results.iter();
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
    let FileOutcome::Changed(after) = &report.files[0].outcome else {
        panic!("{:?}", report.files[0]);
    };
    assert!(!after.contains("runAsNonRoot"), "{after}");
}
