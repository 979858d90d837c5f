//! Files that belong together, and the containers they define.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::container::Container;
use crate::diagnostic::Diagnostic;
use crate::jsonpath::JsonPath;
use crate::paths::normalized;
use crate::syntax::{Schema, Tree};

/// Reads the files that the files of a project reference: bases, includes, `.env`, Dockerfiles.
pub trait Surroundings: fmt::Debug + Sync {
    /// The text of the file `path`, which the file `from` references. Both paths are relative to
    /// the directory of the run, or absolute.
    ///
    /// # Errors
    ///
    /// Why the file cannot be read.
    fn read(&self, from: &Path, path: &Path) -> Result<String, Unread>;

    /// The directory that the references of the file cannot lead out of. Files with the same one
    /// can read the same files. `None` if there is no such directory.
    fn project(&self, _from: &Path) -> Option<PathBuf> {
        None
    }

    /// The normalized path, without `.` and `..`. All spellings of a path have the same place.
    fn place(&self, path: &Path) -> PathBuf {
        normalized(path)
    }

    /// The name of the file at this path in reports.
    fn name(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    /// The YAML and JSON files in the directory of the file `from`, including `from`, sorted by
    /// name. Files that the repository ignores are left out.
    fn siblings(&self, _from: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The drop-in files of a systemd unit: `web.container.d/*.conf`, `container.d/*.conf`.
    fn drop_ins(&self, _unit: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Whether only owner and group can read the file, the directory or one of the files in it.
    /// `false` if this is unknown.
    fn is_closed(&self, from: &Path, path: &Path) -> bool {
        let _ = (from, path);
        false
    }
}

/// Why a referenced file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The file does not exist, or the system denies access to it.
    #[error("cannot be read")]
    Missing,
    /// The file is outside the project. References never lead outside the project.
    #[error("lies outside the project")]
    Outside,
    /// The file is not text, or is over the size limit.
    #[error("is not a text file, or is too large")]
    NotText,
}

/// Reads no referenced files. Standard input has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSurroundings;

impl Surroundings for NoSurroundings {
    fn read(&self, _: &Path, _: &Path) -> Result<String, Unread> {
        Err(Unread::Missing)
    }
}

/// The revision that a change starts from.
pub trait Base: fmt::Debug + Sync {
    /// The file in that revision. The path is relative to the directory of the run, or absolute.
    fn read(&self, path: &Path) -> Before;

    /// Whether the change removes a container with these names from a file. It may come back in
    /// another file.
    fn has_moved(&self, workload: &str, name: &str) -> bool;
}

/// A file in the revision that a change starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// The revision has no such file.
    Absent,
    /// The file is no text, no regular file, or too large.
    Unreadable,
    /// Its text.
    Text(String),
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

/// Why a file is not hardened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotOurs {
    /// No document, or only empty ones.
    Empty,
    /// YAML of some other kind.
    OtherYaml,
    /// Kubernetes objects without pods: services, config maps, custom resources.
    NoPods,
    /// A template of a Helm chart that becomes YAML only when rendered.
    Template,
    /// It is not YAML because of `{{`, and no chart renders it.
    Braces,
    /// A kustomize patch: part of an object that another file defines.
    Patch,
    /// Part of a Compose project whose services are defined elsewhere.
    Fragment,
    /// Its aliases expand to more than its consumer reads.
    TooManyAliases,
    /// Its consumer decodes `!!binary`, and what the value says is not read.
    Encoded,
    /// It has a line that kubectl takes for a separator of documents, and YAML does not.
    Separator,
    /// A Compose file with a key at the top that the schema of Compose does not have.
    OtherKeys,
    /// A systemd unit of a container that names no image.
    NoImage,
    /// An overlay that harden wrote.
    Overlay,
}

/// What a file that is left alone means for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No consumer takes the file, or others take it together with files that are hardened.
    Skipped,
    /// A consumer could take the file, and harden did not read it or cannot judge it.
    Unread,
    /// Helm renders the file, and harden cannot read it before.
    Template,
}

impl NotOurs {
    /// What it means for a check.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self::Empty
            | Self::OtherYaml
            | Self::NoPods
            | Self::Patch
            | Self::Fragment
            | Self::Overlay => State::Skipped,
            Self::Braces
            | Self::TooManyAliases
            | Self::Encoded
            | Self::Separator
            | Self::OtherKeys
            | Self::NoImage => State::Unread,
            Self::Template => State::Template,
        }
    }
}

/// A file as read from disk or standard input.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as given on the command line or found by the walk.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A custom resource whose objects contain pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a `group`, a `kind` and a `pod_spec`"
)]
pub struct CustomResource {
    /// The part of `apiVersion` before the slash: `argoproj.io`.
    pub group: String,
    /// For example `Rollout`.
    pub kind: String,
    /// The path of the pod specs in an object: `$.spec.template.spec`.
    pub pod_spec: JsonPath,
}

/// One file of a project, parsed.
#[derive(Debug)]
pub struct File<'s> {
    /// The path as given on the command line or found by the walk.
    pub path: PathBuf,
    /// Its tree.
    pub tree: Tree<'s>,
    /// Its format.
    pub format: Format,
    /// Its part in the project.
    pub part: Part,
    /// Resolves its relative paths and its variables.
    pub context: Arc<Context>,
    /// The path as another file writes it, if values of variables are part of it.
    pub shown: Option<PathBuf>,
    /// The objects that this patch changes, if the kustomization names them and not the patch.
    pub targets: Vec<Target>,
}

