//! Merges the mappings of one service: its base (`extends`), then each document in order.
//!
//! A later layer replaces scalars and appends to sequences. `!override` replaces and `!reset`
//! removes earlier values (compose-spec `13-merge.md`).

use std::borrow::Cow;

use super::interpolation::{Interpolated, interpolate_by};
use crate::container::{Origin, Place, Setting, Via};
use crate::project::{File, Variable};
use crate::syntax::{Found, Kind, NodeId, Schema, Tree};

/// The mappings of one service, lowest precedence first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Layers {
    layers: Vec<Layer>,
}

/// One mapping that defines part of a service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    pub(super) file: usize,
    pub(super) node: NodeId,
    pub(super) via: Via,
    keys: Keys,
}

/// The keys that a mapping may have, as 64 bits, each shared by several keys. A service has about
/// ten of the seventy keys that the program reads. This set rules out most of the others without a
/// lookup.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Keys(u64);

/// A value found in a layer.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) file: usize,
    pub(super) node: NodeId,
    pub(super) origin: Origin,
}

impl Layer {
    /// A layer of the service itself, not an inherited one.
    pub(super) fn own(file: usize, node: NodeId, tree: &Tree<'_>) -> Self {
        Self {
            file,
            node,
            via: Via::Own,
            keys: Keys::of(tree, node),
        }
    }

    /// The same mapping, as another service or another file sees it.
    pub(super) fn through(&self, via: Via) -> Self {
        Self {
            via,
            ..self.clone()
        }
    }

    /// Whether the value comes from a base of this service.
    pub(super) fn is_inherited(&self) -> bool {
        matches!(self.via, Via::Extends(_))
    }
}

impl Keys {
    fn of(tree: &Tree<'_>, map: NodeId) -> Self {
        let entries = tree.effective_entries(map, Schema::GoYamlV4);
        Self(
            entries
                .iter()
                .fold(0, |keys, (key, _)| keys | Self::bit(key)),
        )
    }

    fn may_have(self, key: &str) -> bool {
        self.0 & Self::bit(key) != 0
    }

    fn bit(key: &str) -> u64 {
        let ends = match key.as_bytes() {
            [first, .., last] => usize::from(*first) * 5 + usize::from(*last) * 3,
            short => short.len(),
        };
        1 << ((ends + key.len()) % 64)
    }
}

impl FromIterator<Layer> for Layers {
    fn from_iter<I: IntoIterator<Item = Layer>>(layers: I) -> Self {
        Self {
            layers: layers.into_iter().collect(),
        }
    }
}

impl Layers {
    pub(super) fn push(&mut self, layer: Layer) {
        self.layers.push(layer);
    }

    /// Adds layers with higher precedence.
    pub(super) fn extend(&mut self, layers: impl IntoIterator<Item = Layer>) {
        self.layers.extend(layers);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        self.layers.iter()
    }

