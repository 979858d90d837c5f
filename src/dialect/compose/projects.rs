//! Compose files as their consumer takes them: which are merged, what they speak of, and which
//! have to be planned together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use memchr::memmem;

use crate::dialect;
use crate::dialect::kubernetes::kustomization::Kustomization;
use crate::paths::normalized;
use crate::project::{Context, File, Format, Part, Source, Surroundings, firsts};
use crate::syntax::{self, Limits, Mode, Tree};

/// What a call gives beside the files.
#[derive(Clone, Copy)]
pub(crate) struct Given<'g> {
    /// The files that those given speak of.
    pub(crate) surroundings: &'g dyn Surroundings,
    /// The texts of files that give variables their values, instead of `.env`.
    pub(crate) variables: &'g [String],
    /// The files given are one project, merged in their order (`-f a -f b`).
    pub(crate) merges: bool,
}

/// A file, and where it stands in the report.
pub(crate) struct Placed<'s> {
    /// Index among the given files; `None` for one that is only read.
    pub(crate) at: Option<usize>,
    pub(crate) file: File<'s>,
    /// Its project has it first, although it was met last.
    is_base: bool,
}

impl<'s> Placed<'s> {
    /// A given file.
    pub(crate) fn given(at: usize, file: File<'s>) -> Self {
        Self {
            at: Some(at),
            file,
            is_base: false,
        }
    }

    /// A file that is there because others speak of it.
    pub(crate) fn read(file: File<'s>) -> Self {
        Self {
            at: None,
            file,
            is_base: false,
        }
    }
}

/// The base or the override of a given file, which was not given itself.
struct Beside {
    of: usize,
    path: PathBuf,
    text: String,
    is_base: bool,
}

/// The files of a call on their way to the projects that they make.
pub(crate) struct Pool<'s> {
    files: Vec<Placed<'s>>,
    /// By their settled paths.
    places: HashMap<PathBuf, usize>,
    /// Files that are planned together, two by two.
    ties: Vec<(usize, usize)>,
    /// Files whose own words have been followed.
    followed: HashSet<usize>,
    unread: HashSet<PathBuf>,
    /// The file that includes another one.
    includers: HashMap<usize, usize>,
}

