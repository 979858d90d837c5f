//! Rules of the API server and the kubelet that the schema does not contain: if a manifest follows
//! a rule, hardening in any way does not break the rule. Each check cites the source of its rule.

use std::collections::HashSet;

use serde_json::Value;

use super::{WINDOWS, pod};

/// The defaults, all assumptions, and all explicit values overridden.
fn hardened(text: &str) -> [String; 3] {
    crate::formats::semantics::hardened("pod.yaml", text)
}

/// Hardens `text` in three ways and checks all rules for each result.
fn each(text: &str, mut look: impl FnMut(&str, &Value)) {
    let before = spec_of(text);
    assert_eq!(
        refusals(&before),
        Vec::<String>::new(),
        "as written:\n{text}"
    );
    for after in hardened(text) {
        let spec = spec_of(&after);
        assert_eq!(refusals(&spec), Vec::<String>::new(), "\n{after}");
        look(&after, &spec);
    }
}

fn spec_of(text: &str) -> Value {
    let object: Value = serde_yaml::from_str(text).expect("YAML");
    match &object["spec"]["template"]["spec"] {
        Value::Null => object["spec"].clone(),
        spec => spec.clone(),
    }
}

fn items<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn has_any(value: &Value, keys: &[&str]) -> bool {
    keys.iter().any(|key| value.get(key).is_some())
}

/// The rules that the spec of a pod breaks (kubernetes `pkg/apis/core/validation/validation.go`).
fn refusals(spec: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    let mut refuse = |what: String| broken.push(what);
    let security = &spec["securityContext"];
    let on_host = spec["hostNetwork"] == true;
    if spec["os"]["name"] == "windows"
        && (has_any(spec, &WINDOWS_POD) || has_any(security, &WINDOWS_SECURITY))
    {
        refuse("a Linux setting in a pod for Windows".to_owned());
    }
    let in_host = on_host || spec["hostPID"] == true || spec["hostIPC"] == true;
    if spec["hostUsers"] == false && in_host {
        refuse("users of its own beside namespaces of the host".to_owned());
    }
    if on_host
        && items(security, "sysctls")
            .any(|one| one["name"].as_str().unwrap_or_default().starts_with("net."))
    {
        refuse("a network sysctl in the host's network".to_owned());
    }
    let mut volumes = HashSet::new();
    for volume in items(spec, "volumes") {
        let name = volume["name"].as_str().unwrap_or_default();
        if !volumes.insert(name) {
            refuse(format!("two volumes are called {name}"));
        }
        let is_label = (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if !is_label {
            refuse(format!("{name} is not a DNS label"));
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in items(spec, list) {
            let mut of_container = container_refusals(container, spec, &volumes);
            if list == "ephemeralContainers" && container.get("resources").is_some() {
                of_container.push("resources of an ephemeral container".to_owned());
            }
            for what in of_container {
                refuse(format!("{list}: {}: {what}", container["name"]));
            }
        }
    }
    broken
}

fn container_refusals(container: &Value, spec: &Value, volumes: &HashSet<&str>) -> Vec<String> {
    let mut broken = Vec::new();
    let mut refuse = |what: &str| broken.push(what.to_owned());
    let security = &container["securityContext"];
    let privileged = security["privileged"] == true;
    if spec["os"]["name"] == "windows" && has_any(security, &WINDOWS_CONTAINER) {
        refuse("a Linux setting in a pod for Windows");
    }
    let adds_all = items(&security["capabilities"], "add").any(|one| one == "CAP_SYS_ADMIN");
    if security["allowPrivilegeEscalation"] == false && (privileged || adds_all) {
        refuse("escalation forbidden to the privileged");
    }
    if security["procMount"] == "Unmasked" && spec["hostUsers"] != false {
        refuse("an unmasked /proc without users of its own");
    }
    let user = [security, &spec["securityContext"]]
        .into_iter()
        .find_map(|one| one.get("runAsUser"));
    let non_root = [security, &spec["securityContext"]]
        .into_iter()
        .find_map(|one| one.get("runAsNonRoot"));
    if non_root == Some(&Value::Bool(true)) && user == Some(&Value::from(0)) {
        refuse("root that must not be root");
    }
    let mut targets = HashSet::new();
    for mount in items(container, "volumeMounts") {
        if !volumes.contains(mount["name"].as_str().unwrap_or_default()) {
            refuse("a mount without a volume");
        }
        if !targets.insert(mount["mountPath"].as_str().unwrap_or_default()) {
            refuse("two mounts at one path");
        }
        if mount["mountPropagation"] == "Bidirectional" && !privileged {
            refuse("mounts for the host of a container without privileges");
        }
    }
    let resources = &container["resources"];
    for resource in ["memory", "cpu"] {
        let [request, limit] =
            ["requests", "limits"].map(|list| quantity(&resources[list][resource]));
        if let (Some(request), Some(limit)) = (request, limit)
            && request > limit
        {
            refuse("a request above its limit");
        }
    }
    broken
}

/// In thousandths.
fn quantity(value: &Value) -> Option<u64> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let number: u64 = text[..end].parse().ok()?;
    Some(match &text[end..] {
        "m" => number,
        "" => number * 1000,
        "Ki" => (number * 1000) << 10,
        "Mi" => (number * 1000) << 20,
        "Gi" => (number * 1000) << 30,
        other => panic!("{other}"),
    })
}

/// kubernetes `validateWindows`.
const WINDOWS_POD: [&str; 5] = [
    "hostPID",
    "hostIPC",
    "hostUsers",
    "resources",
    "shareProcessNamespace",
];
const WINDOWS_SECURITY: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];
const WINDOWS_CONTAINER: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];

