//! Finds the files that a Compose file refers to: bases (`extends`), includes and files of
//! variables.
//!
//! Sources: compose-go `loader/extends.go`, `loader/include.go`, `paths/resolve.go`,
//! `cli/options.go`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem;

use super::dotenv;
use super::interpolation::{ADDED, inserted, name_len};
use super::layers::{judged, known};
use super::recognise::services_of;
use crate::paths::normalized;
use crate::project::{
    BeyondLimit, Context, File, Surroundings, Variable, VariableLimit, Variables,
};
use crate::syntax::{Kind, NodeId, Schema};

/// A file that another file refers to.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The path of the file.
    pub(crate) path: PathBuf,
    /// The path as written, if values of variables are part of it.
    pub(crate) shown: Option<PathBuf>,
    /// The base directory and the variables for the file's own paths and values.
    pub(crate) context: Arc<Context>,
    /// Whether the project gets the services of the file. Otherwise they are only bases.
    pub(crate) is_included: bool,
    /// The line of the reference, from 1.
    pub(crate) line: u32,
}

/// One entry of `include`.
#[derive(Debug)]
pub(super) struct Include {
    /// The files, merged in this order.
    pub(super) files: Vec<WrittenPath>,
    /// The line of the entry, from 1.
    line: u32,
    directory: PathBuf,
    /// Files of variables. `None` means the `.env` of the directory.
    variables: Option<Vec<WrittenPath>>,
}

/// A path in a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct WrittenPath {
    pub(super) path: PathBuf,
    /// The path as written, if values of variables are part of it.
    shown: Option<PathBuf>,
}

impl WrittenPath {
    /// The path for a report.
    pub(super) fn shown(&self) -> &Path {
        self.shown.as_ref().unwrap_or(&self.path)
    }

    fn of(file: &File<'_>, node: NodeId) -> Option<Self> {
        let tree = &file.tree;
        let at = |text: &str| normalized(&file.context.directory.join(text));
        let written = tree.value(tree.resolve(node));
        let is_inserted = written.contains('$') && inserted(&written, &known(file)).is_some();
        Some(Self {
            path: at(&judged(file, node)?),
            shown: is_inserted.then(|| at(&written)),
        })
    }
}

/// The service that `extends` names.
#[derive(Debug)]
pub(super) struct Extends {
    /// The file that defines the service, if it is another file.
    pub(super) file: Option<WrittenPath>,
    /// The name of the service.
    pub(super) service: String,
}

/// Every file that this file extends or includes.
pub(crate) fn references(file: &File<'_>, surroundings: &dyn Surroundings) -> Vec<Reference> {
    let contains =
        |word: &str| memmem::find(file.tree.source().as_bytes(), word.as_bytes()).is_some();
    let (extends, include) = (contains("extends"), contains("include"));
    let mut found = Vec::new();
    // Most includes have the same directory, whose `.env` is then read once.
    let mut contexts: HashMap<(PathBuf, Option<Vec<WrittenPath>>), Arc<Context>> = HashMap::new();
    for document in file.tree.documents() {
        if include {
            for include in includes(file, document.root) {
                let Include {
                    files,
                    line,
                    directory,
                    variables,
                } = include;
                // Variables of the including file have precedence over those of the included
                // project's own files (compose-go `types/mapping.go`).
                let context = contexts.entry((directory, variables)).or_insert_with_key(
                    |(directory, variables)| {
                        Arc::new(context_of(
                            &file.path,
                            directory.clone(),
                            variables.as_deref(),
                            &file.context.variables,
                            surroundings,
                        ))
                    },
                );
                found.extend(files.into_iter().map(|file| Reference {
                    path: file.path,
                    shown: file.shown,
                    context: Arc::clone(context),
                    is_included: true,
                    line,
                }));
            }
        }
        let services = services_of(&file.tree, document.root).filter(|_| extends);
        for (_, service) in services
            .into_iter()
            .flat_map(|services| file.tree.effective_entries(services, Schema::GoYamlV4))
        {
            if let Some(key) = file.tree.get(service.value(), "extends", Schema::GoYamlV4)
                && let Some(WrittenPath { path, shown }) =
                    extended(file, key.value()).and_then(|extends| extends.file)
            {
                found.push(Reference {
                    context: Arc::new(Context {
                        directory: path.parent().unwrap_or(Path::new("")).to_owned(),
                        variables: Arc::clone(&file.context.variables),
                    }),
                    path,
                    shown,
                    is_included: false,
                    line: file
                        .tree
                        .line_column(file.tree.node(key.value()).span.start)
                        .0,
                });
            }
        }
    }
    found
}

/// The target of an `extends`: a service of the same file, or `{file, service}`.
pub(super) fn extended(file: &File<'_>, node: NodeId) -> Option<Extends> {
    let tree = &file.tree;
    let node = tree.resolve(node);
    if tree.node(node).kind != Kind::Map {
        let service = judged(file, node)?.into_owned();
        return Some(Extends {
            file: None,
            service,
        });
    }
    let text = |key| {
        let found = tree.get(node, key, Schema::GoYamlV4)?;
        judged(file, found.value())
    };
    Some(Extends {
        file: tree
            .get(node, "file", Schema::GoYamlV4)
            .and_then(|found| WrittenPath::of(file, found.value())),
        service: text("service")?.into_owned(),
    })
}

