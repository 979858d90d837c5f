//! Converts YAML nodes to JSON values.

use serde_json::{Map, Number, Value};

use crate::syntax::{Kind, NodeId, Scalar, Schema, Tree};

/// Maximum nesting of a value: more than any document has, and safe for the stack.
const DEEPEST: u16 = 256;

/// The value of a node as `schema` reads it, with aliases and merged mappings expanded.
///
/// `None` if the result has more than `most` values or is nested too deeply. Aliases let a small
/// file expand to an enormous value, so `most` is needed.
#[must_use]
pub fn value(tree: &Tree<'_>, node: NodeId, schema: Schema, most: usize) -> Option<Value> {
    let mut reading = Reading {
        tree,
        schema,
        left: most,
    };
    reading.value(node, DEEPEST)
}

struct Reading<'t, 's> {
    tree: &'t Tree<'s>,
    schema: Schema,
    /// The number of values that may still be added.
    left: usize,
}

impl Reading<'_, '_> {
    fn value(&mut self, node: NodeId, depth: u16) -> Option<Value> {
        self.left = self.left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let Self { tree, schema, .. } = *self;
        let node = tree.resolve(node);
        Some(match tree.node(node).kind {
            Kind::Map => {
                let mut map = Map::new();
                for (key, found) in tree.effective_entries(node, schema) {
                    map.insert(key.into_owned(), self.value(found.value(), depth)?);
                }
                Value::Object(map)
            }
            Kind::Seq => tree
                .children(node)
                .map(|item| self.value(item, depth))
                .collect::<Option<_>>()?,
            Kind::Scalar | Kind::Alias => match tree.scalar(node, schema) {
                None | Some(Scalar::Null) => Value::Null,
                Some(Scalar::Bool(bool)) => Value::Bool(bool),
                Some(Scalar::Int(int)) => Number::from_i128(int).map_or(Value::Null, Value::Number),
                Some(Scalar::Float(float)) => {
                    Number::from_f64(float).map_or(Value::Null, Value::Number)
                }
                Some(Scalar::Str(text)) => Value::String(text.into_owned()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::syntax::{Limits, Mode, Schema, parse};

    fn value(source: &str, most: usize) -> Option<Value> {
        let limits = Limits {
            repeated: u64::MAX,
            ..Limits::default()
        };
        let tree = parse(source, Mode::GoYaml, &limits).unwrap();
        super::value(&tree, tree.documents()[0].root, Schema::GoYamlV4, most)
    }

    #[test]
    fn aliases_and_merges_stand_in_their_place() {
        let source = "a: &a {b: 1, c: [~, true, 1.5, 'x']}\nd: {<<: *a, b: 2}\ne: *a\n";
        let shared = json!([null, true, 1.5, "x"]);
        assert_eq!(
            value(source, 100),
            Some(json!({
                "a": {"b": 1, "c": shared},
                "d": {"b": 2, "c": shared},
                "e": {"b": 1, "c": shared},
            }))
        );
    }

    #[test]
    fn a_file_that_stands_for_more_than_it_may_gives_nothing() {
        assert_eq!(value("[1, 2, 3]", 3), None);
        assert_eq!(value("a: &a {b: *a}\n", 1_000_000), None);
        let levels = (1..60).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
        let bomb: String = std::iter::once("a0: &a0 [x]\n".to_owned())
            .chain(levels)
            .collect();
        assert_eq!(value(&bomb, 100_000), None);
    }
}
