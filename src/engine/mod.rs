//! One pass over one project: read, decide, apply, prove.

mod base;
mod command_line;
mod error;
mod exceptions;
mod fix;
pub mod outcome;
mod prove;
pub mod rules;
mod selection;
mod unit;

pub use self::command_line::Hardened;
pub use self::error::EngineError;
pub(crate) use self::error::REPORT_IT;
pub use self::selection::{Selection, names_of};

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::container::{
    Answer, Assignment, Assume, Basis, Container, Finding, Place, Policy, Reason, Words,
};
use crate::dialect::{self, BeyondReading, Draft, Member, Neighbours, YamlDraft};
use crate::engine::exceptions::Exceptions;
use crate::engine::outcome::{
    ContainerReport, FileOutcome, Location, Outcome, Row, StaleException,
};
use crate::engine::rules::{Exception, Rules, Ruling, Subject};
use crate::image::{self, Knowledge};
use crate::json;
use crate::project::{self, Base, CustomResource, File, Format, NoSurroundings, Surroundings};
use crate::transforms::{SET_BY_VARIABLE, Transform, evidence};

/// Declines a change that would be an assumption.
static ASSUMPTION: Words = Words::new("would-be-assumed", "It would rest on an assumption.");

/// Declines a change that would copy a value into the file.
static VALUE_OF_VARIABLE: Words = Words::new(
    "would-write-a-variable",
    "It would write the value of a variable into the file.",
);

/// The largest object that a selector matches, in values. No selector matches a larger object.
const LARGEST_OBJECT: usize = 100_000;

/// The settings of a run.
#[derive(Clone, Debug)]
pub struct Run<'k> {
    /// The transforms, in catalogue order.
    pub transforms: Vec<&'static Transform>,
    /// The values to write, and which changes may be assumptions.
    pub policy: Policy,
    /// The knowledge base of images.
    pub knowledge: &'k Knowledge,
    /// Reads the files that the given ones reference.
    pub surroundings: &'k dyn Surroundings,
    /// Custom resources with pods.
    pub custom_resources: &'k [CustomResource],
    /// The given objects are a piece of a stream, which has these objects that concern pods.
    pub neighbours: Option<&'k Neighbours>,
    /// The given files are one Compose project, merged in their order (`-f a -f b`).
    pub merges: bool,
    /// Files with values of variables for Compose files and their texts, used instead of `.env`.
    pub variables: Vec<(PathBuf, String)>,
    /// The rules of the configuration for individual containers.
    pub rules: &'k Rules,
    /// The revision whose exceptions count.
    pub base: Option<&'k dyn Base>,
    /// The containers to change and report.
    pub selection: Selection,
    /// Each change gets its own edits ([`Row::fix`]).
    pub fixes: bool,
}

impl<'k> Run<'k> {
    /// A run that reads only the given files.
    #[must_use]
    pub fn new(
        transforms: Vec<&'static Transform>,
        policy: Policy,
        knowledge: &'k Knowledge,
    ) -> Self {
        Self {
            transforms,
            policy,
            knowledge,
            surroundings: &NoSurroundings,
            custom_resources: &[],
            neighbours: None,
            merges: false,
            variables: Vec::new(),
            rules: Rules::none(),
            base: None,
            selection: Selection::default(),
            fixes: false,
        }
    }

