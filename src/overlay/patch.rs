//! Strategic merge patches, as kustomize 5.5 applies them.
//!
//! Mappings merge, and a null removes a key. A list with a merge key merges by that key, and
//! `$patch: delete` removes an item; every other list is replaced (kubernetes/community
//! `contributors/devel/sig-api-machinery/strategic-merge-patch.md`). Only the built-in kinds of
//! Kubernetes have merge keys: the lists of any other kind are all replaced.

use super::value::{Copier, are_alike, get, is_null, null, text};
use crate::syntax::{self, Limits, Mode, Schema, Value};

/// The kinds with pods for which kustomize 5.5 has merge keys (measured with `kubectl kustomize`).
const KNOWN: [(&str, &[&str]); 4] = [
    (
        "apps/v1",
        &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
    ),
    ("batch/v1", &["Job", "CronJob"]),
    ("batch/v1beta1", &["CronJob"]),
    ("v1", &["Pod", "PodTemplate", "ReplicationController"]),
];

/// The lists of a pod with a merge key (kubernetes `api/openapi-spec/swagger.json`,
/// `x-kubernetes-patch-merge-key`).
const MERGE_KEYS: [(&str, &str); 7] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("ephemeralContainers", "name"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("env", "name"),
    ("ports", "containerPort"),
];

/// The lists whose order is the order in which containers start.
const ORDERED: [&str; 2] = ["containers", "initContainers"];

/// How deep nested `List` objects are read. The dialect has the same limit.
const DEEPEST_LIST: u8 = 4;

/// The identity of an object in a kustomization: its namespace (`default` if it has none), name,
/// kind and version.
pub(super) type Identity = (String, String, String, String);

/// An object as kustomize reads it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) identity: Identity,
    pub(super) value: Value,
}

/// The objects of a file. A `List` gives each of its items.
///
/// # Errors
///
/// Why kustomize or harden rejects the file.
pub(super) fn objects(text: &str) -> Result<Vec<Object>, String> {
    let tree =
        syntax::parse(text, Mode::GoYaml, &Limits::default()).map_err(|error| error.to_string())?;
    let mut copier = Copier::new(&tree, Schema::GoYamlV2);
    let mut objects = Vec::new();
    for document in tree.documents() {
        let value = copier
            .copy(document.root)
            .ok_or("its aliases come to too much for an overlay")?;
        flatten(value, DEEPEST_LIST, &mut objects)?;
    }
    Ok(objects)
}

fn flatten(value: Value, depth: u8, into: &mut Vec<Object>) -> Result<(), String> {
    if is_null(&value) {
        return Ok(());
    }
    let word = |path: &[&str]| text(&value, path).filter(|word| !word.is_empty());
    let (Some(version), Some(kind)) = (word(&["apiVersion"]), word(&["kind"])) else {
        return Err("kustomize refuses an object without a kind and a version".to_owned());
    };
    if let (true, Some(Value::Seq(items))) = (kind.ends_with("List"), get(&value, "items")) {
        let Some(depth) = depth.checked_sub(1) else {
            return Err("its lists are nested too deeply".to_owned());
        };
        for item in items {
            flatten(item.clone(), depth, into)?;
        }
        return Ok(());
    }
    let Some(name) = word(&["metadata", "name"]) else {
        return Err(format!("kustomize refuses a {kind} without a name"));
    };
    let namespace = word(&["metadata", "namespace"]);
    let written = get(&value, "metadata").and_then(|metadata| get(metadata, "namespace"));
    if namespace.is_none() && written.is_some_and(|written| !is_null(written)) {
        return Err(format!("the namespace of {kind}/{name} is no text"));
    }
    let namespace = namespace.unwrap_or("default");
    let identity = [namespace, name, kind, version].map(str::to_owned).into();
    into.push(Object { identity, value });
    Ok(())
}

/// The patch that turns the first object into the second; `None` if they are equal.
///
/// # Errors
///
/// Why no patch can do that.
pub(super) fn patch(before: &Object, after: &Object) -> Result<Option<Object>, String> {
    if before.identity != after.identity {
        return Err("a patch cannot rename an object".to_owned());
    }
    let lists = Lists::of(&before.identity);
    let Some(change) = lists.difference("", &before.value, &after.value)? else {
        return Ok(None);
    };
    lists.refuse_unclear("", &before.value)?;
    let result = lists.merge("", before.value.clone(), &change);
    if !are_alike(&without_nulls(&result), &without_nulls(&after.value)) {
        return Err("no strategic merge patch says it".to_owned());
    }
    Ok(Some(Object {
        identity: before.identity.clone(),
        value: addressed(&before.value, change),
    }))
}

