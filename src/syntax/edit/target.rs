//! Finds the place of a key, and checks whether an edit there is allowed.

use super::{Change, Editor, Refusal, Value};
use crate::syntax::{Found, Kind, Node, NodeId, Style};

/// Where a mapping has a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the mapping itself.
    Own { key: NodeId, value: NodeId },
    /// In the mapping that `via` merges.
    Merged { via: NodeId, value: NodeId },
    /// The key does not exist.
    Missing,
}

impl Editor<'_, '_> {
    /// Finds `key` in `map`.
    pub(super) fn find(&self, map: NodeId, key: &str) -> Result<Place, Refusal> {
        let mut own = None;
        let mut has_merge = false;
        for (node, value) in self.tree.entries(map) {
            if self.tree.is_merge(node) {
                has_merge = true;
            } else if own.is_none()
                && self
                    .tree
                    .key_text(node, self.schema)
                    .is_some_and(|text| text == key)
            {
                own = Some((node, value));
            }
        }
        let merged = match has_merge
            .then(|| self.tree.get(map, key, self.schema))
            .flatten()
        {
            Some(Found::Merged { via, value, .. }) => Some((via, value)),
            _ => None,
        };
        match (own, merged) {
            (Some((node, _)), Some(_)) => Err(Refusal::Shadowed {
                span: self.tree.node(node).span,
            }),
            (Some((key, value)), None) => Ok(Place::Own { key, value }),
            (None, Some((via, value))) => Ok(Place::Merged { via, value }),
            (None, None) => Ok(Place::Missing),
        }
    }

    /// Refuses mappings with duplicate keys and mappings to which no entry can be added.
    pub(super) fn check(&mut self, map: NodeId) -> Result<(), Refusal> {
        if self.checked.contains(&map) {
            return Ok(());
        }
        if self.tree.node(map).style == Style::FlowPair {
            return Err(Refusal::ImplicitPair {
                span: self.tree.node(map).span,
            });
        }
        if let Some((first, second)) = self.tree.duplicate_key(map, self.schema) {
            return Err(Refusal::DuplicateKey {
                key: self.tree.value(second).into_owned(),
                first: self.tree.node(first).span,
                second: self.tree.node(second).span,
            });
        }
        self.checked.insert(map);
        Ok(())
    }

    pub(super) fn through_alias(&self, alias: NodeId) -> Refusal {
        Refusal::ThroughAlias {
            anchor: self.tree.text(alias).trim_start_matches('*').to_owned(),
            span: self.tree.node(alias).span,
        }
    }

    pub(super) fn merged(&self, via: NodeId) -> Refusal {
        let node = self.tree.node(via);
        Refusal::Merged {
            anchor: self
                .tree
                .anchor(self.tree.resolve(via))
                .unwrap_or_default()
                .to_owned(),
            span: node.span,
        }
    }

    /// Refuses an edit inside a node that an alias refers to.
    pub(super) fn refuse_shared(&self, node: NodeId) -> Result<(), Refusal> {
        if self.aliases().is_empty() {
            return Ok(());
        }
        let mut at = node;
        loop {
            if self.aliases_into(at, NodeId(at.0 + 1)).next().is_some() {
                return Err(Refusal::SharedAnchor {
                    anchor: self.tree.anchor(at).unwrap_or_default().to_owned(),
                    span: self.tree.node(at).span,
                });
            }
            let parent = self.tree.node(at).parent;
            if parent == at {
                return Ok(());
            }
            at = parent;
        }
    }

    /// Refuses to remove the nodes from `first` to the end of `last` if an alias outside refers to
    /// one of them.
    pub(super) fn refuse_anchored(&self, first: NodeId, last: NodeId) -> Result<(), Refusal> {
        let end = self.tree.node(last).next;
        match self
            .aliases_into(first, end)
            .find(|&(_, alias)| alias >= end)
        {
            None => Ok(()),
            Some((target, _)) => {
                let anchor = self.tree.anchor(target).unwrap_or_default().to_owned();
                let span = self.tree.node(target).span;
                Err(if target == last {
                    Refusal::SharedAnchor { anchor, span }
                } else {
                    Refusal::AnchorInside { anchor, span }
                })
            }
        }
    }

    /// Refuses to remove a key that hides a merged key. The merged value would become effective.
    pub(super) fn refuse_uncovered(&self, map: NodeId, key: NodeId) -> Result<(), Refusal> {
        let Some(text) = self.tree.key_text(key, self.schema) else {
            return Ok(());
        };
        for (merge, value) in self.tree.entries(map) {
            if !self.tree.is_merge(merge) || merge == key {
                continue;
            }
            let sources: Vec<NodeId> = match self.tree.node(value).kind {
                Kind::Seq => self.tree.children(value).collect(),
                _ => vec![value],
            };
            for source in sources {
                if self.tree.get(source, &text, self.schema).is_some() {
                    return Err(self.merged(source));
                }
            }
        }
        Ok(())
    }

    /// Refuses places that an earlier operation removed or replaced.
    pub(super) fn refuse_removed(&self, node: NodeId) -> Result<(), Refusal> {
        let mut at = node;
        while !self.changes.is_empty() {
            // The removal of an entry is recorded at its value, which follows its key.
            let entry = self.changes.get(&self.tree.node(at).next);
            let is_gone = matches!(entry, Some(Change::Removed { node }) if *node == at)
                || match self.changes.get(&at) {
                    Some(Change::Removed { .. }) => true,
                    // Operations on the node itself can still add to its new value.
                    Some(Change::Replaced(_) | Change::Filled(_)) => at != node,
                    Some(Change::Entries(_) | Change::Items(_)) | None => false,
                };
            if is_gone {
                return Err(Refusal::Gone {
                    span: self.tree.node(node).span,
                });
            }
            let parent = self.tree.node(at).parent;
            if parent == at {
                break;
            }
            at = parent;
        }
        Ok(())
    }

