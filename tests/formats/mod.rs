//! What is read and written in each format, and which values its consumer would refuse.

pub(crate) mod compose;
mod docker_cli;
mod docker_run;
mod dockerfile;
pub(crate) mod kubernetes;
mod overlay;
mod pod_security;
mod quadlet;
pub(crate) mod semantics;
