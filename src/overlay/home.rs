//! Where the patches of a file belong: in the directory of the kustomization that lists it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::patch::{self, Object};
use super::{Desk, name_of};
use crate::dialect::kubernetes::kustomization::{self, Kustomization};
use crate::dialect::recognise::{is_overlay, recognise};
use crate::files::groups::kustomizations::{self, Unusable};
use crate::paths::normalized;
use crate::project::{Format, NotOurs, Surroundings};
use crate::proof;
use crate::syntax::{self, Editor, Found, Limits, Mode, NodeId, Schema, Tree, Value};

/// The file of patches.
pub(super) const PATCHES: &str = "harden-patch.yaml";

/// Groups of versions that programs beside the API server read (each says so of itself): their
/// files look like objects, and `kubectl apply` would not know the kind.
const CLIENTS: [&str; 9] = [
    "skaffold",
    "kind.x-k8s.io",
    "k3d.io",
    "eksctl.io",
    "kops.k8s.io",
    "backstage.io",
    "score.dev",
    "cli.kyverno.io",
    "kuttl.dev",
];

/// The kustomization that lays our patches over files.
pub(super) struct Home {
    pub(super) directory: PathBuf,
    /// `None` where there is none yet.
    standing: Option<Kustomization>,
}

/// A kustomization beside the file or above it has an entry for patches of ours.
pub(super) fn is_patched(directory: &Path, file: &Path, surroundings: &dyn Surroundings) -> bool {
    let own = kustomizations::in_directory(directory, file, surroundings);
    let own = own.ok().flatten().into_iter();
    own.chain(kustomizations::above(file, surroundings))
        .any(|one| {
            let mut patches = one.patch_files();
            patches.any(|path| path.file_name() == Some(PATCHES.as_ref()))
        })
}

/// The kustomizations among the files of the run.
pub(super) fn given(desk: &Desk<'_>) -> Vec<Kustomization> {
    let files = desk.report.files.iter();
    let named = files.filter(|file| kustomization::is_one(&file.path));
    named
        .filter_map(|file| {
            Kustomization::parse(file.path.clone(), file.source.clone(), desk.surroundings)
        })
        .collect()
}

impl Home {
    /// The one for this file; `given` are the kustomizations among the files of the run.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn of(
        desk: &Desk<'_>,
        file: &Path,
        given: &[Kustomization],
    ) -> Result<Self, String> {
        let directory = file.parent().unwrap_or(Path::new(""));
        let (place, home) = (
            desk.surroundings.place(file),
            desk.surroundings.place(directory),
        );
        let own = kustomizations::in_directory(directory, file, desk.surroundings)
            .map_err(|unusable| unusable.to_string())?;
        let mut around: Vec<Kustomization> = own.into_iter().collect();
        for (directory, one) in kustomizations::tried_above(file, desk.surroundings) {
            match one {
                Ok(one) => around.push(one),
                Err(Unusable::Unread(name)) => {
                    let path = directory.join(name);
                    return Err(format!(
                        "{} lies outside the project, and may list it",
                        path.display()
                    ));
                }
                Err(Unusable::Foreign(_) | Unusable::Two) => {}
            }
        }
        let said = |one: &Kustomization| {
            if one.directory() == directory {
                name_of(&one.path)
            } else {
                one.path.display().to_string()
            }
        };
        let mut listing = around.iter().filter(|one| one.resources.contains(&place));
        match (listing.next(), listing.next()) {
            (Some(one), None) => {
                return Ok(Self {
                    directory: one.directory(),
                    standing: Some(one.clone()),
                });
            }
            (Some(one), Some(other)) => {
                return Err(format!(
                    "{} and {} both list it, and a patch in one would not be in the other",
                    said(one),
                    said(other)
                ));
            }
            (None, _) => {}
        }
        let is_for = |one: &&Kustomization| one.directory() == directory || one.lists_in(&home);
        if let Some(one) = around.iter().find(is_for) {
            return Err(format!(
                "{} does not list it among its resources",
                said(one)
            ));
        }
        // `kubectl kustomize` 5.5 says: "security; file is not in or below".
        let far = given.iter().find(|one| one.resources.contains(&place));
        if let Some(far) = far {
            return Err(format!(
                "{} lists it from outside its own directory, which kubectl refuses",
                far.path.display()
            ));
        }
        Ok(Self {
            directory: directory.to_owned(),
            standing: None,
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        match &self.standing {
            Some(standing) => standing.path.clone(),
            None => self.directory.join(kustomization::NAMES[0]),
        }
    }

    /// Its text, where it stands already.
    pub(super) fn text(&self) -> Option<&str> {
        self.standing.as_ref().map(|one| one.text.as_str())
    }

    /// The places that it lists; none where there is none yet.
    pub(super) fn resources(&self) -> impl Iterator<Item = &PathBuf> {
        self.standing.iter().flat_map(|one| &one.resources)
    }

    /// Kustomize takes it as a part of other kustomizations alone.
    pub(super) fn is_component(&self) -> bool {
        self.standing.as_ref().is_some_and(|one| one.is_component)
    }

    /// It lays our patches over what it lists.
    pub(super) fn applies_patches(&self, desk: &Desk<'_>) -> bool {
        let place = desk.surroundings.place(&self.directory.join(PATCHES));
        let standing = self.standing.as_ref();
        standing.is_some_and(|one| one.patch_files().any(|patch| *patch == place))
    }

    /// Its text with the entry for our patches, or without; `None` where that is what it has.
    /// `from` is a file of its directory.
    ///
    /// # Errors
    ///
    /// Why it cannot have it.
    pub(super) fn with_patches(
        &self,
        desk: &Desk<'_>,
        wanted: bool,
        from: &Path,
    ) -> Result<Option<String>, String> {
        let Some(standing) = &self.standing else {
            return if wanted {
                Ok(Some(created(&listing(desk, from)?)))
            } else {
                Ok(None)
            };
        };
        if wanted && self.applies_patches(desk) {
            return Ok(None);
        }
        let text = &standing.text;
        let name = name_of(&standing.path);
        let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())
            .map_err(|error| format!("{name}: {error}"))?;
        let Some(root) = tree.documents().first().map(|document| document.root) else {
            return Err(format!("{name} is not what kustomize reads"));
        };
        let list = tree.get(root, "patches", Schema::GoYamlV2);
        let list = list.map(Found::value);
        let ours = list.and_then(|list| our_entry(&tree, list));
        if wanted == ours.is_some() {
            return Ok(None);
        }
        let mut editor = Editor::new(&tree, Schema::GoYamlV2);
        let done = match (ours, list) {
            (Some((_, 1)), _) => editor.remove(root, &["patches"]),
            (Some((item, _)), _) => editor.remove_item(item),
            (None, _) => editor.push(root, &["patches"], entry()),
        };
        done.map_err(|refusal| format!("{name} cannot be edited: {refusal}"))?;
        let plan = editor.finish();
        let changed = plan.apply(text);
        proof::edited(&tree, &plan, &changed)
            .map_err(|why| format!("{name} cannot be edited: {why}"))?;
        Ok(Some(changed))
    }
}

