//! Pods: levels, users and their storage, scratch space, resources, kinds.

use harden::container::{Basis, Reason};
use harden::engine::outcome::Outcome;
use serde_json::Value;

use super::{each_known_image, hardened, pod};
use crate::formats::compose::project;

fn declined(text: &str, id: &str) -> String {
    crate::formats::compose::declined_in(&project(&[("pod.yaml", text)]), "c", id)
}

fn written(container: &str, rest: &str) -> String {
    crate::formats::kubernetes::pod(container, rest)
}

/// docs/semantics.md#k8s-levels: some settings belong to the pod, some to the container, and of the
/// others the container's wins. A setting at the wrong level has no effect.
#[test]
fn settings_are_written_where_the_api_reads_them() {
    let by_pod = "securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}, privileged: false}";
    pod("{name: c, image: 'example/a:1'}", by_pod, |spec| {
        let own = &spec["containers"][0]["securityContext"];
        assert_eq!(own["allowPrivilegeEscalation"], false, "{spec}");
        assert_eq!(own["readOnlyRootFilesystem"], true, "{spec}");
        assert_eq!(own["capabilities"]["drop"][0], "ALL", "{spec}");
    });
    let root =
        "{name: c, image: 'example/a:1', securityContext: {runAsUser: 0, runAsNonRoot: false}}";
    let text = written(root, "securityContext: {runAsUser: 7, runAsNonRoot: true}");
    let report = project(&[("pod.yaml", &text)]);
    let outcome = crate::formats::compose::outcome(&report, "c", "non-root-user");
    assert!(matches!(outcome, Outcome::Finding { .. }), "{outcome:?}");
    let claim = "volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]";
    let mounted =
        "volumeMounts: [{name: v, mountPath: /data}], securityContext: {fsGroup: 3, sysctls: []}";
    pod(
        &format!("{{name: c, image: 'redis:7', {mounted}}}"),
        claim,
        |spec| {
            assert_eq!(spec["securityContext"]["fsGroup"], 999, "{spec}");
        },
    );
}

/// docs/semantics.md#k8s-pod-user: a user of the pod would be the user of every container.
#[test]
fn no_user_is_written_on_the_pod() {
    let sidecar = "initContainers: [{name: i, image: 'busybox:1'}, {name: s, image: 'nginx:1.27', restartPolicy: Always}]";
    for pod_of in ["", "securityContext: {}", "securityContext: {fsGroup: 7}"] {
        let rest = format!("{sidecar}\n  {pod_of}");
        pod("{name: c, image: 'nginx:1.27'}", &rest, |spec| {
            for key in ["runAsUser", "runAsGroup", "runAsNonRoot"] {
                assert!(spec["securityContext"][key].is_null(), "{spec}");
            }
        });
    }
}

/// docs/semantics.md#k8s-non-root-number: the kubelet cannot tell a name from root, and does not
/// start a container that must not be root and has no number.
#[test]
fn a_user_that_must_not_be_root_has_a_number() {
    each_known_image(
        |_, _| (),
        |facts, container| {
            let security = &container["securityContext"];
            let has_number = security["runAsUser"].as_u64().is_some_and(|uid| uid > 0);
            let by_image = matches!(facts.default_user, harden::image::DefaultUser::Uid(1..));
            let is_held = security["runAsNonRoot"] == true;
            assert!(
                !is_held || has_number || by_image,
                "{} {security}",
                facts.id
            );
        },
    );
}