/// The entries of `include`: a path, or `{path, project_directory, env_file}`. `path` and
/// `env_file` can each be one value or a list.
pub(super) fn includes(file: &File<'_>, root: NodeId) -> Vec<Include> {
    let tree = &file.tree;
    let Some(found) = tree.get(root, "include", Schema::GoYamlV4) else {
        return Vec::new();
    };
    let list = tree.resolve(found.value());
    if tree.node(list).kind != Kind::Seq {
        return Vec::new();
    }
    let paths = |node: NodeId| -> Vec<WrittenPath> {
        let node = tree.resolve(node);
        let items = match tree.node(node).kind {
            Kind::Seq => tree.children(node).collect(),
            _ => vec![node],
        };
        items
            .into_iter()
            .filter_map(|item| WrittenPath::of(file, item))
            .collect()
    };
    let mut includes = Vec::new();
    for item in tree.children(list) {
        let item = tree.resolve(item);
        let at = |key| {
            let found = tree.get(item, key, Schema::GoYamlV4)?;
            Some(paths(found.value()))
        };
        let is_long = tree.node(item).kind == Kind::Map;
        let files = if is_long {
            at("path").unwrap_or_default()
        } else {
            paths(item)
        };
        let Some(first) = files.first() else { continue };
        let directory = at("project_directory").and_then(|paths| paths.into_iter().next());
        includes.push(Include {
            line: tree.line_column(tree.node(item).span.start).0,
            directory: match directory {
                Some(directory) => directory.path,
                None => first.path.parent().unwrap_or(Path::new("")).to_owned(),
            },
            variables: at("env_file").filter(|files| !files.is_empty()),
            files,
        });
    }
    includes
}

/// The context of a project at `directory`. Its variables are `known` and those of its files of
/// variables. The default file is the `.env` in that directory.
fn context_of(
    from: &Path,
    directory: PathBuf,
    files: Option<&[WrittenPath]>,
    known: &Arc<Variables>,
    surroundings: &dyn Surroundings,
) -> Context {
    let standard = [WrittenPath {
        path: directory.join(".env"),
        shown: None,
    }];
    let files = files.unwrap_or(&standard).iter();
    let texts = files.filter_map(|file| {
        let text = surroundings.read(from, &file.path).ok()?;
        Some((file.shown().to_owned(), text))
    });
    let variables = variables(texts, known);
    Context {
        directory,
        // Files that include each other often have the same variables, which they share.
        variables: if variables == *known {
            Arc::clone(known)
        } else {
            variables
        },
    }
}

/// The context of a project at `directory` with the `.env` in that directory.
pub(crate) fn context(from: &Path, directory: PathBuf, surroundings: &dyn Surroundings) -> Context {
    context_of(from, directory, None, &Arc::default(), surroundings)
}

/// The variables of all files, each with its path. Later files have precedence over earlier ones,
/// and `known` has precedence over all files.
pub(crate) fn variables(
    texts: impl IntoIterator<Item = (PathBuf, String)>,
    known: &Arc<Variables>,
) -> Arc<Variables> {
    let mut found = Variables::default();
    let mut budget = dotenv::Budget::default();
    for (path, text) in texts {
        let before = |name: &str| match known.get(name) {
            Variable::Unset => found.get(name),
            value => value,
        };
        match dotenv::parse(&text, &before, &mut budget) {
            Ok(entries) => {
                for (name, value) in entries {
                    match value {
                        dotenv::Value::Set(value) => found.set(name, Some(value)),
                        dotenv::Value::Unknown => found.set(name, None),
                        dotenv::Value::Unset => found.unset(&name),
                    }
                }
            }
            Err(dotenv::Fault::Rejected) => {}
            Err(dotenv::Fault::Beyond(line, limit)) => {
                found.beyond = Some(BeyondLimit { path, line, limit });
                break;
            }
        }
    }
    if found == Variables::default() {
        return Arc::clone(known);
    }
    found.extend(known);
    Arc::new(found)
}

/// The limit on values of variables that the file or one of its files of variables exceeds.
pub(crate) fn beyond_limit(file: &File<'_>) -> Option<BeyondLimit> {
    let variables = &file.context.variables;
    if variables.beyond.is_some() || variables.is_empty() {
        return variables.beyond.clone();
    }
    let source = file.tree.source();
    let mut left = dotenv::EXPANSION;
    for at in memchr::memchr_iter(b'$', source.as_bytes()) {
        let rest = source[at + 1..].trim_start_matches('{');
        let Variable::Set(value) = variables.get(&rest[..name_len(rest)]) else {
            continue;
        };
        let Some(now) = left.checked_sub(value.len().min(ADDED)) else {
            return Some(BeyondLimit {
                path: file.path.clone(),
                line: memchr::memchr_iter(b'\n', &source.as_bytes()[..at]).count() + 1,
                limit: VariableLimit::Expansion(dotenv::EXPANSION),
            });
        };
        left = now;
    }
    None
}
