//! Checks that one run with all transforms gives the same values as one run for each transform, in
//! the order of the catalogue. Only the order of new keys and items may differ. `HARDEN_SHARED`
//! names the folder that contains `corpus/`.

use harden::engine::outcome::{Change, FileOutcome, Report};
use harden::transforms;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_yaml::Value;

use super::{reports, values};
use crate::support::run::{Setup as _, by_default, with};
use crate::support::shared::corpus;

/// The largest file that is compared, because the independent reader builds all values in memory.
const LARGEST: usize = 256 << 10;

#[test]
fn one_run_equals_a_run_for_each_transform() {
    let Some(files) = corpus() else { return };
    let compared: Vec<Compared> = files
        .par_iter()
        .zip(reports())
        .filter(|(file, _)| file.bytes.len() <= LARGEST)
        .filter_map(|(file, report)| {
            let text = std::str::from_utf8(&file.bytes).ok()?;
            let once = after(report, text);
            Some(compare(&file.path.display().to_string(), text, &once))
        })
        .collect();
    let changed = compared.iter().filter(|one| one.changed).count();
    println!("{changed} files changed");
    assert_alike(compared);
}

#[test]
fn changes_that_depend_on_others_are_the_same_in_a_later_run() {
    let compared = [
        "services:\n  a:\n    image: nginx:1.27\n  b:\n    image: postgres:16\n    user: root\n",
        "x-a: &a\n  cap_drop: [NET_RAW]\n  tmpfs: /x\nservices:\n  a:\n    <<: *a\n    image: nginx:1.27\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: 'nginx:1.27'}\n  - {name: d, image: example/d, ports: [{containerPort: 53}]}\n",
    ]
    .map(|text| {
        let once = after(&by_default().file("compose.yml", text), text);
        compare("compose.yml", text, &once)
    });
    assert!(compared.iter().all(|one| one.changed));
    assert_alike(compared);
}

/// The result of the comparison for a file.
struct Compared {
    changed: bool,
    difference: Option<String>,
}

fn assert_alike(compared: impl IntoIterator<Item = Compared>) {
    let differences: Vec<String> = compared
        .into_iter()
        .filter_map(|one| one.difference)
        .collect();
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Compares the result of one run with the result of a run for each transform.
fn compare(name: &str, text: &str, once: &str) -> Compared {
    let mut step_by_step = text.to_owned();
    for transform in transforms::by_default() {
        let report = with(vec![transform]).file(name, &step_by_step);
        step_by_step = after(&report, &step_by_step);
    }
    let difference = || {
        if once == step_by_step {
            return None;
        }
        let (once, steps) = (values(once)?, values(&step_by_step)?);
        let mut pairs = once.iter().zip(&steps);
        pairs.find_map(|(left, right)| difference(left, right, ""))
    };
    Compared {
        changed: once != text,
        difference: difference().map(|at| format!("{name}: {at}")),
    }
}

/// The text after the run. A file that is not hardened or has an error does not change.
fn after(report: &Report, text: &str) -> String {
    match &report.files[0].outcome {
        FileOutcome::Changed(Change { text: after, .. }) => after.clone(),
        _ => text.to_owned(),
    }
}

/// The first path with different values. The order in mappings and sequences is ignored.
fn difference(left: &Value, right: &Value, at: &str) -> Option<String> {
    match (left, right) {
        (Value::Mapping(left), Value::Mapping(right)) => {
            let missing = right.keys().find(|key| !left.contains_key(*key));
            if let Some(key) = missing {
                return Some(format!("{at}.{key:?} is missing in one run"));
            }
            left.iter().find_map(|(key, value)| {
                let at = format!("{at}.{}", key.as_str().unwrap_or("?"));
                match right.get(key) {
                    Some(other) => difference(value, other, &at),
                    None => Some(format!("{at} is missing in several runs")),
                }
            })
        }
        (Value::Sequence(left), Value::Sequence(right)) if left.len() == right.len() => {
            left.iter().enumerate().find_map(|(index, value)| {
                let at = format!("{at}[{index}]");
                let in_place = right
                    .get(index)
                    .and_then(|other| difference(value, other, &at));
                in_place.filter(|_| {
                    !right
                        .iter()
                        .any(|other| difference(value, other, "").is_none())
                })
            })
        }
        (left, right) => {
            (left != right).then(|| format!("{at}: {left:?} in one run, {right:?} in several"))
        }
    }
}
