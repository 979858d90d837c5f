//! Where settings are written: one file or folder a format. A dialect decides nothing.

mod compose;
pub mod docker_run;
mod draft;
pub(crate) mod engine_words;
pub(crate) mod kubernetes;
pub mod quadlet;

use std::path::{Path, PathBuf};

pub(crate) use self::draft::{Draft, YamlDraft};
use crate::config::CustomResource;
use crate::container::{Assignment, Container};
use crate::image::Knowledge;
use crate::project::{File, Member, Surroundings};
use crate::report::NotOurs;
use crate::syntax::{Editor, Refusal, Schema, Tree};

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Docker Compose.
    Compose,
    /// A Kubernetes API server.
    Kubernetes,
}

/// A dialect's notes on where one container's settings are written.
#[derive(Debug)]
pub enum Site {
    /// A service.
    Compose(compose::Site),
    /// A container of a pod.
    Kubernetes(kubernetes::Site),
}

/// Why a dialect cannot write a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// The text cannot be edited without changing what others see.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The consumer would reject the result, or others would be changed too.
    #[error("{0}")]
    Because(String),
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

/// The files that Compose reads before this one when it finds both: `compose.override.yml` stands
/// beside `compose.yml` (compose-go `cli/options.go`). `None` for a file that is no override.
#[must_use]
pub fn overridden_by(path: &Path) -> Option<[PathBuf; 2]> {
    let stem = path.file_stem()?.to_str()?.strip_suffix(".override")?;
    let known = matches!(stem, "compose" | "docker-compose")
        && path
            .extension()
            .is_some_and(|end| end == "yml" || end == "yaml");
    known.then(|| ["yml", "yaml"].map(|end| path.with_file_name(format!("{stem}.{end}"))))
}

/// A word as a shell reads it.
#[must_use]
pub(crate) fn shell_word(word: &str) -> std::borrow::Cow<'_, str> {
    docker_run::quote(word)
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

impl Format {
    /// How this consumer reads scalars and mappings.
    #[must_use]
    pub fn schema(self) -> Schema {
        match self {
            Self::Compose => Schema::Compose,
            Self::Kubernetes => Schema::Kubernetes,
        }
    }
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

    /// The members that inherit what is written for this one.
    #[must_use]
    pub fn heirs(&self) -> Vec<usize> {
        match self {
            Self::Compose(site) => site.heirs().collect(),
            Self::Kubernetes(_) => Vec::new(),
        }
    }
}
