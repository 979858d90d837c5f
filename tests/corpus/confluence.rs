//! One run with every transform ends in the same values as a run for each, in the catalogue's
//! order. Only the order of new keys and items may differ. `HARDEN_SHARED` names the folder that
//! has `corpus/`.

use std::path::{Path, PathBuf};

use harden::container::Policy;
use harden::engine::Run;
use harden::engine::outcome::FileOutcome;
use harden::image::Knowledge;
use harden::project::Source;
use harden::transforms::{self, Transform};
use serde_yaml::Value;

/// The independent value reader builds every value in memory.
const LARGEST: u64 = 256 << 10;

#[test]
fn all_at_once_is_one_after_another() {
    let Some(shared) = std::env::var_os("HARDEN_SHARED") else {
        println!("not run: HARDEN_SHARED is not set");
        return;
    };
    let corpus = Path::new(&shared).join("corpus");
    let manifest = std::fs::read_to_string(corpus.join("manifest.tsv")).unwrap();
    let mut differences = Vec::new();
    let mut changed = 0;
    for name in manifest
        .lines()
        .skip(1)
        .filter_map(|line| line.split('\t').next())
    {
        let path = corpus.join("files").join(name);
        if path.metadata().is_ok_and(|file| file.len() > LARGEST) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        changed += usize::from(differ(name, &text, &mut differences));
    }
    println!("{changed} files changed");
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn what_rests_on_another_change_is_the_same_in_a_later_run() {
    let mut differences = Vec::new();
    for text in [
        "services:\n  a:\n    image: nginx:1.27\n  b:\n    image: postgres:16\n    user: root\n",
        "x-a: &a\n  cap_drop: [NET_RAW]\n  tmpfs: /x\nservices:\n  a:\n    <<: *a\n    image: nginx:1.27\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: 'nginx:1.27'}\n  - {name: d, image: example/d, ports: [{containerPort: 53}]}\n",
    ] {
        assert!(differ("compose.yml", text, &mut differences), "{text}");
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Whether the file is changed at all; notes where the two ways end apart.
fn differ(name: &str, text: &str, differences: &mut Vec<String>) -> bool {
    let all: Vec<&'static Transform> = transforms::by_default().collect();
    let once = hardened(name, text, all.clone());
    let mut step_by_step = text.to_owned();
    for transform in all {
        step_by_step = hardened(name, &step_by_step, vec![transform]);
    }
    if let (Some(once), Some(steps)) = (values(&once), values(&step_by_step))
        && let Some(at) = once
            .iter()
            .zip(&steps)
            .find_map(|(left, right)| difference(left, right, ""))
    {
        differences.push(format!("{name}: {at}"));
    }
    once != text
}

fn hardened(name: &str, text: &str, transforms: Vec<&'static Transform>) -> String {
    let knowledge = Knowledge::embedded();
    let source = Source {
        path: PathBuf::from(name),
        bytes: text.as_bytes().to_vec(),
    };
    let run = Run::new(transforms, Policy::default(), &knowledge);
    match run.project(vec![source]).files.remove(0).outcome {
        FileOutcome::Changed(after) => after,
        _ => text.to_owned(),
    }
}

/// The values of every document; `None` where the independent reader cannot read them.
fn values(text: &str) -> Option<Vec<Value>> {
    use serde::Deserialize as _;
    serde_yaml::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).ok())
        .collect()
}

/// The first path at which two values differ, mappings and sequences without their order.
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
