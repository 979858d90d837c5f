//! Any file is left unchanged, or is hardened so that a second run finds nothing and no pod breaks
//! a new rule of the Pod Security Standards.

#![no_main]

use std::sync::OnceLock;

use harden::container::{Assume, Policy};
use harden::engine::Run;
use harden::project::Source;
use harden::image::Knowledge;
use harden::pod_security::{Content, Standard, Verdict, judge};
use harden::engine::outcome::{Change, FileOutcome};
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
        if let FileOutcome::Changed(Change { text, .. }) = &file.outcome {
            let again = run.project(source(text.as_bytes()));
            assert!(matches!(again.files[0].outcome, FileOutcome::Unchanged), "a second run finds changes");
            let before = broken(bytes);
            assert!(broken(text.as_bytes()).iter().all(|check| before.contains(check)), "a pod breaks a new rule");
        }
    }
});

fn broken(bytes: &[u8]) -> Vec<(usize, &'static str)> {
    let source = Source { path: "fuzzed.yml".into(), bytes: bytes.to_vec() };
    let standard: Standard = "restricted".parse().expect("a level");
    let Content::Pods(pods) = judge(source, standard, &[]).content else { return Vec::new() };
    let mut broken = Vec::new();
    for (nth, pod) in pods.iter().enumerate() {
        if let Verdict::Breaks(violations) = &pod.verdict {
            broken.extend(violations.iter().map(|one| (nth, one.check)));
        }
    }
    broken
}
