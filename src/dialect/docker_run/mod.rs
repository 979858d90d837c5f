//! `docker run` and `podman run`: a command line instead of a file.
//!
//! What a person typed stays in its order and spelling; new options stand right before the image.
//! Sources are named beside each fact: docker/cli, moby, podman and pflag.

mod as_compose;
mod command;
mod fault;
mod flags;
mod lower;
mod mounts;
mod print;
mod proof;
mod read;

use self::command::Given;
pub use self::command::{Command, Engine};
pub use self::fault::{Fault, FaultKind};
pub(in crate::dialect) use self::lower::Added;
pub(crate) use self::lower::CommandDraft;
pub use self::print::Layout;
pub(crate) use self::read::container;
pub(in crate::dialect) use self::read::container_at;

/// Its name in reports and fingerprints.
pub(crate) const NAME: &str = "docker-run";
