//! The sets of files of a group that are planned as one.
//!
//! * A Compose file with its override, and all that it extends or includes, is one set
//!   ([`compose`]).
//! * The Kubernetes files of a group are one set. Those of a large group are a few sets, unless a
//!   file of the group says something of the pods of others: an autoscaler, a `LimitRange`, a
//!   service account, a binding of a role, a patch.
//! * A unit is a set of its own, and so is a file of any other format.

use std::cell::OnceCell;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::iter::{
    IntoParallelIterator, IntoParallelRefIterator, ParallelBridge, ParallelIterator,
};

use super::charts;
use super::compose::{self, Given, ReadTexts, SetFile};
use super::is_large;
use super::kustomizations::{InlinePatch, Patches};
use crate::container::{Reason, Words};
use crate::dialect::kubernetes::kustomization::InlineText;
use crate::dialect::recognise::{
    Recognised, UnreadPart, Unrecognised, is_overlay, parsed, recognise, recognise_objects,
};
use crate::dialect::{self, kubernetes, quadlet};
use crate::engine::outcome::{
    ContainerReport, FileOutcome, FileReport, Location, Position, Report, StaleException, Unread,
};
use crate::engine::{Planned, Run};
use crate::project::{self, File, Format, NotOurs, Source, State, Target};
use crate::syntax::{self, SyntaxError, Tree};

static LOST: Words = Words::new(
    "reference-not-read",
    "The project takes {path}, which harden does not read.",
);
static DROP_IN: Words = Words::new(
    "drop-in-not-read",
    "The drop-in file {path} changes the unit, and harden does not read it.",
);

/// Files of a part: handing it on costs little next to planning so many.
const PART: usize = 16;

/// The report of some files of a group, which come one after the other.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) report: Report,
    /// These are all files of the group. A part of a group has no overlay and no patches.
    pub(crate) is_group: bool,
}

// This module decides which files form a set; the engine plans each set.
impl Run<'_> {
    /// Plans, applies in memory and proves files that may belong together. Nothing is written to
    /// disk.
    ///
    /// Files of different formats may come together (a directory of both): a Compose file with its
    /// override is a project of its own, and so are the Kubernetes files.
    #[must_use]
    pub fn project(&self, sources: Vec<Source>) -> Report {
        let texts = texts(sources);
        let held = Held::default();
        let results = planned(self, sets(self, &texts, &held), is_large(texts.len()));
        results.report(texts)
    }

    /// The same as [`Run::project`] for a group of files. A large group is planned on every core,
    /// and its results are handed to `take` in parts, each with its number, as soon as they are
    /// there: the numbers give the order of the files, and not of the calls. `is_whole` asks for
    /// one part.
    pub(crate) fn parts(
        &self,
        sources: Vec<Source>,
        is_whole: bool,
        take: &(dyn Fn(usize, Part) + Sync),
    ) {
        let group = |report| Part {
            report,
            is_group: true,
        };
        if is_whole || !is_large(sources.len()) {
            return take(0, group(self.project(sources)));
        }
        let texts = texts(sources);
        let held = Held::default();
        let sets = sets(self, &texts, &held);
        if !sets.can_be_split {
            let results = planned(self, sets, true);
            return take(0, group(results.report(texts)));
        }
        let batches = sets.batches().into_iter().enumerate();
        batches.par_bridge().for_each(|(number, batch)| {
            let texts = texts[batch.given.clone()].to_vec();
            let report = planned(self, batch, false).report(texts);
            let is_group = false;
            take(number, Part { report, is_group });
        });
    }
}

/// The results of planning these sets; on every core, where that is asked for.
fn planned(run: &Run<'_>, sets: Sets<'_>, is_spread: bool) -> Results {
    let Sets {
        given,
        outcomes,
        unread,
        list: sets,
        ..
    } = sets;
    let mut results = Results {
        first: given.start,
        outcomes: outcomes.into(),
        unread: unread
            .into_iter()
            .map(|one| one.before(given.start))
            .collect(),
        ..Results::default()
    };
    if is_spread {
        let planned: Vec<PlannedSet> = sets.into_par_iter().map(|set| set.plan(run)).collect();
        for set in planned {
            results.add(set);
        }
    } else {
        for set in sets {
            results.add(set.plan(run));
        }
    }
    results
}

