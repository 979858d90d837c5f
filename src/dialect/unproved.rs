//! The errors of a proof: the result of a plan differs from the plan.

use super::docker_run::Fault;
use super::quadlet::UnitFault;

/// The result differs from its plan. This is a bug in the program.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    /// The command cannot be read.
    #[error(transparent)]
    Command(#[from] Fault),
    /// The words before the options differ.
    #[error("the words before the options differ")]
    Head,
    /// The image or its command differs.
    #[error("the image or its command differs")]
    Image,
    /// The options differ from the plan.
    #[error("the options differ from the plan")]
    Options,
    /// The unit cannot be read.
    #[error(transparent)]
    Unit(#[from] UnitFault),
    /// The unit has no section for new entries.
    #[error("the unit has no section `[Container]`")]
    NoSection,
    /// An entry to remove also holds other options.
    #[error("an entry to remove has other options too")]
    SharedEntry,
    /// The entries differ from the plan.
    #[error("the entries differ from the plan")]
    Entries,
}
