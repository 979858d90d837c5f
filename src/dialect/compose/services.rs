//! Collects the services of a project: the files that define each service, and the bases it
//! extends.
//!
//! Compose resolves `extends` within each document, before it merges the documents and files of the
//! project. A service therefore does not inherit what a later file sets on its base (compose-go
//! `loader/loader.go` `loadYamlFile`, `loader/extends.go`). Included services are added before the
//! document that includes them, which overrides them (`loader/include.go`).

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::layers::{Layer, Layers};
use super::recognise::services_of;
use super::references::{Extends, extended, includes};
use crate::container::{Reason, Value, Via, Words};
use crate::paths::normalized;
use crate::project::{File, Surroundings};
use crate::syntax::{Found, NodeId, Schema, Span};

/// The maximum length of an `extends` chain. A longer chain is treated as endless.
const LONGEST_CHAIN: usize = 64;
/// The maximum number of includes. A file that is included twice counts twice.
const MOST_INCLUDES: usize = 1_000;

static EXTENDS_ITSELF: Words = Words::new(
    "extends-itself",
    "It extends {name}, which extends it in turn.",
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
pub(super) fn collect(files: &[File<'_>], surroundings: &dyn Surroundings) -> Vec<Merged> {
    let mut numbers: Vec<usize> = files.iter().filter_map(|file| file.part.merged).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let reader = Reader {
        files,
        surroundings,
        places: OnceCell::new(),
        bases: RefCell::default(),
        included: Cell::new(0),
    };
    numbers
        .into_iter()
        .map(|number| {
            let merged: Vec<usize> = (0..files.len())
                .filter(|file| files[*file].part.merged == Some(number))
                .collect();
            let mut roots = Vec::new();
            let model = reader.merged(&merged, &mut Vec::new(), &mut roots);
            Merged {
                services: model.services,
                roots,
            }
        })
        .collect()
}

struct Reader<'f, 's> {
    files: &'f [File<'s>],
    surroundings: &'f dyn Surroundings,
    /// The index of each file, by path.
    places: OnceCell<HashMap<PathBuf, usize>>,
    /// The services of files that other services extend, before their own `extends` is resolved.
    bases: RefCell<HashMap<usize, Rc<Model>>>,
    included: Cell<usize>,
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
            let again = found.iter().any(|file| open.contains(file));
            if again || self.included.get() >= MOST_INCLUDES {
                continue;
            }
            self.included.set(self.included.get() + 1);
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
            .map(|service| self.with_bases(file, &scope, &extends, service, LONGEST_CHAIN))
            .collect()
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
        chain: usize,
    ) -> Service {
        let Some(base) = extends(service) else {
            return service.clone();
        };
        let name = &base.service;
        let unknown = |why: Reason| Service {
            incomplete: Some(why),
            ..service.clone()
        };
        let of_base = |words| Reason::new(words).name(name);
        if chain == 0 {
            return unknown(of_base(&EXTENDS_ITSELF));
        }
        let inherited = match &base.file {
            None => match scope.find(name) {
                Some(base) => self.with_bases(file, scope, extends, base, chain - 1),
                None => return unknown(of_base(&BASE_MISSING)),
            },
            Some(path) => {
                let named = self.surroundings.name(path.shown());
                let named = Value::Written(named.display().to_string());
                let Some(at) = self.find(&path.path) else {
                    let note = Value::Note(self.why_unread(file, &path.path));
                    let reason = of_base(&BASE_UNREAD).with("file", named);
                    return unknown(reason.with("note", note));
                };
                let bases = self.bases(at);
                let Some(base) = bases.find(name) else {
                    return unknown(of_base(&BASE_NOT_IN_FILE).with("file", named));
                };
                let extends = |service: &Service| self.extends(service);
                self.with_bases(at, &bases, &extends, base, chain - 1)
            }
        };
        let mut layers = inherited.layers.inherited(name);
        service
            .layers
            .iter()
            .for_each(|layer| layers.push(layer.clone()));
        Service {
            layers,
            incomplete: service.incomplete.clone().or(inherited.incomplete),
            ..service.clone()
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
