//! An overlay for Compose: `compose.harden.yml`, which `docker compose -f` merges over its base.
//!
//! Compose merges mappings, replaces scalars and appends sequences. From Docker Compose 2.24.4 on,
//! `!override` replaces a sequence or mapping, and `!reset` removes a key (compose-spec
//! `13-merge.md`, compose-go `override/merge.go`). Compose resolves `extends` before it merges
//! files (compose-go `loader/loader.go`), so an overlay must repeat the change of a base for each
//! service that extends it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::value::{Copier, added, are_alike, get, is_null, null, text};
use super::{Extent, OverlayBuilder, OverlayError, prove};
use crate::dialect;
use crate::dialect::recognise::{OVERLAY_MARK, is_overlay};
use crate::engine::outcome::FileOutcome;
use crate::paths::normalized;
use crate::shell::quote;
use crate::syntax::{self, Limits, Mode, Schema, Value};

/// The longest chain of `extends` that is followed.
const CHAIN: usize = 16;

/// Moves the changes of Compose files into overlays.
pub(super) fn write(builder: &mut OverlayBuilder<'_>, files: &[usize]) {
    // All overlays are computed before the first change moves, because files extend each other.
    let overlays: Vec<_> = projects(builder, files)
        .into_iter()
        .map(|project| (overlay(builder, &project), project))
        .collect();
    for (overlay, project) in overlays {
        match overlay {
            Ok(Some(overlay)) => {
                let is_there = overlay.existing.as_ref() == Some(&overlay.text);
                for &index in &project {
                    builder.move_to(index, &overlay.path, is_there);
                }
                if overlay.has_changes {
                    let command = command(builder, &project, &overlay.path);
                    builder.commands.push(command);
                }
                builder.put(overlay.path, overlay.existing, overlay.text);
            }
            Ok(None) => {}
            Err(error) => builder.fail(&project, error),
        }
    }
}

/// The files of each project, in the order in which Compose merges them.
fn projects(builder: &OverlayBuilder<'_>, files: &[usize]) -> Vec<Vec<usize>> {
    if builder.extent == Extent::Together {
        return vec![files.to_vec()];
    }
    let is_fragment = |index: &usize| {
        builder.report.files.get(*index).is_some_and(|file| {
            matches!(
                file.outcome,
                FileOutcome::NotOurs(_) | FileOutcome::Unchanged
            ) && !is_overlay(&file.source)
        })
    };
    let bases = files
        .iter()
        .filter(|index| dialect::overridden_by(builder.path(**index)).is_none());
    let mut projects: Vec<Vec<usize>> = bases.map(|base| vec![*base]).collect();
    let all: Vec<usize> = (0..builder.report.files.len()).collect();
    for index in all {
        let Some(names) = dialect::overridden_by(builder.path(index)) else {
            continue;
        };
        let base = projects.iter_mut().find(|project| {
            let base = project.first().map(|base| builder.path(*base).to_owned());
            base.is_some_and(|base| names.contains(&base))
        });
        match base {
            Some(project) if files.contains(&index) || is_fragment(&index) => project.push(index),
            None if files.contains(&index) => projects.push(vec![index]),
            _ => {}
        }
    }
    projects
}

struct Overlay {
    path: PathBuf,
    existing: Option<String>,
    text: String,
    /// The overlay contains changes, not only its first line.
    has_changes: bool,
}

fn overlay(
    builder: &OverlayBuilder<'_>,
    project: &[usize],
) -> Result<Option<Overlay>, OverlayError> {
    let Some(base) = project.first().map(|base| builder.path(*base)) else {
        return Ok(None);
    };
    let path = overlay_path(base);
    let is_failed = |index: &usize| {
        let file = builder.report.files.get(*index);
        file.is_some_and(|file| matches!(file.outcome, FileOutcome::Failed(_)))
    };
    if project.iter().any(is_failed) {
        return Ok(None);
    }
    let is_changed = (0..builder.report.files.len()).any(|index| builder.changed(index).is_some());
    let change = if is_changed {
        change(builder, project)?
    } else {
        None
    };
    let existing = match (&change, builder.existing_overlay(base, &path)) {
        (_, Ok(existing)) => existing,
        (Some(_), Err(error)) => return Err(error),
        (None, Err(_)) => None,
    };
    if change.is_none() && existing.is_none() {
        return Ok(None);
    }
    let has_changes = change.is_some();
    let change = change.unwrap_or_else(|| Value::Map(vec![services(Vec::new())]));
    let text = format!("{OVERLAY_MARK}\n{}", syntax::document(&change));
    prove(&path, &text)?;
    Ok(Some(Overlay {
        path,
        existing,
        text,
        has_changes,
    }))
}

