//! Values as their consumer reads them: types of plain scalars, merge keys, duplicate keys.

use std::borrow::Cow;

use super::{NodeId, Tree};

/// Whose reading of a scalar and of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// `sigs.k8s.io/yaml` on go-yaml v2: YAML 1.1 booleans (also as keys), the merged value wins
    /// over an own key that stands before `<<`, the last duplicate wins.
    Kubernetes,
    /// compose-go on go-yaml v4: own keys always win over merged ones, duplicates are errors.
    Compose,
}

/// A scalar as its consumer types it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'s> {
    /// `~`, `null`, nothing.
    Null,
    /// A boolean of the schema.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A floating point number.
    Float(f64),
    /// Anything else, and anything quoted.
    Str(Cow<'s, str>),
}

/// Where a key of a mapping was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the mapping itself.
    Own {
        /// The key.
        key: NodeId,
        /// The value as written (perhaps an alias).
        value: NodeId,
    },
    /// In a mapping that `<<` merges in.
    Merged {
        /// The alias (or inline mapping) that brought it.
        via: NodeId,
        /// The key in the merged mapping.
        key: NodeId,
        /// The value in the merged mapping.
        value: NodeId,
    },
}

impl Found {
    /// The value, wherever it stands.
    #[must_use]
    pub fn value(self) -> NodeId {
        match self {
            Self::Own { value, .. } | Self::Merged { value, .. } => value,
        }
    }
}

impl<'s> Tree<'s> {
    /// The scalar as `schema` types it; an alias is followed; collections give `None`.
    #[must_use]
    pub fn scalar(&self, id: NodeId, schema: Schema) -> Option<Scalar<'s>> {
        let _ = (id, schema);
        todo!()
    }

    /// The effective value of `key` in a mapping (an alias is followed), through merge keys.
    #[must_use]
    pub fn get(&self, map: NodeId, key: &str, schema: Schema) -> Option<Found> {
        let _ = (map, key, schema);
        todo!()
    }

    /// The effective entries of a mapping (an alias is followed), merged ones included, each key once.
    #[must_use]
    pub fn effective_entries(&self, map: NodeId, schema: Schema) -> Vec<(Cow<'s, str>, Found)> {
        let _ = (map, schema);
        todo!()
    }

    /// The first key that stands twice in this mapping as `schema` reads keys: `(first, second)`.
    #[must_use]
    pub fn duplicate_key(&self, map: NodeId, schema: Schema) -> Option<(NodeId, NodeId)> {
        let _ = (map, schema);
        todo!()
    }
}
