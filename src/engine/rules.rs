//! The policy and the exceptions of each container.
//!
//! The policy of a call applies to every container. The sections of the configuration change it for
//! the containers that they select, in the order of the file. Options on the command line take
//! precedence over the sections.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::config::{Choices, Config, Exact, Label, Located, Settings, TransformId, Workload};
use crate::container::{Assume, Container, Policy};
use crate::engine::base::Standing;
use crate::engine::outcome::{Outcome, PolicyEntry, Position, StaleException};
use crate::engine::selection::workload_names;
use crate::jsonpath::JsonPath;
use crate::paths::normalized;
use crate::transforms::Transform;

/// The rules of a call. By default there are none.
#[derive(Debug, Default)]
pub struct Rules {
    /// The name of the configuration, for messages.
    file: String,
    /// The directory that the paths of the call are relative to.
    here: PathBuf,
    /// The directory that the paths of the configuration are relative to.
    folder: PathBuf,
    /// The same for the configuration of a change.
    added_folder: Option<PathBuf>,
    skipped: Vec<Skipped>,
    sections: Vec<Section>,
    /// The sections by their exact selectors; under `None` those that have only patterns.
    by_exact: HashMap<Option<Exact>, Vec<usize>>,
    /// Transforms that run only for containers whose section enables them.
    optional: Vec<&'static str>,
    command_line: CommandLine,
}

/// The options of the command line. They take precedence over the sections.
#[derive(Clone, Debug, Default)]
pub struct CommandLine {
    /// The values to write.
    pub settings: Settings,
    /// Which changes may be assumptions.
    pub assume: Option<Assume>,
}

/// A transform that the configuration skips.
#[derive(Debug)]
struct Skipped {
    id: &'static str,
    /// An earlier entry of the same list has the same ID, so this one never has an effect.
    is_repeated: bool,
    reason: String,
    line: u32,
    is_used: AtomicBool,
    /// The configuration of the checkout has it too. Always, without a base revision.
    is_current: bool,
}

#[derive(Debug)]
struct Section {
    workload: Located<Workload>,
    skipped: Vec<Skipped>,
    enabled: BTreeSet<&'static str>,
    overrides: BTreeSet<&'static str>,
    is_used: AtomicBool,
    /// The configuration of the checkout has the section too. Always, without a base revision.
    is_current: bool,
    /// The configuration of the change with the section, which the base revision does not have. It
    /// applies only to new containers.
    added_by: Option<Arc<str>>,
}

/// The rules for one container.
#[derive(Debug)]
pub(crate) struct Ruling<'r> {
    /// The policy for the container.
    pub(crate) policy: Cow<'r, Policy>,
    exceptions: Vec<Exception<'r>>,
    /// Transforms that do not run, because no section enables them.
    disabled: Vec<&'static str>,
    /// There is a base revision, and it does not have the container.
    pub(crate) is_new: bool,
    /// What the change adds to the policy for the container.
    pub(crate) added: Vec<PolicyEntry>,
}

/// An exception from a transform.
#[derive(Clone, Debug)]
pub(crate) struct Exception<'r> {
    /// The ID of the transform.
    pub(crate) id: &'static str,
    /// The justification.
    pub(crate) reason: &'r str,
    /// Where the exception is written, by the files of the project.
    pub(crate) by: Position,
    /// Whether the exception had an effect.
    pub(crate) is_used: &'r AtomicBool,
}

/// A container with its file and its object, which selectors match.
pub(crate) struct Subject<'a> {
    pub(crate) container: &'a Container,
    /// The file; `None` for a command line.
    pub(crate) path: Option<&'a Path>,
    /// The service or the object as a value.
    pub(crate) object: &'a dyn Fn() -> Option<Rc<Value>>,
}

