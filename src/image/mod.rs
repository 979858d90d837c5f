//! Facts about images: what a container needs is decided by what it is made of.
//!
//! [`Name`] reads an image reference, [`Knowledge`] finds what is known of it, and [`Facts`] is
//! that knowledge settled for one tag. [`entry`] is the schema of the files in `images/` and of
//! the ones that users write themselves.

pub mod entry;
mod facts;
mod knowledge;
mod name;
mod pattern;
mod tags;

pub use facts::{
    Automation, Condition, DefaultUser, Facts, FileCapability, Kind, Owner, RunAs, Support,
    Writable,
};
pub use knowledge::{EntryError, Knowledge};
pub use name::{Name, Tag};
