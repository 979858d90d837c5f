//! The fix of one result: the edits that `--write --only ID --service NAME` makes for it.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Run, ask_one, group_of};
use crate::container::Container;
use crate::dialect::{Draft, YamlDraft};
use crate::engine::outcome::{Change, ContainerReport, FileOutcome, FixEdit, Outcome, Row};
use crate::engine::rules::Ruling;
use crate::project::{self, File};
use crate::proof;
use crate::syntax::Part;
use crate::transforms::{self, Transform};

/// The most bytes that the fixes of a project read together: some seconds of work.
const MOST_READ: usize = 1 << 29;

impl Run<'_> {
    /// Adds the fix to each change of the containers, which are those of the selected members.
    ///
    /// Each transform runs on the unchanged container, and the result is proved as for a whole run.
    /// So a fix takes about as long as parsing its file.
    ///
    /// # Errors
    ///
    /// The number of changes, if their fixes would take too long. There are none then.
    pub(super) fn fix(
        &self,
        files: &[File<'_>],
        rulings: &[Ruling<'_>],
        selected: &[usize],
        containers: &mut [ContainerReport],
    ) -> Result<(), usize> {
        let rows = containers.iter().flat_map(|report| &report.rows);
        let changes = rows.filter(|row| is_change(row)).count();
        if !self.fixes || changes == 0 {
            return Ok(());
        }
        let bytes: usize = files.iter().map(|file| file.tree.source().len()).sum();
        if changes.saturating_mul(bytes) > MOST_READ {
            return Err(changes);
        }
        let Ok(mut members) = self.members(files[0].format, files) else {
            return Ok(());
        };
        let mut draft = YamlDraft::new(files);
        for (&at, report) in selected.iter().zip(containers) {
            self.find_namesake(&mut members[at].container);
            fix_rows(report, |transform| {
                let sharers = sharers::<YamlDraft<'_, '_>>(&members, at);
                let before: Vec<(usize, Container)> = sharers
                    .into_iter()
                    .map(|index| (index, members[index].container.clone()))
                    .collect();
                let mark = draft.mark(&members[at]);
                ask_one(
                    transform,
                    rulings,
                    at,
                    &mut members,
                    &mut draft,
                    &mut Vec::new(),
                );
                let edits = edits(files, &draft);
                draft.return_to(mark);
                for (index, container) in before {
                    members[index].container = container;
                }
                edits
            });
        }
        Ok(())
    }

    /// Adds the fix to each change of a unit.
    pub(super) fn fix_unit(&self, path: &Path, source: &str, report: &mut ContainerReport) {
        if !self.fixes {
            return;
        }
        fix_rows(report, |transform| {
            let alone = Self {
                transforms: vec![transform],
                fixes: false,
                ..self.clone()
            };
            let edits = match alone.unit(path, source).outcomes.pop() {
                Some(FileOutcome::Changed(Change { edits, .. })) => edits,
                _ => Vec::new(),
            };
            edits
                .into_iter()
                .map(|edit| FixEdit {
                    file: 0,
                    edit,
                    rank: 0,
                })
                .collect()
        });
    }
}

/// Adds the fix to each change. All changes of one transform have the same fix.
fn fix_rows(report: &mut ContainerReport, mut fix: impl FnMut(&'static Transform) -> Vec<FixEdit>) {
    let mut last: Option<(&str, Vec<FixEdit>)> = None;
    for row in report.rows.iter_mut().filter(|row| is_change(row)) {
        let known = last.take().filter(|(id, _)| *id == row.id);
        let edits = match known {
            Some((_, edits)) => edits,
            None => transforms::find(row.id).map(&mut fix).unwrap_or_default(),
        };
        row.fix = Some(edits.clone());
        last = Some((row.id, edits));
    }
}

fn is_change(row: &Row) -> bool {
    matches!(row.outcome, Outcome::Changed { .. })
}

/// The container, and those that share or inherit its changes.
fn sharers<D: Draft>(members: &[project::Member<D::Site>], at: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut groups = BTreeSet::new();
    let mut open = vec![at];
    while let Some(index) = open.pop() {
        if found.insert(index) {
            if groups.insert(members[index].container.group) {
                open.extend(group_of(members, index));
            }
            open.extend(D::heirs(&members[index].site));
        }
    }
    found
}

/// The planned edits; none if the proof of the result fails.
fn edits(files: &[File<'_>], draft: &YamlDraft<'_, '_>) -> Vec<FixEdit> {
    let mut edits = Vec::new();
    for (index, (file, editor)) in files.iter().zip(draft.editors()).enumerate() {
        let plan = editor.plan();
        if plan.edits.is_empty() {
            continue;
        }
        let text = plan.apply(file.tree.source());
        if proof::edited(&file.tree, &plan, &text).is_err() {
            return Vec::new();
        }
        edits.extend(
            editor
                .parts()
                .into_iter()
                .map(|Part { edit, rank }| FixEdit {
                    file: index,
                    edit,
                    rank,
                }),
        );
    }
    edits
}
