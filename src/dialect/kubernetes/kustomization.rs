//! Reads a kustomization: the files it builds its objects from, and its patches.
//!
//! A file listed under `patches` is only part of an object, even if the file looks complete: a
//! patch may name an image (kustomize `api/types/kustomization.go`). The path of a patch is
//! relative to the directory of the kustomization. A component is a kustomization of another kind.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::project::{Surroundings, Target};
use crate::syntax::{self, Kind, Limits, Mode, NodeId, Schema, Span, Style, Tree};

/// The file names of a kustomization (kustomize `api/konfig/general.go`).
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization and its lists, with each path as [`Surroundings::place`] returns it.
#[derive(Clone, Debug)]
pub(crate) struct Kustomization {
    /// The path as the user gave it.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Its resources: files, directories and URLs. The last two match no file's path.
    pub(crate) resources: BTreeSet<PathBuf>,
    /// Its patches.
    pub(crate) patches: Vec<Patch>,
    /// The directories of its resources and of the files with its patches.
    directories: HashSet<PathBuf>,
    /// Whether it is a component, which only other kustomizations use.
    pub(crate) is_component: bool,
}

/// A patch with its target.
#[derive(Clone, Debug)]
pub(crate) struct Patch {
    pub(crate) content: PatchContent,
    pub(crate) target: Option<Target>,
}

/// Where a patch is written.
#[derive(Clone, Debug)]
pub(crate) enum PatchContent {
    /// In the file at this path.
    File(PathBuf),
    /// In the kustomization itself, with the text of the patch.
    Inline(InlineText),
}

/// A patch that is written in a kustomization.
#[derive(Clone, Debug)]
pub(crate) struct InlineText {
    pub(crate) text: String,
    /// The bytes of the scalar in the kustomization.
    pub(crate) span: Span,
    /// The line of the scalar, from 1.
    line: u32,
    /// The text begins on the next line, with its own line breaks.
    is_block: bool,
}

impl InlineText {
    pub(super) fn new(tree: &Tree<'_>, node: NodeId, text: String) -> Self {
        let span = tree.node(node).span;
        Self {
            text,
            span,
            line: tree.line_column(span.start).0,
            is_block: tree.node(node).style == Style::Literal,
        }
    }

    /// A text that stands for the value at this place.
    pub(super) fn at(line: u32, span: Span, text: String) -> Self {
        Self {
            text,
            span,
            line,
            is_block: false,
        }
    }

    /// The same text for a place in this one.
    pub(crate) fn within(self, outer: &Self) -> Self {
        Self {
            line: outer.line(self.line),
            span: outer.span,
            ..self
        }
    }

    /// The line in the kustomization for a line of the text.
    pub(crate) fn line(&self, line: u32) -> u32 {
        if self.is_block {
            self.line.saturating_add(line)
        } else {
            self.line
        }
    }
}

/// Whether kustomize looks for a file of this name.
pub(crate) fn is_one(path: &Path) -> bool {
    NAMES
        .iter()
        .any(|name| path.file_name() == Some(name.as_ref()))
}

impl Kustomization {
    /// `None` if the text is not a kustomization.
    pub(crate) fn parse(
        path: PathBuf,
        text: String,
        surroundings: &dyn Surroundings,
    ) -> Option<Self> {
        let directory = parent(&path);
        let mut resources = BTreeSet::new();
        let mut patches = Vec::new();
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
            // `bases` is the older key for directories in `resources`.
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
                    let text_of = |key| of(key).and_then(|node| word(&tree, node));
                    let content = match (text_of("path"), of("patch"), text_of("patch")) {
                        (Some(path), ..) => PatchContent::File(place(&path)),
                        (None, Some(node), Some(text)) => {
                            PatchContent::Inline(InlineText::new(&tree, node, text))
                        }
                        (None, ..) => continue,
                    };
                    let target = of("target").map(|target| {
                        let of = |key| tree.get(target, key, Schema::GoYamlV2);
                        let text_of = |key| {
                            of(key).and_then(|found| word(&tree, tree.resolve(found.value())))
                        };
                        Target {
                            kind: text_of("kind"),
                            name: text_of("name"),
                        }
                    });
                    patches.push(Patch { content, target });
                }
            }
            for item in items(&tree, root, "patchesStrategicMerge") {
                // The item is either a path or the patch itself.
                let Some(text) = word(&tree, item) else {
                    continue;
                };
                let content = if text.contains('\n') {
                    PatchContent::Inline(InlineText::new(&tree, item, text))
                } else {
                    PatchContent::File(place(&text))
                };
                let target = None;
                patches.push(Patch { content, target });
            }
        }
        let files = resources.iter().chain(patch_files(&patches));
        let directories = files.filter_map(|path| Some(path.parent()?.to_owned()));
        Some(Self {
            directories: directories.collect(),
            path,
            text,
            resources,
            patches,
            is_component,
        })
    }

    /// The directory that its paths are relative to.
    pub(crate) fn directory(&self) -> PathBuf {
        parent(&self.path)
    }

    /// The paths of its patch files.
    pub(crate) fn patch_files(&self) -> impl Iterator<Item = &PathBuf> {
        patch_files(&self.patches)
    }

    /// The paths of its resources and patches, as they are listed.
    pub(crate) fn named_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.resources.iter().chain(self.patch_files())
    }

    /// The files that it lists. For a directory: the kustomization in it.
    pub(crate) fn files(self) -> impl Iterator<Item = PathBuf> {
        let patches: Vec<PathBuf> = self.patch_files().cloned().collect();
        let resources = self.resources.into_iter().map(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("yaml" | "yml" | "json") => path,
                _ => path.join(NAMES[0]),
            }
        });
        resources.chain(patches)
    }

    /// Whether it lists a file of the directory at this path.
    pub(crate) fn lists_in(&self, directory: &Path) -> bool {
        self.directories.contains(directory)
    }
}

fn patch_files(patches: &[Patch]) -> impl Iterator<Item = &PathBuf> {
    patches.iter().filter_map(|patch| match &patch.content {
        PatchContent::File(place) => Some(place),
        PatchContent::Inline(_) => None,
    })
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
