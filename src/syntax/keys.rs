//! An index of the keys of large mappings, for many lookups in one mapping.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{NodeId, Schema, Tree};

/// The keys of the mappings with more than [`LARGE`] entries that somebody looked something up in.
#[derive(Debug, Default)]
pub(super) struct KeyIndex(Mutex<HashMap<(NodeId, Schema), Arc<Keys>>>);

/// The keys of one mapping.
#[derive(Debug)]
struct Keys {
    merges: bool,
    /// The key and the value of each entry. Of duplicates, the last one.
    entries: HashMap<Box<str>, (NodeId, NodeId)>,
}

/// The result of a lookup.
pub(super) enum Lookup {
    /// The mapping has a merge key, so its own entries are not enough.
    Merges,
    /// The key and the value of the entry, if there is one.
    Entry(Option<(NodeId, NodeId)>),
}

/// A lookup in fewer entries is faster without an index.
pub(super) const LARGE: usize = 64;

impl KeyIndex {
    /// The entry with this key in a mapping.
    pub(super) fn find(&self, tree: &Tree<'_>, map: NodeId, key: &str, schema: Schema) -> Lookup {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = known
            .entry((map, schema))
            .or_insert_with(|| Arc::new(Keys::of(tree, map, schema)));
        let keys = Arc::clone(keys);
        drop(known);
        if keys.merges {
            Lookup::Merges
        } else {
            Lookup::Entry(keys.entries.get(key).copied())
        }
    }
}

impl Keys {
    fn of(tree: &Tree<'_>, map: NodeId, schema: Schema) -> Self {
        let entries = tree.entries(map);
        let named = entries.filter_map(|(key, value)| {
            let text = tree.key_text(key, schema)?;
            Some((Box::from(text.as_ref()), (key, value)))
        });
        Self {
            merges: tree.entries(map).any(|(key, _)| tree.is_merge(key)),
            entries: named.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Found, Limits, Mode, parse};

    /// Each key of a mapping is found like in the same mapping without most of its entries.
    #[test]
    fn keys_of_large_and_small_mappings_are_the_same() {
        let entries = [
            "a: 1",
            "yes: 2",
            "\"b\": 3",
            "'0x10': 4",
            "0x10: 5",
            "~: 6",
            "? [c]\n: 7",
            "a: 8",
            "<<<: 9",
            "merge: 11",
            "\"d\\n\": 10",
        ];
        let many = (0..LARGE).fold(String::new(), |text, at| text + &format!("x{at}: 0\n"));
        let (small, large) = (entries.join("\n"), format!("{many}{}", entries.join("\n")));
        let small = parse(&small, Mode::GoYaml, &Limits::default()).unwrap();
        let large = parse(&large, Mode::GoYaml, &Limits::default()).unwrap();
        for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
            for key in [
                "a", "yes", "true", "b", "0x10", "16", "", "~", "c", "<<<", "d\n", "e",
            ] {
                let find = |tree: &Tree<'_>| {
                    let found = tree.get(tree.documents()[0].root, key, schema);
                    found
                        .map(Found::value)
                        .map(|value| tree.value(value).into_owned())
                };
                assert_eq!(find(&small), find(&large), "{schema:?} {key:?}");
            }
            let root = large.documents()[0].root;
            assert!(large.get(root, "x7", schema).is_some());
            assert!(!large.has_merge(root, schema));
            let merged = format!("{many}<<: {{z: 1}}\n");
            let merged = parse(&merged, Mode::GoYaml, &Limits::default()).unwrap();
            let root = merged.documents()[0].root;
            assert!(merged.has_merge(root, schema) && merged.get(root, "z", schema).is_some());
        }
    }
}
