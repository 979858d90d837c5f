//! Custom resources that contain pods.

use harden::container::{Basis, Observed, Role, Setting};
use harden::engine::Run;
use harden::engine::outcome::{Change, FileOutcome, Outcome, Report};
use harden::pod_security::{self, Content, Verdict};
use harden::project::{CustomResource, Format, NotOurs, Source};
use harden::{config, dialect};

use super::{hardened, read, recognise, tree};
use crate::support::run::{Setup as _, by_default};

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
        assert_eq!(recognise(&text), Ok(Format::KUBERNETES), "{kind}");
        read(&[&text], |_, members| {
            assert_eq!(members.len(), 1, "{kind}");
            assert_eq!(members[0].container.workload, format!("{kind}/x"));
        });
    }
}

#[test]
fn the_same_kinds_of_other_groups_are_judged_and_not_changed() {
    for (version, kind) in [
        ("example.com/v1", "Rollout"),
        ("v1", "Service"),
        ("example.com/v1", "Deployment"),
    ] {
        let text = object(version, kind, TEMPLATE);
        assert_eq!(recognise(&text), Ok(Format::KUBERNETES), "{version} {kind}");
        let report = run(&[], &text);
        assert!(matches!(report.files[0].outcome, FileOutcome::Unchanged));
        let declined = report.containers[0].rows.iter().filter(|row| {
            matches!(row.outcome, Outcome::Declined) && row.reason.code() == "kind-unknown"
        });
        assert!(declined.count() > 3, "{version} {kind}");
    }
    let machine = object("kubevirt.io/v1", "VirtualMachine", TEMPLATE);
    assert_eq!(recognise(&machine), Err(NotOurs::NoPods));
}

/// ray-project/kuberay `ray-operator/controllers/ray/common/pod.go`: the operator sets commands and
/// mounts that the object does not show.
#[test]
fn nothing_is_assumed_of_what_an_operator_completes() {
    let template = "{spec: {containers: [{name: c, image: \"i:1\"}]}}";
    let spec = format!("  headGroupSpec: {{template: {template}}}\n");
    let text = object("ray.io/v1", "RayCluster", &spec);
    let report = run(&[], &text);
    assert_eq!(report.containers.len(), 1);
    for row in &report.containers[0].rows {
        if let Outcome::Changed { basis, .. } = &row.outcome {
            assert_eq!(*basis, Basis::General, "{}", row.id);
        }
    }
}

/// knative/serving `pkg/apis/serving/fieldmask.go`: fields of the pod need a feature flag.
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

/// knative/serving `pkg/apis/serving/fieldmask.go`, `CapabilitiesMask`: adding a capability needs a
/// feature flag.
#[test]
fn knative_gets_no_added_capabilities() {
    let nginx = TEMPLATE.replace("i:1", "nginx:1.29");
    let text = object("serving.knative.dev/v1", "Service", &nginx);
    let after = hardened(&text);
    assert!(after.contains("allowPrivilegeEscalation: false"), "{after}");
    assert!(!after.contains("capabilities"), "{after}");
    // If the image needs no capability, all are dropped.
    let text = object(
        "serving.knative.dev/v1",
        "Service",
        &TEMPLATE.replace("i:1", "redis:7"),
    );
    assert!(hardened(&text).contains("- ALL"));
}

/// Objects that reference another object for their pods have no pods, and are no patches either.
#[test]
fn pods_that_another_object_has_are_not_missed_here() {
    for (version, kind, spec) in [
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: x}\n",
        ),
        ("tekton.dev/v1", "TaskRun", "  taskRef: {name: x}\n"),
        ("tekton.dev/v1", "PipelineRun", "  pipelineRef: {name: x}\n"),
    ] {
        let text = object(version, kind, spec);
        assert_eq!(recognise(&text), Err(NotOurs::NoPods), "{kind}");
    }
}

#[test]
fn tasks_of_tekton_are_found_in_every_kind() {
    let step = "steps: [{name: a, image: \"i:1\"}]";
    for (kind, spec) in [
        ("Task", format!("  {step}\n")),
        ("TaskRun", format!("  taskSpec: {{{step}}}\n")),
        (
            "Pipeline",
            format!(
                "  tasks: [{{name: t, taskRef: {{name: r}}}}]\n  finally: [{{name: f, taskSpec: {{{step}}}}}]\n"
            ),
        ),
        (
            "PipelineRun",
            format!("  pipelineSpec: {{tasks: [{{name: t, taskSpec: {{{step}}}}}]}}\n"),
        ),
    ] {
        let text = object("tekton.dev/v1", kind, &spec);
        read(&[&text], |_, members| {
            assert_eq!(members.len(), 1, "{kind}");
        });
        assert!(hardened(&text).contains("computeResources"), "{kind}");
        let old = object("tekton.dev/v1beta1", kind, &spec);
        assert!(hardened(&old).contains(" resources: "), "{kind}");
    }
}

