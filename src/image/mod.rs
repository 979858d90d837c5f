//! Facts about images.
//!
//! [`Name`] parses an image reference. [`Knowledge`] finds the entry of an image in the knowledge
//! base. [`Facts`] are the facts of that entry for one tag. A [`Recipe`] gives the facts of an
//! image that the project builds from a Dockerfile. [`entry`] is the schema of the files in
//! `images/` and of the entries that users write.

mod dockerfile;
pub mod entry;
mod error;
mod facts;
mod knowledge;
mod name;
pub(crate) mod pattern;
pub mod read;
mod rules;
mod start;
mod tags;

use crate::edition::{self, Edition};
use crate::units;

pub use dockerfile::Recipe;
pub use error::UnusableEntry;
pub use facts::{
    Automation, Condition, ConditionalCapability, DefaultUser, Facts, FileCapability, Kind, Owner,
    RunAs, Support, Writable,
};
pub use knowledge::Knowledge;
pub use name::{Name, Tag};
pub use read::{EntryError, Fault};
pub use rules::Violation;
pub use start::is_start_script;
