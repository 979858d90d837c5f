//! Which exceptions count in the gate of the change that brings them.
//!
//! With a base revision, an exception in a file counts for a container of the base only if the
//! base has the exception too. It counts for a new container, and the report lists it. A container
//! of the base has the same name in a file that is planned with this one, or in a file that does not
//! have it any more: it moved.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Run;
use crate::container::Container;
use crate::dialect::Member;
use crate::dialect::quadlet::{Translation, Unit};
use crate::engine::exceptions::Exceptions;
use crate::engine::outcome::PolicyEntry;
use crate::engine::rules::Exception;
use crate::project::{self, Base, Before, Context, File};
use crate::syntax::{self, Limits, Mode};

/// How a container stands to the base.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// The base does not have the container.
    pub(crate) is_new: bool,
    /// The exceptions that the change adds to it.
    pub(crate) policy: Vec<PolicyEntry>,
}

/// The containers that the base has in some files.
#[derive(Default)]
struct Known {
    /// By workload and name: how often each transform is excepted.
    containers: HashMap<(String, String), HashMap<&'static str, usize>>,
    /// Files of the base that harden cannot read. It may have any container, and no exception.
    opaque: HashSet<PathBuf>,
}

impl Run<'_> {
    /// How each member stands to the base. Removes the exceptions that do not count.
    pub(super) fn standings(
        &self,
        files: &[File<'_>],
        members: &[Member],
        written: &mut [Vec<Exception<'_>>],
    ) -> Vec<Standing> {
        let known = self.is_asked(written).map(|base| {
            let known = self.known(base, files);
            (base, known)
        });
        let Some((base, mut known)) = known else {
            return members.iter().map(|_| Standing::default()).collect();
        };
        members
            .iter()
            .zip(written)
            .map(|(member, written)| {
                let container = &member.container;
                let path = files.get(container.place.file);
                let path = path.map(|file| file.path.as_path());
                known.standing(base, container, path, written)
            })
            .collect()
    }

    /// The same for a unit.
    pub(super) fn standing_alone(
        &self,
        container: &Container,
        path: Option<&Path>,
        written: &mut Vec<Exception<'_>>,
    ) -> Standing {
        let base = self.is_asked(std::slice::from_ref(written));
        let (Some(base), Some(path)) = (base, path) else {
            return Standing::default();
        };
        let mut known = self.known_in_unit(base, path);
        known.standing(base, container, Some(path), written)
    }

    /// The base, where its containers matter.
    fn is_asked(&self, written: &[Vec<Exception<'_>>]) -> Option<&dyn Base> {
        let has_written = written.iter().any(|written| !written.is_empty());
        self.base
            .filter(|_| has_written || self.rules.has_added_sections())
    }

    /// The containers and exceptions that the base has in these files.
    fn known(&self, base: &dyn Base, files: &[File<'_>]) -> Known {
        let mut known = Known::default();
        let mut texts = Vec::new();
        for file in files {
            match base.read(&file.path) {
                Before::Text(text) => texts.push((file, text)),
                Before::Absent => {}
                Before::Unreadable => _ = known.opaque.insert(file.path.clone()),
            }
        }
        let mut before = Vec::new();
        for (file, text) in &texts {
            match syntax::parse(text, Mode::GoYaml, &Limits::default()) {
                Ok(tree) => before.push(without_variables(file.again(tree))),
                Err(_) => _ = known.opaque.insert(file.path.clone()),
            }
        }
        let Some(format) = before.first().map(|file| file.format) else {
            return known;
        };
        let Ok(members) = self.members(format, &before) else {
            known
                .opaque
                .extend(before.into_iter().map(|file| file.path));
            return known;
        };
        let exceptions = Exceptions::read(&before, &members);
        for project::Member { container, site } in &members {
            let headings = exceptions.has_comments();
            let headings = headings.then(|| site.headings(container, &before));
            known.add(container, &exceptions.of(container, headings.as_ref()));
        }
        known
    }

    /// The container and the exceptions that the base has in a unit.
    fn known_in_unit(&self, base: &dyn Base, path: &Path) -> Known {
        let mut known = Known::default();
        let text = match base.read(path) {
            Before::Text(text) => text,
            Before::Absent => return known,
            Before::Unreadable => {
                known.opaque.insert(path.to_owned());
                return known;
            }
        };
        let Ok(unit) = Unit::parse(&text) else {
            known.opaque.insert(path.to_owned());
            return known;
        };
        if let Some(translation) = Translation::new(&unit) {
            let container = translation.container(path, self.knowledge);
            let site = ();
            let members = [project::Member { container, site }];
            let exceptions = Exceptions::read(&[], &members);
            let container = &members[0].container;
            let written: Vec<_> = exceptions.labelled(container).collect();
            known.add(container, &written);
        }
        known
    }
}

impl Known {
    fn add(&mut self, container: &Container, written: &[Exception<'_>]) {
        let counts = self.containers.entry(key(container)).or_default();
        for exception in written {
            *counts.entry(exception.id).or_default() += 1;
        }
    }

    fn standing(
        &mut self,
        base: &dyn Base,
        container: &Container,
        path: Option<&Path>,
        written: &mut Vec<Exception<'_>>,
    ) -> Standing {
        let key = key(container);
        let is_opaque = path.is_some_and(|path| self.opaque.contains(path));
        let mut own = self.containers.get_mut(&key);
        let is_known =
            own.is_some() || is_opaque || base.has_moved(&container.workload, &container.name);
        let mut policy = Vec::new();
        written.retain(|exception| {
            // Each exception of the base counts once, so that a second container of this name
            // does not get one.
            let left = own.as_mut().and_then(|own| own.get_mut(exception.id));
            let is_of_base = left.is_some_and(|left| {
                let is_left = *left > 0;
                *left = left.saturating_sub(1);
                is_left
            });
            if is_of_base {
                return true;
            }
            policy.push(PolicyEntry {
                at: exception.by.clone(),
                id: Some(exception.id),
                is_used: !is_known,
            });
            if is_known {
                // It has no effect yet, and that is not the fault of the exception.
                exception.is_used.store(true, Ordering::Relaxed);
            }
            !is_known
        });
        Standing {
            is_new: !is_known,
            policy,
        }
    }
}

/// The file without the values of variables. Those of the checkout could turn a label of the base
/// into another exception.
fn without_variables(file: File<'_>) -> File<'_> {
    let context = Context {
        directory: file.context.directory.clone(),
        ..Context::default()
    };
    File {
        context: Arc::new(context),
        ..file
    }
}

fn key(container: &Container) -> (String, String) {
    (container.workload.clone(), container.name.clone())
}