#[test]
fn the_jobs_of_a_scaled_job_are_pods() {
    let text = object(
        "keda.sh/v1alpha1",
        "ScaledJob",
        "  jobTargetRef:\n    template:\n      spec:\n        containers: [{name: j, image: \"i:1\"}]\n",
    );
    assert!(hardened(&text).contains("runAsNonRoot: true"));
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
  - name: set
    containerSet:
      containers:
      - name: one
        image: alpine:3.20
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
    assert_eq!(recognise(&text), Ok(Format::KUBERNETES));
    read(&[&text], |_, members| {
        let seen: Vec<_> = members
            .iter()
            .map(|member| {
                let container = &member.container;
                (container.name.as_str(), container.role, container.group)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("build", Role::Main, 0),
                ("one", Role::Main, 1),
                ("db", Role::Sidecar, 2),
                ("say", Role::Main, 2)
            ]
        );
        let build = &members[0].container;
        assert!(build.mount_at("/scratch").is_some_and(|mount| mount.open));
        assert!(
            build
                .observations
                .iter()
                .any(|seen| seen.what == Observed::ExchangesFiles)
        );
    });
    let after = hardened(&text);
    assert!(after.contains("allowPrivilegeEscalation: false"), "{after}");
    assert!(!after.contains("readOnlyRootFilesystem"), "{after}");
}

/// tektoncd/pipeline `pkg/apis/pipeline/v1/container_types.go`: `resources` became
/// `computeResources` in v1.
#[test]
fn limits_of_a_step_are_written_as_its_version_reads_them() {
    let steps = "  steps:\n  - name: build\n    image: golang:1.23\n";
    let v1 = hardened(&object("tekton.dev/v1", "Task", steps));
    assert!(v1.contains("computeResources:"), "{v1}");
    let v1beta1 = hardened(&object("tekton.dev/v1beta1", "Task", steps));
    assert!(v1beta1.contains("    resources:"), "{v1beta1}");
    assert!(!v1beta1.contains("computeResources:"), "{v1beta1}");
}

fn kinds(text: &str) -> Vec<CustomResource> {
    config::read(&format!("custom_resources: {text}"))
        .expect("a configuration")
        .custom_resources
        .into_iter()
        .map(|one| one.value)
        .collect()
}

fn run(custom_resources: &[CustomResource], text: &str) -> Report {
    Run {
        custom_resources,
        ..by_default()
    }
    .file("x.yaml", text)
}

const FLEET: &str = "\
apiVersion: example.com/v1
kind: Fleet
metadata:
  name: x
spec:
  ships:
  - name: one
    pod:
      metadata: {labels: {a: b}}
      spec:
        containers:
        - name: c
          image: nginx:1.29
  - name: two
    pod:
      spec:
        containers:
        - name: c
          image: i:1
          volumeMounts:
          - name: scratch
            mountPath: /scratch
        volumes:
        - name: scratch
          emptyDir: {}
";

#[test]
fn a_path_of_the_configuration_leads_to_pods() {
    let custom = kinds("[{group: example.com, kind: Fleet, pod_spec: '$.spec.ships[*].pod.spec'}]");
    // Without it the pods are only known by their shape.
    let unknown = run(&[], FLEET);
    assert!(matches!(unknown.files[0].outcome, FileOutcome::Unchanged));
    assert_eq!(
        dialect::recognise(&tree(FLEET), &custom),
        Ok(Format::KUBERNETES)
    );
    let report = run(&custom, FLEET);
    let FileOutcome::Changed(Change { text: after, .. }) = &report.files[0].outcome else {
        panic!("{:?}", report.files[0].outcome);
    };
    let escalation = "allowPrivilegeEscalation: false";
    assert_eq!(after.matches(escalation).count(), 2, "{after}");
    let workloads: Vec<&str> = report
        .containers
        .iter()
        .map(|one| one.workload.as_str())
        .collect();
    assert_eq!(workloads, ["Fleet/x", "Fleet/x"]);
    let path = "spec.ships[two].pod.spec.containers[c].securityContext.allowPrivilegeEscalation";
    assert!(format!("{report:?}").contains(path), "{report:?}");

    let source = Source {
        path: "x.yaml".into(),
        bytes: FLEET.into(),
    };
    let standard = "restricted".parse().expect("a standard");
    let Content::Pods(pods) = pod_security::judge(source, standard, &custom).content else {
        panic!("no pods");
    };
    let broken = |verdict: &Verdict| matches!(verdict, Verdict::Breaks(_));
    assert!(pods.len() == 2 && pods.iter().all(|pod| broken(&pod.verdict)));
}

