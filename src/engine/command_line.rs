//! Hardens a command line instead of files, with the same pass and the same proof.

use super::{EngineError, Run, prove};
use crate::dialect::docker_run::{self, Command, CommandDraft, container};
use crate::engine::outcome::ContainerReport;
use crate::project::Member;

/// The result for a command line.
#[derive(Debug)]
pub struct Hardened {
    /// The changed and proved command, or the reason why there is none.
    pub command: Result<Command, EngineError>,
    /// Its container.
    pub container: ContainerReport,
}

impl Run<'_> {
    /// Plans, applies and proves the changes of one command. The command is not run.
    #[must_use]
    pub fn command_line(&self, command: &Command) -> Hardened {
        let (draft, container) = self.pass(command);
        let finished = draft.finish(command).map_err(|why| why.to_string());
        let proved = finished.and_then(|after| {
            let (_, again) = self.pass(&after);
            match prove::repeated(&again.name, &again.rows) {
                Some(what) => Err(what),
                None => Ok(after),
            }
        });
        Hardened {
            command: proved.map_err(EngineError::Unproved),
            container,
        }
    }

    fn pass<'c>(&self, command: &'c Command) -> (CommandDraft<'c>, ContainerReport) {
        let mut draft = CommandDraft::new(command);
        let member = Member {
            container: container(command, self.knowledge),
            site: (),
        };
        let report = self.report_alone(docker_run::NAME, member, None, &mut draft);
        (draft, report)
    }
}
