//! `harden` makes the containers in Compose files and Kubernetes manifests least-privilege.

pub mod container;
pub mod dialect;
pub mod engine;
pub mod error;
pub mod image;
pub mod project;
pub mod report;
pub mod syntax;
#[path = "../transforms/mod.rs"]
pub mod transforms;
