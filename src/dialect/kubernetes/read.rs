//! Reads the spec of a pod into neutral containers.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::autoscaler::Autoscalers;
use super::cursor::{Cursor, Source, boolean, id, port, string};
use super::lower::{PodSite, Site};
use super::neighbours::Neighbours;
use super::object::{Document, Object, Written, documents};
use super::patches::Patches;
use super::storage::Volumes;
use super::workload::Shape;
use super::{quantity, recognise};
use crate::container::{
    Container, HostNamespace, HostPort, Id, Network, Observed, Place, Power, Reason, Role, Setting,
    Sysctl, User, Via, Words,
};
use crate::dialect::{Member, Reading};
use crate::image::{self, Knowledge};
use crate::project::{CustomResource, File, Part};
use crate::syntax::{Scalar, Tree};

/// Every container of every pod, in the order of the files.
pub(super) fn read(reading: &Reading<'_, '_>) -> Vec<Member> {
    let Reading {
        files,
        knowledge,
        custom_resources,
        ..
    } = reading;
    let sources: Vec<Source<'_, '_>> = files
        .iter()
        .enumerate()
        .map(|(index, file)| Source::new(&file.tree, index, custom_resources))
        .collect();
    let names: Vec<PathBuf> = files.iter().map(|file| name(reading, file)).collect();
    let mut patches = Patches::default();
    let mut objects: Vec<(&File<'_>, &Source<'_, '_>, Object<'_, '_>)> = Vec::new();
    let mut file_is_rendered = vec![false; files.len()];
    for (index, (file, source)) in files.iter().zip(&sources).enumerate() {
        for document in documents(source) {
            patches.take(file, &names[index], &document);
            match document {
                Document::Objects(found) => {
                    objects.extend(found.into_iter().map(|object| (file, source, object)));
                }
                Document::Rendered(_) => file_is_rendered[index] = true,
                Document::Empty | Document::Other(_) => {}
            }
        }
    }
    let own;
    let Neighbours {
        autoscalers,
        ranges,
        accounts,
        is_rendered,
    } = if let Some(of_stream) = reading.neighbours {
        of_stream
    } else {
        own = Neighbours::read(objects.iter().map(|(_, _, object)| object));
        &own
    };

    let mut members = Vec::new();
    for (file, source, object) in &objects {
        let is_listed = file.part == Part::PATCH;
        let held = held(
            object,
            is_listed,
            *is_rendered || file_is_rendered[source.file()],
        );
        for pod in object.pods() {
            let is_whole = !pod.is_partial() && (!is_listed || object.is_of_its_own());
            if let Some(read) = Pod::read(object, &pod, source, is_whole, autoscalers) {
                let first = members.len();
                let held = held.clone().or_else(|| unknown(object, &pod));
                read.containers(&pod, knowledge, held.as_ref(), &mut members);
                read.account(accounts, &mut members[first..]);
                ranges.bound(read.namespace.as_deref(), &mut members[first..]);
                patches.note_on(&names[source.file()], object, &pod, &mut members[first..]);
                if is_listed && !is_whole {
                    let own = members[first..].iter_mut();
                    own.for_each(|member| member.container.is_fragment = true);
                }
            }
        }
    }
    for member in &mut members {
        let file = member.container.place.file;
        if sources.get(file).is_some_and(Source::is_overdrawn) {
            member.container.incomplete = Some(Reason::new(&TOO_MANY_ALIASES));
        }
    }
    members
}

/// The name of a patch in reports. Others need none.
fn name(reading: &Reading<'_, '_>, file: &File<'_>) -> PathBuf {
    // An object can have the directives of a patch.
    let is_patch = file.part == Part::PATCH || file.tree.source().contains('$');
    if is_patch {
        reading.surroundings.name(&file.path)
    } else {
        PathBuf::new()
    }
}

/// Why nothing is written in the object. Its weak settings are still reported.
fn held(object: &Object<'_, '_>, is_listed: bool, file_is_rendered: bool) -> Option<Reason> {
    let words = if recognise::is_rendered(object) {
        &RENDERED
    } else if file_is_rendered {
        &RENDERED_FILE
    } else if is_listed {
        &LISTED_PATCH
    } else if recognise::has_directive(&object.cursor) {
        &DIRECTIVES
    } else {
        return None;
    };
    Some(Reason::new(words))
}

fn unknown(object: &Object<'_, '_>, pod: &super::Pod<'_, '_>) -> Option<Reason> {
    let why = || Reason::new(&KIND_UNKNOWN).name(&object.kind);
    (!pod.is_known).then(why)
}

/// Whether an object of the file affects the pods of other files: an autoscaler, a `LimitRange`, a
/// service account, a role binding, or a patch by its directives.
pub(crate) fn concerns_others(tree: &Tree<'_>, custom_resources: &[CustomResource]) -> bool {
    let source = Source::new(tree, 0, custom_resources);
    let objects: Vec<Object<'_, '_>> = documents(&source)
        .filter_map(|document| match document {
            Document::Objects(objects) => Some(objects),
            Document::Empty | Document::Rendered(_) | Document::Other(_) => None,
        })
        .flatten()
        .collect();
    // A file that exceeds its reading budget may contain such an object.
    source.is_overdrawn()
        || !Neighbours::read(objects.iter()).is_empty()
        || objects
            .iter()
            .any(|object| recognise::has_directive(&object.cursor) && !object.pods().is_empty())
}

/// The labels and annotations of the object and of its pod.
fn labels(object: &Object<'_, '_>, pod: &super::Pod<'_, '_>) -> Arc<[(String, String)]> {
    [object.cursor.get("metadata"), pod.metadata.clone()]
        .iter()
        .flatten()
        .flat_map(|metadata| ["labels", "annotations"].map(|key| metadata.get(key)))
        .flatten()
        .flat_map(|pairs| pairs.entries())
        .filter_map(|(key, value)| Some((key.into_owned(), value.word()?.into_owned())))
        .collect()
}

/// The common settings of the containers of one pod.
pub(super) struct Pod<'a, 's> {
    pub(super) spec: Cursor<'a, 's>,
    pub(super) annotations: Option<Cursor<'a, 's>>,
    /// The annotations with profiles, by key. There can be one for each container.
    profiles: HashMap<String, Cursor<'a, 's>>,
    security: Option<Cursor<'a, 's>>,
    volumes: Volumes,
    label: String,
    pub(super) namespace: Option<String>,
    windows: bool,
    whole: bool,
    autoscaler: Option<String>,
    shape: &'static Shape,
    caution: Option<Reason>,
    labels: Arc<[(String, String)]>,
    place: Arc<PodSite>,
}

impl<'a, 's> Pod<'a, 's> {
    fn read(
        object: &Object<'a, 's>,
        pod: &super::Pod<'a, 's>,
        source: &Source<'_, '_>,
        whole: bool,
        autoscalers: &Autoscalers,
    ) -> Option<Self> {
        let spec = pod.spec.clone()?;
        let templates = object.cursor.find(&["spec", "volumeClaimTemplates"]);
        let around = (!pod.shape.is_pod())
            .then(|| object.cursor.find(&["spec", "volumes"]))
            .flatten();
        let volumes = Volumes::read(&spec, around.as_ref(), templates.as_ref());
        let name = object.name();
        let namespace = object.namespace();
        let autoscaler = autoscalers
            .of(&object.kind, &name, namespace.as_deref())
            .map(str::to_owned);
        let annotations = pod
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.get("annotations"));
        let profiles = profiles(annotations.as_ref());
        let nodes = profiles
            .iter()
            .map(|(key, value)| (key.clone(), value.node()));
        let place = PodSite::new(
            source.file(),
            spec.node(),
            pod.path.clone(),
            volumes.names().cloned().collect(),
            spec.get("securityContext"),
            annotations.as_ref(),
            nodes.collect(),
        );
        Some(Self {
            security: spec.get("securityContext"),
            annotations,
            profiles,
            volumes,
            label: object.label(),
            namespace,
            shape: pod.shape,
            caution: caution(object),
            labels: labels(object, pod),
            windows: is_windows(&spec, &pod.containers()),
            whole,
            autoscaler,
            place: Arc::new(place),
            spec,
        })
    }

    /// `held` is why nothing is written in the pod.
    fn containers(
        &self,
        pod: &super::Pod<'a, 's>,
        knowledge: &Knowledge,
        held: Option<&Reason>,
        into: &mut Vec<Member>,
    ) {
        let group = into.len();
        for written in pod.containers() {
            into.push(self.member(&written, group, knowledge, held));
        }
    }

    /// `group` is the index of the pod's first container among the members.
    fn member(
        &self,
        written: &Written<'a, 's>,
        group: usize,
        knowledge: &Knowledge,
        held: Option<&Reason>,
    ) -> Member {
        let Written { cursor, role, path } = written;
        // The only container of a workflow template has no name, so the template's name is used.
        let names = [cursor.word_of("name"), self.spec.word_of("name")];
        let name = names.into_iter().find(|name| !name.is_empty());
        let is_single = self.shape.singles.contains(&path.as_str());
        let name = name.or_else(|| is_single.then(|| path.clone()));
        let name = name.unwrap_or_default();
        let role = *role;
        let mut container = Container::new(name, self.label.clone(), cursor.place());
        container.namespace.clone_from(&self.namespace);
        container.role = role;
        container.group = group;
        container.limit_implies_request = true;
        container.autoscaler.clone_from(&self.autoscaler);
        container.caution.clone_from(&self.caution);
        container.labels = Arc::clone(&self.labels);
        if !self.whole {
            container.incomplete = Some(Reason::new(&PART_OF_OBJECT));
        }
        if self.shape.is_completed {
            container.no_assumptions = Some(Reason::new(&COMPLETED));
        }
        // Argo and others have variables of their own in braces.
        let is_rendered = self.shape.is_pod()
            && ["name", "image"]
                .iter()
                .any(|key| recognise::has_braces(cursor, &[key]));
        let held = held
            .cloned()
            .or_else(|| is_rendered.then(|| Reason::new(&RENDERED)));
        image(cursor, knowledge, &mut container);
        process(cursor, &mut container);
        self.volumes.mount(cursor, &mut container);
        match self.shape.resources {
            Some(key) => resources(&self.spec, cursor, key, &mut container),
            None => without_resources(&mut container),
        }
        self.host(cursor, &mut container);
        let group_is_written = self.security(cursor, &mut container);
        if self.windows {
            container.windows = true;
            without_linux(&mut container);
        }
        self.limits_of_shape(cursor, &mut container);
        container.pids_limit = Setting::Unsupported;
        if role == Role::Ephemeral {
            without_resources(&mut container);
        }
        Member {
            site: Box::new(Site::new(
                Arc::clone(&self.place),
                cursor.node(),
                format!("{}.{path}", self.place.path()),
                group_is_written,
                self.shape.resources.unwrap_or("resources"),
                held,
            )),
            container,
        }
    }

    /// Applies the limits of kinds that are not native pods: settings they do not support, and
    /// evidence against a change.
    fn limits_of_shape(&self, cursor: &Cursor<'_, '_>, container: &mut Container) {
        if !self.shape.has_pod_settings {
            container.volume_group = Setting::Unsupported;
            container.unprivileged_port_start = Setting::Unsupported;
            container.service_account_token = Setting::Unsupported;
        }
        if !self.shape.can_add_capabilities && container.capabilities_added.is_absent() {
            container.capabilities_added = Setting::Unsupported;
        }
        if self.shape.exchanges_files {
            let exchanges = Observed::ExchangesFiles.at(Some(cursor.place()));
            container.observations.push(exchanges);
        }
    }

    /// Reads the security context of the container, with the pod's as default. Returns whether the
    /// primary group is written.
    fn security(&self, cursor: &Cursor<'_, '_>, container: &mut Container) -> bool {
        let own = cursor.get("securityContext");
        let own = own.as_ref();
        let pod = self.security.as_ref();

        let group = either(own, pod, &["runAsGroup"], id);
        container.user = user(either(own, pod, &["runAsUser"], id), &group);
        container.require_non_root = either(own, pod, &["runAsNonRoot"], boolean);
        self.confinement(cursor, container);
        container.restart = Setting::Unsupported;
        container.init = Setting::Unsupported;
        container.volume_group = only_pod(pod, &["fsGroup"], id);
        container.owners_volume = self.volumes.readable_by_owner_only().cloned();
        container.regroups_volumes = pod
            .and_then(|pod| pod.get("fsGroupChangePolicy"))
            .is_some_and(|policy| policy.word().as_deref() != Some("OnRootMismatch"));

        container.privileged = only(own, &["privileged"], boolean);
        container.no_new_privileges = only(own, &["allowPrivilegeEscalation"], |scalar| {
            boolean(scalar).map(|allowed| !allowed)
        });
        container.read_only_root = only(own, &["readOnlyRootFilesystem"], boolean);
        container.proc_mount = only(own, &["procMount"], string);
        container.capabilities_added = capabilities(own, "add");
        container.capabilities_dropped = capabilities(own, "drop");
        refused_escalation(own, container);
        self.sysctls(container);
        !group.is_absent()
    }

    /// Reads the profiles from the container, the pod, or the older annotations.
    fn confinement(&self, cursor: &Cursor<'_, '_>, container: &mut Container) {
        let own = cursor.get("securityContext");
        let (own, pod) = (own.as_ref(), self.security.as_ref());
        let annotated = |key: &str| {
            self.profiles
                .get(key)
                .map_or(Setting::Absent, |value| via_pod(value.typed(string)))
        };
        let name = &container.name;
        container.seccomp = either(own, pod, &["seccompProfile", "type"], string);
        if container.seccomp.is_absent() {
            container.seccomp = [format!("{SECCOMP}/{name}"), POD_SECCOMP.to_owned()]
                .iter()
                .map(|key| annotated(key))
                .find(|profile| !profile.is_absent())
                .filter(|profile| profile.judged().is_none_or(|text| text == "unconfined"))
                .unwrap_or(Setting::Absent);
        }
        container.app_armor = either(own, pod, &["appArmorProfile", "type"], string);
        if container.app_armor.is_absent() {
            container.app_armor = annotated(&format!("{APP_ARMOR}/{name}"));
        }
        container.selinux = either(own, pod, &["seLinuxOptions", "type"], string);
        for place in [
            container.seccomp.place(),
            container.app_armor.place(),
            container.selinux.place(),
        ]
        .into_iter()
        .flatten()
        .filter(|place| cursor.has_remark(*place))
        {
            container
                .observations
                .push(Observed::Comment.at(Some(place)));
        }
    }

    fn sysctls(&self, container: &mut Container) {
        let Some(security) = &self.security else {
            return;
        };
        for (_, sysctl) in security.items_of("sysctls") {
            let name = sysctl.word_of("name");
            if name == UNPRIVILEGED_PORT_START {
                container.unprivileged_port_start = via_pod(
                    sysctl.setting(&["value"], |scalar| string(scalar)?.trim().parse().ok()),
                );
            }
            container.sysctls.push(Sysctl {
                name,
                value: sysctl.word_of("value"),
                place: Some(sysctl.place()),
            });
        }
    }

    /// Reads what the pod shares with its host, and the container's ports.
    fn host(&self, cursor: &Cursor<'_, '_>, container: &mut Container) {
        let on_host = self.spec.is_true("hostNetwork");
        if on_host {
            container.network = Network::Host;
            container.network_place = self.spec.get("hostNetwork").map(|value| value.place());
        }
        for (key, name) in [("hostPID", "pid"), ("hostIPC", "ipc")] {
            if self.spec.is_true(key) {
                container.host_namespaces.push(HostNamespace {
                    name,
                    place: self.spec.get(key).map(|value| value.place()),
                });
            }
        }
        if self.spec.is_true("shareProcessNamespace") {
            let place = self.spec.get("shareProcessNamespace");
            let place = place.map(|value| value.place());
            let shares = Observed::SharesProcesses.at(place);
            container.observations.push(shares);
        }
        container.user_namespace = via_pod(self.spec.setting(&["hostUsers"], |scalar| {
            boolean(scalar).map(|shared| !shared)
        }));
        for (_, entry) in cursor.items_of("ports") {
            let number = |key| match entry.setting(&[key], port) {
                Setting::Set { value, .. } => Some(value),
                _ => None,
            };
            let inside = number("containerPort");
            container.ports.extend(inside);
            // With host networking, the API uses the container port as the host port.
            let outside = number("hostPort").or(inside.filter(|_| on_host));
            container.host_ports.extend(outside.map(|port| HostPort {
                port,
                address: Some(entry.word_of("hostIP")).filter(|address| !address.is_empty()),
                place: Some(entry.place()),
            }));
        }
    }
}

