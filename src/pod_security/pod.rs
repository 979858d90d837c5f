//! The fields of a pod that a check reads (`kubernetes/api core/v1/types.go`).

use super::node::{Field, Node, Reader, Rejection};
use crate::dialect::kubernetes::{self, Object, Source};

/// A pod as the API server reads it.
#[derive(Debug)]
pub(super) struct Pod {
    /// `os.name` is `windows`. A node selector does not count here.
    pub(super) is_windows: bool,
    pub(super) host_users: Field<bool>,
    /// `hostNetwork`, `hostPID`, `hostIPC`.
    pub(super) host_namespaces: [Field<bool>; 3],
    pub(super) security: SecurityContext,
    /// The names of its sysctls.
    pub(super) sysctls: Vec<Field<String>>,
    /// Init containers, containers and ephemeral containers.
    pub(super) containers: Vec<Container>,
    pub(super) volumes: Vec<Volume>,
    /// Annotations of the pod itself, not of the workload that creates it.
    pub(super) annotations: Vec<(String, Field<String>)>,
}

/// Fields that pods and containers share.
#[derive(Debug)]
pub(super) struct SecurityContext {
    pub(super) run_as_non_root: Field<bool>,
    pub(super) run_as_user: Field<u32>,
    /// The type of the profile; empty for a profile without a type.
    pub(super) seccomp_profile: Field<String>,
    /// The type of the profile; empty for a profile without a type.
    pub(super) app_armor_profile: Field<String>,
    pub(super) se_linux: SeLinuxOptions,
    pub(super) host_process: Field<bool>,
}

#[derive(Debug)]
pub(super) struct SeLinuxOptions {
    pub(super) kind: Field<String>,
    pub(super) user: Field<String>,
    pub(super) role: Field<String>,
}

#[derive(Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) security: SecurityContext,
    pub(super) privileged: Field<bool>,
    pub(super) allow_privilege_escalation: Field<bool>,
    pub(super) proc_mount: Field<String>,
    pub(super) added: Vec<Field<String>>,
    pub(super) dropped: Vec<Field<String>>,
    /// Where the list of dropped capabilities is, or should be.
    pub(super) drop: Field<()>,
    pub(super) host_ports: Vec<Field<u16>>,
    /// `host` of its probes and hooks.
    pub(super) handler_hosts: Vec<Field<String>>,
}

#[derive(Debug)]
pub(super) struct Volume {
    /// The kind of its source. A volume without a source is an `emptyDir` for the API.
    pub(super) source: Field<String>,
}

impl Pod {
    /// The pod, and everything in it that the API would reject.
    pub(super) fn read(
        object: &Object<'_, '_>,
        written: &kubernetes::Pod<'_, '_>,
        source: &Source<'_, '_>,
    ) -> (Self, Vec<Rejection>) {
        let mut reader = Reader::new(object.label(), source);
        let around = object.cursor.span();
        let spec = Node::new(written.path.clone(), written.spec.clone(), around);
        let spec = reader.as_object(spec);
        let parent = written.path.strip_suffix("spec").unwrap_or_default();
        let metadata = Node::new(
            format!("{parent}metadata"),
            written.metadata.clone(),
            around,
        );
        let metadata = reader.as_object(metadata);
        let annotations = reader.string_map(&metadata, "annotations");
        let mut pod = reader.pod(&spec, annotations);
        if !written.shape.is_pod() {
            let containers = written.containers().into_iter();
            pod.containers = containers
                .take_while(|_| reader.source.pay(COST_OF_CONTAINER))
                .map(|one| {
                    let path = format!("{}.{}", written.path, one.path);
                    let node = Node::new(path, Some(one.cursor), around);
                    let name = reader.string(&node, "name").value.unwrap_or_default();
                    reader.container(&node, name, pod.is_windows)
                })
                .collect();
        }
        (pod, reader.rejections)
    }
}

