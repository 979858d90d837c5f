//! Writes assignments as edits of a manifest.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::cursor::Cursor;
use super::quantity;
use super::read::UNPRIVILEGED_PORT_START;
use super::volume_name::volume_name;
use crate::container::{
    Assignment, Container, Network, Observation, Observed, Patched, Place, Power, Reason, Role,
    Scratch, Setting, Value as Part, Words, clean, same_path,
};
use crate::dialect::{Unwritable, no_setting};
use crate::project::File;
use crate::syntax::{Editor, NodeId, Tree, Value};

/// The place where the settings of one container are written.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) pod: Arc<PodSite>,
    pub(super) node: NodeId,
    /// `spec.template.spec.containers[web]`
    pub(super) path: String,
    /// Whether the container or its pod names a primary group. A new user keeps this group.
    group_is_written: bool,
    /// The key of the container's requests and limits.
    resources: &'static str,
    /// Why nothing is written here.
    held: Option<Reason>,
}

/// The place of a pod, and the volumes planned for its containers in this run.
#[derive(Debug)]
pub(super) struct PodSite {
    file: usize,
    pub(super) node: NodeId,
    /// `spec.template.spec`
    pub(super) path: String,
    /// The names of volumes and claim templates.
    volumes: BTreeSet<String>,
    change_policy_is_written: bool,
    /// The annotations of the pod.
    annotations: Option<NodeId>,
    /// The values of the annotations with profiles, by key.
    profiles: HashMap<String, NodeId>,
    /// The new volumes of this run.
    planned: Mutex<PlannedVolumes>,
}

/// The volumes that this run adds to a pod.
#[derive(Debug, Default)]
struct PlannedVolumes {
    /// The name of each volume, by container and path.
    names: HashMap<(String, String), String>,
    taken: HashSet<String>,
    numbers: HashMap<String, u64>,
}

impl PodSite {
    pub(super) fn new(
        file: usize,
        node: NodeId,
        path: String,
        volumes: BTreeSet<String>,
        security: Option<Cursor<'_, '_>>,
        annotations: Option<&Cursor<'_, '_>>,
        profiles: HashMap<String, NodeId>,
    ) -> Self {
        Self {
            file,
            node,
            path,
            volumes,
            change_policy_is_written: security
                .is_some_and(|security| security.get("fsGroupChangePolicy").is_some()),
            annotations: annotations.map(Cursor::node),
            profiles,
            planned: Mutex::default(),
        }
    }

    /// The annotations of the pod, and the value of the profile at `key`, if it is written.
    pub(super) fn annotated<'s>(
        &self,
        tree: &Tree<'s>,
        key: &str,
    ) -> Option<(NodeId, Cow<'s, str>)> {
        let profile = self.profiles.get(key)?;
        Some((self.annotations?, tree.value(tree.resolve(*profile))))
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The name of the volume for a container at a path. Repeated calls return the same name, and
    /// no other volume has it.
    fn volume_for(&self, container: &Container, site: &str, target: &str) -> String {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (site.to_owned(), clean(target).into_owned());
        if let Some(known) = planned.names.get(&place) {
            return known.clone();
        }
        let PlannedVolumes {
            names,
            taken,
            numbers,
        } = &mut *planned;
        let is_taken = |name: &str| self.volumes.contains(name) || taken.contains(name);
        let name = volume_name(&container.name, target, is_taken, numbers);
        taken.insert(name.clone());
        names.insert(place, name.clone());
        name
    }
}

