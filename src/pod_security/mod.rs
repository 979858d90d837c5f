//! Pod Security Standards: what Kubernetes' Pod Security admission says of a pod.
//!
//! A pod is read with the types of the API and judged by the checks of one level and version.
//! The rules are those of `kubernetes/pod-security-admission policy/check_*.go` (commit 8f84a87);
//! each file in `checks` names the ones it holds.
//!
//! Judged is the object as it is written. What admission sees after other plugins have changed it
//! is not known here, and a host port that the API server fills in for `hostNetwork` is not
//! reported beside the `hostNetwork` that caused it.

mod checks;
mod node;
mod pod;
mod standard;

use std::path::PathBuf;

pub use checks::in_force;
pub use node::Rejection;
pub use standard::{Level, Standard, UnknownStandard, Version};

use crate::dialect::kubernetes::{self, Document, Object, Source};
use crate::dialect::recognise::{Recognised, Unrecognised, recognise};
use crate::project::{self, CustomResource, Format, NotOurs};
use crate::syntax::{self, Lines, SyntaxError, Tree};

/// What is said of one file.
#[derive(Debug)]
pub struct FileJudgement {
    /// As the person knows it.
    pub path: PathBuf,
    /// The text as read (empty where it could not be).
    pub source: String,
    /// Its pods, or why there are none to judge.
    pub content: Content,
}

/// What a file holds.
#[derive(Debug)]
pub enum Content {
    /// Pods, in the order they stand in.
    Pods(Vec<PodJudgement>),
    /// A Compose file, whose services are no pods.
    Compose,
    /// Nothing that runs a pod.
    NotOurs(NotOurs),
    /// It is not YAML.
    Failed(SyntaxError),
}

/// What is said of one pod.
#[derive(Debug)]
pub struct PodJudgement {
    /// `Pod/web`, or `prod/Deployment/shop` with a namespace.
    pub workload: String,
    /// The line its object begins at, from 1.
    pub line: u32,
    /// What admission would do.
    pub verdict: Verdict,
}

/// What admission would do with a pod.
#[derive(Debug)]
pub enum Verdict {
    /// Admit it.
    Passes,
    /// Forbid it: every broken rule, in the order of the checks and then of the file.
    Breaks(Vec<Violation>),
    /// Never see it: the API server rejects the object. Not judged.
    Rejected(Vec<Rejection>),
    /// What it would do cannot be told from here, for this reason.
    NotJudged(&'static str),
}

/// A rule that a pod breaks, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Kubernetes' id of the check: `runAsNonRoot`.
    pub check: &'static str,
    /// The field, with lists by name where their items have one:
    /// `spec.containers[web].securityContext.runAsNonRoot`.
    pub path: String,
    /// The line of the field, or of what it should stand in, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// What is there: `` `true` ``, `not set`.
    pub found: String,
    /// What the rule wants, to stand behind "must be".
    pub wanted: String,
}

/// Judges every pod of one file, those that `custom_resources` carry too.
#[must_use]
pub fn judge(
    source: project::Source,
    standard: Standard,
    custom_resources: &[CustomResource],
) -> FileJudgement {
    let project::Source { path, bytes } = source;
    match syntax::decode(&bytes) {
        Ok(text) => FileJudgement {
            path,
            content: content(text, standard, custom_resources),
            source: text.to_owned(),
        },
        Err(error) => FileJudgement {
            path,
            content: Content::Failed(error),
            source: String::new(),
        },
    }
}

fn content(text: &str, standard: Standard, custom_resources: &[CustomResource]) -> Content {
    let Recognised { tree, format } = match recognise(text, custom_resources) {
        Ok(recognised) => recognised,
        Err(Unrecognised::NotOurs(why)) => return Content::NotOurs(why),
        Err(Unrecognised::Syntax(error)) => return Content::Failed(error),
    };
    match format {
        Ok(Format::Compose) => Content::Compose,
        Ok(_) => Content::Pods(pods(&tree, standard, custom_resources)),
        // What looks like a patch may be a pod whose containers are no list.
        Err(NotOurs::Patch) => match pods(&tree, standard, custom_resources) {
            pods if pods.is_empty() => Content::NotOurs(NotOurs::Patch),
            pods => Content::Pods(pods),
        },
        Err(why) => Content::NotOurs(why),
    }
}

fn pods(
    tree: &Tree<'_>,
    standard: Standard,
    custom_resources: &[CustomResource],
) -> Vec<PodJudgement> {
    let source = Source::new(tree, 0, custom_resources);
    let judge = Judge {
        tree,
        source: &source,
        lines: &Lines::new(tree),
        standard,
    };
    kubernetes::documents(&source)
        .filter_map(|document| match document {
            Document::Objects(objects) => Some(objects),
            Document::Empty | Document::Other(_) => None,
        })
        .flatten()
        .flat_map(|object| judge.object(&object))
        .collect()
}

/// What every pod of a file is judged with.
struct Judge<'j, 's> {
    tree: &'j Tree<'s>,
    source: &'j Source<'j, 's>,
    lines: &'j Lines<'s>,
    standard: Standard,
}

impl Judge<'_, '_> {
    fn object(&self, object: &Object<'_, '_>) -> Vec<PodJudgement> {
        let pods = object.pods();
        let judged = pods.iter().map(|pod| PodJudgement {
            workload: object.label(),
            line: self.lines.line_column(object.cursor.span().start).0,
            verdict: if pod.shape.is_pod() {
                self.verdict(object, pod)
            } else {
                Verdict::NotJudged("its controller creates the pod")
            },
        });
        judged.collect()
    }

    fn verdict(&self, object: &Object<'_, '_>, written: &kubernetes::Pod<'_, '_>) -> Verdict {
        let is_whole = kubernetes::is_written_out(self.tree, object, written);
        let verdict = match pod::Pod::read(object, written, self.source) {
            // A part may leave out what a whole object needs, but what it has must be of its type.
            Err(rejections) if is_whole || rejections.iter().any(|one| one.mistyped) => {
                Verdict::Rejected(rejections)
            }
            Ok(pod) if is_whole => {
                match checks::broken(&pod, self.standard, self.source, self.lines) {
                    broken if broken.is_empty() => Verdict::Passes,
                    broken => Verdict::Breaks(broken),
                }
            }
            Ok(_) | Err(_) => Verdict::NotJudged("part of an object that is defined elsewhere"),
        };
        if self.source.is_overdrawn() {
            return Verdict::Rejected(vec![Rejection {
                workload: object.label(),
                path: written.path.clone(),
                what: "expands, with its aliases, to more than the API server reads".to_owned(),
                span: object.cursor.span(),
                mistyped: false,
            }]);
        }
        verdict
    }
}
