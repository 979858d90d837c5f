//! Reports a refused YAML edit as a reason.

use crate::container::{Reason, Value, Words};
use crate::syntax::Refusal;

static ALIAS: Words = Words::new(
    "edit-alias",
    "The value is an alias of {anchor}; an edit would change it in other places too.",
);
static SHARED_ANCHOR: Words = Words::new(
    "edit-shared-anchor",
    "Other places use the value through {anchor}; an edit would change it there too.",
);
static ANCHOR_INSIDE: Words = Words::new(
    "edit-anchor-inside",
    "The value to remove defines {anchor}, which other places use.",
);
static MERGED: Words = Words::new(
    "edit-merged",
    "The value comes from {anchor} through {merge}; a new value here would hide the rest of it.",
);
static MERGED_IN_PLACE: Words = Words::new(
    "edit-merged-in-place",
    "The value comes through {merge}; a new value here would hide the rest of it.",
);
static SHADOWED: Words = Words::new("edit-shadowed", "A later {merge} overrides the key.");
static DUPLICATE_KEY: Words = Words::new(
    "edit-duplicate-key",
    "The mapping has the key {name} twice: remove one of them.",
);
static IMPLICIT_PAIR: Words = Words::new(
    "edit-implicit-pair",
    "The mapping is a single pair without braces: write it with braces.",
);
static NO_COLON: Words = Words::new("edit-no-colon", "The key has no colon and no value.");
static KEY: Words = Words::new("edit-key", "The place is a key, not a value.");
static NOT_A_MAPPING: Words = Words::new("edit-not-a-mapping", "The value is not a mapping.");
static NOT_A_SEQUENCE: Words = Words::new("edit-not-a-sequence", "The value is not a list.");
static TAGGED: Words = Words::new(
    "edit-tagged",
    "The value has the tag {tag}, which would change the meaning of a new value.",
);
static OPEN_BLOCK_SCALAR: Words = Words::new(
    "edit-open-block-scalar",
    "The file ends in a block of text without a line break, and a new line would become part of \
     it: end the file with a line break.",
);
static GONE: Words = Words::new("edit-gone", "An earlier change removed this place.");
static EMPTY_PATH: Words = Words::new("edit-empty-path", "The path names no entry.");
static MERGE_KEY: Words = Words::new("edit-merge-key", "{merge} is not an entry.");

/// The refusal as a reason. Its place is in the file of the edit.
pub(super) fn reason(refusal: &Refusal) -> Reason {
    let anchored =
        |words, anchor: &str| Reason::new(words).with("anchor", Value::Name(format!("&{anchor}")));
    let merge = || Value::Name("<<".to_owned());
    match refusal {
        Refusal::ThroughAlias { anchor, .. } => anchored(&ALIAS, anchor),
        Refusal::SharedAnchor { anchor, .. } => anchored(&SHARED_ANCHOR, anchor),
        Refusal::AnchorInside { anchor, .. } => anchored(&ANCHOR_INSIDE, anchor),
        Refusal::Merged { anchor, .. } if anchor.is_empty() => {
            Reason::new(&MERGED_IN_PLACE).with("merge", merge())
        }
        Refusal::Merged { anchor, .. } => anchored(&MERGED, anchor).with("merge", merge()),
        Refusal::Shadowed { .. } => Reason::new(&SHADOWED).with("merge", merge()),
        Refusal::DuplicateKey { key, .. } => Reason::new(&DUPLICATE_KEY).name(key),
        Refusal::ImplicitPair { .. } => Reason::new(&IMPLICIT_PAIR),
        Refusal::NullWithoutColon { .. } => Reason::new(&NO_COLON),
        Refusal::Key { .. } => Reason::new(&KEY),
        Refusal::NotAMapping { .. } => Reason::new(&NOT_A_MAPPING),
        Refusal::NotASequence { .. } => Reason::new(&NOT_A_SEQUENCE),
        Refusal::Tagged { tag, .. } => Reason::new(&TAGGED).with("tag", Value::Name(tag.clone())),
        Refusal::OpenBlockScalar { .. } => Reason::new(&OPEN_BLOCK_SCALAR),
        Refusal::Gone { .. } => Reason::new(&GONE),
        Refusal::EmptyPath => Reason::new(&EMPTY_PATH),
        Refusal::MergeKey => Reason::new(&MERGE_KEY).with("merge", merge()),
    }
}
