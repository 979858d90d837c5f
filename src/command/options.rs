//! The options of a run: the command line and the configuration, merged.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::base::Base;
use super::exit::{ChoiceError, UnusableFile};
use crate::command::cli::{Configuration, Harden};
use crate::config::{self, Config, FailOn, ImageSource, Loaded};
use crate::container::Policy;
use crate::edition::Edition;
use crate::engine::rules::{CommandLine, Rules};
use crate::files::{Names, root_of};
use crate::image::entry::Entry;
use crate::project::CustomResource;
use crate::report::terminal::{Escaped, path_text};
use crate::transforms::{self, Transform};

/// The options of a run.
#[derive(Debug)]
pub(super) struct Options {
    /// In the order of the catalogue; some apply only where a section of the configuration enables
    /// them.
    pub(super) transforms: Vec<&'static Transform>,
    /// The settings for every container.
    pub(super) policy: Policy,
    /// The settings for some containers.
    pub(super) rules: Rules,
    /// The results that make `--check` fail.
    pub(super) fail_on: Vec<FailOn>,
    /// The edition of the catalogue and of the knowledge base.
    pub(super) edition: Edition,
    /// Files and directories with entries of the knowledge base.
    pub(super) images: Vec<PathBuf>,
    /// Entries that the configuration contains.
    pub(super) entries: Vec<Entry>,
    /// Custom resources that contain pods.
    pub(super) custom_resources: Vec<CustomResource>,
    /// Notes for the summary.
    pub(super) notes: Vec<String>,
    /// The directory of the configuration.
    folder: Option<PathBuf>,
}

impl Options {
    /// Merges the command line and the configuration that it names, or the one of `directory`.
    ///
    /// # Errors
    ///
    /// Those of [`config::load`], and a transform that `--enable` names although it is on.
    pub(super) fn read(
        asked: &Harden,
        directory: &Path,
        base: Option<&Base>,
    ) -> Result<Self, UnusableFile> {
        let Configuration { config, no_config } = &asked.configuration;
        let named = config.as_deref();
        // A file that is not in the repository is not part of the change.
        let base = base.filter(|base| named.is_none_or(|path| base.holds(path)));
        let is_deleted = base.is_some() && named.is_some_and(|path| !directory.join(path).exists());
        let loaded = if *no_config || is_deleted {
            None
        } else {
            let root = root_of(directory);
            let loaded = config::load(directory, root.as_deref(), named);
            loaded.map_err(|mut unloaded| {
                let shown = Names::new(directory);
                unloaded.2.rename(|path| shown.of_link(path));
                unloaded
            })?
        };
        let here = directory.canonicalize();
        let here = here.unwrap_or_else(|_| directory.to_owned());
        let mut options = match base.filter(|_| !no_config) {
            None => {
                let shown = loaded.as_ref().map(|loaded| shown(&loaded.path, &here));
                Self::given(asked, loaded, shown.unwrap_or_default(), here)
            }
            Some(base) => Self::since(asked, base, loaded, &here)?,
        };
        if let Some(base) = base {
            base.set_custom_resources(&options.custom_resources);
        }
        if let Some(error) = options.conflict(asked) {
            return Err(UnusableFile::unread(PathBuf::new(), error));
        }
        options.policy.overrides.sort_unstable();
        options.policy.overrides.dedup();
        Ok(options)
    }

    /// What is wrong with the choice of transforms on the command line.
    fn conflict(&self, asked: &Harden) -> Option<ChoiceError> {
        let is_on = |transform: &&Transform| {
            transform.default
                && transform.edition <= self.edition
                && asked.enable.iter().any(|id| id == transform.id)
        };
        let on = transforms::ALL.iter().copied().find(is_on);
        match on {
            Some(transform) => Some(ChoiceError::IsOn(transform.id)),
            None if self.transforms.is_empty() => Some(ChoiceError::NoneLeft),
            None => None,
        }
    }

    /// Whether the paths cover the whole directory of the configuration. Only then is an exception
    /// that matched nothing without effect.
    pub(super) fn covers_configuration(&self, paths: &[PathBuf], directory: &Path) -> bool {
        let Some(folder) = &self.folder else {
            return false;
        };
        let covers = |path: &Path| {
            let path = directory.join(path).canonicalize();
            path.is_ok_and(|path| folder.starts_with(path))
        };
        if paths.is_empty() {
            covers(Path::new("."))
        } else {
            paths.iter().any(|path| covers(path))
        }
    }

    /// The options by the configuration of the base revision. `now` is that of the checkout.
    fn since(
        asked: &Harden,
        base: &Base,
        now: Option<Loaded>,
        here: &Path,
    ) -> Result<Self, UnusableFile> {
        let before = base.configuration(asked.configuration.config.as_deref())?;
        let text = |loaded: &Option<Loaded>| {
            let text = loaded.as_ref().map(|loaded| loaded.text.clone());
            text.unwrap_or_default()
        };
        let (text_before, text_now) = (text(&before), text(&now));
        let name_before = before.as_ref().map(|loaded| base.shown(&loaded.path));
        let name_before = name_before.unwrap_or_default();
        let mut options = Self::given(asked, before, name_before, here.to_owned());
        if text_before == text_now {
            return Ok(options);
        }
        let sections = |text: &str| -> Vec<String> {
            let sections = config::sections(text).into_iter();
            sections.map(|section| section.to_string()).collect()
        };
        let (before, after) = (sections(&text_before), sections(&text_now));
        let is_new = missing(&after, &before);
        let is_kept = missing(&before, &after).into_iter().map(|one| !one);
        let is_kept: Vec<bool> = is_kept.collect();
        let (config, place) = match now {
            Some(now) => (now.config, (shown(&now.path, here), now.folder)),
            None => Default::default(),
        };
        options.rules = options.rules.with_change(config, place, &is_new, &is_kept);
        let name = Escaped(base.revision.name());
        options.notes.push(format!(
            "This change edits the configuration. The check uses the one of {name}."
        ));
        Ok(options)
    }

