//! Recognises files with pods, and gives the reason for leaving others alone.

use super::cursor::{Cursor, Source};
use super::object::{Document, Object, documents};
use crate::container::{Reason, Words};
use crate::dialect::recognise::{Recognition, UnreadPart};
use crate::project::{CustomResource, NotOurs, State};
use crate::syntax::Tree;

/// Whether a file contains a complete pod. Each document is judged separately: the consumer takes
/// one document whatever another one says.
pub(crate) fn recognise(tree: &Tree<'_>, custom_resources: &[CustomResource]) -> Recognition {
    let source = Source::new(tree, 0, custom_resources);
    let mut seen = NotOurs::Empty;
    let mut ours = false;
    let mut unread = Vec::new();
    for document in documents(&source) {
        let found = match document {
            Document::Empty => NotOurs::Empty,
            Document::Rendered(root) => {
                unread.push(UnreadPart {
                    line: root.line(),
                    reason: Reason::new(&TEMPLATE_VALUE),
                    is_template: true,
                    state: State::Unread,
                });
                NotOurs::Braces
            }
            Document::Other(root) if is_operation_list(&root) => NotOurs::Patch,
            Document::Other(_) => NotOurs::OtherYaml,
            Document::Objects(objects) => {
                let mut found = NotOurs::NoPods;
                for pod in objects.iter().flat_map(Object::pods) {
                    ours |= !pod.is_partial();
                    found = NotOurs::Patch;
                }
                found
            }
        };
        if rank(found) > rank(seen) {
            seen = found;
        }
    }
    let format = match (source.is_overdrawn(), ours) {
        (_, true) => Ok(()),
        (true, false) => Err(NotOurs::TooManyAliases),
        (false, false) => Err(seen),
    };
    Recognition { format, unread }
}

static TEMPLATE_VALUE: Words = Words::new(
    "template-value",
    "The document has a value in double braces without quotes, so it is not YAML before a template \
     engine renders it.",
);

/// Orders reasons: of several, the most specific one is reported, and first what a check fails for.
fn rank(reason: NotOurs) -> u8 {
    match reason {
        NotOurs::Empty => 0,
        NotOurs::OtherYaml => 1,
        NotOurs::NoPods => 2,
        NotOurs::Braces => 4,
        _ => 3,
    }
}

/// Whether the document is a JSON patch (RFC 6902), as kustomize reads it.
fn is_operation_list(root: &Cursor<'_, '_>) -> bool {
    let items = root.items();
    !items.is_empty()
        && items
            .iter()
            .all(|(_, item)| item.get("op").is_some() && item.get("path").is_some())
}

/// The keys of mappings whose own keys are free. A directive there is a name like any other.
const FREE: [&str; 12] = [
    "annotations",
    "binaryData",
    "data",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "options",
    "overhead",
    "requests",
    "stringData",
    "volumeAttributes",
];

/// Whether the object has a directive of a strategic merge patch where kustomize and `kubectl`
/// read one (kubernetes/apimachinery `pkg/util/strategicpatch/patch.go`).
pub(super) fn has_directive(object: &Cursor<'_, '_>) -> bool {
    if !object.text().contains('$') {
        return false;
    }
    let mut open = vec![object.clone()];
    while let Some(at) = open.pop() {
        for (key, value) in at.entries() {
            if is_directive(&key) {
                return true;
            }
            if !FREE.contains(&&*key) {
                open.push(value);
            }
        }
        open.extend(at.items().into_iter().map(|(_, item)| item));
    }
    false
}

fn is_directive(key: &str) -> bool {
    ["$patch", "$retainKeys"].contains(&key)
        || ["$deleteFromPrimitiveList/", "$setElementOrder/"]
            .iter()
            .any(|prefix| key.starts_with(prefix))
}

/// Whether the object has `{{` in what names it. The API rejects such a name, so a template engine
/// must render the object first. Elsewhere, `{{` is often meant for a program in the pod.
pub(super) fn is_rendered(object: &Object<'_, '_>) -> bool {
    [
        &["kind"] as &[&str],
        &["apiVersion"],
        &["metadata", "name"],
        &["metadata", "namespace"],
    ]
    .iter()
    .any(|path| has_braces(&object.cursor, path))
}

/// Whether the value has `{{`.
pub(super) fn has_braces(at: &Cursor<'_, '_>, path: &[&str]) -> bool {
    at.find(path)
        .and_then(|value| value.word())
        .is_some_and(|word| word.contains("{{"))
}
