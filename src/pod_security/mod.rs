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
    /// The object has all that the API requires of a new one.
    is_of_its_own: bool,
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

const PART: &str = "part of an object that is defined elsewhere";

impl Verdict {
    /// The verdict about a pod of which a part is not known. What is set in it breaks a rule
    /// whatever the rest is.
    fn of_part(mut broken: Vec<Violation>, why: &'static str) -> Self {
        broken.retain(|violation| violation.found != NOT_SET);
        if broken.is_empty() {
            Self::NotJudged(why)
        } else {
            Self::Breaks(broken)
        }
    }
}

impl FileJudgement {
    /// The judgement of a file that a kustomization lists as a patch. An object that has all that
    /// the API requires is judged as any other.
    #[must_use]
    pub fn as_patch(mut self) -> Self {
        if let Content::Pods(pods) = &mut self.content {
            for pod in pods.iter_mut().filter(|pod| !pod.is_of_its_own) {
                let verdict = std::mem::replace(&mut pod.verdict, Verdict::NotJudged(PART));
                pod.verdict = match verdict {
                    Verdict::Breaks(broken) => Verdict::of_part(broken, PART),
                    Verdict::Passes => Verdict::NotJudged(PART),
                    verdict => verdict,
                };
            }
        }
        self
    }
}

impl FileJudgement {
    /// The violations of a patch that is written in another file; `None` without any. `line` gives
    /// the line there for a line of the patch.
    pub(crate) fn of_violations(mut self, line: impl Fn(u32) -> u32) -> Option<Self> {
        let Content::Pods(pods) = &mut self.content else {
            return None;
        };
        pods.retain(|pod| matches!(pod.verdict, Verdict::Breaks(_)));
        for pod in pods.iter_mut() {
            pod.line = line(pod.line);
            if let Verdict::Breaks(broken) = &mut pod.verdict {
                for violation in broken {
                    (violation.line, violation.column) = (line(violation.line), 1);
                }
            }
        }
        (!pods.is_empty()).then_some(self)
    }
}

/// The value of a field that is not set.
const NOT_SET: &str = "not set";

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
    /// The present value: `` `true` ``, or that it is not set.
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
            Document::Empty | Document::Rendered(_) | Document::Other(_) => None,
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
        let is_of_its_own = object.is_of_its_own();
        let judged = pods.iter().map(|pod| PodJudgement {
            workload: object.label(),
            line: self.tree.line_column(object.cursor.span().start).0,
            verdict: self.verdict(object, pod),
            is_of_its_own: is_of_its_own && !pod.is_partial(),
        });
        judged.collect()
    }

    fn verdict(&self, object: &Object<'_, '_>, written: &kubernetes::Pod<'_, '_>) -> Verdict {
        let is_part = written.is_partial();
        let is_native = written.is_known && written.shape.is_pod();
        let (pod, rejections) = pod::Pod::read(object, written, self.source);
        // A patch may omit required fields, but its fields must have the right type.
        let is_rejected = if is_part {
            rejections.iter().any(|one| one.mistyped)
        } else {
            !rejections.is_empty()
        };
        let broken = || checks::broken(&pod, self.standard, self.source, self.tree);
        let verdict = if is_native && is_rejected {
            Verdict::Rejected(rejections)
        } else if is_native && !is_part {
            match broken() {
                broken if broken.is_empty() => Verdict::Passes,
                broken => Verdict::Breaks(broken),
            }
        } else {
            let why = if is_part {
                PART
            } else if written.is_known {
                "its controller creates the pod"
            } else {
                "its kind is not known"
            };
            Verdict::of_part(broken(), why)
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
