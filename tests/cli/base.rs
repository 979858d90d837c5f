//! `--base`: a change does not weaken its own check.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use harden::report::json::SCHEMA;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::command::harden;
use crate::support::schema::validate;

const WEAK: &str = "services:\n  web:\n    image: nginx\n";
const ONLY: [&str; 2] = ["--only", "no-new-privileges"];

fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

/// A repository whose branch `main` has the files of `before`, and whose checkout has also those
/// of `change`.
struct Repository(TempDir);

impl Repository {
    fn new(before: &[(&str, &str)], change: &[(&str, &str)]) -> Self {
        let here = Self(tempfile::tempdir().unwrap());
        git(here.path(), &["init", "--quiet"]);
        here.write(before);
        here.commit();
        git(here.path(), &["checkout", "--quiet", "-b", "change"]);
        here.write(change);
        here
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn commit(&self) {
        git(self.path(), &["add", "--all", "--force"]);
        git(
            self.path(),
            &["commit", "--quiet", "--allow-empty", "--message", "x"],
        );
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = harden(self.path(), arguments)
            .env("HOME", self.path())
            .output()
            .unwrap();
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    }

    /// Runs the check against `main`, with these options too.
    fn check(&self, options: &[&str]) -> (i32, String) {
        let check = ["--check", "--base", "main"];
        self.run(&[check.as_slice(), options].concat())
    }

    #[track_caller]
    fn fails(&self, options: &[&str]) -> String {
        let (code, text) = self.check(options);
        assert_eq!(code, 1, "{text}");
        text
    }

    #[track_caller]
    fn passes(&self, options: &[&str]) -> String {
        let (code, text) = self.check(options);
        assert_eq!(code, 0, "{text}");
        text
    }
}

#[test]
fn the_configuration_is_that_of_the_base() {
    for config in [
        "fail_on: []\n",
        "fail_on: [stale-exceptions]\n",
        "transforms: {skip: [{id: no-new-privileges, reason: x}]}\n",
        "workloads: [{name: web, transforms: {skip: [{id: no-new-privileges, reason: x}]}}]\n",
        "workloads: [{path: '**', transforms: {skip: [{id: no-new-privileges, reason: x}]}}]\n",
    ] {
        for before in ["", "settings: {pids: 100}\n"] {
            let files = [("compose.yml", WEAK), (".harden.yaml", before)];
            let here = Repository::new(&files, &[(".harden.yaml", config)]);
            // Without a base the change decides.
            let (code, text) = here.run(&["--check", ONLY[0], ONLY[1]]);
            assert_eq!(code, 0, "{config}: {text}");
            here.fails(&ONLY);
            here.fails(&["--config", ".harden.yaml", ONLY[0], ONLY[1]]);
            here.fails(&["compose.yml", ONLY[0], ONLY[1]]);
        }
    }
    // A new configuration, one that is nearer, one that is deleted, and one that is a link.
    let skip = "transforms: {skip: [{id: no-new-privileges, reason: x}]}\n";
    let here = Repository::new(&[("a/compose.yml", WEAK)], &[(".harden.yaml", skip)]);
    let text = here.fails(&ONLY);
    assert!(
        text.contains("This change edits the configuration"),
        "{text}"
    );
    here.write(&[("a/.harden.yaml", skip)]);
    let output = harden(&here.path().join("a"), &["--check", "--base", "main"]);
    let output = { output }.args(ONLY).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let files = [("compose.yml", WEAK), (".harden.yaml", skip)];
    let here = Repository::new(&files, &[]);
    here.passes(&ONLY);
    fs::remove_file(here.path().join(".harden.yaml")).unwrap();
    here.passes(&ONLY);
    here.passes(&["--config", ".harden.yaml", ONLY[0], ONLY[1]]);
}

#[test]
fn the_values_of_the_base_are_written() {
    let before = [
        ("compose.yml", "services: {web: {image: example/x}}\n"),
        (".harden.yaml", "settings: {pids: 100}\n"),
    ];
    let here = Repository::new(&before, &[(".harden.yaml", "settings: {pids: 100000}\n")]);
    let (code, text) = here.run(&["--base", "main", "--only", "pids-limit"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("pids_limit: 100}"), "{text}");
}

#[test]
fn entries_of_the_knowledge_base_are_those_of_the_base() {
    let compose = "services:\n  web:\n    image: example.org/own\n";
    let config = "images: [facts]\n";
    let before = [
        ("compose.yml", compose),
        (".harden.yaml", config),
        ("facts/readme.md", ""),
    ];
    let here = Repository::new(&before, &[("facts/b.yaml", "this is no entry\n")]);
    // The file of the change is not read.
    let (code, text) = here.check(&ONLY);
    assert_eq!(code, 1, "{text}");
    let (code, text) = here.check(&["--images", "facts", ONLY[0], ONLY[1]]);
    assert_eq!(code, 1, "{text}");
    let (code, text) = here.run(&["--check", ONLY[0], ONLY[1]]);
    assert_eq!(code, 2, "{text}");
    let (code, text) = here.check(&["--images", "none.yaml"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("main:none.yaml"), "{text}");
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\n  annotations: {}\nspec:\n  \
                   containers:\n    - name: web\n      image: nginx\n";

#[test]
fn an_exception_that_the_change_adds_is_not_used_for_a_container_of_the_base() {
    for (name, before, change) in [
        (
            "compose.yml",
            WEAK,
            "services:\n  # harden: ignore[no-new-privileges] x\n  web:\n    image: nginx\n",
        ),
        (
            "compose.yml",
            WEAK,
            "services:\n  web:\n    image: nginx\n    labels:\n      \
             harden.ignore.no-new-privileges: x\n",
        ),
        (
            "pod.yaml",
            POD,
            &POD.replace(
                "kind: Pod",
                "kind: Pod # harden: ignore[no-new-privileges] x",
            ),
        ),
        (
            "pod.yaml",
            POD,
            &POD.replace("{}", "{harden/ignore.no-new-privileges: x}"),
        ),
        (
            "web.container",
            "[Container]\nImage=nginx\n",
            "[Container]\nImage=nginx\nLabel=harden.ignore.no-new-privileges=x\n",
        ),
    ] {
        let here = Repository::new(&[(name, before)], &[(name, change)]);
        let (code, text) = here.run(&["--check", ONLY[0], ONLY[1]]);
        assert_eq!(code, 0, "{change}: {text}");
        let text = here.fails(&ONLY);
        assert!(text.contains("Not used, because main has"), "{text}");
        assert!(
            text.contains("an exception from no-new-privileges"),
            "{text}"
        );
        assert!(!text.contains("no effect"), "{text}");
        here.fails(&[name, ONLY[0], ONLY[1]]);
        // The base has the exception.
        here.commit();
        git(here.path(), &["branch", "--force", "main"]);
        let text = here.passes(&["--fail-on", "changes,policy", ONLY[0], ONLY[1]]);
        assert!(text.contains("1 excepted"), "{text}");
        // It is not there for another container of this name, and not for another transform.
        if name == "pod.yaml" {
            here.write(&[("second.yaml", change)]);
            here.fails(&ONLY);
        }
    }
}

#[test]
fn an_exception_for_a_new_container_is_used_and_listed() {
    let new = "services:\n  web:\n    image: nginx\n    security_opt: [no-new-privileges:true]\n  \
               db: # harden: ignore[no-new-privileges] x\n    image: postgres\n";
    let here = Repository::new(&[("compose.yml", WEAK)], &[("compose.yml", new)]);
    let text = here.passes(&ONLY);
    assert!(text.contains("Policy added by this change:"), "{text}");
    assert!(
        text.contains("compose.yml:5: an exception from no-new-privileges for `db`"),
        "{text}"
    );
    here.fails(&["--fail-on", "policy", ONLY[0], ONLY[1]]);
    // So is one in a new file, and a unit.
    let unit = "[Container]\nImage=nginx\nLabel=harden.ignore.no-new-privileges=x\n";
    let here = Repository::new(&[("a.txt", "")], &[("web.container", unit)]);
    let text = here.passes(&ONLY);
    assert!(text.contains("Policy added by this change:"), "{text}");
    here.fails(&["--fail-on", "policy", ONLY[0], ONLY[1]]);
}

#[test]
fn a_section_for_a_new_container_is_used_and_listed() {
    let both = "services:\n  web:\n    image: nginx\n  db:\n    image: postgres\n";
    let section = "workloads:\n  - name: '*'\n    transforms:\n      skip:\n        \
                   - {id: no-new-privileges, reason: x}\n";
    let here = Repository::new(
        &[("compose.yml", WEAK)],
        &[("compose.yml", both), (".harden.yaml", section)],
    );
    let text = here.fails(&ONLY);
    assert!(
        text.contains("1 change to make in 1 file, 1 excepted"),
        "{text}"
    );
    assert!(
        text.contains(".harden.yaml:2: a section of the configuration for `db`"),
        "{text}"
    );
    // The settings of the file are not those of a section.
    here.write(&[(
        ".harden.yaml",
        "assume: all\nfail_on: []\ntransforms: {skip: [{id: no-new-privileges, reason: x}]}\n",
    )]);
    let text = here.fails(&ONLY);
    assert!(text.contains("2 changes to make in 1 file."), "{text}");
    // A section of the base that the change removes still applies.
    let here = Repository::new(
        &[("compose.yml", WEAK), (".harden.yaml", section)],
        &[("compose.yml", both), (".harden.yaml", "")],
    );
    let text = here.passes(&[
        "--fail-on",
        "changes,stale-exceptions,policy",
        ONLY[0],
        ONLY[1],
    ]);
    assert!(!text.contains("Policy added"), "{text}");
}

#[test]
fn an_exception_for_a_new_container_does_not_reach_a_container_of_the_base() {
    let pod = POD.replace(
        "    - name: web",
        "    - {name: side, image: nginx} # harden: \
              ignore[service-account-token] x\n    - name: web",
    );
    let only = ["--only", "service-account-token"];
    let here = Repository::new(&[("pod.yaml", POD)], &[("pod.yaml", &pod)]);
    let (code, text) = here.run(&["--check", only[0], only[1]]);
    assert_eq!(code, 0, "{text}");
    here.fails(&only);
    let heir = "services:\n  web:\n    image: nginx\n  \
                heir: # harden: ignore[no-new-privileges] x\n    extends: web\n";
    let here = Repository::new(&[("compose.yml", WEAK)], &[("compose.yml", heir)]);
    let (code, text) = here.run(&["--check", ONLY[0], ONLY[1]]);
    assert_eq!(code, 0, "{text}");
    here.fails(&ONLY);
}

#[test]
fn a_container_in_a_file_that_moves_is_not_new() {
    let excepted = "services:\n  # harden: ignore[no-new-privileges] x\n  web:\n    image: nginx\n";
    let here = Repository::new(&[("compose.yml", WEAK)], &[("new/compose.yml", excepted)]);
    here.passes(&ONLY_NEW);
    fs::remove_file(here.path().join("compose.yml")).unwrap();
    here.fails(&ONLY);
    // The old file can also stay, without the container.
    here.write(&[(
        "compose.yml",
        "services: {other: {image: nginx, security_opt: [no-new-privileges:true]}}\n",
    )]);
    here.fails(&ONLY);
    fs::remove_file(here.path().join("compose.yml")).unwrap();
    // The old name can also become a link to the new file.
    symlink("new/compose.yml", here.path().join("compose.yml")).unwrap();
    here.fails(&ONLY);
    here.fails(&["compose.yml", ONLY[0], ONLY[1]]);
}

/// The new file is checked, and not the old one.
const ONLY_NEW: [&str; 3] = ["--only", "no-new-privileges", "new"];

#[test]
fn an_exception_of_the_base_counts_once() {
    let one = POD.replace("{}", "{harden/ignore.no-new-privileges: x}");
    let two = format!("{one}---\n{one}");
    let here = Repository::new(&[("pod.yaml", &one)], &[("pod.yaml", &two)]);
    let text = here.fails(&ONLY);
    assert!(text.contains("1 excepted"), "{text}");
}

#[test]
fn a_variable_of_the_change_makes_no_exception_of_the_base() {
    let text = "services:\n  web:\n    image: nginx\n    labels: ['harden.ignore.${ID}=x']\n";
    let before = [("compose.yml", text), (".env", "ID=cpu-limit\n")];
    let here = Repository::new(&before, &[(".env", "ID=no-new-privileges\n")]);
    let (code, text) = here.run(&["--check", ONLY[0], ONLY[1]]);
    assert_eq!(code, 0, "{text}");
    here.fails(&ONLY);
}

#[test]
fn a_base_that_cannot_be_read_excepts_nothing() {
    let excepted = "services:\n  # harden: ignore[no-new-privileges] x\n  web:\n    image: nginx\n";
    for before in ["services: [\n", "\u{0}"] {
        let here = Repository::new(&[("compose.yml", before)], &[("compose.yml", excepted)]);
        here.fails(&ONLY);
    }
}

#[test]
fn an_ignore_line_of_the_change_hides_nothing_of_the_base() {
    for name in [
        ".hardenignore",
        ".ignore",
        ".gitignore",
        "deploy/.hardenignore",
    ] {
        for line in ["compose.yml", "*.yml", "**/compose.yml", "/*", "*"] {
            let here = Repository::new(&[("deploy/compose.yml", WEAK)], &[(name, line)]);
            let (code, text) = here.run(&["--check", "--allow-empty", ONLY[0], ONLY[1]]);
            assert_eq!(code, 0, "{name} {line}: {text}");
            let text = here.fails(&ONLY);
            assert!(
                text.contains("would exclude 1 file"),
                "{name} {line}: {text}"
            );
            here.fails(&["deploy", ONLY[0], ONLY[1]]);
        }
    }
    let here = Repository::new(&[("a/b/compose.yml", WEAK)], &[(".hardenignore", "a/\n")]);
    here.fails(&ONLY);
    // What the base does not have is excluded and listed.
    here.write(&[
        ("a/b/new.yml", WEAK),
        ("a/c/new.yml", WEAK),
        ("a/new.yml", WEAK),
    ]);
    let text = here.fails(&ONLY);
    assert!(text.contains("to make in 1 file."), "{text}");
    assert!(
        text.contains(".hardenignore:1: an ignore line that excludes 2 files and 1 directory"),
        "{text}"
    );
    let fixed = "services:\n  web:\n    image: nginx\n    security_opt: [no-new-privileges:true]\n";
    here.write(&[("a/b/compose.yml", fixed)]);
    here.passes(&ONLY);
    here.fails(&["--fail-on", "changes,policy", ONLY[0], ONLY[1]]);
}

#[test]
fn the_ignore_files_of_the_base_apply() {
    let before = [
        ("compose.yml", WEAK),
        ("skip/compose.yml", WEAK),
        (".hidden/compose.yml", WEAK),
        (".hardenignore", "skip/\n!.hidden\n"),
    ];
    let here = Repository::new(&before, &[(".hardenignore", "")]);
    let text = here.fails(&ONLY);
    assert!(text.contains("2 changes to make in 2 files."), "{text}");
    assert!(
        text.contains("Excluded: main:.hardenignore:1 excludes 1 directory."),
        "{text}"
    );
    // An ignore file that is a link now does not matter for the base, and is still refused.
    fs::remove_file(here.path().join(".hardenignore")).unwrap();
    symlink("/dev/zero", here.path().join(".hardenignore")).unwrap();
    let (code, text) = here.check(&ONLY);
    assert_eq!(code, 2, "{text}");
    // A link in the base is refused plainly.
    let here = Repository::new(&[("compose.yml", WEAK), ("x", "# nothing\n")], &[]);
    for name in [".hardenignore", ".harden.yaml"] {
        symlink("x", here.path().join(name)).unwrap();
        here.commit();
        git(here.path(), &["branch", "--force", "main"]);
        let (code, text) = here.check(&ONLY);
        assert_eq!(code, 2, "{text}");
        assert!(
            text.contains(&format!("{name} is a symbolic link in `main`")),
            "{text}"
        );
        fs::remove_file(here.path().join(name)).unwrap();
    }
}

#[test]
fn pod_security_takes_its_policy_from_the_base() {
    let custom = "apiVersion: example.org/v1\nkind: Shop\nmetadata: {name: x}\nspec:\n  \
                  pod: {hostNetwork: true, containers: [{name: a, image: b}]}\n";
    let config = "custom_resources: [{group: example.org, kind: Shop, pod_spec: $.spec.pod}]\n";
    let before = [("shop.yaml", custom), (".harden.yaml", config)];
    let here = Repository::new(&before, &[(".harden.yaml", ""), (".hardenignore", "*\n")]);
    let (code, text) = here.run(&["pod-security", "baseline", "--base", "main"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("hostNetwork"), "{text}");
    assert!(text.contains("The policy is that of main ("), "{text}");
    assert!(text.contains("would exclude 2 files"), "{text}");
}

#[test]
fn a_report_names_the_base_and_what_the_change_adds() {
    let new = "services:\n  web: # harden: ignore[no-new-privileges] x\n    image: nginx\n  \
               db: # harden: ignore[no-new-privileges] x\n    image: postgres\n";
    let change = [
        ("compose.yml", new),
        (".hardenignore", "compose.yml\nx.yml\n"),
        ("x.yml", WEAK),
    ];
    let here = Repository::new(&[("compose.yml", WEAK)], &change);
    let (code, text) = here.check(&["--format", "json", ONLY[0], ONLY[1]]);
    assert_eq!(code, 1, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(validate(&schema, &schema, &report), Ok(()));
    assert_eq!(report["base"]["revision"], "main");
    assert_eq!(report["base"]["commit"].as_str().unwrap().len(), 40);
    assert_eq!(
        report["policy"],
        serde_json::json!([
            {"at": "compose.yml:2", "transform": "no-new-privileges", "workload": "web",
             "name": "web", "used": false},
            {"at": "compose.yml:4", "transform": "no-new-privileges", "workload": "db",
             "name": "db", "used": true},
        ])
    );
    assert_eq!(
        report["excluded"],
        serde_json::json!([
            {"at": ".hardenignore:1", "files": 1, "directories": 0, "added": "not-used"},
            {"at": ".hardenignore:2", "files": 1, "directories": 0, "added": "used"},
        ])
    );
}

#[test]
fn errors_tell_what_to_do() {
    let here = Repository::new(&[("compose.yml", WEAK)], &[]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("compose.yml"), WEAK).unwrap();
    for (arguments, words) in [
        (&["--base", "none", "."][..], "no revision `none`"),
        (&["--base=--output=x", "."], "is not the name of a revision"),
        (
            &["--base", "main", outside.path().to_str().unwrap()],
            "not in the repository of --base",
        ),
        (&["--base", "main", "-"], "--base needs files"),
        (
            &["pod-security", "baseline", "--base", "main", "-"],
            "--base needs files",
        ),
        (
            &["pod-security", "baseline", "--base", "none", "."],
            "no revision `none`",
        ),
        (
            &["--base", "main", "docker", "run", "nginx"],
            "cannot be used with 'docker'",
        ),
    ] {
        let (code, text) = here.run(arguments);
        assert_eq!(code, 2, "{arguments:?}: {text}");
        assert!(text.contains(words), "{arguments:?}: {text}");
    }
    let output = harden(outside.path(), &["--base", "main"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("is not in a git repository"), "{text}");
}

#[test]
fn git_runs_only_for_a_base() {
    let here = Repository::new(&[("compose.yml", WEAK)], &[]);
    let trap = here.path().join("trap");
    let program = here.path().join("bin/git");
    here.write(&[(
        "bin/git",
        &format!("#!/bin/sh\ntouch {}\nexit 1\n", trap.display()),
    )]);
    let made = Command::new("chmod")
        .arg("+x")
        .arg(&program)
        .status()
        .unwrap();
    assert!(made.success());
    let run = |arguments: &[&str], path: &str| {
        let mut command = harden(here.path(), arguments);
        command.env("PATH", path).output().unwrap()
    };
    let bin = here.path().join("bin");
    let output = run(&["--check", "."], bin.to_str().unwrap());
    assert_eq!(output.status.code(), Some(1));
    // A program in the repository never runs, whatever the path is.
    for path in [bin.to_str().unwrap(), "bin", ".:bin", ""] {
        let output = run(&["--check", "--base", "main"], path);
        assert_eq!(output.status.code(), Some(2), "{path}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("`git` is not installed"), "{path}: {text}");
    }
    assert!(!trap.exists());
}

#[test]
fn a_change_without_containers_passes() {
    let here = Repository::new(&[("a.md", "")], &[("b.md", "")]);
    here.passes(&[]);
    let (code, text) = here.run(&["--check"]);
    assert_eq!(code, 2, "{text}");
}
