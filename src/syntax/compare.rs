//! Checks that two trees differ only as a plan says.

use super::{Kind, NodeId, Plan, Scalar, Schema, Span, Style, Touched, Tree, Value};

/// Compares the tree before a plan with the tree of the result, node by node.
///
/// Untouched nodes must have the same structure, styles, anchors, tags and text, in the same order.
/// Touched nodes must have the planned value in every [`Schema`], at the planned place. Removed
/// nodes must be absent. The time is linear in the size of the trees, and `n log n` in the number
/// of touched nodes. The depth of recursion is the depth of the touched nodes, which the parser
/// limits.
///
/// # Errors
///
/// The first place of the result with an unplanned difference, or without a planned one.
pub fn compare(before: &Tree<'_>, plan: &Plan, after: &Tree<'_>) -> Result<(), Mismatch> {
    let mut touched: Vec<_> = plan
        .touched
        .iter()
        .map(|touched| (touched.node(), touched))
        .collect();
    // A stable sort keeps the order of the entries of one mapping.
    touched.sort_by_key(|&(node, _)| node);
    let comparison = Comparison {
        before,
        after,
        touched,
    };
    let (old, new) = (before.documents(), after.documents());
    let start = Span { start: 0, end: 0 };
    if old.len() != new.len() {
        return Err(Mismatch {
            what: "the number of documents differs",
            span: start,
        });
    }
    for (old, new) in old.iter().zip(new) {
        let directives = |tree: &Tree<'_>, spans: &[Span]| -> Vec<String> {
            spans
                .iter()
                .map(|&span| tree.slice(span).to_owned())
                .collect()
        };
        if (old.explicit, old.closed) != (new.explicit, new.closed)
            || directives(before, &old.directives) != directives(after, &new.directives)
        {
            return Err(Mismatch {
                what: "the marks of a document differ",
                span: new.span,
            });
        }
        comparison.nodes(old.root, new.root)?;
    }
    Ok(())
}

/// An unplanned difference, or a planned difference that is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (byte {} of the result)", span.start)]
pub struct Mismatch {
    /// What differs.
    pub what: &'static str,
    /// The place in the result.
    pub span: Span,
}

impl Touched {
    fn node(&self) -> NodeId {
        match self {
            Self::Added { map: node, .. }
            | Self::Pushed { seq: node, .. }
            | Self::Replaced { node, .. }
            | Self::Removed { node } => *node,
        }
    }
}

struct Comparison<'c, 's, 'r> {
    before: &'c Tree<'s>,
    after: &'c Tree<'r>,
    /// The touched nodes of the old tree, ascending.
    touched: Vec<(NodeId, &'c Touched)>,
}

impl<'c> Comparison<'c, '_, '_> {
    /// Compares a node of each tree, with everything inside it.
    fn nodes(&self, old: NodeId, new: NodeId) -> Result<(), Mismatch> {
        if self.touched_in(old, self.before.node(old).next).is_empty() {
            return self.untouched(old, new);
        }
        let touched = self.touched_in(old, old.following());
        if self.before.anchor(old) != self.after.anchor(new)
            || self.before.tag(old) != self.after.tag(new)
        {
            return self.differ(new, "an anchor or a tag differs");
        }
        if let Some(value) = touched.iter().find_map(|(_, touched)| match touched {
            Touched::Replaced { value, .. } => Some(value),
            _ => None,
        }) {
            return self.check_value(new, value);
        }
        let (was, is) = (self.before.node(old), self.after.node(new));
        match was.kind {
            // A null becomes the collection that is added.
            Kind::Scalar if !touched.is_empty() && is.kind != Kind::Scalar => {}
            Kind::Map | Kind::Seq if was.kind == is.kind => {
                if was.style != is.style && self.keeps_some(old) {
                    return self.differ(new, "the style of a collection differs");
                }
            }
            _ => return self.differ(new, "the kind of a node differs"),
        }
        let next = self.old_children(old, new)?;
        self.added(new, next, touched)
    }

    /// Compares the previous children of a collection. Returns the node after them in the new tree.
    fn old_children(&self, old: NodeId, new: NodeId) -> Result<NodeId, Mismatch> {
        let end = self.after.node(new).next;
        let mut next = new.following();
        let mut removed_key = false;
        let is_map = self.before.node(old).kind == Kind::Map;
        for (index, child) in self.before.children(old).enumerate() {
            if removed_key {
                removed_key = false;
                continue;
            }
            if self.is_removed(child) {
                removed_key = is_map && index % 2 == 0;
                continue;
            }
            if next >= end {
                return self.differ(new, "something is missing");
            }
            self.nodes(child, next)?;
            next = self.after.node(next).next;
        }
        Ok(next)
    }

