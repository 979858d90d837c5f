//! Edits at a path (set, push, remove), written in the style of the surrounding lines.
//!
//! An [`Editor`] collects operations on one tree. It refuses an operation with a typed reason if
//! the edit would change values at other places. [`Editor::finish`] lowers all operations on one
//! mapping or sequence to one insertion.

mod block;
mod flow;
mod layout;
mod lower;
mod plain;
mod refusal;
mod render;
mod target;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, NodeId, Scalar, Schema, Span, Style, Tree};
pub use refusal::Refusal;
pub use render::document;
use target::Place;

/// Collects operations on one tree.
#[derive(Debug)]
pub struct Editor<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
    /// All operations, so that a rollback can replay some of them.
    log: Vec<Operation>,
    /// The resulting change of each node.
    changes: BTreeMap<NodeId, Change>,
    /// Mappings that were checked: they have no duplicate key.
    checked: BTreeSet<NodeId>,
    /// `(target, alias)` for each alias, ascending.
    aliases: OnceCell<Vec<(NodeId, NodeId)>>,
}

/// The change of one node.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// The value of an entry, or an item, is replaced.
    Replaced(Value),
    /// A null is replaced by a collection.
    Filled(Value),
    /// Entries are added at the end of a mapping.
    Entries(Vec<(String, Value)>),
    /// Items are added at the end of a sequence.
    Items(Vec<Value>),
    /// The item, or the entry with this value, is removed. `node` is the item or the key.
    Removed { node: NodeId },
}

/// One call of an [`Editor`].
#[derive(Clone, Debug)]
enum Operation {
    At {
        start: NodeId,
        path: Vec<String>,
        action: Action,
    },
    SetItem(NodeId, Value),
    RemoveItem(NodeId),
}

/// The operation at the end of a path.
#[derive(Clone, Debug)]
enum Action {
    Set(Value),
    Push(Value),
    Remove,
}

/// A point to which [`Editor::rollback`] returns.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint(usize);

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A decimal integer.
    Int(i64),
    /// A string. It is written plain if every reader reads it as this string, else quoted.
    Str(String),
    /// A scalar with exactly these characters, without quotes, such as a null or a float.
    Plain(String),
    /// A sequence.
    Seq(Vec<Value>),
    /// A mapping; the order of the entries is kept.
    Map(Vec<(String, Value)>),
    /// A value with a local tag, such as `!override`.
    Tagged(String, Box<Value>),
}

/// A replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to remove (empty for an insertion).
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// The edit of one node, as part of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The replacement of bytes.
    pub edit: Edit,
    /// Of parts that start at the same byte, the one with the lower rank comes first.
    pub rank: u32,
}

/// Edits, ascending and disjoint, and the changes of values that they make.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The replacements of bytes.
    pub edits: Vec<Edit>,
    /// The changes of values. [`super::compare()`] checks that the new text has no other change.
    pub touched: Vec<Touched>,
}

/// One change that a plan makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Touched {
    /// An entry was added at the end of this mapping (or null) of the old tree.
    Added {
        /// The mapping, or the null that becomes a mapping.
        map: NodeId,
        /// The key.
        key: String,
        /// The new value.
        value: Value,
    },
    /// This value of an entry, or this item, of the old tree was replaced.
    Replaced {
        /// The old value.
        node: NodeId,
        /// The new value.
        value: Value,
    },
    /// Items were added at the end of this sequence (or null) of the old tree.
    Pushed {
        /// The sequence, or the null that becomes a sequence.
        seq: NodeId,
        /// The new items.
        items: Vec<Value>,
    },
    /// This entry or item of the old tree was removed.
    Removed {
        /// The key of the entry, or the item.
        node: NodeId,
    },
}

impl<'t, 's> Editor<'t, 's> {
    /// An editor without operations. `schema` decides which keys are equal.
    #[must_use]
    pub fn new(tree: &'t Tree<'s>, schema: Schema) -> Self {
        Self {
            tree,
            schema,
            log: Vec::new(),
            changes: BTreeMap::new(),
            checked: BTreeSet::new(),
            aliases: OnceCell::new(),
        }
    }

