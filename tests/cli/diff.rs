//! Checks that `git apply` and `patch` apply the diffs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use harden::report::diff;
use harden::report::terminal::Terminal;
use proptest::prelude::*;

use crate::support::command;
use crate::support::files::{below, copy, scratch};
use crate::support::shared::shared;

/// Checks that both tools turn the old bytes into the new ones, and panics otherwise.
///
/// The text and the name below the current directory are arbitrary. The corpus tests call this too.
pub(crate) fn assert_applies(name: &str, old: &str, new: &str) {
    let mut text = Vec::new();
    diff::write(&mut text, Path::new(name), Some(old), new, Terminal::PIPE).unwrap();
    if old == new {
        assert!(text.is_empty());
        return;
    }
    for tool in [&["git", "apply"][..], &["patch", "-p1", "--quiet"]] {
        assert_eq!(
            applied(tool, name, old, &text),
            new,
            "{tool:?} made something else of\n{}",
            String::from_utf8_lossy(&text)
        );
    }
}

fn applied(tool: &[&str], name: &str, old: &str, diff: &[u8]) -> String {
    let directory = scratch();
    let file = directory.path().join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, old).unwrap();
    feed(tool, directory.path(), diff);
    fs::read_to_string(&file).unwrap()
}

/// Runs the tool with the diff on its standard input, and panics if it fails.
fn feed(tool: &[&str], directory: &Path, diff: &[u8]) {
    let mut child = Command::new(tool[0])
        .args(&tool[1..])
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        // Git must find no repository, wherever the temporary directory is.
        .env("GIT_CEILING_DIRECTORIES", directory.parent().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A tool that failed stops reading; its message is shown below.
    let _ = child.stdin.take().unwrap().write_all(diff);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{tool:?}: {}\n{}",
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()),
        String::from_utf8_lossy(diff)
    );
}

/// The whole corpus in one call: `git apply` and `patch` with the diff give the same bytes as
/// `--write`, and a further run finds no changes.
#[test]
fn the_diff_of_the_corpus_gives_the_written_bytes() {
    let Some(corpus) = shared("corpus/files") else {
        return;
    };
    let directory = scratch();
    let [by_git, by_patch, by_us] = ["git", "patch", "us"].map(|name| {
        let tree = directory.path().join(name);
        copy(&corpus, &tree);
        tree
    });
    let harden = |tree: &Path, option: &str| {
        let mut command = command::harden(tree, &["--quiet", option, "."]);
        command.output().unwrap().stdout
    };
    let diff = harden(&by_git, "--diff");
    assert!(!diff.is_empty());
    feed(&["git", "apply", "--whitespace=nowarn"], &by_git, &diff);
    feed(&["patch", "-p1", "--quiet"], &by_patch, &diff);
    assert!(harden(&by_us, "--write").is_empty());
    let mut changed = 0;
    for path in below(&corpus) {
        let [git, patch, ours, old] =
            [&by_git, &by_patch, &by_us, &corpus].map(|tree| fs::read(tree.join(&path)).unwrap());
        assert!(git == ours, "{} differs by git apply", path.display());
        assert!(patch == ours, "{} differs by patch", path.display());
        changed += usize::from(old != ours);
    }
    assert!(changed > 0);
    assert!(harden(&by_us, "--diff").is_empty());
}

/// A repository with files in several directories, one of them behind a symbolic link.
fn repository() -> tempfile::TempDir {
    let directory = scratch();
    let root = directory.path();
    command::stdout("git init -q .", root);
    for path in [
        "compose.yml",
        "deploy/compose.yml",
        "deploy/a b/compose.yml",
    ] {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), COMPOSE).unwrap();
    }
    fs::create_dir(root.join("links")).unwrap();
    symlink("../compose.yml", root.join("links/link.yml")).unwrap();
    directory
}

const COMPOSE: &str = "services:\n  web:\n    image: nginx:1.29\n";