impl crate::dialect::Site for Site {
    fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        self.write(assignment, container, files, editors)
    }

    fn object(&self, container: &Container, files: &[File<'_>]) -> (usize, NodeId) {
        self.object_of(container, files)
    }

    fn headings(&self, container: &Container, files: &[File<'_>]) -> Vec<Place> {
        self.places(container, files)
    }
}

impl Site {
    /// The node of the container.
    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    pub(super) fn new(
        pod: Arc<PodSite>,
        node: NodeId,
        path: String,
        group_is_written: bool,
        resources: &'static str,
        held: Option<Reason>,
    ) -> Self {
        Self {
            pod,
            node,
            path,
            group_is_written,
            resources,
            held,
        }
    }

    fn write(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        if let Some(why) = &self.held {
            return Err(why.clone().into());
        }
        objection(assignment, container).map_or(Ok(()), Err)?;
        let (Some(editor), Some(file)) = (editors.get_mut(self.pod.file), files.get(self.pod.file))
        else {
            return Err(Unwritable::from(&FILE_NOT_GIVEN));
        };
        let tree = &file.tree;
        let mut writing = Writing {
            site: self,
            editor,
            paths: Vec::new(),
        };
        match assignment {
            Assignment::User { uid, gid } => writing.user(*uid, *gid)?,
            Assignment::RequireNonRoot => {
                writing.set(&["securityContext", "runAsNonRoot"], Value::Bool(true))?;
            }
            Assignment::NoNewPrivileges => writing.set(
                &["securityContext", "allowPrivilegeEscalation"],
                Value::Bool(false),
            )?,
            Assignment::ReadOnlyRoot => writing.set(
                &["securityContext", "readOnlyRootFilesystem"],
                Value::Bool(true),
            )?,
            Assignment::MemoryLimit(bytes) => {
                writing.set(&[self.resources, "limits", "memory"], memory(*bytes))?;
            }
            Assignment::MemoryRequest(bytes) => {
                writing.set(&[self.resources, "requests", "memory"], memory(*bytes))?;
            }
            Assignment::CpuLimit(thousandths) => {
                writing.set(&[self.resources, "limits", "cpu"], cpu(*thousandths))?;
            }
            Assignment::CpuRequest(thousandths) => {
                writing.set(&[self.resources, "requests", "cpu"], cpu(*thousandths))?;
            }
            Assignment::Scratch(scratch) => writing.scratch(scratch, container)?,
            Assignment::VolumeGroup(gid) => writing.volume_group(*gid)?,
            Assignment::UnprivilegedPortStart(port) => writing.push_in_pod(
                &["securityContext", "sysctls"],
                Value::Map(vec![
                    ("name".to_owned(), text(UNPRIVILEGED_PORT_START)),
                    ("value".to_owned(), text(&port.to_string())),
                ]),
            )?,
            Assignment::DropAllCapabilities => {
                writing.push(&["securityContext", "capabilities", "drop"], text("ALL"))?;
            }
            Assignment::AddCapability(name) => {
                writing.push(&["securityContext", "capabilities", "add"], text(name))?;
            }
            Assignment::DefaultSeccomp => writing.default_seccomp(tree, container)?,
            Assignment::DefaultAppArmor => writing.default_app_armor(tree, container)?,
            Assignment::DefaultSeLinux => writing.default_selinux(tree)?,
            Assignment::NoServiceAccountToken => {
                writing.set_on_pod("automountServiceAccountToken", Value::Bool(false))?;
            }
            Assignment::Unprivileged => {
                writing.set(&["securityContext", "privileged"], Value::Bool(false))?;
            }
            Assignment::PidsLimit(_)
            | Assignment::RestartAtMost(_)
            | Assignment::LocalhostPorts => {
                return Err(no_setting("Kubernetes"));
            }
            Assignment::OwnNamespace(_)
            | Assignment::RemoveCapability(_)
            | Assignment::RemoveSysctl(_)
            | Assignment::DefaultProcMount
            | Assignment::ReadOnlyMount(_) => writing.withdraw(assignment, tree)?,
        }
        Ok(writing.paths)
    }
}

/// The edits of one assignment.
pub(super) struct Writing<'w, 't, 's> {
    pub(super) site: &'w Site,
    pub(super) editor: &'w mut Editor<'t, 's>,
    pub(super) paths: Vec<String>,
}

impl Writing<'_, '_, '_> {
    pub(super) fn set(&mut self, path: &[&str], value: Value) -> Result<(), Unwritable> {
        self.editor.set(self.site.node, path, value)?;
        self.paths
            .push(format!("{}.{}", self.site.path, path.join(".")));
        Ok(())
    }

    fn push(&mut self, path: &[&str], value: Value) -> Result<(), Unwritable> {
        self.editor.push(self.site.node, path, value)?;
        self.paths
            .push(format!("{}.{}", self.site.path, path.join(".")));
        Ok(())
    }

    pub(super) fn set_on_pod(&mut self, key: &str, value: Value) -> Result<(), Unwritable> {
        let pod = &self.site.pod;
        self.editor.set(pod.node, &[key], value)?;
        self.paths.push(format!("{}.{key}", pod.path));
        Ok(())
    }

    fn set_in_pod(&mut self, key: &str, value: Value) -> Result<(), Unwritable> {
        let pod = &self.site.pod;
        self.editor
            .set(pod.node, &["securityContext", key], value)?;
        self.paths
            .push(format!("{}.securityContext.{key}", pod.path));
        Ok(())
    }

    fn push_in_pod(&mut self, path: &[&str], value: Value) -> Result<(), Unwritable> {
        let pod = &self.site.pod;
        self.editor.push(pod.node, path, value)?;
        self.paths.push(format!("{}.{}", pod.path, path.join(".")));
        Ok(())
    }

    fn user(&mut self, uid: u32, gid: Option<u32>) -> Result<(), Unwritable> {
        self.set(&["securityContext", "runAsUser"], number(uid))?;
        match gid {
            Some(gid) if !self.site.group_is_written => {
                self.set(&["securityContext", "runAsGroup"], number(gid))
            }
            _ => Ok(()),
        }
    }

    fn volume_group(&mut self, gid: u32) -> Result<(), Unwritable> {
        self.set_in_pod("fsGroup", number(gid))?;
        if self.site.pod.change_policy_is_written {
            return Ok(());
        }
        let policy = Value::Str("OnRootMismatch".to_owned());
        self.set_in_pod("fsGroupChangePolicy", policy)
    }

    /// A volume on the node's disk that is deleted with the pod. Everyone can write to it, so owner
    /// and mode are ignored.
    fn scratch(&mut self, scratch: &Scratch, container: &Container) -> Result<(), Unwritable> {
        let site = self.site;
        let name = site.pod.volume_for(container, &site.path, &scratch.path);
        let limit = Value::Map(vec![("sizeLimit".to_owned(), memory(scratch.size))]);
        self.push_in_pod(
            &["volumes"],
            Value::Map(vec![
                ("name".to_owned(), text(&name)),
                ("emptyDir".to_owned(), limit),
            ]),
        )?;
        self.editor.push(
            site.node,
            &["volumeMounts"],
            Value::Map(vec![
                ("name".to_owned(), text(&name)),
                ("mountPath".to_owned(), text(&scratch.path)),
            ]),
        )?;
        self.paths.push(format!("{}.volumeMounts", site.path));
        Ok(())
    }
}