/// What the user must do because applying the object does not change existing pods (kubernetes
/// `pkg/apis/{core,batch,apps}/validation/validation.go`).
fn caution(object: &Object<'_, '_>) -> Option<Reason> {
    let on_delete = || {
        let strategy = object.cursor.find(&["spec", "updateStrategy", "type"]);
        strategy.and_then(|strategy| strategy.word()).as_deref() == Some("OnDelete")
    };
    Some(match object.kind.as_str() {
        "Pod" => Reason::new(&DELETE_POD),
        "Job" => Reason::new(&DELETE_JOB),
        "ReplicaSet" | "ReplicationController" => Reason::new(&DELETE_PODS),
        "StatefulSet" | "DaemonSet" if on_delete() => {
            Reason::new(&DELETE_PODS_FIRST).name("OnDelete")
        }
        _ => return None,
    })
}

static DELETE_POD: Words = Words::new(
    "pod-is-immutable",
    "The API does not change an existing Pod: delete it, then apply this one.",
);
static DELETE_JOB: Words = Words::new(
    "job-is-immutable",
    "The API does not change the template of an existing Job: delete it or rename this one.",
);
static DELETE_PODS: Words = Words::new(
    "pods-keep-settings",
    "Existing pods keep their settings: delete them after applying this.",
);
static DELETE_PODS_FIRST: Words = Words::new(
    "pods-keep-settings-on-delete",
    "With {name}, existing pods keep their settings: delete them after applying this.",
);
pub(crate) static TOO_MANY_ALIASES: Words = Words::new(
    "too-many-aliases",
    "The aliases of its file expand to more than the API server reads.",
);
static RENDERED: Words = Words::new(
    "rendered",
    "Its object has double braces in a name or an image, so a template engine must render it first.",
);
static RENDERED_FILE: Words = Words::new(
    "rendered-file",
    "Another document of the file is not YAML before a template engine renders it.",
);
static LISTED_PATCH: Words = Words::new(
    "listed-patch",
    "A kustomization lists the file as a patch, so each setting here would replace one of the \
     patched object.",
);
static DIRECTIVES: Words = Words::new(
    "patch-directives",
    "Its object has directives of a patch, so each setting here would replace one of the patched \
     object.",
);
static KIND_UNKNOWN: Words = Words::new(
    "kind-unknown",
    "The kind {name} is not known: its controller may ignore or reject the setting. If the value is a \
     pod spec, name the kind under `custom_resources` in .harden.yaml.",
);
static COMPLETED: Words = Words::new(
    "completed-by-operator",
    "It would rest on an assumption, and the operator adds to the container what is not in the file.",
);
static PART_OF_OBJECT: Words = Words::new(
    "part-of-object",
    "It looks like a patch: the rest of its object is not in this file.",
);

