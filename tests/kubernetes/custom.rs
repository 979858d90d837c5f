//! Custom resources that carry pods.

use harden::container::{Against, Role, Setting};
use harden::dialect::Format;
use harden::report::NotOurs;

use super::{read, recognise};
use crate::pages::harden_all;

fn object(version: &str, kind: &str, spec: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: x\nspec:\n{spec}")
}

const TEMPLATE: &str =
    "  template:\n    spec:\n      containers:\n      - name: c\n        image: i:1\n";

#[test]
fn kinds_with_a_pod_template_are_read_like_a_deployment() {
    for (version, kind) in [
        ("argoproj.io/v1alpha1", "Rollout"),
        ("serving.knative.dev/v1", "Service"),
        ("apps.kruise.io/v1alpha1", "CloneSet"),
        ("apps.kruise.io/v1beta1", "StatefulSet"),
        ("apps.kruise.io/v1alpha1", "DaemonSet"),
        ("apps.kruise.io/v1alpha1", "BroadcastJob"),
    ] {
        let text = object(version, kind, TEMPLATE);
        assert_eq!(recognise(&text), Ok(Format::Kubernetes), "{kind}");
        read(&[&text], |_, members| {
            assert_eq!(members.len(), 1, "{kind}");
            assert_eq!(members[0].container.workload, format!("{kind}/x"));
        });
    }
}

#[test]
fn the_same_kinds_of_other_groups_are_left_alone() {
    for (version, kind) in [
        ("example.com/v1", "Rollout"),
        ("v1", "Service"),
        ("kubevirt.io/v1", "VirtualMachine"),
        ("example.com/v1", "Deployment"),
    ] {
        let text = object(version, kind, TEMPLATE);
        assert_eq!(recognise(&text), Err(NotOurs::NoPods), "{version} {kind}");
    }
}

/// knative/serving `pkg/apis/serving/fieldmask.go`: nothing of the pod's own without a flag.
#[test]
fn knative_has_no_settings_of_the_pod() {
    let text = object("serving.knative.dev/v1", "Service", TEMPLATE);
    read(&[&text], |_, members| {
        let container = &members[0].container;
        assert_eq!(container.volume_group, Setting::Unsupported);
        assert_eq!(container.unprivileged_port_start, Setting::Unsupported);
        assert_eq!(container.service_account_token, Setting::Unsupported);
    });
}

const WORKFLOW: &str = "  entrypoint: main
  volumes:
  - name: scratch
    emptyDir: {}
  templates:
  - name: main
    dag:
      tasks: []
  - name: build
    container:
      image: \"{{inputs.parameters.image}}\"
      volumeMounts:
      - name: scratch
        mountPath: /scratch
  - name: say
    script:
      image: alpine:3.20
      source: echo hello
    sidecars:
    - name: db
      image: redis:7
";

#[test]
fn each_template_of_a_workflow_is_a_pod() {
    let text = object("argoproj.io/v1alpha1", "Workflow", WORKFLOW);
    assert_eq!(recognise(&text), Ok(Format::Kubernetes));
    read(&[&text], |_, members| {
        let seen: Vec<_> = members
            .iter()
            .map(|member| (member.container.role, member.container.group))
            .collect();
        assert_eq!(seen, [(Role::Main, 0), (Role::Sidecar, 1), (Role::Main, 1)]);
        let build = &members[0].container;
        assert!(build.mount_at("/scratch").is_some_and(|mount| mount.open));
        assert!(build.evidence_against(Against::User).next().is_some());
    });
    let after = harden_all(&text);
    assert!(after.contains("allowPrivilegeEscalation: false"), "{after}");
    assert!(!after.contains("readOnlyRootFilesystem"), "{after}");
}

/// tektoncd/pipeline `pkg/apis/pipeline/v1/container_types.go`: `resources` became
/// `computeResources` in v1.
#[test]
fn the_limits_of_a_step_stand_where_its_version_has_them() {
    let steps = "  steps:\n  - name: build\n    image: golang:1.23\n";
    let v1 = harden_all(&object("tekton.dev/v1", "Task", steps));
    assert!(v1.contains("computeResources:"), "{v1}");
    let v1beta1 = harden_all(&object("tekton.dev/v1beta1", "Task", steps));
    assert!(v1beta1.contains("    resources:"), "{v1beta1}");
    assert!(!v1beta1.contains("computeResources:"), "{v1beta1}");
}
