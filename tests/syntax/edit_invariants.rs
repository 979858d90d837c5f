//! Invariants of any operations on any source. The fuzz target checks them too.

use harden::proof::witness;
use harden::syntax::{
    Editor, Kind, Limits, Mode, NodeId, Plan, Refusal, Schema, Tree, Value, compare, parse,
};

/// The result of the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the fuzz target has no use for it")]
pub(crate) enum Outcome {
    /// The source is not YAML, or the independent parser reads other values: it is never edited.
    Skipped,
    /// Every operation was refused.
    Refused,
    /// There was nothing to change.
    Unchanged,
    /// There are edits, and they keep their promises.
    Edited,
}

/// Applies one to three operations that `seed` chooses, and checks the result.
///
/// # Panics
///
/// If a promise is broken.
pub(crate) fn check(source: &str, seed: u64) -> Outcome {
    let Ok(tree) = parse(source, Mode::GoYaml, &Limits::default()) else {
        return Outcome::Skipped;
    };
    // YAML 1.2 has no Unicode line breaks, so the two parsers may differ on them.
    let has_unicode_breaks = source.contains(['\u{85}', '\u{2028}', '\u{2029}']);
    if tree.documents().is_empty() || has_unicode_breaks || witness(&tree).is_err() {
        return Outcome::Skipped;
    }
    let mut choices = Choices(seed);
    let schema = choices.one(&[Schema::GoYamlV4, Schema::GoYamlV2]);
    let nodes = nodes(&tree);
    let mut editor = Editor::new(&tree, schema);
    let mut made = Vec::new();
    for _ in 0..=choices.below(3) {
        let operation = Operation::choose(&tree, &nodes, &mut choices);
        let checkpoint = editor.checkpoint();
        if operation.apply(&mut editor, operation.node).is_err() {
            continue;
        }
        if choices.below(8) == 0 {
            editor.rollback(checkpoint);
        } else {
            made.push(operation);
        }
    }
    if made.is_empty() {
        return Outcome::Refused;
    }
    let plan = editor.finish();
    let what = || format!("{made:?} as {schema:?} in {source:?}");
    let result = apply(source, &plan);
    assert_eq!(plan.apply(source), result, "{}", what());
    let after = parse(&result, Mode::GoYaml, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {} gives {result:?}", what()));
    compare(&tree, &plan, &after)
        .unwrap_or_else(|error| panic!("{error}: {} gives {result:?}", what()));
    witness(&after).unwrap_or_else(|error| panic!("{error}: {} gives {result:?}", what()));
    if let [operation] = made.as_slice() {
        operation.is_idempotent(&tree, &after, schema);
    }
    if plan.edits.is_empty() {
        Outcome::Unchanged
    } else {
        Outcome::Edited
    }
}

/// Applies the edits independently, and checks that they are ascending and disjoint.
fn apply(source: &str, plan: &Plan) -> String {
    let mut result = String::new();
    let mut at = 0;
    for edit in &plan.edits {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        assert!(at <= start && start <= end, "{:?}", plan.edits);
        assert!(
            start < end || !edit.text.is_empty(),
            "an edit without effect: {:?}",
            plan.edits
        );
        result += &source[at..start];
        result += &edit.text;
        at = end;
    }
    result + &source[at..]
}

fn nodes(tree: &Tree<'_>) -> Vec<NodeId> {
    let mut nodes = Vec::new();
    for document in tree.documents() {
        let mut open = vec![document.root];
        while let Some(id) = open.pop() {
            nodes.push(id);
            open.extend(tree.children(id));
        }
    }
    nodes
}

#[derive(Debug)]
struct Operation {
    node: NodeId,
    path: Vec<String>,
    action: Action,
}

#[derive(Debug)]
enum Action {
    Set(Value),
    Push(Value),
    Remove,
    SetItem(Value),
    RemoveItem,
}

impl Operation {
    fn choose(tree: &Tree<'_>, nodes: &[NodeId], choices: &mut Choices) -> Self {
        let mut node = choices.one(nodes);
        // Most nodes are scalars, which support few operations.
        for _ in 0..4 {
            if tree.node(node).kind == Kind::Map {
                break;
            }
            node = choices.one(nodes);
        }
        let mut path = Vec::new();
        let mut at = node;
        for _ in 0..=choices.below(3) {
            let entries: Vec<_> = tree.entries(at).collect();
            if entries.is_empty() || choices.below(3) == 0 {
                path.push(
                    choices
                        .one(&["new", "n", "a:b", "on", "22:22", "securityContext"])
                        .to_owned(),
                );
            } else {
                let (key, value) = choices.one(&entries);
                path.push(tree.value(key).into_owned());
                at = value;
            }
        }
        let action = match choices.below(9) {
            0..4 => Action::Set(value(choices, 2)),
            4 | 5 => Action::Push(value(choices, 1)),
            6 => Action::Remove,
            7 => Action::SetItem(value(choices, 1)),
            _ => Action::RemoveItem,
        };
        if matches!(action, Action::RemoveItem | Action::SetItem(_)) {
            let is_item = |&id: &NodeId| {
                let parent = tree.node(id).parent;
                parent != id && tree.node(parent).kind == Kind::Seq
            };
            let items: Vec<NodeId> = nodes.iter().copied().filter(is_item).collect();
            if !items.is_empty() {
                node = choices.one(&items);
            }
        }
        Self { node, path, action }
    }

    fn apply(&self, editor: &mut Editor<'_, '_>, node: NodeId) -> Result<(), Refusal> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match &self.action {
            Action::Set(value) => editor.set(node, &path, value.clone()),
            Action::Push(value) => editor.push(node, &path, value.clone()),
            Action::Remove => editor.remove(node, &path),
            Action::SetItem(value) => editor.set_item(node, value.clone()),
            Action::RemoveItem => editor.remove_item(node),
        }
    }

    /// Checks that the operation is done: repeating it changes nothing.
    fn is_idempotent(&self, before: &Tree<'_>, after: &Tree<'_>, schema: Schema) {
        if !matches!(
            self.action,
            Action::Set(_) | Action::SetItem(_) | Action::Remove
        ) {
            return;
        }
        // Nothing in front of the node changed its place in the tree.
        let steps = steps(before, self.node);
        let Some(node) = follow(after, &steps) else {
            panic!(
                "{self:?} took its own mapping away in {:?}",
                before.source()
            );
        };
        let mut editor = Editor::new(after, schema);
        self.apply(&mut editor, node).unwrap_or_else(|error| {
            panic!("{error}: the second time, {self:?} in {:?}", after.source())
        });
        let edits = editor.finish().edits;
        assert!(
            edits.is_empty(),
            "{self:?} is not idempotent: {edits:?} in {:?}",
            after.source()
        );
    }
}

