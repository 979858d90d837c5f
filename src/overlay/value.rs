//! Copies trees to values. Aliases and merges are resolved as the consumer resolves them.

use std::collections::HashMap;

use crate::syntax::{self, Kind, NodeId, Scalar, Schema, Tree, Value};

/// The largest number of nodes that are copied from one file. Aliases can multiply the nodes of a
/// file; files written by people are far below this limit.
const NODES: usize = 1 << 20;

/// The deepest nesting of collections, with aliases followed.
const DEPTH: usize = 512;

/// Copies nodes of one tree.
pub(super) struct Copier<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
    left: usize,
}

impl<'t, 's> Copier<'t, 's> {
    pub(super) fn new(tree: &'t Tree<'s>, schema: Schema) -> Self {
        Self {
            tree,
            schema,
            left: NODES,
        }
    }

    /// The node and everything in it; `None` if it is over the limits.
    pub(super) fn copy(&mut self, node: NodeId) -> Option<Value> {
        self.node(node, DEPTH)
    }

    fn node(&mut self, node: NodeId, depth: usize) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let tag = self.tree.tag(node).filter(|tag| is_directive(tag));
        let node = self.tree.resolve(node);
        let value = match self.tree.node(node).kind {
            Kind::Map => {
                let mut entries = Vec::new();
                for (key, found) in self.tree.effective_entries(node, self.schema) {
                    entries.push((key.into_owned(), self.node(found.value(), depth)?));
                }
                Value::Map(entries)
            }
            Kind::Seq => {
                let mut items = Vec::new();
                for item in self.tree.children(node) {
                    items.push(self.node(item, depth)?);
                }
                Value::Seq(items)
            }
            Kind::Scalar | Kind::Alias => self.scalar(node),
        };
        Some(match tag {
            Some(tag) => Value::Tagged(tag.into_owned(), Box::new(value)),
            None => value,
        })
    }

    fn scalar(&self, node: NodeId) -> Value {
        match self.tree.scalar(node, self.schema) {
            Some(Scalar::Bool(bool)) => Value::Bool(bool),
            Some(Scalar::Int(int)) => match i64::try_from(int) {
                Ok(int) => Value::Int(int),
                Err(_) => Value::Plain(int.to_string()),
            },
            Some(Scalar::Float(_)) => Value::Plain(self.tree.value(node).into_owned()),
            Some(Scalar::Str(text)) => Value::Str(text.into_owned()),
            Some(Scalar::Null) | None => null(),
        }
    }
}

/// Whether the tag is one of Compose's, which control how a value is merged.
fn is_directive(tag: &str) -> bool {
    matches!(tag, "!reset" | "!override")
}

/// The value `null`.
pub(super) fn null() -> Value {
    Value::Plain("null".to_owned())
}

pub(super) fn is_null(value: &Value) -> bool {
    matches!(value, Value::Plain(text) if text == "null")
}

/// The value of a key; `None` if the value is not a mapping or lacks the key.
pub(super) fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Map(entries) => entries
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value),
        _ => None,
    }
}

/// The text at a path of keys.
pub(super) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    let found = path.iter().try_fold(value, |at, key| get(at, key))?;
    match found {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

/// The items that the second list adds, if the second contains all items of the first.
pub(super) fn added(before: &[Value], after: &[Value]) -> Option<Vec<Value>> {
    let mut old: HashMap<String, usize> = HashMap::new();
    for item in before {
        *old.entry(syntax::document(item)).or_default() += 1;
    }
    let mut new = Vec::new();
    for item in after {
        match old.get_mut(&syntax::document(item)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => new.push(item.clone()),
        }
    }
    old.values().all(|count| *count == 0).then_some(new)
}

/// Whether the two values are equal, ignoring the order of entries and items.
pub(super) fn are_alike(left: &Value, right: &Value) -> bool {
    left == right || sorted(left) == sorted(right)
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Map(entries)
        }
        Value::Seq(items) => {
            let mut items: Vec<_> = items.iter().map(sorted).collect();
            items.sort_by_cached_key(syntax::document);
            Value::Seq(items)
        }
        Value::Tagged(tag, value) => Value::Tagged(tag.clone(), Box::new(sorted(value))),
        value => value.clone(),
    }
}
