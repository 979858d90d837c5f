//! Patches of a project: what a kustomization lays over a workload counts as said of it.
//!
//! A patch may bring a request that is larger than a limit written here, or a list that takes the
//! place of one written here (kubernetes/community
//! `contributors/devel/sig-api-machinery/strategic-merge-patch.md`). Whatever it speaks of is
//! therefore left to it.

use std::collections::HashMap;
use std::path::Path;

use super::cursor::Cursor;
use super::object::{Object, Pod};
use crate::container::{Against, Container, Evidence};
use crate::project::Member;

/// The patches of a project by the kind and name of what they are for.
#[derive(Debug, Default)]
pub(super) struct Patches<'p, 'a, 's>(HashMap<(String, String), Vec<Patch<'p, 'a, 's>>>);

#[derive(Debug)]
struct Patch<'p, 'a, 's> {
    path: &'p Path,
    pods: Vec<Pod<'a, 's>>,
}

impl<'p, 'a, 's> Patches<'p, 'a, 's> {
    /// `objects` are those of files that hold patches.
    pub(super) fn read<'o>(objects: impl Iterator<Item = (&'p Path, &'o Object<'a, 's>)>) -> Self
    where
        'a: 'o,
        's: 'o,
    {
        let mut all = Self::default();
        for (path, object) in objects {
            let pods = object.pods();
            if !pods.is_empty() {
                let target = (object.kind.clone(), object.name());
                all.0.entry(target).or_default().push(Patch { path, pods });
            }
        }
        all
    }

    /// Says to the containers of a workload what its patches speak of. Namespaces are not compared:
    /// a kustomization gives its objects one.
    pub(super) fn speak(&self, object: &Object<'_, '_>, members: &mut [Member]) {
        let patches = self.0.get(&(object.kind.clone(), object.name()));
        for Patch { path, pods } in patches.into_iter().flatten() {
            for spec in pods.iter().filter_map(|pod| pod.spec.as_ref()) {
                let pod = spec.get("securityContext");
                for Member { container, .. } in members.iter_mut() {
                    if let Some(pod) = &pod {
                        security(path, pod, container);
                    }
                }
            }
            for own in pods.iter().flat_map(Pod::containers) {
                let name = own.cursor.word_of("name");
                let named = members.iter_mut();
                let named = named.filter(|member| member.container.name == name);
                for Member { container, .. } in named {
                    speak_of(path, &own.cursor, container);
                }
            }
        }
    }
}

/// What a patch says of one container.
fn speak_of(path: &Path, patched: &Cursor<'_, '_>, container: &mut Container) {
    if let Some(resources) = patched.get("resources") {
        let what = format!("`{}` patches its resources", path.display());
        for against in [Against::MemoryLimit, Against::CpuLimit] {
            add(container, against, what.clone(), true, &resources);
        }
    }
    if let Some(own) = patched.get("securityContext") {
        security(path, &own, container);
    }
    for (_, mount) in patched.items_of("volumeMounts") {
        if !mount.is_true("readOnly") {
            let what = format!(
                "`{}` mounts something at `{}`, and its owner is not known",
                path.display(),
                mount.word_of("mountPath")
            );
            add(container, Against::User, what, false, &mount);
        }
    }
}

fn security(path: &Path, patched: &Cursor<'_, '_>, container: &mut Container) {
    const KEYS: [(&str, Against); 8] = [
        ("runAsUser", Against::User),
        ("runAsUser", Against::NonRoot),
        ("runAsGroup", Against::User),
        ("runAsNonRoot", Against::User),
        ("readOnlyRootFilesystem", Against::ReadOnlyRoot),
        ("privileged", Against::NoNewPrivileges),
        ("allowPrivilegeEscalation", Against::NoNewPrivileges),
        ("capabilities", Against::Capabilities),
    ];
    for (key, against) in KEYS {
        if let Some(value) = patched.get(key) {
            let what = format!("`{}` patches its `{key}`", path.display());
            add(container, against, what, true, &value);
        }
    }
}

fn add(
    container: &mut Container,
    against: Against,
    what: String,
    decisive: bool,
    at: &Cursor<'_, '_>,
) {
    container.evidence.push(Evidence {
        against,
        what,
        decisive,
        place: Some(at.place()),
    });
}