/// The document and the position among the children on each level, from the root.
fn steps(tree: &Tree<'_>, node: NodeId) -> Vec<usize> {
    let mut steps = Vec::new();
    let mut at = node;
    while tree.node(at).parent != at {
        let parent = tree.node(at).parent;
        steps.push(
            tree.children(parent)
                .position(|child| child == at)
                .expect("it is its child"),
        );
        at = parent;
    }
    let document = tree
        .documents()
        .iter()
        .position(|document| document.root == at);
    steps.push(document.expect("it is a root"));
    steps.reverse();
    steps
}

fn follow(tree: &Tree<'_>, steps: &[usize]) -> Option<NodeId> {
    let (&document, steps) = steps.split_first()?;
    let mut at = tree.documents().get(document)?.root;
    for &step in steps {
        at = tree.children(at).nth(step)?;
    }
    Some(at)
}

fn value(choices: &mut Choices, depth: usize) -> Value {
    const TEXTS: [&str; 16] = [
        "ALL",
        "no-new-privileges:true",
        "",
        "n",
        "1000:1000",
        "512M",
        "a b",
        "it's",
        "x\ny",
        "\"",
        "é",
        "- a",
        "a: b #",
        "/tmp:size=64m,mode=1777",
        "<<",
        "\u{2028}",
    ];
    match choices.below(if depth == 0 { 4 } else { 8 }) {
        0 => Value::Bool(choices.below(2) == 0),
        1 => Value::Int(i64::try_from(choices.below(3)).unwrap_or(0) - 1),
        2 | 3 => Value::Str(choices.one(&TEXTS).to_owned()),
        4 | 5 => Value::Seq(
            (0..choices.below(3))
                .map(|_| value(choices, depth - 1))
                .collect(),
        ),
        _ => {
            let keys = ["a", "yes", "c d"];
            let count = choices.below(4);
            Value::Map(
                keys.iter()
                    .take(count)
                    .map(|key| ((*key).to_owned(), value(choices, depth - 1)))
                    .collect(),
            )
        }
    }
}

/// A stream of choices from a seed (`SplitMix64`), the same on every machine.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % (end as u64)).unwrap_or(0)
    }

    fn one<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}