    /// Writes `value` at `path` under the mapping (or null) `map`. Missing mappings on the path are
    /// created. An existing value is replaced, unless it already equals `value`. If the key comes
    /// only from `<<`, the mapping gets its own key.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. The editor is then unchanged.
    pub fn set(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        self.record(map, path, Action::Set(value))
    }

    /// Appends `value` to the sequence at `path` under `map`. A missing or null sequence is
    /// created. With an empty path, `map` itself is the sequence.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. The editor is then unchanged.
    pub fn push(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        self.record(map, path, Action::Push(value))
    }

    /// Removes the entry at `path` under `map`, with the comments that belong to it. Does nothing
    /// if there is no such entry.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. The editor is then unchanged.
    pub fn remove(&mut self, map: NodeId, path: &[&str]) -> Result<(), Refusal> {
        self.record(map, path, Action::Remove)
    }

    /// Replaces one item of a sequence with `value`. An item that already equals `value` is not
    /// changed. A string keeps its quotes.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. The editor is then unchanged.
    pub fn set_item(&mut self, item: NodeId, value: Value) -> Result<(), Refusal> {
        let operation = Operation::SetItem(item, value);
        self.perform(&operation)?;
        self.log.push(operation);
        Ok(())
    }

    /// Removes one item of a sequence. Removing the only item leaves `[]`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. The editor is then unchanged.
    pub fn remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        let operation = Operation::RemoveItem(item);
        self.perform(&operation)?;
        self.log.push(operation);
        Ok(())
    }

    /// Whether the sequence has an item other than these, which are ascending, after the operations
    /// so far. If not, remove the sequence instead of the items.
    #[must_use]
    pub fn keeps_item(&self, seq: NodeId, except: &[NodeId]) -> bool {
        let is_kept = |item| except.binary_search(&item).is_err() && !self.is_removed(item);
        matches!(self.changes.get(&seq), Some(Change::Items(_)))
            || self.tree.children(seq).any(is_kept)
    }

    /// The value that the operations so far wrote for an entry of the mapping.
    #[must_use]
    pub fn written(&self, map: NodeId, key: &str) -> Option<&Value> {
        if let Some(Change::Entries(entries)) = self.changes.get(&map)
            && let Some((_, value)) = entries.iter().find(|(known, _)| known == key)
        {
            return Some(value);
        }
        let Ok(Place::Own { value, .. }) = self.find(map, key) else {
            return None;
        };
        match self.changes.get(&value)? {
            Change::Replaced(value) | Change::Filled(value) => Some(value),
            Change::Entries(_) | Change::Items(_) | Change::Removed { .. } => None,
        }
    }

    /// Whether an operation removed the node.
    #[must_use]
    pub fn is_removed(&self, node: NodeId) -> bool {
        matches!(self.changes.get(&node), Some(Change::Removed { .. }))
    }

    /// The current point, for [`Editor::rollback`].
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.log.len())
    }

    /// Drops every operation since `checkpoint`.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        if checkpoint.0 >= self.log.len() {
            return;
        }
        self.changes.clear();
        let mut kept = std::mem::take(&mut self.log);
        kept.truncate(checkpoint.0);
        for operation in kept {
            // The operation succeeded before on the same changes, so it succeeds again.
            if self.perform(&operation).is_ok() {
                self.log.push(operation);
            }
        }
    }

    /// Lowers all operations to edits.
    #[must_use]
    pub fn finish(self) -> Plan {
        self.plan()
    }

    /// Lowers all operations so far to edits.
    #[must_use]
    pub fn plan(&self) -> Plan {
        lower::lower(self.tree, &self.changes)
    }

    /// The edits of [`Editor::plan`] before adjacent ones are joined: one for each place and node.
    /// If two editors of one tree make the same change to a node, their parts for it are equal.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        lower::parts(self.tree, &self.changes)
    }

    fn record(&mut self, start: NodeId, path: &[&str], action: Action) -> Result<(), Refusal> {
        let path = path.iter().map(|&key| key.to_owned()).collect();
        let operation = Operation::At {
            start,
            path,
            action,
        };
        self.perform(&operation)?;
        self.log.push(operation);
        Ok(())
    }

    fn perform(&mut self, operation: &Operation) -> Result<(), Refusal> {
        match operation {
            Operation::At {
                start,
                path,
                action,
            } => self.perform_at(*start, path, action),
            Operation::SetItem(item, value) => {
                let seq = self.sequence_of(*item)?;
                self.replace(seq, *item, value.clone())
            }
            Operation::RemoveItem(item) => self.perform_remove_item(*item),
        }
    }

    fn perform_at(
        &mut self,
        start: NodeId,
        path: &[String],
        action: &Action,
    ) -> Result<(), Refusal> {
        if path.is_empty() && !matches!(action, Action::Push(_)) {
            return Err(Refusal::EmptyPath);
        }
        self.refuse_removed(start)?;
        if path.iter().any(|key| key == "<<") {
            return Err(Refusal::MergeKey);
        }
        let mut at = start;
        let mut rest = path;
        loop {
            if let Some(Change::Replaced(value) | Change::Filled(value)) = self.changes.get_mut(&at)
            {
                let span = self.tree.node(at).span;
                value
                    .change(rest, action)
                    .map_err(|wanted| wanted.at(span))?;
                self.forget_empty(at);
                return Ok(());
            }
            let node = *self.tree.node(at);
            match node.kind {
                Kind::Alias => return Err(self.through_alias(at)),
                Kind::Scalar if self.is_null(at) => {
                    return self.fill(at, rest, action);
                }
                Kind::Seq if rest.is_empty() => {
                    return match action {
                        Action::Push(value) => self.append(at, value),
                        Action::Set(_) | Action::Remove => Err(Refusal::EmptyPath),
                    };
                }
                Kind::Scalar | Kind::Seq if !rest.is_empty() => {
                    return Err(Wanted::Map.at(node.span));
                }
                Kind::Scalar | Kind::Seq | Kind::Map => {}
            }
            let Some((key, deeper)) = rest.split_first() else {
                return Err(match action {
                    Action::Push(_) => Wanted::Seq.at(node.span),
                    Action::Set(_) | Action::Remove => Refusal::EmptyPath,
                });
            };
            self.check(at)?;
            match self.find(at, key)? {
                Place::Own { key: node, value } => {
                    if matches!(self.changes.get(&value), Some(Change::Removed { .. })) {
                        let Some(value_now) = Value::nest(deeper, action) else {
                            return Ok(());
                        };
                        return self.replace(at, value, value_now);
                    }
                    match action {
                        Action::Set(new) if deeper.is_empty() => {
                            return self.replace(at, value, new.clone());
                        }
                        Action::Remove if deeper.is_empty() => {
                            return self.remove_entry(at, node, value);
                        }
                        _ => (at, rest) = (value, deeper),
                    }
                }
                Place::Merged { via, value } => {
                    let replaces = deeper.is_empty() && matches!(action, Action::Set(_))
                        || self.tree.scalar(value, self.schema) == Some(Scalar::Null);
                    if let Some(Change::Entries(entries)) = self.changes.get(&at)
                        && entries.iter().any(|(known, _)| known == key)
                    {
                        return self.enter(at, rest, action);
                    }
                    if let Action::Set(new) = action
                        && deeper.is_empty()
                        && self.is(value, new)
                    {
                        return Ok(());
                    }
                    if !replaces {
                        return Err(self.merged(via));
                    }
                    return self.enter(at, rest, action);
                }
                Place::Missing => return self.enter(at, rest, action),
            }
        }
    }

    /// Adds an operation to the changes of a mapping.
    fn enter(&mut self, map: NodeId, path: &[String], action: &Action) -> Result<(), Refusal> {
        if matches!(action, Action::Remove) && !self.changes.contains_key(&map) {
            return Ok(());
        }
        self.refuse_shared(map)?;
        self.refuse_in_key(map)?;
        self.refuse_open(map)?;
        let known = match self.changes.remove(&map) {
            Some(Change::Entries(entries)) => entries,
            _ => Vec::new(),
        };
        let mut gained = Value::Map(known);
        let changed = gained.change(path, action);
        if let Value::Map(entries) = gained
            && !entries.is_empty()
        {
            self.changes.insert(map, Change::Entries(entries));
        }
        changed.map_err(|wanted| wanted.at(self.tree.node(map).span))
    }

    /// Adds an item to the changes of a sequence.
    fn append(&mut self, seq: NodeId, value: &Value) -> Result<(), Refusal> {
        self.refuse_shared(seq)?;
        self.refuse_in_key(seq)?;
        self.refuse_open(seq)?;
        match self.changes.get_mut(&seq) {
            Some(Change::Items(items)) => items.push(value.clone()),
            _ => {
                self.changes.insert(seq, Change::Items(vec![value.clone()]));
            }
        }
        Ok(())
    }

    /// Replaces a null with the collection that the rest of the path needs.
    fn fill(&mut self, null: NodeId, path: &[String], action: &Action) -> Result<(), Refusal> {
        let Some(value) = Value::nest(path, action) else {
            return Ok(());
        };
        self.refuse_shared(null)?;
        self.refuse_key(null)?;
        self.refuse_without_colon(null)?;
        self.refuse_tag(null, &value)?;
        self.changes.insert(null, Change::Filled(value));
        Ok(())
    }

    fn replace(&mut self, map: NodeId, old: NodeId, value: Value) -> Result<(), Refusal> {
        self.refuse_shared(map)?;
        self.refuse_in_key(map)?;
        self.refuse_anchored(old, old)?;
        let is_so = self.is(old, &value);
        if !is_so {
            self.refuse_without_colon(old)?;
            self.refuse_tag(old, &value)?;
        }
        self.drop_under(old);
        if !is_so {
            self.changes.insert(old, Change::Replaced(value));
        }
        Ok(())
    }

    fn remove_entry(&mut self, map: NodeId, key: NodeId, value: NodeId) -> Result<(), Refusal> {
        self.refuse_shared(map)?;
        self.refuse_in_key(map)?;
        self.refuse_anchored(key, value)?;
        self.refuse_uncovered(map, key)?;
        self.drop_under(value);
        self.changes.insert(value, Change::Removed { node: key });
        Ok(())
    }

    /// The sequence that contains an item. Refuses if either was removed.
    fn sequence_of(&self, item: NodeId) -> Result<NodeId, Refusal> {
        self.refuse_removed(item)?;
        let seq = self.tree.node(item).parent;
        if seq == item || self.tree.node(seq).kind != Kind::Seq {
            return Err(Wanted::Seq.at(self.tree.node(item).span));
        }
        Ok(seq)
    }

    fn perform_remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        let seq = self.sequence_of(item)?;
        self.refuse_shared(seq)?;
        self.refuse_in_key(seq)?;
        self.refuse_anchored(item, item)?;
        self.drop_under(item);
        self.changes.insert(item, Change::Removed { node: item });
        Ok(())
    }

    /// An operation on a whole node replaces earlier ones inside the node.
    fn drop_under(&mut self, node: NodeId) {
        let inside: Vec<NodeId> = self
            .changes
            .range(node..self.tree.node(node).next)
            .map(|(&id, _)| id)
            .collect();
        for id in inside {
            self.changes.remove(&id);
        }
    }

    /// Drops the change of a null that received no entries.
    fn forget_empty(&mut self, null: NodeId) {
        let empty = match self.changes.get(&null) {
            Some(Change::Filled(Value::Map(entries))) => entries.is_empty(),
            _ => false,
        };
        if empty {
            self.changes.remove(&null);
        }
    }

    /// Whether the node is a null. A tag without a value (`!!map`) counts as null.
    fn is_null(&self, node: NodeId) -> bool {
        self.tree.node(node).style == Style::Empty
            || self.tree.scalar(node, self.schema) == Some(Scalar::Null)
    }

    /// Whether the node already has this value, in any notation.
    fn is(&self, node: NodeId, value: &Value) -> bool {
        let node = self.tree.resolve(node);
        match value {
            Value::Bool(bool) => self.tree.scalar(node, self.schema) == Some(Scalar::Bool(*bool)),
            Value::Int(int) => {
                self.tree.scalar(node, self.schema) == Some(Scalar::Int(i128::from(*int)))
            }
            Value::Str(text) => match self.tree.scalar(node, self.schema) {
                Some(Scalar::Str(found)) => found == text.as_str(),
                _ => false,
            },
            Value::Plain(text) => {
                self.tree.node(node).style == Style::Plain && self.tree.text(node) == text
            }
            Value::Tagged(tag, value) => {
                self.tree.tag(node).is_some_and(|found| found == tag.as_str())
                    && self.is(node, value)
            }
            Value::Seq(items) => {
                self.tree.node(node).kind == Kind::Seq
                    && self.tree.children(node).count() == items.len()
                    && self.tree.children(node).zip(items).all(|(child, item)| self.is(child, item))
            }
            Value::Map(entries) => {
                self.tree.node(node).kind == Kind::Map
                    && self.tree.entries(node).count() == entries.len()
                    && entries.iter().all(|(key, value)| {
                        matches!(self.find(node, key), Ok(Place::Own { value: found, .. }) if self.is(found, value))
                    })
            }
        }
    }
}

