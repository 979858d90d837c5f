//! Renderers: one file a format. They read an outcome and decide nothing.

pub mod diagnostic;
pub mod diff;
pub mod explain;
pub mod images;
pub mod json;
mod mask;
pub mod pod_security;
pub mod policy;
pub mod reporter;
pub mod terminal;
pub mod text;
pub mod words;

use crate::engine::outcome::{Position, Report};
use crate::project::NotOurs;
use crate::report::reporter::Format;

/// The formats that `--format` knows.
pub static FORMATS: &[Format] = &[text::FORMAT, diff::FORMAT, json::FORMAT];

/// A position as people write it: `compose.yml:3`.
#[must_use]
pub fn position(at: &Position, report: &Report) -> String {
    match at {
        Position::File(file, line) => match report.files.get(*file) {
            Some(file) => format!("{}:{line}", terminal::path_text(&file.path)),
            None => format!("line {line}"),
        },
        Position::Elsewhere(words) => terminal::Escaped(words).to_string(),
    }
}

/// Why a file is skipped, to print after its name or a count.
#[must_use]
pub fn why_not_ours(why: NotOurs) -> &'static str {
    match why {
        NotOurs::Empty => "empty",
        NotOurs::OtherYaml => "not a Compose file or Kubernetes manifest",
        NotOurs::NoPods => "Kubernetes objects without containers",
        NotOurs::Template => "a template of a chart, which is not YAML until it is rendered",
        NotOurs::Braces => "not YAML, because of its `{{`",
        NotOurs::Patch => "a kustomize patch",
        NotOurs::TooManyAliases => "its aliases expand to more than the API server reads",
        NotOurs::Encoded => "it has a value with the tag !!binary, which is not decoded",
        NotOurs::Separator => "kubectl starts a document at a line of --- and a Unicode space",
        NotOurs::OtherKeys => "a Compose file with a top-level key that Compose rejects",
        NotOurs::NoImage => "a unit without an image, which a drop-in file can set",
        NotOurs::Overlay => "written by harden --overlay",
        NotOurs::Fragment => "part of a Compose project defined elsewhere",
    }
}
