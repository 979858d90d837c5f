//! Reads the environment of a service: `env_file`, overridden by `environment` (compose-go
//! `types/project.go` `WithServicesEnvironmentResolved`).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::dotenv;
use super::layers::{Layers, is_null, judged};
use crate::container::{Container, Environment, Expanded, Place, SharedVariables};
use crate::paths::normalized;
use crate::project::{File, Surroundings, Variable};
use crate::syntax::{Kind, Schema};

/// The limit on `env_file` entries. Real files are far below it.
const MOST_FILES: usize = 100;

/// The number of readings of the same files that are kept.
const MOST_VARIANTS: usize = 8;

/// The most bytes of variables that are read for all services together. It counts each file once
/// for all services that read it alike.
const MOST_BYTES: usize = 256 << 20;

/// One entry of `env_file`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct EnvFile {
    /// The file that contains the entry.
    from: usize,
    path: PathBuf,
    /// The values are used without interpolation.
    is_raw: bool,
}

/// The files of `env_file` of all services. Services with the same files share their variables.
#[derive(Debug, Default)]
pub(super) struct EnvFiles {
    texts: HashMap<EnvFile, Option<Arc<str>>>,
    read: HashMap<Vec<EnvFile>, Vec<Rc<Read>>>,
    bytes: usize,
}

/// The variables of some files, and what they depend on.
#[derive(Debug, Default)]
struct Read {
    variables: Arc<SharedVariables>,
    spellings: Arc<Expanded>,
    /// Some file was not read, or only a part of it.
    is_incomplete: bool,
    /// The variables of the service that the files refer to, each with its value.
    asked: BTreeMap<String, Option<String>>,
}

impl EnvFiles {
    /// The variables of these files for a service with these own values.
    fn read(
        &mut self,
        list: Vec<EnvFile>,
        own: &HashMap<&str, &str>,
        files: &[File<'_>],
        surroundings: &dyn Surroundings,
    ) -> Rc<Read> {
        if list.is_empty() {
            return Rc::default();
        }
        let is_same = |read: &&Rc<Read>| {
            let mut asked = read.asked.iter();
            asked.all(|(name, value)| own.get(name.as_str()).copied() == value.as_deref())
        };
        let known = self.read.get(&list);
        if let Some(known) = known.and_then(|known| known.iter().find(is_same)) {
            return Rc::clone(known);
        }
        let read = Rc::new(self.parse(&list, own, files, surroundings));
        let known = self.read.entry(list).or_default();
        // Each service may have values of its own for what the files refer to.
        if known.len() < MOST_VARIANTS {
            known.push(Rc::clone(&read));
        }
        read
    }

    fn parse(
        &mut self,
        list: &[EnvFile],
        own: &HashMap<&str, &str>,
        files: &[File<'_>],
        surroundings: &dyn Surroundings,
    ) -> Read {
        let mut read = Read::default();
        let asked = RefCell::new(BTreeMap::new());
        let mut found = Vec::new();
        let mut spellings = Expanded::default();
        let mut budget = dotenv::Budget::default();
        for entry in list {
            let from = &files[entry.from];
            let text = self.texts.entry(entry.clone()).or_insert_with(|| {
                let text = surroundings.read(&from.path, &entry.path);
                text.ok().map(Arc::from)
            });
            let Some(text) = text.clone().filter(|_| self.bytes < MOST_BYTES) else {
                read.is_incomplete = true;
                continue;
            };
            // The variables of the project have precedence over those of the service.
            let known = |name: &str| match from.context.variables.get(name) {
                Variable::Unset => {
                    let value = own.get(name).copied();
                    let asked_value = value.map(str::to_owned);
                    asked.borrow_mut().insert(name.to_owned(), asked_value);
                    value.map_or(Variable::Unset, Variable::Set)
                }
                value => value,
            };
            let entries = if entry.is_raw {
                dotenv::parse_raw(&text, &mut budget)
            } else {
                dotenv::parse(&text, &known, &mut budget)
            };
            let Ok(entries) = entries else {
                read.is_incomplete = true;
                continue;
            };
            self.bytes += text.len();
            for (name, value) in entries {
                let value = value.known();
                if let Some(value) = &value {
                    self.bytes += value.len();
                    spellings.add(value, vec![(0..value.len(), name.clone())]);
                }
                found.push((name, value));
            }
        }
        read.variables = Arc::new(found.into_iter().collect());
        read.spellings = Arc::new(spellings);
        read.asked = asked.into_inner();
        read
    }
}

/// Fills in the variables and their known values, and notes files that cannot be read. Returns the
/// texts from files of variables.
pub(super) fn read(
    container: &mut Container,
    layers: &Layers,
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
    env_files: &mut EnvFiles,
) -> Vec<Arc<Expanded>> {
    let mut passed_on = Expanded::default();
    let own = own(layers, files, &mut passed_on);
    let own_values = own.iter();
    let own_values: HashMap<&str, &str> = own_values
        .filter_map(|((name, value), _)| Some((name.as_str(), value.as_deref()?)))
        .collect();
    let list = env_file_entries(layers, files);
    let of_files = env_files.read(list, &own_values, files, surroundings);
    container.environment_elsewhere |= of_files.is_incomplete;
    let places = own.iter();
    let places = places.map(|((name, _), place)| (name.clone(), *place));
    container.environment_places.extend(places);
    let own = own.into_iter().map(|(variable, _)| variable).collect();
    container.environment = Environment::new(Arc::clone(&of_files.variables), own);
    vec![Arc::new(passed_on), Arc::clone(&of_files.spellings)]
}

/// A variable, with its value where the file gives one, and its place.
type Own = ((String, Option<String>), Place);

/// The entries of `environment`. A name without a value takes its value from the project's
/// variables.
fn own(layers: &Layers, files: &[File<'_>], spellings: &mut Expanded) -> Vec<Own> {
    let mut found = Vec::new();
    for value in layers.all(files, "environment") {
        let file = &files[value.file];
        let tree = &file.tree;
        let place = |node| Place {
            file: value.file,
            span: tree.node(node).span,
        };
        let mut passed_on = |name: &str| match file.context.variables.get(name) {
            Variable::Set(value) => {
                spellings.add(value, vec![(0..value.len(), name.to_owned())]);
                Some(value.to_owned())
            }
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
fn env_file_entries(layers: &Layers, files: &[File<'_>]) -> Vec<EnvFile> {
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
