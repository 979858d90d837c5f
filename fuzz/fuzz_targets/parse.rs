//! Any bytes are read to a tree that is whole, or to an error with a place in the source.

#![no_main]

use harden::syntax::{Kind, Limits, Mode, Style, Tree, decode, parse, witness};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else { return };
    for mode in [Mode::GoYaml, Mode::Strict] {
        match parse(text, mode, &Limits::default()) {
            Ok(tree) => is_whole(text, &tree),
            Err(error) => assert!(error.span.start <= error.span.end && error.span.end as usize <= text.len()),
        }
    }
    if let Ok(tree) = parse(text, Mode::GoYaml, &Limits::default()) {
        // What the other parser makes of it may differ; that it does must not be our panic.
        let _ = witness(&tree);
    }
});

fn is_whole(text: &str, tree: &Tree<'_>) {
    for document in tree.documents() {
        let mut open = vec![document.root];
        while let Some(id) = open.pop() {
            let node = tree.node(id);
            assert!(text.is_char_boundary(node.span.start as usize) && text.is_char_boundary(node.span.end as usize));
            assert!(node.span.start <= node.span.end && node.next > id);
            let _ = (tree.value(id), tree.tag(id), tree.anchor(id), tree.line_column(node.span.start));
            if node.kind == Kind::Map {
                assert_eq!(tree.children(id).count() % 2, 0);
            }
            assert!(node.style != Style::Empty || node.kind == Kind::Scalar);
            for child in tree.children(id) {
                assert_eq!(tree.node(child).parent, id);
                open.push(child);
            }
        }
    }
}
