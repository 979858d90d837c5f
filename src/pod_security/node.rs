//! Fields of an object with their API types, and what the API would reject.

use crate::diagnostic::Diagnostic;
use crate::dialect::kubernetes::{Cursor, Source};
use crate::syntax::{Scalar, Span};

/// A field of the API: its place (or where it would be), and its value if it has one.
///
/// A null counts as no value, as in the API.
#[derive(Clone, Debug)]
pub(super) struct Field<T> {
    pub(super) path: String,
    /// The value, or the nearest node around it that is in the file.
    pub(super) span: Span,
    pub(super) value: Option<T>,
}

/// Why the API server rejects an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the API server rejects {workload}: {path} {what}")]
pub struct Rejection {
    /// `Deployment/shop`
    pub workload: String,
    /// The field.
    pub path: String,
    /// What is wrong with it. The text follows the path in the message.
    pub what: String,
    /// Where it is.
    pub span: Span,
    /// The value is not allowed for the field.
    pub(super) mistyped: bool,
}

impl Diagnostic for Rejection {
    fn span(&self) -> Option<Span> {
        Some(self.span)
    }
}

/// An optional value of an object, and the path to it.
#[derive(Clone, Debug)]
pub(super) struct Node<'a, 's> {
    pub(super) path: String,
    pub(super) span: Span,
    cursor: Option<Cursor<'a, 's>>,
}

/// Reads fields and collects what the API would reject.
#[derive(Debug)]
pub(super) struct Reader<'r> {
    /// The budget for reading.
    pub(super) source: &'r Source<'r, 'r>,
    workload: String,
    pub(super) rejections: Vec<Rejection>,
}

impl<'a, 's> Node<'a, 's> {
    /// `around` is the nearest node in the file if `cursor` is not in it.
    pub(super) fn new(path: String, cursor: Option<Cursor<'a, 's>>, around: Span) -> Self {
        Self {
            path,
            span: cursor.as_ref().map_or(around, Cursor::span),
            cursor,
        }
    }

    pub(super) fn is_written(&self) -> bool {
        self.cursor.is_some()
    }

    /// This node under another path.
    pub(super) fn named(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// This node as a field with this value.
    pub(super) fn field<T>(&self, value: Option<T>) -> Field<T> {
        Field {
            path: self.path.clone(),
            span: self.span,
            value,
        }
    }

    /// The entries of a mapping that have a value.
    pub(super) fn members(&self) -> Vec<(String, Self)> {
        let entries = self.cursor.iter().flat_map(Cursor::entries_and_nulls);
        entries
            .filter(|(_, value)| value.is_some())
            .map(|(key, value)| (key.to_string(), self.at(&format!(".{key}"), value)))
            .collect()
    }

    pub(super) fn get(&self, key: &str) -> Self {
        let value = self.cursor.as_ref().and_then(|cursor| cursor.get(key));
        self.at(&format!(".{key}"), value)
    }

    fn at(&self, step: &str, cursor: Option<Cursor<'a, 's>>) -> Self {
        Self::new(format!("{}{step}", self.path), cursor, self.span)
    }
}

impl<'r> Reader<'r> {
    pub(super) fn new(workload: String, source: &'r Source<'r, 'r>) -> Self {
        Self {
            source,
            workload,
            rejections: Vec::new(),
        }
    }

    /// The mapping at `key`.
    pub(super) fn object<'a, 's>(&mut self, parent: &Node<'a, 's>, key: &str) -> Node<'a, 's> {
        let node = parent.get(key);
        self.as_object(node)
    }

    /// The node. It has no value if the value is not a mapping.
    pub(super) fn as_object<'a, 's>(&mut self, node: Node<'a, 's>) -> Node<'a, 's> {
        if node.cursor.as_ref().is_some_and(|cursor| !cursor.is_map()) {
            self.mistyped(&node, "a mapping");
            return Node {
                cursor: None,
                ..node
            };
        }
        node
    }

    /// The items of the sequence of mappings at `key`. The API reads a null as an empty one.
    pub(super) fn objects<'a, 's>(
        &mut self,
        parent: &Node<'a, 's>,
        key: &str,
    ) -> Vec<Node<'a, 's>> {
        let items = self.items(parent, key);
        items.into_iter().map(|item| self.as_object(item)).collect()
    }

    /// The strings of the sequence at `key`. The API reads a null as an empty one.
    pub(super) fn strings(&mut self, parent: &Node<'_, '_>, key: &str) -> Vec<Field<String>> {
        let items = self.items(parent, key);
        items
            .into_iter()
            .map(|item| {
                let text = self.typed(item, "a string", string);
                Field {
                    value: text.value.or(Some(String::new())),
                    ..text
                }
            })
            .collect()
    }

