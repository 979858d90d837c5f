//! What the operations of a JSON patch (RFC 6902) set in a pod, as a patch that can be read.

use serde_json::{Map, Value, json};

use super::kustomization::InlineText;
use super::patches::pointer;
use crate::json;
use crate::project::Target;
use crate::syntax::{self, Limits, Mode, Schema};

/// The largest value of an operation, in values. A larger one is not read.
const LARGEST: usize = 10_000;

/// For each operation that sets a value, a strategic merge patch that sets the same. The items of
/// lists have no names in an operation, so they are named by their position, and the object by its
/// target: neither is the name of another one.
pub(crate) fn as_patches(text: &str, target: Option<&Target>) -> Vec<InlineText> {
    // Most inline patches are no lists.
    if !text.contains("op") {
        return Vec::new();
    }
    let Ok(tree) = syntax::parse(text, Mode::GoYaml, &Limits::default()) else {
        return Vec::new();
    };
    let [document] = tree.documents() else {
        return Vec::new();
    };
    let items = tree.children(tree.resolve(document.root));
    let patches = items.filter_map(|item| {
        let item = tree.resolve(item);
        let of = |key| Some(tree.resolve(tree.get(item, key, Schema::GoYamlV2)?.value()));
        let sets = matches!(&*tree.value(of("op")?), "add" | "replace");
        let path = tree.value(of("path")?);
        let value = json::value(&tree, of("value")?, Schema::GoYamlV2, LARGEST)?;
        let object = object(&pointer(&path), value, target).filter(|_| sets)?;
        let span = tree.node(item).span;
        let line = tree.line_column(span.start).0;
        Some(InlineText::at(line, span, object.to_string()))
    });
    patches.collect()
}

/// The object with only this value. `None` if it is in no pod.
fn object(path: &[String], value: Value, target: Option<&Target>) -> Option<Value> {
    let (version, kind, pod) = match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["spec", "template", ..] => ("apps/v1", "Deployment", "/template/spec"),
        ["spec", "jobTemplate", ..] => ("batch/v1", "CronJob", "/jobTemplate/spec/template/spec"),
        ["spec", ..] => ("v1", "Pod", ""),
        _ => return None,
    };
    let mut spec = path.iter().skip(1).rev().fold(value, |value, step| {
        if step == "-" || step.parse::<usize>().is_ok() {
            let mut value = value;
            if let Value::Object(item) = &mut value {
                item.entry("name").or_insert_with(|| json!(step));
            }
            Value::Array(vec![value])
        } else {
            Value::Object(Map::from_iter([(step.clone(), value)]))
        }
    });
    // A setting of the pod holds for all its containers.
    if let Some(Value::Object(pod)) = spec.pointer_mut(pod)
        && !["containers", "initContainers", "ephemeralContainers"]
            .iter()
            .any(|list| pod.contains_key(*list))
    {
        pod.insert("containers".to_owned(), json!([{"name": "*"}]));
    }
    let name = target.and_then(|target| target.name.as_deref());
    let name = format!("{} (patched)", name.unwrap_or("*"));
    Some(json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}))
}
