//! A node of a manifest, with the path of aliases and merges that leads to it.

use std::borrow::Cow;
use std::cell::Cell;

use serde_json::{Map, Number, Value};

use crate::container::{Origin, Place, Setting, Via};
use crate::project::CustomResource;
use crate::syntax::{Found, Kind, NodeId, Scalar, Schema, Span, Tree};

/// A value other than null, with aliases resolved.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a, 's> {
    source: &'a Source<'a, 's>,
    node: NodeId,
    via: Via,
}

/// One file to read, with a budget for the work.
///
/// Aliases let a small file expand to an enormous one. The API server's YAML library rejects such a
/// file. Here every step through an alias, every item and every copied byte costs part of a budget
/// that is proportional to the source. A file that exceeds its budget is never written.
#[derive(Debug)]
pub(crate) struct Source<'a, 's> {
    tree: &'a Tree<'s>,
    file: usize,
    budget: Cell<usize>,
    custom_resources: &'a [CustomResource],
}

/// The maximum depth of a value for JSONPath queries. No real object is deeper.
const DEEPEST: u16 = 128;

impl<'a, 's> Source<'a, 's> {
    /// The file with this index in its project. `custom_resources` are more kinds that carry pods.
    pub(crate) fn new(
        tree: &'a Tree<'s>,
        file: usize,
        custom_resources: &'a [CustomResource],
    ) -> Self {
        let budget = tree
            .source()
            .len()
            .saturating_mul(16)
            .saturating_add(1 << 20);
        Self {
            tree,
            file,
            budget: Cell::new(budget),
            custom_resources,
        }
    }

    /// The index of the file in the project.
    pub(super) fn file(&self) -> usize {
        self.file
    }

    /// Whether the file exceeded its budget.
    pub(crate) fn is_overdrawn(&self) -> bool {
        self.budget.get() == 0
    }

    /// The text of the file.
    pub(super) fn text(&self) -> &'s str {
        self.tree.source()
    }

    /// The roots of its documents, `None` for empty ones.
    pub(super) fn roots<'c>(&'c self) -> impl Iterator<Item = Option<Cursor<'c, 's>>> {
        self.tree.documents().iter().map(|document| {
            let root = Cursor {
                source: self,
                node: document.root,
                via: Via::Own,
            };
            root.at(document.root, Via::Own)
        })
    }

    /// Pays for a step. Returns false once the budget is used up; reading then finds nothing more.
    pub(crate) fn pay(&self, cost: usize) -> bool {
        let left = self.budget.get().saturating_sub(cost.saturating_add(1));
        self.budget.set(left);
        left > 0
    }
}