/// A file and its text, or why it has none.
type Text = (PathBuf, Result<String, SyntaxError>);

fn texts(sources: Vec<Source>) -> Vec<Text> {
    let sources = sources.into_iter();
    sources
        .map(|Source { path, bytes }| {
            let text = syntax::decode(&bytes).map(str::to_owned);
            (path, text)
        })
        .collect()
}

/// The data that is read for a group. Its sets borrow it.
#[derive(Default)]
struct Held {
    patches: OnceCell<Patches>,
    texts: ReadTexts,
}

/// Files that are planned as one.
enum Set<'s> {
    /// Files of one format.
    Files(Vec<SetFile<'s>>),
    /// A systemd unit.
    Unit {
        index: usize,
        path: PathBuf,
        text: &'s str,
    },
}

impl Set<'_> {
    /// The first and the last of the given files in it.
    fn given(&self) -> Option<(usize, usize)> {
        match self {
            Self::Files(files) => {
                let given = files.iter().filter_map(|file| file.given);
                Some((given.clone().min()?, given.max()?))
            }
            Self::Unit { index, .. } => Some((*index, *index)),
        }
    }

    fn plan(self, run: &Run<'_>) -> PlannedSet {
        match self {
            Self::Files(set) => {
                let inline: Vec<Option<&InlineText>> = set.iter().map(|one| one.inline).collect();
                let (given, files): (Vec<Option<usize>>, Vec<File<'_>>) =
                    set.into_iter().map(|one| (one.given, one.file)).unzip();
                let mut planned = run.plan(&files);
                if inline.iter().any(Option::is_some) {
                    planned.containers.retain(|one| {
                        // The kustomization of the patch is not a file of the call.
                        inline[one.file].is_none() || given[one.file].is_some()
                    });
                    for container in &mut planned.containers {
                        in_kustomization(container, &inline);
                    }
                }
                let files = given.into_iter().zip(files).zip(inline);
                let files = files.map(|((given, file), inline)| PlannedFile {
                    given,
                    path: file.shown.unwrap_or(file.path),
                    is_inline: inline.is_some(),
                });
                PlannedSet {
                    files: files.collect(),
                    planned,
                }
            }
            Self::Unit { index, path, text } => {
                let planned = run.unit(&path, text);
                PlannedSet {
                    files: vec![PlannedFile {
                        given: Some(index),
                        path,
                        is_inline: false,
                    }],
                    planned,
                }
            }
        }
    }
}

/// The sets of some given files.
struct Sets<'s> {
    /// The indices of the files.
    given: Range<usize>,
    /// The outcome of each file before planning.
    outcomes: VecDeque<Option<FileOutcome>>,
    /// The parts of these files that cannot be read.
    unread: Vec<Unread>,
    list: Vec<Set<'s>>,
    /// The files can be reported in parts: no overlay concerns several of them.
    can_be_split: bool,
}

impl Sets<'_> {
    /// The same sets in parts of at least [`PART`] files, as far as the order of the files allows.
    fn batches(self) -> Vec<Self> {
        let mut outcomes = self.outcomes;
        let mut unread = VecDeque::from(self.unread);
        let sets = self.list.into_iter();
        let mut sets: Vec<_> = sets.filter_map(|set| Some((set.given()?, set))).collect();
        sets.sort_by_key(|((first, _), _)| *first);
        let mut sets = sets.into_iter().peekable();
        let mut batches = Vec::new();
        let mut start = self.given.start;
        while start < self.given.end {
            let mut end = self.given.end.min(start + PART);
            let mut own = Vec::new();
            while let Some(((_, last), set)) = sets.next_if(|((first, _), _)| *first < end) {
                end = end.max(last + 1);
                own.push(set);
            }
            // A copy, so a batch does not keep the capacity for all.
            let count = outcomes.len().min(end - start);
            let own_outcomes = outcomes.drain(..count).collect();
            let count = unread.iter().take_while(|one| one.file < end).count();
            let own_unread = unread.drain(..count).collect();
            batches.push(Self {
                given: start..end,
                outcomes: own_outcomes,
                unread: own_unread,
                list: own,
                can_be_split: self.can_be_split,
            });
            start = end;
        }
        batches
    }
}