/// Why the API server or the kubelet would reject the result.
fn objection(assignment: &Assignment, container: &Container) -> Option<Unwritable> {
    let because = |words: &'static Words| Some(Unwritable::from(words));
    if let Some(why) = &container.incomplete {
        return Some(Unwritable::Because(why.clone()));
    }
    if container.role == Role::Ephemeral {
        return because(&EPHEMERAL);
    }
    if container.windows && is_for_linux(assignment) {
        return because(&WINDOWS_POD);
    }
    match assignment {
        Assignment::NoNewPrivileges => refuses_no_new_privileges(container),
        Assignment::RequireNonRoot => container
            .user
            .judged()
            .filter(|user| user.is_root())
            .and_then(|_| because(&USER_IS_ROOT))
            .or_else(|| patched(container, &[Patched::User])),
        Assignment::Unprivileged
            if container
                .mounts
                .iter()
                .any(|mount| mount.propagation.as_deref() == Some("Bidirectional")) =>
        {
            Some(Reason::new(&BIDIRECTIONAL).name("Bidirectional").into())
        }
        Assignment::MemoryLimit(limit) => exceeds(container.memory_request.judged(), Some(limit)),
        Assignment::MemoryRequest(request) => {
            exceeds(Some(request), container.memory_limit.judged())
        }
        Assignment::CpuLimit(limit) => exceeds(container.cpu_request.judged(), Some(limit)),
        Assignment::CpuRequest(request) => exceeds(Some(request), container.cpu_limit.judged()),
        Assignment::Scratch(scratch) => taken(&scratch.path, container),
        Assignment::AddCapability(_) if !container.capabilities_added.is_supported() => {
            because(&NO_ADDED_CAPABILITIES)
        }
        Assignment::UnprivilegedPortStart(_) if container.network == Network::Host => {
            because(&HOST_NETWORK_SYSCTLS)
        }
        Assignment::UnprivilegedPortStart(_)
            if container
                .sysctls
                .iter()
                .any(|sysctl| sysctl.name == UNPRIVILEGED_PORT_START) =>
        {
            Some(
                Reason::new(&SYSCTL_IS_SET)
                    .name(UNPRIVILEGED_PORT_START)
                    .into(),
            )
        }
        _ => None,
    }
}

/// Some powers exclude `allowPrivilegeEscalation: false`. A patch may also add such a power.
fn refuses_no_new_privileges(container: &Container) -> Option<Unwritable> {
    for Observation { what, place } in &container.observations {
        match what {
            Observed::NeedsEscalation(Power::Privileged) => {
                return Some(Reason::new(&PRIVILEGED_ESCALATES).at(*place).into());
            }
            Observed::NeedsEscalation(Power::SysAdmin) => {
                let capability = Part::Capability("SYS_ADMIN".to_owned());
                let reason = Reason::new(&SYS_ADMIN_ESCALATES).with("capability", capability);
                return Some(reason.at(*place).into());
            }
            _ => {}
        }
    }
    patched(container, &[Patched::Privileged, Patched::NoNewPrivileges]).or_else(|| {
        let Setting::Variable { text, origin, .. } = &container.privileged else {
            return None;
        };
        let reason = Reason::new(&PRIVILEGED_BY_VARIABLE).written(text);
        Some(Unwritable::Because(reason.at(origin.place)))
    })
}

