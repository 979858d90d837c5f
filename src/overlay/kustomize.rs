//! An overlay for Kubernetes: `harden-patch.yaml`, which a kustomization lays over the files that
//! it lists.
//!
//! One file has the patches of all files of a kustomization, which has an entry for it under
//! `patches`. Where no kustomization has to do with the directory of a file, one is written that
//! lists all its objects. A file of patches without any is an error for kustomize, so that the
//! entry goes with the last one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::home::{self, Home, PATCHES};
use super::patch::{self, Identity, Object};
use super::{Desk, Extent, OverlayError, prove};
use crate::dialect::recognise::OVERLAY_MARK;
use crate::shell::quote;

/// Moves the changes of Kubernetes files into overlays.
pub(super) fn write(desk: &mut Desk<'_>, files: &[usize]) {
    let mut homes: BTreeMap<PathBuf, (Home, Vec<usize>)> = BTreeMap::new();
    let given = home::given(desk);
    for &index in files {
        match Home::of(desk, desk.path(index), &given) {
            Ok(home) => {
                let directory = home.directory.clone();
                let (_, files) = homes.entry(directory).or_insert((home, Vec::new()));
                files.push(index);
            }
            Err(_) if desk.extent == Extent::Standing => {}
            Err(why) => desk.decline(index, &why),
        }
    }
    for (home, files) in homes.into_values() {
        if let Err(error) = overlay(desk, &home, &files) {
            desk.fail(&files, error);
        }
    }
}

fn overlay(desk: &mut Desk<'_>, home: &Home, files: &[usize]) -> Result<(), OverlayError> {
    let path = home.directory.join(PATCHES);
    let from = files.first().map(|first| desk.path(*first).to_owned());
    let from = from.unwrap_or_default();
    let is_changed = files.iter().any(|index| desk.changed(*index).is_some());
    let keeps = desk.extent == Extent::Standing;
    if keeps && !(is_changed && home.applies_patches(desk)) {
        return Ok(());
    }
    let existing = match desk.existing_overlay(&from, &path) {
        Ok(existing) => existing,
        // What is not ours has nothing of ours.
        Err(_) if keeps || !is_changed => return Ok(()),
        Err(error) => return Err(error),
    };
    let standing = match existing.as_deref().filter(|_| keeps) {
        Some(text) => patch::objects(text).unwrap_or_default(),
        None => Vec::new(),
    };
    if existing.is_none() && (keeps || !is_changed) {
        return Ok(());
    }

    let Patched {
        mut patches,
        overlaid,
        given,
    } = patches(desk, files, &standing);
    if keeps {
        let made: BTreeSet<Identity> = patches.iter().map(|one| one.identity.clone()).collect();
        let others = standing.iter().filter(|one| !made.contains(&one.identity));
        patches.extend(others.cloned());
    } else if let Some(existing) = &existing {
        patches.extend(kept(desk, home, &from, existing, &given));
    }

    let says_something = !patches.is_empty();
    if !says_something && existing.is_none() {
        return Ok(());
    }
    let changed = match home.with_patches(desk, says_something, &from) {
        Ok(changed) => changed,
        Err(why) => {
            for index in overlaid {
                desk.decline(index, &why);
            }
            return Ok(());
        }
    };
    let text = match &existing {
        // Somebody may have formatted it since.
        Some(existing) if keeps && is_same(&patches, &standing) => existing.clone(),
        _ => format!("{OVERLAY_MARK}\n{}", patch::documents(patches)),
    };
    prove(&path, &text)?;

    let is_there = existing.as_ref() == Some(&text) && changed.is_none();
    for index in overlaid {
        desk.move_to(index, &path, is_there);
    }
    if says_something && !home.is_component() {
        let directory = if home.directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &home.directory
        };
        let directory = directory.to_string_lossy();
        let command = format!("kubectl apply -k {}", quote(&directory));
        desk.commands.push(command);
    }
    desk.put(path, existing, text);
    if let Some(text) = changed {
        desk.put(home.path(), home.text().map(str::to_owned), text);
    }
    Ok(())
}

fn is_same(patches: &[Object], standing: &[Object]) -> bool {
    let stands = |patch: &Object| standing.iter().any(|one| one.value == patch.value);
    patches.len() == standing.len() && patches.iter().all(stands)
}

/// What the files of a kustomization come to.
struct Patched {
    patches: Vec<Object>,
    /// The files whose changes are among the patches.
    overlaid: Vec<usize>,
    /// The objects of all files, changed or not.
    given: BTreeSet<Identity>,
}

/// The patches of the files that have changes, on top of those that are to stay; a file that cannot
/// be patched is declined.
fn patches(desk: &mut Desk<'_>, files: &[usize], standing: &[Object]) -> Patched {
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
                let old = standing.iter().find(|old| old.identity == before.identity);
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
            Err(why) => desk.decline(index, &why),
        }
    }
    found
}

/// The patches of objects whose files this run was not given: they are in files that the
/// kustomization lists.
fn kept(
    desk: &Desk<'_>,
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
        if let Ok(Some(text)) = desk.existing(from, path)
            && let Ok(objects) = patch::objects(&text)
        {
            others.extend(objects.into_iter().map(|object| object.identity));
        }
    }
    patches.retain(|patch| others.contains(&patch.identity));
    patches
}
