//! Kustomizations: which files they build their objects from, and which they lay over those.
//!
//! A file that is listed under `patches` is a part of an object however whole it looks: it may name
//! an image (kustomize `api/types/kustomization.go`). The path of a patch leads from the directory
//! of the kustomization; a component is a kustomization of another kind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::project::{Surroundings, Target, Unread};
use crate::syntax::{self, Kind, Limits, Mode, NodeId, Schema, Tree};

/// The names of a kustomization (kustomize `api/konfig/general.go`).
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization and what it lists, each path as [`Surroundings::place`] gives it.
#[derive(Clone, Debug)]
pub(crate) struct Kustomization {
    /// As the person knows it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// What it builds from: files, and directories and addresses, which are no file's path.
    pub(crate) resources: BTreeSet<PathBuf>,
    /// What it lays over them.
    laid: Vec<Laid>,
    /// Other kustomizations take it in, and nobody applies it alone.
    pub(crate) is_component: bool,
}

/// A patch, and what is said of its target beside it.
#[derive(Clone, Debug)]
struct Laid {
    stands: Stands,
    target: Option<Target>,
}

#[derive(Clone, Debug)]
enum Stands {
    /// The place of its file.
    File(PathBuf),
    /// It stands in the kustomization.
    Here(String),
}

/// Why there is no kustomization to go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("{0} cannot be read")]
    Unread(&'static str),
    #[error("kustomize cannot read {0}")]
    Foreign(&'static str),
    #[error("kustomize rejects a directory with two kustomizations")]
    Two,
}

/// Whether kustomize looks for a file of this name.
pub(crate) fn is_one(path: &Path) -> bool {
    NAMES
        .iter()
        .any(|name| path.file_name() == Some(name.as_ref()))
}

impl Kustomization {
    /// `None` where the text is no kustomization.
    pub(crate) fn parse(
        path: PathBuf,
        text: String,
        surroundings: &dyn Surroundings,
    ) -> Option<Self> {
        let directory = parent(&path);
        let mut resources = BTreeSet::new();
        let mut laid = Vec::new();
        let is_component;
        {
            let tree = syntax::parse(&text, Mode::GoYaml, &Limits::default()).ok()?;
            let [document] = tree.documents() else {
                return None;
            };
            let root = tree.resolve(document.root);
            if tree.node(root).kind != Kind::Map {
                return None;
            }
            let kind = tree.get(root, "kind", Schema::GoYamlV2);
            let kind = kind.and_then(|kind| word(&tree, tree.resolve(kind.value())));
            is_component = kind.as_deref() == Some("Component");
            let place = |word: &str| surroundings.place(&directory.join(word));
            // `bases` is how `resources` was written for directories.
            for list in ["resources", "bases", "components"] {
                for item in items(&tree, root, list) {
                    resources.extend(word(&tree, item).as_deref().map(place));
                }
            }
            for list in ["patches", "patchesJson6902"] {
                for item in items(&tree, root, list) {
                    let of = |key| {
                        let found = tree.get(item, key, Schema::GoYamlV2)?;
                        Some(tree.resolve(found.value()))
                    };
                    let said = |key| of(key).and_then(|node| word(&tree, node));
                    let stands = match (said("path"), said("patch")) {
                        (Some(path), _) => Stands::File(place(&path)),
                        (None, Some(text)) => Stands::Here(text),
                        (None, None) => continue,
                    };
                    let target = of("target").map(|target| {
                        let of = |key| tree.get(target, key, Schema::GoYamlV2);
                        let said = |key| {
                            of(key).and_then(|found| word(&tree, tree.resolve(found.value())))
                        };
                        Target {
                            kind: said("kind"),
                            name: said("name"),
                        }
                    });
                    laid.push(Laid { stands, target });
                }
            }
            for item in items(&tree, root, "patchesStrategicMerge") {
                // A patch may also stand in the list itself.
                let Some(said) = word(&tree, item) else {
                    continue;
                };
                let stands = if said.contains('\n') {
                    Stands::Here(said)
                } else {
                    Stands::File(place(&said))
                };
                let target = None;
                laid.push(Laid { stands, target });
            }
        }
        Some(Self {
            path,
            text,
            resources,
            laid,
            is_component,
        })
    }

    /// The one in the directory, as the file `from` of it may know it.
    ///
    /// # Errors
    ///
    /// Why it cannot be used.
    pub(crate) fn of(
        directory: &Path,
        from: &Path,
        surroundings: &dyn Surroundings,
    ) -> Result<Option<Self>, Unusable> {
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
            let parsed = Self::parse(path, text, surroundings);
            found = Some(parsed.ok_or(Unusable::Foreign(name))?);
        }
        Ok(found)
    }

    /// Those in the directories above that of the file, the nearest first. One that cannot be used
    /// speaks of nothing.
    pub(crate) fn above(file: &Path, surroundings: &dyn Surroundings) -> Vec<Self> {
        let found = Self::tried_above(file, surroundings);
        found.filter_map(|(_, one)| one.ok()).collect()
    }

    /// The same with the directories whose kustomization cannot be used.
    pub(crate) fn tried_above(
        file: &Path,
        surroundings: &dyn Surroundings,
    ) -> impl Iterator<Item = (PathBuf, Result<Self, Unusable>)> {
        let directories = upward(parent(file), surroundings).skip(1);
        directories.filter_map(move |directory| {
            let found = Self::of(&directory, file, surroundings).transpose()?;
            Some((directory, found))
        })
    }

    /// The directory that its paths lead from.
    pub(crate) fn directory(&self) -> PathBuf {
        parent(&self.path)
    }

    /// The places of the files that it lays over others.
    pub(crate) fn patches(&self) -> impl Iterator<Item = &PathBuf> {
        self.laid.iter().filter_map(|laid| match &laid.stands {
            Stands::File(place) => Some(place),
            Stands::Here(_) => None,
        })
    }

    /// The files that it speaks of: of a directory, the kustomization in it.
    pub(crate) fn files(self) -> impl Iterator<Item = PathBuf> {
        let patches: Vec<PathBuf> = self.patches().cloned().collect();
        let resources = self.resources.into_iter().map(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("yaml" | "yml" | "json") => path,
                _ => path.join(NAMES[0]),
            }
        });
        resources.chain(patches)
    }

    /// It lists a file of this directory, whose place is given.
    pub(crate) fn lists_in(&self, directory: &Path) -> bool {
        let mut listed = self.resources.iter().chain(self.patches());
        listed.any(|path| path.parent() == Some(directory))
    }
}

