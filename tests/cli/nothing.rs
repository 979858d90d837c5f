//! A check that checked nothing is an error, unless that is what the call allows.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::command::harden;

const COMPOSE: &str = "services:\n  web:\n    image: nginx\n";
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n";

fn directory(files: &[(&str, &str)]) -> TempDir {
    let here = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = here.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    here
}

fn run(here: &Path, line: &str) -> (Option<i32>, String) {
    let arguments: Vec<&str> = line.split(' ').collect();
    let output = harden(here, &arguments).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

#[test]
fn a_check_of_a_directory_without_containers_fails() {
    for files in [
        &[("a.txt", "")][..],
        &[("service.yaml", SERVICE)],
        &[("empty.yaml", ""), ("other.yaml", "a: 1\n")],
        &[("compose.yml", COMPOSE), (".hardenignore", "*\n")],
    ] {
        let here = directory(files);
        for line in ["--check", "--check .", "--check --fail-on findings ."] {
            let (code, text) = run(here.path(), line);
            assert_eq!(code, Some(2), "{files:?} {line}: {text}");
            assert!(text.contains("nothing was checked"), "{text}");
            let (code, text) = run(here.path(), &format!("{line} --allow-empty"));
            assert_eq!(code, Some(0), "{files:?} {line}: {text}");
        }
        // A diff and a write are no gates.
        assert_eq!(run(here.path(), ".").0, Some(0));
        assert_eq!(run(here.path(), "--write .").0, Some(0));
    }
}

#[test]
fn a_list_of_files_may_have_nothing_to_check() {
    let here = directory(&[
        ("service.yaml", SERVICE),
        ("other.yaml", "a: 1\n"),
        ("a/x", ""),
    ]);
    let (code, text) = run(here.path(), "--check service.yaml other.yaml");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Found no containers"), "{text}");
    let (code, text) = run(here.path(), "--check service.yaml a");
    assert_eq!(code, Some(2), "{text}");
}

#[test]
fn pod_security_fails_where_it_judged_no_pod() {
    for files in [
        &[("compose.yml", COMPOSE)][..],
        &[("service.yaml", SERVICE)],
        &[("a.txt", "")],
    ] {
        let here = directory(files);
        for line in ["pod-security restricted", "pod-security restricted ."] {
            let (code, text) = run(here.path(), line);
            assert_eq!(code, Some(2), "{files:?}: {text}");
            assert!(text.contains("no pod was judged"), "{text}");
            let (code, text) = run(here.path(), &format!("{line} --allow-empty"));
            assert_eq!(code, Some(0), "{files:?}: {text}");
        }
    }
    let here = directory(&[("compose.yml", COMPOSE), ("service.yaml", SERVICE)]);
    let (code, text) = run(
        here.path(),
        "pod-security restricted compose.yml service.yaml",
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("No pod was judged."), "{text}");
}

#[test]
fn a_choice_that_leaves_no_transform_is_an_error() {
    let here = directory(&[("compose.yml", COMPOSE)]);
    for line in [
        "--check --only cpu-limit --skip cpu-limit",
        "--only cpu-limit --skip cpu-limit compose.yml",
        "--only cpu-limit --skip cpu-limit docker run nginx",
    ] {
        let (code, text) = run(here.path(), line);
        assert_eq!(code, Some(2), "{line}: {text}");
        assert!(text.contains("no transform is left to run"), "{text}");
    }
}

#[test]
fn enabling_what_is_on_is_an_error() {
    let here = directory(&[("compose.yml", COMPOSE)]);
    for id in ["cpu-limit", "engine-socket"] {
        let (code, text) = run(here.path(), &format!("--check --enable {id} compose.yml"));
        assert_eq!(code, Some(2), "{id}: {text}");
        assert!(text.contains(&format!("{id} is on by default")), "{text}");
        assert!(text.contains("--fail-on findings"), "{text}");
    }
    let off = harden::transforms::ALL.iter().find(|one| !one.default);
    let line = format!("--check --enable {} compose.yml", off.unwrap().id);
    assert_eq!(run(here.path(), &line).0, Some(1));
    // A configuration may name it: a later edition may turn it on.
    fs::write(
        here.path().join(".harden.yaml"),
        "transforms: {enable: [cpu-limit]}\n",
    )
    .unwrap();
    assert_eq!(run(here.path(), "--check compose.yml").0, Some(1));
}