impl Rules {
    /// No rules: every container has the same policy and no exceptions.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Rules> = LazyLock::new(Rules::default);
        &NONE
    }

    /// The rules of `config`, the file `name` in `folder`. Paths of the call are relative to
    /// `here`.
    #[must_use]
    pub fn new(config: Config, name: String, folder: PathBuf, here: PathBuf) -> Self {
        let mut transforms = config.transforms;
        let mut rules = Self {
            file: name,
            here,
            folder,
            skipped: skipped(&mut transforms),
            ..Self::default()
        };
        for workload in config.workloads {
            rules.add(Section::new(workload, None));
        }
        rules
    }

    /// The same, with the configuration of the checkout where these rules are those of the base
    /// revision. `is_new` tells for each of its sections whether the base does not have it. Such a
    /// section applies to new containers. `is_kept` tells which sections of the base it still has.
    #[must_use]
    pub fn with_change(
        mut self,
        change: Config,
        (name, folder): (String, PathBuf),
        is_new: &[bool],
        is_kept: &[bool],
    ) -> Self {
        let skip = change.transforms.skip.iter();
        let skip: BTreeSet<_> = skip.map(|one| (one.id.0.id, &one.reason.0)).collect();
        for skipped in &mut self.skipped {
            skipped.is_current = skip.contains(&(skipped.id, &skipped.reason));
        }
        for (section, is_kept) in self.sections.iter_mut().zip(is_kept) {
            section.is_current = *is_kept;
        }
        let name: Arc<str> = name.into();
        self.added_folder = Some(folder);
        for (workload, is_new) in change.workloads.into_iter().zip(is_new) {
            if *is_new {
                self.add(Section::new(workload, Some(Arc::clone(&name))));
            }
        }
        self
    }

    fn add(&mut self, section: Section) {
        let exact = section.workload.value.exact();
        let at = self.sections.len();
        self.by_exact.entry(exact).or_default().push(at);
        self.sections.push(section);
    }

    /// Whether some sections apply only to containers that the base does not have.
    pub(crate) fn has_added_sections(&self) -> bool {
        self.added_folder.is_some() && self.sections.iter().any(|one| one.added_by.is_some())
    }

    /// The same, with the options of the command line, and with the transforms that run only for
    /// containers whose section enables them.
    #[must_use]
    pub fn with(self, command_line: CommandLine, optional: Vec<&'static str>) -> Self {
        Self {
            optional,
            command_line,
            ..self
        }
    }

    /// Applies the rules to the containers of one project.
    pub(crate) fn chooser(&self) -> Chooser<'_> {
        Chooser {
            rules: self,
            labels: RefCell::default(),
            objects: RefCell::default(),
        }
    }

    /// Exceptions of the configuration without effect, from transforms that ran, and sections that
    /// selected no container. The result is meaningful only for a call over all files below the
    /// folder of the configuration.
    #[must_use]
    pub fn stale(&self, ran: &[&'static Transform]) -> Vec<StaleException> {
        let mut stale = Vec::new();
        let at = |line: u32| Position::Elsewhere(format!("{}:{line}", self.file));
        let sections = self.sections.iter();
        let sections = sections.filter(|section| section.is_current && section.added_by.is_none());
        let mut unused = |skipped: &[Skipped]| {
            for one in skipped.iter().filter(|one| one.is_current) {
                if !one.is_used.load(Ordering::Relaxed) && ran.iter().any(|ran| ran.id == one.id) {
                    stale.push(StaleException {
                        at: at(one.line),
                        why: format!("nothing is left that `{}` would do", one.id),
                    });
                }
            }
        };
        unused(&self.skipped);
        for section in sections.clone() {
            if section.is_used.load(Ordering::Relaxed) {
                unused(&section.skipped);
            }
        }
        for section in sections {
            if !section.is_used.load(Ordering::Relaxed) {
                stale.push(StaleException {
                    at: at(section.workload.line),
                    why: "the section chooses no container".to_owned(),
                });
            }
        }
        stale
    }

    /// The labels of a pod, with the sections that are found by one of them.
    fn labels(&self, all: &Arc<[(String, String)]>) -> Labels {
        let mut values: HashMap<String, Vec<String>> = HashMap::new();
        for (key, value) in all.iter() {
            values.entry(key.clone()).or_default().push(value.clone());
        }
        let keys = all.iter().flat_map(|(key, value)| {
            [None, Some(value)].map(|value| Exact::Label(key.clone(), value.cloned()))
        });
        let found = keys.filter_map(|key| self.by_exact.get(&Some(key)));
        Labels {
            all: Arc::clone(all),
            values,
            sections: found.flatten().copied().collect(),
        }
    }

    /// The path relative to the folder of the configuration; `None` for a path outside the folder.
    fn below(&self, path: &Path, folder: &Path) -> Option<PathBuf> {
        let whole = normalized(&self.here.join(path));
        whole.strip_prefix(folder).ok().map(Path::to_owned)
    }
}

