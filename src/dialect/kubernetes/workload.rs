//! The kinds that carry pods: those of Kubernetes and well-known custom resources.

use crate::container::Role;

/// A kind that carries pods.
#[derive(Debug)]
pub(super) struct Workload {
    kind: &'static str,
    /// The API groups of the kind. Empty for the core group.
    groups: &'static [&'static str],
    /// The version with these paths, if other versions differ.
    version: Option<&'static str>,
    /// The paths to the pods of the kind. `*` matches every item of a list; only items with
    /// containers are pods.
    pub(super) pods: &'static [&'static [&'static str]],
    pub(super) shape: &'static Shape,
    /// Whether the object may refer to a pod of another object.
    pub(super) may_refer: bool,
}

/// How the containers of a pod are written.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The paths of container lists, each with the role of its containers.
    pub(super) lists: &'static [(&'static [&'static str], Role)],
    /// The keys of single containers.
    pub(super) singles: &'static [&'static str],
    /// The key of a container's requests and limits. `None` if they cannot be written.
    pub(super) resources: Option<&'static str>,
    /// Whether the pod has settings of its own: `securityContext` with `fsGroup` and sysctls, and
    /// the token.
    pub(super) has_pod_settings: bool,
    /// Whether a container may add capabilities.
    pub(super) can_add_capabilities: bool,
    /// Whether the containers are steps that exchange files.
    pub(super) exchanges_files: bool,
}

impl Shape {
    /// Whether this is a native pod spec of the API.
    pub(crate) fn is_pod(&self) -> bool {
        self.has_pod_settings
    }
}

/// A pod spec (kubernetes/api `core/v1/types.go`, `PodSpec`).
pub(super) static POD: Shape = Shape {
    lists: &[
        (&["initContainers"], Role::Init),
        (&["containers"], Role::Main),
        (&["ephemeralContainers"], Role::Ephemeral),
    ],
    singles: &[],
    resources: Some("resources"),
    has_pod_settings: true,
    can_add_capabilities: true,
    exchanges_files: false,
};

/// Knative rejects most settings of a pod unless a feature flag allows them (knative/serving
/// `pkg/apis/serving/fieldmask.go`, `PodSpecMask`, `PodSecurityContextMask` and
/// `CapabilitiesMask`).
static KNATIVE: Shape = Shape {
    lists: &[
        (&["initContainers"], Role::Init),
        (&["containers"], Role::Main),
    ],
    singles: &[],
    resources: Some("resources"),
    has_pod_settings: false,
    can_add_capabilities: false,
    exchanges_files: false,
};

/// A template of a workflow is a pod without a spec (argoproj/argo-workflows
/// `pkg/apis/workflow/v1alpha1/workflow_types.go`, `Template`).
static ARGO_TEMPLATE: Shape = Shape {
    lists: &[
        (&["initContainers"], Role::Init),
        (&["containerSet", "containers"], Role::Main),
        (&["sidecars"], Role::Sidecar),
    ],
    singles: &["container", "script"],
    resources: Some("resources"),
    has_pod_settings: false,
    can_add_capabilities: true,
    exchanges_files: true,
};

/// The steps of a task run in one pod that Tekton creates (tektoncd/pipeline
/// `pkg/apis/pipeline/v1/container_types.go`, `Step` and `Sidecar`).
static TEKTON_V1: Shape = Shape {
    lists: &[(&["steps"], Role::Main), (&["sidecars"], Role::Sidecar)],
    singles: &[],
    resources: Some("computeResources"),
    has_pod_settings: false,
    can_add_capabilities: true,
    exchanges_files: true,
};

static TEKTON_V1BETA1: Shape = Shape {
    lists: TEKTON_V1.lists,
    singles: &[],
    resources: Some("resources"),
    has_pod_settings: false,
    can_add_capabilities: true,
    exchanges_files: true,
};

const TEMPLATE: &[&[&str]] = &[&["spec", "template", "spec"]];

