//! The input of the jobs that run the engine.

use std::path::{Path, PathBuf};

use super::base::Base;
use super::exit::UnusableFile;
use crate::command::cli::{Cli, Harden};
use crate::command::knowledge;
use crate::command::options::Options;
use crate::engine::{Run, Selection};
use crate::files::walk::{self, Disk};
use crate::image::Knowledge;

/// The options, the knowledge base and the files that the engine may read.
pub(super) struct Setup {
    pub(super) base: Option<Base>,
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
        let Harden {
            gate, paths, files, ..
        } = &cli.harden;
        let paths = [paths.as_slice(), files].concat();
        let one = |file| vec![file];
        let base = Base::open(gate.base.as_deref(), &paths, directory).map_err(one)?;
        let options = Options::read(&cli.harden, directory, base.as_ref()).map_err(one)?;
        let own = [cli.knowledge.images.as_slice(), &options.images].concat();
        let entries = options.entries.clone();
        let knowledge = knowledge::load(&own, entries, options.edition, base.as_ref())?;
        let variables = walk::read_texts(&cli.harden.variables)
            .map_err(|(path, error)| vec![UnusableFile::unread(path, error)])?;
        Ok(Self {
            base,
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
            base: self.base.as_ref().map(|base| base as _),
            custom_resources: &options.custom_resources,
            ..Run::new(
                options.transforms.clone(),
                options.policy.clone(),
                &self.knowledge,
            )
        }
    }
}
