//! YAML as bytes and places: text to a tree with byte spans, paths to edits, edits to text.
//!
//! This module knows nothing of containers and uses nothing above it. It reads as go-yaml
//! reads, because both Docker Compose (go-yaml v4) and Kubernetes (go-yaml v2, through
//! `sigs.k8s.io/yaml`) are go-yaml.
//!
//! # Invariants
//!
//! * No byte outside an edit changes: the tree holds spans of the source, never copies of it.
//! * Time and memory are linear in the source. Aliases are never expanded.
//! * Nothing panics on any input; what cannot be read or edited is a typed error with a span.

mod comment;
mod compare;
mod edit;
mod error;
mod json;
mod lines;
mod parse;
mod resolve;
mod scalar;
mod tree;
mod witness;

pub use comment::Comment;
pub use compare::{Mismatch, compare};
pub use edit::{Checkpoint, Edit, Editor, Plan, Refusal, Touched, Value, document};
pub use error::{SyntaxError, SyntaxErrorKind};
pub use lines::Lines;
pub use parse::{Limits, Mode, decode, parse};
pub use resolve::{Found, Scalar, Schema};
pub use tree::{Document, Kind, Node, NodeId, Props, Span, Style, Tree};
pub use witness::{Disagreement, witness};
