//! Checks that a text is what was planned, before it is written.
//!
//! Two parsers without common code must read the text alike. The result of edits must also differ
//! from the previous text only as the plan says.

mod witness;

pub use self::witness::{Disagreement, witness};
use crate::syntax::{self, Limits, Mismatch, Mode, Plan, SyntaxError, Tree};

/// Parses and checks a newly written text.
///
/// # Errors
///
/// The text is not valid YAML, or the two parsers read it differently.
pub fn written(text: &str) -> Result<Tree<'_>, Unproved> {
    let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())?;
    witness(&tree)?;
    Ok(tree)
}

/// Parses and checks the text that a plan made from `before`.
///
/// # Errors
///
/// The text is not valid YAML, differs from `before` in another way than planned, or the two
/// parsers read it differently.
pub fn edited<'t>(before: &Tree<'_>, plan: &Plan, text: &'t str) -> Result<Tree<'t>, Unproved> {
    let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())?;
    syntax::compare(before, plan, &tree)?;
    witness(&tree)?;
    Ok(tree)
}

/// Why a text must not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// This crate's parser rejects the text.
    #[error("the result is not YAML: {0}")]
    Syntax(#[from] SyntaxError),
    /// The difference to the previous text is not the planned one.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The independent parser disagrees.
    #[error(transparent)]
    Disagreement(#[from] Disagreement),
}