/// A patch with the changes of `old` and of `new`; `old` itself if it contains the changes of `new`
/// already.
///
/// # Errors
///
/// Why no patch can do that.
pub(super) fn extended(
    before: &Object,
    old: &Object,
    new: &Object,
) -> Result<Option<Object>, String> {
    let lists = Lists::of(&before.identity);
    let has = lists.merge("", before.value.clone(), &old.value);
    let value = lists.merge("", has.clone(), &new.value);
    if are_alike(&without_nulls(&has), &without_nulls(&value)) {
        return Ok(Some(old.clone()));
    }
    let identity = before.identity.clone();
    patch(before, &Object { identity, value })
}

/// The change with the fields that identify its object.
fn addressed(object: &Value, change: Value) -> Value {
    let own = |path: &[&str]| text(object, path).map(|word| Value::Str(word.to_owned()));
    let entry = |key: &str, path: &[&str]| own(path).map(|word| (key.to_owned(), word));
    let mut metadata: Vec<_> = [
        entry("name", &["metadata", "name"]),
        entry("namespace", &["metadata", "namespace"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut rest = Vec::new();
    if let Value::Map(entries) = change {
        for (key, value) in entries {
            match value {
                Value::Map(more) if key == "metadata" => metadata.extend(more),
                value => rest.push((key, value)),
            }
        }
    }
    let head = [
        entry("apiVersion", &["apiVersion"]),
        entry("kind", &["kind"]),
        Some(("metadata".to_owned(), Value::Map(metadata))),
    ];
    Value::Map(head.into_iter().flatten().chain(rest).collect())
}

/// How kustomize patches the lists of an object.
#[derive(Clone, Copy)]
struct Lists {
    /// The kind has lists with merge keys.
    merge: bool,
}

impl Lists {
    fn of((_, _, kind, version): &Identity) -> Self {
        let is_known =
            |(known, kinds): &(&str, &[&str])| known == version && kinds.contains(&kind.as_str());
        Self {
            merge: KNOWN.iter().any(is_known),
        }
    }

    fn merge_key(self, list: &str) -> Option<&'static str> {
        let known = MERGE_KEYS.iter().find(|(name, _)| *name == list);
        known.filter(|_| self.merge).map(|(_, key)| *key)
    }

    /// Rejects an object that kustomize would change when it merges any patch. Kustomize merges
    /// items with equal keys into one and drops nulls, so a volume with `emptyDir: null` loses its
    /// source (measured with `kubectl kustomize` 5.5).
    ///
    /// # Errors
    ///
    /// The null, or the list with equal keys.
    fn refuse_unclear(self, name: &str, value: &Value) -> Result<(), String> {
        match value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    // Nulls that the API server writes here have no meaning.
                    if matches!(key.as_str(), "metadata" | "status") {
                        continue;
                    }
                    if is_null(value) {
                        return Err(format!("`{key}` is null, which kustomize drops"));
                    }
                    self.refuse_unclear(key, value)?;
                }
            }
            Value::Seq(items) => {
                if let Some(key) = self.merge_key(name)
                    && keyed(key, items).is_none()
                {
                    return Err(format!("{name} has items that a patch cannot tell apart"));
                }
                for item in items {
                    self.refuse_unclear("", item)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn difference(
        self,
        name: &str,
        before: &Value,
        after: &Value,
    ) -> Result<Option<Value>, String> {
        if before == after {
            return Ok(None);
        }
        Ok(Some(match (before, after) {
            (Value::Map(old), Value::Map(new)) => {
                let mut entries = Vec::new();
                for (key, value) in new {
                    let known = old.iter().find(|(known, _)| known == key);
                    let change = match known {
                        Some((_, old)) => self.difference(key, old, value)?,
                        None => Some(value.clone()),
                    };
                    entries.extend(change.map(|change| (key.clone(), change)));
                }
                for (key, value) in old {
                    if !is_null(value) && !new.iter().any(|(known, _)| known == key) {
                        entries.push((key.clone(), null()));
                    }
                }
                // Only the order of the entries differs.
                if entries.is_empty() {
                    return Ok(None);
                }
                Value::Map(entries)
            }
            (Value::Seq(old), Value::Seq(new)) => match self.merge_key(name) {
                Some(key) => return self.items(name, key, old, new),
                None => after.clone(),
            },
            _ => after.clone(),
        }))
    }

    /// The difference of two lists that merge by a key.
    fn items(
        self,
        name: &str,
        key: &str,
        before: &[Value],
        after: &[Value],
    ) -> Result<Option<Value>, String> {
        let unclear = || format!("{name} has items that a patch cannot tell apart");
        let (old, new) = (
            keyed(key, before).ok_or_else(unclear)?,
            keyed(key, after).ok_or_else(unclear)?,
        );
        let mut items = Vec::new();
        let mut is_changed = false;
        for (id, value) in &new {
            match old.iter().find(|(known, _)| known == id) {
                None => {
                    is_changed = true;
                    items.push((*value).clone());
                }
                Some((_, old)) => {
                    let change = match self.difference("", old, value)? {
                        Some(Value::Map(change)) => change,
                        _ => Vec::new(),
                    };
                    is_changed |= !change.is_empty();
                    // Kustomize puts the items of a patch first. A patch of an ordered list
                    // therefore contains all items.
                    if !change.is_empty() || ORDERED.contains(&name) {
                        let id = (key.to_owned(), (*id).clone());
                        items.push(Value::Map(std::iter::once(id).chain(change).collect()));
                    }
                }
            }
        }
        for (id, _) in &old {
            if !new.iter().any(|(known, _)| known == id) {
                is_changed = true;
                items.push(Value::Map(vec![
                    (key.to_owned(), (*id).clone()),
                    ("$patch".to_owned(), Value::Str("delete".to_owned())),
                ]));
            }
        }
        Ok(is_changed.then_some(Value::Seq(items)))
    }

    /// Merges the patch into the value.
    fn merge(self, name: &str, under: Value, over: &Value) -> Value {
        match (under, over) {
            (Value::Map(mut under), Value::Map(over)) => {
                for (key, over) in over {
                    let at = under.iter().position(|(known, _)| known == key);
                    let old = at.map(|at| under.remove(at).1);
                    if !is_null(over) {
                        let value = self.merge(key, old.unwrap_or_else(null), over);
                        under.push((key.clone(), value));
                    }
                }
                Value::Map(under)
            }
            (Value::Seq(mut under), Value::Seq(over)) => {
                let Some(key) = self.merge_key(name) else {
                    return Value::Seq(over.clone());
                };
                for item in over {
                    let id = get(item, key);
                    let at = under.iter().position(|known| get(known, key) == id);
                    let old = at.map_or_else(null, |at| under.remove(at));
                    if text(item, &["$patch"]) != Some("delete") {
                        under.push(self.merge("", old, item));
                    }
                }
                Value::Seq(under)
            }
            (_, over) => over.clone(),
        }
    }
}

/// The items with their merge keys; `None` if an item has no key, or two items have the same key.
fn keyed<'v>(key: &str, items: &'v [Value]) -> Option<Vec<(&'v Value, &'v Value)>> {
    let mut known: Vec<(&Value, &Value)> = Vec::with_capacity(items.len());
    for item in items {
        let id = get(item, key).filter(|id| !is_null(id))?;
        if known.iter().any(|(other, _)| *other == id) {
            return None;
        }
        known.push((id, item));
    }
    Some(known)
}

/// The value without null entries. A null entry means the same as a missing one.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .filter(|(_, value)| !is_null(value))
                .map(|(key, value)| (key.clone(), without_nulls(value)))
                .collect(),
        ),
        Value::Seq(items) => Value::Seq(items.iter().map(without_nulls).collect()),
        value => value.clone(),
    }
}

/// The text of a file of patches, sorted by the identity of their objects.
pub(super) fn documents(mut patches: Vec<Object>) -> String {
    patches.sort_by(|left, right| left.identity.cmp(&right.identity));
    let texts: Vec<String> = patches
        .iter()
        .map(|patch| syntax::document(&patch.value))
        .collect();
    texts.join("---\n")
}
