//! Where settings are written: one file or folder a format. A dialect decides nothing.

pub(crate) mod compose;
pub mod docker_run;
mod draft;
pub(crate) mod engine_words;
pub(crate) mod kubernetes;
pub mod quadlet;
pub(crate) mod recognise;

use std::path::{Path, PathBuf};

pub(crate) use self::compose::{Reference, context, references, variables};
pub(crate) use self::draft::{Draft, YamlDraft};
pub(crate) use self::kubernetes::kustomization::is_one as is_kustomization;
use crate::container::{Assignment, Container, Place, Reason};
use crate::image::Knowledge;
use crate::project::{self, CustomResource, File, Format, NotOurs, Surroundings};
use crate::syntax::{Editor, NodeId, Refusal, Tree};

/// A container of a YAML file, and where its settings are written.
pub type Member = project::Member<Site>;

/// A dialect's notes on where one container's settings are written.
#[derive(Debug)]
pub enum Site {
    /// A service.
    Compose(compose::Site),
    /// A container of a pod.
    Kubernetes(kubernetes::Site),
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
    if compose::recognise(tree)? {
        return Ok(Format::Compose);
    }
    kubernetes::recognise(tree, custom_resources).map(|()| Format::Kubernetes)
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
    match format {
        Format::Compose => compose::read(files, knowledge, surroundings),
        Format::Kubernetes => kubernetes::read(files, knowledge, custom_resources),
    }
}

/// For each member the nodes at whose lines a comment speaks of it, or of all its workload.
#[must_use]
pub fn headings(members: &[Member], files: &[File<'_>]) -> Vec<Vec<Place>> {
    let mut services = None;
    members
        .iter()
        .map(|Member { container, site }| match site {
            Site::Compose(site) => services
                .get_or_insert_with(|| compose::headings(files))
                .get(site.service())
                .cloned()
                .unwrap_or_default(),
            Site::Kubernetes(site) => site.headings(container, files),
        })
        .collect()
}

impl Site {
    /// Plans the edits that write `assignment`, one editor a file, and gives the paths written.
    ///
    /// # Errors
    ///
    /// Why it cannot be written; the editors may then hold part of it, and the caller rolls back.
    pub fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        match self {
            Self::Compose(site) => site.lower(assignment, container, files, editors),
            Self::Kubernetes(site) => site.lower(assignment, container, files, editors),
        }
    }

    /// The service, or the object that the container belongs to, with the index of its file.
    #[must_use]
    pub fn object(&self, container: &Container, files: &[File<'_>]) -> (usize, NodeId) {
        match self {
            Self::Compose(site) => site.object(),
            Self::Kubernetes(site) => site.object(container, files),
        }
    }

    /// The members that inherit what is written for this one.
    #[must_use]
    pub fn heirs(&self) -> Vec<usize> {
        match self {
            Self::Compose(site) => site.heirs().collect(),
            Self::Kubernetes(_) => Vec::new(),
        }
    }
}