    /// The value with the highest precedence at a path of keys. Null, `!reset` and a missing key
    /// count as absent.
    pub(super) fn get(&self, files: &[File<'_>], path: &[&str]) -> Option<Value> {
        for layer in self.layers.iter().rev() {
            let tree = &files[layer.file].tree;
            let Some((found, via)) = walk(tree, layer, path) else {
                continue;
            };
            if is_reset(tree, found) {
                return None;
            }
            let node = tree.resolve(found);
            if is_null(tree, node) {
                continue;
            }
            let place = Some(Place {
                file: layer.file,
                span: tree.node(found).span,
            });
            return Some(Value {
                file: layer.file,
                node,
                origin: Origin { place, via },
            });
        }
        None
    }

    /// Whether some layer has the path, even with a null value.
    pub(super) fn has(&self, files: &[File<'_>], path: &[&str]) -> bool {
        self.layers
            .iter()
            .any(|layer| walk(&files[layer.file].tree, layer, path).is_some())
    }

    /// The values of every layer that a merged sequence or mapping consists of, lowest precedence
    /// first.
    pub(super) fn all(&self, files: &[File<'_>], key: &str) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for layer in &self.layers {
            let tree = &files[layer.file].tree;
            let Some((found, via)) = walk(tree, layer, &[key]) else {
                continue;
            };
            if is_reset(tree, found) || tree.tag(found).is_some_and(|tag| tag == "!override") {
                values.clear();
            }
            if is_reset(tree, found) {
                continue;
            }
            let place = Some(Place {
                file: layer.file,
                span: tree.node(found).span,
            });
            values.push(Value {
                file: layer.file,
                node: tree.resolve(found),
                origin: Origin { place, via },
            });
        }
        values
    }

    /// The items of a sequence in every layer. A scalar counts as one item.
    pub(super) fn items(&self, files: &[File<'_>], key: &str) -> Vec<Value> {
        let mut items = Vec::new();
        for value in self.all(files, key) {
            let tree = &files[value.file].tree;
            match tree.node(value.node).kind {
                Kind::Seq => {
                    for item in tree.children(value.node) {
                        let place = Some(Place {
                            file: value.file,
                            span: tree.node(item).span,
                        });
                        items.push(Value {
                            file: value.file,
                            node: tree.resolve(item),
                            origin: Origin {
                                place,
                                via: value.origin.via.clone(),
                            },
                        });
                    }
                }
                Kind::Scalar if !is_null(tree, value.node) => items.push(value),
                _ => {}
            }
        }
        items
    }

    /// The strings of a sequence, with `${VAR:-x}` replaced by its default.
    pub(super) fn texts(&self, files: &[File<'_>], key: &str) -> Vec<(String, Value)> {
        self.items(files, key)
            .into_iter()
            .filter_map(|item| Some((item.judged(files)?.into_owned(), item)))
            .collect()
    }

    /// A scalar at a path, parsed by `read`.
    pub(super) fn setting<T>(
        &self,
        files: &[File<'_>],
        path: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Setting<T> {
        let Some(value) = self.get(files, path) else {
            return Setting::Absent;
        };
        value.setting(files, read)
    }
}

impl Value {
    /// The scalar as a setting.
    pub(super) fn setting<T>(
        self,
        files: &[File<'_>],
        read: impl Fn(&str) -> Option<T>,
    ) -> Setting<T> {
        let file = &files[self.file];
        let tree = &file.tree;
        if tree.node(self.node).kind != Kind::Scalar {
            return Setting::Unreadable {
                text: tree.text(self.node).to_owned(),
                origin: self.origin,
            };
        }
        let text = tree.value(self.node);
        match interpolate_by(&text, &known(file)) {
            Interpolated::Plain(plain) => match read(&plain) {
                Some(value) => Setting::Set {
                    value,
                    origin: self.origin,
                },
                None => Setting::Unreadable {
                    text: text.into_owned(),
                    origin: self.origin,
                },
            },
            Interpolated::Invalid => Setting::Unreadable {
                text: text.into_owned(),
                origin: self.origin,
            },
            Interpolated::Dynamic { default, .. } => {
                let default = default.as_deref().and_then(read);
                Setting::Variable {
                    text: text.into_owned(),
                    default,
                    origin: self.origin,
                }
            }
        }
    }

    /// The text of the scalar with the values or defaults of its variables. `None` for collections.
    pub(super) fn judged<'s>(&self, files: &[File<'s>]) -> Option<Cow<'s, str>> {
        judged(&files[self.file], self.node)
    }
}

/// The text of the scalar with the values or defaults of its variables. If a variable has neither,
/// the text is returned as written.
pub(super) fn judged<'s>(file: &File<'s>, node: NodeId) -> Option<Cow<'s, str>> {
    let tree = &file.tree;
    let node = tree.resolve(node);
    if tree.node(node).kind != Kind::Scalar {
        return None;
    }
    let text = tree.value(node);
    if !text.contains('$') {
        return Some(text);
    }
    Some(match interpolate_by(&text, &known(file)) {
        Interpolated::Plain(plain) => Cow::Owned(plain.into_owned()),
        Interpolated::Dynamic {
            default: Some(default),
            ..
        } => Cow::Owned(default),
        Interpolated::Dynamic { default: None, .. } | Interpolated::Invalid => text,
    })
}

/// The variables that are known in the file.
pub(super) fn known<'f>(file: &'f File<'_>) -> impl Fn(&str) -> Variable<'f> {
    |name| file.context.variables.get(name)
}

/// Whether the value is missing or null.
pub(super) fn is_null(tree: &Tree<'_>, node: NodeId) -> bool {
    matches!(
        tree.scalar(node, Schema::GoYamlV4),
        Some(crate::syntax::Scalar::Null)
    )
}

fn is_reset(tree: &Tree<'_>, node: NodeId) -> bool {
    tree.tag(node).is_some_and(|tag| tag == "!reset")
}

/// Follows keys through aliases and merges. `None` if a key is missing.
fn walk(tree: &Tree<'_>, layer: &Layer, path: &[&str]) -> Option<(NodeId, Via)> {
    if !layer.keys.may_have(path.first()?) {
        return None;
    }
    let mut node = layer.node;
    let mut via = layer.via.clone();
    for key in path {
        let map = tree.resolve(node);
        if tree.node(map).kind != Kind::Map {
            return None;
        }
        match tree.get(map, key, Schema::GoYamlV4)? {
            Found::Own { value, .. } => node = value,
            Found::Merged {
                via: alias, value, ..
            } => {
                node = value;
                let anchor = tree.anchor(tree.resolve(alias)).unwrap_or("<<").to_owned();
                via = Via::Merge(anchor);
            }
        }
    }
    Some((node, via))
}
