//! One binary for all tests outside the library.
//!
//! * [`syntax`]: YAML, from text to trees and from edits to text.
//! * [`formats`]: reading and writing each format.
//! * [`transforms`]: the catalogue, its pages, and the facts about images.
//! * [`cli`]: the command line.
//! * [`corpus`]: the promises, on real files.
//! * [`engine`]: hardened services on a real container engine.
//! * [`layers`]: which modules of `src/` may use which others.
//! * [`support`]: code that the tests share.
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
