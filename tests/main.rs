//! One binary for every test that stands outside the library.
#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expects"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test that cannot run for want of its judge says so"
)]

mod capabilities;
mod cli;
mod compose;
mod config;
mod confinement;
mod console;
mod corpus;
mod diff;
mod docker_cli;
mod docker_run;
mod dockerfile;
mod documents;
mod edit_invariants;
mod edit_properties;
mod edits;
mod engine;
mod go_yaml;
mod hostile;
mod images;
mod interrupt;
mod invariants;
mod kubernetes;
mod limits;
mod mutations;
mod overlay;
mod pages;
mod pod_security;
mod quadlet;
mod readme;
mod semantics;
mod styles;
mod tampered;
mod traps;
mod yaml_suite;
