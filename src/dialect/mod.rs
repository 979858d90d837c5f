//! Where settings are written: one file or folder a format. A dialect decides nothing.

pub(crate) mod compose;
pub mod docker_run;
mod draft;
pub(crate) mod engine_words;
pub(crate) mod kubernetes;
pub mod quadlet;
pub(crate) mod recognise;

use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use self::compose::{Reference, context, references, variables};
pub(crate) use self::draft::{Draft, YamlDraft};
pub(crate) use self::kubernetes::kustomization::is_one as is_kustomization;
use crate::container::{Assignment, Container, Place, Reason};
use crate::image::Knowledge;
use crate::project::{self, CustomResource, File, Format, NotOurs, Surroundings};
use crate::syntax::{Editor, NodeId, Refusal, Tree};

/// The formats of YAML files. A format is a folder and one row here. The first one that knows a
/// file has it.
static DIALECTS: [&Dialect; 2] = [&compose::DIALECT, &kubernetes::DIALECT];

/// What the folder of a format does for the rest of the program.
struct Dialect {
    format: Format,
    /// Whether the file is of this format: the reason [`NotOurs::OtherYaml`] says that it is not,
    /// any other one that it is left alone.
    recognise: fn(&Tree<'_>, &[CustomResource]) -> Result<(), NotOurs>,
    /// The containers of files that belong together.
    read: fn(&Reading<'_, '_>) -> Vec<Member>,
}

/// Files that belong together, and what is known besides.
struct Reading<'r, 's> {
    files: &'r [File<'s>],
    knowledge: &'r Knowledge,
    surroundings: &'r dyn Surroundings,
    custom_resources: &'r [CustomResource],
}

/// A container of a YAML file, and where its settings are written.
pub type Member = project::Member<Box<dyn Site>>;

/// Where the settings of one container are written. Only the folder of its format knows more.
pub trait Site: fmt::Debug {
    /// Plans the edits that write `assignment`, one editor a file, and gives the paths written.
    ///
    /// # Errors
    ///
    /// Why it cannot be written. The editors may then hold part of it, and the caller rolls back.
    fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable>;

    /// The service, or the object that the container belongs to, with the index of its file.
    fn object(&self, container: &Container, files: &[File<'_>]) -> (usize, NodeId);

    /// The places at whose lines a comment is about this container.
    fn headings(&self, container: &Container, files: &[File<'_>]) -> Vec<Place>;

    /// The members that inherit what is written for this one.
    fn heirs(&self) -> Vec<usize> {
        Vec::new()
    }
}

/// Why a dialect cannot write a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The text cannot be edited without changing what others see.
    Refused(Refusal),
    /// The consumer would reject the result, or others would be changed too.
    Because(Reason),
}

impl From<Refusal> for Unwritable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Unwritable> for Reason {
    fn from(unwritable: Unwritable) -> Self {
        match unwritable {
            Unwritable::Refused(refusal) => refusal.to_string().into(),
            Unwritable::Because(reason) => reason,
        }
    }
}

/// Whose file this is. `custom_resources` carry pods beside the kinds that are known.
///
/// # Errors
///
/// The reason to leave it alone.
pub fn recognise(tree: &Tree<'_>, custom_resources: &[CustomResource]) -> Result<Format, NotOurs> {
    for dialect in DIALECTS {
        match (dialect.recognise)(tree, custom_resources) {
            Ok(()) => return Ok(dialect.format),
            Err(NotOurs::OtherYaml) => {}
            Err(why) => return Err(why),
        }
    }
    Err(NotOurs::OtherYaml)
}

/// The names that Compose looks for, most preferred first (compose-go `cli/options.go`
/// `DefaultFileNames`, `DefaultOverrideFileNames`).
const BASES: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

fn is_named(path: &Path, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| path.file_name() == Some(name.as_ref()))
}

/// Compose merges a file of this name over the base that it finds beside it.
#[must_use]
pub fn is_override(path: &Path) -> bool {
    is_named(path, &OVERRIDES)
}

/// The paths where Compose looks for an override of this base, most preferred first; none where
/// Compose looks for no file of its name.
#[must_use]
pub fn overrides(base: &Path) -> Vec<PathBuf> {
    if !is_named(base, &BASES) {
        return Vec::new();
    }
    OVERRIDES.map(|name| base.with_file_name(name)).into()
}

/// The paths where Compose looks for the base of an override, most preferred first.
#[must_use]
pub fn bases(path: &Path) -> Vec<PathBuf> {
    BASES.map(|name| path.with_file_name(name)).into()
}

/// The paths of the bases that this file is merged over; `None` for a file that is no override.
#[must_use]
pub fn overridden_by(path: &Path) -> Option<Vec<PathBuf>> {
    is_override(path).then(|| bases(path))
}

/// The paths of bases that Compose would take instead of this one.
#[must_use]
pub fn preferred_to(base: &Path) -> Vec<PathBuf> {
    let before = BASES
        .iter()
        .take_while(|name| base.file_name() != Some(name.as_ref()));
    before.map(|name| base.with_file_name(name)).collect()
}

/// The containers of files that belong together; all are of one format.
#[must_use]
pub fn read(
    format: Format,
    files: &[File<'_>],
    knowledge: &Knowledge,
    surroundings: &dyn Surroundings,
    custom_resources: &[CustomResource],
) -> Vec<Member> {
    let reading = Reading {
        files,
        knowledge,
        surroundings,
        custom_resources,
    };
    let dialect = DIALECTS.iter().find(|dialect| dialect.format == format);
    dialect.map_or_else(Vec::new, |dialect| (dialect.read)(&reading))
}
