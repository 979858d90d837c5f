//! Docker Compose: reads and merges services as compose-go does.
//!
//! Sources: compose-spec `05-services.md` and `13-merge.md`, compose-go `loader/` (interpolate.go,
//! validate.go), and the engine measurements that the doc comments cite.

mod build;
mod commands;
mod confinement;
mod dotenv;
mod environment;
mod inheritance;
mod interpolation;
mod layers;
mod lower;
mod mounts;
mod names;
mod network;
mod ports;
mod read;
mod recognise;
mod references;
mod resources;
mod services;
mod spelling;
mod withdraw;

pub use names::{bases, is_override, overridden_by, overrides, preferred_to};
pub(crate) use references::{Reference, beyond_limit, context, references, variables};

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

pub(super) use self::recognise::has_only_top_level_keys;
use super::{Dialect, Unwritable};
use crate::container::{Assignment, Container, Place, Reason};
use crate::dialect::recognise::Recognition;
use crate::project::{self, File, Format};
use crate::syntax::{Editor, Found, NodeId, Schema};

impl Format {
    /// The schema of Docker Compose.
    pub const COMPOSE: Self = Self::new("compose", Schema::GoYamlV4);
}

pub(super) static DIALECT: Dialect = Dialect {
    format: Format::COMPOSE,
    recognise: |tree, _| Recognition {
        format: recognise::recognise(tree),
        unread: Vec::new(),
    },
    read: |reading| {
        let members = read::read(reading.files, reading.knowledge, reading.surroundings)?;
        Ok(members.into_iter().map(boxed).collect())
    },
};

/// A service, with the place of its settings.
type Member = project::Member<Site>;

fn boxed(Member { container, site }: Member) -> super::Member {
    super::Member {
        container,
        site: Box::new(site),
    }
}

/// The place where the settings of one service are written.
#[derive(Debug)]
pub(super) struct Site {
    /// The name of the service, used in paths.
    service: String,
    /// The file and the node (a mapping or null) that receive new keys.
    file: usize,
    node: NodeId,
    /// The places of existing or new limits.
    limits: LimitPlaces,
    /// The limit of memory and swap: its text, and the bytes if it is a number.
    swap: Option<(String, Option<u64>)>,
    /// Services that extend this one and inherit new settings. Each heir records whether it defines
    /// anything that a setting could break.
    heirs: Vec<Heir>,
    /// Keys that a later document resets or overrides. Writing them here has no effect.
    overridden: Vec<String>,
    /// Scalars that a later document or file overrides: each path with its place.
    later: Vec<(String, String)>,
    /// Why this service must not be edited.
    not_editable: Option<Reason>,
    /// Why only a swarm can run this service.
    swarm: Option<Reason>,
    /// The format of the file.
    version: Version,
    /// Whether `deploy.restart_policy` decides restarts: it is written, or only a swarm can run the
    /// service.
    restarts_by_deploy: bool,
    /// The keys of all services of the project, computed on first use.
    headings: Arc<OnceLock<Headings>>,
}

/// The keys of every mapping that defines a service, by service name.
type Headings = HashMap<String, Vec<Place>>;

/// Keys of `deploy` that only a swarm reads.
const SWARM: [&str; 5] = [
    "mode",
    "placement",
    "update_config",
    "rollback_config",
    "endpoint_mode",
];

/// An entry of the overridden keys that means every key.
const EVERYTHING: &str = "*";

/// A service that extends another one.
#[derive(Debug)]
struct Heir {
    name: String,
    /// Index into the members.
    member: usize,
    /// Whether it differs from its base only in keys that no setting depends on.
    same: bool,
}

/// The format version that a file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// The first format: services are at the top level, and fewer keys are known.
    First,
    /// Version 3. `docker stack deploy` validates a file by the schemas of this version (docker/cli
    /// `cli/compose/schema/data`).
    Third {
        /// The number after the point.
        minor: u32,
    },
    /// Any other version. Compose ignores the declared version.
    Any,
}

impl Version {
    fn of(version: Option<&str>) -> Self {
        match version.and_then(|version| version.strip_prefix('3')) {
            Some(rest) => Self::Third {
                minor: rest.trim_start_matches('.').parse().unwrap_or(0),
            },
            None => Self::Any,
        }
    }

    fn is_3(self) -> bool {
        matches!(self, Self::Third { .. })
    }

    /// Whether the schema is older than version 3.`minor`.
    fn is_before(self, minor: u32) -> bool {
        matches!(self, Self::Third { minor: own } if own < minor)
    }
}

/// The place of each limit.
#[derive(Clone, Copy, Debug)]
struct LimitPlaces {
    memory: Limits,
    cpu: Limits,
    pids: Limits,
}

/// The place of resource limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limits {
    /// `mem_limit`, `cpus`.
    Service,
    /// `deploy.resources.limits`.
    Deploy,
}

fn headings(files: &[File<'_>]) -> Headings {
    let mut headings = Headings::new();
    for (file, File { tree, .. }) in files.iter().enumerate() {
        for document in tree.documents() {
            let Some(services) = recognise::services_of(tree, document.root) else {
                continue;
            };
            for (name, found) in tree.effective_entries(services, Schema::GoYamlV4) {
                if let Found::Own { key, .. } = found {
                    let span = tree.node(key).span;
                    let known = headings.entry(name.into_owned()).or_default();
                    known.push(Place { file, span });
                }
            }
        }
    }
    headings
}

impl super::Site for Site {
    fn lower(
        &self,
        assignment: &Assignment,
        container: &Container,
        files: &[File<'_>],
        editors: &mut [Editor<'_, '_>],
    ) -> Result<Vec<String>, Unwritable> {
        self.write(assignment, container, files, editors)
    }

    fn file(&self, _: &Container) -> usize {
        self.file
    }

    fn object(&self, _: &Container, _: &[File<'_>]) -> (usize, NodeId) {
        (self.file, self.node)
    }

    fn headings(&self, _: &Container, files: &[File<'_>]) -> Vec<Place> {
        let headings = self.headings.get_or_init(|| headings(files));
        headings.get(&self.service).cloned().unwrap_or_default()
    }

    fn heirs(&self) -> Vec<usize> {
        self.heirs.iter().map(|heir| heir.member).collect()
    }
}
