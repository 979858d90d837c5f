//! Applies the patches of a kustomization to what is known of its workloads.
//!
//! A patch may set a request that is larger than a limit in the manifest, or replace a list
//! (kubernetes/community `contributors/devel/sig-api-machinery/strategic-merge-patch.md`). Settings
//! that a patch changes are therefore not edited here. For a JSON patch (RFC 6902), the paths of
//! its operations name these settings.

use std::collections::HashMap;
use std::path::Path;

use super::cursor::Cursor;
use super::object::{Document, Object, Pod};
use crate::container::{Container, Observed, Patched};
use crate::dialect::Member;
use crate::project::{File, Part, Target};

/// The patches of a project.
#[derive(Debug, Default)]
pub(super) struct Patches<'p, 'a, 's> {
    /// Patches by the kind and name that they contain.
    named: HashMap<(String, String), Vec<Patch<'p, 'a, 's>>>,
    /// Patches with an explicit target in the kustomization.
    targeted: Vec<(&'p Target, Patch<'p, 'a, 's>)>,
}

#[derive(Clone, Debug)]
struct Patch<'p, 'a, 's> {
    /// The file that contains the patch.
    by: &'p Path,
    content: Content<'a, 's>,
}

#[derive(Clone, Debug)]
enum Content<'a, 's> {
    /// A strategic merge patch.
    Pods(Vec<Pod<'a, 's>>),
    /// One operation of a JSON patch.
    Operation {
        at: Vec<String>,
        value: Option<Cursor<'a, 's>>,
    },
}

impl<'p, 'a, 's> Patches<'p, 'a, 's> {
    /// Adds a document of a file that contains patches.
    pub(super) fn take(&mut self, file: &'p File<'_>, document: &Document<'a, 's>) {
        if file.part != Part::PATCH {
            return;
        }
        let by = file.path.as_path();
        match document {
            Document::Empty => {}
            Document::Objects(objects) => {
                for object in objects {
                    let pods = object.pods();
                    if pods.is_empty() {
                        continue;
                    }
                    let content = Content::Pods(pods);
                    let patch = Patch { by, content };
                    // The kind and name in the patch also count, because another kustomization may
                    // apply it to them.
                    let own = (object.kind.clone(), object.name());
                    self.named.entry(own).or_default().push(patch.clone());
                    let targets = file.targets.iter();
                    self.targeted
                        .extend(targets.map(|target| (target, patch.clone())));
                }
            }
            Document::Other(list) => {
                for (_, operation) in list.items() {
                    let content = Content::Operation {
                        at: pointer(&operation.word_of("path")),
                        value: operation.get("value"),
                    };
                    let targets = file.targets.iter();
                    self.targeted.extend(targets.map(|target| {
                        let content = content.clone();
                        (target, Patch { by, content })
                    }));
                }
            }
        }
    }

    /// Records in the containers of a workload's pod which settings its patches change. Namespaces
    /// are not compared, because a kustomization sets the namespace of its objects.
    pub(super) fn note_on(
        &self,
        object: &Object<'_, '_>,
        pod: &Pod<'_, '_>,
        members: &mut [Member],
    ) {
        if self.named.is_empty() && self.targeted.is_empty() {
            return;
        }
        let (kind, name) = (object.kind.clone(), object.name());
        let targeted = self.targeted.iter();
        let targeted = targeted.filter(|(target, _)| target.may_mean(&kind, &name));
        let targeted: Vec<&Patch<'_, '_, '_>> = targeted.map(|(_, patch)| patch).collect();
        let named = self.named.get(&(kind, name));
        for Patch { by, content } in named.into_iter().flatten().chain(targeted) {
            match content {
                Content::Pods(pods) => {
                    for patch in pods {
                        note_merge(by, patch, members);
                    }
                }
                Content::Operation { at, value } => {
                    note_operation(by, at, value.as_ref(), pod, members);
                }
            }
        }
    }
}

