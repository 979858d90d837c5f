//! Compose files: which of them Compose merges, which other files they reference, and which
//! therefore have to be planned together.
//!
//! The names that Compose looks for, and what `extends` and `include` mean, are in the dialect.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dialect;
use crate::dialect::kubernetes::kustomization::InlineText;
use crate::paths::normalized;
use crate::project::{Context, File, Format, Part, Surroundings, Variable, connected};
use crate::syntax::{self, Limits, Mode, Tree};

/// What a run knows besides the given files.
#[derive(Clone, Copy)]
pub(super) struct Given<'g> {
    /// Reads the files that the given ones reference.
    pub(super) surroundings: &'g dyn Surroundings,
    /// Files with values of variables and their texts, used instead of `.env`.
    pub(super) variables: &'g [(PathBuf, String)],
    /// The given files are one project, merged in their order (`-f a -f b`).
    pub(super) merges: bool,
}

/// A file of a set.
pub(super) struct SetFile<'s> {
    /// Index among the given files; `None` for a file that is only read.
    pub(super) given: Option<usize>,
    pub(super) file: File<'s>,
    /// It comes first in its project, although it was found last.
    is_base: bool,
    /// For a patch that is written in a kustomization: its place there.
    pub(super) inline: Option<&'s InlineText>,
}

impl<'s> SetFile<'s> {
    /// A given file.
    pub(super) fn given(index: usize, file: File<'s>) -> Self {
        Self {
            given: Some(index),
            file,
            is_base: false,
            inline: None,
        }
    }

    /// A file that others reference, and that was not given.
    pub(super) fn read(file: File<'s>) -> Self {
        Self {
            given: None,
            file,
            is_base: false,
            inline: None,
        }
    }
}

/// A reference of a given file to a file that is not read.
pub(super) struct Lost {
    /// Index of the given file.
    pub(super) given: usize,
    pub(super) line: u32,
    /// The path as written.
    pub(super) path: PathBuf,
}

/// The base or the override of a given file. It was not given itself.
#[derive(Debug)]
struct Companion {
    of: usize,
    path: PathBuf,
    text: String,
    is_base: bool,
}

/// The files of a group while it is decided which of them are planned together.
struct Projects<'s> {
    files: Vec<SetFile<'s>>,
    /// The indices of the files by their paths.
    places: HashMap<PathBuf, usize>,
    /// Pairs of files that are planned together.
    ties: Vec<(usize, usize)>,
    /// Files of which a tie is the second part: others reference them.
    referenced: HashSet<usize>,
    /// Files of projects whose references have not been followed yet.
    open: Vec<usize>,
    /// Files whose references have been followed.
    followed: HashSet<usize>,
    unread: HashSet<PathBuf>,
    /// References to them from given files.
    lost: Vec<Lost>,
    /// For each file the one that includes it first; for others and for the first file of a circle
    /// of includes, the file itself.
    includers: Vec<usize>,
    /// The number of files that are merged under each number.
    mates: HashMap<usize, usize>,
}

/// The sets of files that are planned together. `texts` keeps the texts that are read for them.
///
/// `fragments` are given files that are a part of a project only if another file makes them one.
pub(super) fn sets<'s>(
    given: Given<'_>,
    files: Vec<(usize, File<'s>)>,
    fragments: Vec<(usize, File<'s>)>,
    texts: &'s ReadTexts,
) -> (Vec<Vec<SetFile<'s>>>, Vec<Lost>) {
    let mut projects = if given.merges {
        Projects::merged(files)
    } else {
        let projects = Projects::apart(files, fragments);
        texts.companions.get_or_init(|| projects.companions(given));
        projects
    };
    for Companion {
        of,
        path,
        text,
        is_base,
    } in texts.companions.get().into_iter().flatten()
    {
        if let Some(tree) = parse(text) {
            let file = &mut projects.files[*of].file;
            let merged = *file.part.merged.get_or_insert(*of);
            let context = Arc::clone(&file.context);
            let at = projects.read(path.clone(), tree, Some(merged), context);
            projects.files[at].is_base = *is_base;
            projects.tie(*of, at);
        }
    }
    projects.set_contexts(given, &|_| true);
    projects.follow_references(given, &texts.referenced);
    projects.adopt_fragments(given);
    projects.follow_variables(given);
    let lost = std::mem::take(&mut projects.lost);
    (projects.sets(), lost)
}

/// The texts of files that were not given. The trees of a group borrow them.
#[derive(Debug, Default)]
pub(super) struct ReadTexts {
    companions: OnceCell<Vec<Companion>>,
    referenced: OnceCell<Box<Round>>,
}

/// The files that those of the round before reference.
#[derive(Debug)]
struct Round {
    files: Vec<Referenced>,
    next: OnceCell<Box<Round>>,
}

/// A chain of files has as many rounds, which would be too deep for the stack.
impl Drop for Round {
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut round) = next {
            next = round.next.take();
        }
    }
}

