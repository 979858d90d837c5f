//! What a kustomization applies that harden does not evaluate.
//!
//! A check judges files, and kustomize applies something else: patches, replacements, plugins, and
//! resources that harden does not read. All of that is unread where it may weaken a pod.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::kustomization::{InlineText, Kustomization, NAMES};
use super::security::{CONTAINERS, Operation, Patch, Touched};
use crate::container::{Reason, Words};
use crate::dialect::recognise::{OVERLAY_PATCH, UnreadPart, is_overlay};
use crate::project::{State, Surroundings, Target};
use crate::syntax::{self, Kind, Limits, Mode, NodeId, Tree};

static UNEVALUATED: Words = Words::new(
    "unevaluated-key",
    "harden does not evaluate {written}. Check what kustomize builds: kubectl kustomize DIR | \
     harden --check -",
);
static PATCHED: Words = Words::new(
    "unevaluated-patch",
    "The patch changes {written}, and harden does not apply it. Check what kustomize builds: \
     kubectl kustomize DIR | harden --check -",
);
static RESOURCE: Words = Words::new(
    "unread-resource",
    "harden cannot read {written}. Check what kustomize builds: kubectl kustomize DIR | \
     harden --check -",
);

/// Keys that run plugins, or change any field.
const UNEVALUATED_KEYS: [&str; 9] = [
    "transformers",
    "generators",
    "validators",
    "configurations",
    "helmCharts",
    "helmChartInflationGenerator",
    "crds",
    "openapi",
    "<<",
];

/// The other keys of a kustomization (kustomize `api/types/kustomization.go`).
const KEYS: [&str; 27] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "helmGlobals",
    "inventory",
    "buildMetadata",
    "sortOptions",
    "vars",
];

/// The most files of one kustomization that are read for the names of their containers.
const MOST_FILES: usize = 256;

/// The parts of a kustomization that are not evaluated, by line. `compares_overlay` says that the
/// run plans the overlay of harden again and compares it, so that overlay is evaluated.
pub(crate) fn unevaluated(
    path: &Path,
    text: &str,
    surroundings: &dyn Surroundings,
    compares_overlay: bool,
) -> Vec<UnreadPart> {
    let Ok(tree) = syntax::parse(text, Mode::GoYaml, &Limits::default()) else {
        // The file itself is an error.
        return Vec::new();
    };
    let [document] = tree.documents() else {
        return vec![part(1, &UNEVALUATED, "several documents")];
    };
    let root = tree.resolve(document.root);
    let reading = Reading {
        path,
        directory: path.parent().unwrap_or(Path::new("")),
        tree: &tree,
        surroundings,
        compares_overlay,
    };
    let mut parts = Vec::new();
    for (key, value) in tree.entries(root) {
        reading.entry(key, tree.resolve(value), &mut parts);
    }
    parts.sort_by_key(|part| part.line);
    parts
}

fn part(line: u32, words: &'static Words, what: impl Into<String>) -> UnreadPart {
    UnreadPart {
        line,
        reason: Reason::new(words).written(what),
        is_template: false,
        state: State::Unread,
    }
}

struct Reading<'a, 's> {
    path: &'a Path,
    directory: &'a Path,
    tree: &'a Tree<'s>,
    surroundings: &'a dyn Surroundings,
    compares_overlay: bool,
}

impl Reading<'_, '_> {
    fn entry(&self, key: NodeId, value: NodeId, parts: &mut Vec<UnreadPart>) {
        let name = self.tree.value(key).into_owned();
        if self.is_empty(value) {
            return;
        }
        let items = || {
            self.tree
                .children(value)
                .map(|item| self.tree.resolve(item))
        };
        match name.as_str() {
            "resources" | "bases" | "components" => {
                parts.extend(items().filter_map(|item| self.resource(item)));
            }
            "patches" | "patchesJson6902" => {
                parts.extend(items().filter_map(|item| self.patch(item)));
            }
            "patchesStrategicMerge" => {
                parts.extend(items().filter_map(|item| {
                    let text = self.tree.value(item);
                    if text.contains('\n') {
                        self.inline(item, None)
                    } else {
                        self.file(item, None)
                    }
                }));
            }
            "replacements" => {
                parts.extend(items().filter_map(|item| self.replacement(item)));
            }
            "labels" => {
                let fields = items().filter_map(|item| self.get(item, "fields"));
                parts.extend(fields.map(|at| part(self.line(at), &UNEVALUATED, "fields")));
            }
            "commonAnnotations" => {
                let touched = Patch::new(self.tree, &|_, _| true).of_merge(value);
                parts.extend(touched.map(|(at, key)| part(self.line(at), &UNEVALUATED, key)));
            }
            name if UNEVALUATED_KEYS.contains(&name) => {
                parts.push(part(self.line(key), &UNEVALUATED, name));
            }
            // Kustomize reads its keys with JSON of Go, where case does not matter.
            name if !KEYS.contains(&name) => {
                let is_key = |known: &&str| known.eq_ignore_ascii_case(name);
                if KEYS.iter().chain(&UNEVALUATED_KEYS).any(is_key) {
                    parts.push(part(self.line(key), &UNEVALUATED, name));
                }
            }
            _ => {}
        }
    }

