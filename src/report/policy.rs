//! What a change adds to the policy of its base revision, in words.

use super::position;
use crate::engine::outcome::{PolicyEntry, Report};
use crate::files::{Excluded, Standing};

/// An exception or a section of the configuration that the base revision does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedPolicy {
    /// The file and the line.
    pub at: String,
    /// The transform of an exception; `None` for a section.
    pub id: Option<&'static str>,
    /// The workload of the container.
    pub workload: String,
    /// The name of the container.
    pub name: String,
    /// It counts, because the container is new.
    pub is_used: bool,
}

impl AddedPolicy {
    /// The entries of a report.
    pub fn of(report: &Report) -> impl Iterator<Item = Self> {
        report.containers.iter().flat_map(move |container| {
            let entries = container.policy.iter();
            entries.map(move |PolicyEntry { at, id, is_used }| Self {
                at: position(at, report),
                id: *id,
                workload: container.workload.clone(),
                name: container.name.clone(),
                is_used: *is_used,
            })
        })
    }

    /// The entry without its place.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { workload, name, .. } = self;
        let container = if workload == name {
            format!("`{name}`")
        } else {
            format!("`{name}` of {workload}")
        };
        match self.id {
            Some(id) => format!("an exception from {id} for {container}"),
            None => format!("a section of the configuration for {container}"),
        }
    }
}

/// The lines that count, and those that the change adds for nothing.
#[must_use]
pub fn by_standing(lines: &[Excluded], standing: Standing) -> Vec<&Excluded> {
    let lines = lines.iter();
    lines.filter(|line| line.standing == standing).collect()
}
