//! An overlay for Kubernetes: `harden-patch.yaml`, which a kustomization applies to the files that
//! it lists.
//!
//! One file contains the patches for all files of a kustomization, which lists it under `patches`.
//! If no kustomization covers the directory of a file, a new one is written that lists all its
//! objects. Kustomize rejects an empty file of patches, so the entry is removed with the last
//! patch.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::home::{self, Home, PATCHES};
use super::patch::{self, Identity, Object};
use super::{Extent, OverlayBuilder, OverlayError, prove};
use crate::dialect::recognise::OVERLAY_MARK;
use crate::shell::quote;

/// Moves the changes of Kubernetes files into overlays.
pub(super) fn write(builder: &mut OverlayBuilder<'_>, files: &[usize]) {
    let mut homes: BTreeMap<PathBuf, (Home, Vec<usize>)> = BTreeMap::new();
    let given = home::given(builder);
    for &index in files {
        match Home::of(builder, builder.path(index), &given) {
            Ok(home) => {
                let directory = home.directory.clone();
                let (_, files) = homes.entry(directory).or_insert((home, Vec::new()));
                files.push(index);
            }
            Err(_) if builder.extent == Extent::Existing => {}
            Err(why) => builder.decline(index, &why),
        }
    }
    for (home, files) in homes.into_values() {
        if let Err(error) = overlay(builder, &home, &files) {
            builder.fail(&files, error);
        }
    }
}

fn overlay(
    builder: &mut OverlayBuilder<'_>,
    home: &Home,
    files: &[usize],
) -> Result<(), OverlayError> {
    let path = home.directory.join(PATCHES);
    let from = files.first().map(|first| builder.path(*first).to_owned());
    let from = from.unwrap_or_default();
    let is_changed = files.iter().any(|index| builder.changed(*index).is_some());
    let keeps = builder.extent == Extent::Existing;
    if keeps && !(is_changed && home.applies_patches(builder)) {
        return Ok(());
    }
    let existing = match builder.existing_overlay(&from, &path) {
        Ok(existing) => existing,
        // A file that harden did not write contains no patches from harden.
        Err(_) if keeps || !is_changed => return Ok(()),
        Err(error) => return Err(error),
    };
    let old_patches = match existing.as_deref().filter(|_| keeps) {
        Some(text) => patch::objects(text).unwrap_or_default(),
        None => Vec::new(),
    };
    if existing.is_none() && (keeps || !is_changed) {
        return Ok(());
    }

    let FilePatches {
        mut patches,
        overlaid,
        given,
    } = patches(builder, files, &old_patches);
    if keeps {
        let made: BTreeSet<Identity> = patches.iter().map(|one| one.identity.clone()).collect();
        let others = old_patches
            .iter()
            .filter(|one| !made.contains(&one.identity));
        patches.extend(others.cloned());
    } else if let Some(existing) = &existing {
        patches.extend(kept(builder, home, &from, existing, &given));
    }

    let has_changes = !patches.is_empty();
    if !has_changes && existing.is_none() {
        return Ok(());
    }
    let changed = match home.with_patches(builder, has_changes, &from) {
        Ok(changed) => changed,
        Err(why) => {
            for index in overlaid {
                builder.decline(index, &why);
            }
            return Ok(());
        }
    };
    let text = match &existing {
        // The same patches, perhaps formatted differently, stay as they are.
        Some(existing) if keeps && is_same(&patches, &old_patches) => existing.clone(),
        _ => format!("{OVERLAY_MARK}\n{}", patch::documents(patches)),
    };
    prove(&path, &text)?;

    let is_there = existing.as_ref() == Some(&text) && changed.is_none();
    for index in overlaid {
        builder.move_to(index, &path, is_there);
    }
    if has_changes && !home.is_component() {
        builder.commands.push(command(home));
    }
    builder.put(path, existing, text);
    if let Some(text) = changed {
        builder.put(home.path(), home.text().map(str::to_owned), text);
    }
    Ok(())
}

/// The command that applies the files of the kustomization with the overlay.
fn command(home: &Home) -> String {
    let directory = if home.directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &home.directory
    };
    format!("kubectl apply -k {}", quote(&directory.to_string_lossy()))
}

fn is_same(patches: &[Object], old_patches: &[Object]) -> bool {
    let is_old = |patch: &Object| old_patches.iter().any(|one| one.value == patch.value);
    patches.len() == old_patches.len() && patches.iter().all(is_old)
}

/// The patches for the files of a kustomization.
struct FilePatches {
    patches: Vec<Object>,
    /// The files whose changes are among the patches.
    overlaid: Vec<usize>,
    /// The objects of all files, changed or not.
    given: BTreeSet<Identity>,
}

/// The patches for the changed files, each merged over the old patch of the same object. The
/// changes of a file that no patch can make are declined.
fn patches(
    builder: &mut OverlayBuilder<'_>,
    files: &[usize],
    old_patches: &[Object],
) -> FilePatches {
    let mut found = FilePatches {
        patches: Vec::new(),
        overlaid: Vec::new(),
        given: BTreeSet::new(),
    };
    let mut counts: HashMap<Identity, usize> = HashMap::new();
    let mut before = Vec::with_capacity(files.len());
    for &index in files {
        let source = builder
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
        let Some(after) = builder.changed(index) else {
            continue;
        };
        let made = objects.and_then(|objects| {
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
            let patches = pairs.map(|(before, after)| {
                let made = patch::patch(before, after)?;
                let old = old_patches
                    .iter()
                    .find(|old| old.identity == before.identity);
                match (made, old) {
                    (Some(made), Some(old)) => patch::extended(before, old, &made),
                    (made, _) => Ok(made),
                }
            });
            patches.collect::<Result<Vec<_>, _>>()
        });
        match made {
            Ok(made) => {
                found.patches.extend(made.into_iter().flatten());
                found.overlaid.push(index);
            }
            Err(why) => builder.decline(index, &why),
        }
    }
    found
}

/// The old patches that stay: those of objects that the kustomization lists and that are in files
/// outside this run.
fn kept(
    builder: &OverlayBuilder<'_>,
    home: &Home,
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
    for path in home.resources() {
        if let Ok(Some(text)) = builder.existing(from, path)
            && let Ok(objects) = patch::objects(&text)
        {
            others.extend(objects.into_iter().map(|object| object.identity));
        }
    }
    patches.retain(|patch| others.contains(&patch.identity));
    patches
}