/// A referenced file that was not given, and its text.
#[derive(Debug)]
struct Referenced {
    from: usize,
    line: u32,
    path: PathBuf,
    shown: Option<PathBuf>,
    context: Arc<Context>,
    /// `None` if another reference of the round has the text.
    text: Option<String>,
}

impl<'s> Projects<'s> {
    fn new(files: Vec<(usize, File<'s>)>) -> Self {
        let places = files.iter().enumerate();
        Self {
            places: places
                .map(|(at, (_, file))| (normalized(&file.path), at))
                .collect(),
            files: files
                .into_iter()
                .map(|(index, file)| SetFile::given(index, file))
                .collect(),
            ties: Vec::new(),
            referenced: HashSet::new(),
            open: Vec::new(),
            followed: HashSet::new(),
            unread: HashSet::new(),
            lost: Vec::new(),
            includers: Vec::new(),
            mates: HashMap::new(),
        }
    }

    /// All files are one project, merged in their order.
    fn merged(files: Vec<(usize, File<'s>)>) -> Self {
        let mut projects = Self::new(files);
        let directory = projects.files.first().map(|one| &one.file.context);
        let context = directory.map(Arc::clone).unwrap_or_default();
        for one in &mut projects.files {
            one.file.part.merged = Some(0);
            one.file.context = Arc::clone(&context);
        }
        for at in 1..projects.files.len() {
            projects.tie(0, at);
        }
        projects
    }

    /// Each file is a project of its own, with the override that Compose finds in its directory.
    fn apart(files: Vec<(usize, File<'s>)>, fragments: Vec<(usize, File<'s>)>) -> Self {
        let (overrides, bases): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(_, file)| dialect::is_override(&file.path));
        let complete = bases.len() + overrides.len();
        let mut projects = Self::new(
            bases
                .into_iter()
                .chain(overrides)
                .chain(fragments)
                .collect(),
        );
        for (at, one) in projects.files.iter_mut().enumerate() {
            one.file.part.merged = (at < complete).then_some(at);
        }
        if projects.files.len() < 2 {
            return projects;
        }
        for base in 0..projects.files.len() {
            let over = dialect::overrides(&projects.files[base].file.path)
                .into_iter()
                .find_map(|path| projects.places.get(&normalized(&path)).copied());
            if let Some(over) = over
                && projects.files[base].file.part.merged.is_some()
                && projects.is_first_choice(base)
            {
                projects.files[over].file.part.merged = projects.files[base].file.part.merged;
                projects.tie(base, over);
            }
        }
        projects
    }

    /// Of the names that Compose looks for, it takes the first (compose-go `cli/options.go`).
    fn is_first_choice(&self, base: usize) -> bool {
        let rivals = dialect::preferred_to(&self.files[base].file.path);
        !rivals
            .iter()
            .any(|rival| self.places.contains_key(&normalized(rival)))
    }

    /// The overrides of given bases, and the bases of given overrides, that were not given too.
    fn companions(&self, given: Given<'_>) -> Vec<Companion> {
        let mut found = Vec::new();
        let tied = self.ties.iter().flat_map(|(base, over)| [*base, *over]);
        let tied: HashSet<usize> = tied.collect();
        let read = |of: usize, paths: Vec<PathBuf>| {
            let from = &self.files[of].file.path;
            let text = |path: PathBuf| Some((given.surroundings.read(from, &path).ok()?, path));
            paths.into_iter().find_map(text)
        };
        for (of, one) in self.files.iter().enumerate() {
            let path = &one.file.path;
            if tied.contains(&of) {
                continue;
            }
            let is_base = dialect::is_override(path);
            let companion = if is_base {
                read(of, dialect::bases(path))
            } else if one.file.part.merged.is_some() && self.is_first_choice(of) {
                read(of, dialect::overrides(path))
                    .filter(|_| read(of, dialect::preferred_to(path)).is_none())
            } else {
                None
            };
            found.extend(companion.map(|(text, path)| Companion {
                of,
                path,
                text,
                is_base,
            }));
        }
        found
    }

    /// Adds a file that was not given.
    fn read(
        &mut self,
        path: PathBuf,
        tree: Tree<'s>,
        merged: Option<usize>,
        context: Arc<Context>,
    ) -> usize {
        let at = self.files.len();
        self.places.insert(normalized(&path), at);
        self.files.push(SetFile {
            given: None,
            is_base: false,
            inline: None,
            file: File {
                part: Part {
                    is_given: false,
                    merged,
                },
                context,
                ..File::new(path, tree, Format::COMPOSE)
            },
        });
        at
    }

    /// Makes a project of each fragment that no other file makes a part of one. What is weak in it
    /// is weak whatever the rest is.
    fn adopt_fragments(&mut self, given: Given<'_>) {
        let fragments: HashSet<usize> = (0..self.files.len())
            .filter(|at| self.files[*at].given.is_some() && !self.is_part(*at))
            .collect();
        for at in &fragments {
            self.files[*at].file.part.merged = Some(*at);
        }
        self.set_contexts(given, &|number| fragments.contains(&number));
    }

    /// Sets the values of variables in each of these projects whose files have any.
    fn set_contexts(&mut self, given: Given<'_>, is_meant: &dyn Fn(usize) -> bool) {
        let mut first_files: HashMap<usize, &File<'_>> = HashMap::new();
        for one in &self.files {
            if let Some(number) = one.file.part.merged {
                first_files.entry(number).or_insert(&one.file);
            }
        }
        let mut contexts: BTreeMap<usize, Arc<Context>> = BTreeMap::new();
        for one in &self.files {
            let file = &one.file;
            let Some(number) = file.part.merged.filter(|number| is_meant(*number)) else {
                continue;
            };
            let has_variables = memchr::memchr(b'$', file.tree.source().as_bytes()).is_some();
            if has_variables && !contexts.contains_key(&number) {
                let first = first_files.get(&number).copied().unwrap_or(file);
                let directory = first.context.directory.clone();
                let none = Arc::default();
                let context = if given.variables.is_empty() {
                    dialect::context(&first.path, directory, given.surroundings)
                } else {
                    Context {
                        directory,
                        variables: dialect::variables(given.variables.iter().cloned(), &none),
                    }
                };
                contexts.insert(number, Arc::new(context));
            }
        }
        for one in &mut self.files {
            let number = one.file.part.merged;
            if let Some(context) = number.and_then(|number| contexts.get(&number)) {
                one.file.context = Arc::clone(context);
            }
        }
    }

    /// Reads the referenced files, round by round.
    fn follow_references(&mut self, given: Given<'_>, mut rounds: &'s OnceCell<Box<Round>>) {
        self.open = (0..self.files.len())
            .filter(|at| self.is_part(*at))
            .collect();
        loop {
            let files = self.references(given);
            if files.is_empty() {
                return;
            }
            let next = OnceCell::new();
            let round = rounds.get_or_init(|| Box::new(Round { files, next }));
            for Referenced {
                from,
                line,
                path,
                shown,
                context,
                text,
            } in &round.files
            {
                let known = self.places.get(path).copied();
                let found = known.or_else(|| {
                    let tree = parse(text.as_deref()?)?;
                    let at = self.read(path.clone(), tree, None, Arc::clone(context));
                    self.files[at].file.shown.clone_from(shown);
                    Some(at)
                });
                if let Some(at) = found {
                    self.tie(*from, at);
                } else {
                    self.unread.insert(path.clone());
                    self.lose(*from, *line, shown.as_ref().unwrap_or(path));
                }
            }
            rounds = &round.next;
        }
    }

    /// The files that those of projects reference, and that have not been read yet.
    fn references(&mut self, given: Given<'_>) -> Vec<Referenced> {
        let mut referenced = Vec::new();
        let mut known: HashMap<PathBuf, usize> = HashMap::new();
        while let Some(from) = self.open.pop() {
            if !self.followed.insert(from) {
                continue;
            }
            for reference in dialect::references(&self.files[from].file, given.surroundings) {
                if let Some(at) = self.places.get(&reference.path).copied() {
                    self.include(from, at, &reference);
                    self.tie(from, at);
                } else if !self.unread.contains(&reference.path) {
                    // Many services can extend services of one file, which is read once.
                    let last = known.insert(reference.path.clone(), from);
                    if last == Some(from) {
                        continue;
                    }
                    let path = &self.files[from].file.path;
                    let text = match last {
                        Some(_) => None,
                        None => {
                            if let Ok(text) = given.surroundings.read(path, &reference.path) {
                                Some(text)
                            } else {
                                let shown = reference.shown.as_ref();
                                self.lose(from, reference.line, shown.unwrap_or(&reference.path));
                                self.unread.insert(reference.path);
                                continue;
                            }
                        }
                    };
                    referenced.push(Referenced {
                        from,
                        line: reference.line,
                        path: reference.path,
                        shown: reference.shown,
                        context: reference.context,
                        text,
                    });
                } else {
                    let shown = reference.shown.as_ref();
                    self.lose(from, reference.line, shown.unwrap_or(&reference.path));
                }
            }
        }
        referenced
    }

    /// Notes a reference to a file that is not read. A reference from a file that was not given is
    /// reported with the first given file.
    fn lose(&mut self, from: usize, line: u32, path: &Path) {
        let own = self.files[from].given;
        let given = own.or_else(|| self.files.iter().find_map(|one| one.given));
        self.lost.extend(given.map(|given| Lost {
            given,
            line: if own.is_some() { line } else { 1 },
            path: path.to_owned(),
        }));
    }

    /// Notes the files of the variable `COMPOSE_FILE` in `.env` that are not planned.
    fn follow_variables(&mut self, given: Given<'_>) {
        if given.merges || !given.variables.is_empty() {
            return;
        }
        let mut known = HashSet::new();
        for at in 0..self.files.len() {
            let file = &self.files[at].file;
            let directory = file.path.parent().unwrap_or(Path::new("")).to_owned();
            if self.files[at].given.is_none() || !known.insert(directory.clone()) {
                continue;
            }
            let text = given.surroundings.read(&file.path, &directory.join(".env"));
            if !text.is_ok_and(|text| text.contains("COMPOSE_FILE")) {
                continue;
            }
            let context = dialect::context(&file.path, directory.clone(), given.surroundings);
            let Variable::Set(list) = context.variables.get("COMPOSE_FILE") else {
                continue;
            };
            let separator = match context.variables.get("COMPOSE_PATH_SEPARATOR") {
                Variable::Set(separator) if !separator.is_empty() => separator,
                _ => ":",
            };
            for path in list.split(separator).filter(|path| !path.is_empty()) {
                let path = normalized(&directory.join(path));
                if !self.places.contains_key(&path) {
                    self.lose(at, 1, &path);
                }
            }
        }
    }

    fn is_part(&self, at: usize) -> bool {
        self.files[at].file.part.merged.is_some() || self.referenced.contains(&at)
    }

    fn tie(&mut self, from: usize, to: usize) {
        self.ties.push((from, to));
        if self.referenced.insert(to) {
            self.open.push(to);
        }
    }

    /// A file that another one includes is not a project of its own. A file that is only extended
    /// stays one.
    fn include(&mut self, from: usize, at: usize, reference: &dialect::Reference) {
        self.includers
            .extend(self.includers.len()..self.files.len());
        let is_included = |includers: &[usize]| includers[at] != at;
        // In a circle of includes, which Compose refuses, the first file stays a project.
        if reference.is_included && !is_included(&self.includers) {
            self.includers[at] = self.outermost(from);
        }
        let number = self.files[at].file.part.merged;
        let is_alone = number.is_some_and(|number| self.mates_of(number) == 1);
        if number.is_none() || is_alone && is_included(&self.includers) {
            let file = &mut self.files[at].file;
            file.part.merged = None;
            file.context = Arc::clone(&reference.context);
        }
    }

    /// The outermost of the files that include this one.
    fn outermost(&mut self, mut at: usize) -> usize {
        while self.includers[at] != at {
            // Path halving keeps long chains short.
            self.includers[at] = self.includers[self.includers[at]];
            at = self.includers[at];
        }
        at
    }

    /// How many files are merged under this number.
    fn mates_of(&mut self, number: usize) -> usize {
        if self.mates.is_empty() {
            for number in self.files.iter().filter_map(|one| one.file.part.merged) {
                *self.mates.entry(number).or_default() += 1;
            }
        }
        self.mates.get(&number).copied().unwrap_or_default()
    }

    /// The files of projects, one set for those that are tied.
    fn sets(self) -> Vec<Vec<SetFile<'s>>> {
        let parts: Vec<bool> = (0..self.files.len()).map(|at| self.is_part(at)).collect();
        let first_of = connected(self.files.len(), self.ties.iter().copied());
        let mut sets: BTreeMap<usize, Vec<SetFile<'s>>> = BTreeMap::new();
        for (at, one) in self.files.into_iter().enumerate() {
            if parts[at] {
                sets.entry(first_of[at]).or_default().push(one);
            }
        }
        let mut sets: Vec<Vec<SetFile<'s>>> = sets.into_values().collect();
        for set in &mut sets {
            set.sort_by_key(|one| !one.is_base);
        }
        sets
    }
}

fn parse(text: &str) -> Option<Tree<'_>> {
    syntax::parse(text, Mode::GoYaml, &Limits::default()).ok()
}
