//! Why the result of a plan is not what was planned.

use super::docker_run::Fault;
use super::quadlet::UnitFault;

/// A result differs from its plan. This is a bug of ours.
#[derive(Debug, thiserror::Error)]
pub enum Unproved {
    /// The command cannot be read.
    #[error(transparent)]
    Command(#[from] Fault),
    /// The words before the options differ.
    #[error("the words before the options differ")]
    Head,
    /// The image or what it runs differs.
    #[error("the image or its command differs")]
    Image,
    /// The options differ from those planned.
    #[error("the options differ from the plan")]
    Options,
    /// The unit cannot be read.
    #[error(transparent)]
    Unit(#[from] UnitFault),
    /// There is nowhere to add entries.
    #[error("the unit has no section `[Container]`")]
    NoSection,
    /// An entry was to go that other options come from.
    #[error("an entry to remove has other options too")]
    SharedEntry,
    /// The entries differ from those planned.
    #[error("the entries differ from the plan")]
    Entries,
}