    /// Compares the added children of a collection, from `next` to its end.
    fn added(
        &self,
        new: NodeId,
        mut next: NodeId,
        touched: &[(NodeId, &Touched)],
    ) -> Result<(), Mismatch> {
        let node = self.after.node(new);
        let mut take = || {
            let found = (next < node.next).then_some(next);
            if let Some(found) = found {
                next = self.after.node(found).next;
            }
            found
        };
        for (_, touched) in touched {
            match touched {
                Touched::Added { key, value, .. } if node.kind == Kind::Map => {
                    let (Some(name), Some(there)) = (take(), take()) else {
                        return self.differ(new, "a planned entry is missing");
                    };
                    self.is_new_string(name, key)?;
                    self.is_new(there, value)?;
                }
                Touched::Pushed { items, .. } if node.kind == Kind::Seq => {
                    for item in items {
                        let Some(there) = take() else {
                            return self.differ(new, "a planned item is missing");
                        };
                        self.is_new(there, item)?;
                    }
                }
                Touched::Removed { .. } => {}
                _ => return self.differ(new, "a planned collection is missing"),
            }
        }
        match take() {
            Some(extra) => self.differ(extra, "an unplanned value was added"),
            None => Ok(()),
        }
    }

    /// Compares two subtrees without changes, node by node. Each subtree is contiguous in its
    /// arena.
    fn untouched(&self, old: NodeId, new: NodeId) -> Result<(), Mismatch> {
        let (before, after) = (self.before, self.after);
        let end = before.node(old).next;
        let (mut left, mut right) = (old, new);
        while left < end {
            let Some(is) = after.nodes.get(right.index()) else {
                return self.differ(new, "something is missing");
            };
            let was = before.node(left);
            if was.kind != is.kind || was.style != is.style {
                return self.differ(right, "the kind or style of a node differs");
            }
            // The same size of all subtrees means the same parents and numbers of children.
            if was.next.0 - left.0 != is.next.0 - right.0 {
                return self.differ(right, "the size of a collection differs");
            }
            let is_leaf = matches!(was.kind, Kind::Scalar | Kind::Alias);
            if is_leaf && before.text(left) != after.text(right) {
                return self.differ(right, "a scalar or an alias differs");
            }
            // A block scalar at the end of the file can have the same text but another value,
            // because its last line break may be missing.
            if matches!(was.style, Style::Literal | Style::Folded)
                && before.value(left) != after.value(right)
            {
                return self.differ(right, "a block scalar differs");
            }
            if before.anchor(left) != after.anchor(right) || before.tag(left) != after.tag(right) {
                return self.differ(right, "an anchor or a tag differs");
            }
            left = left.following();
            right = right.following();
        }
        Ok(())
    }