    /// Plans and proves files of one format that belong together. Nothing is written to disk.
    pub(crate) fn plan(&self, files: &[File<'_>]) -> Planned {
        let Some(format) = files.first().map(|file| file.format) else {
            return Planned::default();
        };
        if let Some(beyond) = files.iter().find_map(dialect::beyond_limit) {
            return Planned::failed(files, beyond.into());
        }
        let mut members = match self.members(format, files) {
            Ok(members) => members,
            Err(beyond) => return Planned::failed(files, beyond.into()),
        };
        let mut draft = YamlDraft::new(files);
        let exceptions = Exceptions::read(files, &members);
        let rulings = self.rulings(files, &members, &exceptions);
        let (selected, others): (Vec<usize>, Vec<usize>) =
            (0..members.len()).partition(|at| self.selection.selects(&members[*at].container));
        let names = |at: usize| {
            let container = &members[at].container;
            (container.workload.clone(), container.name.clone())
        };
        let unselected = others.into_iter().map(names).collect();
        let mut reports: Vec<(usize, ContainerReport)> = evidence::pod::order(&members)
            .into_iter()
            .filter(|at| selected.binary_search(at).is_ok())
            .map(|at| {
                let report = self.report(format.name(), &mut members, &rulings, at, &mut draft);
                (at, report)
            })
            .collect();
        reports.sort_by_key(|(at, _)| *at);
        let mut containers: Vec<ContainerReport> =
            reports.into_iter().map(|(_, report)| report).collect();
        let beyond = self.fix(files, &rulings, &selected, &mut containers).err();
        // A fragment without a result is no container.
        let mut own = selected.iter().map(|at| &members[*at].container);
        containers.retain(|report| {
            let is_fragment = own.next().is_some_and(|container| container.is_fragment);
            !(is_fragment && report.rows.is_empty())
        });
        drop(rulings);
        // The exceptions of containers that are not selected have no effect and are not stale.
        let ran: &[_] = if self.selection.is_everything() {
            &self.transforms
        } else {
            &[]
        };
        let stale = exceptions.stale(ran);
        let plans = draft.finish();
        // The proof reads every container again, and a stream can have many of them.
        drop(members);
        let mut outcomes = prove::outcomes(self, files, plans);
        for outcome in &mut outcomes {
            if let (Some(beyond), FileOutcome::Changed(_)) = (beyond, &outcome) {
                *outcome = FileOutcome::Failed(EngineError::TooManyFixes(beyond));
            }
        }
        Planned {
            containers,
            outcomes,
            stale,
            unselected,
        }
    }

    /// The containers of files that belong together.
    fn members(&self, format: Format, files: &[File<'_>]) -> Result<Vec<Member>, BeyondReading> {
        let mut members = dialect::read(
            format,
            files,
            self.knowledge,
            self.surroundings,
            self.custom_resources,
            self.neighbours,
        )?;
        evidence::pod::share(&mut members);
        Ok(members)
    }

    /// The rules for each member.
    fn rulings<'r>(
        &'r self,
        files: &[File<'_>],
        members: &[Member],
        exceptions: &'r Exceptions,
    ) -> Vec<Ruling<'r>> {
        // The containers of an object share its value.
        let last = RefCell::new(None);
        let headings = if exceptions.has_comments() {
            let headings = |Member { container, site }: &Member| site.headings(container, files);
            members.iter().map(headings).collect()
        } else {
            Vec::new()
        };
        let chooser = self.rules.chooser();
        let mut written: Vec<Vec<Exception<'r>>> = members
            .iter()
            .enumerate()
            .map(|(at, member)| exceptions.of(&member.container, headings.get(at)))
            .collect();
        let standings = self.standings(files, members, &mut written);
        members
            .iter()
            .zip(written.into_iter().zip(standings))
            .map(|(member, (written, standing))| {
                let Member { container, site } = member;
                let path = files
                    .get(container.place.file)
                    .map(|file| file.path.as_path());
                let object = || {
                    let place = site.object(container, files);
                    let mut last = last.borrow_mut();
                    if let Some((known, value)) = &*last
                        && *known == place
                    {
                        return Option::clone(value);
                    }
                    let File { tree, format, .. } = files.get(place.0)?;
                    let value = json::value(tree, place.1, format.schema(), LARGEST_OBJECT);
                    let value = value.map(Rc::new);
                    *last = Some((place, value.clone()));
                    value
                };
                let subject = Subject {
                    container,
                    path,
                    object: &object,
                };
                chooser.of(&self.policy, written, standing, &subject)
            })
            .collect()
    }

    /// Every transform's answer for the one container of a project without YAML.
    fn report_alone<D: Draft>(
        &self,
        format: &'static str,
        member: project::Member<D::Site>,
        path: Option<&Path>,
        draft: &mut D,
    ) -> ContainerReport {
        let mut members = [member];
        let exceptions = Exceptions::read(&[], &members);
        let container = &members[0].container;
        let subject = Subject {
            container,
            path,
            object: &|| None,
        };
        let mut written = exceptions.labelled(container).collect();
        let standing = self.standing_alone(container, path, &mut written);
        let chooser = self.rules.chooser();
        let ruling = chooser.of(&self.policy, written, standing, &subject);
        self.report(format, &mut members, &[ruling], 0, draft)
    }

    /// Every transform's answer for one container.
    fn report<D: Draft>(
        &self,
        format: &'static str,
        members: &mut [project::Member<D::Site>],
        rulings: &[Ruling<'_>],
        at: usize,
        draft: &mut D,
    ) -> ContainerReport {
        let container = &members[at].container;
        let mut report = ContainerReport {
            file: container.place.file,
            place: location(draft, container.place),
            format,
            workload: container.workload.clone(),
            name: container.name.clone(),
            role: container.role,
            image: container.image.as_ref().map(ToString::to_string),
            caution: None,
            rows: Vec::new(),
            policy: rulings[at].added.clone(),
        };
        report.rows = self.answers(members, rulings, at, draft);
        if members[at].container.is_fragment {
            let of_part = |row: &Row| match row.outcome {
                Outcome::Finding { .. } | Outcome::Excepted { .. } | Outcome::Changed { .. } => {
                    true
                }
                Outcome::Declined => row.reason.code() == SET_BY_VARIABLE.code,
                Outcome::Hardened | Outcome::Inapplicable => false,
            };
            report.rows.retain(of_part);
        }
        let changes = |row: &Row| matches!(row.outcome, Outcome::Changed { .. });
        if report.rows.iter().any(changes) {
            report.caution.clone_from(&members[at].container.caution);
        }
        report
    }

    /// The answers of the transforms that run on the container, in catalogue order.
    fn answers<D: Draft>(
        &self,
        members: &mut [project::Member<D::Site>],
        rulings: &[Ruling<'_>],
        at: usize,
        draft: &mut D,
    ) -> Vec<Row> {
        self.find_namesake(&mut members[at].container);
        let mut rows = Vec::with_capacity(self.transforms.len());
        for transform in self.transforms.iter().filter(|one| rulings[at].asks(one)) {
            ask_one(transform, rulings, at, members, draft, &mut rows);
        }
        rows
    }

    /// Finds a known image with the name of the container or of its unknown image.
    fn find_namesake(&self, container: &mut Container) {
        let facts = container.facts.as_deref();
        if facts.is_none_or(|facts| facts.kind != image::Kind::Service) {
            let image = container.image.as_ref().filter(|_| facts.is_none());
            container.namesake = self.knowledge.namesake(image, &container.name);
        }
    }
}

/// Adds the rows for a transform's answer: one for each finding, otherwise one.
fn ask_one<D: Draft>(
    transform: &Transform,
    rulings: &[Ruling<'_>],
    at: usize,
    members: &mut [project::Member<D::Site>],
    draft: &mut D,
    rows: &mut Vec<Row>,
) {
    let (container, ruling) = (&members[at].container, &rulings[at]);
    let answer = (transform.decide)(container, &ruling.policy);
    let answer = match (&container.incomplete, answer) {
        (None, answer) => answer,
        // What is weak in this part is weak whatever the rest is.
        (Some(_), Answer::Findings(findings)) => Answer::Findings(
            findings
                .into_iter()
                .map(|finding| Finding {
                    remedy: Vec::new(),
                    ..finding
                })
                .collect(),
        ),
        (Some(why), _) => Answer::Declined(why.clone()),
    };
    let spellings = container.spellings.clone();
    let row = |draft: &D, reason: Reason, outcome| Row {
        id: transform.id,
        outcome,
        place: reason.place.and_then(|place| location(draft, place)),
        reason: spellings.reason(reason),
        fix: None,
    };
    let exception = ruling.exception(transform);
    let weak = |draft: &D, reason, outcome| {
        let excepted = exception.map(Exception::outcome);
        row(draft, reason, excepted.unwrap_or(outcome))
    };
    match answer {
        Answer::Hardened(why) => rows.push(row(draft, why, Outcome::Hardened)),
        Answer::Inapplicable(why) => rows.push(row(draft, why, Outcome::Inapplicable)),
        Answer::Declined(why) => rows.push(weak(draft, why, Outcome::Declined)),
        Answer::Change { reason, .. } if exception.is_some() => {
            rows.push(weak(draft, reason, Outcome::Declined));
        }
        Answer::Change {
            assignments,
            basis,
            reason,
        } => {
            let refused = match &container.no_assumptions {
                None if ruling.policy.assume == Assume::None => Some(Reason::from(&ASSUMPTION)),
                why => why.clone(),
            };
            if let (Basis::Assumed, Some(why)) = (&basis, refused) {
                rows.push(row(draft, why, Outcome::Declined));
                return;
            }
            let (reason, outcome) = change(
                transform,
                rulings,
                at,
                members,
                draft,
                &assignments,
                (basis, reason),
            );
            rows.push(row(draft, reason, outcome));
        }
        Answer::Findings(findings) => {
            let asked = ruling.policy.overrides.contains(&transform.id);
            for Finding { reason, remedy } in findings {
                if remedy.is_empty() || !asked || exception.is_some() {
                    let can_be_asked = !remedy.is_empty();
                    rows.push(weak(draft, reason, Outcome::Finding { can_be_asked }));
                    continue;
                }
                let why = (Basis::Asked, reason);
                let (reason, outcome) =
                    change(transform, rulings, at, members, draft, &remedy, why);
                rows.push(row(draft, reason, outcome));
            }
        }
    }
}

/// The line and column of a place; `None` for a command line.
fn location<D: Draft>(draft: &D, place: Place) -> Option<Location> {
    let (line, column) = draft.line_column(place)?;
    Some(Location {
        file: place.file,
        line,
        column,
        span: place.span,
    })
}

/// Plans all assignments or none, and applies them to the containers.
fn change<D: Draft>(
    transform: &Transform,
    rulings: &[Ruling<'_>],
    at: usize,
    members: &mut [project::Member<D::Site>],
    draft: &mut D,
    assignments: &[Assignment],
    (basis, reason): (Basis, Reason),
) -> (Reason, Outcome) {
    if let Some(exception) = exception_of_others::<D>(transform, rulings, at, members, assignments)
    {
        return (reason, exception.outcome());
    }
    let spellings = &members[at].container.spellings;
    if assignments.iter().any(|one| spellings.hides_part_of(one)) {
        return (Reason::from(&VALUE_OF_VARIABLE), Outcome::Declined);
    }
    let before = draft.mark(&members[at]);
    let mut paths = Vec::new();
    for assignment in assignments {
        match draft.lower(assignment, &members[at]) {
            Ok(written) => {
                for path in written {
                    if !paths.contains(&path) {
                        paths.push(path);
                    }
                }
            }
            Err(why) => {
                draft.return_to(before);
                return (why.into(), Outcome::Declined);
            }
        }
    }
    for assignment in assignments {
        apply::<D>(members, at, assignment);
    }
    (reason, Outcome::Changed { basis, paths })
}

/// An exception of a container that would share or inherit the change.
fn exception_of_others<'r, D: Draft>(
    transform: &Transform,
    rulings: &'r [Ruling<'_>],
    at: usize,
    members: &[project::Member<D::Site>],
    assignments: &[Assignment],
) -> Option<&'r Exception<'r>> {
    let is_shared = assignments.iter().any(Assignment::is_shared);
    let sharers = is_shared
        .then(|| group_of(members, at))
        .into_iter()
        .flatten();
    let is_new = rulings.get(at).is_some_and(|ruling| ruling.is_new);
    D::heirs(&members[at].site)
        .into_iter()
        .chain(sharers)
        .filter_map(|index| rulings.get(index))
        // What the base has is held to the base, whatever the change adds next to it.
        .filter(|ruling| is_new || !ruling.is_new)
        .find_map(|ruling| ruling.exception(transform))
}

/// The members in the same group. They are next to each other.
fn group_of<S>(members: &[project::Member<S>], at: usize) -> Range<usize> {
    let group = members[at].container.group;
    let is_of_it = |member: &project::Member<S>| member.container.group == group;
    let first = members[..at].partition_point(|member| !is_of_it(member));
    first..at + members[at..].partition_point(is_of_it)
}

/// The results for files that were planned together.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    pub(crate) containers: Vec<ContainerReport>,
    /// One for each file.
    pub(crate) outcomes: Vec<FileOutcome>,
    /// Exceptions without effect.
    pub(crate) stale: Vec<StaleException>,
    /// The names of containers that are not selected.
    pub(crate) unselected: Vec<(String, String)>,
}

impl Planned {
    /// No file can be planned, because the project exceeds this limit.
    fn failed(files: &[File<'_>], why: EngineError) -> Self {
        let mut first: Option<&File<'_>> = None;
        let mut why = Some(why);
        let outcomes = files.iter().map(|file| {
            if !file.part.is_given {
                return FileOutcome::Read;
            }
            let first = first.get_or_insert(file);
            let of_other = || EngineError::OfProject(first.path.clone());
            FileOutcome::Failed(why.take().unwrap_or_else(of_other))
        });
        Self {
            outcomes: outcomes.collect(),
            ..Self::default()
        }
    }
}

/// Applies the assignment to the container, and to those that share or inherit it: once to each.
fn apply<D: Draft>(members: &mut [project::Member<D::Site>], at: usize, assignment: &Assignment) {
    let mut reached = BTreeSet::from([at]);
    if assignment.is_shared() {
        reached.extend(group_of(members, at));
    }
    // The heirs of a container include those of its heirs.
    let mut heirs: BTreeSet<usize> = reached
        .iter()
        .flat_map(|index| D::heirs(&members[*index].site))
        .collect();
    heirs.retain(|heir| !reached.contains(heir));
    if !heirs.is_empty() {
        let base = members[at].container.clone();
        for heir in heirs {
            members[heir].container.inherit(assignment, &base);
        }
    }
    for index in reached {
        members[index].container.apply(assignment);
    }
}
