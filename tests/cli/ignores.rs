//! Ignore files never lead out of the project, and what they exclude is counted.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::command::harden;

const WEAK: &str = "services:\n  web:\n    image: nginx\n";
const NAMES: [&str; 3] = [".hardenignore", ".ignore", ".gitignore"];

/// A repository with these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir_all(here.path().join(".git/info")).unwrap();
    for (name, text) in files {
        let path = here.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    here
}

/// The output of the command, which must end soon and may use one gigabyte of memory.
fn run(directory: &Path, arguments: &[&str]) -> Output {
    let program = harden(directory, arguments);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -v 1048576; exec \"$0\" \"$@\""])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(directory)
        .env("HOME", directory)
        .env("HARDEN_TEST_SECRET", "hunter2-7d1f")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("GIT_CONFIG_GLOBAL")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = limited.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().unwrap();
            panic!("harden {arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The run fails, names the ignore file, prints nothing of its target, and judges the rest.
fn refuses(here: &TempDir, name: &str) {
    for arguments in [&["--check"][..], &["pod-security", "restricted", "."]] {
        let output = run(here.path(), arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(
            text.contains(&format!("{name} is not a file of this repository")),
            "{name}: {text}"
        );
        assert!(!text.contains("hunter2"), "{name}: {text}");
        assert!(!text.contains("PATH="), "{name}: {text}");
        let judges = ["1 file", "a Compose file has no pods"];
        assert!(judges.iter().any(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn a_link_out_of_the_repository_is_not_read() {
    for name in NAMES {
        for target in ["/proc/self/environ", "/dev/zero", "../outside", "missing"] {
            let here = repository(&[("compose.yml", WEAK)]);
            symlink(target, here.path().join(name)).unwrap();
            refuses(&here, name);
            let below = repository(&[("compose.yml", WEAK), ("a/b/x.txt", "")]);
            symlink(target, below.path().join("a/b").join(name)).unwrap();
            refuses(&below, &format!("a/b/{name}"));
        }
    }
}

#[test]
fn a_pipe_is_not_opened() {
    for name in NAMES {
        let here = repository(&[("compose.yml", WEAK)]);
        let path = here.path().join(name);
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        refuses(&here, name);
    }
}

#[test]
fn the_files_of_git_itself_are_checked_too() {
    let here = repository(&[("compose.yml", WEAK)]);
    symlink("/proc/self/environ", here.path().join(".git/info/exclude")).unwrap();
    refuses(&here, ".git/info/exclude");
    // A worktree's `.git` is a file that names another directory.
    let here = tempfile::tempdir().unwrap();
    fs::create_dir_all(here.path().join("evil/info")).unwrap();
    fs::write(here.path().join("compose.yml"), WEAK).unwrap();
    fs::write(here.path().join(".git"), "gitdir: evil\n").unwrap();
    symlink("/dev/zero", here.path().join("evil/info/exclude")).unwrap();
    refuses(&here, "evil/info/exclude");
    fs::remove_file(here.path().join(".git")).unwrap();
    symlink("/dev/zero", here.path().join(".git")).unwrap();
    assert_eq!(run(here.path(), &["--check"]).status.code(), Some(1));
    // Git's global file is a file of the user, and may be a link.
    let here = repository(&[
        ("compose.yml", WEAK),
        (".gitconfig", "[core]\nexcludesFile = ~/global\n"),
    ]);
    for target in ["/dev/zero", "/proc/self/environ", "missing"] {
        let _ = fs::remove_file(here.path().join("global"));
        symlink(target, here.path().join("global")).unwrap();
        let output = run(here.path(), &["--check"]);
        let text = stderr(&output);
        assert!(!text.contains("hunter2"), "{target}: {text}");
        assert!(text.contains("to make in 1 file"), "{target}: {text}");
    }
}

#[test]
fn a_link_within_the_repository_is_read() {
    let here = repository(&[
        ("compose.yml", WEAK),
        ("a/skip.yml", WEAK),
        ("lines", "skip.yml\n"),
    ]);
    symlink("../lines", here.path().join("a/.hardenignore")).unwrap();
    let output = run(here.path(), &["--check"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("Excluded: a/.hardenignore:1 excludes 1 file."),
        "{text}"
    );
}

#[test]
fn a_line_that_is_no_pattern_is_named_by_its_place() {
    let deep = "{".repeat(250) + &"}".repeat(250);
    let here = repository(&[
        ("compose.yml", WEAK),
        ("skip.yml", WEAK),
        (
            "a/.hardenignore",
            &format!("# one\n{deep}\n[z-a]\n{}\n", "a".repeat(5000)),
        ),
        (".gitignore", "{a\nskip.yml\n"),
    ]);
    let output = run(here.path(), &["--check"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for place in [
        "a/.hardenignore:2:",
        "a/.hardenignore:3:",
        "a/.hardenignore:4:",
        ".gitignore:1:",
    ] {
        assert!(text.contains(place), "{place}: {text}");
    }
    assert!(!text.contains("{{") && !text.contains("aaaa"), "{text}");
    assert!(text.contains(".gitignore:2 excludes 1 file"), "{text}");
}

#[test]
fn ignore_files_have_a_limit() {
    let here = repository(&[
        ("compose.yml", WEAK),
        (".hardenignore", &"compose.yml\n".repeat(30_000)),
    ]);
    let output = run(here.path(), &["--check"]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(".hardenignore cannot be used: it has more than"));
    // The most expensive patterns that fit.
    let pattern = "{a*b*c,*d?e}".repeat(16) + "\n";
    let here = repository(&[
        ("compose.yml", WEAK),
        (
            ".hardenignore",
            &pattern.repeat((256 << 10) / pattern.len()),
        ),
    ]);
    let output = run(here.path(), &["--check"]);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
}

#[test]
fn nothing_above_the_repository_is_read() {
    let outer = tempfile::tempdir().unwrap();
    fs::write(outer.path().join(".hardenignore"), "compose.yml\n").unwrap();
    let here = outer.path().join("repository");
    fs::create_dir_all(here.join(".git")).unwrap();
    fs::write(here.join("compose.yml"), WEAK).unwrap();
    assert_eq!(run(&here, &["--check"]).status.code(), Some(1));
}

#[test]
fn the_order_of_ignore_files_is_that_of_ripgrep() {
    let here = repository(&[
        ("a.yml", WEAK),
        ("b.yml", WEAK),
        ("deploy/c.yml", WEAK),
        ("deploy/d.yml", WEAK),
        ("deploy/.hidden/e.yml", WEAK),
        ("build/f.yml", WEAK),
        ("package.json", "{}"),
        (".gitignore", "*.yml\nbuild/\n"),
        (".ignore", "!b.yml\n!/deploy/*.yml\n"),
        (".hardenignore", "/deploy/d.yml\n!e.yml\n"),
    ]);
    let output = run(here.path(), &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let paths: Vec<&str> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["b.yml", "deploy/.hidden/e.yml", "deploy/c.yml"]);
    assert_eq!(
        report["excluded"],
        serde_json::json!([
            {"at": ".gitignore:1", "files": 1, "directories": 0},
            {"at": ".hardenignore:1", "files": 1, "directories": 0},
        ])
    );
}