/// A target selector of a patch in a kustomization: only kind and name are used. Kustomize reads
/// both as regular expressions that match the whole word (kustomize `api/types/selector.go`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Without it, every kind matches.
    pub kind: Option<String>,
    /// Without it, every name matches.
    pub name: Option<String>,
}

impl Target {
    /// The kind and the name of the objects that the selector may match. `None` is any, because a
    /// regular expression may match every object.
    #[must_use]
    pub fn certain(&self) -> (Option<String>, Option<String>) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let plain = |word: &Option<String>| {
            let word = word.as_ref();
            word.filter(|word| word.chars().all(is_plain)).cloned()
        };
        (plain(&self.kind), plain(&self.name))
    }
}

/// The part of a file in its project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The call named the file, or the walk found it. Only such files may be written.
    pub is_given: bool,
    /// The consumer merges the files with the same number in their order (`-f a -f b`, a base and
    /// its override). A file without a number is read only because another file references it.
    pub merged: Option<usize>,
}

/// Resolves the relative paths and the variables of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The directory that relative paths are relative to.
    pub directory: PathBuf,
    /// Known values of variables. They are used to judge settings and are never written.
    pub variables: Arc<Variables>,
}

/// The variables of a project, from its `.env` or from the files of `--env-file`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// By name. `None` is a value that is too long to be known.
    values: BTreeMap<String, Option<String>>,
    /// The limit that the files of variables exceed. The values are incomplete then.
    pub beyond: Option<BeyondLimit>,
}

/// The value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'v> {
    /// The value.
    Set(&'v str),
    /// No file sets the variable.
    Unset,
    /// The value is too long to be known.
    Unknown,
}

/// A limit that a file of variables exceeds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {limit}", path.display())]
pub struct BeyondLimit {
    /// The file of variables.
    pub path: PathBuf,
    /// The first line beyond the limit, from 1.
    pub line: usize,
    /// The limit.
    pub limit: VariableLimit,
}

impl Diagnostic for BeyondLimit {
    fn needs_path(&self) -> bool {
        true
    }
}

/// A limit of files of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableLimit {
    /// The size of the files in bytes.
    #[error("the files of variables are larger than the limit of {0} bytes")]
    Bytes(usize),
    /// The number of variables.
    #[error("the files of variables have more variables than the limit of {0}")]
    Count(usize),
    /// The bytes that references to other variables add.
    #[error("the values that variables insert exceed the limit of {0} bytes together")]
    Expansion(usize),
}

impl Variables {
    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Variable<'_> {
        match self.values.get(name) {
            Some(Some(value)) => Variable::Set(value),
            Some(None) => Variable::Unknown,
            None => Variable::Unset,
        }
    }

    /// Whether no variable has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sets a value; `None` is too long to be known.
    pub(crate) fn set(&mut self, name: String, value: Option<String>) {
        self.values.insert(name, value);
    }

    /// Forgets a variable.
    pub(crate) fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// Adds the other variables, which have precedence.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.values.extend(other.values.clone());
        if self.beyond.is_none() {
            self.beyond.clone_from(&other.beyond);
        }
    }
}

impl Part {
    /// A patch: it is read with its objects and never written.
    pub const PATCH: Self = Self {
        is_given: false,
        merged: None,
    };
}

impl<'s> File<'s> {
    /// A given file that is a project on its own.
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
                variables: Arc::default(),
            }),
            shown: None,
            targets: Vec::new(),
        }
    }

    /// The same file with the tree of another text. The proof of a change uses it.
    pub(crate) fn again<'t>(&self, tree: Tree<'t>) -> File<'t> {
        File {
            path: self.path.clone(),
            tree,
            format: self.format,
            part: self.part,
            context: Arc::clone(&self.context),
            shown: self.shown.clone(),
            targets: self.targets.clone(),
        }
    }
}

/// For each of `count` items, the first item that it is connected with. `ties` are pairs of items.
#[must_use]
pub(crate) fn connected(
    count: usize,
    ties: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<usize> {
    let mut parents: Vec<usize> = (0..count).collect();
    let first = |parents: &mut [usize], mut at: usize| {
        while parents[at] != at {
            // Path halving keeps long chains short.
            parents[at] = parents[parents[at]];
            at = parents[at];
        }
        at
    };
    for (left, right) in ties {
        let (left, right) = (first(&mut parents, left), first(&mut parents, right));
        parents[left.max(right)] = left.min(right);
    }
    // Each item points to an earlier one, which is final already.
    for at in 0..count {
        parents[at] = parents[parents[at]];
    }
    parents
}

/// A container, and where its settings are written.
#[derive(Debug)]
pub struct Member<S> {
    /// The neutral view.
    pub container: Container,
    /// The dialect's record of where to write.
    pub site: S,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_items_have_the_same_first_item() {
        assert!(connected(0, []).is_empty());
        assert_eq!(
            connected(6, [(4, 5), (1, 4), (3, 5), (2, 2)]),
            [0, 1, 2, 1, 1, 1]
        );
        assert_eq!(connected(4, [(3, 2), (2, 1), (1, 0)]), [0; 4]);
    }
}
