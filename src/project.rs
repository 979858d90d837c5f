//! Files that belong together, and the containers they define.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::container::Container;
use serde::Deserialize;

use crate::jsonpath::JsonPath;
use crate::paths::normalized;
use crate::syntax::{Schema, Tree};

/// The files that those of a project speak of: bases, includes, `.env`, Dockerfiles.
pub trait Surroundings: fmt::Debug + Sync {
    /// The text of the file `path`, of which the file `from` speaks; a relative path starts where
    /// the run does, as `from` does.
    ///
    /// # Errors
    ///
    /// Why there is no text to read.
    fn read(&self, from: &Path, path: &Path) -> Result<String, Unread>;

    /// Where the path leads, without `.` and `..`: the same for all ways of writing it.
    fn place(&self, path: &Path) -> PathBuf {
        normalized(path)
    }

    /// The YAML and JSON files of the directory of the file `from`, itself among them, in the order
    /// of their names; those that the repository ignores are not.
    fn beside(&self, _from: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The file, or the directory or one of the files in it, is for its owner and group alone;
    /// `false` where nobody can tell.
    fn is_closed(&self, from: &Path, path: &Path) -> bool {
        let _ = (from, path);
        false
    }
}

/// Why a file that another one speaks of is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// There is no such file, or the system does not let us read it.
    #[error("cannot be read")]
    Missing,
    /// It lies outside the project, and what a file says never leads there.
    #[error("lies outside the project")]
    Outside,
    /// It is not text, or larger than any file that is read.
    #[error("is not a text file, or is too large")]
    NotText,
}

/// Nothing is there but what was given: standard input.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSurroundings;

impl Surroundings for NoSurroundings {
    fn read(&self, _: &Path, _: &Path) -> Result<String, Unread> {
        Err(Unread::Missing)
    }
}

/// A format of YAML files. The folder of its dialect defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    name: &'static str,
    schema: Schema,
}

impl Format {
    /// The format of this name, whose consumer reads YAML by this schema.
    pub(crate) const fn new(name: &'static str, schema: Schema) -> Self {
        Self { name, schema }
    }

    /// Its name in reports and fingerprints.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How its consumer reads scalars and mappings.
    #[must_use]
    pub fn schema(self) -> Schema {
        self.schema
    }
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotOurs {
    /// No document, or only empty ones.
    Empty,
    /// YAML of some other kind.
    OtherYaml,
    /// Kubernetes objects without pods: services, config maps, custom resources.
    NoPods,
    /// A template that becomes YAML only when rendered.
    Template,
    /// A kustomize patch: part of an object that stands elsewhere.
    Patch,
    /// Part of a Compose project whose services are defined elsewhere.
    Fragment,
    /// A systemd unit of a container that names no image.
    NoImage,
    /// An overlay that we wrote.
    Overlay,
}

/// A file as read from disk or standard input.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the person knows it.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A kind of a cluster's own that carries pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a `group`, a `kind` and a `pod_spec`"
)]
pub struct CustomResource {
    /// The part of `apiVersion` before the slash: `argoproj.io`.
    pub group: String,
    /// `Rollout`
    pub kind: String,
    /// Where an object of it keeps the specs of its pods: `$.spec.template.spec`.
    pub pod_spec: JsonPath,
}

/// One file of a project, parsed.
#[derive(Debug)]
pub struct File<'s> {
    /// As the person knows it.
    pub path: PathBuf,
    /// Its tree.
    pub tree: Tree<'s>,
    /// Who reads it.
    pub format: Format,
    /// What it is to those that it stands with.
    pub part: Part,
    /// What its relative paths and its variables mean.
    pub context: Arc<Context>,
    /// The objects that it is laid over, where a kustomization says so and not the patch itself.
    pub targets: Vec<Target>,
}

/// The objects that a kustomization lays a patch over, as far as their kind and name tell. Both are
/// expressions there that hold for a whole word (kustomize `api/types/selector.go`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Of any kind without it.
    pub kind: Option<String>,
    /// Of any name without it.
    pub name: Option<String>,
}

impl Target {
    /// Whether an object may be among them; what only an expression decides may be.
    #[must_use]
    pub fn may_mean(&self, kind: &str, name: &str) -> bool {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = |wanted: Option<&str>, word: &str| {
            wanted.is_none_or(|wanted| wanted == word || !wanted.chars().all(is_plain))
        };
        fits(self.kind.as_deref(), kind) && fits(self.name.as_deref(), name)
    }
}

/// What a file is to those that it stands with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Somebody named it or walked to it, so that it may be written.
    pub is_given: bool,
    /// Its consumer merges the files of one number in their order (`-f a -f b`, a base and its
    /// override). A file without a number is there because another one speaks of it.
    pub merged: Option<usize>,
}

/// What relative paths and variables in a file mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The directory that relative paths start from.
    pub directory: PathBuf,
    /// What is known of variables: they are only judged by, never written.
    pub variables: BTreeMap<String, String>,
}

impl Part {
    /// A patch: what it says counts, and it is no place to write to.
    pub const PATCH: Self = Self {
        is_given: false,
        merged: None,
    };
}

impl<'s> File<'s> {
    /// A file that was given and stands alone.
    #[must_use]
    pub fn new(path: PathBuf, tree: Tree<'s>, format: Format) -> Self {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Self {
            path,
            tree,
            format,
            part: Part {
                is_given: true,
                merged: Some(0),
            },
            context: Arc::new(Context {
                directory,
                variables: BTreeMap::new(),
            }),
            targets: Vec::new(),
        }
    }

    /// The same file with another text, as the proof of a change reads it.
    pub(crate) fn again<'t>(&self, tree: Tree<'t>) -> File<'t> {
        File {
            path: self.path.clone(),
            tree,
            format: self.format,
            part: self.part,
            context: Arc::clone(&self.context),
            targets: self.targets.clone(),
        }
    }
}

/// For each of `count` things the first one that it is connected with. `ties` are pairs.
#[must_use]
pub(crate) fn connected(
    count: usize,
    ties: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<usize> {
    let mut firsts: Vec<usize> = (0..count).collect();
    let first = |firsts: &mut [usize], mut at: usize| {
        while firsts[at] != at {
            // Each step is halved, so that a long chain is not walked again and again.
            firsts[at] = firsts[firsts[at]];
            at = firsts[at];
        }
        at
    };
    for (left, right) in ties {
        let (left, right) = (first(&mut firsts, left), first(&mut firsts, right));
        firsts[left.max(right)] = left.min(right);
    }
    // Each leads to an earlier one, which is final by then.
    for at in 0..count {
        firsts[at] = firsts[firsts[at]];
    }
    firsts
}

/// A container and where its settings are written.
#[derive(Debug)]
pub struct Member<S> {
    /// The neutral view.
    pub container: Container,
    /// The dialect's own notes.
    pub site: S,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_things_have_one_first() {
        assert!(connected(0, []).is_empty());
        assert_eq!(
            connected(6, [(4, 5), (1, 4), (3, 5), (2, 2)]),
            [0, 1, 2, 1, 1, 1]
        );
        assert_eq!(connected(4, [(3, 2), (2, 1), (1, 0)]), [0; 4]);
    }
}
