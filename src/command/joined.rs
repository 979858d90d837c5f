//! Directories whose Compose files speak of one another, planned as one.
//!
//! A service that a file of another directory extends may only get what its heirs can bear, and a
//! file must not be read for its heir while it is being written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::engine;
use crate::project::{Surroundings, firsts, settled};
use crate::walk::{self, Entry};

/// The groups, those that are tied by what their files extend or include as one, each where the
/// first of them stood.
pub(super) fn joined(groups: Vec<Vec<Entry>>, surroundings: &dyn Surroundings) -> Vec<Vec<Entry>> {
    if groups.len() < 2 {
        return groups;
    }
    let mut homes: HashMap<PathBuf, usize> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        for entry in group {
            homes.insert(directory(&entry.path), at);
        }
    }
    let ties: Vec<(usize, usize)> = groups
        .par_iter()
        .map(|group| {
            let paths = group
                .iter()
                .flat_map(|entry| spoken_of(entry, surroundings));
            paths
                .filter_map(|path| {
                    let own = homes.get(&directory(&group.first()?.path))?;
                    Some((*own, *homes.get(&directory(&path))?))
                })
                .filter(|(own, other)| own != other)
                .collect::<Vec<_>>()
        })
        .flatten_iter()
        .collect();
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

fn directory(path: &Path) -> PathBuf {
    settled(path.parent().unwrap_or(Path::new("")))
}

/// The files that this one extends or includes; none where it cannot be read, which is said when
/// its turn comes.
fn spoken_of(entry: &Entry, surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    match walk::read(entry.clone()) {
        Ok(Some(source)) => engine::spoken_of(&source, surroundings),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::AtomicUsize;

    use super::*;
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
}
