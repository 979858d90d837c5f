//! A node as the value that its consumer reads.

use serde_json::{Map, Number, Value};

use super::{Kind, NodeId, Scalar, Schema, Tree};

/// Levels of a value; more than any document has, and less than a stack holds.
const DEEPEST: u16 = 256;

impl Tree<'_> {
    /// The node as `schema` reads it, with aliases and merged mappings in their place.
    ///
    /// `None` where that makes more than `most` values, or nests too deeply: aliases let a small
    /// file stand for an enormous one.
    #[must_use]
    pub fn json(&self, node: NodeId, schema: Schema, most: usize) -> Option<Value> {
        let mut left = most;
        self.value_of(node, schema, DEEPEST, &mut left)
    }

    fn value_of(
        &self,
        node: NodeId,
        schema: Schema,
        depth: u16,
        left: &mut usize,
    ) -> Option<Value> {
        *left = left.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let node = self.resolve(node);
        Some(match self.node(node).kind {
            Kind::Map => {
                let mut map = Map::new();
                for (key, found) in self.effective_entries(node, schema) {
                    let value = self.value_of(found.value(), schema, depth, left)?;
                    map.insert(key.into_owned(), value);
                }
                Value::Object(map)
            }
            Kind::Seq => self
                .children(node)
                .map(|item| self.value_of(item, schema, depth, left))
                .collect::<Option<_>>()?,
            Kind::Scalar | Kind::Alias => match self.scalar(node, schema) {
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
        let tree = parse(source, Mode::GoYaml, &Limits::default()).unwrap();
        tree.json(tree.documents()[0].root, Schema::GoYamlV4, most)
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