/// docs/semantics.md#k8s-fs-group: `fsGroup` reaches no directory of the host, and not every
/// driver. Where it does, only a volume that does not fit is changed.
#[test]
fn the_group_of_volumes_is_for_claims() {
    let redis = "{name: c, image: 'redis:7', volumeMounts: [{name: v, mountPath: /data}]}";
    for volume in [
        "hostPath: {path: /srv}",
        "nfs: {server: a, path: /x}",
        "csi: {driver: x}",
    ] {
        let rest = format!("volumes: [{{name: v, {volume}}}]");
        assert!(declined(&written(redis, &rest), "non-root-user").contains("owner is unknown"));
        for after in &hardened("pod.yaml", &written(redis, &rest)) {
            assert!(!after.contains("fsGroup"), "{after}");
        }
    }
    for volume in [
        "persistentVolumeClaim: {claimName: d}",
        "ephemeral: {volumeClaimTemplate: {spec: {}}}",
    ] {
        pod(
            redis,
            &format!("volumes: [{{name: v, {volume}}}]"),
            |spec| {
                assert_eq!(spec["securityContext"]["fsGroup"], 999, "{spec}");
                assert_eq!(
                    spec["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch",
                    "{spec}"
                );
            },
        );
    }
    pod("{name: c, image: 'redis:7'}", "", |spec| {
        assert!(spec["securityContext"].is_null(), "{spec}");
    });
}

/// docs/semantics.md#k8s-fs-group-closed-files, #k8s-postgres-mount-root and #k8s-sub-path:
/// `fsGroup` opens files that must stay closed, postgres refuses a directory that is the mount
/// itself, and a `subPath` belongs to root.
#[test]
fn a_group_is_not_given_where_it_breaks_the_files() {
    let claim = "volumes: [{name: v, persistentVolumeClaim: {claimName: d}}]";
    for (image, path, policy) in [
        ("rabbitmq:3.13", "/var/lib/rabbitmq", "Always"),
        ("rabbitmq:4", "/var/lib/rabbitmq/", "Always"),
        ("rabbitmq:3.13", "/var/lib/rabbitmq", "'${POLICY}'"),
    ] {
        let container = format!(
            "{{name: c, image: '{image}', volumeMounts: [{{name: v, mountPath: {path}}}]}}"
        );
        let rest = format!("{claim}\n  securityContext: {{fsGroupChangePolicy: {policy}}}");
        assert!(declined(&written(&container, &rest), "non-root-user").contains("at every start"));
        pod(&container, claim, |spec| {
            assert_eq!(
                spec["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch",
                "{spec}"
            );
        });
    }
    let data = "/var/lib/postgresql/data";
    for (mount, environment) in [
        (format!("mountPath: {data}"), ""),
        (format!("mountPath: {data}, subPath: pg"), ""),
        (format!("mountPath: {data}, subPathExpr: $(POD)"), ""),
        (
            format!("mountPath: {data}, subPath: pg"),
            ", env: [{name: PGDATA, value: /var/lib/postgresql/data/pg}]",
        ),
    ] {
        let container = format!(
            "{{name: c, image: 'postgres:16', volumeMounts: [{{name: v, {mount}}}]{environment}}}"
        );
        declined(&written(&container, claim), "non-root-user");
    }
    let redis =
        "{name: c, image: 'redis:7', volumeMounts: [{name: v, mountPath: /data, subPath: x}]}";
    assert!(declined(&written(redis, claim), "non-root-user").contains("The kubelet creates"));
}

/// docs/semantics.md#k8s-secret-owner and #k8s-fs-group-closed-files: files of secrets belong to
/// root, and `fsGroup` opens them to the group, also a key that its reader then refuses.
#[test]
fn a_closed_secret_keeps_the_user_and_the_group() {
    for volume in [
        "secret: {secretName: k, defaultMode: 0400}",
        "secret: {secretName: k, defaultMode: 256}",
        "secret: {secretName: k, items: [{key: a, path: a, mode: 0o600}]}",
        "configMap: {name: k, defaultMode: 0700}",
        "projected: {defaultMode: 0400, sources: []}",
        "projected: {sources: [{secret: {name: k, items: [{key: a, path: a, mode: 384}]}}]}",
    ] {
        let rest = format!(
            "volumes: [{{name: k, {volume}}}, {{name: v, persistentVolumeClaim: {{claimName: d}}}}]"
        );
        for image in ["example/a:1", "redis:7"] {
            let container = format!(
                "{{name: c, image: '{image}', volumeMounts: [{{name: k, mountPath: /keys}}]}}"
            );
            let why = declined(&written(&container, &rest), "non-root-user");
            assert!(why.contains("belong to root"), "{why}");
            let grouped = format!("{rest}\n  securityContext: {{fsGroup: 3}}");
            pod(&container, &grouped, |spec| {
                let user = &spec["containers"][0]["securityContext"]["runAsUser"];
                assert!(user.is_u64(), "{spec}");
            });
        }
        let redis = "{name: c, image: 'redis:7', volumeMounts: [{name: v, mountPath: /data}]}";
        let why = declined(&written(redis, &rest), "non-root-user");
        assert!(why.contains("only for its owner"), "{why}");
        pod(redis, &rest, |spec| {
            assert!(spec["securityContext"]["fsGroup"].is_null(), "{spec}");
        });
    }
    let open = "volumes: [{name: k, secret: {secretName: k, defaultMode: 0444}}]";
    let container = "{name: c, image: 'example/a:1', volumeMounts: [{name: k, mountPath: /keys}]}";
    pod(container, open, |spec| {
        let user = &spec["containers"][0]["securityContext"]["runAsUser"];
        assert!(user.is_u64(), "{spec}");
    });
}

/// docs/semantics.md#k8s-restricted and #k8s-escalation-default: a hardened pod meets `restricted`.
#[test]
fn a_hardened_pod_passes_restricted() {
    let text = written("{name: c, image: 'example/a:1'}", "");
    for after in hardened("pod.yaml", &text) {
        let security = &serde_yaml::from_str::<Value>(&after).expect("YAML")["spec"]["containers"]
            [0]["securityContext"];
        assert_eq!(security["runAsNonRoot"], true);
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["capabilities"]["drop"][0], "ALL");
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
    }
}

/// docs/semantics.md#k8s-empty-dir-disk, #k8s-empty-dir-memory, #k8s-empty-dir-open and #k8s-shm:
/// an `emptyDir` of memory counts toward the limit of its writer and survives restarts, so new
/// scratch space is on disk, with a size. It needs no owner and no option to run programs.
#[test]
fn scratch_space_of_a_pod_is_of_disk() {
    for image in ["nginx:1.27", "jetty:12", "example/a:1"] {
        pod(&format!("{{name: c, image: '{image}'}}"), "", |spec| {
            let volumes = spec["volumes"].as_array().expect("volumes");
            for volume in volumes {
                let empty = volume["emptyDir"].as_object().expect("an emptyDir");
                assert_eq!(empty.keys().collect::<Vec<_>>(), ["sizeLimit"], "{volume}");
            }
        });
    }
    for (mounts, limit) in [
        ("{name: v, mountPath: /cache}", "2560Mi"),
        ("{name: v, mountPath: /dev/shm}", "2560Mi"),
        (
            "{name: v, mountPath: /a, subPath: a}, {name: v, mountPath: /b, subPath: b}",
            "2560Mi",
        ),
        ("", "512Mi"),
    ] {
        let rest = "volumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 2Gi}}]";
        pod(
            &format!("{{name: c, image: 'example/a:1', volumeMounts: [{mounts}]}}"),
            rest,
            |spec| {
                let resources = &spec["containers"][0]["resources"];
                assert_eq!(resources["limits"]["memory"], limit, "{mounts}");
            },
        );
    }
}

/// docs/semantics.md#k8s-empty-dir-hides and #k8s-image-volumes: an `emptyDir` hides what the image
/// has, and only some runtimes mount the volumes that an image declares.
#[test]
fn an_empty_dir_hides_no_files() {
    each_known_image(
        |_, _| (),
        |facts, container| {
            let mounts = container["volumeMounts"].as_array().into_iter().flatten();
            for path in mounts.filter_map(|mount| mount["mountPath"].as_str()) {
                let fact = facts.writable.iter().find(|fact| fact.path == path);
                let is_kept = fact.is_some_and(|fact| fact.seed || fact.persist);
                assert!(!is_kept, "{} {path}", facts.id);
            }
            let is_closed = container["securityContext"]["readOnlyRootFilesystem"] == true;
            let declares = facts.declared_volumes().next().is_some();
            assert!(!is_closed || !declares, "{}", facts.id);
        },
    );
}

/// docs/semantics.md#k8s-kubelet-mounts: what the kubelet mounts works under a read-only root.
#[test]
fn mounts_of_the_kubelet_allow_a_read_only_root() {
    let container = "{name: c, image: 'example/a:1', terminationMessagePath: /dev/termination-log, volumeMounts: [{name: s, mountPath: /s}, {name: m, mountPath: /etc/a/b.conf, subPath: b.conf}]}";
    let rest = "volumes: [{name: s, secret: {secretName: s}}, {name: m, configMap: {name: m}}]";
    pod(container, rest, |spec| {
        let security = &spec["containers"][0]["securityContext"];
        assert_eq!(security["readOnlyRootFilesystem"], true, "{spec}");
    });
}

/// docs/semantics.md#k8s-cpu-throttles: a CPU limit throttles, so it is only an assumption.
#[test]
fn a_cpu_limit_is_an_assumption() {
    for image in ["nginx:1.27", "example/a:1", "postgres:16"] {
        let text = written(&format!("{{name: c, image: '{image}'}}"), "");
        let report = project(&[("pod.yaml", &text)]);
        let outcome = crate::formats::compose::outcome(&report, "c", "cpu-limit");
        assert!(
            matches!(
                outcome,
                Outcome::Changed {
                    basis: Basis::Assumed,
                    ..
                }
            ),
            "{outcome:?}"
        );
    }
}

/// docs/semantics.md#k8s-autoscaler: requests decide how an autoscaler scales, whatever its kind
/// and its place in the stream.
#[test]
fn resources_with_an_autoscaler_are_not_changed() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: 'example/a:1'}]}}}\n";
    for scaler in [
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: s}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}\n",
        "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: s}\nspec: {targetRef: {kind: Deployment, name: d}}\n",
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: s}\nspec: {scaleTargetRef: {name: d}}\n",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: s}, spec: {scaleTargetRef: {kind: Deployment, name: d}}}\n",
    ] {
        for text in [
            format!("{deployment}---\n{scaler}"),
            format!("{scaler}---\n{deployment}"),
        ] {
            for after in hardened("pod.yaml", &text) {
                assert!(!after.contains("resources"), "{after}");
            }
        }
    }
}

