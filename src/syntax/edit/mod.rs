//! Set, push and remove at a path, in the style of the surroundings.
//!
//! An [`Editor`] collects operations on one tree and refuses at once, with a typed reason, what
//! it could not do without changing what others see. [`Editor::finish`] lowers everything that
//! goes into one mapping or sequence to one insertion.

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
use target::Seat;

/// Collects operations on one tree.
#[derive(Debug)]
pub struct Editor<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
    /// What was asked for, so that a rollback can replay a part of it.
    log: Vec<Operation>,
    /// What it comes to, by the node that changes.
    changes: BTreeMap<NodeId, Change>,
    /// Mappings without a duplicate key.
    vetted: BTreeSet<NodeId>,
    /// `(node, alias that stands for it)`, ascending.
    aliases: OnceCell<Vec<(NodeId, NodeId)>>,
}

/// What becomes of one node.
#[derive(Clone, Debug, PartialEq)]
enum Change {
    /// The value of an entry, or an item, is replaced.
    Replaced(Value),
    /// A null becomes a collection.
    Filled(Value),
    /// A mapping gains entries at its end.
    Entries(Vec<(String, Value)>),
    /// A sequence gains items at its end.
    Items(Vec<Value>),
    /// The item, or the entry of this value, is gone. `node` is the item or the key.
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

/// What to do at the end of a path.
#[derive(Clone, Debug)]
enum Action {
    Set(Value),
    Push(Value),
    Remove,
}

/// A point to return to: see [`Editor::rollback`].
#[derive(Clone, Copy, Debug)]
pub struct Checkpoint(usize);

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A decimal integer.
    Int(i64),
    /// A string: plain where every consumer reads it as that string, quoted otherwise.
    Str(String),
    /// A scalar in exactly these characters, without quotes: a null, a float.
    Plain(String),
    /// A sequence.
    Seq(Vec<Value>),
    /// A mapping, in this order.
    Map(Vec<(String, Value)>),
    /// A value behind a tag of its consumer's, such as `!override`.
    Tagged(String, Box<Value>),
}

/// One replacement of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes (empty for an insertion).
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// Edits, ascending and disjoint, and what they mean.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The replacements of bytes.
    pub edits: Vec<Edit>,
    /// What differs in the value of the stream afterwards: nothing else may.
    pub touched: Vec<Touched>,
}

/// One difference that a plan makes, for the proof that it makes no other.
#[derive(Clone, Debug, PartialEq)]
pub enum Touched {
    /// This mapping (or null) of the old tree has this entry at its end afterwards.
    Added {
        /// The mapping, or the null that becomes one.
        map: NodeId,
        /// The key.
        key: String,
        /// The whole new value.
        value: Value,
    },
    /// This value of an entry, or this item, of the old tree is another one afterwards.
    Replaced {
        /// The old value.
        node: NodeId,
        /// The new one.
        value: Value,
    },
    /// This sequence (or null) of the old tree has these items at its end afterwards.
    Pushed {
        /// The sequence, or the null that becomes one.
        seq: NodeId,
        /// The new items.
        items: Vec<Value>,
    },
    /// This entry (its key node) or item of the old tree is gone afterwards.
    Removed {
        /// Key of the entry, or the item.
        node: NodeId,
    },
}

impl<'t, 's> Editor<'t, 's> {
    /// An editor with nothing to do yet. `schema` decides which keys are the same key.
    #[must_use]
    pub fn new(tree: &'t Tree<'s>, schema: Schema) -> Self {
        Self {
            tree,
            schema,
            log: Vec::new(),
            changes: BTreeMap::new(),
            vetted: BTreeSet::new(),
            aliases: OnceCell::new(),
        }
    }