/// The kind of collection that a path needs.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Map,
    Seq,
}

impl Wanted {
    fn at(self, span: Span) -> Refusal {
        match self {
            Self::Map => Refusal::NotAMapping { span },
            Self::Seq => Refusal::NotASequence { span },
        }
    }
}

impl Value {
    /// The value for an empty place: the rest of the path as nested mappings.
    fn nest(path: &[String], action: &Action) -> Option<Self> {
        let leaf = match action {
            Action::Set(value) => value.clone(),
            Action::Push(value) => Self::Seq(vec![value.clone()]),
            Action::Remove => return None,
        };
        Some(
            path.iter()
                .rev()
                .fold(leaf, |inner, key| Self::Map(vec![(key.clone(), inner)])),
        )
    }

    /// Applies an operation to a value that is not written yet. `Err` if the path reaches a value
    /// of another kind; the value is then unchanged.
    fn change(&mut self, path: &[String], action: &Action) -> Result<(), Wanted> {
        let Some((key, deeper)) = path.split_first() else {
            return match (self, action) {
                (slot, Action::Set(value)) => {
                    *slot = value.clone();
                    Ok(())
                }
                (Self::Seq(items), Action::Push(value)) => {
                    items.push(value.clone());
                    Ok(())
                }
                _ => Err(Wanted::Seq),
            };
        };
        let Self::Map(entries) = self else {
            return Err(Wanted::Map);
        };
        match entries.iter().position(|(known, _)| known == key) {
            Some(at) if deeper.is_empty() && matches!(action, Action::Remove) => {
                entries.remove(at);
                Ok(())
            }
            Some(at) => match entries.get_mut(at) {
                Some((_, value)) => value.change(deeper, action),
                None => Ok(()),
            },
            None => {
                if let Some(value) = Self::nest(deeper, action) {
                    entries.push((key.clone(), value));
                }
                Ok(())
            }
        }
    }
}

impl Plan {
    /// The source with the edits applied.
    #[must_use]
    pub fn apply(&self, source: &str) -> String {
        let added: usize = self.edits.iter().map(|edit| edit.text.len()).sum();
        let mut out = String::with_capacity(source.len() + added);
        let mut at = 0;
        for edit in &self.edits {
            out.push_str(source.get(at..edit.span.start as usize).unwrap_or_default());
            out.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        out.push_str(source.get(at..).unwrap_or_default());
        out
    }
}