    /// The entries of the mapping of strings at `key`. The API reads a null as an empty one.
    pub(super) fn string_map(
        &mut self,
        parent: &Node<'_, '_>,
        key: &str,
    ) -> Vec<(String, Field<String>)> {
        let map = self.object(parent, key);
        let entries = map.cursor.iter().flat_map(Cursor::entries_and_nulls);
        entries
            .map(|(key, value)| {
                let text = self.typed(map.at(&format!("[{key}]"), value), "a string", string);
                let value = text.value.or(Some(String::new()));
                (key.into_owned(), Field { value, ..text })
            })
            .collect()
    }

    pub(super) fn boolean(&mut self, parent: &Node<'_, '_>, key: &str) -> Field<bool> {
        let node = parent.get(key);
        self.typed(node, "a boolean", |scalar| match scalar {
            Scalar::Bool(value) => Some(*value),
            _ => None,
        })
    }

    pub(super) fn string(&mut self, parent: &Node<'_, '_>, key: &str) -> Field<String> {
        let node = parent.get(key);
        self.typed(node, "a string", string)
    }

    /// A name. The API requires it.
    pub(super) fn name(&mut self, parent: &Node<'_, '_>) -> String {
        let name = self.string(parent, "name");
        let value = name.value.unwrap_or_default();
        if value.is_empty() && !self.rejections.iter().any(|one| one.path == name.path) {
            self.reject(parent, "has no name", false);
        }
        value
    }

    /// A user or group: from 0 to 2147483647 (kubernetes/apimachinery
    /// `pkg/util/validation/validation.go`, `IsValidUserID`).
    pub(super) fn id(&mut self, parent: &Node<'_, '_>, key: &str) -> Field<u32> {
        let node = parent.get(key);
        self.typed(node, "an integer from 0 to 2147483647", |scalar| {
            let id = u32::try_from(integer(scalar)?).ok()?;
            i32::try_from(id).is_ok().then_some(id)
        })
    }

    /// A port, or 0 for none.
    pub(super) fn port(&mut self, parent: &Node<'_, '_>, key: &str) -> Field<u16> {
        let node = parent.get(key);
        self.typed(node, "an integer from 0 to 65535", |scalar| {
            u16::try_from(integer(scalar)?).ok()
        })
    }

    /// Rejects each of these keys that has a value.
    pub(super) fn reject_set(&mut self, parent: &Node<'_, '_>, keys: &[&str], what: &str) {
        for key in keys {
            let node = parent.get(key);
            if node.is_written() {
                self.reject(&node, what, false);
            }
        }
    }

    pub(super) fn reject(&mut self, node: &Node<'_, '_>, what: &str, mistyped: bool) {
        self.rejections.push(Rejection {
            workload: self.workload.clone(),
            path: node.path.clone(),
            what: what.to_owned(),
            span: node.span,
            mistyped,
        });
    }

    fn items<'a, 's>(&mut self, parent: &Node<'a, 's>, key: &str) -> Vec<Node<'a, 's>> {
        let list = parent.get(key);
        if list.cursor.as_ref().is_some_and(|cursor| !cursor.is_seq()) {
            self.mistyped(&list, "a list");
            return Vec::new();
        }
        let items = list.cursor.iter().flat_map(Cursor::items_and_nulls);
        items
            .enumerate()
            .map(|(index, item)| list.at(&format!("[{index}]"), item))
            .collect()
    }

    fn typed<T>(
        &mut self,
        node: Node<'_, '_>,
        wanted: &str,
        read: impl Fn(&Scalar<'_>) -> Option<T>,
    ) -> Field<T> {
        let value = node
            .cursor
            .as_ref()
            .and_then(|cursor| read(&cursor.scalar()?));
        if value.is_none() && node.is_written() {
            self.mistyped(&node, wanted);
        }
        Field {
            path: node.path,
            span: node.span,
            value,
        }
    }

    fn mistyped(&mut self, node: &Node<'_, '_>, wanted: &str) {
        let found = match &node.cursor {
            Some(cursor) if cursor.is_map() => "a mapping".to_owned(),
            Some(cursor) if cursor.is_seq() => "a list".to_owned(),
            Some(cursor) => match cursor.scalar() {
                Some(Scalar::Str(text)) => format!("the string `{text}`"),
                Some(Scalar::Bool(value)) => format!("the boolean `{value}`"),
                _ => format!("`{}`", cursor.text()),
            },
            None => "not set".to_owned(),
        };
        self.reject(node, &format!("is {found}; it must be {wanted}"), true);
    }
}

fn string(scalar: &Scalar<'_>) -> Option<String> {
    match scalar {
        Scalar::Str(value) => Some(value.clone().into_owned()),
        _ => None,
    }
}

/// An integer as the API receives it: `sigs.k8s.io/yaml` turns a float without a fraction into one.
fn integer(scalar: &Scalar<'_>) -> Option<i128> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "only whole numbers in the range of an i64 come here"
    )]
    match scalar {
        Scalar::Int(value) => Some(*value),
        Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 1e18 => Some(*value as i128),
        _ => None,
    }
}