/// docs/semantics.md#k8s-windows.
#[test]
fn windows_has_no_setting_of_linux() {
    for os in WINDOWS {
        each(&pod("{name: c, image: 'nginx:1.29'}", os), |after, spec| {
            assert!(!has_any(spec, &WINDOWS_POD), "{after}");
            assert!(
                !has_any(&spec["securityContext"], &WINDOWS_SECURITY),
                "{after}"
            );
            let security = &spec["containers"][0]["securityContext"];
            assert!(!has_any(security, &WINDOWS_CONTAINER), "{after}");
        });
    }
}

/// docs/semantics.md#k8s-escalation-conflict.
#[test]
fn the_privileged_are_not_forbidden_to_escalate() {
    for security in [
        "{privileged: true}",
        "{capabilities: {add: [CAP_SYS_ADMIN]}}",
        "{capabilities: {add: [SYS_ADMIN, CAP_SYS_ADMIN]}}",
        "{capabilities: {add: [NET_ADMIN, CAP_SYS_ADMIN, SYS_MODULE]}}",
        "{privileged: true, allowPrivilegeEscalation: true}",
    ] {
        let container = format!("{{name: c, image: a, securityContext: {security}}}");
        each(&pod(&container, ""), |_, _| {});
    }
}

/// docs/semantics.md#k8s-propagation.
#[test]
fn mounts_for_the_host_keep_their_privilege() {
    let container = "{name: c, image: a, securityContext: {privileged: true}, volumeMounts: [{name: v, mountPath: /v, mountPropagation: Bidirectional}]}";
    let volumes = "volumes: [{name: v, hostPath: {path: /var/lib/kubelet}}]";
    each(&pod(container, volumes), |_, _| {});
}

#[test]
fn volumes_have_names_and_mounts_have_volumes() {
    let long = "c".repeat(63);
    for (container, rest) in [
        (format!("{{name: {long}, image: 'nginx:1.29'}}"), ""),
        (
            "{name: c, image: 'nginx:1.29', volumeMounts: [{name: c-tmp, mountPath: /x}]}".to_owned(),
            "volumes: [{name: c-tmp, emptyDir: {}}, {name: c-run, emptyDir: {}}]",
        ),
        (
            "{name: c, image: 'nginx:1.29', volumeMounts: [{name: v, mountPath: /tmp/}, {name: v, mountPath: /var/cache/nginx, subPath: n}]}".to_owned(),
            "volumes: [{name: v, emptyDir: {}}]",
        ),
        (
            "{name: c, image: 'redis:7', volumeMounts: [{name: v, mountPath: /tmp/a, subPathExpr: a}]}".to_owned(),
            "volumes: [{name: v, emptyDir: {medium: Memory}}]",
        ),
        (
            "{name: c, image: a, volumeMounts: [{name: v, mountPath: /}]}".to_owned(),
            "volumes: [{name: v, emptyDir: {}}]",
        ),
    ] {
        each(&pod(&container, rest), |_, _| {});
    }
}

