//! Determines the format of a file.

use crate::container::Reason;
use crate::dialect;
use crate::project::{CustomResource, Format, NotOurs};
use crate::syntax::{self, Limits, Mode, SyntaxError, Tree};

/// The first line of every overlay that the program writes.
pub const OVERLAY_MARK: &str =
    "# Written by harden --overlay. Run it again instead of editing this file.";

/// A file that is valid YAML.
#[derive(Debug)]
pub(crate) struct Recognised<'s> {
    pub(crate) tree: Tree<'s>,
    /// The format, or the reason to leave the file alone.
    pub(crate) format: Result<Format, NotOurs>,
    /// The parts of the file that the format cannot read, in the order of the file.
    pub(crate) unread: Vec<UnreadPart>,
}

/// A part of a file that is left alone although a consumer could take it.
#[derive(Clone, Debug)]
pub(crate) struct UnreadPart {
    /// Its first line, from 1.
    pub(crate) line: u32,
    /// Why it cannot be read.
    pub(crate) reason: Reason,
}

/// Why a file has no tree.
#[derive(Debug)]
pub(crate) enum Unrecognised {
    /// The file is left alone for a reason that needs no tree.
    NotOurs(NotOurs),
    /// The file is not YAML.
    Syntax(SyntaxError),
}

/// The tree and the format of a file. `custom_resources` are more kinds that carry pods, in
/// addition to the known ones.
pub(crate) fn recognise<'s>(
    text: &'s str,
    custom_resources: &[CustomResource],
) -> Result<Recognised<'s>, Unrecognised> {
    if is_overlay(text) {
        return Err(Unrecognised::NotOurs(NotOurs::Overlay));
    }
    let tree = parsed(text)?;
    let format = dialect::recognise(&tree, custom_resources);
    Ok(Recognised {
        tree,
        format,
        unread: Vec::new(),
    })
}

/// The tree of a file. A file that is not YAML and has `{{` may be a template.
pub(crate) fn parsed(text: &str) -> Result<Tree<'_>, Unrecognised> {
    syntax::parse(text, Mode::GoYaml, &Limits::default()).map_err(|error| {
        if text.contains("{{") {
            Unrecognised::NotOurs(NotOurs::Braces)
        } else {
            Unrecognised::Syntax(error)
        }
    })
}

/// Whether the program wrote this overlay.
pub(crate) fn is_overlay(text: &str) -> bool {
    text.lines().next() == Some(OVERLAY_MARK)
}