/// Whether a patch changes one of these settings.
fn patched(container: &Container, settings: &[Patched]) -> Option<Unwritable> {
    container.observations.iter().find_map(|seen| {
        let Observed::PatchedBy { file, setting, key } = &seen.what else {
            return None;
        };
        let reason = Reason::new(&PATCHED)
            .written(file)
            .name(*key)
            .at(seen.place);
        settings
            .contains(setting)
            .then_some(Unwritable::Because(reason))
    })
}

static FILE_NOT_GIVEN: Words =
    Words::new("file-not-editable", "Its file is not one of those to edit.");
static EPHEMERAL: Words = Words::new(
    "ephemeral-is-immutable",
    "The API does not change an ephemeral container of a pod.",
);
static WINDOWS_POD: Words = Words::new(
    "windows-pod",
    "The API refuses this setting in a pod for Windows.",
);
static USER_IS_ROOT: Words = Words::new(
    "non-root-with-root",
    "Its user is root: the kubelet would not start it.",
);
static NO_ADDED_CAPABILITIES: Words = Words::new(
    "controller-refuses-capabilities",
    "Its controller refuses added capabilities by default.",
);
static HOST_NETWORK_SYSCTLS: Words = Words::new(
    "host-network-sysctls",
    "A pod in the host's network cannot set kernel parameters of the network.",
);
static SYSCTL_IS_SET: Words = Words::new("sysctl-is-set", "The pod already sets {name}.");
static BIDIRECTIONAL: Words = Words::new(
    "propagation-needs-privileged",
    "It mounts with the propagation {name}, which the API allows only if it is privileged.",
);
static REQUEST_ABOVE: Words = Words::new(
    "request-above-limit",
    "The API refuses a request that is larger than its limit.",
);
static PATH_TAKEN: Words = Words::new("mount-path-taken", "{path} already has a mount.");
static NOT_A_MOUNT_PATH: Words =
    Words::new("not-a-mount-path", "{path} cannot be the path of a mount.");
static PRIVILEGED_ESCALATES: Words = Words::new(
    "api-refuses-privileged",
    "The API refuses a privileged container that may not gain privileges.",
);
static SYS_ADMIN_ESCALATES: Words = Words::new(
    "api-refuses-sys-admin",
    "The API refuses a container with the capability {capability} that may not gain privileges.",
);
static PRIVILEGED_BY_VARIABLE: Words = Words::new(
    "privileged-by-variable",
    "{written} decides whether it is privileged, and the API refuses a privileged container that \
     may not gain privileges.",
);
static PATCHED: Words = Words::new("setting-patched", "The patch {written} sets its {name}.");

fn exceeds(request: Option<&u64>, limit: Option<&u64>) -> Option<Unwritable> {
    (request? > limit?).then(|| Unwritable::from(&REQUEST_ABOVE))
}

/// The API rejects two mounts at one path, and a colon in a path.
fn taken(path: &str, container: &Container) -> Option<Unwritable> {
    let written = container
        .mounts
        .iter()
        .any(|mount| mount.place.is_some() && same_path(&mount.target, path))
        || container
            .devices
            .iter()
            .any(|device| same_path(device, path));
    if written {
        Some(Reason::new(&PATH_TAKEN).path(path).into())
    } else if path.contains(':') || !path.starts_with('/') {
        Some(Reason::new(&NOT_A_MOUNT_PATH).path(path).into())
    } else {
        None
    }
}

fn is_for_linux(assignment: &Assignment) -> bool {
    match assignment {
        Assignment::User { .. }
        | Assignment::NoNewPrivileges
        | Assignment::ReadOnlyRoot
        | Assignment::Scratch(_)
        | Assignment::VolumeGroup(_)
        | Assignment::UnprivilegedPortStart(_)
        | Assignment::DropAllCapabilities
        | Assignment::AddCapability(_)
        | Assignment::DefaultSeccomp
        | Assignment::DefaultAppArmor
        | Assignment::DefaultSeLinux
        | Assignment::Unprivileged
        | Assignment::OwnNamespace(_)
        | Assignment::RemoveCapability(_)
        | Assignment::RemoveSysctl(_)
        | Assignment::DefaultProcMount => true,
        Assignment::RequireNonRoot
        | Assignment::NoServiceAccountToken
        | Assignment::PidsLimit(_)
        | Assignment::RestartAtMost(_)
        | Assignment::LocalhostPorts
        | Assignment::ReadOnlyMount(_)
        | Assignment::MemoryLimit(_)
        | Assignment::MemoryRequest(_)
        | Assignment::CpuLimit(_)
        | Assignment::CpuRequest(_) => false,
    }
}

fn number(id: u32) -> Value {
    Value::Int(i64::from(id))
}

fn memory(bytes: u64) -> Value {
    Value::Str(quantity::bytes_text(bytes))
}

fn cpu(thousandths: u64) -> Value {
    Value::Str(quantity::thousandths_text(thousandths))
}

pub(super) fn text(text: &str) -> Value {
    Value::Str(text.to_owned())
}
