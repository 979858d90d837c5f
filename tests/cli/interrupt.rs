//! Checks that a killed run leaves each file old or new, and that the next run finishes the work.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::command::harden;
use crate::support::files::scratch;

const FILES: usize = 60;
const OLD: &str = "services:\n  web:\n    image: nginx:1.29\n";

#[test]
fn a_killed_run_leaves_each_file_old_or_new() {
    let new = {
        let directory = directory(1);
        assert!(write(directory.path()).status().unwrap().success());
        fs::read_to_string(directory.path().join("0/compose.yml")).unwrap()
    };
    assert_ne!(new, OLD);
    for pause in (0..8).map(|step| Duration::from_millis(6 * step)) {
        let directory = directory(FILES);
        let mut child = write(directory.path()).spawn().unwrap();
        std::thread::sleep(pause);
        child.kill().unwrap();
        child.wait().unwrap();
        for text in texts(directory.path()) {
            assert!(text == OLD || text == new, "torn:\n{text}");
        }
        assert!(write(directory.path()).status().unwrap().success());
        assert!(texts(directory.path()).all(|text| text == new));
    }
}

fn directory(files: usize) -> tempfile::TempDir {
    let directory = scratch();
    for nth in 0..files {
        let project = directory.path().join(nth.to_string());
        fs::create_dir(&project).unwrap();
        fs::write(project.join("compose.yml"), OLD).unwrap();
    }
    directory
}

fn write(directory: &Path) -> Command {
    let mut command = harden(directory, &["--quiet", "--write", "."]);
    command.stdout(Stdio::null());
    command
}

fn texts(directory: &Path) -> impl Iterator<Item = String> {
    (0..FILES)
        .map(move |nth| fs::read_to_string(directory.join(format!("{nth}/compose.yml"))).unwrap())
}
