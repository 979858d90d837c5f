//! `docker run` and `podman run`: a command line instead of a file.
//!
//! The words of the user keep their order and spelling. New options are inserted right before the
//! image. Each fact cites its source: docker/cli, moby, podman or pflag.

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

/// The format name in reports and fingerprints.
pub(crate) const NAME: &str = "docker-run";