/// What a file is, by its text.
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every file has a tree, so a box would only cost time"
)]
enum Content<'s> {
    /// It has no text.
    NoText,
    /// A systemd unit.
    Unit(&'s str),
    /// It has no tree.
    NoTree(FileOutcome),
    Yaml {
        tree: Tree<'s>,
        /// Its format, or why the file is not hardened.
        format: Result<Format, NotOurs>,
        /// The file affects pods in other files.
        concerns_others: bool,
        unread: Vec<UnreadPart>,
    },
}

impl<'s> Content<'s> {
    fn of(run: &Run<'_>, path: &Path, text: &'s Result<String, SyntaxError>) -> Self {
        let Ok(text) = text else {
            return Self::NoText;
        };
        if run.neighbours.is_none() && quadlet::is_unit(path, text) {
            return Self::Unit(text);
        }
        let recognised = if run.merges {
            // `docker compose -f` accepts every file, also an overlay from harden.
            parsed(text).map(|tree| Recognised {
                tree,
                format: Ok(Format::COMPOSE),
                unread: Vec::new(),
            })
        } else if run.neighbours.is_some() {
            recognise_objects(text, run.custom_resources)
        } else {
            recognise(text, run.custom_resources)
        };
        match recognised {
            Ok(Recognised {
                tree,
                format,
                unread,
            }) => Self::Yaml {
                concerns_others: matches!(format, Ok(Format::KUBERNETES) | Err(NotOurs::NoPods))
                    && kubernetes::concerns_others(&tree, run.custom_resources),
                tree,
                format,
                unread,
            },
            Err(Unrecognised::NotOurs(why)) => Self::NoTree(FileOutcome::NotOurs(why)),
            Err(Unrecognised::Syntax(error)) => Self::NoTree(FileOutcome::Failed(error.into())),
        }
    }
}

/// Decides which of the files are planned as one.
fn sets<'s>(run: &Run<'_>, texts: &'s [Text], held: &'s Held) -> Sets<'s> {
    let content = |(path, text): &'s Text| Content::of(run, path, text);
    let contents: Vec<Content<'s>> = if is_large(texts.len()) {
        texts.par_iter().map(content).collect()
    } else {
        texts.iter().map(content).collect()
    };
    let mut sorted = Sorted::new(run, texts, held);
    let mut outcomes = VecDeque::with_capacity(texts.len());
    for (index, ((path, _), content)) in texts.iter().zip(contents).enumerate() {
        outcomes.push_back(sorted.add(index, path, content));
    }
    // A merged project with an unreadable file is not planned, because that file may set anything.
    let is_complete = !run.merges || sorted.compose.len() == texts.len();
    let listed = held.patches.get();
    let can_be_split = listed.is_none_or(|patches| !patches.is_any_listed)
        && !outcomes
            .iter()
            .any(|one| matches!(one, Some(FileOutcome::NotOurs(NotOurs::Overlay))));
    let mut unread = std::mem::take(&mut sorted.unread);
    let (sets, lost) = sorted.sets(is_complete);
    unread.extend(lost);
    unread.sort_by_key(|one| (one.file, one.line));
    Sets {
        given: 0..texts.len(),
        outcomes,
        unread,
        list: sets,
        can_be_split,
    }
}

