//! Set, push and remove at a path, in the style of the surroundings.
//!
//! An [`Editor`] collects operations on one tree and refuses at once, with a typed reason, what
//! it could not do without changing what others see. [`Editor::finish`] lowers everything that
//! goes into one mapping or sequence to one insertion.

mod layout;
mod lower;
mod refusal;
mod render;

use std::cell::OnceCell;
use std::collections::HashSet;

pub use refusal::Refusal;

use super::{Found, Kind, Node, NodeId, Scalar, Schema, Span, Style, Tree};

/// Collects operations on one tree.
#[derive(Debug)]
pub struct Editor<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
    operations: Vec<Operation>,
    /// Nodes that some alias stands for.
    aliased: OnceCell<HashSet<NodeId>>,
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
    /// This mapping (or null) of the old tree has this entry at its end afterwards.
    Added {
        /// The mapping, or the null that becomes one.
        map: NodeId,
        /// The key.
        key: String,
        /// The whole new value.
        value: Value,
    },
    /// This node of the old tree has this value afterwards.
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

/// What was asked for, with the place resolved.
#[derive(Clone, Debug)]
enum Operation {
    /// New keys under a mapping or null; the last of them has the value.
    Insert {
        host: NodeId,
        keys: Vec<String>,
        value: Value,
    },
    /// A new item of the sequence under these new keys, or of the host itself where there are none.
    Append {
        host: NodeId,
        keys: Vec<String>,
        value: Value,
    },
    /// Another value for a node.
    Replace { node: NodeId, value: Value },
    /// An entry (by its key) or an item goes.
    Remove { node: NodeId },
}

impl<'t, 's> Editor<'t, 's> {
    /// An editor with nothing to do yet. `schema` decides which keys are the same key.
    #[must_use]
    pub fn new(tree: &'t Tree<'s>, schema: Schema) -> Self {
        Self {
            tree,
            schema,
            operations: Vec::new(),
            aliased: OnceCell::new(),
        }
    }