/// Two groups are left out: the virtual machines of `KubeVirt`, whose pods need the host, and
/// `SidecarSet` and similar kinds, whose containers join the pods of others.
static WORKLOADS: &[Workload] = &[
    pod("Pod", &[""], &[&["spec"]]),
    pod("PodTemplate", &[""], &[&["template", "spec"]]),
    pod("ReplicationController", &[""], TEMPLATE),
    pod("Deployment", &["apps", "extensions"], TEMPLATE),
    pod(
        "DaemonSet",
        &["apps", "extensions", "apps.kruise.io"],
        TEMPLATE,
    ),
    pod("ReplicaSet", &["apps", "extensions"], TEMPLATE),
    pod("StatefulSet", &["apps", "apps.kruise.io"], TEMPLATE),
    pod("Job", &["batch", "extensions"], TEMPLATE),
    pod(
        "CronJob",
        &["batch"],
        &[&["spec", "jobTemplate", "spec", "template", "spec"]],
    ),
    // kedacore/keda `apis/keda/v1alpha1/scaledjob_types.go`
    pod(
        "ScaledJob",
        &["keda.sh"],
        &[&["spec", "jobTargetRef", "template", "spec"]],
    ),
    // argoproj/argo-rollouts `pkg/apis/rollouts/v1alpha1/types.go`
    Workload {
        may_refer: true,
        ..pod("Rollout", &["argoproj.io"], TEMPLATE)
    },
    // openkruise/kruise `apis/apps/v1alpha1`
    pod("CloneSet", &["apps.kruise.io"], TEMPLATE),
    pod("BroadcastJob", &["apps.kruise.io"], TEMPLATE),
    pod(
        "AdvancedCronJob",
        &["apps.kruise.io"],
        &[
            &[
                "spec",
                "template",
                "jobTemplate",
                "spec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "template",
                "broadcastJobTemplate",
                "spec",
                "template",
                "spec",
            ],
        ],
    ),
    pod(
        "UnitedDeployment",
        &["apps.kruise.io"],
        &[
            &[
                "spec",
                "template",
                "statefulSetTemplate",
                "spec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "template",
                "advancedStatefulSetTemplate",
                "spec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "template",
                "cloneSetTemplate",
                "spec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "template",
                "deploymentTemplate",
                "spec",
                "template",
                "spec",
            ],
        ],
    ),
    Workload {
        kind: "Service",
        groups: &["serving.knative.dev"],
        version: None,
        pods: TEMPLATE,
        shape: &KNATIVE,
        may_refer: false,
    },
    Workload {
        kind: "Configuration",
        groups: &["serving.knative.dev"],
        version: None,
        pods: TEMPLATE,
        shape: &KNATIVE,
        may_refer: false,
    },
    argo("Workflow", &[&["spec", "templates", "*"]]),
    argo("WorkflowTemplate", &[&["spec", "templates", "*"]]),
    argo("ClusterWorkflowTemplate", &[&["spec", "templates", "*"]]),
    argo(
        "CronWorkflow",
        &[&["spec", "workflowSpec", "templates", "*"]],
    ),
    // tektoncd/pipeline `pkg/apis/pipeline/v1/{task,taskrun,pipeline,pipelinerun}_types.go`
    tekton("Task", Some("v1"), TASK),
    tekton("Task", None, TASK),
    tekton("ClusterTask", None, TASK),
    tekton("TaskRun", Some("v1"), TASK_RUN),
    tekton("TaskRun", None, TASK_RUN),
    tekton("Pipeline", Some("v1"), PIPELINE),
    tekton("Pipeline", None, PIPELINE),
    tekton("PipelineRun", Some("v1"), PIPELINE_RUN),
    tekton("PipelineRun", None, PIPELINE_RUN),
];

const TASK: &[&[&str]] = &[&["spec"]];
const TASK_RUN: &[&[&str]] = &[&["spec", "taskSpec"]];
const PIPELINE: &[&[&str]] = &[
    &["spec", "tasks", "*", "taskSpec"],
    &["spec", "finally", "*", "taskSpec"],
];
const PIPELINE_RUN: &[&[&str]] = &[
    &["spec", "pipelineSpec", "tasks", "*", "taskSpec"],
    &["spec", "pipelineSpec", "finally", "*", "taskSpec"],
];

const fn pod(
    kind: &'static str,
    groups: &'static [&'static str],
    pods: &'static [&'static [&'static str]],
) -> Workload {
    Workload {
        kind,
        groups,
        version: None,
        pods,
        shape: &POD,
        may_refer: false,
    }
}

const fn argo(kind: &'static str, pods: &'static [&'static [&'static str]]) -> Workload {
    Workload {
        kind,
        groups: &["argoproj.io"],
        version: None,
        pods,
        shape: &ARGO_TEMPLATE,
        may_refer: false,
    }
}

/// A kind of Tekton with tasks, each of which runs in one pod. `version` is `v1`, or `None` for the
/// versions before it.
const fn tekton(
    kind: &'static str,
    version: Option<&'static str>,
    pods: &'static [&'static [&'static str]],
) -> Workload {
    Workload {
        kind,
        groups: &["tekton.dev"],
        version,
        pods,
        shape: match version {
            Some(_) => &TEKTON_V1,
            None => &TEKTON_V1BETA1,
        },
        may_refer: true,
    }
}

/// How objects of a kind carry pods. `version` is the part of `apiVersion` after the slash.
pub(super) fn find(kind: &str, group: &str, version: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| {
        workload.kind == kind
            && workload.groups.contains(&group)
            && workload.version.is_none_or(|known| known == version)
    })
}