/// The annotations with the profiles of the pod or of its containers.
fn profiles<'a, 's>(annotations: Option<&Cursor<'a, 's>>) -> HashMap<String, Cursor<'a, 's>> {
    let entries = annotations.map(Cursor::entries).unwrap_or_default();
    let is_profile =
        |key: &str| key == POD_SECCOMP || key.starts_with(SECCOMP) || key.starts_with(APP_ARMOR);
    let profiles = entries.into_iter().filter(|(key, _)| is_profile(key));
    profiles
        .map(|(key, value)| (key.into_owned(), value))
        .collect()
}

/// The older annotation with the seccomp profile of the pod.
const POD_SECCOMP: &str = "seccomp.security.alpha.kubernetes.io/pod";

/// The prefix of the older annotation with the seccomp profile of a container. A slash and the name
/// of the container follow.
pub(super) const SECCOMP: &str = "container.seccomp.security.alpha.kubernetes.io";

/// The prefix of the annotation with the `AppArmor` profile of a container. A slash and the name of
/// the container follow. The API still reads it, and rejects a field with another value.
pub(super) const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io";

/// The kernel parameter with the first port that needs no privilege.
pub(super) const UNPRIVILEGED_PORT_START: &str = "net.ipv4.ip_unprivileged_port_start";

