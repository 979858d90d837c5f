//! The input of the jobs that run the engine.

use std::path::{Path, PathBuf};

use super::exit::UnusableFile;
use crate::command::cli::Cli;
use crate::command::knowledge;
use crate::command::options::Options;
use crate::engine::{Run, Selection};
use crate::files::walk::{self, Disk};
use crate::image::Knowledge;

/// The options, the knowledge base and the files that the engine may read.
pub(super) struct Setup {
    pub(super) options: Options,
    pub(super) knowledge: Knowledge,
    variables: Vec<(PathBuf, String)>,
    merges: bool,
    selection: Selection,
    fixes: bool,
    disk: Disk,
}

impl Setup {
    /// Reads the configuration, the knowledge base and the files of variables.
    pub(super) fn read(cli: &Cli, directory: &Path) -> Result<Self, Vec<UnusableFile>> {
        let options = match Options::read(&cli.harden, directory) {
            Ok(options) => options,
            Err(file) => return Err(vec![file]),
        };
        let own = [cli.knowledge.images.as_slice(), &options.images].concat();
        let knowledge = knowledge::load(&own, options.entries.clone(), options.edition)?;
        let variables = walk::read_texts(&cli.harden.variables)
            .map_err(|(path, error)| vec![UnusableFile::unread(path, error)])?;
        Ok(Self {
            options,
            knowledge,
            variables,
            merges: !cli.harden.files.is_empty(),
            selection: Selection::of(cli.harden.services.clone()),
            fixes: cli.reports.with_fixes(),
            disk: Disk::new(directory),
        })
    }

    /// A run of the engine over these.
    pub(super) fn engine(&self) -> Run<'_> {
        let options = &self.options;
        Run {
            surroundings: &self.disk,
            merges: self.merges,
            selection: self.selection.clone(),
            fixes: self.fixes,
            variables: self.variables.clone(),
            rules: &options.rules,
            custom_resources: &options.custom_resources,
            ..Run::new(
                options.transforms.clone(),
                options.policy.clone(),
                &self.knowledge,
            )
        }
    }
}
