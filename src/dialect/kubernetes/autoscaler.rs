//! Finds autoscalers. They may manage the resources of the workloads they name.

use std::collections::HashMap;

use super::cursor::Cursor;
use super::object::Object;

/// The autoscalers of a project, indexed by their target, because a stream can have thousands of
/// both.
#[derive(Debug, Default)]
pub(super) struct Autoscalers {
    by_target: HashMap<(String, String), Scalers>,
}

/// The autoscalers of targets with one kind and name. Each namespace can have its own.
#[derive(Debug, Default)]
struct Scalers {
    /// The first autoscaler of any namespace.
    first: Option<String>,
    /// An autoscaler without a written namespace.
    anywhere: Option<String>,
    by_namespace: HashMap<String, String>,
}

impl Autoscalers {
    /// Whether there are no autoscalers.
    pub(super) fn is_empty(&self) -> bool {
        self.by_target.is_empty()
    }

    pub(super) fn add<'o, 'a: 'o, 's: 'a>(
        &mut self,
        objects: impl Iterator<Item = &'o Object<'a, 's>>,
    ) {
        for one in objects.filter_map(Autoscaler::read) {
            let Autoscaler {
                label,
                namespace,
                target,
            } = one;
            let scalers = self.by_target.entry(target).or_default();
            scalers.first.get_or_insert_with(|| label.clone());
            match namespace {
                None => scalers.anywhere.get_or_insert(label),
                Some(namespace) => scalers.by_namespace.entry(namespace).or_insert(label),
            };
        }
    }

    /// The autoscaler that names this workload, as `HorizontalPodAutoscaler/web`. A missing
    /// namespace can be any, because the command that applies the file chooses it.
    pub(super) fn of(&self, kind: &str, name: &str, namespace: Option<&str>) -> Option<&str> {
        let scalers = self.by_target.get(&(kind.to_owned(), name.to_owned()))?;
        let label = match namespace {
            None => scalers.first.as_ref(),
            Some(namespace) => scalers
                .by_namespace
                .get(namespace)
                .or(scalers.anywhere.as_ref()),
        };
        label.map(String::as_str)
    }
}

/// An autoscaler and the workload it names.
#[derive(Debug)]
struct Autoscaler {
    label: String,
    namespace: Option<String>,
    target: (String, String),
}

impl Autoscaler {
    /// The object as an autoscaler. `None` for other kinds.
    fn read(object: &Object<'_, '_>) -> Option<Self> {
        let (reference, default): (&[&str], _) = match (object.kind.as_str(), object.group.as_str())
        {
            ("HorizontalPodAutoscaler", "autoscaling") => (&["spec", "scaleTargetRef"], ""),
            ("HorizontalPodAutoscaler", "extensions") => (&["spec", "scaleRef"], ""),
            ("VerticalPodAutoscaler", "autoscaling.k8s.io" | "poc.autoscaling.k8s.io") => {
                (&["spec", "targetRef"], "")
            }
            ("ScaledObject", "keda.sh" | "keda.k8s.io") => {
                (&["spec", "scaleTargetRef"], "Deployment")
            }
            _ => return None,
        };
        let target = object.cursor.find(reference)?;
        Some(Self {
            label: format!("{}/{}", object.kind, object.name()),
            namespace: object.namespace(),
            target: (
                kind_of(&target).unwrap_or_else(|| default.to_owned()),
                target.word_of("name"),
            ),
        })
    }
}

fn kind_of(target: &Cursor<'_, '_>) -> Option<String> {
    Some(target.get("kind")?.word()?.into_owned())
}
