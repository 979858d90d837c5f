//! The proof that a text is what was planned, before it is written.
//!
//! Two parsers that share no code must read the text alike. A text that edits have made must also
//! differ from the one before in what the edits say, and in nothing else.

mod witness;

pub use self::witness::{Disagreement, witness};
use crate::syntax::{self, Limits, Mismatch, Mode, Plan, SyntaxError, Tree};

/// The tree of a text that was written anew.
///
/// # Errors
///
/// It is not YAML, or the two parsers differ about it.
pub fn written(text: &str) -> Result<Tree<'_>, Unproved> {
    let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())?;
    witness(&tree)?;
    Ok(tree)
}

/// The tree of the text that a plan has made of `before`.
///
/// # Errors
///
/// It is not YAML, it differs in more or less than the plan says, or the two parsers differ about
/// it.
pub fn edited<'t>(before: &Tree<'_>, plan: &Plan, text: &'t str) -> Result<Tree<'t>, Unproved> {
    let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())?;
    syntax::compare(before, plan, &tree)?;
    witness(&tree)?;
    Ok(tree)
}

/// Why a text is not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// Our own parser rejects it.
    #[error("the result is not YAML: {0}")]
    Syntax(#[from] SyntaxError),
    /// It differs in more or less than was planned.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The independent parser reads something else.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
}
