//! Applies the patches of a kustomization to what is known of its workloads.
//!
//! A patch may set a request that is larger than a limit in the manifest, or replace a list
//! (kubernetes/community `contributors/devel/sig-api-machinery/strategic-merge-patch.md`). Settings
//! that a patch changes are therefore not edited here. For a JSON patch (RFC 6902), the paths of
//! its operations name these settings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::cursor::Cursor;
use super::object::{Document, Object, Pod};
use super::recognise;
use crate::container::{Container, Observed, Patched, Reason, Words};
use crate::dialect::Member;
use crate::project::{File, Part, Target};

/// The most changes to one place, such as the pod or one container, that are compared. Thousands of
/// patches can apply to thousands of pods; real pods have a few.
const MOST: usize = 32;

static TOO_MANY_PATCHES: Words = Words::new(
    "too-many-patches",
    "Its kustomization has too many patches for it; harden did not read all of them.",
);

/// The patches of a project.
#[derive(Debug, Default)]
pub(super) struct Patches<'p, 'a, 's> {
    changes: Vec<Change<'p, 'a, 's>>,
    /// Changes by the kind and name that their patches contain.
    named: HashMap<(String, String), Index>,
    /// Changes by the kind and name of a target in the kustomization. `None` is any.
    targeted: HashMap<(Option<String>, Option<String>), Index>,
}

/// What a patch changes in one place.
#[derive(Debug)]
struct Change<'p, 'a, 's> {
    /// The file that contains the patch.
    by: &'p Path,
    content: Content<'a, 's>,
}

#[derive(Debug)]
enum Content<'a, 's> {
    /// A strategic merge patch of the spec of a pod. Its containers are changes of their own.
    Pod(Cursor<'a, 's>),
    /// A strategic merge patch of one container.
    Container(Cursor<'a, 's>),
    /// One operation of a JSON patch.
    Operation {
        at: Vec<String>,
        value: Option<Cursor<'a, 's>>,
    },
}

/// Finds the changes that may apply to a pod.
#[derive(Debug, Default)]
struct Index {
    pods: Vec<usize>,
    /// By the name of the container.
    containers: HashMap<String, Vec<usize>>,
    /// By the steps to the changed value, with a [`STEP`] after each.
    operations: BTreeMap<String, Vec<usize>>,
}

/// Ends a step of a path. The next character ends the range of all paths that go on.
const STEP: &str = "\0";
const AFTER_STEP: &str = "\u{1}";

/// The containers of a pod by their names and by their places.
struct Places {
    /// The indices of the members.
    members: HashMap<String, Vec<usize>>,
    /// The names, by list and index. Only operations need them.
    names: HashMap<(&'static str, usize), String>,
}

/// The lists of containers that operations name.
const LISTS: [&str; 2] = ["containers", "initContainers"];

impl<'p, 'a, 's> Patches<'p, 'a, 's> {
    /// Adds a document of a file that contains patches.
    pub(super) fn take(&mut self, file: &File<'_>, by: &'p Path, document: &Document<'a, 's>) {
        let is_patch = file.part == Part::PATCH;
        match document {
            Document::Objects(objects) => {
                for object in objects {
                    if !is_patch && !recognise::has_directive(&object.cursor) {
                        continue;
                    }
                    let first = self.changes.len();
                    for pod in object.pods() {
                        let spec = pod.spec.iter().cloned().map(Content::Pod);
                        let containers = pod.containers().into_iter();
                        let containers = containers.map(|own| Content::Container(own.cursor));
                        let contents = spec.chain(containers);
                        self.changes
                            .extend(contents.map(|content| Change { by, content }));
                    }
                    // The kind and name in the patch also count, because another kustomization may
                    // apply it to them.
                    let own = (object.kind.clone(), object.name());
                    self.index(first, file, Some(own));
                }
            }
            Document::Other(list) if is_patch => {
                let first = self.changes.len();
                for (_, operation) in list.items() {
                    let content = Content::Operation {
                        at: pointer(&operation.word_of("path")),
                        value: operation.get("value"),
                    };
                    self.changes.push(Change { by, content });
                }
                self.index(first, file, None);
            }
            Document::Empty | Document::Rendered(_) | Document::Other(_) => {}
        }
    }