    fn is_empty(&self, value: NodeId) -> bool {
        let is_scalar = self.tree.node(value).kind == Kind::Scalar;
        let is_null = is_scalar && matches!(&*self.tree.value(value), "" | "~" | "null");
        is_null || (!is_scalar && self.tree.children(value).next().is_none())
    }

    fn resource(&self, item: NodeId) -> Option<UnreadPart> {
        let name = self.tree.value(item);
        let path = self.directory.join(&*name);
        let is_read = !name.is_empty()
            && (self.surroundings.read(self.path, &path).is_ok()
                || NAMES.iter().any(|own| {
                    let path = path.join(own);
                    self.surroundings.read(self.path, &path).is_ok()
                }));
        (!is_read).then(|| part(self.line(item), &RESOURCE, name))
    }

    fn patch(&self, item: NodeId) -> Option<UnreadPart> {
        const OWN: [&str; 4] = ["path", "patch", "target", "options"];
        let mut keys = self.tree.entries(item).map(|(key, _)| key);
        if let Some(key) = keys.find(|key| !OWN.contains(&&*self.tree.value(*key))) {
            let name = self.tree.value(key);
            return Some(part(self.line(key), &UNEVALUATED, name));
        }
        let changes_kind = self
            .get(item, "options")
            .and_then(|options| self.get(options, "allowKindChange"));
        if let Some(at) = changes_kind
            && self.tree.value(at) != "false"
        {
            return Some(part(self.line(at), &UNEVALUATED, "allowKindChange"));
        }
        let target = self.get(item, "target").map(|target| {
            let word = |key| {
                let found = self.get(target, key)?;
                Some(self.tree.value(found).into_owned())
            };
            Target {
                kind: word("kind"),
                name: word("name"),
            }
        });
        match (self.get(item, "path"), self.get(item, "patch")) {
            (Some(path), None) => self.file(path, target.as_ref()),
            (None, Some(text)) => self.inline(text, target.as_ref()),
            _ => Some(part(self.line(item), &UNEVALUATED, "the patch")),
        }
    }

    fn file(&self, item: NodeId, target: Option<&Target>) -> Option<UnreadPart> {
        let name = self.tree.value(item);
        let line = self.line(item);
        let Ok(text) = self
            .surroundings
            .read(self.path, &self.directory.join(&*name))
        else {
            return Some(part(line, &RESOURCE, name));
        };
        if self.compares_overlay && name == OVERLAY_PATCH && is_overlay(&text) {
            return None;
        }
        let (own, what) = self.touched(&text, target)?;
        Some(part(line, &PATCHED, format!("{what} ({name}:{own})")))
    }

    fn inline(&self, item: NodeId, target: Option<&Target>) -> Option<UnreadPart> {
        let text = self.tree.value(item).into_owned();
        let (line, what) = self.touched(&text, target)?;
        let inline = InlineText::new(self.tree, item, text);
        Some(part(inline.line(line), &PATCHED, what))
    }

    /// The line and the name of what a patch touches.
    fn touched(&self, text: &str, target: Option<&Target>) -> Option<(u32, String)> {
        let Ok(tree) = syntax::parse(text, Mode::GoYaml, &Limits::default()) else {
            return Some((1, "what harden cannot read".to_owned()));
        };
        let known = std::cell::OnceCell::new();
        let known = || known.get_or_init(|| self.known());
        tree.documents().iter().find_map(|document| {
            let root = tree.resolve(document.root);
            let word = |of: NodeId, key: &str| {
                let mut entries = tree.entries(tree.resolve(of));
                let found = entries.find(|(own, _)| tree.value(*own) == key)?;
                Some(tree.resolve(found.1))
            };
            let text_of = |node: Option<NodeId>| node.map(|node| tree.value(node).into_owned());
            let own = || Target {
                kind: text_of(word(root, "kind")),
                name: text_of(word(root, "metadata").and_then(|of| word(of, "name"))),
            };
            let is_known = |list: &str, name: &str| {
                let own = target.cloned().unwrap_or_else(own);
                known().have(&own, list, name)
            };
            let mut patch = Patch::new(&tree, &is_known);
            let touched: Option<Touched> = match tree.node(root).kind {
                Kind::Seq => patch.of_operations(root),
                Kind::Map => patch.of_merge(root),
                Kind::Scalar | Kind::Alias => None,
            };
            let (at, key) = touched?;
            Some((tree.line_column(tree.node(at).span.start).0, key))
        })
    }

