//! Kubernetes manifests: pods and the objects that create them.

mod accounts;
mod autoscaler;
mod confine;
mod cursor;
mod heading;
pub(crate) mod kustomization;
mod limit_range;
mod lower;
mod namespaces;
mod neighbours;
mod object;
pub(crate) mod operations;
mod patches;
mod quantity;
mod read;
mod recognise;
mod security;
mod shape;
mod storage;
mod unevaluated;
mod volume_name;
mod withdraw;
mod workload;

pub(crate) use cursor::{Cursor, Source};
pub use neighbours::Neighbours;
pub(crate) use object::{Document, Object, Pod, documents};
pub(crate) use read::{TOO_MANY_ALIASES, concerns_others};
pub(crate) use recognise::recognise;
pub(crate) use unevaluated::unevaluated;

use super::Dialect;
use crate::project::Format;
use crate::syntax::Schema;

impl Format {
    /// The schema of the Kubernetes API server.
    pub const KUBERNETES: Self = Self::new("kubernetes", Schema::GoYamlV2);
}

pub(super) static DIALECT: Dialect = Dialect {
    format: Format::KUBERNETES,
    recognise,
    read: |reading| Ok(read::read(reading)),
};
