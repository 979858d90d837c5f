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
    /// The paths to the pods of the kind. `*` matches every item of a list and every value of a
    /// mapping; only those with containers are pods.
    pub(super) pods: &'static [&'static [&'static str]],
    pub(super) shape: &'static Shape,
    /// Whether the object may refer to a pod of another object.
    pub(super) may_refer: bool,
}

/// How the containers of a pod are written.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact about a kind, and they are independent of each other"
)]
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
    /// Whether the controller adds to the containers what the object does not show: a command, an
    /// image, mounts, variables.
    pub(super) is_completed: bool,
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
    is_completed: false,
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
    is_completed: false,
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
    is_completed: false,
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
    is_completed: false,
};

static TEKTON_V1BETA1: Shape = Shape {
    lists: TEKTON_V1.lists,
    singles: &[],
    resources: Some("resources"),
    has_pod_settings: false,
    can_add_capabilities: true,
    exchanges_files: true,
    is_completed: false,
};

/// A pod of a distributed program. Its operator sets commands, variables, volumes and further
/// containers (ray-project/kuberay `ray-operator/controllers/ray/common/pod.go`;
/// kubeflow/mpi-operator `pkg/controller/mpi_job_controller.go`).
static OPERATED: Shape = Shape {
    is_completed: true,
    ..copy(&POD)
};

/// The driver and the executor are single containers, whose image may be that of the application
/// (kubeflow/spark-operator `api/v1beta2/sparkapplication_types.go`, `SparkPodSpec`).
static SPARK: Shape = Shape {
    lists: &[
        (&["driver", "initContainers"], Role::Init),
        (&["driver", "sidecars"], Role::Sidecar),
        (
            &["driver", "template", "spec", "initContainers"],
            Role::Init,
        ),
        (&["driver", "template", "spec", "containers"], Role::Sidecar),
        (&["executor", "initContainers"], Role::Init),
        (&["executor", "sidecars"], Role::Sidecar),
        (
            &["executor", "template", "spec", "initContainers"],
            Role::Init,
        ),
        (
            &["executor", "template", "spec", "containers"],
            Role::Sidecar,
        ),
    ],
    singles: &["driver", "executor"],
    resources: None,
    has_pod_settings: false,
    can_add_capabilities: true,
    exchanges_files: false,
    is_completed: true,
};

const fn copy(shape: &Shape) -> Shape {
    Shape {
        lists: shape.lists,
        singles: shape.singles,
        resources: shape.resources,
        has_pod_settings: shape.has_pod_settings,
        can_add_capabilities: shape.can_add_capabilities,
        exchanges_files: shape.exchanges_files,
        is_completed: shape.is_completed,
    }
}

const TEMPLATE: &[&[&str]] = &[&["spec", "template", "spec"]];