    /// Whether some child of the collection is kept. If so, the style must be kept.
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
        let touched = self.touched_in(node, node.following());
        touched
            .iter()
            .any(|(_, touched)| matches!(touched, Touched::Removed { .. }))
    }

    /// The touched nodes from `first` up to `end`.
    fn touched_in(&self, first: NodeId, end: NodeId) -> &[(NodeId, &'c Touched)] {
        let from = self.touched.partition_point(|&(node, _)| node < first);
        let to = self.touched.partition_point(|&(node, _)| node < end);
        self.touched.get(from..to).unwrap_or_default()
    }

    /// Checks that a node has no properties and has the planned value.
    fn is_new(&self, node: NodeId, value: &Value) -> Result<(), Mismatch> {
        if self.after.node(node).kind == Kind::Alias || self.after.props(node).is_some() {
            return self.differ(node, "a planned value has an anchor, a tag or an alias");
        }
        self.check_value(node, value)
    }

    fn is_new_string(&self, node: NodeId, text: &str) -> Result<(), Mismatch> {
        let is_plain_text = self.after.node(node).kind == Kind::Scalar
            && self.after.props(node).is_none()
            && !self.after.is_merge(node)
            && self.reads(
                node,
                |scalar| matches!(scalar, Scalar::Str(found) if found == text),
            );
        if is_plain_text {
            Ok(())
        } else {
            self.differ(node, "a planned string is missing")
        }
    }

    /// Checks that a node of the result has the planned value in every schema.
    fn check_value(&self, node: NodeId, value: &Value) -> Result<(), Mismatch> {
        let there = self.after.node(node);
        let is_right = match value {
            Value::Bool(wanted) => self.reads(node, |scalar| *scalar == Scalar::Bool(*wanted)),
            Value::Int(wanted) => {
                self.reads(node, |scalar| *scalar == Scalar::Int(i128::from(*wanted)))
            }
            Value::Str(wanted) => self.reads(
                node,
                |scalar| matches!(scalar, Scalar::Str(text) if text == wanted.as_str()),
            ),
            Value::Plain(wanted) => there.style == Style::Plain && self.after.text(node) == wanted,
            Value::Tagged(wanted, value) => {
                let tag = self.after.tag(node);
                if tag.is_none_or(|tag| tag != wanted.as_str()) {
                    return self.differ(node, "a planned tag is missing");
                }
                return self.check_value(node, value);
            }
            Value::Seq(items) => {
                let mut children = self.after.children(node);
                for item in items {
                    match children.next() {
                        Some(child) if there.kind == Kind::Seq => self.is_new(child, item)?,
                        _ => return self.differ(node, "a planned item is missing"),
                    }
                }
                there.kind == Kind::Seq && children.next().is_none()
            }
            Value::Map(entries) => {
                let mut children = self.after.entries(node);
                for (key, value) in entries {
                    let Some((name, child)) = children.next() else {
                        return self.differ(node, "a planned entry is missing");
                    };
                    self.is_new_string(name, key)?;
                    self.is_new(child, value)?;
                }
                there.kind == Kind::Map
                    && there.style != Style::FlowPair
                    && children.next().is_none()
            }
        };
        if is_right {
            Ok(())
        } else {
            self.differ(node, "a planned value is missing")
        }
    }

    /// Whether a scalar of the result has the wanted value in every schema.
    fn reads(&self, node: NodeId, wanted: impl Fn(&Scalar<'_>) -> bool) -> bool {
        let is_scalar = self.after.node(node).kind == Kind::Scalar;
        is_scalar
            && [Schema::GoYamlV4, Schema::GoYamlV2]
                .into_iter()
                .all(|schema| {
                    self.after
                        .scalar(node, schema)
                        .is_some_and(|scalar| wanted(&scalar))
                })
    }

    fn differ<T>(&self, node: NodeId, what: &'static str) -> Result<T, Mismatch> {
        Err(Mismatch {
            what,
            span: self.after.node(node).span,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Editor, Limits, Mode, parse};

    fn tree(source: &str) -> Tree<'_> {
        parse(source, Mode::GoYaml, &Limits::default()).expect("it is YAML")
    }

    const SOURCE: &str = "a: &a 1\nb: [x, y]\nc: !t\n  - d\ne: *a\nf: |\n  g\n";

    fn planned() -> (Plan, String) {
        let tree = tree(SOURCE);
        let root = tree.documents()[0].root;
        let mut editor = Editor::new(&tree, Schema::GoYamlV4);
        editor
            .push(root, &["b"], Value::Str("z".to_owned()))
            .expect("it can be pushed");
        editor
            .set(root, &["h", "i"], Value::Bool(true))
            .expect("it can be set");
        editor
            .set(root, &["e"], Value::Int(5))
            .expect("it can be set");
        let plan = editor.finish();
        let result = plan.apply(SOURCE);
        (plan, result)
    }

    #[test]
    fn an_applied_plan_passes() {
        let (plan, result) = planned();
        assert_eq!(compare(&tree(SOURCE), &plan, &tree(&result)), Ok(()));
    }

    #[test]
    fn every_planted_difference_is_found() {
        let (plan, result) = planned();
        for (good, bad) in [
            ("a: &a 1", "a: &a 2"),
            ("a: &a 1", "a: &b 1"),
            ("a: &a 1", "a: 1"),
            ("a: &a 1", "a: &a '1'"),
            ("a: &a 1", "a: &a 1\nnew: 1"),
            ("x, y, z", "x, z"),
            ("x, y, z", "y, x, z"),
            ("x, y, z", "x, y, z, z"),
            ("x, y, z", "x, y, &z z"),
            ("[x, y, z]", "{x: y, z: z}"),
            ("!t", "!u"),
            ("  - d", "  - d\n  - d"),
            ("  - d", "  - [d]"),
            ("  - d", "  []"),
            ("f: |\n  g\n", "f: |\n  g\n  g\n"),
            ("f: |\n  g\n", "f: >\n  g\n"),
            ("e: 5", "e: \"5\""),
            ("i: true", "i: yes"),
            ("i: true", "i: false"),
            ("h:", "? h\n:"),
            ("a: &a 1", "---\na: &a 1"),
            ("a: &a 1", "a: &a 1\n---\nq: 1"),
        ] {
            let changed = result.replacen(good, bad, 1);
            let is_same_value = good == "h:";
            if let Ok(other) = parse(&changed, Mode::GoYaml, &Limits::default()) {
                assert_ne!(changed, result);
                assert_eq!(
                    compare(&tree(SOURCE), &plan, &other).is_ok(),
                    is_same_value,
                    "{changed}"
                );
            }
        }
        let unchanged = compare(&tree(SOURCE), &plan, &tree(SOURCE));
        assert!(unchanged.is_err(), "a plan that was not carried out");
    }

    #[test]
    fn a_last_line_break_is_part_of_a_block_scalar() {
        let (plan, before, after) = (Plan::default(), "a: |\n  x", "a: |\n  x\n");
        assert!(compare(&tree(before), &plan, &tree(after)).is_err());
    }
}
