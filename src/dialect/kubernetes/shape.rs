//! Finds the pods in an object of a kind that is not known: by their shape.

use super::cursor::Cursor;
use super::object::{Pod, named};
use super::workload;

/// The lists of containers in a pod.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// A value in the object.
struct Place<'a, 's> {
    at: Cursor<'a, 's>,
    path: String,
    /// The mapping that it is in.
    around: Option<Cursor<'a, 's>>,
    is_in_spec: bool,
}

/// Every mapping below a `spec` that has a list of containers, at least one of them with an image.
/// Other lists of that name are not pods: skaffold has some in its own configuration. `prefix` is
/// the path of the object.
pub(super) fn pods<'a, 's>(object: &Cursor<'a, 's>, prefix: &str) -> Vec<Pod<'a, 's>> {
    let mut found = Vec::new();
    let mut open = vec![Place {
        at: object.clone(),
        path: prefix.to_owned(),
        around: None,
        is_in_spec: false,
    }];
    while let Some(Place {
        at,
        path,
        around,
        is_in_spec,
    }) = open.pop()
    {
        if at.is_seq() {
            let items = at.items().into_iter().rev();
            open.extend(items.map(|(index, item)| {
                let path = format!("{path}[{}]", named(&item, index));
                Place {
                    at: item,
                    path,
                    around: None,
                    is_in_spec,
                }
            }));
            continue;
        }
        let is_pod = is_in_spec
            && LISTS.iter().any(|list| {
                let items = at.items_of(list);
                items.iter().any(|(_, item)| item.get("image").is_some())
            });
        let is_root = around.is_none() && path == prefix;
        let below = at.entries().into_iter().rev();
        open.extend(below.filter_map(|(key, value)| {
            let is_other = is_root && (key == "metadata" || key == "status" || key == "items")
                || is_pod && LISTS.contains(&&*key)
                || !value.is_map() && !value.is_seq();
            let dot = if path.is_empty() || path.ends_with('.') {
                ""
            } else {
                "."
            };
            (!is_other).then(|| Place {
                at: value,
                path: format!("{path}{dot}{key}"),
                around: Some(at.clone()),
                is_in_spec: is_in_spec || key == "spec",
            })
        }));
        if is_pod {
            found.push(Pod {
                metadata: around.and_then(|around| around.get("metadata")),
                path,
                spec: Some(at),
                shape: &workload::POD,
                is_known: false,
            });
        }
    }
    found
}