    /// Refuses collections that are a key or inside a key: a changed key would name another entry.
    pub(super) fn refuse_in_key(&self, collection: NodeId) -> Result<(), Refusal> {
        let source = self.tree.source().as_bytes();
        let mut at = collection;
        loop {
            let node = self.tree.node(at);
            if node.parent == at {
                return Ok(());
            }
            let is_entry = self.tree.node(node.parent).kind == Kind::Map;
            if is_entry && source.get(node.indicator as usize) != Some(&b':') {
                return Err(Refusal::Key { span: node.span });
            }
            at = node.parent;
        }
    }

    /// Refuses to replace a null that is a key or inside a key with a mapping.
    pub(super) fn refuse_key(&self, null: NodeId) -> Result<(), Refusal> {
        let node = self.tree.node(null);
        if node.parent != null && self.tree.entries(node.parent).any(|(key, _)| key == null) {
            return Err(Refusal::Key { span: node.span });
        }
        self.refuse_in_key(node.parent)
    }

    pub(super) fn refuse_without_colon(&self, value: NodeId) -> Result<(), Refusal> {
        let node = self.tree.node(value);
        let parent = self.tree.node(node.parent);
        if node.parent != value && parent.style == Style::FlowPair {
            return Err(Refusal::ImplicitPair { span: parent.span });
        }
        let is_value = node.parent != value && parent.kind == Kind::Map;
        if is_value && node.indicator == Node::NONE {
            return Err(Refusal::NullWithoutColon { span: node.span });
        }
        Ok(())
    }

    /// Refuses a value whose kind does not match the tag of the node.
    pub(super) fn refuse_tag(&self, node: NodeId, value: &Value) -> Result<(), Refusal> {
        let Some(tag) = self.tree.tag(node) else {
            return Ok(());
        };
        let fits = match value {
            Value::Bool(_) => tag == "tag:yaml.org,2002:bool",
            Value::Int(_) => tag == "tag:yaml.org,2002:int",
            Value::Str(_) => tag == "tag:yaml.org,2002:str",
            Value::Seq(_) => tag == "tag:yaml.org,2002:seq",
            Value::Map(_) => tag == "tag:yaml.org,2002:map",
            Value::Plain(_) | Value::Tagged(..) => false,
        };
        // A local tag (`!override`) stays valid if the kind of collection does not change.
        let kind = self.tree.node(node).kind;
        let is_local = tag.starts_with('!') && tag.len() > 1;
        let same_kind = matches!(
            (kind, value),
            (Kind::Map, Value::Map(_)) | (Kind::Seq, Value::Seq(_))
        );
        if fits || is_local && same_kind {
            return Ok(());
        }
        let written = self.tree.props(node).and_then(|props| props.tag);
        Err(Refusal::Tagged {
            tag: written
                .map(|tag| self.tree.slice(tag))
                .unwrap_or_default()
                .to_owned(),
            span: self.tree.node(node).span,
        })
    }

    /// Refuses to write after a block scalar that ends the file without a line break. The new line
    /// break would become part of the scalar for go-yaml.
    pub(super) fn refuse_open(&self, collection: NodeId) -> Result<(), Refusal> {
        let source = self.tree.source();
        let node = self.tree.node(collection);
        // After a key without a value (`? |`) comes a node without text.
        let is_written = |node: &&Node| node.style != Style::Empty || node.indicator != Node::NONE;
        let Some(last) = self.tree.nodes.iter().rev().find(is_written) else {
            return Ok(());
        };
        if node.style != Style::Block
            || node.next.index() != self.tree.nodes.len()
            || !matches!(last.style, Style::Literal | Style::Folded)
            || last.span.end as usize != source.len()
        {
            return Ok(());
        }
        let text = self.tree.slice(last.span);
        let header = text.split(['\n', '\r']).next().unwrap_or_default();
        let header = header.split('#').next().unwrap_or_default();
        let is_open = text.contains(['\n', '\r']) && !text.ends_with(['\n', '\r']);
        if is_open && !header.contains('-') {
            return Err(Refusal::OpenBlockScalar { span: last.span });
        }
        Ok(())
    }

    /// The aliases that refer to the nodes from `first` up to `end`, as `(target, alias)`.
    fn aliases_into(&self, first: NodeId, end: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> {
        let aliases = self.aliases();
        let from = aliases.partition_point(|&(target, _)| target < first);
        let to = aliases.partition_point(|&(target, _)| target < end);
        aliases.get(from..to).unwrap_or_default().iter().copied()
    }

    fn aliases(&self) -> &[(NodeId, NodeId)] {
        self.aliases.get_or_init(|| {
            if self.tree.props.is_empty() {
                return Vec::new();
            }
            let mut aliases: Vec<_> = (0_u32..)
                .zip(&self.tree.nodes)
                .filter(|(_, node)| node.kind == Kind::Alias)
                .map(|(index, node)| (NodeId(node.extra), NodeId(index)))
                .collect();
            aliases.sort_unstable();
            aliases
        })
    }
}
