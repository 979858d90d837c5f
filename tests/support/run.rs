//! Hardens texts in this process.
//!
//! A test chooses the transforms ([`by_default`], [`every`], [`only`]), changes other settings
//! ([`Setup`]) and passes the texts:
//!
//! ```ignore
//! let report = only(&["pids-limit"]).assuming(Assume::All).file("compose.yml", text);
//! ```

use std::path::Path;
use std::sync::LazyLock;

use harden::container::{Assume, Policy};
use harden::dialect::docker_run::Command;
use harden::engine::Run;
use harden::engine::outcome::Report;
use harden::image::Knowledge;
use harden::project::{Source, Surroundings};
use harden::transforms::{self, Transform};

/// A run of the default transforms.
pub(crate) fn by_default() -> Run<'static> {
    with(transforms::by_default().collect())
}

/// Every transform.
pub(crate) fn every() -> Run<'static> {
    with(transforms::ALL.to_vec())
}

/// The transforms with these ids.
pub(crate) fn only(ids: &[&str]) -> Run<'static> {
    let known = |id: &&str| transforms::find(id).unwrap_or_else(|| panic!("no transform is {id}"));
    with(ids.iter().map(known).collect())
}

/// These transforms.
pub(crate) fn with(transforms: Vec<&'static Transform>) -> Run<'static> {
    Run::new(transforms, Policy::default(), knowledge())
}

/// The embedded knowledge base. All tests share it, so each entry is read only once.
pub(crate) fn knowledge() -> &'static Knowledge {
    static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(Knowledge::embedded);
    &KNOWLEDGE
}

/// Changes the settings of a run, and runs it over files.
pub(crate) trait Setup<'r>: Sized {
    /// Sets `--assume`.
    fn assuming(self, assume: Assume) -> Self;

    /// Lets every transform also change weak values that are in the file (`--override`).
    fn overriding(self) -> Self;

    /// Sets the files that the given files can reference.
    fn surroundings(self, surroundings: &'r dyn Surroundings) -> Self;

    /// Hardens one file.
    fn file(&self, path: &str, text: &str) -> Report;

    /// Hardens a project of several files, each with its path.
    fn files<P: AsRef<Path>, T: AsRef<str>>(&self, files: &[(P, T)]) -> Report;

    /// Hardens a command line, whose words are separated by single spaces.
    fn line(&self, line: &str) -> String;
}

impl<'r> Setup<'r> for Run<'r> {
    fn assuming(mut self, assume: Assume) -> Self {
        self.policy.assume = assume;
        self
    }

    fn overriding(mut self) -> Self {
        self.policy.overrides = self.transforms.iter().map(|one| one.id).collect();
        self
    }

    fn surroundings(self, surroundings: &'r dyn Surroundings) -> Self {
        Self {
            surroundings,
            ..self
        }
    }

    fn file(&self, path: &str, text: &str) -> Report {
        self.files(&[(path, text)])
    }

    fn files<P: AsRef<Path>, T: AsRef<str>>(&self, files: &[(P, T)]) -> Report {
        self.project(
            files
                .iter()
                .map(|(path, text)| source(path, text.as_ref()))
                .collect(),
        )
    }

    fn line(&self, line: &str) -> String {
        let words = line.split(' ').map(str::to_owned).collect();
        let command = Command::parse(words).expect("a command");
        let after = self.command_line(&command).command.expect("a proof");
        after.words().join(" ")
    }
}

/// A file in memory.
pub(crate) fn source(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Source {
    Source {
        path: path.as_ref().to_owned(),
        bytes: bytes.as_ref().to_vec(),
    }
}
