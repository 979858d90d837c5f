//! The catalogue: one pair of files a transform, code beside page.
//!
//! A transform says what a container should be. It knows no file format, does no I/O and sees
//! no other transform.

mod cpu_limit;
mod memory_limit;
mod no_new_privileges;
mod non_root_user;
mod read_only_root;

use crate::container::{Answer, Container, Policy};
use crate::edition::Edition;

/// Every transform, in the order they run: the writable paths follow the user.
pub static ALL: &[&Transform] = &[
    &non_root_user::TRANSFORM,
    &no_new_privileges::TRANSFORM,
    &memory_limit::TRANSFORM,
    &cpu_limit::TRANSFORM,
    &read_only_root::TRANSFORM,
];

/// One hardening step, as a value.
#[derive(Debug)]
pub struct Transform {
    /// Kebab-case, named for the state it brings about, never reused.
    pub id: &'static str,
    /// When it joined the catalogue: a configuration that pins an earlier edition does without it.
    pub edition: Edition,
    /// One line, for tables.
    pub summary: &'static str,
    /// What can go wrong when it is applied.
    pub risk: Risk,
    /// Where others ask for the same.
    pub references: &'static [Reference],
    /// The page beside the code, as Markdown.
    pub page: &'static str,
    /// The answer for one container.
    pub decide: fn(&Container, &Policy) -> Answer,
}

/// What can go wrong when a transform is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risk {
    /// Nothing that ran before stops, but for programs that gain privileges on purpose.
    Low,
    /// A container can behave otherwise when what it rests on does not hold.
    Behaviour,
}

/// A benchmark's or a scanner's name for the same thing.
#[derive(Debug)]
pub struct Reference {
    /// The document or tool, with its version where it has one.
    pub source: &'static str,
    /// The section or check.
    pub id: &'static str,
}

/// The transform with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Transform> {
    ALL.iter().copied().find(|transform| transform.id == id)
}
