//! Runs the command in a separate process, as users do.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program under test, with this working directory.
pub(crate) fn harden(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).current_dir(directory);
    command
}

/// Runs the line with `sh`, which finds `harden` in its path.
pub(crate) fn in_shell(line: &str, directory: &Path) -> Output {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [program().parent().unwrap().into(), path].join(":".as_ref());
    // The configuration of the developer must not affect the tests.
    Command::new("sh")
        .args(["-c", line])
        .current_dir(directory)
        .env_clear()
        .env("PATH", path)
        .env("HOME", directory)
        .env("LC_ALL", "C")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The standard output of the line. Panics if the line fails.
pub(crate) fn stdout(line: &str, directory: &Path) -> String {
    let output = in_shell(line, directory);
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_harden"))
}