    /// Indexes the changes from `first` on.
    fn index(&mut self, first: usize, file: &File<'_>, own: Option<(String, String)>) {
        let changes = self.changes.iter().enumerate().skip(first);
        if let Some(own) = own
            && self.changes.len() > first
        {
            let index = self.named.entry(own).or_default();
            changes
                .clone()
                .for_each(|(at, change)| index.add(at, &change.content));
        }
        let meanings = file.targets.iter().map(Target::certain);
        for meaning in meanings.collect::<BTreeSet<_>>() {
            let index = self.targeted.entry(meaning).or_default();
            changes
                .clone()
                .for_each(|(at, change)| index.add(at, &change.content));
        }
    }

    /// Records in the containers of a workload's pod which settings its patches change. Namespaces
    /// are not compared, because a kustomization sets the namespace of its objects. `file` is the
    /// file of the object, which does not patch itself.
    pub(super) fn note_on(
        &self,
        file: &Path,
        object: &Object<'_, '_>,
        pod: &Pod<'_, '_>,
        members: &mut [Member],
    ) {
        if self.changes.is_empty() {
            return;
        }
        let (kind, name) = (object.kind.clone(), object.name());
        let named = self.named.get(&(kind.clone(), name.clone()));
        let (kind, name) = (Some(kind), Some(name));
        let meanings = [
            (kind.clone(), name.clone()),
            (kind, None),
            (None, name),
            (None, None),
        ];
        let targeted = meanings.iter().filter_map(|key| self.targeted.get(key));
        let targeted: Vec<&Index> = targeted.collect();
        if named.is_none() && targeted.is_empty() {
            return;
        }
        let is_operation = |index: &&Index| !index.operations.is_empty();
        let places = Places::of(pod, members, targeted.iter().any(is_operation));
        let mut found = Found::default();
        if let Some(index) = named {
            index.find(pod, &places, &mut found);
        }
        let by_name = std::mem::take(&mut found.changes);
        for index in targeted {
            index.find(pod, &places, &mut found);
        }
        for at in by_name.into_iter().chain(found.changes) {
            if let Some(change) = self.changes.get(at)
                && change.by != file
            {
                note_change(change, pod, &places, members);
            }
        }
        if found.is_too_many {
            for Member { container, .. } in members {
                container
                    .incomplete
                    .get_or_insert_with(|| Reason::new(&TOO_MANY_PATCHES));
            }
        }
    }
}

/// The changes that may apply to a pod.
#[derive(Debug, Default)]
struct Found {
    changes: BTreeSet<usize>,
    /// There are more in some place.
    is_too_many: bool,
}

impl Found {
    fn add<'i>(&mut self, changes: impl IntoIterator<Item = &'i usize>) {
        let mut changes = changes.into_iter();
        self.changes.extend(changes.by_ref().take(MOST));
        self.is_too_many |= changes.next().is_some();
    }
}

impl Index {
    fn add(&mut self, at: usize, content: &Content<'_, '_>) {
        let changes = match content {
            Content::Pod(_) => &mut self.pods,
            Content::Container(own) => {
                let name = own.word_of("name");
                self.containers.entry(name).or_default()
            }
            Content::Operation { at, .. } => {
                let steps = path(at.iter().map(String::as_str));
                self.operations.entry(steps).or_default()
            }
        };
        changes.push(at);
    }

