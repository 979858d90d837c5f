//! Does a tree differ from another one only as a plan says?

use std::collections::HashMap;

use super::{Kind, NodeId, Plan, Scalar, Schema, Span, Style, Touched, Tree, Value};

/// Compares the tree before a plan with the tree of the result, node by node, in linear time.
///
/// # Errors
///
/// The first place of the result that differs and was not planned, or was planned and is not there.
pub fn compare(before: &Tree<'_>, plan: &Plan, after: &Tree<'_>) -> Result<(), Mismatch> {
    let mut comparison = Comparison {
        before,
        after,
        planned: HashMap::new(),
    };
    for touched in &plan.touched {
        let node = match touched {
            Touched::Added { map: node, .. }
            | Touched::Pushed { seq: node, .. }
            | Touched::Replaced { node, .. }
            | Touched::Removed { node } => *node,
        };
        comparison.planned.entry(node).or_default().push(touched);
    }
    let (old, new) = (before.documents(), after.documents());
    if old.len() != new.len() {
        return Err(Mismatch {
            what: "the number of documents differs",
            span: Span { start: 0, end: 0 },
        });
    }
    old.iter()
        .zip(new)
        .try_for_each(|(old, new)| comparison.nodes(old.root, new.root))
}

/// A difference that nobody planned, or a plan without its difference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (byte {} of the result)", span.start)]
pub struct Mismatch {
    /// What differs.
    pub what: &'static str,
    /// Where in the result.
    pub span: Span,
}

struct Comparison<'c, 's, 'r> {
    before: &'c Tree<'s>,
    after: &'c Tree<'r>,
    planned: HashMap<NodeId, Vec<&'c Touched>>,
}

impl Comparison<'_, '_, '_> {
    /// The depth of the recursion is that of the trees, which the parser bounds.
    fn nodes(&self, old: NodeId, new: NodeId) -> Result<(), Mismatch> {
        let planned = self.planned.get(&old).map_or(&[][..], Vec::as_slice);
        if let Some(value) = planned.iter().find_map(|touched| match touched {
            Touched::Replaced { value, .. } => Some(value),
            _ => None,
        }) {
            return self.says(new, value);
        }
        if self.before.anchor(old) != self.after.anchor(new) {
            return self.differ(new, "an anchor differs");
        }
        if self.before.tag(old) != self.after.tag(new) {
            return self.differ(new, "a tag differs");
        }
        let (was, is) = (self.before.node(old), self.after.node(new));
        let filled = !planned.is_empty() && was.kind == Kind::Scalar && was.kind != is.kind;
        if filled {
            return self.children(new, planned, &[]);
        }
        if was.kind != is.kind {
            return self.differ(new, "a node is of another kind");
        }
        match was.kind {
            Kind::Scalar => {
                let same = was.style == is.style
                    && (self.before.text(old) == self.after.text(new)
                        || self.before.value(old) == self.after.value(new));
                if same {
                    Ok(())
                } else {
                    self.differ(new, "a scalar differs")
                }
            }
            Kind::Alias if self.before.text(old) == self.after.text(new) => Ok(()),
            Kind::Alias => self.differ(new, "an alias differs"),
            Kind::Map | Kind::Seq => {
                if was.style != is.style
                    && self.before.children(old).next().is_some()
                    && self.keeps_some(old)
                {
                    return self.differ(new, "a collection is written otherwise");
                }
                let children: Vec<NodeId> = self.before.children(old).collect();
                self.children(new, planned, &children)
            }
        }
    }

    /// A child of the collection remains, so that its style has to.
    fn keeps_some(&self, collection: NodeId) -> bool {
        let step = if self.before.node(collection).kind == Kind::Map {
            2
        } else {
            1
        };
        self.before
            .children(collection)
            .step_by(step)
            .any(|child| !self.is_removed(child))
    }

    fn is_removed(&self, node: NodeId) -> bool {
        self.planned.get(&node).is_some_and(|all| {
            all.iter()
                .any(|touched| matches!(touched, Touched::Removed { .. }))
        })
    }

    fn children(
        &self,
        new: NodeId,
        planned: &[&Touched],
        old_children: &[NodeId],
    ) -> Result<(), Mismatch> {
        let is_map = self.after.node(new).kind == Kind::Map;
        let step = if is_map { 2 } else { 1 };
        let mut there = self.after.children(new);
        for pair in old_children.chunks(step) {
            if self.is_removed(pair[0]) {
                continue;
            }
            for child in pair {
                let Some(other) = there.next() else {
                    return self.differ(new, "something is missing");
                };
                self.nodes(*child, other)?;
            }
        }
        for touched in planned {
            match touched {
                Touched::Added { key, value, .. } => {
                    let (Some(name), Some(node)) = (there.next(), there.next()) else {
                        return self.differ(new, "a planned entry is missing");
                    };
                    self.says(name, &Value::Str(key.clone()))?;
                    self.says(node, value)?;
                }
                Touched::Pushed { items, .. } => {
                    for item in items {
                        let Some(node) = there.next() else {
                            return self.differ(new, "a planned item is missing");
                        };
                        self.says(node, item)?;
                    }
                }
                Touched::Replaced { .. } | Touched::Removed { .. } => {}
            }
        }
        match there.next() {
            Some(extra) => self.differ(extra, "something is there that nobody planned"),
            None => Ok(()),
        }
    }

    /// The node of the result says the planned value, by every consumer's reading.
    fn says(&self, node: NodeId, value: &Value) -> Result<(), Mismatch> {
        let tree = self.after;
        let both = |wanted: &dyn Fn(&Scalar<'_>) -> bool| {
            [Schema::Compose, Schema::Kubernetes]
                .into_iter()
                .all(|schema| {
                    tree.scalar(node, schema)
                        .is_some_and(|scalar| wanted(&scalar))
                })
        };
        let right = match value {
            Value::Bool(wanted) => both(&|scalar| *scalar == Scalar::Bool(*wanted)),
            Value::Int(wanted) => both(&|scalar| *scalar == Scalar::Int(i128::from(*wanted))),
            Value::Str(wanted) => {
                both(&|scalar| matches!(scalar, Scalar::Str(text) if text == wanted.as_str()))
            }
            Value::Seq(items) => {
                let mut there = tree.children(node);
                if tree.node(node).kind != Kind::Seq {
                    return self.differ(node, "a planned sequence is none");
                }
                for item in items {
                    match there.next() {
                        Some(node) => self.says(node, item)?,
                        None => return self.differ(node, "a planned item is missing"),
                    }
                }
                there.next().is_none()
            }
            Value::Map(entries) => {
                if tree.node(node).kind != Kind::Map {
                    return self.differ(node, "a planned mapping is none");
                }
                let mut there = tree.children(node);
                for (key, value) in entries {
                    let (Some(name), Some(node)) = (there.next(), there.next()) else {
                        return self.differ(node, "a planned entry is missing");
                    };
                    self.says(name, &Value::Str(key.clone()))?;
                    self.says(node, value)?;
                }
                there.next().is_none()
            }
        };
        if right && tree.node(node).style != Style::FlowPair {
            Ok(())
        } else {
            self.differ(node, "a planned value is not there")
        }
    }

    fn differ(&self, node: NodeId, what: &'static str) -> Result<(), Mismatch> {
        Err(Mismatch {
            what,
            span: self.after.node(node).span,
        })
    }
}
