//! Finds what a patch may weaken in a pod, by the keys that it sets or removes.
//!
//! The rule needs neither the patched object nor its kind: a target can send a patch to any object,
//! and the pods of a custom resource can be anywhere. Values that can only harden are no matter.

use std::borrow::Cow;

use crate::syntax::{Kind, NodeId, Style, Tree};

/// The most values of one patch that are read.
const MOST: usize = 20_000;

pub(super) const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Values that contain pods.
const AROUND: [&str; 5] = ["spec", "template", "jobTemplate", "podTemplate", "items"];

/// Values of a container or pod with nothing that the rules judge.
const HARMLESS: [&str; 13] = [
    "env",
    "envFrom",
    "args",
    "command",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "affinity",
    "tolerations",
    "nodeSelector",
    "topologySpreadConstraints",
    "selector",
    "status",
];

/// The volumes that Pod Security admits.
const VOLUMES: [&str; 8] = [
    "configMap",
    "secret",
    "emptyDir",
    "persistentVolumeClaim",
    "projected",
    "downwardAPI",
    "ephemeral",
    "csi",
];

/// Values at the root of an object that hold data.
const DATA: [&str; 3] = ["data", "binaryData", "stringData"];

/// A key that a patch sets or removes, with its node.
pub(super) type Touched = (NodeId, String);

/// Reads one patch.
pub(super) struct Patch<'a, 's> {
    pub(super) tree: &'a Tree<'s>,
    /// Whether each patched object has this container: the name of the list and of the container.
    pub(super) is_known: &'a dyn Fn(&str, &str) -> bool,
    left: usize,
}

impl<'a, 's> Patch<'a, 's> {
    pub(super) fn new(tree: &'a Tree<'s>, is_known: &'a dyn Fn(&str, &str) -> bool) -> Self {
        let left = MOST;
        Self {
            tree,
            is_known,
            left,
        }
    }

    /// The first security setting that a strategic merge patch of one object touches.
    pub(super) fn of_merge(&mut self, root: NodeId) -> Option<Touched> {
        self.tree.entries(root).find_map(|(key, value)| {
            let name = self.tree.value(key);
            match &*name {
                name if DATA.contains(&name) => None,
                // The patch removes the whole object, and with it its pods.
                "$patch" if self.word(value) == "delete" && !self.is_policy(root) => None,
                _ => self.entry(key, value),
            }
        })
    }

    /// The first security setting that the operations of a JSON patch touch.
    pub(super) fn of_operations(&mut self, root: NodeId) -> Option<Touched> {
        let items: Vec<NodeId> = self.tree.children(root).collect();
        items.into_iter().find_map(|item| {
            let item = self.tree.resolve(item);
            let of = |key: &str| {
                let mut entries = self.tree.entries(item);
                let found = entries.find(|(own, _)| self.tree.value(*own) == key);
                found.map(|(_, value)| self.tree.resolve(value))
            };
            let op = of("op").map_or(Cow::Borrowed(""), |op| self.tree.value(op));
            let path = |key| {
                let path = of(key).map_or(Cow::Borrowed(""), |path| self.tree.value(path));
                super::patches::pointer(&path)
            };
            let value = of("value");
            let touched = match &*op {
                "test" => None,
                "remove" => self.at(&path("path"), &Operation::Remove),
                "add" | "replace" => match value {
                    Some(value) => self.at(&path("path"), &Operation::Set(value)),
                    None => Some("value".to_owned()),
                },
                // What moves is not known.
                "move" | "copy" => ["from", "path"]
                    .iter()
                    .find_map(|key| self.at(&path(key), &Operation::Unknown)),
                _ => Some("op".to_owned()),
            };
            touched.map(|key| (item, key))
        })
    }

    /// The setting that an operation on the value at this path touches.
    pub(super) fn at(&mut self, path: &[String], operation: &Operation) -> Option<String> {
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        match steps[..] {
            [] => return Some("the whole object".to_owned()),
            [key @ ("kind" | "apiVersion")] => return Some(key.to_owned()),
            ["metadata", ..] => {
                let weak = steps.iter().find(|step| is_profile(step));
                return match (weak, operation) {
                    (Some(key), _) => Some((*key).to_owned()),
                    (None, Operation::Set(value)) => self.value(*value).map(|(_, key)| key),
                    (None, _) => None,
                };
            }
            [key, ..] if DATA.contains(&key) => return None,
            _ => {}
        }
        let is_removed = matches!(operation, Operation::Remove);
        for (index, step) in steps.iter().enumerate() {
            let rest = &steps[index + 1..];
            let touched = Some((*step).to_owned());
            match *step {
                key if HARMLESS.contains(&key) => return None,
                "securityContext" => return touched.filter(|_| !self.hardens(rest, operation)),
                "volumes" => {
                    let Operation::Set(value) = operation else {
                        return touched.filter(|_| !is_removed);
                    };
                    let is_safe = match rest {
                        [] => self.are_safe_volumes(*value),
                        [_] => self.is_safe_volume(*value),
                        [_, key, ..] => *key == "name" || VOLUMES.contains(key),
                    };
                    return touched.filter(|_| !is_safe);
                }
                "resources" => return touched.filter(|_| self.unlimits(rest, operation)),
                key if CONTAINERS.contains(&key) && rest.len() < 2 => {
                    return touched.filter(|_| !(is_removed && rest.len() == 1));
                }
                key if is_setting(key) => {
                    let is_safe = match operation {
                        Operation::Set(value) => is_safe(key, &self.word(*value)),
                        Operation::Remove => key.starts_with("hostP") || key.starts_with("hostN"),
                        Operation::Unknown => false,
                    };
                    return touched.filter(|_| !is_safe);
                }
                key if AROUND.contains(&key) && rest.is_empty() => return touched,
                _ => {}
            }
        }
        match operation {
            Operation::Set(value) => self.value(*value).map(|(_, key)| key),
            Operation::Remove | Operation::Unknown => None,
        }
    }

