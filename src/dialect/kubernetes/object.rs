//! The objects of a manifest, and where each keeps its pod.

use super::cursor::{Cursor, Source};

/// An object of the API: it has a kind and a version.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a, 's> {
    /// The whole object.
    pub(crate) cursor: Cursor<'a, 's>,
    /// `Deployment`
    pub(super) kind: String,
    /// The part of `apiVersion` before the slash; empty for the core group.
    pub(super) group: String,
    /// The path to it in its document, with a dot at its end: `items[0].`, or nothing.
    pub(super) path: String,
}

/// What one document of a stream is.
#[derive(Debug)]
pub(crate) enum Document<'a, 's> {
    /// Nothing.
    Empty,
    /// Something without a kind and a version, or an operation list.
    Other(Cursor<'a, 's>),
    /// The objects of a list, or a single one.
    Objects(Vec<Object<'a, 's>>),
}

/// Lists in lists are read this deep. A list has no reason to stand in another one.
const DEEPEST_LIST: u8 = 4;

/// The documents of a source.
pub(crate) fn documents<'c, 's>(
    source: &'c Source<'_, 's>,
) -> impl Iterator<Item = Document<'c, 's>> {
    source.roots().map(|root| match root {
        None => Document::Empty,
        Some(root) => match Object::new(root.clone(), None, String::new()) {
            None => Document::Other(root),
            Some(object) => {
                let mut objects = Vec::new();
                object.flatten(DEEPEST_LIST, &mut objects);
                Document::Objects(objects)
            }
        },
    })
}

impl<'a, 's> Object<'a, 's> {
    /// The object at `cursor`; items of a typed list (`PodList`) may leave kind and version to it.
    fn new(cursor: Cursor<'a, 's>, default: Option<(&str, &str)>, path: String) -> Option<Self> {
        let word = |key| cursor.get(key).and_then(|value| value.word());
        let version = word("apiVersion");
        let kind = word("kind");
        let (version, kind) = match (&version, &kind, default) {
            (Some(version), Some(kind), _) => (version.as_ref(), kind.as_ref()),
            (None, None, Some((version, kind))) if cursor.is_map() => (version, kind),
            _ => return None,
        };
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Some(Self {
            kind: kind.to_owned(),
            group: group.to_owned(),
            path,
            cursor,
        })
    }

    /// The objects of a list instead of the list.
    fn flatten(self, depth: u8, into: &mut Vec<Self>) {
        let items = self
            .kind
            .strip_suffix("List")
            .and_then(|kind| Some((kind, self.cursor.get("items")?)));
        let Some((kind, items)) = items else {
            into.push(self);
            return;
        };
        if depth == 0 {
            return;
        }
        let version = self.cursor.word_of("apiVersion");
        let default = (!kind.is_empty()).then_some((version.as_str(), kind));
        for (index, item) in items.items() {
            let path = format!("{}items[{index}].", self.path);
            if let Some(object) = Object::new(item, default, path) {
                object.flatten(depth - 1, into);
            }
        }
    }

    /// The pod that this object runs, and its path in the object; `None` for objects without
    /// pods and for the same kinds of other groups, which are custom resources.
    pub(crate) fn pod(&self) -> Option<Pod<'a, 's>> {
        let path = self.pod_path()?;
        let (_, beside) = path.split_last()?;
        Some(Pod {
            path: format!("{}{}", self.path, path.join(".")),
            spec: self.cursor.find(path),
            metadata: self
                .cursor
                .find(beside)
                .and_then(|template| template.get("metadata")),
        })
    }

    /// `name` of the metadata, or the prefix that the API makes one from.
    pub(super) fn name(&self) -> String {
        let metadata = |key| Some(self.cursor.find(&["metadata", key])?.word()?.into_owned());
        metadata("name")
            .or_else(|| metadata("generateName"))
            .unwrap_or_default()
    }

    /// The namespace, where the file says one.
    pub(super) fn namespace(&self) -> Option<String> {
        let namespace = self.cursor.find(&["metadata", "namespace"])?;
        Some(namespace.word()?.into_owned())
    }

    /// `Deployment/shop`, or `prod/Deployment/shop` with a namespace.
    pub(crate) fn label(&self) -> String {
        let own = format!("{}/{}", self.kind, self.name());
        match self.namespace() {
            Some(namespace) => format!("{namespace}/{own}"),
            None => own,
        }
    }

    fn pod_path(&self) -> Option<&'static [&'static str]> {
        let groups: &[&str] = match self.kind.as_str() {
            "Pod" | "PodTemplate" | "ReplicationController" => &[""],
            "Deployment" | "DaemonSet" | "ReplicaSet" => &["apps", "extensions"],
            "StatefulSet" => &["apps"],
            "Job" => &["batch", "extensions"],
            "CronJob" => &["batch"],
            _ => return None,
        };
        groups
            .contains(&self.group.as_str())
            .then_some(match self.kind.as_str() {
                "Pod" => &["spec"],
                "PodTemplate" => &["template", "spec"],
                "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
                _ => &["spec", "template", "spec"],
            })
    }
}

/// Where an object keeps its pod.
#[derive(Clone, Debug)]
pub(crate) struct Pod<'a, 's> {
    /// The path to its spec in the document.
    pub(crate) path: String,
    /// The spec, if it is written.
    pub(crate) spec: Option<Cursor<'a, 's>>,
    /// The pod's own metadata, if they are written: they stand beside the spec.
    pub(crate) metadata: Option<Cursor<'a, 's>>,
}

/// The lists of containers of a pod.
pub(crate) const CONTAINER_LISTS: [&str; 3] =
    ["initContainers", "containers", "ephemeralContainers"];

impl Pod<'_, '_> {
    /// The pod is part of an object that stands elsewhere: the API needs containers, each with
    /// an image, and a patch names only what it changes.
    pub(super) fn is_partial(&self) -> bool {
        let Some(spec) = &self.spec else { return true };
        let all_have_images = CONTAINER_LISTS.iter().all(|list| {
            spec.items_of(list)
                .iter()
                .all(|(_, container)| container.get("image").is_some())
        });
        spec.items_of("containers").is_empty() || !all_have_images
    }
}