/// Hands `plan` each set of files that have to be planned together.
///
/// `fragments` are given files that are a part of a project only if another file makes them one.
pub(crate) fn compose(
    given: Given<'_>,
    files: Vec<(usize, File<'_>)>,
    fragments: Vec<(usize, File<'_>)>,
    plan: &mut dyn FnMut(Vec<Placed<'_>>),
) {
    let pool = if given.merges {
        Pool::merged(files)
    } else {
        Pool::apart(files, fragments)
    };
    let found = if given.merges {
        Vec::new()
    } else {
        pool.standing_beside(given)
    };
    let mut pool: Pool<'_> = pool;
    for Beside {
        of,
        path,
        text,
        is_base,
    } in &found
    {
        if let Some(tree) = parse(text) {
            let file = &mut pool.files[*of].file;
            let merged = *file.part.merged.get_or_insert(*of);
            let context = Arc::clone(&file.context);
            let at = pool.read(path.clone(), tree, Some(merged), context);
            pool.files[at].is_base = *is_base;
            pool.ties.push((*of, at));
        }
    }
    pool.settle_contexts(given);
    follow(given, pool, plan);
}

/// Reads what the files speak of, round by round: each round holds the texts that the next one's
/// trees borrow.
fn follow(given: Given<'_>, mut pool: Pool<'_>, plan: &mut dyn FnMut(Vec<Placed<'_>>)) {
    let wanted = pool.wanted(given);
    if wanted.is_empty() {
        for files in pool.planned_together() {
            plan(files);
        }
        return;
    }
    let mut pool: Pool<'_> = pool;
    for Wanted {
        from,
        path,
        context,
        text,
    } in &wanted
    {
        let known = pool.places.get(path).copied();
        match known.or_else(|| {
            let tree = parse(text)?;
            Some(pool.read(path.clone(), tree, None, Arc::clone(context)))
        }) {
            Some(at) => pool.ties.push((*from, at)),
            None => {
                pool.unread.insert(path.clone());
            }
        }
    }
    follow(given, pool, plan);
}

/// A file that another one speaks of, and its text.
struct Wanted {
    from: usize,
    path: PathBuf,
    context: Arc<Context>,
    text: String,
}

impl<'s> Pool<'s> {
    fn new(files: Vec<(usize, File<'s>)>) -> Self {
        let places = files.iter().enumerate();
        Self {
            places: places
                .map(|(at, (_, file))| (normalized(&file.path), at))
                .collect(),
            files: files
                .into_iter()
                .map(|(at, file)| Placed::given(at, file))
                .collect(),
            ties: Vec::new(),
            followed: HashSet::new(),
            unread: HashSet::new(),
            includers: HashMap::new(),
        }
    }

    /// All of them one project, merged in their order.
    fn merged(files: Vec<(usize, File<'s>)>) -> Self {
        let mut pool = Self::new(files);
        let directory = pool.files.first().map(|placed| &placed.file.context);
        let context = directory.map(Arc::clone).unwrap_or_default();
        for placed in &mut pool.files {
            placed.file.part.merged = Some(0);
            placed.file.context = Arc::clone(&context);
        }
        pool.ties = (1..pool.files.len()).map(|at| (0, at)).collect();
        pool
    }

    /// Each a project of its own with the override that Compose finds beside it.
    fn apart(files: Vec<(usize, File<'s>)>, fragments: Vec<(usize, File<'s>)>) -> Self {
        let (overrides, bases): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|(_, file)| dialect::is_override(&file.path));
        let complete = bases.len() + overrides.len();
        let mut pool = Self::new(
            bases
                .into_iter()
                .chain(overrides)
                .chain(fragments)
                .collect(),
        );
        for (at, placed) in pool.files.iter_mut().enumerate() {
            placed.file.part.merged = (at < complete).then_some(at);
        }
        if pool.files.len() < 2 {
            return pool;
        }
        for base in 0..pool.files.len() {
            let beside = dialect::overrides(&pool.files[base].file.path)
                .into_iter()
                .find_map(|path| pool.places.get(&normalized(&path)).copied());
            if let Some(beside) = beside
                && pool.files[base].file.part.merged.is_some()
                && pool.is_first_choice(base)
            {
                pool.files[beside].file.part.merged = pool.files[base].file.part.merged;
                pool.ties.push((base, beside));
            }
        }
        pool
    }

    /// Of the names that Compose looks for, it takes the first (compose-go `cli/options.go`).
    fn is_first_choice(&self, base: usize) -> bool {
        let rivals = dialect::preferred_to(&self.files[base].file.path);
        !rivals
            .iter()
            .any(|rival| self.places.contains_key(&normalized(rival)))
    }

    /// The overrides of given bases, and the bases of given overrides, that were not given too.
    fn standing_beside(&self, given: Given<'_>) -> Vec<Beside> {
        let mut found = Vec::new();
        let read = |of: usize, paths: Vec<PathBuf>| {
            let from = &self.files[of].file.path;
            let text = |path: PathBuf| Some((given.surroundings.read(from, &path).ok()?, path));
            paths.into_iter().find_map(text)
        };
        for (of, placed) in self.files.iter().enumerate() {
            let path = &placed.file.path;
            if self
                .ties
                .iter()
                .any(|(base, over)| *base == of || *over == of)
            {
                continue;
            }
            let is_base = dialect::is_override(path);
            let beside = if is_base {
                read(of, dialect::bases(path))
            } else if placed.file.part.merged.is_some() && self.is_first_choice(of) {
                read(of, dialect::overrides(path))
                    .filter(|_| read(of, dialect::preferred_to(path)).is_none())
            } else {
                None
            };
            found.extend(beside.map(|(text, path)| Beside {
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
        self.files.push(Placed {
            at: None,
            is_base: false,
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

    /// What variables mean in each project whose files have any.
    fn settle_contexts(&mut self, given: Given<'_>) {
        let mut contexts: BTreeMap<usize, Arc<Context>> = BTreeMap::new();
        for placed in &self.files {
            let file = &placed.file;
            let Some(number) = file.part.merged else {
                continue;
            };
            let has_variables = memchr::memchr(b'$', file.tree.source().as_bytes()).is_some();
            if has_variables && !contexts.contains_key(&number) {
                let first = self
                    .files
                    .iter()
                    .find(|first| first.file.part.merged == Some(number));
                let first = first.map_or(file, |first| &first.file);
                let directory = first.context.directory.clone();
                let none = BTreeMap::new();
                let context = if given.variables.is_empty() {
                    dialect::context(&first.path, directory, None, &none, given.surroundings)
                } else {
                    Context {
                        directory,
                        variables: dialect::variables(&given.variables, &none),
                    }
                };
                contexts.insert(number, Arc::new(context));
            }
        }
        for placed in &mut self.files {
            let number = placed.file.part.merged;
            if let Some(context) = number.and_then(|number| contexts.get(&number)) {
                placed.file.context = Arc::clone(context);
            }
        }
    }

    /// What the files that are part of a project speak of and nobody has read yet.
    fn wanted(&mut self, given: Given<'_>) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        let mut open: Vec<usize> = (0..self.files.len())
            .filter(|at| self.is_part(*at) && !self.followed.contains(at))
            .collect();
        while let Some(from) = open.pop() {
            if !self.followed.insert(from) {
                continue;
            }
            for reference in dialect::references(&self.files[from].file, given.surroundings) {
                if let Some(at) = self.places.get(&reference.path).copied() {
                    self.take_in(from, at, &reference);
                    self.ties.push((from, at));
                    open.push(at);
                } else if !self.unread.contains(&reference.path) {
                    match given
                        .surroundings
                        .read(&self.files[from].file.path, &reference.path)
                    {
                        Ok(text) => wanted.push(Wanted {
                            from,
                            path: reference.path,
                            context: reference.context,
                            text,
                        }),
                        Err(_) => {
                            self.unread.insert(reference.path);
                        }
                    }
                }
            }
        }
        wanted
    }

    fn is_part(&self, at: usize) -> bool {
        self.files[at].file.part.merged.is_some() || self.ties.iter().any(|(_, tied)| *tied == at)
    }

    /// A file that another one includes is no project of its own; one that is only extended stays
    /// what it is.
    fn take_in(&mut self, from: usize, at: usize, reference: &dialect::Reference) {
        // In a circle of includes, which Compose refuses, the first file stays a project.
        let mut includers = std::iter::successors(Some(from), |at| self.includers.get(at).copied());
        if reference.is_included && !includers.any(|includer| includer == at) {
            self.includers.insert(at, from);
        }
        let number = self.files[at].file.part.merged;
        let is_alone = number.is_some_and(|number| {
            let mates = self
                .files
                .iter()
                .filter(|mate| mate.file.part.merged == Some(number));
            mates.count() == 1
        });
        if number.is_none() || is_alone && self.includers.contains_key(&at) {
            let file = &mut self.files[at].file;
            file.part.merged = None;
            file.context = Arc::clone(&reference.context);
        }
    }

    /// The files of projects, those that are tied together in one set.
    fn planned_together(self) -> Vec<Vec<Placed<'s>>> {
        let parts: Vec<bool> = (0..self.files.len()).map(|at| self.is_part(at)).collect();
        let firsts = firsts(self.files.len(), self.ties.iter().copied());
        let mut sets: BTreeMap<usize, Vec<Placed<'s>>> = BTreeMap::new();
        for (at, placed) in self.files.into_iter().enumerate() {
            if parts[at] {
                sets.entry(firsts[at]).or_default().push(placed);
            }
        }
        let mut sets: Vec<Vec<Placed<'s>>> = sets.into_values().collect();
        for set in &mut sets {
            set.sort_by_key(|placed| !placed.is_base);
        }
        sets
    }
}

/// The files that this one extends or includes, if a Compose file is what it is, or lists as a
/// kustomization; a quick look is all that most others get.
pub(crate) fn spoken_of(source: &Source, surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    if dialect::is_kustomization(&source.path) {
        let text = String::from_utf8(source.bytes.clone()).ok();
        let parsed =
            text.and_then(|text| Kustomization::parse(source.path.clone(), text, surroundings));
        return parsed.into_iter().flat_map(Kustomization::files).collect();
    }
    let says = |word: &str| memmem::find(&source.bytes, word.as_bytes()).is_some();
    if !says("extends") && !says("include") {
        return Vec::new();
    }
    let Some(tree) = std::str::from_utf8(&source.bytes).ok().and_then(parse) else {
        return Vec::new();
    };
    let file = File::new(source.path.clone(), tree, Format::COMPOSE);
    let references = dialect::references(&file, surroundings).into_iter();
    references.map(|reference| reference.path).collect()
}

fn parse(text: &str) -> Option<Tree<'_>> {
    syntax::parse(text, Mode::GoYaml, &Limits::default()).ok()
}
