//! The checks, and which of them apply to a standard.

mod confinement;
mod host;
mod privileges;
mod sysctls;
mod user;
mod volumes;

use std::fmt::Display;

use super::NOT_SET;
use super::Violation;
use super::node::Field;
use super::pod::{Container, Pod};
use super::standard::{Level, Standard, Version};
use crate::dialect::kubernetes::Source;
use crate::syntax::Tree;

/// Every check, in the order in which Kubernetes reports them: baseline by name, then restricted
/// (`policy/registry.go`).
static ALL: [&Check; 19] = [
    &confinement::APP_ARMOR_PROFILE,
    &privileges::CAPABILITIES_BASELINE,
    &host::HOST_NAMESPACES,
    &volumes::HOST_PATH_VOLUMES,
    &host::HOST_PORTS,
    &host::HOST_PROBES_AND_HOST_LIFECYCLE,
    &privileges::PRIVILEGED,
    &confinement::PROC_MOUNT,
    &confinement::SE_LINUX_OPTIONS,
    &confinement::SECCOMP_PROFILE_BASELINE,
    &sysctls::SYSCTLS,
    &host::WINDOWS_HOST_PROCESS,
    &privileges::ALLOW_PRIVILEGE_ESCALATION,
    &privileges::CAPABILITIES_RESTRICTED,
    &confinement::PROC_MOUNT_RESTRICTED,
    &volumes::RESTRICTED_VOLUMES,
    &user::RUN_AS_NON_ROOT,
    &user::RUN_AS_USER,
    &confinement::SECCOMP_PROFILE_RESTRICTED,
];

/// A rule, with its revisions.
#[derive(Debug)]
struct Check {
    /// The id that Kubernetes uses.
    id: &'static str,
    /// The least strict level with this rule.
    level: Level,
    /// The revisions, oldest first. Before the first one, the rule did not exist.
    revisions: &'static [Revision],
}

/// A rule as it is since one version.
#[derive(Debug)]
struct Revision {
    since: Version,
    /// The baseline check that this one replaces.
    replaces: Option<&'static str>,
    /// Finds every place where a pod breaks the rule.
    find: fn(&Pod, &mut Violations<'_>),
}

/// Collects the violations of one check.
struct Violations<'f> {
    check: &'static str,
    source: &'f Source<'f, 'f>,
    tree: &'f Tree<'f>,
    broken: Vec<Violation>,
}

/// The ids of the checks of a standard, in the order they are reported.
pub fn in_force(standard: Standard) -> impl Iterator<Item = &'static str> {
    revisions(standard).map(|(check, _)| check.id)
}

/// Every rule that the pod breaks. The list is incomplete if the source ran out of its budget.
pub(super) fn broken(
    pod: &Pod,
    standard: Standard,
    source: &Source<'_, '_>,
    tree: &Tree<'_>,
) -> Vec<Violation> {
    let mut violations = Violations {
        check: "",
        source,
        tree,
        broken: Vec::new(),
    };
    for (check, revision) in revisions(standard) {
        violations.check = check.id;
        (revision.find)(pod, &mut violations);
    }
    violations.broken
}

/// The checks of a standard, each in the revision of its version.
fn revisions(standard: Standard) -> impl Iterator<Item = (&'static Check, &'static Revision)> {
    let of = move |check: &&'static Check| {
        let revision = check.revision(standard)?;
        Some((*check, revision))
    };
    let replaced: Vec<&str> = ALL
        .iter()
        .filter_map(of)
        .filter_map(|(_, revision)| revision.replaces)
        .collect();
    ALL.iter()
        .filter_map(of)
        .filter(move |(check, _)| !replaced.contains(&check.id))
}

impl Check {
    /// The newest revision that is not newer than the standard.
    fn revision(&'static self, standard: Standard) -> Option<&'static Revision> {
        let newest = self.revisions.iter().rev();
        newest
            .filter(|_| self.level <= standard.level)
            .find(|revision| revision.since <= standard.version)
    }
}

impl Revision {
    /// From `v1.<minor>` on.
    const fn since(minor: u8, find: fn(&Pod, &mut Violations<'_>)) -> Self {
        Self {
            since: Version::minor(minor),
            replaces: None,
            find,
        }
    }

    const fn replacing(self, check: &'static str) -> Self {
        Self {
            replaces: Some(check),
            ..self
        }
    }
}

impl Violations<'_> {
    /// Reports that this field breaks the rule.
    fn broken_by<T: Display>(&mut self, field: &Field<T>, wanted: &str) {
        let found = match &field.value {
            Some(value) => format!("`{value}`"),
            None => NOT_SET.to_owned(),
        };
        self.broken(field, found, wanted);
    }

    /// Reports that this field breaks the rule. `found` describes its value.
    fn broken<T>(&mut self, field: &Field<T>, found: String, wanted: &str) {
        // Aliases can repeat one list so often that its violations do not fit into memory.
        if !self
            .source
            .pay(field.path.len() + found.len() + wanted.len())
        {
            return;
        }
        let (line, column) = self.tree.line_column(field.span.start);
        self.broken.push(Violation {
            check: self.check,
            path: field.path.clone(),
            line,
            column,
            found,
            wanted: wanted.to_owned(),
        });
    }

    /// Each of these fields breaks the rule if it is true.
    fn must_not_be_true<'p>(&mut self, fields: impl IntoIterator<Item = &'p Field<bool>>) {
        for field in fields {
            if field.value == Some(true) {
                self.broken_by(field, "false or not set");
            }
        }
    }

    /// Each of these fields breaks the rule if it is set to a value that is not allowed.
    fn must_be_among<'p>(
        &mut self,
        allowed: &[&str],
        wanted: &str,
        fields: impl IntoIterator<Item = &'p Field<String>>,
    ) {
        for field in fields {
            if field
                .value
                .as_deref()
                .is_some_and(|value| !allowed.contains(&value))
            {
                self.broken_by(field, wanted);
            }
        }
    }
}

/// One field of every container.
fn each<'p, T: 'p>(
    pod: &'p Pod,
    field: impl Fn(&Container) -> &Field<T>,
) -> impl Iterator<Item = &'p Field<T>> {
    pod.containers.iter().map(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_one_that_kubernetes_would_take() {
        let mut ids = std::collections::HashSet::new();
        assert!(ALL.iter().all(|check| ids.insert(check.id)));
        assert!(ALL.is_sorted_by_key(|check| (check.level, check.id)));
        for check in ALL {
            assert!(check.revisions.is_sorted_by_key(|revision| revision.since));
            for revision in check.revisions {
                assert!(revision.since <= Version::NEWEST);
                let Some(replaced) = revision.replaces else {
                    continue;
                };
                let replaced = ALL.iter().find(|other| other.id == replaced);
                assert_eq!(check.level, Level::Restricted, "{}", check.id);
                assert_eq!(replaced.map(|check| check.level), Some(Level::Baseline));
            }
        }
    }
}
