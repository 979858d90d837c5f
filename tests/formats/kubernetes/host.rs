//! Pods that need their host are reported and keep the access that they need.

use serde_json::Value;

use super::hardened;

/// One container of a `DaemonSet` hardened by default: its `securityContext` and `resources`.
fn agent(pod: &str, container: &str, volumes: &str) -> (Value, Value) {
    let text = format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent, namespace: kube-system}}
spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec:
      {pod}
      containers:
      - name: agent
        image: registry.example/agent:1
        {container}
      volumes: {volumes}
"
    );
    let object: Value = serde_yaml::from_str(&hardened(&text)).expect("YAML");
    let container = &object["spec"]["template"]["spec"]["containers"][0];
    (
        container["securityContext"].clone(),
        container["resources"].clone(),
    )
}

fn host_path(path: &str) -> String {
    format!("[{{name: v, hostPath: {{path: {path}}}}}]")
}

/// docs/semantics.md#k8s-host-agents: drivers and agents as their projects write them. A network
/// plugin, the node part of a storage driver, a device plugin, kube-proxy, a tracer, a collector.
const AGENTS: [(&str, &str, &str); 6] = [
    (
        "hostNetwork: true",
        "securityContext: {capabilities: {add: [NET_ADMIN, NET_RAW]}}",
        "/run/flannel",
    ),
    (
        "",
        "securityContext: {privileged: true}
        volumeMounts: [{name: v, mountPath: /pods, mountPropagation: Bidirectional}]",
        "/var/lib/kubelet",
    ),
    (
        "",
        "volumeMounts: [{name: v, mountPath: /var/lib/kubelet/device-plugins}]",
        "/var/lib/kubelet/device-plugins",
    ),
    (
        "hostNetwork: true",
        "securityContext: {privileged: true}
        volumeMounts: [{name: v, mountPath: /lib/modules, readOnly: true}]",
        "/lib/modules",
    ),
    (
        "hostPID: true",
        "securityContext: {capabilities: {add: [SYS_ADMIN, BPF]}}",
        "/x",
    ),
    ("", "volumeMounts: [{name: v, mountPath: /host}]", "/"),
];

#[test]
fn drivers_and_agents_keep_their_access_to_the_host() {
    for (pod, container, path) in AGENTS {
        let (security, resources) = agent(pod, container, &host_path(path));
        for key in ["runAsUser", "runAsNonRoot", "readOnlyRootFilesystem"] {
            assert!(security[key].is_null(), "{container} {security}");
        }
        assert!(
            security["capabilities"]["drop"].is_null(),
            "{container} {security}"
        );
        assert!(resources["limits"].is_null(), "{container} {resources}");
        if security["privileged"] == true {
            let escalation = &security["allowPrivilegeEscalation"];
            assert!(escalation.is_null(), "{container} {security}");
        }
    }
}

/// A pod that only reads host files, such as a log collector, can have a limit and a read-only
/// root. The files belong to root, so the user stays root.
#[test]
fn a_reader_of_the_logs_of_the_host_only_keeps_its_user() {
    let mount = "volumeMounts: [{name: v, mountPath: /var/log, readOnly: true}]";
    let (security, resources) = agent("", mount, &host_path("/var/log"));
    assert!(security["runAsUser"].is_null() && security["runAsNonRoot"].is_null());
    assert_eq!(security["readOnlyRootFilesystem"], true);
    assert_eq!(security["allowPrivilegeEscalation"], false);
    assert!(resources["limits"]["memory"].is_string(), "{resources}");
}