impl Reader<'_> {
    fn pod(&mut self, spec: &Node<'_, '_>, annotations: Vec<(String, Field<String>)>) -> Pod {
        let os = self.object(spec, "os");
        let is_windows = self.string(&os, "name").value.as_deref() == Some("windows");
        let security = self.object(spec, "securityContext");
        if is_windows {
            self.reject_set(spec, &["hostUsers", "shareProcessNamespace"], ON_WINDOWS);
            self.reject_set(&security, &LINUX_POD, ON_WINDOWS);
            self.reject_set(&security, &LINUX, ON_WINDOWS);
        }
        let sysctls = self.objects(&security, "sysctls");
        let mut containers = Vec::new();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for container in self.objects(spec, list) {
                if !self.source.pay(COST_OF_CONTAINER) {
                    break;
                }
                let name = self.name(&container);
                let container = named(container, list, &name, spec);
                containers.push(self.container(&container, name, is_windows));
            }
        }
        let volumes = self.objects(spec, "volumes");
        Pod {
            is_windows,
            host_users: self.boolean(spec, "hostUsers"),
            host_namespaces: ["hostNetwork", "hostPID", "hostIPC"]
                .map(|key| self.boolean(spec, key)),
            security: self.security_context(&security),
            sysctls: sysctls
                .iter()
                .map(|sysctl| self.string(sysctl, "name"))
                .collect(),
            containers,
            volumes: volumes
                .into_iter()
                .map(|volume| self.volume(volume, spec))
                .collect(),
            annotations,
        }
    }

    fn security_context(&mut self, node: &Node<'_, '_>) -> SecurityContext {
        let se_linux = self.object(node, "seLinuxOptions");
        let windows = self.object(node, "windowsOptions");
        SecurityContext {
            run_as_non_root: self.boolean(node, "runAsNonRoot"),
            run_as_user: self.id(node, "runAsUser"),
            seccomp_profile: self.profile(node, "seccompProfile"),
            app_armor_profile: self.profile(node, "appArmorProfile"),
            se_linux: SeLinuxOptions {
                kind: self.string(&se_linux, "type"),
                user: self.string(&se_linux, "user"),
                role: self.string(&se_linux, "role"),
            },
            host_process: self.boolean(&windows, "hostProcess"),
        }
    }

    fn profile(&mut self, node: &Node<'_, '_>, key: &str) -> Field<String> {
        let profile = self.object(node, key);
        let kind = self.string(&profile, "type");
        let value = kind
            .value
            .or_else(|| profile.is_written().then(String::new));
        Field { value, ..kind }
    }

    fn container(&mut self, node: &Node<'_, '_>, name: String, is_windows: bool) -> Container {
        let security = self.object(node, "securityContext");
        if is_windows {
            self.reject_set(&security, &LINUX_CONTAINER, ON_WINDOWS);
            self.reject_set(&security, &LINUX, ON_WINDOWS);
        }
        let capabilities = self.object(&security, "capabilities");
        let ports = self.objects(node, "ports");
        let lifecycle = self.object(node, "lifecycle");
        let handlers = [
            self.object(node, "livenessProbe"),
            self.object(node, "readinessProbe"),
            self.object(node, "startupProbe"),
            self.object(&lifecycle, "postStart"),
            self.object(&lifecycle, "preStop"),
        ];
        let mut handler_hosts = Vec::new();
        for handler in &handlers {
            for way in ["httpGet", "tcpSocket"] {
                let way = self.object(handler, way);
                handler_hosts.push(self.string(&way, "host"));
            }
        }
        Container {
            name,
            privileged: self.boolean(&security, "privileged"),
            allow_privilege_escalation: self.boolean(&security, "allowPrivilegeEscalation"),
            proc_mount: self.string(&security, "procMount"),
            added: self.strings(&capabilities, "add"),
            dropped: self.strings(&capabilities, "drop"),
            drop: capabilities.get("drop").field(None),
            host_ports: ports
                .iter()
                .map(|port| self.port(port, "hostPort"))
                .collect(),
            handler_hosts,
            security: self.security_context(&security),
        }
    }

    fn volume(&mut self, node: Node<'_, '_>, spec: &Node<'_, '_>) -> Volume {
        let name = self.name(&node);
        let node = named(node, "volumes", &name, spec);
        let mut source = None;
        for (key, member) in node.members() {
            if key == "name" {
                continue;
            }
            if !VOLUME_SOURCES.contains(&key.as_str()) {
                self.reject(&member, "is not a known volume source", true);
            } else if source.is_some() {
                self.reject(&member, "is a second source of the same volume", false);
            }
            let member = self.as_object(member);
            source = Some(member.field(Some(key)));
        }
        Volume {
            source: source.unwrap_or_else(|| node.field(None)),
        }
    }
}

/// An item of a list, addressed by its name if it has one.
fn named<'a, 's>(node: Node<'a, 's>, list: &str, name: &str, spec: &Node<'_, '_>) -> Node<'a, 's> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return node;
    }
    let path = format!("{}.{list}[{name}]", spec.path);
    node.named(path)
}

/// Fields that the API rejects in a Windows pod (`kubernetes/kubernetes
/// pkg/apis/core/validation/validation.go`, `validateWindows`): on pods and containers,
const LINUX: [&str; 5] = [
    "appArmorProfile",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
];

/// on pods,
const LINUX_POD: [&str; 4] = [
    "fsGroup",
    "fsGroupChangePolicy",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];

/// and on containers.
const LINUX_CONTAINER: [&str; 5] = [
    "allowPrivilegeEscalation",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
];

const ON_WINDOWS: &str = "is not for a pod on Windows";

/// The approximate number of bytes that the fields of one container need.
const COST_OF_CONTAINER: usize = 1 << 10;

/// The longest name in the API. The path of an item with a longer name has its index.
const LONGEST_NAME: usize = 253;

/// The members of `VolumeSource`.
const VOLUME_SOURCES: [&str; 30] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];