impl<'a, 's> Cursor<'a, 's> {
    /// The configured custom resources that carry pods.
    pub(super) fn custom_resources(&self) -> &'a [CustomResource] {
        self.source.custom_resources
    }

    /// Whether the value has `key: {{ value }}` without quotes: YAML reads a mapping whose key is a
    /// mapping. No JSON object has such a key, so the consumer rejects the document.
    pub(super) fn has_template_value(&self) -> bool {
        let tree = self.tree();
        let is_mapping = |&(key, _): &(NodeId, NodeId)| tree.node(key).kind == Kind::Map;
        self.written().any(|node| {
            tree.node(node).kind == Kind::Map
                && tree.text(node).starts_with("{{")
                && tree.entries(node).any(|entry| is_mapping(&entry))
        })
    }

    /// The nodes that are written in the value, without following aliases.
    fn written(&self) -> impl Iterator<Item = NodeId> + 'a {
        let tree = self.tree();
        let mut open = vec![self.node];
        std::iter::from_fn(move || {
            let node = open.pop()?;
            open.extend(tree.children(node));
            Some(node)
        })
    }

    /// The first line of the value, from 1.
    pub(super) fn line(&self) -> u32 {
        self.tree().line_column(self.span().start).0
    }

    /// The node, for edits.
    pub(super) fn node(&self) -> NodeId {
        self.node
    }

    /// The value of `key`. Null counts as missing.
    pub(crate) fn get(&self, key: &str) -> Option<Cursor<'a, 's>> {
        if !self.is_map() || !self.source.pay(self.merged_cost()) {
            return None;
        }
        let found = self.tree().get(self.node, key, Schema::GoYamlV2)?;
        self.at(found.value(), self.way(found))
    }

    /// The value at the end of a path of keys.
    pub(crate) fn find(&self, path: &[&str]) -> Option<Cursor<'a, 's>> {
        let mut at = self.clone();
        for key in path {
            at = at.get(key)?;
        }
        Some(at)
    }

    /// The items of a sequence with their positions, without nulls.
    pub(super) fn items(&self) -> Vec<(usize, Cursor<'a, 's>)> {
        self.items_and_nulls()
            .into_iter()
            .enumerate()
            .filter_map(|(index, item)| Some((index, item?)))
            .collect()
    }

    /// The items of a sequence, `None` for null.
    pub(crate) fn items_and_nulls(&self) -> Vec<Option<Cursor<'a, 's>>> {
        if !self.is_seq() {
            return Vec::new();
        }
        self.tree()
            .children(self.node)
            .take_while(|_| self.source.pay(0))
            .map(|item| self.at(item, self.via.clone()))
            .collect()
    }

    /// The item of a sequence at this position.
    pub(super) fn item(&self, index: usize) -> Option<Cursor<'a, 's>> {
        if !self.is_seq() || !self.source.pay(index) {
            return None;
        }
        let item = self.tree().children(self.node).nth(index)?;
        self.at(item, self.via.clone())
    }

    /// The items of the sequence at `key`.
    pub(super) fn items_of(&self, key: &str) -> Vec<(usize, Cursor<'a, 's>)> {
        self.get(key).map(|list| list.items()).unwrap_or_default()
    }

    /// The entries of a mapping, including merged ones, without nulls.
    pub(super) fn entries(&self) -> Vec<(Cow<'s, str>, Cursor<'a, 's>)> {
        self.entries_and_nulls()
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect()
    }

    /// The entries of a mapping, including merged ones, `None` for null.
    pub(crate) fn entries_and_nulls(&self) -> Vec<(Cow<'s, str>, Option<Cursor<'a, 's>>)> {
        if !self.is_map() || !self.source.pay(self.merged_cost()) {
            return Vec::new();
        }
        self.tree()
            .effective_entries(self.node, Schema::GoYamlV2)
            .into_iter()
            .take_while(|(key, _)| self.source.pay(key.len()))
            .map(|(key, found)| (key, self.at(found.value(), self.way(found))))
            .collect()
    }

    pub(crate) fn is_map(&self) -> bool {
        self.tree().node(self.node).kind == Kind::Map
    }

    pub(crate) fn is_seq(&self) -> bool {
        self.tree().node(self.node).kind == Kind::Seq
    }

    /// The scalar, with the type that the API server's YAML library gives it.
    pub(crate) fn scalar(&self) -> Option<Scalar<'s>> {
        self.source
            .pay(self.span_length())
            .then(|| self.tree().scalar(self.node, Schema::GoYamlV2))
            .flatten()
    }

    /// The value as the API server reads it, as far as the budget allows.
    pub(super) fn json(&self) -> Value {
        self.json_to(DEEPEST)
    }

    fn json_to(&self, depth: u16) -> Value {
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        let below =
            |value: Option<Cursor<'_, '_>>| value.map_or(Value::Null, |value| value.json_to(depth));
        if self.is_map() {
            let entries = self.entries_and_nulls().into_iter();
            let entries = entries.map(|(key, value)| (key.into_owned(), below(value)));
            return Value::Object(entries.collect::<Map<_, _>>());
        }
        if self.is_seq() {
            return Value::Array(self.items_and_nulls().into_iter().map(below).collect());
        }
        match self.scalar() {
            None | Some(Scalar::Null) => Value::Null,
            Some(Scalar::Bool(value)) => Value::Bool(value),
            Some(Scalar::Int(value)) => Number::from_i128(value).map_or(Value::Null, Value::Number),
            Some(Scalar::Float(value)) => {
                Number::from_f64(value).map_or(Value::Null, Value::Number)
            }
            Some(Scalar::Str(value)) => Value::String(value.into_owned()),
        }
    }

    /// The text of a scalar of any type. It is used for names and commands, whose text is clear
    /// even if the API server requires quotes.
    pub(super) fn word(&self) -> Option<Cow<'s, str>> {
        (self.tree().node(self.node).kind == Kind::Scalar && self.source.pay(self.span_length()))
            .then(|| self.tree().value(self.node))
    }

    /// [`Cursor::word`] at `key`, or an empty string.
    pub(super) fn word_of(&self, key: &str) -> String {
        self.get(key)
            .and_then(|value| value.word())
            .unwrap_or_default()
            .into_owned()
    }

    /// The texts of a sequence of scalars.
    pub(super) fn words(&self) -> Vec<String> {
        self.items()
            .iter()
            .filter_map(|(_, item)| item.word())
            .map(Cow::into_owned)
            .collect()
    }

    /// The boolean at `key`. Any other value counts as false.
    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key).and_then(|value| value.scalar()) == Some(Scalar::Bool(true))
    }

    /// The source text of the node.
    pub(crate) fn text(&self) -> &'s str {
        self.tree().text(self.node)
    }

    /// Whether a comment in the same file describes this place.
    pub(super) fn has_remark(&self, place: Place) -> bool {
        place.file == self.source.file && self.tree().has_remark(place.span)
    }

    pub(super) fn place(&self) -> Place {
        Place {
            file: self.source.file,
            span: self.span(),
        }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin {
            place: Some(self.place()),
            via: self.via.clone(),
        }
    }

    /// The setting at `path`, parsed by `read`, which returns `None` for values that the API
    /// rejects.
    pub(super) fn setting<T>(
        &self,
        path: &[&str],
        read: impl FnOnce(&Scalar<'s>) -> Option<T>,
    ) -> Setting<T> {
        self.find(path)
            .map_or(Setting::Absent, |value| value.typed(read))
    }

    /// This value as a setting.
    pub(super) fn typed<T>(&self, read: impl FnOnce(&Scalar<'s>) -> Option<T>) -> Setting<T> {
        let origin = self.origin();
        let scalar = self.scalar();
        if let Some(value) = scalar.as_ref().and_then(read) {
            return Setting::Set { value, origin };
        }
        let text = match &scalar {
            Some(Scalar::Str(text)) => text.clone().into_owned(),
            Some(_) => self.text().to_owned(),
            None => "a list or a mapping".to_owned(),
        };
        if matches!(scalar, Some(Scalar::Str(_))) && is_substituted(&text) {
            return Setting::Variable {
                text,
                default: None,
                origin,
            };
        }
        Setting::Unreadable { text, origin }
    }

    fn tree(&self) -> &'a Tree<'s> {
        self.source.tree
    }

    /// The bytes of the node.
    pub(crate) fn span(&self) -> Span {
        self.tree().node(self.node).span
    }

    fn span_length(&self) -> usize {
        let span = self.span();
        (span.end - span.start) as usize
    }

    /// The node behind `written`, unless the node is null or the budget is used up.
    fn at(&self, written: NodeId, via: Via) -> Option<Cursor<'a, 's>> {
        let tree = self.tree();
        let node = tree.resolve(written);
        let next = Cursor {
            source: self.source,
            node,
            via,
        };
        let cost = if node == written {
            0
        } else {
            next.span_length()
        };
        let is_null = tree.node(node).kind == Kind::Scalar
            && tree.scalar(node, Schema::GoYamlV2) == Some(Scalar::Null);
        (!is_null && self.source.pay(cost)).then_some(next)
    }

    /// How the value is reached from this mapping.
    fn way(&self, found: Found) -> Via {
        match found {
            Found::Own { .. } => self.via.clone(),
            Found::Merged { via, .. } => {
                Via::Merge(self.tree().text(via).trim_start_matches('*').to_owned())
            }
        }
    }

    /// The cost of a lookup in the merged mappings.
    fn merged_cost(&self) -> usize {
        let tree = self.tree();
        if !tree.has_merge(self.node, Schema::GoYamlV2) {
            return 0;
        }
        tree.entries(self.node)
            .filter(|&(key, _)| tree.text(key) == "<<")
            .flat_map(|(_, value)| std::iter::once(value).chain(tree.children(value)))
            .filter(|&value| tree.node(value).kind == Kind::Alias)
            .map(|alias| {
                let span = tree.node(tree.resolve(alias)).span;
                (span.end - span.start) as usize
            })
            .fold(0, usize::saturating_add)
    }
}

/// Whether a tool replaces the text before the API server reads it: `${VAR}` by envsubst or Flux,
/// `{{ … }}` by a template engine.
fn is_substituted(text: &str) -> bool {
    text.contains("${") || text.contains("{{")
}

/// Parses a boolean. The API rejects a quoted one.
pub(super) fn boolean(scalar: &Scalar<'_>) -> Option<bool> {
    match scalar {
        Scalar::Bool(value) => Some(*value),
        _ => None,
    }
}

/// Parses a string. The API rejects a number or a boolean.
pub(super) fn string(scalar: &Scalar<'_>) -> Option<String> {
    match scalar {
        Scalar::Str(value) => Some(value.clone().into_owned()),
        _ => None,
    }
}

/// Parses a user or group. The API accepts integers from 0 to 2147483647.
pub(super) fn id(scalar: &Scalar<'_>) -> Option<u32> {
    match scalar {
        Scalar::Int(value) => u32::try_from(*value)
            .ok()
            .filter(|&id| i32::try_from(id).is_ok()),
        _ => None,
    }
}

/// Parses a port.
pub(super) fn port(scalar: &Scalar<'_>) -> Option<u16> {
    match scalar {
        Scalar::Int(value) => u16::try_from(*value).ok().filter(|&port| port > 0),
        _ => None,
    }
}
