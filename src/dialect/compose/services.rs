//! Collects the services of a project: the files that define each service, and the bases it
//! extends.
//!
//! Compose resolves `extends` within each document, before it merges the documents and files of the
//! project. A service therefore does not inherit what a later file sets on its base (compose-go
//! `loader/loader.go` `loadYamlFile`, `loader/extends.go`). Included services are added before the
//! document that includes them, which overrides them (`loader/include.go`).

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::layers::{Layer, Layers};
use super::recognise::services_of;
use super::references::{Extends, extended, includes};
use crate::container::{Reason, Value, Via, Words};
use crate::dialect::BeyondReading;
use crate::paths::normalized;
use crate::project::{File, Surroundings};
use crate::syntax::{Found, NodeId, Schema, Span};

/// The maximum number of services in a chain of `extends`.
const LONGEST_CHAIN: usize = 64;
/// The maximum depth of `include`.
const DEEPEST_INCLUDE: usize = 64;
/// The maximum size of what services inherit and include, in bytes. The files may repeat 16 times
/// their own size in addition.
const MOST_REPEATED: u64 = 8 << 20;
/// The names that an error shows of a chain.
const SHOWN: usize = 4;
/// The size of a layer or an include without its content.
const LAYER: u64 = 64;

static EXTENDS_ITSELF: Words = Words::new(
    "extends-itself",
    "It extends {name}, and its chain of extends is a circle.",
);
static BASE_MISSING: Words = Words::new(
    "base-missing",
    "It extends {name}, which this file does not define.",
);
static BASE_UNREAD: Words = Words::new("base-unread", "It extends {name} of {file}, which {note}.");
static BASE_NOT_IN_FILE: Words = Words::new(
    "base-not-in-file",
    "It extends {name}, which {file} does not define.",
);

/// One service of a project.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    /// The key of the first definition.
    pub(super) key: Span,
    /// All mappings of the service, those of its bases first.
    pub(super) layers: Layers,
    /// Why part of the service is not known.
    pub(super) incomplete: Option<Reason>,
}

/// The services of files that are merged together.
#[derive(Debug)]
pub(super) struct Merged {
    /// The services, in the order of first definition.
    pub(super) services: Vec<Service>,
    /// The source documents, without those of bases.
    pub(super) roots: Vec<(usize, NodeId)>,
}

/// All services of each project.
pub(super) fn collect(
    files: &[File<'_>],
    surroundings: &dyn Surroundings,
) -> Result<Vec<Merged>, BeyondReading> {
    let mut merged: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (file, one) in files.iter().enumerate() {
        if let Some(number) = one.part.merged {
            merged.entry(number).or_default().push(file);
        }
    }
    let size = |file: &File<'_>| -> u64 {
        let documents = file.tree.documents().iter();
        documents
            .map(|document| file.tree.size(document.root))
            .sum()
    };
    let own: u64 = files.iter().map(size).sum();
    let reader = Reader {
        files,
        surroundings,
        places: OnceCell::new(),
        bases: RefCell::default(),
        most: own.saturating_mul(16).saturating_add(MOST_REPEATED),
        repeated: Cell::new(0),
        beyond_limit: RefCell::default(),
    };
    let projects = merged
        .into_values()
        .map(|merged| {
            let mut roots = Vec::new();
            let model = reader.merged(&merged, &mut Vec::new(), &mut roots);
            Merged {
                services: model.services,
                roots,
            }
        })
        .collect();
    match reader.beyond_limit.into_inner() {
        Some(beyond) => Err(beyond),
        None => Ok(projects),
    }
}

struct Reader<'f, 's> {
    files: &'f [File<'s>],
    surroundings: &'f dyn Surroundings,
    /// The index of each file, by path.
    places: OnceCell<HashMap<PathBuf, usize>>,
    /// The services of files that other services extend, before their own `extends` is resolved.
    bases: RefCell<HashMap<usize, Rc<Model>>>,
    /// The maximum size of what is inherited and included.
    most: u64,
    /// The size so far.
    repeated: Cell<u64>,
    beyond_limit: RefCell<Option<BeyondReading>>,
}

/// Services by name.
#[derive(Debug, Default)]
struct Model {
    services: Vec<Service>,
    places: OnceCell<HashMap<String, usize>>,
}

impl Model {
    fn find(&self, name: &str) -> Option<&Service> {
        let places = self.places.get_or_init(|| {
            let names = self.services.iter().map(|service| service.name.clone());
            names.enumerate().map(|(at, name)| (name, at)).collect()
        });
        self.services.get(*places.get(name)?)
    }