/// The files of a group by what they are, each with its index.
struct Sorted<'r, 's> {
    run: &'r Run<'r>,
    texts: &'s [Text],
    held: &'s Held,
    compose: Vec<(usize, File<'s>)>,
    /// They are a part of a Compose project if another file makes them one.
    fragments: Vec<(usize, File<'s>)>,
    kubernetes: Vec<(usize, File<'s>)>,
    /// They have no pods, and may affect pods in other files.
    without_pods: Vec<(usize, File<'s>)>,
    /// A Kubernetes file affects pods in other files.
    is_tied: bool,
    /// Files of other formats, and units.
    others: Vec<Set<'s>>,
    /// The parts of the files that cannot be read.
    unread: Vec<Unread>,
}

impl<'r, 's> Sorted<'r, 's> {
    fn new(run: &'r Run<'r>, texts: &'s [Text], held: &'s Held) -> Self {
        Self {
            run,
            texts,
            held,
            compose: Vec::new(),
            fragments: Vec::new(),
            kubernetes: Vec::new(),
            without_pods: Vec::new(),
            is_tied: false,
            others: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// Adds a file. The outcome is the one that it has unless it is planned.
    fn add(&mut self, index: usize, path: &Path, content: Content<'s>) -> Option<FileOutcome> {
        let (tree, format, concerns_others, unread) = match content {
            Content::NoText => return None,
            Content::Unit(text) => {
                let drop_ins = self.run.surroundings.drop_ins(path).into_iter();
                self.unread.extend(drop_ins.map(|drop_in| Unread {
                    file: index,
                    line: 1,
                    state: State::Unread,
                    is_template: false,
                    reason: Reason::new(&DROP_IN).path(drop_in.display().to_string()),
                }));
                let path = path.to_owned();
                self.others.push(Set::Unit { index, path, text });
                return None;
            }
            Content::NoTree(FileOutcome::NotOurs(NotOurs::Braces))
                if self.is_template(index, path) =>
            {
                return Some(FileOutcome::NotOurs(NotOurs::Template));
            }
            Content::NoTree(outcome) => return Some(outcome),
            Content::Yaml {
                tree,
                format,
                concerns_others,
                unread,
            } => (tree, format, concerns_others, unread),
        };
        let mut unread = unread;
        charts::mark(&mut unread, path, self.run.surroundings);
        if dialect::is_kustomization(path) && self.run.neighbours.is_none() {
            let text = self.texts[index].1.as_deref().unwrap_or_default();
            unread.extend(kubernetes::unevaluated(
                path,
                text,
                self.run.surroundings,
                true,
            ));
        }
        let unread = unread.into_iter().map(|part| Unread {
            file: index,
            line: part.line,
            state: part.state,
            is_template: part.is_template,
            reason: part.reason,
        });
        self.unread.extend(unread);
        self.is_tied |= concerns_others;
        let file = |format| File::new(path.to_owned(), tree, format);
        let why = match format {
            Ok(Format::COMPOSE) => {
                self.compose.push((index, file(Format::COMPOSE)));
                return None;
            }
            Ok(Format::KUBERNETES) => {
                let Some(targets) = self.targets(path) else {
                    self.kubernetes.push((index, file(Format::KUBERNETES)));
                    return None;
                };
                // Where a patch replaces lists, the overlay restates whole containers.
                if self.texts[index].1.as_deref().is_ok_and(is_overlay) {
                    self.add_overlay(index, file);
                    return Some(FileOutcome::NotOurs(NotOurs::Overlay));
                }
                self.add_patch(index, file(Format::KUBERNETES), targets);
                return Some(FileOutcome::NotOurs(NotOurs::Patch));
            }
            Ok(format) => {
                let file = SetFile::given(index, file(format));
                self.others.push(Set::Files(vec![file]));
                return None;
            }
            Err(why) => why,
        };
        match why {
            NotOurs::Fragment => self.fragments.push((index, file(Format::COMPOSE))),
            // An override may have nothing but volumes, or configs with their content.
            NotOurs::OtherYaml if dialect::is_override(path) => {
                self.fragments.push((index, file(Format::COMPOSE)));
            }
            // An autoscaler or a role in a file of its own affects the pods.
            NotOurs::NoPods => self.without_pods.push((index, file(Format::KUBERNETES))),
            NotOurs::Overlay => self.add_overlay(index, file),
            NotOurs::Braces if self.is_template(index, path) => {
                return Some(FileOutcome::NotOurs(NotOurs::Template));
            }
            NotOurs::Patch => {
                let targets = self.targets(path).unwrap_or_default();
                self.add_patch(index, file(Format::KUBERNETES), targets);
            }
            _ => {}
        }
        Some(FileOutcome::NotOurs(why))
    }

    fn is_template(&self, index: usize, path: &Path) -> bool {
        let text = self.texts[index].1.as_deref().unwrap_or_default();
        charts::is_template(path, text, self.run.surroundings)
    }

    /// An overlay of harden is read alone and never written: its lines are harden's, unless somebody
    /// added a weak one.
    fn add_overlay(&mut self, index: usize, file: impl FnOnce(Format) -> File<'s>) {
        let file = file(Format::KUBERNETES);
        let is_compose = dialect::recognise(&file.tree, &[]) == Err(NotOurs::Fragment);
        let part = project::Part {
            is_given: false,
            merged: is_compose.then_some(0),
        };
        let format = if is_compose {
            Format::COMPOSE
        } else {
            Format::KUBERNETES
        };
        let file = File {
            format,
            part,
            ..file
        };
        let file = SetFile::given(index, file);
        self.others.push(Set::Files(vec![file]));
    }

    fn add_patch(&mut self, index: usize, file: File<'s>, targets: &[Target]) {
        self.without_pods.push((index, patch(file, targets)));
        self.is_tied = true;
    }

    fn targets(&self, path: &Path) -> Option<&'s [Target]> {
        self.patches().targets(&self.run.surroundings.place(path))
    }

    fn patches(&self) -> &'s Patches {
        self.held.patches.get_or_init(|| {
            let files = self.texts.iter();
            let files = files.map(|(path, text)| (path.as_path(), text.as_deref().ok()));
            Patches::of(files, self.run.surroundings)
        })
    }

    /// The sets; none of Compose files where those are not `complete`.
    fn sets(self, is_complete: bool) -> (Vec<Set<'s>>, Vec<Unread>) {
        let mut sets = Vec::new();
        let mut lost = Vec::new();
        let has_kustomization = || {
            let mut files = self.texts.iter();
            files.any(|(path, _)| dialect::is_kustomization(path))
        };
        let inline = if self.kubernetes.is_empty() && !has_kustomization() {
            &[]
        } else {
            self.patches().inline.as_slice()
        };
        if is_complete {
            let given = Given {
                surroundings: self.run.surroundings,
                variables: &self.run.variables,
                merges: self.run.merges,
            };
            let (compose, missing) =
                compose::sets(given, self.compose, self.fragments, &self.held.texts);
            lost.extend(missing.into_iter().map(|one| Unread {
                file: one.given,
                line: one.line,
                state: State::Unread,
                is_template: false,
                reason: Reason::new(&LOST).path(one.path.display().to_string()),
            }));
            sets.extend(compose.into_iter().map(Set::Files));
        }
        // A patch alone can have findings.
        let has_patches = || {
            let mut files = self.without_pods.iter();
            files.any(|(_, file)| file.part == project::Part::PATCH)
        };
        if !self.kubernetes.is_empty() || has_patches() || !inline.is_empty() {
            let files = self.kubernetes.into_iter().chain(self.without_pods);
            let files = files.map(|(index, file)| SetFile::given(index, file));
            let places: HashMap<PathBuf, usize> = if inline.is_empty() {
                HashMap::new()
            } else {
                let place = |(path, _): &Text| self.run.surroundings.place(path);
                self.texts.iter().map(place).zip(0..).collect()
            };
            let inline = inline.iter().filter_map(|own| {
                let given = places.get(&self.run.surroundings.place(&own.path));
                inline_patch(own, given.copied())
            });
            let inline: Vec<SetFile<'s>> = inline.collect();
            if self.is_tied || !inline.is_empty() || !is_large(self.texts.len()) {
                sets.push(Set::Files(files.chain(inline).collect()));
            } else {
                let mut files: Vec<SetFile<'s>> = files.collect();
                files.sort_by_key(|file| file.given);
                let mut files = files.into_iter().peekable();
                while files.peek().is_some() {
                    sets.push(Set::Files(files.by_ref().take(PART).collect()));
                }
            }
        }
        sets.extend(self.others);
        (sets, lost)
    }
}

/// A patch that is written in a kustomization, if it can be read. `given` is the index of the
/// kustomization if it was given.
fn inline_patch(own: &InlinePatch, given: Option<usize>) -> Option<SetFile<'_>> {
    let tree = parsed(&own.content.text).ok()?;
    let file = File::new(own.path.clone(), tree, Format::KUBERNETES);
    let mut file = SetFile::read(patch(file, own.target.as_slice()));
    file.given = given;
    file.inline = Some(&own.content);
    Some(file)
}

fn patch<'s>(file: File<'s>, targets: &[Target]) -> File<'s> {
    File {
        part: project::Part::PATCH,
        targets: targets.to_vec(),
        ..file
    }
}

/// The results for the files of one set.
struct PlannedSet {
    files: Vec<PlannedFile>,
    planned: Planned,
}

/// A file of a set.
struct PlannedFile {
    /// Its index if it was given.
    given: Option<usize>,
    path: PathBuf,
    /// It is a patch in a file that has an outcome of its own.
    is_inline: bool,
}

/// Moves the places in an inline patch to its kustomization. The bytes of a place are those of the
/// whole patch, because the text of a scalar is not written as such.
fn in_kustomization(container: &mut ContainerReport, inline: &[Option<&InlineText>]) {
    let line = |file: usize, line| match inline.get(file) {
        Some(Some(text)) => (file, text.line(line)),
        _ => (file, line),
    };
    container.relocate(
        |place| match inline.get(place.file) {
            Some(Some(text)) => Location {
                line: text.line(place.line),
                column: 1,
                span: text.span,
                ..place
            },
            _ => place,
        },
        line,
        |fix| fix,
    );
}

/// The results for given files and for those that were read with them.
#[derive(Default)]
struct Results {
    /// The index of the first given file.
    first: usize,
    /// Of the given files.
    outcomes: Vec<Option<FileOutcome>>,
    containers: Vec<ContainerReport>,
    /// Exceptions without effect in the given files.
    stale: Vec<StaleException>,
    /// The names of containers that are not selected.
    unselected: Vec<(String, String)>,
    /// The parts of files that were left alone although a consumer could take them.
    unread: Vec<Unread>,
    /// Files that were not given. They come after the others in the report.
    read: Vec<FileReport>,
}

impl Results {
    fn add(&mut self, set: PlannedSet) {
        let PlannedSet { files, planned } = set;
        let mut indices = Vec::with_capacity(files.len());
        // A part of a Compose project stays one, if its project has no other file.
        let is_one = files.len() == 1;
        for (file, outcome) in files.into_iter().zip(planned.outcomes) {
            let PlannedFile {
                given,
                path,
                is_inline,
            } = file;
            let index = given.and_then(|index| index.checked_sub(self.first));
            if let Some(index) = index
                && let Some(known) = self.outcomes.get_mut(index)
                && !is_inline
                && !matches!(
                    (&known, &outcome, is_one),
                    (
                        Some(FileOutcome::NotOurs(
                            NotOurs::NoPods | NotOurs::Patch | NotOurs::Overlay
                        )),
                        _,
                        _
                    ) | (
                        Some(FileOutcome::NotOurs(NotOurs::Fragment | NotOurs::OtherYaml)),
                        FileOutcome::Unchanged,
                        true
                    )
                )
            {
                *known = Some(outcome);
            }
            indices.push(index.unwrap_or_else(|| {
                self.read.push(FileReport {
                    path,
                    source: String::new(),
                    outcome: FileOutcome::Read,
                });
                self.outcomes.len() + self.read.len() - 1
            }));
        }
        for container in planned.containers {
            self.containers
                .push(container.in_files(|file| indices[file]));
        }
        let given = self.outcomes.len();
        let stale = planned
            .stale
            .into_iter()
            .map(|one| one.in_files(&indices))
            .filter(|one| !matches!(one.at, Position::File(file, _) if file >= given));
        self.stale.extend(stale);
        self.unselected.extend(planned.unselected);
    }

