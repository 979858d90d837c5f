//! An overlay for Kubernetes: `harden-patch.yaml`, which a kustomization lays over the files of
//! its directory.
//!
//! One file has the patches of a whole directory, and the kustomization an entry for it under
//! `patches`. A file is overlaid if the kustomization of its directory lists it; where there is
//! none, one is written that does. A file of patches without any is an error for kustomize, so
//! that the entry goes with the last one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::patch::{self, Identity, Object};
use super::value::{Copier, get};
use super::{Desk, FIRST_LINE, name_of, prove};
use crate::dialect::shell_word;
use crate::error::Error;
use crate::project::settled;
use crate::syntax::{self, Editor, Found, Limits, Mode, NodeId, Schema, Tree, Value};

/// The file of patches.
const PATCHES: &str = "harden-patch.yaml";

/// The names of a kustomization (kustomize `api/konfig/general.go`).
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Moves the changes of Kubernetes files into overlays.
pub(super) fn write(desk: &mut Desk<'_>, files: &[usize]) {
    let mut directories: BTreeMap<PathBuf, Vec<usize>> = BTreeMap::new();
    for &index in files {
        let directory = parent(desk.path(index));
        directories.entry(directory).or_default().push(index);
    }
    for (directory, files) in directories {
        if let Err(error) = overlay(desk, &directory, &files) {
            desk.fail(&files, error);
        }
    }
}

fn overlay(desk: &mut Desk<'_>, directory: &Path, files: &[usize]) -> Result<(), Error> {
    let path = directory.join(PATCHES);
    let from = files.first().map(|first| desk.path(*first).to_owned());
    let from = from.unwrap_or_default();
    let is_changed = files.iter().any(|index| desk.changed(*index).is_some());
    let existing = match desk.existing_overlay(&from, &path) {
        Ok(existing) => existing,
        Err(error) if is_changed => return Err(error),
        Err(_) => return Ok(()),
    };
    if !is_changed && existing.is_none() {
        return Ok(());
    }
    let kustomization = match Kustomization::find(desk, &from, directory) {
        Ok(kustomization) => kustomization,
        Err(why) => {
            for &index in files {
                desk.decline(index, &why);
            }
            return Ok(());
        }
    };

    let Patched {
        mut patches,
        overlaid,
        given,
    } = patches(desk, &kustomization, files);
    if let Some(existing) = &existing {
        patches.extend(kept(desk, &kustomization, &from, existing, &given));
    }

    let says_something = !patches.is_empty();
    if !says_something && existing.is_none() {
        return Ok(());
    }
    let names: Vec<String> = overlaid
        .iter()
        .map(|index| name_of(desk.path(*index)))
        .collect();
    let changed = match kustomization.with_patches(says_something, &names) {
        Ok(changed) => changed,
        Err(why) => {
            for index in overlaid {
                desk.decline(index, &why);
            }
            return Ok(());
        }
    };
    let text = format!("{FIRST_LINE}\n{}", patch::documents(patches));
    prove(&path, &text)?;

    let is_there = existing.as_ref() == Some(&text) && changed.is_none();
    for index in overlaid {
        desk.move_to(index, &path, is_there);
    }
    if says_something {
        let directory = if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        };
        let directory = directory.to_string_lossy();
        let command = format!("kubectl apply -k {}", shell_word(&directory));
        desk.commands.push(command);
    }
    desk.put(path, existing, text);
    if let Some(text) = changed {
        desk.put(kustomization.path, kustomization.text, text);
    }
    Ok(())
}

/// What the files of a directory come to.
struct Patched {
    patches: Vec<Object>,
    /// The files whose changes are among the patches.
    overlaid: Vec<usize>,
    /// The objects of all files, changed or not.
    given: BTreeSet<Identity>,
}

/// The patches of the files that have changes; a file that cannot be patched is declined.
fn patches(desk: &mut Desk<'_>, kustomization: &Kustomization, files: &[usize]) -> Patched {
    let mut found = Patched {
        patches: Vec::new(),
        overlaid: Vec::new(),
        given: BTreeSet::new(),
    };
    let mut counts: HashMap<Identity, usize> = HashMap::new();
    let mut before = Vec::with_capacity(files.len());
    for &index in files {
        let source = desk
            .report
            .files
            .get(index)
            .map(|file| file.source.as_str());
        let objects = patch::objects(source.unwrap_or_default());
        for object in objects.iter().flatten() {
            *counts.entry(object.identity.clone()).or_default() += 1;
        }
        before.push((index, objects));
    }
    found.given.extend(counts.keys().cloned());
    for (index, objects) in before {
        let Some(after) = desk.changed(index) else {
            continue;
        };
        let made = objects.and_then(|objects| {
            kustomization.takes(desk.path(index))?;
            let twice = objects
                .iter()
                .find(|object| counts.get(&object.identity).is_some_and(|count| *count > 1));
            if let Some(object) = twice {
                let (_, name, kind, _) = &object.identity;
                return Err(format!(
                    "the files of the directory have {kind}/{name} twice, which kustomize refuses"
                ));
            }
            let after = patch::objects(after)?;
            if after.len() != objects.len() {
                return Err("a patch cannot add an object".to_owned());
            }
            let pairs = objects.iter().zip(&after);
            let patches = pairs.map(|(before, after)| patch::patch(before, after));
            patches.collect::<Result<Vec<_>, _>>()
        });
        match made {
            Ok(made) => {
                found.patches.extend(made.into_iter().flatten());
                found.overlaid.push(index);
            }
            Err(why) => desk.decline(index, &why),
        }
    }
    found
}