    /// Merges services with higher precedence.
    fn merge(&mut self, other: Vec<Service>) {
        if self.services.is_empty() {
            self.services = other;
            return;
        }
        let mut places: HashMap<String, usize> = self
            .services
            .iter()
            .enumerate()
            .map(|(at, service)| (service.name.clone(), at))
            .collect();
        for service in other {
            let Some(known) = places
                .get(&service.name)
                .and_then(|at| self.services.get_mut(*at))
            else {
                places.insert(service.name.clone(), self.services.len());
                self.services.push(service);
                continue;
            };
            for layer in service.layers.iter() {
                let via = match &layer.via {
                    Via::Own => Via::Override,
                    via => via.clone(),
                };
                known.layers.push(layer.through(via));
            }
            known.incomplete = known.incomplete.take().or(service.incomplete);
        }
        self.places.take();
    }
}

impl Reader<'_, '_> {
    /// The services of files that are merged in this order.
    fn merged(
        &self,
        merged: &[usize],
        open: &mut Vec<usize>,
        roots: &mut Vec<(usize, NodeId)>,
    ) -> Model {
        let mut model = Model::default();
        for file in merged {
            for document in self.files[*file].tree.documents() {
                roots.push((*file, document.root));
                let document = self.document(*file, document.root, open, roots);
                model.merge(document);
            }
        }
        model
    }

    /// The services of one document, with their bases and its includes.
    fn document(
        &self,
        file: usize,
        root: NodeId,
        open: &mut Vec<usize>,
        roots: &mut Vec<(usize, NodeId)>,
    ) -> Vec<Service> {
        let mut included = Model::default();
        for include in includes(&self.files[file], root) {
            let found: Option<Vec<usize>> = include
                .files
                .iter()
                .map(|file| self.find(&file.path))
                .collect();
            let Some(found) = found else { continue };
            let is_circle = found.iter().any(|file| open.contains(file));
            if is_circle || !self.may_include(&found, open) {
                continue;
            }
            open.push(file);
            included.merge(self.merged(&found, open, roots).services);
            open.pop();
        }
        let own = self.own(file, root);
        let has_bases = own.iter().any(|service| self.extends(service).is_some());
        if included.services.is_empty() && !has_bases {
            return own;
        }
        let names: Vec<(String, Option<Extends>)> = own
            .iter()
            .map(|service| (service.name.clone(), self.extends(service)))
            .collect();
        let mut scope = included;
        scope.merge(own);
        let bases: HashMap<String, Extends> = names
            .into_iter()
            .filter_map(|(name, extends)| Some((name, extends?)))
            .collect();
        let extends = |service: &Service| {
            let extends = bases.get(&service.name)?;
            Some(Extends {
                file: extends.file.clone(),
                service: extends.service.clone(),
            })
        };
        scope
            .services
            .iter()
            .map(|service| self.with_bases(file, &scope, &extends, service))
            .collect()
    }

    /// Whether these files may be included in the innermost of the open files.
    fn may_include(&self, found: &[usize], open: &[usize]) -> bool {
        if open.len() >= DEEPEST_INCLUDE {
            let names = open.iter().map(|file| self.name(*file));
            self.refuse(BeyondReading::Includes {
                most: DEEPEST_INCLUDE,
                names: names.take(SHOWN).collect(),
            });
        }
        let size = |file: &usize| {
            let tree = &self.files[*file].tree;
            let documents = tree.documents().iter();
            documents.map(|document| tree.size(document.root)).sum()
        };
        found.iter().all(|file| self.repeat(size(file)))
    }

    /// The name of a file for messages.
    fn name(&self, file: usize) -> String {
        let File { path, shown, .. } = &self.files[file];
        let name = self.surroundings.name(shown.as_ref().unwrap_or(path));
        name.display().to_string()
    }

    /// Adds to the size of what is inherited and included. Returns false beyond a limit.
    fn repeat(&self, size: u64) -> bool {
        let size = size.saturating_add(LAYER);
        self.repeated.set(self.repeated.get().saturating_add(size));
        if self.repeated.get() > self.most {
            self.refuse(BeyondReading::Repeated(self.most));
        }
        self.beyond_limit.borrow().is_none()
    }

    /// Records the first limit that is exceeded.
    fn refuse(&self, why: BeyondReading) {
        self.beyond_limit.borrow_mut().get_or_insert(why);
    }

    /// The services of one document, before `extends` is resolved.
    fn own(&self, file: usize, root: NodeId) -> Vec<Service> {
        let tree = &self.files[file].tree;
        let Some(services) = services_of(tree, root) else {
            return Vec::new();
        };
        let service = |name: String, found: Found| {
            let mut layers = Layers::default();
            layers.push(Layer::own(file, found.value(), tree));
            Service {
                name,
                key: tree.node(found.key()).span,
                layers,
                incomplete: None,
            }
        };
        tree.effective_entries(services, Schema::GoYamlV4)
            .into_iter()
            .map(|(name, found)| service(name.into_owned(), found))
            .collect()
    }

