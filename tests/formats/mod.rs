//! Reading and writing each format, and the values that its consumer refuses.

pub(crate) mod compose;
mod docker_cli;
mod docker_run;
mod dockerfile;
pub(crate) mod kubernetes;
mod overlay;
mod pod_security;
mod quadlet;
pub(crate) mod semantics;