/// The patches of objects whose files this run was not given: they are in files that the
/// kustomization lists.
fn kept(
    desk: &Desk<'_>,
    kustomization: &Kustomization,
    from: &Path,
    existing: &str,
    given: &BTreeSet<Identity>,
) -> Vec<Object> {
    let Ok(mut patches) = patch::objects(existing) else {
        return Vec::new();
    };
    patches.retain(|patch| !given.contains(&patch.identity));
    if patches.is_empty() {
        return patches;
    }
    let mut others: BTreeSet<Identity> = BTreeSet::new();
    for path in kustomization.resources.iter().flatten() {
        if let Ok(Some(text)) = desk.existing(from, path)
            && let Ok(objects) = patch::objects(&text)
        {
            others.extend(objects.into_iter().map(|object| object.identity));
        }
    }
    patches.retain(|patch| others.contains(&patch.identity));
    patches
}

/// The kustomization of a directory.
struct Kustomization {
    path: PathBuf,
    /// `None` where there is none yet.
    text: Option<String>,
    /// The paths that it lists; `None` where there is none yet.
    resources: Option<BTreeSet<PathBuf>>,
}

impl Kustomization {
    fn find(desk: &Desk<'_>, from: &Path, directory: &Path) -> Result<Self, String> {
        let mut found: Vec<Self> = Vec::new();
        for name in NAMES {
            let path = directory.join(name);
            let unread = |_| format!("{name} cannot be read");
            if let Some(text) = desk.existing(from, &path).map_err(unread)? {
                let resources = resources(&text, directory)
                    .ok_or_else(|| format!("{name} is not what kustomize reads"))?;
                found.push(Self {
                    path,
                    text: Some(text),
                    resources: Some(resources),
                });
            }
        }
        if found.len() > 1 {
            return Err("kustomize refuses a directory with two kustomizations".to_owned());
        }
        Ok(found.pop().unwrap_or_else(|| Self {
            path: directory.join(NAMES[0]),
            text: None,
            resources: None,
        }))
    }

    /// Whether it lists the file.
    fn takes(&self, file: &Path) -> Result<(), String> {
        match &self.resources {
            Some(listed) if !listed.contains(&settled(file)) => Err(format!(
                "{} does not list it among its resources",
                name_of(&self.path)
            )),
            _ => Ok(()),
        }
    }

    /// Its text with the entry for our patches, or without; `None` where that is what it has.
    fn with_patches(&self, wanted: bool, files: &[String]) -> Result<Option<String>, String> {
        let Some(text) = &self.text else {
            return Ok(wanted.then(|| created(files)));
        };
        let name = name_of(&self.path);
        let tree = syntax::parse(text, Mode::GoYaml, &Limits::default())
            .map_err(|error| format!("{name}: {error}"))?;
        let Some(root) = tree.documents().first().map(|document| document.root) else {
            return Err(format!("{name} is not what kustomize reads"));
        };
        let list = tree.get(root, "patches", Schema::Kubernetes);
        let list = list.map(Found::value);
        let ours = list.and_then(|list| our_entry(&tree, list));
        if wanted == ours.is_some() {
            return Ok(None);
        }
        let mut editor = Editor::new(&tree, Schema::Kubernetes);
        let done = match (ours, list) {
            (Some((_, 1)), _) => editor.remove(root, &["patches"]),
            (Some((item, _)), _) => editor.remove_item(item),
            (None, _) => editor.push(root, &["patches"], entry()),
        };
        done.map_err(|refusal| format!("{name} cannot be edited: {refusal}"))?;
        let plan = editor.finish();
        let changed = plan.apply(text);
        let unproved = |why: String| format!("{name} cannot be edited: {why}");
        let after = syntax::parse(&changed, Mode::GoYaml, &Limits::default())
            .map_err(|error| unproved(error.to_string()))?;
        syntax::compare(&tree, &plan, &after).map_err(|error| unproved(error.to_string()))?;
        syntax::witness(&after).map_err(|error| unproved(error.to_string()))?;
        Ok(Some(changed))
    }
}

/// The item of `patches` that names our file, and how many items there are.
fn our_entry(tree: &Tree<'_>, list: NodeId) -> Option<(NodeId, usize)> {
    let items: Vec<NodeId> = tree.children(tree.resolve(list)).collect();
    let ours = items.iter().find(|item| {
        let path = tree.get(tree.resolve(**item), "path", Schema::Kubernetes);
        path.is_some_and(|path| {
            settled(Path::new(tree.value(tree.resolve(path.value())).as_ref()))
                == Path::new(PATCHES)
        })
    });
    ours.map(|item| (*item, items.len()))
}

/// The files that a kustomization lists; `None` where it is no kustomization.
fn resources(text: &str, directory: &Path) -> Option<BTreeSet<PathBuf>> {
    let tree = syntax::parse(text, Mode::GoYaml, &Limits::default()).ok()?;
    let [document] = tree.documents() else {
        return None;
    };
    let whole = Copier::new(&tree, Schema::Kubernetes).copy(document.root)?;
    let Value::Map(_) = &whole else {
        return None;
    };
    let items = match get(&whole, "resources") {
        Some(Value::Seq(items)) => items.as_slice(),
        _ => &[],
    };
    let paths = items.iter().filter_map(|item| match item {
        Value::Str(path) => Some(settled(&directory.join(path))),
        _ => None,
    });
    Some(paths.collect())
}

/// A kustomization of these files and our patches.
fn created(files: &[String]) -> String {
    let word = |word: &str| Value::Str(word.to_owned());
    let mut files: Vec<&String> = files.iter().collect();
    files.sort();
    let files = files.into_iter().map(|file| word(file)).collect();
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

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}
