//! `harden` makes the containers in Compose files and Kubernetes manifests least-privilege.

pub mod cli;
pub mod command;
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
pub mod walk;
pub mod write;