/// The directory of the file and those above it, as far as they are known.
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

/// What kustomizations lay over the files of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patches {
    /// The places of the files that are laid over others, each with the targets that are said of it.
    files: BTreeMap<PathBuf, Vec<Target>>,
    /// Those that stand in a kustomization.
    pub(crate) inline: Vec<Inline>,
}

/// A patch that stands in a kustomization.
#[derive(Clone, Debug)]
pub(crate) struct Inline {
    /// The kustomization.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) target: Option<Target>,
}

impl Patches {
    /// Those of each kustomization that is among these files, beside them or above. The text of a
    /// kustomization is read where it is not given.
    pub(crate) fn of<'f>(
        files: impl IntoIterator<Item = (&'f Path, Option<&'f str>)>,
        surroundings: &dyn Surroundings,
    ) -> Self {
        let mut found: BTreeMap<PathBuf, Kustomization> = BTreeMap::new();
        let mut take = |one: Kustomization| {
            found.insert(surroundings.place(&one.path), one);
        };
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        for (path, text) in files {
            if is_one(path) {
                let text = text.map(str::to_owned);
                let text = text.or_else(|| surroundings.read(path, path).ok());
                let parsed =
                    text.and_then(|text| Kustomization::parse(path.to_owned(), text, surroundings));
                parsed.into_iter().for_each(&mut take);
            } else if directories.insert(parent(path)) {
                let own = Kustomization::of(&parent(path), path, surroundings);
                own.ok().flatten().into_iter().for_each(&mut take);
                Kustomization::above(path, surroundings)
                    .into_iter()
                    .for_each(&mut take);
            }
        }
        // What somebody builds from is whole, whatever others make of it.
        let resources: BTreeSet<PathBuf> = found
            .values()
            .flat_map(|one| one.resources.clone())
            .collect();
        let mut patches = Self::default();
        for one in found.into_values() {
            for Laid { stands, target } in one.laid {
                match stands {
                    Stands::File(place) if resources.contains(&place) => {}
                    Stands::File(place) => patches.files.entry(place).or_default().extend(target),
                    Stands::Here(text) => patches.inline.push(Inline {
                        path: one.path.clone(),
                        text,
                        target,
                    }),
                }
            }
        }
        patches
    }

    /// The targets that are said of the file at this place, if it is laid over others.
    pub(crate) fn targets(&self, place: &Path) -> Option<&[Target]> {
        self.files.get(place).map(Vec::as_slice)
    }
}

fn items(tree: &Tree<'_>, root: NodeId, key: &str) -> Vec<NodeId> {
    let list = tree.get(root, key, Schema::GoYamlV2);
    let list = list.map(|list| tree.resolve(list.value()));
    let items = list.into_iter().flat_map(|list| tree.children(list));
    items.map(|item| tree.resolve(item)).collect()
}

fn word(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    let is_scalar = tree.node(node).kind == Kind::Scalar;
    is_scalar.then(|| tree.value(node).into_owned())
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}
