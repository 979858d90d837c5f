//! Text to tree, in one pass and without recursion.

use super::{SyntaxError, Tree};

/// Reads a stream of YAML documents.
///
/// # Errors
///
/// What go-yaml rejects ([`Mode::GoYaml`]) or YAML 1.2 rejects ([`Mode::Strict`]), and what is
/// beyond the limits, each with its place.
pub fn parse<'s>(source: &'s str, mode: Mode, limits: &Limits) -> Result<Tree<'s>, SyntaxError> {
    let _ = (source, mode, limits);
    todo!()
}

/// The text of a file: UTF-8, with or without byte order mark.
///
/// # Errors
///
/// UTF-16, UTF-32 and bytes that are not UTF-8 are errors that name the first such byte.
pub fn decode(bytes: &[u8]) -> Result<&str, SyntaxError> {
    let _ = bytes;
    todo!()
}

/// Whose rules decide what is YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the consumers read: go-yaml's lenience and its Unicode line breaks.
    GoYaml,
    /// YAML 1.2.2 to the letter, for the conformance suite.
    Strict,
}

/// Bounds on hostile input.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of source.
    pub bytes: u32,
    /// Levels of nesting.
    pub depth: u16,
    /// Nodes of the tree.
    pub nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 256,
            nodes: 8 << 20,
        }
    }
}