    /// The service with all of its direct and indirect bases.
    fn with_bases(
        &self,
        file: usize,
        scope: &Model,
        extends: &dyn Fn(&Service) -> Option<Extends>,
        service: &Service,
    ) -> Service {
        let Some(first) = extends(service) else {
            return service.clone();
        };
        let name = first.service.clone();
        let mut next = Some(first);
        // The bases, and where each is defined: `None` is the scope, otherwise a file.
        let mut bases: Vec<(Option<usize>, Service)> = Vec::new();
        let mut incomplete = service.incomplete.clone();
        let mut seen = HashSet::from([(None, service.name.clone())]);
        let mut at = None;
        while let Some(base) = next {
            let from = at.unwrap_or(file);
            match self.base(from, at.is_none().then_some(scope), &base) {
                Ok((in_file, found)) => {
                    at = in_file.or(at);
                    if !seen.insert((at, found.name.clone())) {
                        let circle = Reason::new(&EXTENDS_ITSELF).name(&name);
                        incomplete = incomplete.or(Some(circle));
                        break;
                    }
                    if bases.len() >= LONGEST_CHAIN {
                        let names = bases.iter().map(|(at, base)| match at {
                            None => base.name.clone(),
                            Some(at) => format!("{}: {}", self.name(*at), base.name),
                        });
                        let names = std::iter::once(service.name.clone()).chain(names);
                        self.refuse(BeyondReading::Extends {
                            most: LONGEST_CHAIN,
                            names: names.take(SHOWN).collect(),
                        });
                        break;
                    }
                    next = match at {
                        None => extends(&found),
                        Some(_) => self.extends(&found),
                    };
                    incomplete = incomplete.or_else(|| found.incomplete.clone());
                    bases.push((at, found));
                }
                Err(why) => {
                    incomplete = incomplete.or(Some(why));
                    break;
                }
            }
        }
        let size = |layer: &Layer| self.files[layer.file].tree.size(layer.node);
        let inherited: Vec<&Layer> = bases
            .iter()
            .rev()
            .flat_map(|(_, base)| base.layers.iter())
            .collect();
        let mut layers = Layers::default();
        if inherited.iter().all(|layer| self.repeat(size(layer))) {
            layers.extend(
                inherited
                    .into_iter()
                    .map(|layer| layer.through(Via::Extends(name.clone()))),
            );
        }
        layers.extend(service.layers.iter().cloned());
        Service {
            layers,
            incomplete,
            ..service.clone()
        }
    }

    /// The service that `base` names in the file `from`, or in `scope`. If it is in another file,
    /// the index of that file comes first.
    fn base(
        &self,
        from: usize,
        scope: Option<&Model>,
        base: &Extends,
    ) -> Result<(Option<usize>, Service), Reason> {
        let name = &base.service;
        let of_base = |words| Reason::new(words).name(name);
        let Some(path) = &base.file else {
            let found = match scope {
                Some(scope) => scope.find(name).cloned(),
                None => self.bases(from).find(name).cloned(),
            };
            return Ok((None, found.ok_or_else(|| of_base(&BASE_MISSING))?));
        };
        let named = self.surroundings.name(path.shown());
        let named = Value::Written(named.display().to_string());
        let Some(at) = self.find(&path.path) else {
            let note = Value::Note(self.why_unread(from, &path.path));
            let reason = of_base(&BASE_UNREAD).with("file", named);
            return Err(reason.with("note", note));
        };
        match self.bases(at).find(name).cloned() {
            Some(found) => Ok((Some(at), found)),
            None => Err(of_base(&BASE_NOT_IN_FILE).with("file", named)),
        }
    }

    /// The services of a file that other services extend: its documents merged, `extends` not
    /// resolved.
    fn bases(&self, file: usize) -> Rc<Model> {
        if let Some(known) = self.bases.borrow().get(&file) {
            return Rc::clone(known);
        }
        let mut model = Model::default();
        for document in self.files[file].tree.documents() {
            model.merge(self.own(file, document.root));
        }
        let model = Rc::new(model);
        self.bases.borrow_mut().insert(file, Rc::clone(&model));
        model
    }

    /// The service that this service extends directly.
    fn extends(&self, service: &Service) -> Option<Extends> {
        let value = service.layers.get(self.files, &["extends"])?;
        extended(&self.files[value.file], value.node)
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let places = self.places.get_or_init(|| {
            let files = self.files.iter().enumerate();
            files
                .map(|(at, file)| (normalized(&file.path), at))
                .collect()
        });
        places.get(path).copied()
    }

    fn why_unread(&self, from: usize, path: &Path) -> String {
        match self.surroundings.read(&self.files[from].path, path) {
            Ok(_) => "is not YAML".to_owned(),
            Err(why) => why.to_string(),
        }
    }
}
