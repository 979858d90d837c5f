//! Any file is left alone, or hardened so that a second run finds nothing.

#![no_main]

use std::sync::OnceLock;

use harden::container::{Assume, Policy};
use harden::engine::{Run, Source};
use harden::image::Knowledge;
use harden::report::FileOutcome;
use harden::transforms;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    let knowledge = KNOWLEDGE.get_or_init(Knowledge::embedded);
    let policy = Policy { assume: Assume::All, ..Policy::default() };
    let run = Run::new(transforms::ALL.to_vec(), policy, knowledge);
    let source = |bytes: &[u8]| vec![Source { path: "fuzzed.yml".into(), bytes: bytes.to_vec() }];
    let report = run.project(source(bytes));
    for file in &report.files {
        if let FileOutcome::Changed(text) = &file.outcome {
            let again = run.project(source(text.as_bytes()));
            assert!(matches!(again.files[0].outcome, FileOutcome::Unchanged), "a second run finds work");
        }
    }
});