    /// Whether the operation, at these steps in a `securityContext`, can only harden.
    fn hardens(&self, rest: &[&str], operation: &Operation) -> bool {
        let Operation::Set(value) = *operation else {
            return false;
        };
        match rest {
            // The value replaces the capabilities.
            ["capabilities"] => {
                let drops = self.tree.entries(value);
                let mut keys = drops.map(|(key, _)| self.tree.value(key));
                keys.any(|key| key == "drop") && self.is_hard("capabilities", value)
            }
            [key] => self.is_hard(key, value),
            ["capabilities", "drop"] => self.drops_all(value),
            ["seccompProfile", "type"] => self.word(value) == "RuntimeDefault",
            _ => false,
        }
    }

    /// Whether the operation, at these steps in `resources`, can remove a limit.
    fn unlimits(&self, rest: &[&str], operation: &Operation) -> bool {
        if let Some(first) = rest.first()
            && *first != "limits"
        {
            return false;
        }
        let Operation::Set(value) = *operation else {
            return true;
        };
        let child = |of: NodeId, key: &str| {
            let mut entries = self.tree.entries(of);
            let found = entries.find(|(own, _)| self.tree.value(*own) == key);
            found.map(|(_, value)| self.tree.resolve(value))
        };
        let limit = match rest {
            [] => child(value, "limits").and_then(|limits| child(limits, "memory")),
            [_] => child(value, "memory"),
            _ => Some(value),
        };
        limit.is_none_or(|limit| self.is_null(limit))
    }

    fn value(&mut self, node: NodeId) -> Option<Touched> {
        let node = self.tree.resolve(node);
        let Some(left) = self.left.checked_sub(1) else {
            return Some((node, "more values than harden reads".to_owned()));
        };
        self.left = left;
        match self.tree.node(node).kind {
            Kind::Map => {
                let entries: Vec<_> = self.tree.entries(node).collect();
                entries
                    .into_iter()
                    .find_map(|(key, value)| self.entry(key, value))
            }
            Kind::Seq => {
                let items: Vec<_> = self.tree.children(node).collect();
                items.into_iter().find_map(|item| self.item("", item))
            }
            Kind::Scalar | Kind::Alias => None,
        }
    }

    /// An item of the list with this name.
    fn item(&mut self, list: &str, item: NodeId) -> Option<Touched> {
        let item = self.tree.resolve(item);
        let mut image = None;
        let mut name = String::new();
        let entries: Vec<_> = self.tree.entries(item).collect();
        if entries.is_empty() {
            return self.value(item);
        }
        for (key, value) in entries {
            match &*self.tree.value(key) {
                // The item is removed.
                "$patch" if self.word(value) == "delete" => return None,
                "name" => name = self.word(value).into_owned(),
                "image" => image = Some(key),
                _ => {}
            }
            if let Some(touched) = self.entry(key, value) {
                return Some(touched);
            }
        }
        if CONTAINERS.contains(&list)
            && let Some(key) = image
            && !(self.is_known)(list, &name)
        {
            return Some((key, format!("a container of {list}")));
        }
        None
    }

    fn entry(&mut self, key: NodeId, value: NodeId) -> Option<Touched> {
        let name = self.tree.value(key).into_owned();
        let touched = Some((key, name.clone()));
        let value = self.tree.resolve(value);
        let is_null = self.is_null(value);
        let is_seq = self.tree.node(value).kind == Kind::Seq;
        match name.as_str() {
            "<<" | "$patch" => touched,
            name if self.tree.node(key).kind != Kind::Scalar || is_profile(name) => touched,
            name if HARMLESS.contains(&name) => None,
            "securityContext" => touched.filter(|_| !self.is_hard_context(value)),
            "volumes" if is_seq => touched.filter(|_| !self.are_safe_volumes(value)),
            name if is_setting(name) => touched.filter(|_| !is_safe(name, &self.word(value))),
            "resources" => touched.filter(|_| is_null || self.has_null_limit(value)),
            name if CONTAINERS.contains(&name) && is_seq => {
                let items: Vec<_> = self.tree.children(value).collect();
                let mut items = items.into_iter();
                items.find_map(|item| self.item(name, item))
            }
            name if is_null => {
                let is_around = AROUND.contains(&name) || CONTAINERS.contains(&name);
                touched.filter(|_| is_around)
            }
            _ => self.value(value),
        }
    }