fn services(entries: Vec<(String, Value)>) -> (String, Value) {
    ("services".to_owned(), Value::Map(entries))
}

/// The content of the overlay that makes the project equal to what the engine planned.
fn change(builder: &OverlayBuilder<'_>, project: &[usize]) -> Result<Option<Value>, OverlayError> {
    let merged = |side| {
        let files = Files { builder, side };
        let whole = project.iter().try_fold(null(), |whole, index| {
            Some(merge(whole, files.read(builder.path(*index), CHAIN)?))
        });
        whole.ok_or(OverlayError::TooManyAliases)
    };
    let (before, after) = (merged(Side::Before)?, merged(Side::After)?);
    let Some(change) = difference(&before, &after) else {
        return Ok(None);
    };
    let result = merge(before, change.clone());
    if are_alike(&result, &after) {
        Ok(Some(change))
    } else {
        let what = "what Compose would merge is not what was planned".to_owned();
        Err(OverlayError::Unproved(what))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

/// The files of a report, before or after the changes.
struct Files<'d, 's> {
    builder: &'d OverlayBuilder<'s>,
    side: Side,
}

impl Files<'_, '_> {
    /// The services of a file, with `extends` resolved; `None` if aliases expand to too much.
    fn read(&self, path: &Path, chain: usize) -> Option<Value> {
        let known = self.builder.report.files.iter().enumerate();
        let mut known = known.filter(|(_, file)| is_same(&file.path, path));
        let Some((index, file)) = known.next() else {
            return Some(null());
        };
        let text = match self.builder.changed(index) {
            Some(text) if self.side == Side::After => text,
            _ => &file.source,
        };
        let Ok(tree) = syntax::parse(text, Mode::GoYaml, &Limits::default()) else {
            return Some(null());
        };
        let mut copier = Copier::new(&tree, Schema::GoYamlV4);
        let mut whole = null();
        for document in tree.documents() {
            let Some(found) = tree.get(document.root, "services", Schema::GoYamlV4) else {
                continue;
            };
            let own = copier.copy(found.value())?;
            whole = merge(whole, Value::Map(vec![("services".to_owned(), own)]));
        }
        let Some(Value::Map(own)) = get(&whole, "services") else {
            return Some(null());
        };
        let mut extended = Vec::with_capacity(own.len());
        for (name, service) in own {
            let service = self.extended(path, own, service, chain)?;
            extended.push((name.clone(), service));
        }
        Some(Value::Map(vec![services(extended)]))
    }

    /// The service, merged over the one that it extends.
    fn extended(
        &self,
        path: &Path,
        own: &[(String, Value)],
        service: &Value,
        chain: usize,
    ) -> Option<Value> {
        let (name, file) = match get(service, "extends") {
            Some(Value::Str(name)) => (name.as_str(), None),
            Some(extends) => match text(extends, &["service"]) {
                Some(name) => (name, text(extends, &["file"])),
                None => return Some(service.clone()),
            },
            None => return Some(service.clone()),
        };
        let Some(chain) = chain.checked_sub(1) else {
            return Some(service.clone());
        };
        let base = match file {
            None => match own.iter().find(|(known, _)| known == name) {
                Some((_, base)) => self.extended(path, own, base, chain)?,
                None => null(),
            },
            Some(file) => {
                let other = self.read(&path.parent().unwrap_or(Path::new("")).join(file), chain)?;
                let base = get(&other, "services").and_then(|others| get(others, name));
                base.cloned().unwrap_or_else(null)
            }
        };
        Some(merge(base, service.clone()))
    }
}

/// Whether the two paths are the same after normalization. Symbolic links are not resolved.
fn is_same(left: &Path, right: &Path) -> bool {
    left == right || normalized(left) == normalized(right)
}

/// Keys whose sequence a later file replaces (compose-go `override/merge.go`).
const REPLACED: [&str; 3] = ["command", "entrypoint", "test"];

/// Merges the second value over the first, as Compose does.
fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (_, Value::Tagged(tag, over)) if tag == "!override" => *over,
        (under, over) if is_null(&over) => under,
        (Value::Map(under), Value::Map(over)) => merge_maps(under, over),
        (Value::Seq(mut under), Value::Seq(over)) => {
            under.extend(over);
            Value::Seq(under)
        }
        // `tmpfs: /run` is a list with one item.
        (Value::Seq(mut under), over @ Value::Str(_)) => {
            under.push(over);
            Value::Seq(under)
        }
        (under @ Value::Str(_), Value::Seq(over)) => {
            Value::Seq(std::iter::once(under).chain(over).collect())
        }
        (_, over) => over,
    }
}