    /// Adds the changes that may apply to this pod.
    fn find(&self, pod: &Pod<'_, '_>, places: &Places, found: &mut Found) {
        found.add(&self.pods);
        for name in places.members.keys() {
            found.add(self.containers.get(name).into_iter().flatten());
        }
        if self.operations.is_empty() {
            return;
        }
        let mut above = String::new();
        self.find_at(&above, found);
        for step in pod.path.split('.') {
            above.extend([step, STEP]);
            self.find_at(&above, found);
        }
        let own = |steps: &[&str]| format!("{above}{}", path(steps.iter().copied()));
        self.find_at(&own(&["containers"]), found);
        self.find_at(&own(&["volumes"]), found);
        self.find_from(&own(&["securityContext"]), found);
        for (list, index) in places.names.keys() {
            let index = index.to_string();
            self.find_at(&own(&[list, &index]), found);
            for key in ["resources", "securityContext", "volumeMounts"] {
                self.find_from(&own(&[list, &index, key]), found);
            }
        }
    }

    /// Adds the operations on this value.
    fn find_at(&self, steps: &str, found: &mut Found) {
        found.add(self.operations.get(steps).into_iter().flatten());
    }

    /// Adds the operations on this value and on the values in it.
    fn find_from(&self, steps: &str, found: &mut Found) {
        let after = steps.strip_suffix(STEP).unwrap_or(steps);
        let after = format!("{after}{AFTER_STEP}");
        let range = self.operations.range(steps.to_owned()..after);
        found.add(range.flat_map(|(_, changes)| changes));
    }
}

impl Places {
    fn of(pod: &Pod<'_, '_>, members: &[Member], with_names: bool) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, Member { container, .. }) in members.iter().enumerate() {
            let name = container.name.clone();
            by_name.entry(name).or_default().push(at);
        }
        let spec = pod.spec.iter().filter(|_| with_names);
        let lists = spec.flat_map(|spec| LISTS.map(|list| (list, spec.items_of(list))));
        let names = lists.flat_map(|(list, items)| {
            let items = items.into_iter();
            items.map(move |(index, item)| ((list, index), item.word_of("name")))
        });
        Self {
            members: by_name,
            names: names.collect(),
        }
    }
}

/// The steps of a path, each with its end.
fn path<'p>(steps: impl IntoIterator<Item = &'p str>) -> String {
    steps.into_iter().flat_map(|step| [step, STEP]).collect()
}

fn note_change(
    change: &Change<'_, '_, '_>,
    pod: &Pod<'_, '_>,
    places: &Places,
    members: &mut [Member],
) {
    let by = change.by;
    match &change.content {
        Content::Pod(spec) => note_merge(by, spec, members),
        Content::Container(own) => {
            let named = places.members.get(&own.word_of("name"));
            for at in named.into_iter().flatten() {
                if let Some(Member { container, .. }) = members.get_mut(*at) {
                    note_container(by, own, container);
                }
            }
        }
        Content::Operation { at, value } => {
            note_operation(by, at, value.as_ref(), pod, places, members);
        }
    }
}

/// The steps of a JSON pointer (RFC 6901).
pub(super) fn pointer(text: &str) -> Vec<String> {
    let steps = text.split('/').skip(1);
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Records the changes of a strategic merge patch to what the containers of a pod share.
fn note_merge(by: &Path, spec: &Cursor<'_, '_>, members: &mut [Member]) {
    let security = spec.get("securityContext");
    let replaces = replacement(spec, "volumes");
    for Member { container, .. } in members {
        if let Some(security) = &security {
            confine(by, security, container);
        }
        if let Some(volumes) = &replaces {
            note(container, Patched::Volumes, by, "volumes", Some(volumes));
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
    places: &Places,
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
            let name = index.parse().ok().and_then(|index: usize| {
                let list = LISTS.into_iter().find(|known| known == list)?;
                places.names.get(&(list, index))
            });
            let member = name.and_then(|name| places.members.get(name)?.first());
            let Some(Member { container, .. }) = member.and_then(|at| members.get_mut(*at)) else {
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
