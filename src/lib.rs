//! `harden` makes the containers in Compose files and Kubernetes manifests least-privilege.

pub mod syntax;