/// The standard output of harden in this directory below the root.
fn diff_in(root: &Path, below: &str, arguments: &[&str]) -> String {
    let arguments = [&["--quiet"], arguments].concat();
    let output = command::harden(&root.join(below), &arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn git_applies_the_diff_wherever_it_was_made() {
    let root_directory = repository();
    let root = root_directory.path();
    let expected = diff_in(root, ".", &["."]);
    assert_eq!(expected.matches("diff --git a/").count(), 3, "{expected}");
    let absolute = root.to_str().unwrap();
    for (below, argument) in [
        (".", absolute),
        ("deploy", ".."),
        ("deploy/a b", "../.."),
        ("links", absolute),
        ("links", "../links/.."),
    ] {
        assert_eq!(
            diff_in(root, below, &[argument]),
            expected,
            "{below} {argument}"
        );
    }
    let patch = root.join("links/patch");
    fs::write(&patch, &expected).unwrap();
    // In a subdirectory, git applies what concerns it.
    command::stdout(
        "cd deploy && git apply ../links/patch && rm ../links/patch",
        root,
    );
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    assert_eq!(text("compose.yml"), COMPOSE);
    assert_ne!(text("deploy/compose.yml"), COMPOSE);
    assert_ne!(text("deploy/a b/compose.yml"), COMPOSE);
    let rest = diff_in(root, "deploy", &[".."]);
    feed(&["git", "apply"], root, rest.as_bytes());
    assert_ne!(text("compose.yml"), COMPOSE);
    assert_eq!(diff_in(root, "deploy", &[".."]), "");
}

#[test]
fn a_link_is_named_by_its_target() {
    let root_directory = repository();
    let root = root_directory.path();
    let diff = diff_in(root, "links", &["link.yml"]);
    assert!(
        diff.starts_with("diff --git a/compose.yml b/compose.yml\n"),
        "{diff}"
    );
    feed(&["git", "apply"], root, diff.as_bytes());
    assert_eq!(diff_in(root, "links", &["link.yml"]), "");
}

/// Every report and every error has the same name for a file.
#[test]
fn all_outputs_have_the_same_names() {
    let root_directory = repository();
    let root = root_directory.path();
    fs::write(root.join("deploy/bad.yml"), "a: [\n").unwrap();
    fs::write(root.join("twin.yml"), COMPOSE).unwrap();
    fs::hard_link(root.join("twin.yml"), root.join("links/twin.yml")).unwrap();
    let arguments = ["bad.yml", "none.yml", "../links/link.yml", "compose.yml"];
    let run = |options: &[&str]| {
        let arguments = [options, &arguments].concat();
        let mut command = command::harden(&root.join("deploy"), &arguments);
        let output = command.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let text = run(&["--check"]);
    for line in [
        " --> deploy/bad.yml:1:4",
        "cannot read deploy/none.yml: ",
        "\ncompose.yml\n",
        "\ndeploy/compose.yml\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let json = run(&["--check", "--format", "json"]);
    for part in [
        "{\"path\":\"deploy/bad.yml\"",
        "{\"path\":\"deploy/none.yml\"",
        "{\"path\":\"compose.yml\"",
        "{\"path\":\"deploy/compose.yml\"",
    ] {
        assert!(json.contains(part), "{part}: {json}");
    }
    // So do errors in the configuration, and what it says.
    let stderr_of = |config: &str, arguments: &[&str]| {
        fs::write(root.join(".harden.yaml"), config).unwrap();
        let mut command = command::harden(&root.join("deploy"), arguments);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    let stderr = stderr_of("bad: 1\n", &["--check", "compose.yml"]);
    assert!(stderr.contains("--> .harden.yaml:1:1"), "{stderr}");
    let excepted = "workloads:\n- path: none.yml\n  assume: none\n";
    // Without a clean run, nothing is known of exceptions.
    fs::remove_file(root.join("deploy/bad.yml")).unwrap();
    let stderr = stderr_of(excepted, &["--check", ".."]);
    assert!(stderr.contains("  .harden.yaml:"), "{stderr}");
    fs::remove_file(root.join(".harden.yaml")).unwrap();
    // A reason names a file, too.
    let extending = "services:\n  web:\n    extends: {file: ../base.yml, service: web}\n";
    fs::write(root.join("deploy/extends.yml"), extending).unwrap();
    fs::write(
        root.join("base.yml"),
        "services:\n  web:\n    image: a\n    tmpfs: [/x]\n",
    )
    .unwrap();
    let only = ["--check", "-v", "--only", "read-only-root", "extends.yml"];
    let mut command = command::harden(&root.join("deploy"), &only);
    let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(
        stderr.contains("deploy/extends.yml") && !stderr.contains("../"),
        "{stderr}"
    );
    let mut command = command::harden(&root.join("deploy"), &["--write", "../twin.yml"]);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("error: twin.yml has 2 hard links"),
        "{stderr}"
    );
}

/// A file outside of the repository has its absolute path, and the diff is for the root.
#[test]
fn a_file_outside_of_the_repository_has_its_absolute_path() {
    let root_directory = repository();
    let root = root_directory.path();
    let elsewhere = scratch();
    let file = elsewhere.path().canonicalize().unwrap().join("compose.yml");
    fs::write(&file, COMPOSE).unwrap();
    let name = file.to_str().unwrap();
    let output = command::harden(&root.join("deploy"), &[name])
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains(&format!("\n+++ b{name}\n")), "{stdout}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(&format!("\n{name}\n")), "{stderr}");
    feed(
        &["patch", "-p1", "--quiet", "-d", "/"],
        root,
        stdout.as_bytes(),
    );
    assert_ne!(fs::read_to_string(file).unwrap(), COMPOSE);
}

#[test]
fn line_ends_of_every_kind() {
    for (old, new) in [
        ("a\nb\n", "a\nx\nb\n"),
        ("a\r\nb\r\n", "a\r\nx\r\nb\r\n"),
        ("a\rb\rc\n", "a\rx\rc\nd\n"),
        ("a\r\nb\nc\rd\r\n", "a\r\nb\nx\r\nc\rd\r\n"),
        ("\r\n\r\r\n\n", "\r\n\rx\r\n\n"),
        (
            "a\u{85}b\u{2028}c\u{b}d\u{c}e\n",
            "a\u{85}b\u{2028}c\u{b}d\u{c}e\nf\n",
        ),
        ("a\0b\n", "a\0b\nc\n"),
        ("\u{feff}a\n", "\u{feff}a\nb\n"),
    ] {
        assert_applies("compose.yml", old, new);
    }
}

#[test]
fn a_last_line_without_line_feed() {
    for (old, new) in [
        ("a", "a\n"),
        ("a\n", "a"),
        ("a", "b"),
        ("a\nb", "a\nx\nb"),
        ("a\nb", "a\nb\nc"),
        ("a\nb", "a\nb\nc\n"),
        ("a\r", "a\rb"),
    ] {
        assert_applies("compose.yml", old, new);
    }
}

#[test]
fn empty_files() {
    assert_applies("compose.yml", "", "a\n");
    assert_applies("compose.yml", "", "a");
    assert_applies("compose.yml", "\n", "a\n\n");
}

#[test]
fn many_hunks() {
    let old = (0..200).fold(String::new(), |text, line| format!("{text}{line}\n"));
    for step in [1, 2, 6, 7, 8, 50] {
        let new = (0..200).fold(String::new(), |text, line| {
            let more = if line % step == 0 { "new\n" } else { "" };
            format!("{text}{line}\n{more}")
        });
        assert_applies("compose.yml", &old, &new);
    }
}

#[test]
fn names_of_every_kind() {
    for name in [
        "compose.yml",
        "a b/c d.yml",
        "a\tb.yml",
        "a\nb.yml",
        "\"quoted\".yml",
        "it's.yml",
        "back\\slash.yml",
        "größe/名前.yml",
        "-dash.yml",
        "a\u{1}\u{7f}\u{9b}.yml",
        "2024-01-01 00:00:00 x.yml",
        " leading and trailing ",
        "a b\tc\"d.yml",
        "b/a/b.yml",
        "\u{202e}lmy.a",
    ] {
        assert_applies(name, "a\nb\n", "a\nx\nb\n");
    }
}

#[test]
fn text_that_looks_like_a_diff() {
    assert_applies(
        "compose.yml",
        "-- a\n@@ -1 +1 @@\n\\ No newline\n",
        "-- a\n++ b/x\n@@ -1 +1 @@\n--- x\n\\ No newline\n",
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_of_any_text((old, new) in edited()) {
        assert_applies("deploy/compose.yml", &old, &new);
    }
}

/// A text with many repeated lines, and the same text with lines inserted, removed and replaced.
fn edited() -> impl Strategy<Value = (String, String)> {
    let line = prop_oneof!["[ab]{0,2}\n", "[ab]\r\n", "a\r?b\n"];
    let whole = (prop::collection::vec(line, 0..60), "[ab\r]{0,2}");
    let edits = prop::collection::vec(
        (any::<prop::sample::Index>(), 0..3_u8, "[xab]{1,2}\r?\n"),
        0..8,
    );
    (whole, edits).prop_map(|((mut lines, end), edits)| {
        let old = lines.concat() + &end;
        for (place, kind, text) in edits {
            let at = place.index(lines.len() + 1);
            match lines.get_mut(at) {
                Some(line) if kind == 0 => *line = text,
                Some(_) if kind == 1 => drop(lines.remove(at)),
                _ => lines.insert(at, text),
            }
        }
        (old, lines.concat() + &end)
    })
}
