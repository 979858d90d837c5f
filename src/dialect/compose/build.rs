//! Reads how the image of a service is built: its `build` section, as a recipe whose Dockerfile has
//! been read (compose-spec `build.md`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Member;
use super::interpolation::{Interpolated, interpolate};
use super::layers::{Layers, Value, is_null};
use crate::image::{Facts, Knowledge, Recipe};
use crate::project::{File, Surroundings};
use crate::syntax::{Kind, NodeId, Schema, Tree};

/// The built images of a project. Each Dockerfile is read once, and parsed once for each way of
/// building it: thousands of services can name the same one.
pub(super) struct Builds<'p> {
    files: &'p [File<'p>],
    surroundings: &'p dyn Surroundings,
    knowledge: &'p Knowledge,
    /// By the file that names the Dockerfile, and by its path.
    texts: HashMap<At, Option<Arc<str>>>,
    /// By the file and the path of the Dockerfile, and by the rest of the recipe.
    known: HashMap<(At, Recipe), Option<Arc<Facts>>>,
}

/// The index of the file that names a Dockerfile, and its path.
type At = (usize, PathBuf);

impl<'p> Builds<'p> {
    pub(super) fn new(
        files: &'p [File<'p>],
        surroundings: &'p dyn Surroundings,
        knowledge: &'p Knowledge,
    ) -> Self {
        Self {
            files,
            surroundings,
            knowledge,
            texts: HashMap::new(),
            known: HashMap::new(),
        }
    }

    /// The facts about the image that the service builds.
    pub(super) fn facts(&mut self, layers: &Layers) -> Option<Arc<Facts>> {
        let (place, mut recipe) = self.recipe(layers)?;
        let knowledge = self.knowledge;
        let facts = |recipe: &Recipe| recipe.facts(knowledge).map(Arc::new);
        let Some(place) = place else {
            return facts(&recipe);
        };
        let text = std::mem::take(&mut recipe.text);
        let key = (place, recipe);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = facts(&Recipe {
            text,
            ..key.1.clone()
        });
        self.known.insert(key, found.clone());
        found
    }

    /// The recipe, if its Dockerfile is in the project and its path depends on no unknown variable;
    /// with the place of the Dockerfile, unless it is inline.
    fn recipe(&mut self, layers: &Layers) -> Option<(Option<(usize, PathBuf)>, Recipe)> {
        let files = self.files;
        let build = Build {
            files,
            values: layers.all(files, "build"),
        };
        let mut is_dynamic = false;
        let mut take = |text: Option<Text>| {
            let text = text?;
            is_dynamic |= text.is_dynamic;
            Some(text)
        };
        let args = build.pairs("args").into_iter();
        let args = args
            .map(|(name, value)| (name, take(value).map(|text| text.value)))
            .collect();
        let contexts = build.pairs("additional_contexts").into_iter();
        let contexts = contexts.map(|(name, _)| name).collect();
        let target = match build.get("target") {
            Some(target) => Some(take(target)?.value),
            None => None,
        };
        let (place, text, name) = if let Some(inline) = build.get("dockerfile_inline") {
            let text = take(inline)?.value.into();
            (None, text, "dockerfile_inline".to_owned())
        } else {
            let context = take(build.context())?;
            let dockerfile = match build.get("dockerfile") {
                Some(name) => Some(take(name)?.value),
                None => None,
            };
            let (place, text, name) = self.read(&context, dockerfile.as_deref())?;
            (Some(place), text, name)
        };
        let recipe = Recipe {
            text,
            name,
            target,
            args,
            contexts,
            is_dynamic,
        };
        Some((place, recipe))
    }

    /// The text of the Dockerfile in a context, with its place and its path for reports.
    fn read(
        &mut self,
        context: &Text,
        dockerfile: Option<&str>,
    ) -> Option<((usize, PathBuf), Arc<str>, String)> {
        if is_remote(&context.value) {
            return None;
        }
        let file = self.files.get(context.file)?;
        let mut read = |name: &str| {
            let path: PathBuf = Path::new(&context.value).join(name).components().collect();
            let at = file.context.directory.join(&path);
            let place = (context.file, at);
            let text = self.texts.entry(place.clone()).or_insert_with(|| {
                let text = self.surroundings.read(&file.path, &place.1);
                text.ok().map(Arc::from)
            });
            let text = text.clone()?;
            let name = path.strip_prefix(".").unwrap_or(&path).display();
            Some((place, text, name.to_string()))
        };
        match dockerfile {
            Some(name) => read(name),
            // The builder falls back to the lower-case name (docker/buildx `build/opt.go`).
            None => read("Dockerfile").or_else(|| read("dockerfile")),
        }
    }
}

