//! Checks that applying the fix of a result gives the same bytes as `--write`.

use harden::engine::outcome::{Change, FileOutcome, Report};
use harden::engine::{Run, Selection};
use harden::transforms;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::assert_kept;
use crate::support::edits::{apply, of_json};
use crate::support::report::json;
use crate::support::run::{by_default, source, with};
use crate::support::shared::{CorpusFile, corpus};

/// Only every nth file is checked, because each fix needs a pass.
const STEP: usize = 101;
/// Larger files are skipped, because they take long and add no new cases.
const LARGEST: usize = 4 << 10;

fn run(run: &Run<'_>, file: &CorpusFile) -> Report {
    run.project(vec![source(&file.path, &file.bytes)])
}

fn written(report: &Report, before: &str) -> String {
    match &report.files[0].outcome {
        FileOutcome::Changed(Change { text, .. }) => text.clone(),
        _ => before.to_owned(),
    }
}

#[test]
fn a_fix_equals_the_edits_of_its_transform() {
    let Some(files) = corpus() else { return };
    let with_fixes = Run {
        fixes: true,
        ..by_default()
    };
    let sample: Vec<&CorpusFile> = files
        .iter()
        .step_by(STEP)
        .filter(|file| file.bytes.len() < LARGEST)
        .collect();
    let judged: Vec<(usize, Vec<String>)> = sample
        .par_iter()
        .map(|file| {
            let report = run(&with_fixes, file);
            fixes_that_differ(file, report)
        })
        .collect();
    assert_kept(judged.iter().flat_map(|(_, broken)| broken));
    let total: usize = judged.iter().map(|(count, _)| count).sum();
    assert!(total > 50, "{total}");
}

/// The number of fixes in a file, and the fixes that differ from `--write`.
fn fixes_that_differ(file: &CorpusFile, report: Report) -> (usize, Vec<String>) {
    if report.containers.is_empty() {
        return (0, Vec::new());
    }
    let before = std::str::from_utf8(&file.bytes).unwrap();
    let names: Vec<String> = report
        .containers
        .iter()
        .map(|one| format!("{}/{}", one.workload, one.name))
        .collect();
    let report = json(report);
    let containers = report["files"][0]["containers"].as_array().unwrap();
    let (mut count, mut broken) = (0, Vec::new());
    for (container, name) in containers.iter().zip(&names) {
        let is_unique = names
            .iter()
            .filter(|other| other.ends_with(name.as_str()))
            .count()
            == 1;
        for result in container["results"].as_array().unwrap() {
            let fix = &result["fix"];
            if fix.is_null() || !is_unique {
                continue;
            }
            let id = result["transform"].as_str().unwrap();
            let alone = Run {
                selection: Selection::of(vec![name.clone()]),
                ..with(vec![transforms::find(id).unwrap()])
            };
            count += 1;
            if apply(before, of_json(fix)) != written(&run(&alone, file), before) {
                broken.push(format!("{}: {name}: {id}: {fix:?}", file.path.display()));
            }
        }
    }
    (count, broken)
}