impl Section {
    fn new(mut workload: Located<Workload>, added_by: Option<Arc<str>>) -> Self {
        let ids = |ids: &[TransformId]| ids.iter().map(|id| id.0.id).collect();
        Self {
            skipped: skipped(&mut workload.value.transforms),
            enabled: ids(&workload.value.transforms.enable),
            overrides: ids(&workload.value.transforms.overrides),
            workload,
            is_used: AtomicBool::new(false),
            is_current: true,
            added_by,
        }
    }
}

/// Applies the rules to the containers of one project, and keeps what containers of one pod share.
pub(crate) struct Chooser<'r> {
    rules: &'r Rules,
    /// The labels of the last container.
    labels: RefCell<Option<Labels>>,
    /// The object of the last container, and the sections whose JSONPath finds something in it.
    objects: RefCell<Option<Matched>>,
}

/// An object, and whether the JSONPath of a section finds something in it.
type Matched = (Rc<Value>, HashMap<usize, bool>);

/// The labels of a pod.
struct Labels {
    all: Arc<[(String, String)]>,
    /// Their values by key.
    values: HashMap<String, Vec<String>>,
    /// The sections that are found by a label.
    sections: Vec<usize>,
}

impl<'r> Chooser<'r> {
    /// The rules for one container. `policy` is that of the call, and `exceptions` are those in the
    /// files.
    pub(crate) fn of(
        &self,
        policy: &'r Policy,
        exceptions: Vec<Exception<'r>>,
        standing: Standing,
        subject: &Subject<'_>,
    ) -> Ruling<'r> {
        let rules = self.rules;
        let mut ruling = Ruling {
            policy: Cow::Borrowed(policy),
            exceptions,
            disabled: rules.optional.clone(),
            is_new: standing.is_new,
            added: standing.policy,
        };
        for section in self.sections(subject) {
            if section.added_by.is_some() && !standing.is_new {
                continue;
            }
            section.is_used.store(true, Ordering::Relaxed);
            if let Some(name) = &section.added_by {
                ruling.added.push(PolicyEntry {
                    at: Position::Elsewhere(format!("{name}:{}", section.workload.line)),
                    id: None,
                    is_used: true,
                });
            }
            let Workload {
                assume, settings, ..
            } = &section.workload.value;
            let policy = ruling.policy.to_mut();
            settings.apply(policy);
            policy.assume = assume.unwrap_or(policy.assume);
            policy.overrides.extend(section.overrides.iter().copied());
            ruling.disabled.retain(|id| !section.enabled.contains(id));
            let file = section.added_by.as_deref().unwrap_or(&rules.file);
            ruling.except(&section.skipped, file);
        }
        ruling.except(&rules.skipped, &rules.file);
        if let Cow::Owned(policy) = &mut ruling.policy {
            rules.command_line.settings.apply(policy);
            policy.assume = rules.command_line.assume.unwrap_or(policy.assume);
        }
        ruling
    }

    /// The sections that select the container, in the order of the file.
    fn sections(&self, subject: &Subject<'_>) -> Vec<&'r Section> {
        let rules = self.rules;
        if rules.sections.is_empty() {
            return Vec::new();
        }
        let Subject {
            container, path, ..
        } = subject;
        let below = |folder: &Path| path.and_then(|path| rules.below(path, folder));
        let added = rules.added_folder.as_deref().and_then(below);
        let below = below(&rules.folder);
        let images = images(container);
        let names = workload_names(&container.workload).map(|name| Exact::Name(name.to_owned()));
        let keys = names
            .chain([Exact::Container(container.name.clone())])
            .chain(images.iter().cloned().map(Exact::Image))
            .chain(below.iter().chain(&added).cloned().map(Exact::Path));
        let found = keys.filter_map(|key| rules.by_exact.get(&Some(key)));
        let patterns = rules.by_exact.get(&None);
        let mut candidates: Vec<usize> = found.chain(patterns).flatten().copied().collect();
        self.with_labels(container, |labels| candidates.extend(&labels.sections));
        candidates.sort_unstable();
        candidates.dedup();
        let sections = candidates
            .into_iter()
            .filter_map(|at| Some((at, rules.sections.get(at)?)));
        sections
            .filter(|(at, section)| {
                let workload = &section.workload.value;
                let below = match section.added_by {
                    Some(_) => &added,
                    None => &below,
                };
                self.chooses(*at, workload, subject, below.as_deref(), &images)
            })
            .map(|(_, section)| section)
            .collect()
    }

    fn chooses(
        &self,
        at: usize,
        workload: &Workload,
        subject: &Subject<'_>,
        below: Option<&Path>,
        images: &[String],
    ) -> bool {
        let container = subject.container;
        let name = workload.name.as_ref();
        let label = workload.label.as_ref();
        let jsonpath = workload.jsonpath.as_ref();
        name.is_none_or(|pattern| {
            workload_names(&container.workload).any(|name| pattern.matches(name))
        }) && workload
            .container
            .as_ref()
            .is_none_or(|pattern| pattern.matches(&container.name))
            && label.is_none_or(|label| self.has_label(label, container))
            && workload
                .image
                .as_ref()
                .is_none_or(|pattern| images.iter().any(|image| pattern.matches(image)))
            && workload
                .path
                .as_ref()
                .is_none_or(|glob| below.is_some_and(|path| glob.matches(path)))
            && jsonpath.is_none_or(|query| self.finds(at, query, subject))
    }

    fn has_label(&self, label: &Label, container: &Container) -> bool {
        self.with_labels(container, |labels| {
            let values = labels.values.get(label.key());
            values.is_some_and(|values| values.iter().any(|value| label.has(value)))
        })
    }

    /// Whether the JSONPath of the section finds something in the object. The containers of an
    /// object share the answer.
    fn finds(&self, at: usize, query: &JsonPath, subject: &Subject<'_>) -> bool {
        let Some(object) = (subject.object)() else {
            return false;
        };
        let mut objects = self.objects.borrow_mut();
        let known = objects
            .take()
            .filter(|(known, _)| Rc::ptr_eq(known, &object));
        let (_, answers) =
            objects.insert(known.unwrap_or_else(|| (object.clone(), HashMap::new())));
        *answers.entry(at).or_insert_with(|| query.matches(&object))
    }

    /// Calls `read` with the labels of the container. The containers of a pod share them.
    fn with_labels<T>(&self, container: &Container, read: impl FnOnce(&Labels) -> T) -> T {
        let mut last = self.labels.borrow_mut();
        let known = last
            .take()
            .filter(|known| Arc::ptr_eq(&known.all, &container.labels));
        let labels = known.unwrap_or_else(|| self.rules.labels(&container.labels));
        read(last.insert(labels))
    }
}