/// The steps of a JSON pointer (RFC 6901).
fn pointer(text: &str) -> Vec<String> {
    let steps = text.split('/').skip(1);
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Records the changes of a strategic merge patch to a pod.
fn note_merge(by: &Path, patch: &Pod<'_, '_>, members: &mut [Member]) {
    if let Some(spec) = &patch.spec {
        let security = spec.get("securityContext");
        let replaces = replacement(spec, "volumes");
        for Member { container, .. } in members.iter_mut() {
            if let Some(security) = &security {
                confine(by, security, container);
            }
            if let Some(volumes) = &replaces {
                note(container, Patched::Volumes, by, "volumes", Some(volumes));
            }
        }
    }
    for own in patch.containers() {
        let name = own.cursor.word_of("name");
        let named = members.iter_mut();
        let named = named.filter(|member| member.container.name == name);
        for Member { container, .. } in named {
            note_container(by, &own.cursor, container);
        }
    }
}

/// The list of this key, if it replaces the other list instead of merging with it.
fn replacement<'a, 's>(of: &Cursor<'a, 's>, key: &str) -> Option<Cursor<'a, 's>> {
    let mut items = of.items_of(key).into_iter();
    items
        .any(|(_, item)| item.word_of("$patch") == "replace")
        .then(|| of.get(key))
        .flatten()
}

/// Records the changes of a patch to one container.
fn note_container(by: &Path, patched: &Cursor<'_, '_>, container: &mut Container) {
    if let Some(resources) = patched.get("resources") {
        size(by, Some(&resources), container);
    }
    if let Some(own) = patched.get("securityContext") {
        confine(by, &own, container);
    }
    if let Some(mounts) = replacement(patched, "volumeMounts") {
        note(
            container,
            Patched::Mounts,
            by,
            "volumeMounts",
            Some(&mounts),
        );
    }
    for (_, item) in patched.items_of("volumeMounts") {
        mount(by, &item, container);
    }
}

/// Records the change of one JSON patch operation to a pod. The operation names a value of the
/// whole object and replaces it.
fn note_operation(
    by: &Path,
    at: &[String],
    value: Option<&Cursor<'_, '_>>,
    pod: &Pod<'_, '_>,
    members: &mut [Member],
) {
    let mut steps = at.iter().map(String::as_str);
    for step in pod.path.split('.') {
        match steps.next() {
            Some(own) if own == step => {}
            Some(_) => return,
            None => {
                for Member { container, .. } in members {
                    note_replaced_container(by, value, container);
                }
                return;
            }
        }
    }
    let steps: Vec<&str> = steps.collect();
    match steps.as_slice() {
        [] | ["containers"] => {
            for Member { container, .. } in members {
                note_replaced_container(by, value, container);
            }
        }
        ["securityContext", key @ ..] => {
            for Member { container, .. } in members {
                confine_at(by, key.first().copied(), value, container);
            }
        }
        ["volumes"] => {
            for Member { container, .. } in members {
                note(container, Patched::Volumes, by, "volumes", value);
            }
        }
        [list @ ("containers" | "initContainers"), index, of @ ..] => {
            let item = index.parse().ok().and_then(|index: usize| {
                let list = pod.spec.as_ref()?.get(list)?;
                list.item(index)
            });
            let Some(name) = item.map(|item| item.word_of("name")) else {
                return;
            };
            let mut named = members.iter_mut();
            let Some(Member { container, .. }) = named.find(|member| member.container.name == name)
            else {
                return;
            };
            match of {
                [] => note_replaced_container(by, value, container),
                ["resources", ..] => size(by, value, container),
                ["securityContext", key @ ..] => {
                    confine_at(by, key.first().copied(), value, container);
                }
                ["volumeMounts"] => {
                    note(container, Patched::Mounts, by, "volumeMounts", value);
                }
                ["volumeMounts", _] => {
                    if let Some(item) = value {
                        mount(by, item, container);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// An operation replaces the whole container.
fn note_replaced_container(by: &Path, value: Option<&Cursor<'_, '_>>, container: &mut Container) {
    size(by, value, container);
    confine_at(by, None, value, container);
    note(container, Patched::Mounts, by, "volumeMounts", value);
}

/// An operation changes one key of a `securityContext`, or all of it.
fn confine_at(
    by: &Path,
    key: Option<&str>,
    value: Option<&Cursor<'_, '_>>,
    container: &mut Container,
) {
    for (own, setting) in KEYS {
        if key.is_none_or(|key| key == own) {
            note(container, setting, by, own, value);
        }
    }
}

const KEYS: [(&str, Patched); 7] = [
    ("runAsUser", Patched::User),
    ("runAsGroup", Patched::Group),
    ("runAsNonRoot", Patched::NonRoot),
    ("readOnlyRootFilesystem", Patched::ReadOnlyRoot),
    ("privileged", Patched::Privileged),
    ("allowPrivilegeEscalation", Patched::NoNewPrivileges),
    ("capabilities", Patched::Capabilities),
];

fn confine(by: &Path, patched: &Cursor<'_, '_>, container: &mut Container) {
    for (key, setting) in KEYS {
        if let Some(value) = patched.get(key) {
            note(container, setting, by, key, Some(&value));
        }
    }
}

fn size(by: &Path, resources: Option<&Cursor<'_, '_>>, container: &mut Container) {
    note(container, Patched::Resources, by, "resources", resources);
}

fn mount(by: &Path, item: &Cursor<'_, '_>, container: &mut Container) {
    if !item.is_true("readOnly") {
        let mounted = Observed::MountedByPatch {
            file: by.display().to_string(),
            path: item.word_of("mountPath"),
        };
        container.observations.push(mounted.at(Some(item.place())));
    }
}

/// Records that the patch sets this key.
fn note(
    container: &mut Container,
    setting: Patched,
    by: &Path,
    key: &'static str,
    at: Option<&Cursor<'_, '_>>,
) {
    let file = by.display().to_string();
    let patched = Observed::PatchedBy { file, setting, key };
    container
        .observations
        .push(patched.at(at.map(Cursor::place)));
}
