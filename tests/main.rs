//! One binary for every test that stands outside the library.
#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expects"
)]

mod cli;
mod console;
mod diff;
mod engine;
mod go_yaml;
mod kubernetes;
mod yaml_suite;
