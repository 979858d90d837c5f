//! Reads `LimitRange` objects, which bound the resources of every container of their namespace.
//!
//! Admission gives a container without resources the defaults of a `LimitRange`, and rejects a
//! container whose resources are out of bounds (kubernetes
//! `plugin/pkg/admission/limitranger/admission.go`).

use super::namespaces::ByNamespace;
use super::object::Object;
use crate::container::{Observed, Place};
use crate::dialect::Member;

/// The `LimitRange`s of a project that apply to containers or pods.
#[derive(Debug, Default)]
pub(super) struct LimitRanges(ByNamespace<LimitRange>);

#[derive(Debug)]
struct LimitRange {
    label: String,
    place: Option<Place>,
}

impl LimitRanges {
    /// Whether there are no ranges.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the ranges among the objects, without their places if they are of a stream.
    pub(super) fn add<'o, 'a: 'o, 's: 'a>(
        &mut self,
        objects: impl Iterator<Item = &'o Object<'a, 's>>,
        is_stream: bool,
    ) {
        let ranges = objects.filter(|object| {
            object.kind == "LimitRange" && object.group.is_empty() && applies_to_pods(object)
        });
        for object in ranges {
            let range = LimitRange {
                label: format!("LimitRange/{}", object.name()),
                place: (!is_stream).then(|| object.cursor.place()),
            };
            self.0.add(object.namespace(), range);
        }
    }

    /// Notes the range that bounds the containers of a pod.
    pub(super) fn bound(&self, namespace: Option<&str>, members: &mut [Member]) {
        let Some(range) = self.0.first(namespace) else {
            return;
        };
        for Member { container, .. } in members {
            let name = range.label.clone();
            let bound = Observed::LimitRange { name }.at(range.place);
            container.observations.push(bound);
        }
    }
}

fn applies_to_pods(object: &Object<'_, '_>) -> bool {
    let limits = object.cursor.find(&["spec", "limits"]);
    let limits = limits.map(|limits| limits.items()).unwrap_or_default();
    let mut kinds = limits.iter().map(|(_, limit)| limit.word_of("type"));
    kinds.any(|kind| matches!(kind.as_str(), "Container" | "Pod"))
}
