//! Whose a file is.

use crate::dialect;
use crate::project::{CustomResource, Format, NotOurs};
use crate::syntax::{self, Limits, Mode, SyntaxError, Tree};

/// The first line of an overlay that we wrote.
pub const OVERLAY_MARK: &str =
    "# Written by harden --overlay. Run it again instead of editing this file.";

/// A file that is YAML.
#[derive(Debug)]
pub(crate) struct Recognised<'s> {
    pub(crate) tree: Tree<'s>,
    /// Whose it is, or the reason to leave it alone.
    pub(crate) format: Result<Format, NotOurs>,
}

/// Why a file has no tree.
#[derive(Debug)]
pub(crate) enum Unrecognised {
    /// It is left alone for a reason that needs no tree.
    NotOurs(NotOurs),
    /// It is not YAML.
    Syntax(SyntaxError),
}

/// The tree of a file, and whose it is. `custom_resources` carry pods beside the kinds that are
/// known.
pub(crate) fn recognise<'s>(
    text: &'s str,
    custom_resources: &[CustomResource],
) -> Result<Recognised<'s>, Unrecognised> {
    if is_overlay(text) {
        return Err(Unrecognised::NotOurs(NotOurs::Overlay));
    }
    let tree = parsed(text)?;
    let format = dialect::recognise(&tree, custom_resources);
    Ok(Recognised { tree, format })
}

/// The tree of a file. What is no YAML because of its `{{` is a template.
pub(crate) fn parsed(text: &str) -> Result<Tree<'_>, Unrecognised> {
    syntax::parse(text, Mode::GoYaml, &Limits::default()).map_err(|error| {
        if text.contains("{{") {
            Unrecognised::NotOurs(NotOurs::Template)
        } else {
            Unrecognised::Syntax(error)
        }
    })
}

/// Whether we wrote this overlay.
pub(crate) fn is_overlay(text: &str) -> bool {
    text.lines().next() == Some(OVERLAY_MARK)
}