/// docs/semantics.md#k8s-ephemeral.
#[test]
fn an_ephemeral_container_is_not_changed() {
    let rest = "ephemeralContainers: [{name: e, image: 'busybox:1.37'}]";
    let text = pod("{name: c, image: 'nginx:1.29'}", rest);
    each(&text, |after, spec| {
        assert_eq!(
            spec["ephemeralContainers"],
            spec_of(&text)["ephemeralContainers"],
            "{after}"
        );
    });
}

/// docs/semantics.md#port-pod-sysctl.
#[test]
fn the_network_of_the_host_has_no_sysctls_of_a_pod() {
    let container = "{name: c, image: 'nginx:1.29', securityContext: {runAsUser: 101}, ports: [{containerPort: 80, hostPort: 80}]}";
    let text = pod(container, "hostNetwork: true");
    for after in &hardened(&text)[..2] {
        assert!(!after.contains("sysctls"), "{after}");
    }
    each(&text, |_, _| {});
}

/// docs/semantics.md#k8s-non-root-number.
#[test]
fn root_that_is_written_is_not_forbidden() {
    each(
        &pod("{name: c, image: a, securityContext: {runAsUser: 0}}", ""),
        |_, _| {},
    );
    let text = pod("{name: c, image: a}", "securityContext: {runAsUser: 0}");
    each(&text, |_, _| {});
}

/// docs/semantics.md#k8s-non-root-number: the kubelet cannot tell a name from root.
#[test]
fn a_user_with_a_name_gets_its_number() {
    let text = pod("{name: c, image: 'prom/node-exporter:v1.9.0'}", "");
    each(&text, |after, spec| {
        let security = &spec["containers"][0]["securityContext"];
        assert!(
            security["runAsNonRoot"] != true || security["runAsUser"].is_u64(),
            "{after}"
        );
    });
}

/// docs/semantics.md#k8s-host-users and #k8s-proc-mount.
#[test]
fn users_and_proc_of_their_own_stay() {
    let text = pod(
        "{name: c, image: a, securityContext: {procMount: Unmasked}}",
        "hostUsers: false",
    );
    each(&text, |after, spec| {
        assert_eq!(spec["hostUsers"], false, "{after}");
    });
}

#[test]
fn limits_are_not_below_requests() {
    for resources in [
        "{requests: {memory: 4Gi, cpu: '3'}}",
        "{requests: {memory: 1Mi, cpu: 1m}}",
        "{limits: {memory: 8Mi, cpu: 5m}}",
        "{limits: {memory: 8Mi}, requests: {cpu: 2500m}}",
        "{requests: {memory: 600Mi}, limits: {cpu: 10m}}",
    ] {
        each(
            &pod(
                &format!("{{name: c, image: a, resources: {resources}}}"),
                "",
            ),
            |_, _| {},
        );
    }
}

/// docs/semantics.md#k8s-limit-is-request: with a limit alone the pod could stop fitting its node.
#[test]
fn a_limit_comes_with_a_small_request() {
    each(&pod("{name: c, image: a}", ""), |after, spec| {
        let resources = &spec["containers"][0]["resources"];
        for resource in ["memory", "cpu"] {
            let [request, limit] =
                ["requests", "limits"].map(|list| quantity(&resources[list][resource]));
            assert!(limit.is_none() || request < limit, "{after}");
        }
    });
}

/// docs/semantics.md#k8s-native-sidecars.
#[test]
fn a_native_sidecar_is_hardened_like_a_container() {
    let rest = "initContainers: [{name: s, image: 'nginx:1.29', restartPolicy: Always}]";
    each(
        &pod("{name: c, image: 'nginx:1.29'}", rest),
        |after, spec| {
            let [main, sidecar] =
                ["containers", "initContainers"].map(|list| &spec[list][0]["securityContext"]);
            assert_eq!(main, sidecar, "{after}");
        },
    );
}

