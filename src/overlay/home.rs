//! Finds the kustomization for the patches of a file: the one that lists the file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::patch::{self, Object};
use super::{OverlayBuilder, name_of};
use crate::dialect::kubernetes::kustomization::{self, Kustomization};
use crate::dialect::recognise::{OVERLAY_PATCH, is_overlay, recognise};
use crate::files::groups::kustomizations::{Reader, Unusable};
use crate::paths::normalized;
use crate::project::{Format, NotOurs};
use crate::proof;
use crate::syntax::{self, Editor, Found, Limits, Mode, NodeId, Schema, Tree, Value};

/// The name of the file with the patches.
pub(super) const PATCHES: &str = OVERLAY_PATCH;

/// API groups of files that other programs read, and not the API server (each program documents its
/// group). The files look like objects, but `kubectl apply` does not know their kinds.
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

/// The kustomization that applies the patches to files.
pub(super) struct Home {
    pub(super) directory: PathBuf,
    /// `None` if there is no kustomization yet.
    existing: Option<Arc<Kustomization>>,
}

/// Whether a kustomization in the directory of the file or above it lists patches from harden.
pub(super) fn is_patched(directory: &Path, file: &Path, reader: &Reader<'_>) -> bool {
    let own = reader.in_directory(directory, file);
    let own = own.ok().flatten().into_iter();
    own.chain(reader.above(file)).any(|one| {
        let mut patches = one.patch_files();
        patches.any(|path| path.file_name() == Some(PATCHES.as_ref()))
    })
}

/// The resources of the kustomizations among the files of the run, each with the first one that
/// lists it.
pub(super) fn given(builder: &OverlayBuilder<'_>) -> HashMap<PathBuf, PathBuf> {
    let files = builder.report.files.iter();
    let named = files.filter(|file| kustomization::is_one(&file.path));
    let parsed = named.filter_map(|file| {
        Kustomization::parse(file.path.clone(), file.source.clone(), builder.surroundings)
    });
    let mut listed = HashMap::new();
    for one in parsed {
        for resource in one.resources {
            listed.entry(resource).or_insert_with(|| one.path.clone());
        }
    }
    listed
}

impl Home {
    /// The kustomization for this file. `given` are the resources of the kustomizations
    /// among the files of the run.
    ///
    /// # Errors
    ///
    /// Why there is no usable kustomization.
    pub(super) fn of(
        builder: &OverlayBuilder<'_>,
        file: &Path,
        given: &HashMap<PathBuf, PathBuf>,
    ) -> Result<Self, String> {
        let directory = file.parent().unwrap_or(Path::new(""));
        let (place, home) = (
            builder.surroundings.place(file),
            builder.surroundings.place(directory),
        );
        let own = builder
            .kustomizations
            .in_directory(directory, file)
            .map_err(|unusable| unusable.to_string())?;
        let mut around: Vec<Arc<Kustomization>> = own.into_iter().collect();
        for (directory, one) in builder.kustomizations.tried_above(file) {
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
        let display_name = |one: &Kustomization| {
            if one.directory() == directory {
                name_of(&one.path)
            } else {
                let name = builder.surroundings.name(&one.path);
                name.display().to_string()
            }
        };
        let mut listing = around.iter().filter(|one| one.resources.contains(&place));
        match (listing.next(), listing.next()) {
            (Some(one), None) => {
                return Ok(Self {
                    directory: one.directory(),
                    existing: Some(Arc::clone(one)),
                });
            }
            (Some(one), Some(other)) => {
                return Err(format!(
                    "{} and {} both list it, and a patch in one would not be in the other",
                    display_name(one),
                    display_name(other)
                ));
            }
            (None, _) => {}
        }
        let is_for =
            |one: &&Arc<Kustomization>| one.directory() == directory || one.lists_in(&home);
        if let Some(one) = around.iter().find(is_for) {
            return Err(format!(
                "{} does not list it among its resources",
                display_name(one)
            ));
        }
        // `kubectl kustomize` 5.5 says: "security; file is not in or below".
        if let Some(far) = given.get(&place) {
            return Err(format!(
                "{} lists it from outside its own directory, which kubectl refuses",
                builder.surroundings.name(far).display()
            ));
        }
        Ok(Self {
            directory: directory.to_owned(),
            existing: None,
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        match &self.existing {
            Some(existing) => existing.path.clone(),
            None => self.directory.join(kustomization::NAMES[0]),
        }
    }

    /// Its text, if it exists.
    pub(super) fn text(&self) -> Option<&str> {
        self.existing.as_ref().map(|one| one.text.as_str())
    }

    /// The places of the resources that it lists; none if it does not exist yet.
    pub(super) fn resources(&self) -> impl Iterator<Item = &PathBuf> {
        self.existing.iter().flat_map(|one| &one.resources)
    }

    /// Whether it is a component, which kustomize builds only as a part of other kustomizations.
    pub(super) fn is_component(&self) -> bool {
        self.existing.as_ref().is_some_and(|one| one.is_component)
    }

    /// Whether it lists the file with the patches.
    pub(super) fn applies_patches(&self, builder: &OverlayBuilder<'_>) -> bool {
        let place = builder.surroundings.place(&self.directory.join(PATCHES));
        let existing = self.existing.as_ref();
        existing.is_some_and(|one| one.patch_files().any(|patch| *patch == place))
    }

    /// Its text with the entry for the patches, or without the entry if it is not `wanted`. `None`
    /// if the text does not change. `from` is a file in its directory.
    ///
    /// # Errors
    ///
    /// Why the entry cannot be added or removed.
    pub(super) fn with_patches(
        &self,
        builder: &OverlayBuilder<'_>,
        wanted: bool,
        from: &Path,
    ) -> Result<Option<String>, String> {
        let Some(existing) = &self.existing else {
            return if wanted {
                Ok(Some(created(&listing(builder, from)?)))
            } else {
                Ok(None)
            };
        };
        if wanted && self.applies_patches(builder) {
            return Ok(None);
        }
        let text = &existing.text;
        let name = name_of(&existing.path);
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

/// The item of `patches` that names the file with the patches, and the number of items.
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

/// The names of the files that a new kustomization of the directory must list: all files that
/// `kubectl apply -f` applies. Kustomize sorts the objects itself.
///
/// # Errors
///
/// Two files have the same object, so they are not applied together.
fn listing(builder: &OverlayBuilder<'_>, from: &Path) -> Result<Vec<String>, String> {
    let directory = from.parent().unwrap_or(Path::new(""));
    let mut texts: BTreeMap<String, Option<&str>> = BTreeMap::new();
    for path in builder.surroundings.siblings(from) {
        texts.insert(name_of(&path), None);
    }
    for file in &builder.report.files {
        if file.path.parent().unwrap_or(Path::new("")) == directory {
            texts.insert(name_of(&file.path), Some(&file.source));
        }
    }
    let mut names = Vec::new();
    let mut known = BTreeSet::new();
    for (name, given) in texts {
        let read = match given {
            Some(_) => None,
            None => builder
                .existing(from, &directory.join(&name))
                .ok()
                .flatten(),
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

/// The objects of a file that kustomize can list as a resource; none for any other file.
fn whole_objects(text: &str) -> Vec<Object> {
    // Most other files fail this cheap check.
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

/// The text of a kustomization with these files and the patches.
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