/// `SidecarSet` and similar kinds are left out, because their containers join the pods of others:
/// they have the shape of a pod, and are judged as a kind that is not known.
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
    // openshift/api `apps/v1/types.go`
    pod("DeploymentConfig", &["apps.openshift.io", ""], TEMPLATE),
    // ray-project/kuberay `ray-operator/apis/ray/v1`: `raycluster_types.go`, `rayjob_types.go` and
    // `rayservice_types.go`
    operated(
        "RayCluster",
        &["ray.io"],
        &[
            &["spec", "headGroupSpec", "template", "spec"],
            &["spec", "workerGroupSpecs", "*", "template", "spec"],
        ],
    ),
    operated(
        "RayJob",
        &["ray.io"],
        &[
            &[
                "spec",
                "rayClusterSpec",
                "headGroupSpec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "rayClusterSpec",
                "workerGroupSpecs",
                "*",
                "template",
                "spec",
            ],
            &["spec", "submitterPodTemplate", "spec"],
        ],
    ),
    operated(
        "RayService",
        &["ray.io"],
        &[
            &[
                "spec",
                "rayClusterConfig",
                "headGroupSpec",
                "template",
                "spec",
            ],
            &[
                "spec",
                "rayClusterConfig",
                "workerGroupSpecs",
                "*",
                "template",
                "spec",
            ],
        ],
    ),
    // kubernetes-sigs/jobset `api/jobset/v1alpha2/jobset_types.go`
    pod(
        "JobSet",
        &["jobset.x-k8s.io"],
        &[&[
            "spec",
            "replicatedJobs",
            "*",
            "template",
            "spec",
            "template",
            "spec",
        ]],
    ),
    // kubernetes-sigs/lws `api/leaderworkerset/v1/leaderworkerset_types.go`
    pod(
        "LeaderWorkerSet",
        &["leaderworkerset.x-k8s.io"],
        &[
            &["spec", "leaderWorkerTemplate", "leaderTemplate", "spec"],
            &["spec", "leaderWorkerTemplate", "workerTemplate", "spec"],
        ],
    ),
    // kubeflow/mpi-operator `pkg/apis/kubeflow/v2beta1/types.go`, and kubeflow/trainer
    // `pkg/apis/kubeflow.org/v1` of its release 1: one template a type of replica
    operated(
        "MPIJob",
        KUBEFLOW,
        &[&["spec", "mpiReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "TFJob",
        KUBEFLOW,
        &[&["spec", "tfReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "PyTorchJob",
        KUBEFLOW,
        &[&["spec", "pytorchReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "XGBoostJob",
        KUBEFLOW,
        &[&["spec", "xgbReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "MXJob",
        KUBEFLOW,
        &[&["spec", "mxReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "PaddleJob",
        KUBEFLOW,
        &[&["spec", "paddleReplicaSpecs", "*", "template", "spec"]],
    ),
    operated(
        "JAXJob",
        KUBEFLOW,
        &[&["spec", "jaxReplicaSpecs", "*", "template", "spec"]],
    ),
    // argoproj/argo-rollouts `pkg/apis/rollouts/v1alpha1`: `experiment_types.go` and
    // `analysis_types.go`, where a metric can be a Job
    pod(
        "Experiment",
        &["argoproj.io"],
        &[&["spec", "templates", "*", "template", "spec"]],
    ),
    pod("AnalysisTemplate", &["argoproj.io"], METRICS),
    pod("ClusterAnalysisTemplate", &["argoproj.io"], METRICS),
    pod("AnalysisRun", &["argoproj.io"], METRICS),
    spark("SparkApplication", &[&["spec"]]),
    spark("ScheduledSparkApplication", &[&["spec", "template"]]),
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

const KUBEFLOW: &[&str] = &["kubeflow.org"];
const METRICS: &[&[&str]] = &[&[
    "spec", "metrics", "*", "provider", "job", "spec", "template", "spec",
]];

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

/// The kinds whose objects have lists of containers that are no pods.
///
/// * The virtual machines of `KubeVirt` (kubevirt/kubevirt `staging/src/kubevirt.io/api/core/v1`).
/// * The definition of a kind, which may have an example (kubernetes/apiextensions-apiserver
///   `pkg/apis/apiextensions/v1/types.go`).
static WITHOUT_PODS: &[(&str, &[&str])] = &[
    (
        "kubevirt.io",
        &[
            "VirtualMachine",
            "VirtualMachineInstance",
            "VirtualMachineInstanceReplicaSet",
        ],
    ),
    ("pool.kubevirt.io", &["VirtualMachinePool"]),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
];

/// Whether no object of the kind has pods.
pub(super) fn is_without_pods(kind: &str, group: &str) -> bool {
    let mut known = WITHOUT_PODS.iter();
    known.any(|(known, kinds)| *known == group && kinds.contains(&kind))
}

/// A kind whose operator completes its pods.
const fn operated(
    kind: &'static str,
    groups: &'static [&'static str],
    pods: &'static [&'static [&'static str]],
) -> Workload {
    Workload {
        kind,
        groups,
        version: None,
        pods,
        shape: &OPERATED,
        may_refer: false,
    }
}

const fn spark(kind: &'static str, pods: &'static [&'static [&'static str]]) -> Workload {
    Workload {
        kind,
        groups: &["sparkoperator.k8s.io"],
        version: None,
        pods,
        shape: &SPARK,
        may_refer: false,
    }
}

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