    /// Writes `value` at `path` under the mapping (or null) `map`. Missing mappings on the way are
    /// created; a scalar that stands there is replaced.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn set(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        let operation = match self.find(map, path)? {
            Place::Missing { host, keys } => Operation::Insert { host, keys, value },
            Place::Merged { host, key, .. } => Operation::Insert {
                host,
                keys: vec![key],
                value,
            },
            Place::Present { key, node } => {
                if self.says(node, &value) {
                    return Ok(());
                }
                self.check_replaceable(key, node)?;
                Operation::Replace { node, value }
            }
        };
        self.operations.push(operation);
        Ok(())
    }

    /// Appends `value` to the sequence at `path` under `map`, which is created where it is missing or null.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn push(&mut self, map: NodeId, path: &[&str], value: Value) -> Result<(), Refusal> {
        let operation = match self.find(map, path)? {
            Place::Missing { host, keys } => Operation::Append { host, keys, value },
            Place::Merged { host, key, .. } if self.plans_at(host, &key) => Operation::Append {
                host,
                keys: vec![key],
                value,
            },
            Place::Merged { via, .. } => return Err(self.merged(via)),
            Place::Present { node, .. } => {
                self.check_host(node)?;
                let planned = self.operations.iter().any(|operation| {
                    matches!(operation, Operation::Replace { node: other, value: Value::Seq(_) } if *other == node)
                });
                match self.tree.node(node).kind {
                    Kind::Seq => {}
                    _ if planned || self.is_null(node) => {}
                    _ => {
                        return Err(Refusal::NotASequence {
                            span: self.tree.node(node).span,
                        });
                    }
                }
                Operation::Append {
                    host: node,
                    keys: Vec::new(),
                    value,
                }
            }
        };
        self.operations.push(operation);
        Ok(())
    }

    /// Removes the entry at `path` under `map`, with the comment that belongs to it. Does nothing
    /// where there is none.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove(&mut self, map: NodeId, path: &[&str]) -> Result<(), Refusal> {
        match self.find(map, path)? {
            Place::Missing { .. } => Ok(()),
            Place::Merged { via, .. } => Err(self.merged(via)),
            Place::Present { key, node } => {
                self.check_removable(key, self.tree.node(node).next)?;
                self.operations.push(Operation::Remove { node: key });
                Ok(())
            }
        }
    }

    /// Removes one item of a sequence. Removing the only one leaves `[]`.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; the editor is then as it was.
    pub fn remove_item(&mut self, item: NodeId) -> Result<(), Refusal> {
        self.check_host(self.tree.node(item).parent)?;
        self.check_removable(item, self.tree.node(item).next)?;
        self.operations.push(Operation::Remove { node: item });
        Ok(())
    }

    /// An operation of this editor writes the entry at `path` under `map`, or below it.
    #[must_use]
    pub fn plans(&self, map: NodeId, path: &[&str]) -> bool {
        self.operations.iter().any(|operation| match operation {
            Operation::Insert { host, keys, .. } | Operation::Append { host, keys, .. } if *host == map => {
                keys.iter().zip(path).all(|(key, step)| key == step) && keys.len() >= path.len()
            }
            Operation::Replace { node, .. } | Operation::Append { host: node, .. } => {
                matches!(self.find(map, path), Ok(Place::Present { node: there, .. }) if there == *node)
            }
            _ => false,
        })
    }

    /// A point to come back to.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint(self.operations.len())
    }

    /// Forgets every operation since `checkpoint`.
    pub fn rollback(&mut self, checkpoint: Checkpoint) {
        self.operations.truncate(checkpoint.0);
    }

    /// Lowers all operations to edits.
    #[must_use]
    pub fn finish(self) -> Plan {
        lower::plan(self.tree, &self.operations)
    }

    /// Where a path leads.
    fn find(&self, map: NodeId, path: &[&str]) -> Result<Place, Refusal> {
        let mut host = map;
        for (depth, key) in path.iter().enumerate() {
            self.check_host(host)?;
            let rest = || path[depth..].iter().map(|key| (*key).to_owned()).collect();
            if self.is_null(host) {
                return Ok(Place::Missing { host, keys: rest() });
            }
            let node = self.tree.node(host);
            if node.kind != Kind::Map {
                return Err(Refusal::NotAMapping { span: node.span });
            }
            if let Some((first, second)) = self.tree.duplicate_key(host, self.schema) {
                let _ = first;
                return Err(Refusal::DuplicateKey {
                    span: self.tree.node(second).span,
                });
            }
            let last = depth + 1 == path.len();
            match self.tree.get(host, key, self.schema) {
                None => return Ok(Place::Missing { host, keys: rest() }),
                Some(Found::Own { key, value }) if last => {
                    return Ok(Place::Present { key, node: value });
                }
                Some(Found::Own { value, .. }) => host = value,
                Some(Found::Merged { via, value, .. }) => {
                    if let Some((own, _)) = self
                        .tree
                        .entries(host)
                        .find(|(own, _)| self.tree.value(*own) == *key)
                    {
                        return Err(Refusal::Shadowed {
                            span: self.tree.node(own).span,
                        });
                    }
                    if last {
                        return Ok(Place::Merged {
                            host,
                            key: (*key).to_owned(),
                            via,
                        });
                    }
                    if self.plans_at(host, key) {
                        return Ok(Place::Missing { host, keys: rest() });
                    }
                    let _ = value;
                    return Err(self.merged(via));
                }
            }
        }
        Err(Refusal::NotAMapping {
            span: self.tree.node(map).span,
        })
    }

    fn plans_at(&self, map: NodeId, key: &str) -> bool {
        self.operations.iter().any(|operation| {
            matches!(operation, Operation::Insert { host, keys, .. } if *host == map && keys[0] == key)
        })
    }

    fn merged(&self, via: NodeId) -> Refusal {
        let anchor = self
            .tree
            .anchor(self.tree.resolve(via))
            .unwrap_or_default()
            .to_owned();
        Refusal::Merged {
            anchor,
            span: self.tree.node(via).span,
        }
    }

    /// Whether text may be added inside a node.
    fn check_host(&self, host: NodeId) -> Result<(), Refusal> {
        let node = self.tree.node(host);
        if node.kind == Kind::Alias {
            let anchor = self
                .tree
                .anchor(self.tree.resolve(host))
                .unwrap_or_default()
                .to_owned();
            return Err(Refusal::ThroughAlias {
                anchor,
                span: node.span,
            });
        }
        if node.style == Style::FlowPair {
            return Err(Refusal::ImplicitPair { span: node.span });
        }
        let mut at = host;
        loop {
            if self.aliased().contains(&at) {
                let anchor = self.tree.anchor(at).unwrap_or_default().to_owned();
                return Err(Refusal::SharedAnchor {
                    anchor,
                    span: self.tree.node(at).span,
                });
            }
            let parent = self.tree.node(at).parent;
            if parent == at {
                break;
            }
            at = parent;
        }
        if self.is_null(host) {
            let parent = self.tree.node(node.parent);
            if node.parent == host {
                return Err(Refusal::NotAMapping { span: node.span });
            }
            if parent.style == Style::Flow
                && parent.kind == Kind::Map
                && node.indicator == Node::NONE
            {
                return Err(Refusal::NullWithoutColon { span: node.span });
            }
            if parent.style == Style::FlowPair {
                return Err(Refusal::ImplicitPair { span: node.span });
            }
        }
        lower::check_end(self.tree, host)
    }

    /// Whether a node's text may give way to another value's.
    fn check_replaceable(&self, key: NodeId, node: NodeId) -> Result<(), Refusal> {
        self.check_removable(key, self.tree.node(node).next)?;
        let old = self.tree.node(node);
        let on_one_line = !self
            .tree
            .text(node)
            .contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        match (old.kind, old.style) {
            (Kind::Scalar, Style::Literal | Style::Folded)
            | (_, Style::Block | Style::FlowPair) => Err(Refusal::Replacement { span: old.span }),
            _ if !on_one_line => Err(Refusal::Replacement { span: old.span }),
            _ => Ok(()),
        }
    }

    /// No alias elsewhere stands for anything from `first` up to `end`.
    fn check_removable(&self, first: NodeId, end: NodeId) -> Result<(), Refusal> {
        match self
            .aliased()
            .iter()
            .filter(|node| **node >= first && **node < end)
            .min()
        {
            Some(node) => Err(Refusal::SharedAnchor {
                anchor: self.tree.anchor(*node).unwrap_or_default().to_owned(),
                span: self.tree.node(*node).span,
            }),
            None => Ok(()),
        }
    }

    fn aliased(&self) -> &HashSet<NodeId> {
        self.aliased.get_or_init(|| {
            (0..self.tree.nodes.len())
                .map(|index| NodeId(u32::try_from(index).unwrap_or(u32::MAX)))
                .filter(|id| self.tree.node(*id).kind == Kind::Alias)
                .map(|id| self.tree.resolve(id))
                .collect()
        })
    }

    fn is_null(&self, node: NodeId) -> bool {
        if self.tree.node(node).style == Style::Empty
            && let Some(tag) = self.tree.tag(node)
        {
            // `web: !!map` is the mapping to be, before it has its first entry.
            return matches!(
                &*tag,
                "tag:yaml.org,2002:map" | "tag:yaml.org,2002:seq" | "tag:yaml.org,2002:null"
            );
        }
        self.tree.node(node).kind == Kind::Scalar
            && matches!(self.tree.scalar(node, self.schema), Some(Scalar::Null))
    }

    /// The node says this value already.
    fn says(&self, node: NodeId, value: &Value) -> bool {
        match (self.tree.scalar(node, self.schema), value) {
            (Some(Scalar::Bool(old)), Value::Bool(new)) => old == *new,
            (Some(Scalar::Int(old)), Value::Int(new)) => old == i128::from(*new),
            (Some(Scalar::Str(old)), Value::Str(new)) => old == new.as_str(),
            _ => false,
        }
    }
}

/// Where a path leads in a tree.
enum Place {
    /// Nowhere yet: these keys are missing under `host`.
    Missing { host: NodeId, keys: Vec<String> },
    /// To an entry of its own.
    Present { key: NodeId, node: NodeId },
    /// To an entry that `<<` brings.
    Merged {
        host: NodeId,
        key: String,
        via: NodeId,
    },
}

impl Plan {
    /// The source with the edits applied.
    #[must_use]
    pub fn apply(&self, source: &str) -> String {
        let added: usize = self.edits.iter().map(|edit| edit.text.len()).sum();
        let mut result = String::with_capacity(source.len() + added);
        let mut at = 0;
        for edit in &self.edits {
            result.push_str(&source[at..edit.span.start as usize]);
            result.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        result.push_str(&source[at..]);
        result
    }
}
