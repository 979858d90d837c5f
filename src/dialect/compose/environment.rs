//! Reads the environment of a service: `env_file`, overridden by `environment` (compose-go
//! `types/project.go` `WithServicesEnvironmentResolved`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use super::dotenv;
use super::layers::{Layers, is_null, judged};
use crate::container::{Container, Place};
use crate::paths::normalized;
use crate::project::{File, Surroundings, Variable};
use crate::syntax::{Kind, Schema};

/// The limit on `env_file` entries. Real files are far below it.
const MOST_FILES: usize = 100;

/// One entry of `env_file`.
#[derive(Debug, PartialEq, Eq)]
struct EnvFile {
    /// The file that contains the entry.
    from: usize,
    path: PathBuf,
    /// The values are used without interpolation.
    is_raw: bool,
}

/// Fills in the variables and their known values, and notes files that cannot be read.
pub(super) fn read(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
) {
    let own = own(layers, files);
    let own_values = own.iter();
    let own_values: HashMap<&str, &str> = own_values
        .filter_map(|((name, value), _)| Some((name.as_str(), value.as_deref()?)))
        .collect();
    let mut budget = dotenv::Budget::default();
    let mut environment = Environment::default();
    for file in env_files(layers, files) {
        let from = &files[file.from];
        let Ok(text) = surroundings.read(&from.path, &file.path) else {
            container.environment_elsewhere = true;
            continue;
        };
        let found = if file.is_raw {
            dotenv::parse_raw(&text, &mut budget)
        } else {
            // The variables of the project have precedence over those of the service.
            let known = |name: &str| match from.context.variables.get(name) {
                Variable::Unset => own_values
                    .get(name)
                    .map_or(Variable::Unset, |value| Variable::Set(value)),
                value => value,
            };
            dotenv::parse(&text, &known, &mut budget)
        };
        match found {
            Ok(found) => {
                for (name, value) in found {
                    environment.set((name, value.known()));
                }
            }
            Err(_) => container.environment_elsewhere = true,
        }
    }
    for (pair, place) in own {
        container.environment_places.push((pair.0.clone(), place));
        environment.set(pair);
    }
    container.environment = environment.values;
}

/// Variables in the order of their first values.
#[derive(Default)]
struct Environment {
    values: Vec<(String, Option<String>)>,
    places: HashMap<String, usize>,
}

impl Environment {
    /// A later value replaces an earlier one.
    fn set(&mut self, (name, value): (String, Option<String>)) {
        let known = self.places.get(&name).copied();
        match known.and_then(|at| self.values.get_mut(at)) {
            Some(known) => known.1 = value,
            None => {
                self.places.insert(name.clone(), self.values.len());
                self.values.push((name, value));
            }
        }
    }
}

/// A variable, with its value where the file gives one, and its place.
type Own = ((String, Option<String>), Place);

/// The entries of `environment`. A name without a value takes its value from the project's
/// variables.
fn own(layers: &Layers, files: &[File<'_>]) -> Vec<Own> {
    let mut found = Vec::new();
    for value in layers.all(files, "environment") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = |node| Place {
            file: value.file,
            span: tree.node(node).span,
        };
        let passed_on = |name: &str| match file.context.variables.get(name) {
            Variable::Set(value) => Some(value.to_owned()),
            Variable::Unset | Variable::Unknown => None,
        };
        match tree.node(value.node).kind {
            Kind::Map => {
                for (name, entry) in tree.effective_entries(value.node, Schema::GoYamlV4) {
                    let text = if is_null(tree, entry.value()) {
                        passed_on(&name)
                    } else {
                        judged(file, entry.value()).map(Cow::into_owned)
                    };
                    found.push(((name.into_owned(), text), place(entry.value())));
                }
            }
            Kind::Seq => {
                for item in tree.children(value.node) {
                    let Some(text) = judged(file, item) else {
                        continue;
                    };
                    let (name, given) = match text.split_once('=') {
                        Some((name, value)) => (name, Some(value.to_owned())),
                        None => (&*text, passed_on(&text)),
                    };
                    found.push(((name.to_owned(), given), place(item)));
                }
            }
            _ => {}
        }
    }
    found
}

/// The entries of `env_file`: one path or several, each optionally as `{path, required, format}`. A
/// file that is listed twice is read once.
fn env_files(layers: &Layers, files: &[File<'_>]) -> Vec<EnvFile> {
    let mut found: Vec<EnvFile> = Vec::new();
    for item in layers.items(files, "env_file") {
        let file = &files[item.file];
        let text = |key: &str| {
            let value = file.tree.get(item.node, key, Schema::GoYamlV4)?;
            judged(file, value.value())
        };
        let is_long = file.tree.node(item.node).kind == Kind::Map;
        let path = if is_long {
            text("path")
        } else {
            item.judged(files)
        };
        let Some(path) = path else { continue };
        let file = EnvFile {
            from: item.file,
            path: normalized(&file.context.directory.join(&*path)),
            is_raw: is_long && text("format").is_some_and(|format| format == "raw"),
        };
        if found.len() < MOST_FILES && !found.iter().any(|known| known.path == file.path) {
            found.push(file);
        }
    }
    found
}