fn image(cursor: &Cursor<'_, '_>, knowledge: &Knowledge, container: &mut Container) {
    container.image_place = cursor.get("image").map(|value| value.place());
    let name = cursor
        .get("image")
        .and_then(|value| value.word())
        .map(|text| image::Name::parse(&text));
    container.facts = name.as_ref().and_then(|name| knowledge.facts(name));
    container.image = name;
}

/// Reads the command, the hooks, the probes and the environment.
fn process(cursor: &Cursor<'_, '_>, container: &mut Container) {
    for (_, variable) in cursor.items_of("env") {
        let value = match (variable.get("value"), variable.get("valueFrom")) {
            (Some(value), _) => value.word().map(std::borrow::Cow::into_owned),
            (None, Some(_)) => None,
            (None, None) => Some(String::new()),
        };
        let name = variable.word_of("name");
        container
            .environment_places
            .push((name.clone(), variable.place()));
        container.environment.push(name, value);
    }
    container.environment_elsewhere = !cursor.items_of("envFrom").is_empty();
    // An empty list counts as missing: the image's value is used.
    let words = |key| {
        cursor
            .get(key)
            .map(|list| list.words())
            .filter(|words| !words.is_empty())
    };
    container.entrypoint = words("command");
    container.arguments = words("args");
    let commands = |paths: &[&[&str]]| -> Vec<Vec<String>> {
        paths
            .iter()
            .filter_map(|path| Some(cursor.find(path)?.words()))
            .filter(|words| !words.is_empty())
            .collect()
    };
    container.hooks = commands(&[
        &["lifecycle", "postStart", "exec", "command"],
        &["lifecycle", "preStop", "exec", "command"],
    ]);
    container.probes = commands(&[
        &["startupProbe", "exec", "command"],
        &["readinessProbe", "exec", "command"],
        &["livenessProbe", "exec", "command"],
    ]);
}

