//! With any options, files are left unchanged, or are hardened so that a second run finds nothing
//! and no pod breaks a new rule of the Pod Security Standards.
//!
//! The first four bytes choose the options. The rest is one file, or several files with a zero
//! byte between them.

#![no_main]

// The tests check the same promises on the corpus and on generated files.
#[path = "../../tests/corpus/options.rs"]
mod options;

use std::sync::OnceLock;

use harden::image::Knowledge;
use libfuzzer_sys::fuzz_target;
use options::{Directory, Options, check};

/// The paths of the files, in the order of the input.
const PATHS: [&str; 6] =
    ["compose.yml", "compose.override.yml", "base.yml", ".env", "kustomization.yaml", "patch.yaml"];

fuzz_target!(|input: (u32, &[u8])| {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    let knowledge = KNOWLEDGE.get_or_init(Knowledge::embedded);
    let (seed, bytes) = input;
    let files = bytes.splitn(PATHS.len(), |byte| *byte == 0);
    check(&Directory::new(PATHS.into_iter().zip(files)), Options::choose(seed), knowledge);
});