/// Gives the facts of a built image to every service that uses the image by its name.
pub(super) fn share(members: &mut [Member]) {
    let built: HashMap<String, Option<Arc<Facts>>> = members
        .iter()
        .filter(|member| member.container.built)
        .filter_map(|member| {
            let image = member.container.image.as_ref()?;
            Some((image.to_string(), member.container.facts.clone()))
        })
        .collect();
    if built.is_empty() {
        return;
    }
    for container in members.iter_mut().map(|member| &mut member.container) {
        let name = container.image.as_ref().map(ToString::to_string);
        if let Some(facts) = name.and_then(|name| built.get(&name))
            && !container.built
        {
            container.built = true;
            container.facts.clone_from(facts);
            super::commands::probe_of_image(container);
        }
    }
}

/// Whether the context is a URL or a repository, which the builder fetches (moby/buildkit
/// `client/llb/source.go`).
fn is_remote(context: &str) -> bool {
    context.contains("://")
        || ["git@", "github.com/"]
            .iter()
            .any(|start| context.starts_with(start))
}

/// The `build` sections of all layers of the service, lowest precedence first.
struct Build<'f, 's> {
    files: &'f [File<'s>],
    values: Vec<Value>,
}

/// A text with its variables replaced.
struct Text {
    value: String,
    is_dynamic: bool,
    /// The file that contains the text.
    file: usize,
}

impl Build<'_, '_> {
    /// The text at a key. `Some(None)` means that the text depends on an unknown variable.
    #[allow(
        clippy::option_option,
        reason = "what is not written differs from what cannot be told"
    )]
    fn get(&self, key: &str) -> Option<Option<Text>> {
        self.values.iter().rev().find_map(|value| {
            let tree = &self.files[value.file].tree;
            let found = tree.get(mapping(tree, value.node)?, key, Schema::GoYamlV4)?;
            let node = tree.resolve(found.value());
            (!is_null(tree, node)).then(|| text(tree, node, value.file))
        })
    }

    /// `build: .` is the short form of a context without other keys.
    fn context(&self) -> Option<Text> {
        for value in self.values.iter().rev() {
            let tree = &self.files[value.file].tree;
            if tree.node(value.node).kind == Kind::Scalar {
                return text(tree, value.node, value.file);
            }
            let context = mapping(tree, value.node)
                .and_then(|map| tree.get(map, "context", Schema::GoYamlV4));
            if let Some(found) = context {
                return text(tree, tree.resolve(found.value()), value.file);
            }
        }
        Some(Text {
            value: ".".to_owned(),
            is_dynamic: false,
            file: self.values.first()?.file,
        })
    }

    /// The entries of a mapping, or of a list of `NAME=value`. A name without a value takes its
    /// value from the environment.
    fn pairs(&self, key: &str) -> Vec<(String, Option<Text>)> {
        let mut pairs = Vec::new();
        for value in &self.values {
            let tree = &self.files[value.file].tree;
            let Some(found) =
                mapping(tree, value.node).and_then(|map| tree.get(map, key, Schema::GoYamlV4))
            else {
                continue;
            };
            let node = tree.resolve(found.value());
            let known = |node: NodeId| text(tree, node, value.file);
            if tree.node(node).kind == Kind::Map {
                for (name, found) in tree.effective_entries(node, Schema::GoYamlV4) {
                    let node = tree.resolve(found.value());
                    let text = (!is_null(tree, node)).then(|| known(node)).flatten();
                    pairs.push((name.into_owned(), text));
                }
            } else {
                pairs.extend(tree.children(node).filter_map(|item| {
                    let text = known(tree.resolve(item))?;
                    Some(match text.value.split_once('=') {
                        Some((name, value)) => {
                            let value = value.to_owned();
                            (name.to_owned(), Some(Text { value, ..text }))
                        }
                        None => (text.value, None),
                    })
                }));
            }
        }
        pairs
    }
}

fn mapping(tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
    (tree.node(node).kind == Kind::Map).then_some(node)
}

/// The text of a scalar with its variables replaced. `None` if a variable has neither a value nor a
/// default.
fn text(tree: &Tree<'_>, node: NodeId, file: usize) -> Option<Text> {
    if tree.node(node).kind != Kind::Scalar {
        return None;
    }
    let written = tree.value(node);
    let (value, is_dynamic) = match interpolate(&written) {
        Interpolated::Plain(value) => (value.into_owned(), false),
        Interpolated::Dynamic { default, .. } => (default?, true),
        Interpolated::Invalid => return None,
    };
    Some(Text {
        value,
        is_dynamic,
        file,
    })
}