fn resources(spec: &Cursor<'_, '_>, cursor: &Cursor<'_, '_>, key: &str, container: &mut Container) {
    let own = cursor.get(key);
    let own = own.as_ref();
    let pod = spec.get("resources");
    let pod = pod.as_ref();
    container.memory_limit = either(own, pod, &["limits", "memory"], quantity::bytes);
    container.memory_request = only(own, &["requests", "memory"], quantity::bytes);
    container.cpu_limit = either(own, pod, &["limits", "cpu"], quantity::thousandths);
    container.cpu_request = only(own, &["requests", "cpu"], quantity::thousandths);

    if let Some(pod) = pod {
        let resources = Observed::PodHasResources.at(Some(pod.place()));
        container.observations.push(resources);
    }

    let Some(own) = own else { return };
    for list in ["limits", "requests"] {
        for (resource, amount) in own.get(list).map(|list| list.entries()).unwrap_or_default() {
            // Only resources of device plugins have a domain that is not Kubernetes' own.
            let given = resource.contains('/')
                && amount.scalar().as_ref().and_then(quantity::bytes) != Some(0);
            if given && !container.devices.iter().any(|device| device == &resource) {
                container.accelerated |= is_accelerator(&resource);
                container.devices.push(resource.into_owned());
            }
        }
    }
    for (_, claim) in own.items_of("claims") {
        container.accelerated = true;
        container.devices.push(claim.word_of("name"));
    }
}

