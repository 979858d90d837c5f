//! Reads the objects of a manifest and finds their pods.

use super::cursor::{Cursor, Source};
use super::workload::{self, Shape};
use crate::container::Role;
use crate::jsonpath::Step;
use crate::project::CustomResource;

/// An object of the API. It has a kind and a version.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a, 's> {
    /// The whole object.
    pub(crate) cursor: Cursor<'a, 's>,
    /// `Deployment`
    pub(super) kind: String,
    /// The part of `apiVersion` before the slash; empty for the core group.
    pub(super) group: String,
    /// The version, after the slash.
    version: String,
    /// The path of the object in its document, with a trailing dot: `items[0].`. Empty for the
    /// document itself.
    pub(super) path: String,
}

/// The content of one document of a stream.
#[derive(Debug)]
pub(crate) enum Document<'a, 's> {
    /// The document is empty.
    Empty,
    /// The document has no kind and version, or is a list of operations.
    Other(Cursor<'a, 's>),
    /// The objects of a list, or one object.
    Objects(Vec<Object<'a, 's>>),
}

/// The maximum depth of nested lists. Real files do not nest lists.
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
    /// The object at `cursor`. Items of a typed list (`PodList`) may omit kind and version.
    fn new(cursor: Cursor<'a, 's>, default: Option<(&str, &str)>, path: String) -> Option<Self> {
        let word = |key| cursor.get(key).and_then(|value| value.word());
        let version = word("apiVersion");
        let kind = word("kind");
        let (version, kind) = match (&version, &kind, default) {
            (Some(version), Some(kind), _) => (version.as_ref(), kind.as_ref()),
            (None, None, Some((version, kind))) if cursor.is_map() => (version, kind),
            _ => return None,
        };
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        Some(Self {
            kind: kind.to_owned(),
            group: group.to_owned(),
            version: version.to_owned(),
            path,
            cursor,
        })
    }

    /// Replaces a list with its objects.
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

    /// All pods of this object. Empty for kinds without pods, and for a known kind in an unknown
    /// group.
    pub(crate) fn pods(&self) -> Vec<Pod<'a, 's>> {
        // The configured kinds of the user's cluster have precedence over the known ones.
        let custom = self.custom_resources();
        if !custom.is_empty() {
            return self.pods_of(&custom);
        }
        let Some(workload) = workload::find(&self.kind, &self.group, &self.version) else {
            return Vec::new();
        };
        workload
            .pods
            .iter()
            .flat_map(|path| match path.split_last() {
                _ if path.contains(&"*") => self.pods_in_lists(path, workload.shape),
                Some((_, template)) => vec![self.pod_at(path, template, workload.shape)],
                None => Vec::new(),
            })
            .filter(|pod| {
                let is_only_pod = workload.pods.len() == 1 && !workload.may_refer;
                is_only_pod || pod.spec.is_some()
            })
            .collect()
    }

    fn custom_resources(&self) -> Vec<&'a CustomResource> {
        self.cursor
            .custom_resources()
            .iter()
            .filter(|custom| custom.kind == self.kind && custom.group == self.group)
            .collect()
    }

    /// The values at the configured paths that have containers. A path may also match other values.
    fn pods_of(&self, custom: &[&CustomResource]) -> Vec<Pod<'a, 's>> {
        let value = self.cursor.json();
        custom
            .iter()
            .flat_map(|custom| custom.pod_spec.locate(&value))
            .filter_map(|steps| self.pod_behind(&steps))
            .filter(|pod| !pod.containers().is_empty())
            .collect()
    }

    fn pod_behind(&self, steps: &[Step]) -> Option<Pod<'a, 's>> {
        let mut path = self.path.clone();
        let mut metadata = None;
        let mut spec = self.cursor.clone();
        for step in steps {
            metadata = spec.get("metadata");
            spec = match step {
                Step::Key(key) => {
                    if !path.is_empty() && !path.ends_with('.') {
                        path.push('.');
                    }
                    path.push_str(key);
                    spec.get(key)?
                }
                Step::Index(index) => {
                    let item = spec.item(*index)?;
                    path.extend(["[", &named(&item, *index), "]"]);
                    item
                }
            };
        }
        Some(Pod {
            path,
            spec: Some(spec),
            metadata,
            shape: &workload::POD,
        })
    }

    fn pod_at(&self, path: &[&str], template: &[&str], shape: &'static Shape) -> Pod<'a, 's> {
        Pod {
            path: format!("{}{}", self.path, path.join(".")),
            spec: self.cursor.find(path),
            metadata: self
                .cursor
                .find(template)
                .and_then(|template| template.get("metadata")),
            shape,
        }
    }

    /// The values at the path that have containers. Other items of these lists are steps that start
    /// no container.
    fn pods_in_lists(&self, path: &[&str], shape: &'static Shape) -> Vec<Pod<'a, 's>> {
        let mut found = vec![(self.path.clone(), self.cursor.clone())];
        for key in path {
            found = found
                .into_iter()
                .flat_map(|(path, at)| match *key {
                    "*" => {
                        let items = at.items().into_iter();
                        let item =
                            |(index, item)| (format!("{path}[{}]", named(&item, index)), item);
                        items.map(item).collect::<Vec<_>>()
                    }
                    key => {
                        let dot = if path.is_empty() || path.ends_with('.') {
                            ""
                        } else {
                            "."
                        };
                        let below = at
                            .get(key)
                            .map(|value| (format!("{path}{dot}{key}"), value));
                        below.into_iter().collect()
                    }
                })
                .collect();
        }
        let pods = found.into_iter().map(|(path, spec)| Pod {
            path,
            metadata: spec.get("metadata"),
            spec: Some(spec),
            shape,
        });
        pods.filter(|pod| !pod.containers().is_empty()).collect()
    }

    /// `name` of the metadata, or the prefix from which the API generates a name.
    pub(super) fn name(&self) -> String {
        let metadata = |key| Some(self.cursor.find(&["metadata", key])?.word()?.into_owned());
        metadata("name")
            .or_else(|| metadata("generateName"))
            .unwrap_or_default()
    }

    /// The namespace, if it is written.
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
}