/// docs/semantics.md#k8s-init-containers: an init container changes owners as root, and the pod
/// allows it.
#[test]
fn an_init_container_that_needs_root_keeps_it() {
    let rest = "volumes: [{name: data, persistentVolumeClaim: {claimName: d}}]\n  initContainers: [{name: chown, image: 'busybox:1.37', command: [chown, -R, '999', /data], volumeMounts: [{name: data, mountPath: /data}]}, {name: sysctl, image: 'busybox:1.37', command: [sysctl, -w, vm.max_map_count=262144], securityContext: {privileged: true}}]";
    let text = pod("{name: c, image: 'nginx:1.29'}", rest);
    let after = &hardened(&text)[0];
    let spec = spec_of(after);
    assert_eq!(refusals(&spec), Vec::<String>::new(), "{after}");
    assert!(
        !has_any(&spec["securityContext"], &["runAsNonRoot", "runAsUser"]),
        "{after}"
    );
    for init in items(&spec, "initContainers") {
        let security = &init["securityContext"];
        assert!(
            !has_any(security, &["runAsNonRoot", "runAsUser"]),
            "{after}"
        );
    }
    let dropped = &spec["initContainers"][0]["securityContext"]["capabilities"];
    assert!(
        dropped["drop"].is_null() || dropped["add"].to_string().contains("CHOWN"),
        "{after}"
    );
}

/// docs/semantics.md#k8s-mesh-init: `istio-init` programs the packet filter of the pod as root.
#[test]
fn the_capabilities_of_a_mesh_are_kept() {
    let rest = "initContainers: [{name: istio-init, image: 'docker.io/istio/proxyv2:1.24.0', args: [istio-iptables], securityContext: {capabilities: {add: [NET_ADMIN, NET_RAW], drop: [ALL]}, runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: false, privileged: false}}]";
    let text = pod("{name: c, image: 'nginx:1.29'}", rest);
    let spec = spec_of(&hardened(&text)[0]);
    let [before, after] =
        [&spec_of(&text), &spec].map(|spec| spec["initContainers"][0]["securityContext"].clone());
    for key in ["capabilities", "runAsUser", "runAsNonRoot"] {
        assert_eq!(before[key], after[key], "{key}");
    }
}

/// docs/semantics.md#k8s-stateful-set: claims, selectors and names do not change once the object
/// exists.
#[test]
fn only_the_pod_changes() {
    let text = "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: s}
spec:
  serviceName: s
  podManagementPolicy: Parallel
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers:
      - {name: c, image: 'redis:7', volumeMounts: [{name: data, mountPath: /data}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";
    let without_pod = |text: &str| {
        let mut object: Value = serde_yaml::from_str(text).expect("YAML");
        object["spec"]["template"]["spec"] = Value::Null;
        object
    };
    for after in hardened(text) {
        assert_eq!(without_pod(&after), without_pod(text), "{after}");
        assert_ne!(after, text);
    }
}

/// docs/semantics.md#k8s-limit-range: a value beyond its bounds is refused.
#[test]
fn a_limit_range_settles_the_resources_of_its_namespace() {
    let range = |namespace: &str, kind: &str| {
        format!(
            "apiVersion: v1\nkind: LimitRange\nmetadata: {{name: r{namespace}}}\nspec: {{limits: [{{type: {kind}, max: {{memory: 64Mi}}}}]}}\n---\n"
        )
    };
    let pod = pod("{name: c, image: 'nginx:1.29'}", "restartPolicy: Never");
    let other = pod.replace("{name: p}", "{name: p, namespace: other}");
    for (text, is_written) in [
        (range("", "Container") + &pod, false),
        (range(", namespace: shop", "Pod") + &pod, false),
        (range(", namespace: other", "Container") + &other, false),
        (range(", namespace: shop", "Container") + &other, true),
        (range("", "PersistentVolumeClaim") + &pod, true),
    ] {
        for after in hardened(&text) {
            assert_eq!(after.contains("requests: {memory"), is_written, "{after}");
        }
    }
}