    /// A replacement writes values that harden does not read, at the paths of its fields.
    fn replacement(&self, item: NodeId) -> Option<UnreadPart> {
        let mut keys = self.tree.entries(item).map(|(key, _)| key);
        let other = keys.find(|key| !["source", "targets"].contains(&&*self.tree.value(*key)));
        if let Some(key) = other {
            return Some(part(self.line(key), &UNEVALUATED, "replacements"));
        }
        let targets = self.get(item, "targets");
        let targets = targets
            .into_iter()
            .flat_map(|list| self.tree.children(list));
        let mut targets = targets.map(|target| self.tree.resolve(target));
        targets.find_map(|target| {
            const OWN: [&str; 4] = ["select", "reject", "fieldPaths", "options"];
            let mut keys = self.tree.entries(target).map(|(key, _)| key);
            if let Some(key) = keys.find(|key| !OWN.contains(&&*self.tree.value(*key))) {
                return Some(part(self.line(key), &UNEVALUATED, "replacements"));
            }
            let paths = self.get(target, "fieldPaths")?;
            let mut paths = self.tree.children(paths);
            paths.find_map(|at| {
                let at = self.tree.resolve(at);
                let steps = field_steps(&self.tree.value(at));
                let touched = Patch::new(self.tree, &|_, _| false).at(&steps, &Operation::Unknown);
                let what = touched.map(|key| format!("replacements of {key}"));
                what.map(|what| part(self.line(at), &UNEVALUATED, what))
            })
        })
    }

    fn get(&self, map: NodeId, key: &str) -> Option<NodeId> {
        let mut entries = self.tree.entries(map);
        let found = entries.find(|(own, _)| self.tree.value(*own) == key)?;
        Some(self.tree.resolve(found.1))
    }

    fn line(&self, node: NodeId) -> u32 {
        self.tree.line_column(self.tree.node(node).span.start).0
    }

    /// The containers of the objects that the kustomization builds from.
    fn known(&self) -> Known {
        let mut known = Known::default();
        let mut open = vec![self.path.to_owned()];
        let mut seen: HashSet<PathBuf> = HashSet::new();
        while let Some(path) = open.pop() {
            if seen.len() == MOST_FILES || !seen.insert(self.surroundings.place(&path)) {
                continue;
            }
            let text = self.surroundings.read(self.path, &path);
            if let Ok(text) = text {
                if super::kustomization::is_one(&path) {
                    let parsed = Kustomization::parse(path, text, self.surroundings);
                    open.extend(parsed.into_iter().flat_map(|one| one.resources));
                } else {
                    known.add(&text);
                }
            } else {
                let names = NAMES.iter().map(|name| path.join(name));
                open.extend(names.filter(|path| self.surroundings.read(self.path, path).is_ok()));
            }
        }
        known
    }
}

/// The steps of a field path of kustomize: `spec.containers.[name=a.b].image`.
fn field_steps(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let (mut depth, mut is_escaped) = (0_u32, false);
    for c in path.chars() {
        match c {
            '.' if depth == 0 && !is_escaped => steps.push(String::new()),
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            _ => {
                match c {
                    '[' => depth = depth.saturating_add(1),
                    ']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                steps.last_mut().into_iter().for_each(|step| step.push(c));
            }
        }
        is_escaped = false;
    }
    steps
}

/// The containers of some objects.
#[derive(Debug, Default)]
struct Known {
    /// By kind and name of the object: the lists and the names of the containers.
    objects: HashMap<(String, String), HashSet<(String, String)>>,
}

impl Known {
    fn add(&mut self, text: &str) {
        let Ok(tree) = syntax::parse(text, Mode::GoYaml, &Limits::default()) else {
            return;
        };
        for document in tree.documents() {
            let root = tree.resolve(document.root);
            let get = |map: NodeId, key: &str| {
                let mut entries = tree.entries(map);
                let found = entries.find(|(own, _)| tree.value(*own) == key)?;
                Some(tree.resolve(found.1))
            };
            let word = |node: Option<NodeId>| node.map(|node| tree.value(node).into_owned());
            let items = get(root, "items");
            let items = items.into_iter().flat_map(|items| tree.children(items));
            for object in items.map(|item| tree.resolve(item)).chain([root]) {
                let kind = word(get(object, "kind"));
                let name = word(get(object, "metadata").and_then(|of| get(of, "name")));
                let (Some(kind), Some(name)) = (kind, name) else {
                    continue;
                };
                let own = self.objects.entry((kind, name)).or_default();
                for (key, list) in tree.subtree(object).flat_map(|node| tree.entries(node)) {
                    let key = tree.value(key);
                    if CONTAINERS.contains(&&*key) {
                        let containers = tree.children(tree.resolve(list));
                        let containers = containers.map(|item| tree.resolve(item));
                        let names = containers.filter_map(|item| word(get(item, "name")));
                        own.extend(names.map(|name| (key.to_string(), name)));
                    }
                }
            }
        }
    }

    /// Whether all objects that the target can match have this container, and there is one.
    fn have(&self, target: &Target, list: &str, name: &str) -> bool {
        let (kind, object) = target.certain();
        let own = (list.to_owned(), name.to_owned());
        let matching = self
            .objects
            .iter()
            .filter(|((of_kind, of_name), containers)| {
                !containers.is_empty()
                    && kind.as_ref().is_none_or(|kind| kind == of_kind)
                    && object.as_ref().is_none_or(|object| object == of_name)
            });
        let mut matching = matching.map(|(_, containers)| containers).peekable();
        matching.peek().is_some() && matching.all(|containers| containers.contains(&own))
    }
}
