//! Which files belong together: decided here, for every format.
//!
//! A directory is a group, because an autoscaler is next to its workload and an override next to
//! its base. Directories are one group where the files of one reference those of another: a
//! service that a file of another directory extends may only get what its heirs can bear, and a
//! file must not be read for its heir while it is being written. The files that one kustomization
//! lists are in one group, because its patches are in one file.
//!
//! The files of a group that are planned as one are a set ([`sets`]). Most Compose files are a set
//! of their own.
//!
//! Each file is read once: its text stays in memory until its group is planned.

pub(crate) mod charts;
mod compose;
pub(crate) mod kustomizations;
mod sets;

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use memchr::memmem;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

pub(crate) use self::sets::Part;
use super::FileError;
use crate::dialect;
use crate::dialect::kubernetes::kustomization::{Kustomization, NAMES};
use crate::files::walk::{self, Entry};
use crate::project::{File, Format, Source, Surroundings, connected};
use crate::syntax::{self, Limits, Mode};

/// Files that are planned on one core, because other groups keep the other cores busy.
const SMALL: usize = 64;

/// Files that may belong together, with their texts.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// Those that are read, in the order of the walk.
    pub(crate) sources: Vec<Source>,
    /// Files that could not be read.
    pub(crate) unread: Vec<(PathBuf, FileError)>,
}

impl Group {
    pub(crate) fn is_large(&self) -> bool {
        is_large(self.sources.len())
    }

    /// Adds the overrides that Compose finds next to the files, and the bases of overrides: one
    /// overlay is for all of them, whichever is named.
    fn add_companions(&mut self) {
        let paths = self.sources.iter().map(|source| &source.path);
        let paths = paths.chain(self.unread.iter().map(|(path, _)| path));
        let given: Vec<PathBuf> = paths.cloned().collect();
        let mut known: HashSet<PathBuf> = given.iter().cloned().collect();
        for path in given {
            let bases = dialect::overridden_by(&path).into_iter().flatten();
            for path in dialect::overrides(&path).into_iter().chain(bases) {
                if path.is_file() && known.insert(path.clone()) {
                    self.add(Entry { path, named: true });
                }
            }
        }
    }

    fn add(&mut self, entry: Entry) {
        let path = entry.path.clone();
        match walk::read(entry) {
            Ok(source) => self.sources.extend(source),
            Err(error) => self.unread.push((path, error)),
        }
    }
}

/// So many files keep several cores busy.
pub(crate) fn is_large(files: usize) -> bool {
    files > SMALL
}

/// Reads the files of a walk, on any core, in groups. A group is where its first file is.
/// `with_companions` adds what Compose would merge, even where it is not among the files.
pub(crate) fn read(
    files: Vec<Entry>,
    with_companions: bool,
    surroundings: &dyn Surroundings,
) -> Vec<Group> {
    let files = with_listed(files, surroundings);
    let (directories, files) = by_directory(files);
    let is_one = directories.len() < 2;
    let read = |(directory, file)| (directory, ReadFile::new(file, is_one, surroundings));
    let files: Vec<(usize, ReadFile)> = if is_large(files.len()) {
        files.into_par_iter().map(read).collect()
    } else {
        files.into_iter().map(read).collect()
    };
    let groups = if is_one {
        vec![0; directories.len()]
    } else {
        tied(&directories, &files, surroundings)
    };
    let mut found: Vec<Group> = directories.iter().map(|_| Group::default()).collect();
    for (directory, file) in files {
        let group = &mut found[groups[directory]];
        match file.read {
            Ok(source) => group.sources.extend(source),
            Err(error) => group.unread.push((file.path, error)),
        }
    }
    found.retain(|group| !group.sources.is_empty() || !group.unread.is_empty());
    if with_companions {
        found.iter_mut().for_each(Group::add_companions);
    }
    found
}