    /// Writes `value` at `path` under the mapping (or null) `map`. Missing mappings on the way are
    /// created; a value that stands there is replaced, and one that already is `value` stays as
    /// it is written. Where only `<<` brings the key, the mapping gets one of its own.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn set(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        self.record(map, path, Action::Set(value))
    }

    /// Appends `value` to the sequence at `path` under `map`, which is created where it is missing
    /// or null. With an empty path `map` itself is the sequence.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn push(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        self.record(map, path, Action::Push(value))
    }

    /// Removes the entry at `path` under `map`, with the comment that belongs to it. Does nothing where there is none.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove(&mut self, map: NodeId, path: &[&str]) -> Result<(), Refusal> {
        self.record(map, path, Action::Remove)
    }

    /// Writes `value` in the place of one item of a sequence. An item that already is `value` stays
    /// as it is written, and a string keeps its quotes.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn set_item(&mut self, item: NodeId, value: Value) -> Result<(), Refusal> {
        let operation = Operation::SetItem(item, value);
        self.perform(&operation)?;
        self.log.push(operation);
        Ok(())
    }

    /// Removes one item of a sequence. Removing the only one leaves `[]`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        let operation = Operation::RemoveItem(item);
        self.perform(&operation)?;
        self.log.push(operation);
        Ok(())
    }

    /// A point to come back to.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.log.len())
    }

    /// Forgets every operation since `checkpoint`.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        if checkpoint.0 >= self.log.len() {
            return;
        }
        self.changes.clear();
        let mut kept = std::mem::take(&mut self.log);
        kept.truncate(checkpoint.0);
        for operation in kept {
            // It was possible before on the same changes, so it is now.
            if self.perform(&operation).is_ok() {
                self.log.push(operation);
            }
        }
    }

    /// Lowers all operations to edits.
    #[must_use]
    pub fn finish(self) -> Plan {
        lower::lower(self.tree, &self.changes)
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
        self.refuse_gone(start)?;
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
            self.vet(at)?;
            match self.seat(at, key)? {
                Seat::Own { key: node, value } => {
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
                Seat::Merged { via, value } => {
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
                Seat::Missing => return self.enter(at, rest, action),
            }
        }
    }

    /// Adds to what a mapping gains.
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

    /// Adds to what a sequence gains.
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

    /// Makes a null the collection that the rest of the path asks for.
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
        self.forget_under(old);
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
        self.forget_under(value);
        self.changes.insert(value, Change::Removed { node: key });
        Ok(())
    }

    /// The sequence that an item stands in, unless either is gone.
    fn sequence_of(&self, item: NodeId) -> Result<NodeId, Refusal> {
        self.refuse_gone(item)?;
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
        self.forget_under(item);
        self.changes.insert(item, Change::Removed { node: item });
        Ok(())
    }

    /// Later operations on a whole node overrule earlier ones inside it.
    fn forget_under(&mut self, node: NodeId) {
        let inside: Vec<NodeId> = self
            .changes
            .range(node..self.tree.node(node).next)
            .map(|(&id, _)| id)
            .collect();
        for id in inside {
            self.changes.remove(&id);
        }
    }

    /// A null that gains nothing after all stays a null.
    fn forget_empty(&mut self, null: NodeId) {
        let empty = match self.changes.get(&null) {
            Some(Change::Filled(Value::Map(entries))) => entries.is_empty(),
            _ => false,
        };
        if empty {
            self.changes.remove(&null);
        }
    }

    /// Whether nothing stands here; a tag alone (`!!map`) is nothing too.
    fn is_null(&self, node: NodeId) -> bool {
        self.tree.node(node).style == Style::Empty
            || self.tree.scalar(node, self.schema) == Some(Scalar::Null)
    }

    /// Whether the node already says `value`, however it is written.
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
                        matches!(self.seat(node, key), Ok(Seat::Own { value: found, .. }) if self.is(found, value))
                    })
            }
        }
    }
}

/// What a path needs where something else stands.
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
    /// What stands at a place that was empty.
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

    /// Applies an operation to a value that is still to be written; `Err` where the path meets a
    /// value of another kind, and the value is then as it was.
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