    /// The options by a configuration, which messages call `shown`.
    fn given(asked: &Harden, loaded: Option<Loaded>, shown: String, here: PathBuf) -> Self {
        let (config, place) = match loaded {
            Some(loaded) => (loaded.config, Some((loaded.path, loaded.folder))),
            None => (Config::default(), None),
        };
        let edition = config.edition.unwrap_or(Edition::CURRENT);
        let mut policy = Policy::default();
        config.settings.apply(&mut policy);
        let command_line = CommandLine {
            settings: asked.values.settings(),
            assume: asked.assume(),
        };
        command_line.settings.apply(&mut policy);
        policy.assume = command_line
            .assume
            .or(config.assume)
            .unwrap_or(policy.assume);
        policy.overrides = ids(&config.transforms.overrides).collect();
        policy.overrides.extend(named(&asked.overrides));

        let Chosen {
            transforms,
            optional,
            newer,
        } = Chosen::new(asked, &config, edition);

        let (mut images, mut entries) = (Vec::new(), Vec::new());
        let mut config = config;
        for image in std::mem::take(&mut config.images) {
            match image {
                ImageSource::Path(path) => images.push(match &place {
                    Some((config, _)) => config.with_file_name("").join(path),
                    None => path,
                }),
                ImageSource::Entry(entry) => entries.push(*entry),
            }
        }
        let fail_on = config.fail_on.take();
        let custom_resources = std::mem::take(&mut config.custom_resources);
        let custom_resources = custom_resources.into_iter().map(|one| one.value).collect();
        let notes = place.as_ref().filter(|_| !newer.is_empty()).map(|_| {
            let newer = newer.join(", ");
            format!("{shown} pins edition {edition}, which does not have {newer}.")
        });
        let folder = place.map(|(_, folder)| folder);
        let rules = Rules::new(config, shown, folder.clone().unwrap_or_default(), here);
        Self {
            transforms,
            policy,
            rules: rules.with(command_line, optional),
            fail_on: failing(asked.fail_on.clone().or(fail_on), asked.allow_unread),
            edition,
            images,
            entries,
            custom_resources,
            notes: notes.into_iter().collect(),
            folder,
        }
    }
}

/// The name of the configuration in messages.
fn shown(path: &Path, here: &Path) -> String {
    path_text(&Names::new(here).of(path))
}

/// For each section, whether the others do not have it. A section that is too large to compare is
/// `null`.
fn missing(sections: &[String], others: &[String]) -> Vec<bool> {
    let others: HashSet<&String> = others.iter().filter(|one| *one != "null").collect();
    let sections = sections.iter();
    sections.map(|one| !others.contains(one)).collect()
}

/// The results that make a check fail. A list that was written before `unread` existed does not
/// name it, and a gate that passes has read everything: only `--allow-unread` leaves it out.
pub(super) fn failing(asked: Option<Vec<FailOn>>, allow_unread: bool) -> Vec<FailOn> {
    let mut failing = asked.unwrap_or_else(|| vec![FailOn::Changes]);
    failing.retain(|one| *one != FailOn::Unread);
    if !allow_unread {
        failing.push(FailOn::Unread);
    }
    failing
}

/// The transforms that run.
#[derive(Default)]
struct Chosen {
    /// In the order of the catalogue.
    transforms: Vec<&'static Transform>,
    /// Those of them that run only for containers whose section enables them.
    optional: Vec<&'static str>,
    /// Those that the edition leaves out because they are newer.
    newer: Vec<&'static str>,
}

impl Chosen {
    fn new(asked: &Harden, config: &Config, edition: Edition) -> Self {
        let by_sections: Vec<&'static str> = config
            .workloads
            .iter()
            .flat_map(|section| ids(&section.transforms.enable))
            .collect();
        let for_all: Vec<&'static str> = ids(&config.transforms.enable)
            .chain(named(&asked.enable))
            .collect();
        let names = |ids: &[String], transform: &Transform| ids.iter().any(|id| id == transform.id);
        let mut chosen = Self::default();
        for &transform in transforms::ALL {
            if names(&asked.skip, transform) {
                continue;
            }
            if !asked.only.is_empty() {
                if names(&asked.only, transform) {
                    chosen.transforms.push(transform);
                }
                continue;
            }
            let everywhere = transform.default || for_all.contains(&transform.id);
            if !everywhere && !by_sections.contains(&transform.id) {
                continue;
            }
            if transform.edition > edition {
                chosen.newer.push(transform.id);
                continue;
            }
            if !everywhere {
                chosen.optional.push(transform.id);
            }
            chosen.transforms.push(transform);
        }
        chosen
    }
}

fn ids(chosen: &[config::TransformId]) -> impl Iterator<Item = &'static str> {
    chosen.iter().map(|id| id.0.id)
}

/// The IDs as the catalogue writes them.
fn named(asked: &[String]) -> impl Iterator<Item = &'static str> {
    asked
        .iter()
        .filter_map(|id| transforms::find(id))
        .map(|transform| transform.id)
}