/// The files, and those that their kustomizations list and no walk looks for: kustomize reads a
/// file whatever its name is, and hidden files as any other.
fn with_listed(files: Vec<Entry>, surroundings: &dyn Surroundings) -> Vec<Entry> {
    let mut known: HashSet<PathBuf> = HashSet::new();
    let mut open = Vec::new();
    for file in &files {
        known.insert(surroundings.place(&file.path));
        if dialect::is_kustomization(&file.path) {
            open.push((file.path.clone(), false));
        }
    }
    let mut listed = Vec::new();
    open.reverse();
    // What a hidden kustomization lists is as hidden.
    while let Some((file, is_listed)) = open.pop() {
        let directory = parent(&file);
        let text = surroundings.read(&file, &file).ok();
        let parsed = text.and_then(|text| Kustomization::parse(file.clone(), text, surroundings));
        for place in parsed.iter().flat_map(Kustomization::named_files) {
            let below = place.strip_prefix(surroundings.place(directory));
            let path = below.map_or_else(|_| place.clone(), |below| directory.join(below));
            let is_hidden = is_listed || is_hidden(place, &surroundings.place(directory));
            if walk::is_candidate_name(&path) && !is_hidden {
                continue;
            }
            let of_directory = NAMES.iter().map(|name| path.join(name));
            for path in of_directory.chain([path.clone()]) {
                let is_looked_for = walk::is_candidate_name(&path) && !is_hidden;
                if is_looked_for || surroundings.read(&file, &path).is_err() {
                    continue;
                }
                if known.insert(surroundings.place(&path)) {
                    if dialect::is_kustomization(&path) {
                        open.push((path.clone(), true));
                    }
                    listed.push(path);
                }
            }
        }
    }
    let listed = listed.into_iter().map(|path| Entry { path, named: true });
    files.into_iter().chain(listed).collect()
}

/// Whether a walk from the directory, or from one above both, leaves the file out because of a name.
fn is_hidden(place: &Path, directory: &Path) -> bool {
    let shared = place.components().zip(directory.components());
    let shared = shared.take_while(|(one, other)| one == other).count();
    place.components().skip(shared).any(|part| match part {
        Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    })
}

/// The files of one Compose project, in this order.
pub(crate) fn read_project(files: Vec<Entry>) -> Vec<Group> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut group = Group::default();
    for file in files {
        group.add(file);
    }
    vec![group]
}

/// The directories in the order of their first files, and the files with the number of their
/// directory.
fn by_directory(files: Vec<Entry>) -> (Vec<PathBuf>, Vec<(usize, Entry)>) {
    let mut directories: Vec<PathBuf> = Vec::new();
    let mut numbers: HashMap<PathBuf, usize> = HashMap::new();
    let mut numbered = Vec::with_capacity(files.len());
    for file in files {
        let directory = parent(&file.path);
        let number = numbers.get(directory).copied().unwrap_or_else(|| {
            directories.push(directory.to_owned());
            numbers.insert(directory.to_owned(), directories.len() - 1);
            directories.len() - 1
        });
        numbered.push((number, file));
    }
    // A walk can leave a directory for one below it, and come back.
    numbered.sort_by_key(|(number, _)| *number);
    (directories, numbered)
}

/// A file, and what ties its directory to others.
struct ReadFile {
    path: PathBuf,
    read: Result<Option<Source>, FileError>,
    /// The files that it extends, includes or lists.
    references: Vec<PathBuf>,
    /// It may have objects, which a kustomization could list.
    may_have_objects: bool,
}

impl ReadFile {
    /// `is_alone`: there is only one directory, so no references to others are needed.
    fn new(entry: Entry, is_alone: bool, surroundings: &dyn Surroundings) -> Self {
        let path = entry.path.clone();
        let read = walk::read(entry);
        let (mut references, mut may_have_objects) = (Vec::new(), false);
        if !is_alone && let Ok(Some(source)) = &read {
            references = references_of(source, surroundings);
            may_have_objects = memmem::find(&source.bytes, b"apiVersion").is_some();
        }
        Self {
            path,
            read,
            references,
            may_have_objects,
        }
    }
}

/// For each directory the first one that it is in a group with.
fn tied(
    directories: &[PathBuf],
    files: &[(usize, ReadFile)],
    surroundings: &dyn Surroundings,
) -> Vec<usize> {
    let places = directories.iter().enumerate();
    let places: HashMap<PathBuf, usize> = places
        .map(|(number, directory)| (surroundings.place(directory), number))
        .collect();
    let mut ties: Vec<(usize, usize)> = Vec::new();
    let mut kubernetes: HashMap<usize, &Path> = HashMap::new();
    for (number, file) in files {
        let others = file.references.iter();
        let others = others.filter_map(|path| places.get(&surroundings.place(parent(path))));
        ties.extend(others.map(|other| (*number, *other)));
        if file.may_have_objects {
            kubernetes.entry(*number).or_insert(&file.path);
        }
    }
    ties.extend(listed_together(kubernetes, surroundings));
    connected(directories.len(), ties)
}

