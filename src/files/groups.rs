//! Directories whose files speak of one another, planned as one.
//!
//! A service that a file of another directory extends may only get what its heirs can bear, and a
//! file must not be read for its heir while it is being written. The files that one kustomization
//! lists are planned with it, because what is laid over them is one file for all.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use memchr::memmem;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::dialect::compose::projects;
use crate::dialect::kubernetes::kustomization::Kustomization;
use crate::files::walk::{self, Entry};
use crate::project::{Surroundings, firsts};

/// The groups, those that are tied by what their files extend or include as one, each where the
/// first of them stood.
pub(crate) fn joined(groups: Vec<Vec<Entry>>, surroundings: &dyn Surroundings) -> Vec<Vec<Entry>> {
    if groups.len() < 2 {
        return groups;
    }
    let mut homes: HashMap<PathBuf, usize> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        for entry in group {
            homes.insert(directory(&entry.path, surroundings), at);
        }
    }
    let words: Vec<Words> = groups
        .par_iter()
        .map(|group| {
            let mut words = Words::default();
            for entry in group {
                words.take(entry, surroundings);
            }
            words
        })
        .collect();
    let mut ties: Vec<(usize, usize)> = Vec::new();
    for (own, Words { spoken_of, .. }) in words.iter().enumerate() {
        let homes = spoken_of
            .iter()
            .filter_map(|path| homes.get(&directory(path, surroundings)));
        ties.extend(
            homes
                .map(|other| (own, *other))
                .filter(|(own, other)| own != other),
        );
    }
    let has_objects: Vec<bool> = words.iter().map(|words| words.has_objects).collect();
    ties.extend(listed_together(&groups, &has_objects, surroundings));
    if ties.is_empty() {
        return groups;
    }
    let firsts = firsts(groups.len(), ties);
    let mut joined: Vec<Vec<Entry>> = Vec::with_capacity(groups.len());
    for (first, group) in firsts.into_iter().zip(groups) {
        joined.push(Vec::new());
        joined[first].extend(group);
    }
    joined.retain(|group| !group.is_empty());
    joined
}

/// Groups with files that one kustomization lists, two by two. It need not be in a group itself.
fn listed_together(
    groups: &[Vec<Entry>],
    has_objects: &[bool],
    surroundings: &dyn Surroundings,
) -> Vec<(usize, usize)> {
    let listings: Vec<(PathBuf, usize)> = groups
        .par_iter()
        .enumerate()
        .filter(|(at, _)| has_objects[*at])
        .map(|(at, group)| {
            let mut directories = HashSet::new();
            let mut found = Vec::new();
            for Entry { path, .. } in group {
                let home = directory(path, surroundings);
                if !directories.insert(home.clone()) {
                    continue;
                }
                let above = Kustomization::above(path, surroundings);
                let listing = above.into_iter().filter(|one| one.lists_in(&home));
                found.extend(listing.map(|one| (surroundings.place(&one.path), at)));
            }
            found
        })
        .flatten_iter()
        .collect();
    let mut first: HashMap<PathBuf, usize> = HashMap::new();
    let ties = listings.into_iter();
    ties.map(|(path, at)| (*first.entry(path).or_insert(at), at))
        .filter(|(first, at)| first != at)
        .collect()
}

fn directory(path: &Path, surroundings: &dyn Surroundings) -> PathBuf {
    surroundings.place(path.parent().unwrap_or(Path::new("")))
}

/// What the files of a group say, as far as others may be meant.
#[derive(Default)]
struct Words {
    /// The files that they extend, include or list.
    spoken_of: Vec<PathBuf>,
    /// Some may have objects, which a kustomization could list.
    has_objects: bool,
}

impl Words {
    /// A file that cannot be read speaks of none, which is said when its turn comes.
    fn take(&mut self, entry: &Entry, surroundings: &dyn Surroundings) {
        if let Ok(Some(source)) = walk::read(entry.clone()) {
            self.has_objects |= memmem::find(&source.bytes, b"apiVersion").is_some();
            self.spoken_of
                .extend(projects::spoken_of(&source, surroundings));
        }
    }
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
        let groups = joined(found.groups, &NoSurroundings);
        let names: Vec<Vec<_>> = groups
            .iter()
            .map(|group| {
                let name = |entry: &Entry| entry.path.strip_prefix(here.path()).unwrap().to_owned();
                group.iter().map(name).collect()
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
        let disk = Disk {
            directory: here.path().to_owned(),
        };
        let roots = ["a", "b", "c", "far"].map(|name| here.path().join(name));
        let found = walk::find(&roots, &AtomicUsize::new(0));
        let sizes: Vec<usize> = joined(found.groups, &disk).iter().map(Vec::len).collect();
        assert_eq!(sizes, [2, 1, 2]);
        // A walk over the kustomization itself sees what it builds from.
        let found = walk::find(&[here.path().to_owned()], &AtomicUsize::new(0));
        let sizes: Vec<usize> = joined(found.groups, &disk).iter().map(Vec::len).collect();
        assert_eq!(sizes, [4, 2]);
    }
}
