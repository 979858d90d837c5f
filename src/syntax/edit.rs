//! Set, push and remove at a path, in the style of the surroundings.
//!
//! An [`Editor`] collects operations on one tree and refuses at once, with a typed reason, what
//! it could not do without changing what others see. [`Editor::finish`] lowers everything that
//! goes into one mapping or sequence to one insertion.

use super::{NodeId, Schema, Span, Tree};

/// Collects operations on one tree.
#[derive(Debug)]
pub struct Editor<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
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
    /// A sequence.
    Seq(Vec<Value>),
    /// A mapping, in this order.
    Map(Vec<(String, Value)>),
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
    /// This mapping of the old tree has this entry afterwards; when it had the key, the value is replaced.
    Set {
        /// The mapping (for a null that becomes a mapping: the null).
        map: NodeId,
        /// The key.
        key: String,
        /// The whole new value.
        value: Value,
    },
    /// This sequence of the old tree has these items at its end afterwards.
    Pushed {
        /// The sequence.
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

/// Why an operation cannot be done without changing what others see or guessing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The place is reached through an alias: the text belongs to the anchor.
    #[error("the value is an alias of `&{anchor}`, which others may read too")]
    ThroughAlias {
        /// The anchor's name.
        anchor: String,
        /// The alias.
        span: Span,
    },
    /// The place is inside a node that others read through its anchor.
    #[error("`&{anchor}` is read elsewhere too, and an edit here would change it there")]
    SharedAnchor {
        /// The anchor's name.
        anchor: String,
        /// The anchored node.
        span: Span,
    },
}

impl<'t, 's> Editor<'t, 's> {
    /// An editor with nothing to do yet. `schema` decides which keys are the same key.
    #[must_use]
    pub fn new(tree: &'t Tree<'s>, schema: Schema) -> Self {
        Self { tree, schema }
    }

    /// Writes `value` at `path` under the mapping (or null) `map`. Missing mappings on the way are
    /// created; a value that stands there is replaced.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn set(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        let _ = (self.tree, self.schema, map, path, value);
        todo!()
    }

    /// Appends `value` to the sequence at `path` under `map`, which is created where it is missing or null.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn push(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        let _ = (map, path, value);
        todo!()
    }

    /// Removes the entry at `path` under `map`, with the comment that belongs to it. Does nothing where there is none.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove(&mut self, map: NodeId, path: &[&str]) -> Result<(), Refusal> {
        let _ = (map, path);
        todo!()
    }

    /// Removes one item of a sequence. Removing the only one leaves `[]`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        let _ = item;
        todo!()
    }

    /// A point to come back to.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        todo!()
    }

    /// Forgets every operation since `checkpoint`.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        let _ = checkpoint;
        todo!()
    }

    /// Lowers all operations to edits.
    #[must_use]
    pub fn finish(self) -> Plan {
        todo!()
    }
}

impl Plan {
    /// The source with the edits applied.
    #[must_use]
    pub fn apply(&self, source: &str) -> String {
        let _ = source;
        todo!()
    }
}