/// The item of `patches` that names our file, and how many items there are.
fn our_entry(tree: &Tree<'_>, list: NodeId) -> Option<(NodeId, usize)> {
    let items: Vec<NodeId> = tree.children(tree.resolve(list)).collect();
    let ours = items.iter().find(|item| {
        let path = tree.get(tree.resolve(**item), "path", Schema::GoYamlV2);
        path.is_some_and(|path| {
            let path = tree.value(tree.resolve(path.value()));
            normalized(Path::new(path.as_ref())) == Path::new(PATCHES)
        })
    });
    ours.map(|item| (*item, items.len()))
}

/// The names of the files of a directory that a kustomization of it has to list, so that nothing
/// is left out that `kubectl apply -f` of the directory takes. Kustomize sorts the objects itself.
///
/// # Errors
///
/// Two files have the same object: they are not meant to be applied together.
fn listing(desk: &Desk<'_>, from: &Path) -> Result<Vec<String>, String> {
    let directory = from.parent().unwrap_or(Path::new(""));
    let mut texts: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for path in desk.surroundings.beside(from) {
        texts.insert(name_of(&path), None);
    }
    for file in &desk.report.files {
        if file.path.parent().unwrap_or(Path::new("")) == directory {
            texts.insert(name_of(&file.path), Some(&file.source));
        }
    }
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    for (name, given) in texts {
        let read = match given {
            Some(_) => None,
            None => desk.existing(from, &directory.join(&name)).ok().flatten(),
        };
        let Some(text) = given.or(read.as_deref()) else {
            continue;
        };
        let objects = whole_objects(text);
        for object in &objects {
            if !known.insert(object.identity.clone()) {
                let (_, name, kind, _) = &object.identity;
                return Err(format!(
                    "the files of the directory have {kind}/{name} twice, which kustomize refuses"
                ));
            }
        }
        if !objects.is_empty() {
            names.push(name);
        }
    }
    Ok(names)
}

/// The objects of a file that kustomize takes as it is; none where it does not.
fn whole_objects(text: &str) -> Vec<Object> {
    // A quick look is all that most other files get.
    if is_overlay(text) || !text.contains("apiVersion") {
        return Vec::new();
    }
    match recognise(text, &[]).map(|recognised| recognised.format) {
        Ok(Ok(Format::KUBERNETES) | Err(NotOurs::NoPods)) => {}
        _ => return Vec::new(),
    }
    let objects = patch::objects(text).unwrap_or_default();
    let is_for_a_client = |object: &Object| {
        let (_, _, kind, version) = &object.identity;
        let group = version.split('/').next().unwrap_or_default();
        let is_kustomization = matches!(kind.as_str(), "Kustomization" | "Component")
            && group == "kustomize.config.k8s.io";
        is_kustomization || CLIENTS.contains(&group)
    };
    if objects.iter().any(is_for_a_client) {
        return Vec::new();
    }
    objects
}

/// A kustomization of these files and our patches.
fn created(files: &[String]) -> String {
    let word = |word: &str| Value::Str(word.to_owned());
    let files = files.iter().map(|file| word(file)).collect();
    let entries = [
        ("apiVersion", word("kustomize.config.k8s.io/v1beta1")),
        ("kind", word("Kustomization")),
        ("resources", Value::Seq(files)),
        ("patches", Value::Seq(vec![entry()])),
    ];
    let entries = entries.map(|(key, value)| (key.to_owned(), value));
    syntax::document(&Value::Map(entries.into()))
}

fn entry() -> Value {
    let path = Value::Str(PATCHES.to_owned());
    Value::Map(vec![("path".to_owned(), path)])
}
