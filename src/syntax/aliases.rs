//! The size of nodes with what their aliases repeat.

use super::tree::{Kind, Node, NodeId};

/// The size of a value without its text.
const VALUE: u64 = 8;

/// The aliases of a stream, with the sizes of their targets.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    /// The indices of the alias nodes, ascending.
    nodes: Vec<u32>,
    /// For each alias, the size of its target and of the targets of all earlier aliases.
    sizes: Vec<u64>,
}

impl Aliases {
    /// Reads the aliases of an arena. An anchor precedes its aliases, so one pass is enough.
    pub(super) fn new(nodes: &[Node]) -> Self {
        let mut aliases = Self::default();
        let indices = 0_u32..;
        for (index, alias) in indices.zip(nodes) {
            if alias.kind != Kind::Alias {
                continue;
            }
            let size = match nodes.get(alias.extra as usize) {
                // An alias inside its own anchor stands for no further values.
                Some(target) if target.next.0 <= index => aliases.size(NodeId(alias.extra), target),
                _ => 0,
            };
            let size = size.saturating_add(aliases.total());
            aliases.nodes.push(index);
            aliases.sizes.push(size);
        }
        aliases
    }

    fn total(&self) -> u64 {
        self.sizes.last().copied().unwrap_or_default()
    }

    /// The index of the node at which the aliases have repeated more than `most`.
    pub(super) fn first_above(&self, most: u64) -> Option<usize> {
        let first = self.sizes.partition_point(|size| *size <= most);
        self.nodes.get(first).map(|index| *index as usize)
    }

    /// The size of a node: its text and its values, and those that the aliases in it repeat.
    pub(super) fn size(&self, id: NodeId, node: &Node) -> u64 {
        let before = |end: NodeId| {
            let count = self.nodes.partition_point(|alias| *alias < end.0);
            count.checked_sub(1).map_or(0, |last| self.sizes[last])
        };
        let repeated = before(node.next).saturating_sub(before(id));
        own_size(node.span.end - node.span.start, node.next.0 - id.0).saturating_add(repeated)
    }
}

/// The size of a text with so many values, without what its aliases repeat.
pub(super) fn own_size(bytes: u32, values: u32) -> u64 {
    u64::from(bytes) + VALUE * u64::from(values)
}
