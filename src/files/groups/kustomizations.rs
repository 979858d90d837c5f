//! Finds kustomizations, and the files and patches that they list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::dialect::is_kustomization;
use crate::dialect::kubernetes::kustomization::{
    InlineText, Kustomization, NAMES, Patch, PatchContent,
};
use crate::dialect::kubernetes::operations::as_patches;
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
    pub(crate) content: InlineText,
    pub(crate) target: Option<Target>,
}

impl Patches {
    /// The patches of all kustomizations among these files, in their directories and above. A
    /// kustomization without a given text is read.
    pub(crate) fn of<'f>(
        files: impl IntoIterator<Item = (&'f Path, Option<&'f str>)>,
        surroundings: &dyn Surroundings,
    ) -> Self {
        let reader = Reader::new(surroundings);
        let mut found: BTreeMap<PathBuf, Arc<Kustomization>> = BTreeMap::new();
        let mut add = |one: Arc<Kustomization>| {
            found.insert(surroundings.place(&one.path), one);
        };
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        for (path, text) in files {
            if is_kustomization(path) {
                let text = text.map(str::to_owned);
                let text = text.or_else(|| surroundings.read(path, path).ok());
                let parsed =
                    text.and_then(|text| Kustomization::parse(path.to_owned(), text, surroundings));
                parsed.map(Arc::new).into_iter().for_each(&mut add);
            } else if directories.insert(parent(path)) {
                let own = reader.in_directory(&parent(path), path);
                own.ok().flatten().into_iter().for_each(&mut add);
                reader.above(path).for_each(&mut add);
            }
        }
        // A file that a kustomization builds from is a whole object, even if others patch with it.
        let resources: BTreeSet<PathBuf> = found
            .values()
            .flat_map(|one| one.resources.clone())
            .collect();
        let mut patches = Self::default();
        for one in found.into_values() {
            for Patch { content, target } in one.patches.clone() {
                patches.is_any_listed = true;
                match content {
                    PatchContent::File(place) if resources.contains(&place) => {}
                    PatchContent::File(place) => {
                        let text = surroundings.read(&one.path, &place).unwrap_or_default();
                        let own = as_patches(&text, target.as_ref()).into_iter();
                        patches.inline.extend(own.map(|content| InlinePatch {
                            path: place.clone(),
                            content,
                            target: None,
                        }));
                        patches.files.entry(place).or_default().extend(target);
                    }
                    PatchContent::Inline(content) => {
                        let own = as_patches(&content.text, target.as_ref()).into_iter();
                        patches.inline.extend(own.map(|own| InlinePatch {
                            path: one.path.clone(),
                            content: own.within(&content),
                            target: None,
                        }));
                        patches.inline.push(InlinePatch {
                            path: one.path.clone(),
                            content,
                            target,
                        });
                    }
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

/// Reads the kustomizations of a group, each once: all directories of a group look for those above
/// them.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    surroundings: &'s dyn Surroundings,
    /// By the project of the file that looks for it, and by its directory.
    known: Mutex<HashMap<Place, Arc<OnceLock<Known>>>>,
}

/// The project of a file, and a directory.
type Place = (Option<PathBuf>, PathBuf);

/// The kustomization of a directory.
type Known = Result<Option<Arc<Kustomization>>, Unusable>;

impl<'s> Reader<'s> {
    pub(crate) fn new(surroundings: &'s dyn Surroundings) -> Self {
        Self {
            surroundings,
            known: Mutex::default(),
        }
    }

    /// The kustomization in the directory. `from` is a file of the group.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(crate) fn in_directory(
        &self,
        directory: &Path,
        from: &Path,
    ) -> Result<Option<Arc<Kustomization>>, Unusable> {
        self.known_in(directory, from, self.surroundings.project(from))
    }

    /// The same for a file of this project. Files of one project see the same kustomization.
    fn known_in(&self, directory: &Path, from: &Path, project: Option<PathBuf>) -> Known {
        let key = (project, directory.to_owned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(known.entry(key).or_default());
        drop(known);
        cell.get_or_init(|| read_in(directory, from, self.surroundings))
            .clone()
    }

    /// The usable kustomizations in the directories above that of the file, the nearest first.
    pub(crate) fn above(&self, file: &Path) -> impl Iterator<Item = Arc<Kustomization>> {
        self.tried_above(file).filter_map(|(_, one)| one.ok())
    }

    /// The same as [`Reader::above`], with the directories whose kustomization cannot be used.
    pub(crate) fn tried_above(
        &self,
        file: &Path,
    ) -> impl Iterator<Item = (PathBuf, Result<Arc<Kustomization>, Unusable>)> {
        let project = self.surroundings.project(file);
        let directories = upward(parent(file), self.surroundings).skip(1);
        directories.filter_map(move |directory| {
            let found = self.known_in(&directory, file, project.clone());
            let found = found.transpose()?;
            Some((directory, found))
        })
    }
}

fn read_in(directory: &Path, from: &Path, surroundings: &dyn Surroundings) -> Known {
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
        found = Some(Arc::new(parsed.ok_or(Unusable::Foreign(name))?));
    }
    Ok(found)
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