/// [`merge`] for two mappings, which can have thousands of services.
fn merge_maps(under: Vec<(String, Value)>, over: Vec<(String, Value)>) -> Value {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, (key, _)) in under.iter().enumerate() {
        places.entry(key.clone()).or_insert(at);
    }
    let mut merged: Vec<Option<(String, Value)>> = under.into_iter().map(Some).collect();
    for (key, over) in over {
        let is_reset = matches!(&over, Value::Tagged(tag, _) if tag == "!reset");
        let place = places.get(&key).and_then(|at| merged.get_mut(*at));
        match place {
            Some(entry) if is_reset => *entry = None,
            None if is_reset => {}
            Some(Some((_, value))) => {
                let old = std::mem::replace(value, null());
                // A mapping here is a service with such a name.
                let is_mapping = matches!(over, Value::Map(_));
                *value = if REPLACED.contains(&key.as_str()) && !is_mapping {
                    over
                } else {
                    merge(old, over)
                };
            }
            Some(None) | None => {
                places.insert(key.clone(), merged.len());
                merged.push(Some((key, merge(null(), over))));
            }
        }
    }
    Value::Map(merged.into_iter().flatten().collect())
}

/// The overlay that turns the first value into the second; `None` if they are equal.
fn difference(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    Some(match (before, after) {
        (before, after) if is_null(before) => after.clone(),
        (_, after) if is_null(after) => reset(),
        (Value::Map(old), Value::Map(new)) => {
            let mut entries = Vec::new();
            // Of duplicates, the first one.
            let known: HashMap<&str, &Value> = old
                .iter()
                .rev()
                .map(|(key, value)| (key.as_str(), value))
                .collect();
            let kept: HashSet<&str> = new.iter().map(|(key, _)| key.as_str()).collect();
            for (key, value) in new {
                let change = match known.get(key.as_str()) {
                    Some(old) => difference(old, value),
                    None => Some(value.clone()),
                };
                entries.extend(change.map(|change| (key.clone(), change)));
            }
            for (key, value) in old {
                if !is_null(value) && !kept.contains(key.as_str()) {
                    entries.push((key.clone(), reset()));
                }
            }
            Value::Map(entries)
        }
        (Value::Seq(old), Value::Seq(new)) => match added(old, new) {
            Some(items) => Value::Seq(items),
            None => replacing(after),
        },
        (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => replacing(after),
        _ => after.clone(),
    })
}

fn reset() -> Value {
    Value::Tagged("!reset".to_owned(), Box::new(null()))
}

fn replacing(value: &Value) -> Value {
    Value::Tagged("!override".to_owned(), Box::new(value.clone()))
}

/// The path of the overlay: the path of its base with `.harden` before the extension.
pub(super) fn overlay_path(base: &Path) -> PathBuf {
    let stem = base.file_stem().unwrap_or_default();
    let end = base.extension().and_then(|end| end.to_str());
    let mut name = stem.to_owned();
    match end {
        Some(end @ ("yml" | "yaml")) => {
            name.push(".harden.");
            name.push(end);
        }
        // JSON has no comments.
        Some(end) => name.push(format!(".{end}.harden.yml")),
        None => name.push(".harden.yml"),
    }
    base.with_file_name(name)
}

/// The command that makes Compose read the project with its overlay. With `-f`, Compose does not
/// search for an override file, so the command names the override too.
fn command(builder: &OverlayBuilder<'_>, project: &[usize], overlay: &Path) -> String {
    let paths = project.iter().map(|index| builder.path(*index));
    let mut command = "docker compose".to_owned();
    for path in paths.chain([overlay]) {
        command.push_str(" -f ");
        command.push_str(&quote(&path.to_string_lossy()));
    }
    command.push_str(" up");
    command
}
