//! Determines the format of a file.

use crate::container::{Reason, Words};
use crate::dialect::kubernetes::TOO_MANY_ALIASES;
use crate::dialect::{self, compose, kubernetes};
use crate::project::{CustomResource, Format, NotOurs, State};
use crate::syntax::{self, Kind, Limits, Mode, NodeId, SyntaxError, Tree};

/// The first line of every overlay that the program writes.
pub const OVERLAY_MARK: &str =
    "# Written by harden --overlay. Run it again instead of editing this file.";

/// The name of an overlay that a kustomization lists as a patch, in the same directory.
pub(crate) const OVERLAY_PATCH: &str = "harden-patch.yaml";

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
    /// A template engine makes YAML of it.
    pub(crate) is_template: bool,
    /// What it means for a check.
    pub(crate) state: State,
}

/// What a dialect makes of a file.
#[derive(Debug)]
pub(crate) struct Recognition {
    /// [`NotOurs::OtherYaml`] means that the file is not of the format. Any other error means that
    /// it is, but must be left alone.
    pub(crate) format: Result<(), NotOurs>,
    pub(crate) unread: Vec<UnreadPart>,
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
    let tree = parsed(text)?;
    let (mut format, mut unread) = dialect::recognised(&tree, custom_resources);
    if let Some(part) = encoded(&tree, &format) {
        match format {
            Ok(_) => unread.push(part),
            Err(_) => format = Err(NotOurs::Encoded),
        }
    }
    if let Some(line) = separator(text)
        && format != Ok(Format::COMPOSE)
    {
        match format {
            Ok(_) => unread.push(UnreadPart {
                line,
                reason: Reason::new(&SEPARATOR),
                is_template: false,
                state: State::Unread,
            }),
            Err(_) => format = Err(NotOurs::Separator),
        }
    }
    // The mark excuses nothing that could be started without another file.
    if format.is_err() && is_overlay(text) {
        format = Err(NotOurs::Overlay);
    }
    if format.is_err() {
        // The reason for the whole file is enough.
        unread.clear();
    }
    Ok(Recognised {
        tree,
        format,
        unread,
    })
}

/// The tree of a piece of a stream of objects. What the whole stream would be left alone for is
/// unread in a piece, because other pieces may have pods.
pub(crate) fn recognise_objects<'s>(
    text: &'s str,
    custom_resources: &[CustomResource],
) -> Result<Recognised<'s>, Unrecognised> {
    let tree = parsed(text)?;
    let Recognition { format, mut unread } = kubernetes::recognise(&tree, custom_resources);
    let format = format.map(|()| Format::KUBERNETES);
    unread.extend(encoded(&tree, &format));
    let format = match format {
        Err(why) if why.state() == State::Unread => {
            if unread.is_empty() {
                unread.push(UnreadPart {
                    line: 1,
                    reason: Reason::new(&TOO_MANY_ALIASES),
                    is_template: false,
                    state: State::Unread,
                });
            }
            Err(NotOurs::OtherYaml)
        }
        format => format,
    };
    Ok(Recognised {
        tree,
        format,
        unread,
    })
}

/// Whether all documents may be of a Compose file: it can have several.
pub(crate) fn is_of_compose(tree: &Tree<'_>) -> bool {
    compose::has_only_top_level_keys(tree)
}

static ENCODED: Words = Words::new(
    "encoded",
    "The value has the tag {written}, so the consumer decodes it, and harden does not.",
);

/// The first key or value with the tag `!!binary` that decides something: the consumer reads the
/// bytes that it encodes, so `Y29udGFpbmVycw==` is `containers`. The data of an object is free.
fn encoded(tree: &Tree<'_>, format: &Result<Format, NotOurs>) -> Option<UnreadPart> {
    const BINARY: &str = "tag:yaml.org,2002:binary";
    const FREE: [&str; 3] = ["data", "binaryData", "stringData"];
    if !tree.source().contains("binary") {
        return None;
    }
    let is_other = matches!(format, Err(NotOurs::OtherYaml | NotOurs::Empty));
    let is_binary = |node| tree.tag(node).is_some_and(|tag| tag == BINARY);
    let mut open: Vec<(NodeId, bool)> = Vec::new();
    for document in tree.documents() {
        open.push((document.root, true));
    }
    let mut found = None;
    while let (Some((node, is_root)), None) = (open.pop(), found) {
        let mut below = Vec::new();
        if tree.node(node).kind == Kind::Map {
            for (key, value) in tree.entries(node) {
                // In a file of another kind, only a hidden key of the root could make it one of ours.
                if is_binary(key) && (is_root || !is_other) {
                    found = Some(key);
                }
                if is_binary(value) && !is_other && !FREE.contains(&&*tree.value(key)) {
                    found = Some(value);
                }
                if !is_other && !FREE.contains(&&*tree.value(key)) {
                    below.push((value, false));
                }
            }
        } else if !is_other {
            below.extend(tree.children(node).map(|item| (item, false)));
            if is_binary(node) {
                found = Some(node);
            }
        }
        open.append(&mut below);
    }
    let line = tree.line_column(tree.node(found?).span.start).0;
    Some(UnreadPart {
        line,
        reason: Reason::new(&ENCODED).written("!!binary"),
        is_template: false,
        state: State::Unread,
    })
}

static SEPARATOR: Words = Words::new(
    "separator",
    "The line is --- and a Unicode space: kubectl starts a document there, and YAML does not. \
     Remove the space.",
);

/// The first line that only kubectl takes for a separator of documents: it trims any Unicode space
/// after `---` (apimachinery `pkg/util/yaml/decoder.go`). NEL, LS and PS end the line in YAML too.
fn separator(text: &str) -> Option<u32> {
    let is_other = |c: char| !c.is_ascii() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = text.split('\n').zip(1..);
    let found = lines.find(|(line, _)| {
        let rest = line.strip_prefix("---").unwrap_or_default();
        rest.chars().all(char::is_whitespace) && rest.chars().any(is_other)
    });
    found.map(|(_, line)| line)
}

/// The tree of a file. A file that is not YAML and has `{{` may be a template; a limit says nothing
/// about its text.
pub(crate) fn parsed(text: &str) -> Result<Tree<'_>, Unrecognised> {
    syntax::parse(text, Mode::GoYaml, &Limits::default()).map_err(|error| {
        if text.contains("{{") && !error.kind.is_limit() {
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