/// The label of a list item in a path: its name, or its position.
fn named(item: &Cursor<'_, '_>, index: usize) -> String {
    let name = item.word_of("name");
    if name.is_empty() {
        index.to_string()
    } else {
        name
    }
}

/// The place of a pod in its object.
#[derive(Clone, Debug)]
pub(crate) struct Pod<'a, 's> {
    /// The path of the pod's spec in the document.
    pub(crate) path: String,
    /// The spec, if it is written.
    pub(crate) spec: Option<Cursor<'a, 's>>,
    /// The pod's own metadata, if it is written. It is a sibling of the spec.
    pub(crate) metadata: Option<Cursor<'a, 's>>,
    /// How the containers of the pod are written.
    pub(crate) shape: &'static Shape,
}

/// A container in a pod.
#[derive(Clone, Debug)]
pub(super) struct Written<'a, 's> {
    pub(super) cursor: Cursor<'a, 's>,
    pub(super) role: Role,
    /// The path of the container in its pod: `containers[web]`, `script`.
    pub(super) path: String,
}

impl<'a, 's> Pod<'a, 's> {
    /// Every container that is a mapping.
    pub(super) fn containers(&self) -> Vec<Written<'a, 's>> {
        let Some(spec) = &self.spec else {
            return Vec::new();
        };
        let listed = self.shape.lists.iter().flat_map(|&(path, role)| {
            let list = path.join(".");
            let items = spec.find(path).map(|list| list.items());
            let items = items.unwrap_or_default().into_iter();
            items.map(move |(index, cursor)| {
                let name = named(&cursor, index);
                Written {
                    role: match role {
                        Role::Init if cursor.word_of("restartPolicy") == "Always" => Role::Sidecar,
                        role => role,
                    },
                    path: format!("{list}[{name}]"),
                    cursor,
                }
            })
        });
        let single = self.shape.singles.iter().filter_map(|&key| {
            Some(Written {
                cursor: spec.get(key)?,
                role: Role::Main,
                path: key.to_owned(),
            })
        });
        listed
            .chain(single)
            .filter(|container| container.cursor.is_map())
            .collect()
    }

    /// Whether the pod is only part of an object that another file defines. The API requires
    /// containers, each with an image, but a patch names only what it changes.
    pub(super) fn is_partial(&self) -> bool {
        let containers = self.containers();
        !containers.iter().any(|one| one.role == Role::Main)
            || containers
                .iter()
                .any(|one| one.cursor.get("image").is_none())
    }
}
