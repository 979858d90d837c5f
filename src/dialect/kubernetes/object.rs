//! The objects of a manifest, and where each keeps its pod.

use super::cursor::{Cursor, Source};
use super::workload::{self, Shape};
use crate::container::Role;
use crate::jsonpath::Step;
use crate::project::CustomResource;

/// An object of the API: it has a kind and a version.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a, 's> {
    /// The whole object.
    pub(crate) cursor: Cursor<'a, 's>,
    /// `Deployment`
    pub(super) kind: String,
    /// The part of `apiVersion` before the slash; empty for the core group.
    pub(super) group: String,
    /// The part behind it.
    version: String,
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
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        Some(Self {
            kind: kind.to_owned(),
            group: group.to_owned(),
            version: version.to_owned(),
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

    /// All that this object runs; nothing for kinds without pods, and for the same kinds of groups
    /// that are not known.
    pub(crate) fn pods(&self) -> Vec<Pod<'a, 's>> {
        // What somebody says of their own cluster stands above what is known of others.
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
                Some((_, beside)) => vec![self.pod_at(path, beside, workload.shape)],
                None => Vec::new(),
            })
            .filter(|pod| {
                let is_alone = workload.pods.len() == 1 && !workload.may_refer;
                is_alone || pod.spec.is_some()
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

    /// What the paths of a configuration lead to, as far as it has containers: a path may lead to
    /// more than pods.
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

    fn pod_at(&self, path: &[&str], beside: &[&str], shape: &'static Shape) -> Pod<'a, 's> {
        Pod {
            path: format!("{}{}", self.path, path.join(".")),
            spec: self.cursor.find(path),
            metadata: self
                .cursor
                .find(beside)
                .and_then(|template| template.get("metadata")),
            shape,
        }
    }

    /// What stands at the path and has containers: other items of its lists are steps that start
    /// none.
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
}

/// What an item of a list is called in a path: by its name, or by its position.
fn named(item: &Cursor<'_, '_>, index: usize) -> String {
    let name = item.word_of("name");
    if name.is_empty() {
        index.to_string()
    } else {
        name
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
    /// How its containers are written.
    pub(crate) shape: &'static Shape,
}

/// A container where it is written.
#[derive(Clone, Debug)]
pub(super) struct Written<'a, 's> {
    pub(super) cursor: Cursor<'a, 's>,
    pub(super) role: Role,
    /// Its path in the pod: `containers[web]`, `script`.
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

    /// The pod is part of an object that stands elsewhere: the API needs containers, each with
    /// an image, and a patch names only what it changes.
    pub(super) fn is_partial(&self) -> bool {
        let containers = self.containers();
        !containers.iter().any(|one| one.role == Role::Main)
            || containers
                .iter()
                .any(|one| one.cursor.get("image").is_none())
    }
}
