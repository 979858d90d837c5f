//! Pod Security Standards: what the Pod Security admission of Kubernetes decides about a pod.
//!
//! A pod is read with the types of the API, and judged by the checks of one level and version.
//! The rules are those of `kubernetes/pod-security-admission policy/check_*.go` (commit 8f84a87);
//! each file in `checks` names its sources.
//!
//! The object is judged as it is in the file. Other admission plugins can change it before Pod
//! Security sees it; this module cannot know that. It reports `hostNetwork`, and not the host
//! ports that the API server fills in because of it.

mod checks;
mod node;
mod pod;
mod standard;

use std::path::PathBuf;

pub use checks::in_force;
pub use node::Rejection;
pub use standard::{Level, Standard, UnknownStandard, Version};

use crate::dialect::kubernetes::{self, Document, Object, Source};
use crate::dialect::recognise::{Recognised, UnreadPart, Unrecognised, recognise};
use crate::project::{self, CustomResource, Format, NotOurs};
use crate::syntax::{self, SyntaxError, Tree};

/// The judgement of one file.
#[derive(Debug)]
pub struct FileJudgement {
    /// The path as the user wrote it, or as the walk found it.
    pub path: PathBuf,
    /// The text of the file; empty if it could not be read.
    pub source: String,
    /// Its pods, or the reason why there are none.
    pub content: Content,
    /// The parts that were left alone although a consumer could take them.
    pub(crate) unread: Vec<UnreadPart>,
}

/// The content of a file.
#[derive(Debug)]
pub enum Content {
    /// Pods, in the order of the file.
    Pods(Vec<PodJudgement>),
    /// A Compose file. Its services are not pods.
    Compose,
    /// The file has no pods, for this reason.
    NotOurs(NotOurs),
    /// It is not YAML.
    Failed(SyntaxError),
}

/// The judgement of one pod.
#[derive(Debug)]
pub struct PodJudgement {
    /// `Pod/web`, or `prod/Deployment/shop` with a namespace.
    pub workload: String,
    /// The first line of its object, from 1.
    pub line: u32,
    /// The decision of the admission.
    pub verdict: Verdict,
}

/// The decision of the admission about a pod.
#[derive(Debug)]
pub enum Verdict {
    /// It admits the pod.
    Passes,
    /// It forbids the pod. These are all violations, in the order of the checks and then of the
    /// file.
    Breaks(Vec<Violation>),
    /// The API server rejects the object before the admission sees it. The pod is not judged.
    Rejected(Vec<Rejection>),
    /// The decision is unknown, for this reason.
    NotJudged(&'static str),
}

/// A rule that a pod breaks, at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The id of the check in Kubernetes: `runAsNonRoot`.
    pub check: &'static str,
    /// The field. Items of lists are addressed by name if they have one:
    /// `spec.containers[web].securityContext.runAsNonRoot`.
    pub path: String,
    /// The line of the field, or of the node that it should be in, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
    /// The present value: `` `true` ``, `not set`.
    pub found: String,
    /// The value that the rule requires. The text follows "must be" in the message.
    pub wanted: String,
}

/// Judges every pod of one file, including pods in `custom_resources`.
#[must_use]
pub fn judge(
    source: project::Source,
    standard: Standard,
    custom_resources: &[CustomResource],
) -> FileJudgement {
    let project::Source { path, bytes } = source;
    let (source, (content, unread)) = match syntax::decode(&bytes) {
        Ok(text) => (text.to_owned(), content(text, standard, custom_resources)),
        Err(error) => (String::new(), (Content::Failed(error), Vec::new())),
    };
    FileJudgement {
        path,
        source,
        content,
        unread,
    }
}

fn content(
    text: &str,
    standard: Standard,
    custom_resources: &[CustomResource],
) -> (Content, Vec<UnreadPart>) {
    let Recognised {
        tree,
        format,
        unread,
    } = match recognise(text, custom_resources) {
        Ok(recognised) => recognised,
        Err(Unrecognised::NotOurs(why)) => return (Content::NotOurs(why), Vec::new()),
        Err(Unrecognised::Syntax(error)) => return (Content::Failed(error), Vec::new()),
    };
    let content = match format {
        Ok(Format::KUBERNETES) => Content::Pods(pods(&tree, standard, custom_resources)),
        Ok(Format::COMPOSE) => Content::Compose,
        Ok(_) => Content::NotOurs(NotOurs::NoPods),
        // A file that looks like a patch can be a pod whose `containers` is not a list.
        Err(NotOurs::Patch) => match pods(&tree, standard, custom_resources) {
            pods if pods.is_empty() => Content::NotOurs(NotOurs::Patch),
            pods => Content::Pods(pods),
        },
        Err(why) => Content::NotOurs(why),
    };
    (content, unread)
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

/// What the judgement of every pod of a file needs.
struct Judge<'j, 's> {
    tree: &'j Tree<'s>,
    source: &'j Source<'j, 's>,
    standard: Standard,
}

impl Judge<'_, '_> {
    fn object(&self, object: &Object<'_, '_>) -> Vec<PodJudgement> {
        let pods = object.pods();
        let judged = pods.iter().map(|pod| PodJudgement {
            workload: object.label(),
            line: self.tree.line_column(object.cursor.span().start).0,
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
            // A patch may omit required fields, but its fields must have the right type.
            Err(rejections) if is_whole || rejections.iter().any(|one| one.mistyped) => {
                Verdict::Rejected(rejections)
            }
            Ok(pod) if is_whole => {
                match checks::broken(&pod, self.standard, self.source, self.tree) {
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