    /// The report, with the texts of the given files.
    fn report(mut self, texts: Vec<Text>) -> Report {
        self.containers
            .sort_by_key(|container| (container.file, container.line()));
        let files = texts.into_iter().zip(self.outcomes);
        let files = files.map(|((path, text), outcome)| match text {
            Ok(source) => FileReport {
                path,
                source,
                outcome: outcome.unwrap_or(FileOutcome::Unchanged),
            },
            Err(error) => FileReport {
                path,
                source: String::new(),
                outcome: FileOutcome::Failed(error.into()),
            },
        });
        Report {
            files: files.chain(self.read).collect(),
            containers: self.containers,
            stale: self.stale,
            unselected: self.unselected,
            unread: self.unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use crate::container::Policy;
    use crate::image::Knowledge;
    use crate::transforms;

    const COMPOSE: &str = "services:\n  a:\n    image: nginx\n";
    const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers: [{name: web, image: nginx}]
";
    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n";
    const PATCH: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web}]}}}
";

    fn sources(files: &[(&str, &str)]) -> Vec<Source> {
        let files = files.iter();
        files
            .map(|(path, text)| Source {
                path: path.into(),
                bytes: text.as_bytes().to_vec(),
            })
            .collect()
    }

    /// The indices of the given files in each set.
    fn sets_of(files: &[(&str, &str)]) -> Vec<Vec<usize>> {
        let knowledge = Knowledge::embedded();
        let run = Run::new(Vec::new(), Policy::default(), &knowledge);
        let texts = texts(sources(files));
        let held = Held::default();
        let sets = sets(&run, &texts, &held).list;
        sets.iter()
            .map(|set| match set {
                Set::Files(files) => files.iter().filter_map(|file| file.given).collect(),
                Set::Unit { index, .. } => vec![*index],
            })
            .collect()
    }

    #[test]
    fn compose_files_are_a_set_with_their_overrides_and_references() {
        let extending = "services:\n  b:\n    extends: {file: a.yml, service: a}\n";
        assert_eq!(
            sets_of(&[
                ("a.yml", COMPOSE),
                ("b.yml", extending),
                ("c.yml", COMPOSE),
                ("compose.override.yml", COMPOSE),
                ("compose.yml", COMPOSE),
                ("web.container", "[Container]\nImage=nginx\n"),
            ]),
            [vec![0, 1], vec![2], vec![4, 3], vec![5]]
        );
    }

    #[test]
    fn kubernetes_files_are_one_set_where_one_concerns_the_pods_of_others() {
        let names: Vec<String> = (0..70).map(|file| format!("{file:02}.yml")).collect();
        let files = |last| {
            let texts = [DEPLOYMENT, SERVICE].into_iter().cycle().take(69);
            let names = names.iter().map(String::as_str);
            let files: Vec<(&str, &str)> = names.zip(texts.chain([last])).collect();
            files
        };
        let sizes = |sets: Vec<Vec<usize>>| sets.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(sets_of(&files(DEPLOYMENT))), [16, 16, 16, 16, 6]);
        assert_eq!(sizes(sets_of(&files(DEPLOYMENT)[..64])), [64]);
        for concerning in [
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n\
             spec: {scaleTargetRef: {kind: Deployment, name: web}}\n",
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\n\
             subjects: [{kind: ServiceAccount, name: a, namespace: b}]\n",
            "apiVersion: v1\nkind: LimitRange\nmetadata: {name: a}\n\
             spec: {limits: [{type: Container}]}\n",
            PATCH,
        ] {
            assert_eq!(sizes(sets_of(&files(concerning))), [70], "{concerning}");
        }
    }

    #[test]
    fn the_parts_of_a_large_group_are_its_report() {
        let knowledge = Knowledge::embedded();
        let run = Run::new(transforms::ALL.to_vec(), Policy::default(), &knowledge);
        let texts = [
            COMPOSE,
            DEPLOYMENT,
            "a: [",
            SERVICE,
            "other: 1\n",
            DEPLOYMENT,
        ];
        let mut files: Vec<(String, &str)> = (0..90)
            .map(|file| (format!("f{file:02}.yml"), texts[file % texts.len()]))
            .collect();
        // A set whose files are not next to each other.
        files.push(("g.yml".to_owned(), "include: [f00.yml]\n"));
        files.push(("h.yml".to_owned(), COMPOSE));
        files.extend((0..20).map(|file| (format!("i{file:02}.yml"), COMPOSE)));
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        let parts: Mutex<BTreeMap<usize, Part>> = Mutex::default();
        run.parts(sources(&files), false, &|number, part| {
            parts.lock().unwrap().insert(number, part);
        });
        let parts = parts.into_inner().unwrap();
        assert_eq!(parts.keys().copied().collect::<Vec<_>>(), [0, 1, 2]);
        let mut first = 0;
        let mut parted = Vec::new();
        for Part { report, is_group } in parts.into_values() {
            assert!(!is_group);
            parted.extend(lines(&report, first));
            first += report.files.len();
        }
        assert_eq!(parted, lines(&run.project(sources(&files)), 0));
        run.parts(sources(&files), true, &|number, part| {
            assert_eq!((number, part.is_group), (0, true));
        });
    }

    /// The outcome of each file, and its containers.
    fn lines(report: &Report, first: usize) -> Vec<String> {
        let files = report.files.iter().enumerate();
        files
            .map(|(index, file)| {
                let own = report.containers.iter().filter(|one| one.file == index);
                let own = own.map(|one| (&one.workload, one.line(), one.rows.len()));
                let own: Vec<_> = own.collect();
                let FileReport {
                    path,
                    source,
                    outcome,
                } = file;
                let index = first + index;
                format!(
                    "{index} {} {} {outcome:?} {own:?}",
                    path.display(),
                    source.len()
                )
            })
            .collect()
    }
}
