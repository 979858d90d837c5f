//! One binary for every test that stands outside the library.
//!
//! * [`syntax`]: YAML, from text to trees and from edits to text.
//! * [`formats`]: what is read and written in each format.
//! * [`transforms`]: the catalogue, its pages, and what is known of images.
//! * [`cli`]: the command, as users run it.
//! * [`corpus`]: the promises, on real files.
//! * [`engine`]: hardened services on a real container engine.
//! * [`layers`]: which room of `src/` may use which.
//! * [`support`]: what the tests share.
#![allow(
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expects"
)]
#![allow(
    clippy::print_stdout,
    reason = "a test that cannot run for want of its judge says so"
)]

mod cli;
mod corpus;
mod engine;
mod formats;
mod layers;
mod support;
mod syntax;
mod transforms;
