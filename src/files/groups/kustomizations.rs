//! Finds kustomizations, and the files and patches that they list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::dialect::is_kustomization;
use crate::dialect::kubernetes::kustomization::{Kustomization, NAMES, Patch, PatchContent};
use crate::project::{Surroundings, Target, Unread};

/// The patches of the kustomizations of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patches {
    /// The places of the files that are patches, with the targets in the kustomizations.
    files: BTreeMap<PathBuf, Vec<Target>>,
    /// Patches that are written in a kustomization.
    pub(crate) inline: Vec<InlinePatch>,
    /// A kustomization lists a patch, even if its file counts as a whole object.
    pub(crate) is_any_listed: bool,
}

/// A patch that is written in a kustomization.
#[derive(Clone, Debug)]
pub(crate) struct InlinePatch {
    /// The kustomization.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) target: Option<Target>,
}

impl Patches {
    /// The patches of all kustomizations among these files, in their directories and above. A
    /// kustomization without a given text is read.
    pub(crate) fn of<'f>(
        files: impl IntoIterator<Item = (&'f Path, Option<&'f str>)>,
        surroundings: &dyn Surroundings,
    ) -> Self {
        let mut found: BTreeMap<PathBuf, Kustomization> = BTreeMap::new();
        let mut add = |one: Kustomization| {
            found.insert(surroundings.place(&one.path), one);
        };
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        for (path, text) in files {
            if is_kustomization(path) {
                let text = text.map(str::to_owned);
                let text = text.or_else(|| surroundings.read(path, path).ok());
                let parsed =
                    text.and_then(|text| Kustomization::parse(path.to_owned(), text, surroundings));
                parsed.into_iter().for_each(&mut add);
            } else if directories.insert(parent(path)) {
                let own = in_directory(&parent(path), path, surroundings);
                own.ok().flatten().into_iter().for_each(&mut add);
                above(path, surroundings).for_each(&mut add);
            }
        }
        // A file that a kustomization builds from is a whole object, even if others patch with it.
        let resources: BTreeSet<PathBuf> = found
            .values()
            .flat_map(|one| one.resources.clone())
            .collect();
        let mut patches = Self::default();
        for one in found.into_values() {
            for Patch { content, target } in one.patches {
                patches.is_any_listed = true;
                match content {
                    PatchContent::File(place) if resources.contains(&place) => {}
                    PatchContent::File(place) => {
                        patches.files.entry(place).or_default().extend(target);
                    }
                    PatchContent::Inline(text) => patches.inline.push(InlinePatch {
                        path: one.path.clone(),
                        text,
                        target,
                    }),
                }
            }
        }
        patches
    }

    /// The targets of the file at this place, if it is a patch.
    pub(crate) fn targets(&self, place: &Path) -> Option<&[Target]> {
        self.files.get(place).map(Vec::as_slice)
    }
}

/// Why a kustomization cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0} cannot be read")]
    Unread(&'static str),
    #[error("kustomize cannot read {0}")]
    Foreign(&'static str),
    #[error("kustomize rejects a directory with two kustomizations")]
    Two,
}

/// The kustomization in the directory. `from` is a file of the group.
///
/// # Errors
///
/// Why it cannot be used.
pub(crate) fn in_directory(
    directory: &Path,
    from: &Path,
    surroundings: &dyn Surroundings,
) -> Result<Option<Kustomization>, Unusable> {
    let mut found = None;
    for name in NAMES {
        let path = directory.join(name);
        let text = match surroundings.read(from, &path) {
            Ok(text) => text,
            Err(Unread::Missing) => continue,
            Err(Unread::Outside | Unread::NotText) => return Err(Unusable::Unread(name)),
        };
        if found.is_some() {
            return Err(Unusable::Two);
        }
        let parsed = Kustomization::parse(path, text, surroundings);
        found = Some(parsed.ok_or(Unusable::Foreign(name))?);
    }
    Ok(found)
}

/// The usable kustomizations in the directories above that of the file, the nearest first.
pub(crate) fn above(
    file: &Path,
    surroundings: &dyn Surroundings,
) -> impl Iterator<Item = Kustomization> {
    tried_above(file, surroundings).filter_map(|(_, one)| one.ok())
}

/// The same as [`above`], with the directories whose kustomization cannot be used.
pub(crate) fn tried_above(
    file: &Path,
    surroundings: &dyn Surroundings,
) -> impl Iterator<Item = (PathBuf, Result<Kustomization, Unusable>)> {
    let directories = upward(parent(file), surroundings).skip(1);
    directories.filter_map(move |directory| {
        let found = in_directory(&directory, file, surroundings).transpose()?;
        Some((directory, found))
    })
}

/// The directory and those above it, as far as they are known.
fn upward(directory: PathBuf, surroundings: &dyn Surroundings) -> impl Iterator<Item = PathBuf> {
    let place = surroundings.place(&directory);
    let names = place
        .components()
        .filter(|part| matches!(part, Component::Normal(_)));
    let levels = names.count() + 1;
    std::iter::successors(Some(directory), |directory| {
        Some(match directory.components().next_back() {
            Some(Component::Normal(_)) => parent(directory),
            _ => directory.join(".."),
        })
    })
    .take(levels)
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}
