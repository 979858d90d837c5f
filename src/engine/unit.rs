//! Hardens a systemd unit instead of YAML, with the same pass and the same proof.

use std::path::Path;

use super::{EngineError, Planned, Run, prove};
use crate::dialect::quadlet::{self, Translation, Unit, UnitDraft};
use crate::engine::outcome::{Change, ContainerReport, FileOutcome};
use crate::project::{Member, NotOurs};

impl Run<'_> {
    /// Plans, applies in memory and proves one unit. A unit is a project of its own.
    pub(crate) fn unit(&self, path: &Path, source: &str) -> Planned {
        let without_container = |outcome| Planned {
            outcomes: vec![outcome],
            ..Planned::default()
        };
        let unit = match Unit::parse(source) {
            Ok(unit) => unit,
            Err(fault) => return without_container(FileOutcome::Failed(fault.into())),
        };
        let Some(translation) = Translation::new(&unit) else {
            return without_container(FileOutcome::NotOurs(NotOurs::NoImage));
        };
        let container = translation.container(path, self.knowledge);
        if !self.selection.selects(&container) {
            return Planned {
                unselected: vec![(container.workload, container.name)],
                ..without_container(FileOutcome::Unchanged)
            };
        }
        let (draft, mut report) = self.pass_unit(path, &translation);
        let outcome = match draft.finish() {
            Ok(None) => FileOutcome::Unchanged,
            Ok(Some(text)) => match self.second_pass_unit(path, &text) {
                None => FileOutcome::Changed(Change::between(source, text)),
                Some(why) => FileOutcome::Failed(EngineError::Unproved(why)),
            },
            Err(why) => FileOutcome::Failed(EngineError::Unproved(why.to_string())),
        };
        self.fix_unit(path, source, &mut report);
        Planned {
            // The unit is the only file of its set.
            containers: vec![report.in_files(|_| 0)],
            ..without_container(outcome)
        }
    }

    fn pass_unit<'t>(
        &self,
        path: &Path,
        translation: &'t Translation<'t>,
    ) -> (UnitDraft<'t>, ContainerReport) {
        let mut draft = UnitDraft::new(translation);
        let member = Member {
            container: translation.container(path, self.knowledge),
            site: (),
        };
        let report = self.report_alone(quadlet::NAME, member, Some(path), &mut draft);
        (draft, report)
    }

    /// A description of the first change of a second pass, if there is one.
    fn second_pass_unit(&self, path: &Path, text: &str) -> Option<String> {
        let unit = match Unit::parse(text) {
            Ok(unit) => unit,
            Err(fault) => return Some(fault.to_string()),
        };
        let Some(translation) = Translation::new(&unit) else {
            return Some("the result names no image".to_owned());
        };
        let (_, again) = self.pass_unit(path, &translation);
        prove::repeated(&again.name, &again.rows)
    }
}
