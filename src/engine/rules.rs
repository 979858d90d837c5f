//! The policy and the exceptions of each container.
//!
//! The policy of a call applies to every container. The sections of the configuration change it for
//! the containers that they select, in the order of the file. Options on the command line take
//! precedence over the sections.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::config::{Choices, Config, Located, Settings, Workload};
use crate::container::{Assume, Container, Policy};
use crate::engine::outcome::{Outcome, Position, StaleException};
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
    skipped: Vec<Skipped>,
    sections: Vec<Section>,
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
    reason: String,
    line: u32,
    is_used: AtomicBool,
}

#[derive(Debug)]
struct Section {
    workload: Located<Workload>,
    skipped: Vec<Skipped>,
    is_used: AtomicBool,
}

/// The rules for one container.
#[derive(Debug)]
pub(crate) struct Ruling<'r> {
    /// The policy for the container.
    pub(crate) policy: Cow<'r, Policy>,
    exceptions: Vec<Exception<'r>>,
    /// Transforms that do not run, because no section enables them.
    disabled: Vec<&'static str>,
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
        let sections = config.workloads.into_iter().map(|mut workload| Section {
            skipped: skipped(&mut workload.value.transforms),
            workload,
            is_used: AtomicBool::new(false),
        });
        let mut transforms = config.transforms;
        Self {
            file: name,
            here,
            folder,
            skipped: skipped(&mut transforms),
            sections: sections.collect(),
            optional: Vec::new(),
            command_line: CommandLine::default(),
        }
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

    /// The rules for one container. `policy` is that of the call, and `exceptions` are those in the
    /// files.
    pub(crate) fn of<'r>(
        &'r self,
        policy: &'r Policy,
        exceptions: Vec<Exception<'r>>,
        subject: &Subject<'_>,
    ) -> Ruling<'r> {
        let mut ruling = Ruling {
            policy: Cow::Borrowed(policy),
            exceptions,
            disabled: self.optional.clone(),
        };
        for section in &self.sections {
            if !self.chooses(&section.workload, subject) {
                continue;
            }
            section.is_used.store(true, Ordering::Relaxed);
            let Workload {
                assume,
                settings,
                transforms,
                ..
            } = &section.workload.value;
            let policy = ruling.policy.to_mut();
            settings.apply(policy);
            policy.assume = assume.unwrap_or(policy.assume);
            policy
                .overrides
                .extend(transforms.overrides.iter().map(|asked| asked.0.id));
            ruling
                .disabled
                .retain(|id| transforms.enable.iter().all(|asked| asked.0.id != *id));
            ruling.except(&section.skipped, &self.file);
        }
        ruling.except(&self.skipped, &self.file);
        if let Cow::Owned(policy) = &mut ruling.policy {
            self.command_line.settings.apply(policy);
            policy.assume = self.command_line.assume.unwrap_or(policy.assume);
        }
        ruling
    }

    /// Exceptions of the configuration without effect, from transforms that ran, and sections that
    /// selected no container. The result is meaningful only for a call over all files below the
    /// folder of the configuration.
    #[must_use]
    pub fn stale(&self, ran: &[&'static Transform]) -> Vec<StaleException> {
        let mut stale = Vec::new();
        let at = |line: u32| Position::Elsewhere(format!("{}:{line}", self.file));
        let mut unused = |skipped: &[Skipped]| {
            for one in skipped {
                if !one.is_used.load(Ordering::Relaxed) && ran.iter().any(|ran| ran.id == one.id) {
                    stale.push(StaleException {
                        at: at(one.line),
                        why: format!("nothing is left that `{}` would do", one.id),
                    });
                }
            }
        };
        unused(&self.skipped);
        for section in &self.sections {
            if section.is_used.load(Ordering::Relaxed) {
                unused(&section.skipped);
            }
        }
        for section in &self.sections {
            if !section.is_used.load(Ordering::Relaxed) {
                stale.push(StaleException {
                    at: at(section.workload.line),
                    why: "the section chooses no container".to_owned(),
                });
            }
        }
        stale
    }

    fn chooses(&self, workload: &Workload, subject: &Subject<'_>) -> bool {
        let Subject {
            container, path, ..
        } = subject;
        workload.name.as_ref().is_none_or(|pattern| {
            // `prod/Deployment/shop`, `Deployment/shop` and `shop` name the same workload.
            let whole = container.workload.as_str();
            let ends = whole.match_indices('/').map(|(at, _)| at + 1);
            std::iter::once(0)
                .chain(ends)
                .any(|at| pattern.matches(whole.get(at..).unwrap_or_default()))
        }) && workload
            .container
            .as_ref()
            .is_none_or(|pattern| pattern.matches(&container.name))
            && workload
                .label
                .as_ref()
                .is_none_or(|label| label.matches(&container.labels))
            && workload.image.as_ref().is_none_or(|pattern| {
                container.image.as_ref().is_some_and(|image| {
                    pattern.matches(&image.to_string())
                        || image
                            .canonical()
                            .is_some_and(|known| pattern.matches(&known))
                })
            })
            && workload.path.as_ref().is_none_or(|glob| {
                path.and_then(|path| self.below(path))
                    .is_some_and(|path| glob.matches(&path))
            })
            && workload
                .jsonpath
                .as_ref()
                .is_none_or(|query| (subject.object)().is_some_and(|object| query.matches(&object)))
    }

    /// The path relative to the folder of the configuration; `None` for a path outside the folder.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let whole = normalized(&self.here.join(path));
        whole.strip_prefix(&self.folder).ok().map(Path::to_owned)
    }
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
        self.exceptions.extend(skipped.iter().map(|one| Exception {
            id: one.id,
            reason: &one.reason,
            by: Position::Elsewhere(format!("{file}:{}", one.line)),
            is_used: &one.is_used,
        }));
    }
}

fn skipped(choices: &mut Choices) -> Vec<Skipped> {
    std::mem::take(&mut choices.skip)
        .into_iter()
        .map(|skip| Skipped {
            id: skip.value.id.0.id,
            line: skip.line,
            reason: skip.value.reason.0,
            is_used: AtomicBool::new(false),
        })
        .collect()
}
