//! What is asked of which container, and who says no.
//!
//! The policy of a call holds for every container. The sections of a configuration change it for
//! those they choose, in the order they are written, and the command line has the last word.

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

/// The rules of a call: none of them by default.
#[derive(Debug, Default)]
pub struct Rules {
    /// The configuration, as people know it.
    file: String,
    /// Where the paths of the call begin.
    here: PathBuf,
    /// Where the paths of the configuration begin.
    folder: PathBuf,
    skipped: Vec<Skipped>,
    sections: Vec<Section>,
    /// Transforms that run only where a section asks for them.
    waiting: Vec<&'static str>,
    last: Last,
}

/// What the command line says, which no section changes.
#[derive(Clone, Debug, Default)]
pub struct Last {
    /// Numbers.
    pub settings: Settings,
    /// What may rest on assumption.
    pub assume: Option<Assume>,
}

/// A transform that the configuration leaves out.
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

/// What is asked of one container.
#[derive(Debug)]
pub(crate) struct Ruling<'r> {
    /// Numbers and boldness.
    pub(crate) policy: Cow<'r, Policy>,
    exceptions: Vec<Exception<'r>>,
    /// Transforms that nobody asked for here.
    idle: Vec<&'static str>,
}

/// Somebody says no.
#[derive(Clone, Debug)]
pub(crate) struct Exception<'r> {
    /// To which transform.
    pub(crate) id: &'static str,
    /// Why.
    pub(crate) reason: &'r str,
    /// Where, by the files of the project.
    pub(crate) by: Position,
    /// It was needed.
    pub(crate) is_used: &'r AtomicBool,
}

/// A container, and what a selector may ask of where it stands.
pub(crate) struct Subject<'a> {
    pub(crate) container: &'a Container,
    /// The file; none for a command line.
    pub(crate) path: Option<&'a Path>,
    /// The service or the object as a value.
    pub(crate) object: &'a dyn Fn() -> Option<Rc<Value>>,
}

impl Rules {
    /// No rules: every container is asked the same, and nobody says no.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: LazyLock<Rules> = LazyLock::new(Rules::default);
        &NONE
    }

    /// The rules of `config`, which is the file `name` in `folder`; paths of the call begin `here`.
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
            waiting: Vec::new(),
            last: Last::default(),
        }
    }

    /// The same, with what the command line says, and with the transforms that wait for a section
    /// to ask for them.
    #[must_use]
    pub fn with(self, last: Last, waiting: Vec<&'static str>) -> Self {
        Self {
            waiting,
            last,
            ..self
        }
    }

    /// What is asked of one container, by the policy of the call and by the exceptions of its own.
    pub(crate) fn of<'r>(
        &'r self,
        policy: &'r Policy,
        exceptions: Vec<Exception<'r>>,
        subject: &Subject<'_>,
    ) -> Ruling<'r> {
        let mut ruling = Ruling {
            policy: Cow::Borrowed(policy),
            exceptions,
            idle: self.waiting.clone(),
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
                .idle
                .retain(|id| transforms.enable.iter().all(|asked| asked.0.id != *id));
            ruling.except(&section.skipped, &self.file);
        }
        ruling.except(&self.skipped, &self.file);
        if let Cow::Owned(policy) = &mut ruling.policy {
            self.last.settings.apply(policy);
            policy.assume = self.last.assume.unwrap_or(policy.assume);
        }
        ruling
    }

    /// Exceptions of the configuration that excepted nothing, among those from transforms that ran,
    /// and sections that chose nobody. What a call did not look at would be called stale too, so
    /// that only one over everything below the configuration's folder can tell.
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
            // `prod/Deployment/shop`, `Deployment/shop` and `shop` are one name.
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

    /// The path from the folder of the configuration; none for what lies elsewhere.
    fn below(&self, path: &Path) -> Option<PathBuf> {
        let whole = normalized(&self.here.join(path));
        whole.strip_prefix(&self.folder).ok().map(Path::to_owned)
    }
}

impl Exception<'_> {
    /// Makes the exception count, and says so.
    pub(crate) fn outcome(&self) -> Outcome {
        self.is_used.store(true, Ordering::Relaxed);
        Outcome::Excepted {
            justification: self.reason.to_owned(),
            by: self.by.clone(),
        }
    }
}

impl<'r> Ruling<'r> {
    /// The transform is to be asked at all.
    pub(crate) fn asks(&self, transform: &Transform) -> bool {
        !self.idle.contains(&transform.id)
    }

    /// Who says no to the transform.
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