    /// Whether a strategic merge of this `securityContext` can only harden.
    fn is_hard_context(&self, value: NodeId) -> bool {
        let is_map = self.tree.node(value).kind == Kind::Map;
        is_map && {
            let mut entries = self.tree.entries(value);
            entries.all(|(key, value)| self.is_hard(&self.tree.value(key), value))
        }
    }

    fn is_hard(&self, key: &str, value: NodeId) -> bool {
        let value = self.tree.resolve(value);
        let word = self.word(value);
        match key {
            "runAsNonRoot" | "readOnlyRootFilesystem" => word == "true",
            "privileged" | "allowPrivilegeEscalation" => word == "false",
            "runAsUser" | "runAsGroup" | "fsGroup" => word.parse::<u32>().is_ok_and(|id| id > 0),
            "fsGroupChangePolicy" => !self.is_null(value),
            "seccompProfile" => {
                let mut entries = self.tree.entries(value).peekable();
                entries.peek().is_some()
                    && entries.all(|(key, value)| {
                        self.tree.value(key) == "type" && self.word(value) == "RuntimeDefault"
                    })
            }
            "capabilities" => {
                let mut entries = self.tree.entries(value).peekable();
                entries.peek().is_some()
                    && entries.all(|(key, value)| {
                        let value = self.tree.resolve(value);
                        self.tree.value(key) == "drop" && self.drops_all(value)
                    })
            }
            _ => false,
        }
    }

    fn drops_all(&self, list: NodeId) -> bool {
        self.tree
            .children(list)
            .any(|item| self.word(item) == "ALL")
    }

    fn are_safe_volumes(&self, list: NodeId) -> bool {
        self.tree.node(list).kind == Kind::Seq
            && self
                .tree
                .children(list)
                .all(|item| self.is_safe_volume(item))
    }

    fn is_safe_volume(&self, item: NodeId) -> bool {
        let item = self.tree.resolve(item);
        self.tree.entries(item).all(|(key, value)| {
            let key = self.tree.value(key);
            match &*key {
                "name" => true,
                "$patch" => self.word(value) == "delete",
                "hostPath" => self.is_null(self.tree.resolve(value)),
                key => VOLUMES.contains(&key),
            }
        })
    }

    fn has_null_limit(&self, resources: NodeId) -> bool {
        self.tree.entries(resources).any(|(key, value)| {
            let value = self.tree.resolve(value);
            let key = self.tree.value(key);
            let mut limits = self.tree.entries(value);
            key == "$patch"
                || key == "<<"
                || key == "limits"
                    && (self.is_null(value)
                        || limits.any(|(key, value)| {
                            self.tree.value(key) == "$patch" || self.is_null(value)
                        }))
        })
    }

    /// An object that gives pods of others their limits or accounts.
    fn is_policy(&self, root: NodeId) -> bool {
        self.tree.entries(root).any(|(key, value)| {
            self.tree.value(key) == "kind"
                && matches!(&*self.word(value), "LimitRange" | "ServiceAccount")
        })
    }

    fn word(&self, node: NodeId) -> Cow<'_, str> {
        self.tree.value(self.tree.resolve(node))
    }

    fn is_null(&self, node: NodeId) -> bool {
        let node = self.tree.resolve(node);
        let own = self.tree.node(node);
        own.kind == Kind::Scalar
            && (own.style == Style::Empty
                || matches!(&*self.tree.value(node), "~" | "null" | "Null" | "NULL"))
    }
}

/// What an operation does with a value.
pub(super) enum Operation {
    /// It sets the value to this one.
    Set(NodeId),
    /// It removes the value.
    Remove,
    /// Its value is not known.
    Unknown,
}

/// Settings of a pod or a port that are one word.
fn is_setting(key: &str) -> bool {
    matches!(
        key,
        "hostPID"
            | "hostIPC"
            | "hostNetwork"
            | "hostUsers"
            | "hostPort"
            | "serviceAccount"
            | "serviceAccountName"
            | "automountServiceAccountToken"
            | "os"
    )
}

fn is_safe(key: &str, value: &str) -> bool {
    match key {
        "hostPort" => value == "0",
        "serviceAccount" | "serviceAccountName" | "os" => false,
        _ => value == "false",
    }
}

/// An annotation that sets a profile of a container.
fn is_profile(key: &str) -> bool {
    key.starts_with("container.apparmor.security.beta.kubernetes.io")
        || key.starts_with("seccomp.security.alpha.kubernetes.io")
        || key.starts_with("container.seccomp.security.alpha.kubernetes.io")
}