/// The image as it is written, and as `harden images` calls it.
fn images(container: &Container) -> Vec<String> {
    let image = container.image.iter();
    image
        .flat_map(|image| [Some(image.to_string()), image.canonical()])
        .flatten()
        .collect()
}

impl Exception<'_> {
    /// The outcome of an excepted answer. Marks the exception as used.
    pub(crate) fn outcome(&self) -> Outcome {
        self.is_used.store(true, Ordering::Relaxed);
        Outcome::Excepted {
            justification: self.reason.to_owned(),
            by: self.by.clone(),
        }
    }
}

impl<'r> Ruling<'r> {
    /// Whether the transform runs on the container.
    pub(crate) fn asks(&self, transform: &Transform) -> bool {
        !self.disabled.contains(&transform.id)
    }

    /// The exception from the transform, if there is one.
    pub(crate) fn exception(&self, transform: &Transform) -> Option<&Exception<'r>> {
        self.exceptions.iter().find(|one| one.id == transform.id)
    }

    fn except(&mut self, skipped: &'r [Skipped], file: &str) {
        let skipped = skipped.iter().filter(|one| !one.is_repeated);
        self.exceptions.extend(skipped.map(|one| Exception {
            id: one.id,
            reason: &one.reason,
            by: Position::Elsewhere(format!("{file}:{}", one.line)),
            is_used: &one.is_used,
        }));
    }
}

fn skipped(choices: &mut Choices) -> Vec<Skipped> {
    let mut known = BTreeSet::new();
    std::mem::take(&mut choices.skip)
        .into_iter()
        .map(|skip| Skipped {
            id: skip.value.id.0.id,
            is_repeated: !known.insert(skip.value.id.0.id),
            line: skip.line,
            reason: skip.value.reason.0,
            is_used: AtomicBool::new(false),
            is_current: true,
        })
        .collect()
}