/// A path may match more than pods, lead through aliases and merges, or match nothing.
#[test]
fn a_path_of_the_configuration_may_lead_to_other_things_too() {
    let wide = kinds("[{group: example.com, kind: Fleet, pod_spec: '$..spec'}]");
    let changes = |custom: &[CustomResource], text: &str| match &run(custom, text).files[0].outcome
    {
        FileOutcome::Changed(Change { text: after, .. }) => {
            after.matches("allowPrivilegeEscalation").count()
        }
        FileOutcome::Failed(error) => panic!("{error:?}"),
        _ => 0,
    };
    assert_eq!(changes(&wide, FLEET), 2);
    let other = FLEET.replace("kind: Fleet", "kind: Navy");
    assert_eq!(changes(&wide, &other), 0);
    let elsewhere = kinds("[{group: example.com, kind: Fleet, pod_spec: $.spec.pod}]");
    assert_eq!(changes(&elsewhere, FLEET), 0);
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}",
        FLEET.replace('\n', "\n  ")
    );
    assert_eq!(changes(&wide, &list), 2);
    let shared = "\
apiVersion: example.com/v1
kind: Fleet
metadata: {name: x}
shared: &shared
  containers:
  - {name: c, image: i:1}
spec:
  <<: {pod: *shared}
";
    let merged = kinds("[{group: example.com, kind: Fleet, pod_spec: $.spec.pod}]");
    let report = run(&merged, shared);
    assert_eq!(report.containers.len(), 1);
    assert_eq!(
        changes(&merged, shared),
        0,
        "the anchor is not the pod's own"
    );
}

/// The configuration takes precedence over the built-in table.
#[test]
fn a_path_of_the_configuration_overrides_a_known_one() {
    let text = object(
        "argoproj.io/v1alpha1",
        "Rollout",
        "  pod:\n    containers:\n    - name: c\n      image: i:1\n",
    );
    assert_eq!(recognise(&text), Err(NotOurs::NoPods));
    let custom = kinds("[{group: argoproj.io, kind: Rollout, pod_spec: $.spec.pod}]");
    assert_eq!(run(&custom, &text).containers.len(), 1);
}

/// kubevirt/kubevirt `pkg/virt-controller/services/template.go`
#[test]
fn virtual_machines_are_no_custom_resources() {
    let text = "assume: fit\ncustom_resources:\n- group: kubevirt.io\n  kind: VirtualMachine\n  pod_spec: $.spec.template.spec\n";
    let error = config::read(text).expect_err("a kind that is not taken");
    assert!(error.message.contains("KubeVirt"), "{error}");
    assert_eq!(error.span.start as usize, text.find("group").unwrap());
}

/// A path with thousands of matches takes time proportional to the size of the file.
#[test]
fn a_path_that_leads_to_much_ends() {
    let custom = kinds("[{group: example.com, kind: Fleet, pod_spec: '$.spec[*]'}]");
    let pods = "- {containers: [{}]}\n".repeat(10_000);
    let text =
        format!("apiVersion: example.com/v1\nkind: Fleet\nmetadata: {{name: x}}\nspec:\n{pods}");
    let report = run(&custom, &text);
    assert!(!matches!(report.files[0].outcome, FileOutcome::Changed(_)));
    let bomb = "apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: x}\na: &a [{containers: [{name: c, image: i}]}]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e]\nspec: [*f, *f, *f, *f]\n";
    let custom = kinds("[{group: example.com, kind: Fleet, pod_spec: '$..[?@.containers]'}]");
    let report = run(&custom, bomb);
    assert!(!matches!(report.files[0].outcome, FileOutcome::Changed(_)));
}