/// Pairs of directories with files that one kustomization above them lists. The kustomization
/// need not be among the files.
fn listed_together(
    kubernetes: HashMap<usize, &Path>,
    surroundings: &dyn Surroundings,
) -> Vec<(usize, usize)> {
    let reader = kustomizations::Reader::new(surroundings);
    let lists: Vec<(PathBuf, usize)> = kubernetes
        .into_par_iter()
        .map(|(number, file)| {
            let place = surroundings.place(parent(file));
            let above = reader.above(file);
            let lists = above.filter(|one| one.lists_in(&place));
            let lists = lists.map(|one| (surroundings.place(&one.path), number));
            lists.collect::<Vec<_>>()
        })
        .flatten_iter()
        .collect();
    let mut first: HashMap<PathBuf, usize> = HashMap::new();
    let lists = lists.into_iter();
    lists
        .map(|(path, number)| (*first.entry(path).or_insert(number), number))
        .collect()
}

/// The files that this one extends or includes as a Compose file, or lists as a kustomization.
/// Most files are not parsed for that.
fn references_of(source: &Source, surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    if dialect::is_kustomization(&source.path) {
        let text = String::from_utf8(source.bytes.clone()).ok();
        let parsed =
            text.and_then(|text| Kustomization::parse(source.path.clone(), text, surroundings));
        return parsed.into_iter().flat_map(Kustomization::files).collect();
    }
    let has = |word: &str| memmem::find(&source.bytes, word.as_bytes()).is_some();
    if !has("extends") && !has("include") {
        return Vec::new();
    }
    let tree = std::str::from_utf8(&source.bytes)
        .ok()
        .and_then(|text| syntax::parse(text, Mode::GoYaml, &Limits::default()).ok());
    let Some(tree) = tree else {
        return Vec::new();
    };
    let file = File::new(source.path.clone(), tree, Format::COMPOSE);
    let references = dialect::references(&file, surroundings).into_iter();
    references.map(|reference| reference.path).collect()
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::files::walk::Disk;
    use crate::project::NoSurroundings;

    #[test]
    fn directories_are_joined_by_what_their_files_extend_and_include() {
        let here = tempfile::tempdir().unwrap();
        let base = "services:\n  a:\n    image: nginx\n";
        for (name, text) in [
            ("a/base.yml", base),
            ("b/compose.yml", base),
            (
                "c/compose.yml",
                "services:\n  a:\n    extends: {file: ../a/base.yml, service: a}\n",
            ),
            ("d/compose.yml", "include:\n  - ../c/compose.yml\n"),
            (
                "e/compose.yml",
                "include:\n  - ../../elsewhere/compose.yml\n",
            ),
        ] {
            let path = here.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let found = walk::find(&[here.path().to_owned()], &AtomicUsize::new(0));
        let groups = read(found.files, false, &NoSurroundings);
        let names: Vec<Vec<_>> = groups
            .iter()
            .map(|group| {
                let name = |one: &Source| one.path.strip_prefix(here.path()).unwrap().to_owned();
                group.sources.iter().map(name).collect()
            })
            .collect();
        assert_eq!(
            names,
            [
                vec![
                    Path::new("a/base.yml"),
                    Path::new("c/compose.yml"),
                    Path::new("d/compose.yml")
                ],
                vec![Path::new("b/compose.yml")],
                vec![Path::new("e/compose.yml")],
            ]
        );
    }

    #[test]
    fn directories_are_joined_by_the_kustomization_that_lists_their_files() {
        let here = tempfile::tempdir().unwrap();
        let object = "apiVersion: v1\nkind: ConfigMap\n";
        for (name, text) in [
            ("kustomization.yaml", "resources: [a/x.yaml, b/x.yaml, c]\n"),
            ("a/x.yaml", object),
            ("b/x.yaml", object),
            ("c/x.yaml", object),
            ("far/e/Kustomization", "patches: [{path: ../d/x.yaml}]\n"),
            ("far/d/x.yaml", object),
        ] {
            let path = here.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let disk = Disk::new(here.path());
        let roots = ["a", "b", "c", "far"].map(|name| here.path().join(name));
        let found = walk::find(&roots, &AtomicUsize::new(0));
        let groups = read(found.files, false, &disk);
        let sizes: Vec<usize> = groups.iter().map(|group| group.sources.len()).collect();
        assert_eq!(sizes, [2, 1, 2]);
        // A walk over the kustomization itself sees what it builds from.
        let found = walk::find(&[here.path().to_owned()], &AtomicUsize::new(0));
        let groups = read(found.files, false, &disk);
        let sizes: Vec<usize> = groups.iter().map(|group| group.sources.len()).collect();
        assert_eq!(sizes, [4, 2]);
    }
}