/// Whether a resource name of a device plugin is a GPU or another accelerator.
fn is_accelerator(resource: &str) -> bool {
    const VENDORS: [&str; 6] = [
        "nvidia.com/",
        "amd.com/gpu",
        "gpu.intel.com/",
        "habana.ai/",
        "aws.amazon.com/neuron",
        "google.com/tpu",
    ];
    VENDORS.iter().any(|vendor| resource.starts_with(vendor))
        || ["gpu", "tpu", "npu"]
            .iter()
            .any(|word| resource.to_ascii_lowercase().contains(word))
}

/// Whether the pod runs on Windows, by `spec.os`, node selection, Windows-only settings, or images
/// of Windows.
fn is_windows(spec: &Cursor<'_, '_>, containers: &[Written<'_, '_>]) -> bool {
    let paths = [
        &["os", "name"] as &[&str],
        &["nodeSelector", "kubernetes.io/os"],
        &["nodeSelector", "beta.kubernetes.io/os"],
    ];
    let is_declared = paths.iter().any(|path| {
        let word = spec.find(path);
        word.and_then(|value| value.word())
            .is_some_and(|word| word == "windows")
    });
    let options: &[&str] = &["securityContext", "windowsOptions"];
    is_declared
        || spec
            .find(&["nodeSelector", "node.kubernetes.io/windows-build"])
            .is_some()
        || wants_windows(spec)
        || spec.find(options).is_some()
        || containers.iter().any(|one| {
            one.cursor.find(options).is_some()
                || one
                    .cursor
                    .word_of("image")
                    .starts_with("mcr.microsoft.com/windows/")
        })
}

