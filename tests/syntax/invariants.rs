//! Invariants of the tree of any source. The fuzz target checks them too.

use harden::syntax::{Kind, Limits, Mode, NodeId, Schema, Style, Tree, parse};

/// Checks the trees of a source in both modes.
///
/// # Panics
///
/// If an invariant does not hold.
pub(crate) fn check(source: &str) {
    // The tree is as small as its source, whatever the aliases repeat.
    let limits = Limits {
        repeated: u64::MAX,
        ..Limits::default()
    };
    for mode in [Mode::GoYaml, Mode::Strict] {
        let first = parse(source, mode, &limits);
        let second = parse(source, mode, &limits);
        match (first, second) {
            (Ok(tree), Ok(again)) => {
                check_tree(&tree);
                if source.len() < 4096 {
                    assert_eq!(
                        format!("{tree:?}"),
                        format!("{again:?}"),
                        "two readings differ"
                    );
                }
            }
            (Err(error), Err(again)) => {
                assert_eq!(error, again, "two readings differ");
                assert!(error.span.start <= error.span.end);
                let (start, end) = (error.span.start as usize, error.span.end as usize);
                assert!(
                    source.get(start..end).is_some(),
                    "{error} is outside of the source: {:?}",
                    error.span
                );
                assert!(!error.to_string().is_empty());
            }
            _ => panic!("two readings differ"),
        }
    }
}

fn check_tree(tree: &Tree<'_>) {
    let mut next_root = 0;
    let mut document_end = 0;
    for document in tree.documents() {
        assert_eq!(
            document.root.index(),
            next_root,
            "documents follow each other in the arena"
        );
        assert!(document.span.start >= document_end && document.span.end >= document.span.start);
        document_end = document.span.end;
        assert_eq!(
            tree.node(document.root).parent,
            document.root,
            "a root is its own parent"
        );
        next_root = check_nodes(tree, document.root);
    }
    assert!(document_end as usize <= tree.source().len());
}

/// Walks one document without recursion; returns the index behind it.
fn check_nodes(tree: &Tree<'_>, root: NodeId) -> usize {
    let mut expected = root.index();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        let node = tree.node(id);
        assert_eq!(
            id.index(),
            expected,
            "children follow their parent in preorder"
        );
        expected += 1;
        // Slicing panics outside of the source and inside of characters.
        let text = tree.text(id);
        assert_eq!(
            text.is_empty(),
            node.style == Style::Empty,
            "only what is not written is empty"
        );
        let value = tree.value(id);
        if let Some(props) = tree.props(id) {
            assert!(
                props.span.start < props.span.end
                    && props.span.end <= node.span.start.max(props.span.end)
            );
            assert!(
                tree.source()
                    .get(props.span.start as usize..props.span.end as usize)
                    .is_some()
            );
            assert!(props.anchor.is_some() || props.tag.is_some());
            let _ = tree.tag(id);
        }
        for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
            let _ = tree.scalar(id, schema);
        }
        match node.kind {
            Kind::Scalar => assert_eq!(
                node.next.index(),
                id.index() + 1,
                "a scalar has no children"
            ),
            Kind::Alias => {
                assert!(value.is_empty());
                let target = tree.resolve(id);
                assert!(target < id, "an alias stands for an earlier node");
                assert_eq!(
                    tree.anchor(target),
                    text.strip_prefix('*'),
                    "an alias has the name of its anchor"
                );
            }
            Kind::Map | Kind::Seq => {
                let children: Vec<NodeId> = tree.children(id).collect();
                assert!(
                    node.kind == Kind::Seq || children.len().is_multiple_of(2),
                    "keys have values"
                );
                let mut end = node.span.start;
                for &child in &children {
                    assert_eq!(tree.node(child).parent, id, "a child knows its parent");
                    let span = tree.node(child).span;
                    assert!(
                        span.start >= end && span.end >= span.start,
                        "siblings follow each other: {text:?}"
                    );
                    end = span.end;
                }
                assert!(
                    end <= node.span.end,
                    "a collection holds its children: {text:?}"
                );
                assert_eq!(
                    children
                        .last()
                        .map_or(id.index() + 1, |last| tree.node(*last).next.index()),
                    node.next.index()
                );
                open.extend(children.into_iter().rev());
                if node.kind == Kind::Map {
                    for schema in [Schema::GoYamlV2, Schema::GoYamlV4] {
                        let entries = tree.effective_entries(id, schema);
                        if let Some((key, found)) = entries.first() {
                            assert_eq!(tree.get(id, key, schema), Some(*found), "{key}");
                        }
                        let _ = tree.duplicate_key(id, schema);
                    }
                }
            }
        }
    }
    expected
}
