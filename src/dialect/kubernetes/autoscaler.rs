//! Objects that scale a workload, to which its resources therefore belong.

use super::cursor::Cursor;
use super::object::Object;

/// An autoscaler and the workload it names.
#[derive(Debug)]
pub(super) struct Autoscaler {
    label: String,
    namespace: Option<String>,
    target: (String, String),
}

impl Autoscaler {
    /// The object as an autoscaler, if it is one.
    pub(super) fn read(object: &Object<'_, '_>) -> Option<Self> {
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

    /// `HorizontalPodAutoscaler/web`
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// It names this workload. A namespace that is not written can be any: it comes with the
    /// command that applies the file.
    pub(super) fn scales(&self, kind: &str, name: &str, namespace: Option<&str>) -> bool {
        let same_namespace = match (self.namespace.as_deref(), namespace) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        self.target.0 == kind && self.target.1 == name && same_namespace
    }
}

fn kind_of(target: &Cursor<'_, '_>) -> Option<String> {
    Some(target.get("kind")?.word()?.into_owned())
}