/// Whether each of the alternative node selector terms requires Windows.
fn wants_windows(spec: &Cursor<'_, '_>) -> bool {
    let terms = spec.find(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let terms = terms.map(|terms| terms.items()).unwrap_or_default();
    !terms.is_empty()
        && terms.iter().all(|(_, term)| {
            term.items_of("matchExpressions").iter().any(|(_, one)| {
                matches!(
                    one.word_of("key").as_str(),
                    "kubernetes.io/os" | "beta.kubernetes.io/os"
                ) && one.word_of("operator") == "In"
                    && one
                        .get("values")
                        .is_some_and(|values| values.words() == ["windows"])
            })
        })
}

/// Notes the settings with which the API rejects `allowPrivilegeEscalation: false`.
fn refused_escalation(own: Option<&Cursor<'_, '_>>, container: &mut Container) {
    let Some(own) = own else { return };
    let mut needs = |power: Power, place: Place| {
        let needs = Observed::NeedsEscalation(power).at(Some(place));
        container.observations.push(needs);
    };
    if let Some(privileged) = own.get("privileged")
        && own.is_true("privileged")
    {
        needs(Power::Privileged, privileged.place());
    }
    if let Some(added) = own.find(&["capabilities", "add"])
        // The API checks only this spelling. Without the prefix it accepts both settings.
        && added.words().iter().any(|name| name == "CAP_SYS_ADMIN")
    {
        needs(Power::SysAdmin, added.place());
    }
}

/// The capabilities that Pod Security lets a container add (`check_capabilities_baseline.go`).
const ALLOWED: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities(own: Option<&Cursor<'_, '_>>, list_name: &str) -> Setting<Vec<String>> {
    let Some(list) = own.and_then(|own| own.find(&["capabilities", list_name])) else {
        return Setting::Absent;
    };
    let value = list
        .words()
        .iter()
        .map(|name| {
            let upper = name.to_ascii_uppercase();
            match upper.strip_prefix("CAP_") {
                // Runtimes accept `all` as `ALL`, but Pod Security does not. With the prefix,
                // containerd drops nothing, because it adds its own.
                _ if list_name == "drop" && upper == "ALL" => name.clone(),
                Some(_) if list_name == "drop" => name.clone(),
                // Pod Security allows these names only without the prefix.
                Some(short) if ALLOWED.contains(&short) => upper,
                Some(short) => short.to_owned(),
                None => upper,
            }
        })
        .collect();
    Setting::Set {
        value,
        origin: list.origin(),
    }
}

fn user(uid: Setting<u32>, group: &Setting<u32>) -> Setting<User> {
    match uid {
        Setting::Set { value, origin } => Setting::Set {
            value: User {
                user: Id::Number(value),
                group: group.judged().copied().map(Id::Number),
            },
            origin,
        },
        Setting::Variable { text, origin, .. } => Setting::Variable {
            text,
            default: None,
            origin,
        },
        Setting::Unreadable { text, origin } => Setting::Unreadable { text, origin },
        Setting::Absent => Setting::Absent,
        Setting::Unsupported => Setting::Unsupported,
    }
}

/// The container's value, or otherwise the pod's.
fn either<'s, T>(
    own: Option<&Cursor<'_, 's>>,
    pod: Option<&Cursor<'_, 's>>,
    path: &[&str],
    read: impl Fn(&Scalar<'s>) -> Option<T> + Copy,
) -> Setting<T> {
    match only(own, path, read) {
        Setting::Absent => only_pod(pod, path, read),
        own => own,
    }
}

/// The container's value.
fn only<'s, T>(
    own: Option<&Cursor<'_, 's>>,
    path: &[&str],
    read: impl FnOnce(&Scalar<'s>) -> Option<T>,
) -> Setting<T> {
    own.map_or(Setting::Absent, |own| own.setting(path, read))
}

/// The pod's value.
fn only_pod<'s, T>(
    pod: Option<&Cursor<'_, 's>>,
    path: &[&str],
    read: impl FnOnce(&Scalar<'s>) -> Option<T>,
) -> Setting<T> {
    via_pod(only(pod, path, read))
}

/// Marks the setting as inherited from the pod.
pub(super) fn via_pod<T>(mut setting: Setting<T>) -> Setting<T> {
    if let Setting::Set { origin, .. }
    | Setting::Variable { origin, .. }
    | Setting::Unreadable { origin, .. } = &mut setting
    {
        origin.via = Via::Pod;
    }
    setting
}

/// Windows supports none of these settings, and the API rejects them in a Windows pod.
fn without_linux(container: &mut Container) {
    container.privileged = Setting::Unsupported;
    container.user = Setting::Unsupported;
    container.no_new_privileges = Setting::Unsupported;
    container.read_only_root = Setting::Unsupported;
    container.capabilities_added = Setting::Unsupported;
    container.capabilities_dropped = Setting::Unsupported;
    container.volume_group = Setting::Unsupported;
    container.unprivileged_port_start = Setting::Unsupported;
    container.user_namespace = Setting::Unsupported;
    container.seccomp = Setting::Unsupported;
    container.app_armor = Setting::Unsupported;
    container.selinux = Setting::Unsupported;
    container.proc_mount = Setting::Unsupported;
}

/// An ephemeral container has no resources of its own and uses those of its pod.
fn without_resources(container: &mut Container) {
    container.memory_limit = Setting::Unsupported;
    container.memory_request = Setting::Unsupported;
    container.cpu_limit = Setting::Unsupported;
    container.cpu_request = Setting::Unsupported;
}