/// docs/semantics.md#k8s-no-pids: a pod cannot limit its processes.
#[test]
fn no_bound_on_processes_is_written_in_a_pod() {
    for image in ["nginx:1.27", "postgres:16", "example/a:1"] {
        for after in hardened(
            "pod.yaml",
            &written(&format!("{{name: c, image: '{image}'}}"), ""),
        ) {
            assert!(!after.contains("pid"), "{after}");
        }
    }
}

/// docs/semantics.md#k8s-job, #k8s-cron-job, #k8s-stateful-set and #k8s-bare-pod: the report says
/// what somebody must do where the API does not apply the change.
#[test]
fn the_report_names_necessary_actions_after_a_write() {
    let template =
        "template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'example/a:1'}]}}";
    for (head, spec, code) in [
        (
            "apiVersion: batch/v1\nkind: Job",
            format!("{{{template}}}"),
            "job-is-immutable",
        ),
        (
            "apiVersion: v1\nkind: Pod",
            "{containers: [{name: c, image: 'example/a:1'}]}".to_owned(),
            "pod-is-immutable",
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet",
            format!("{{updateStrategy: {{type: OnDelete}}, {template}}}"),
            "pods-keep-settings-on-delete",
        ),
        (
            "apiVersion: batch/v1\nkind: CronJob",
            format!("{{jobTemplate: {{spec: {{{template}}}}}}}"),
            "",
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet",
            format!("{{{template}}}"),
            "",
        ),
    ] {
        let text = format!("{head}\nmetadata: {{name: x}}\nspec: {spec}\n");
        let report = project(&[("pod.yaml", &text)]);
        let caution = report.containers[0].caution.as_ref();
        assert_eq!(caution.map_or("", Reason::code), code, "{text}");
    }
}
