//! Reads the objects of a manifest and finds their pods.

use super::cursor::{Cursor, Source};
use super::shape;
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
    /// Its value of `{{ … }}` is no value of JSON. The consumer takes the other documents of the
    /// file without it.
    Rendered(Cursor<'a, 's>),
    /// The document has no kind and version, or is a list of operations.
    Other(Cursor<'a, 's>),
    /// The objects of a list, or one object.
    Objects(Vec<Object<'a, 's>>),
}

/// The documents of a source.
pub(crate) fn documents<'c, 's>(
    source: &'c Source<'_, 's>,
) -> impl Iterator<Item = Document<'c, 's>> {
    let has_braces = source.text().contains("{{");
    source.roots().map(move |root| match root {
        None => Document::Empty,
        Some(root) if has_braces && root.has_template_value() => Document::Rendered(root),
        Some(root) => match Object::new(root.clone(), None, String::new()) {
            None => Document::Other(root),
            Some(object) => Document::Objects(object.flattened()),
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

    /// The objects of a list, at any depth; otherwise the object itself.
    ///
    /// `kubectl` takes every object with a list of `items` for a list, whatever its kind
    /// (kubernetes/apimachinery `pkg/apis/meta/v1/unstructured/helpers.go`, `detectList`), and other
    /// tools go by the kind. The object itself is therefore kept, too.
    fn flattened(self) -> Vec<Self> {
        let mut objects = Vec::new();
        let mut open = vec![self];
        while let Some(object) = open.pop() {
            let mut items = object.items();
            if items.is_empty() || !object.kind.ends_with("List") {
                objects.push(object);
            }
            items.reverse();
            open.append(&mut items);
        }
        objects
    }

    /// The items that are objects.
    fn items(&self) -> Vec<Self> {
        let Some(items) = self.cursor.get("items") else {
            return Vec::new();
        };
        let version = self.cursor.word_of("apiVersion");
        let kind = self.kind.strip_suffix("List").unwrap_or_default();
        let default = (!kind.is_empty()).then_some((version.as_str(), kind));
        let items = items.items().into_iter();
        let items = items.filter_map(|(index, item)| {
            Object::new(item, default, format!("{}items[{index}].", self.path))
        });
        items.collect()
    }

    /// All pods of this object. A kind that is not known has those that have the shape of a pod.
    pub(crate) fn pods(&self) -> Vec<Pod<'a, 's>> {
        // The configured kinds of the user's cluster have precedence over the known ones.
        let custom = self.custom_resources();
        if !custom.is_empty() {
            return self.pods_of(&custom);
        }
        let Some(workload) = workload::find(&self.kind, &self.group, &self.version) else {
            return if workload::is_without_pods(&self.kind, &self.group) {
                Vec::new()
            } else {
                shape::pods(&self.cursor, &self.path)
            };
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

    /// Whether the API has all that it requires of a new object of this kind. A patch may name an
    /// image, but not what selects the pods (kubernetes/api `apps/v1/types.go`).
    pub(crate) fn is_of_its_own(&self) -> bool {
        let needs_selector = self.group == "apps"
            && ["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"].contains(&&*self.kind);
        !needs_selector || self.cursor.find(&["spec", "selector"]).is_some()
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
            is_known: true,
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
            is_known: true,
        }
    }

    /// The values at the path that have containers. Other items of these lists are steps that start
    /// no container.
    fn pods_in_lists(&self, path: &[&str], shape: &'static Shape) -> Vec<Pod<'a, 's>> {
        // The value, its path, and the metadata beside it.
        let mut found = vec![(self.path.clone(), None, self.cursor.clone())];
        for key in path {
            let mut below = Vec::new();
            for (path, _, at) in found {
                if *key == "*" {
                    let items = at.items().into_iter();
                    below.extend(items.map(|(index, item)| {
                        let metadata = item.get("metadata");
                        (format!("{path}[{}]", named(&item, index)), metadata, item)
                    }));
                    let entries = at.entries().into_iter();
                    below
                        .extend(entries.map(|(key, value)| (format!("{path}.{key}"), None, value)));
                } else if let Some(value) = at.get(key) {
                    let dot = if path.is_empty() || path.ends_with('.') {
                        ""
                    } else {
                        "."
                    };
                    let around = if *key == "spec" { &at } else { &value };
                    let metadata = around.get("metadata");
                    below.push((format!("{path}{dot}{key}"), metadata, value));
                }
            }
            found = below;
        }
        let pods = found.into_iter().map(|(path, metadata, spec)| Pod {
            path,
            metadata,
            spec: Some(spec),
            shape,
            is_known: true,
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
pub(super) fn named(item: &Cursor<'_, '_>, index: usize) -> String {
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
    /// Whether the kind of the object is known or configured. Otherwise the value only looks like a
    /// pod.
    pub(crate) is_known: bool,
}

/// A container in a pod.
#[derive(Clone, Debug)]
pub(crate) struct Written<'a, 's> {
    pub(crate) cursor: Cursor<'a, 's>,
    pub(super) role: Role,
    /// The path of the container in its pod: `containers[web]`, `script`.
    pub(crate) path: String,
}

impl<'a, 's> Pod<'a, 's> {
    /// Every container that is a mapping.
    pub(crate) fn containers(&self) -> Vec<Written<'a, 's>> {
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
    pub(crate) fn is_partial(&self) -> bool {
        let containers = self.containers();
        if !self.is_known {
            // Its controller may add what is missing.
            return false;
        }
        !containers.iter().any(|one| one.role == Role::Main)
            || !self.shape.is_completed
                && containers
                    .iter()
                    .any(|one| one.cursor.get("image").is_none())
    }
}
