//! Files of variables: their limits.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use harden::engine::outcome::FileOutcome;

use super::{changed, outcome, project_with_files};
use harden::engine::outcome::Outcome;

/// A value whose size doubles with each line.
fn doubling(lines: usize) -> String {
    let mut text = "A0=xxxxxxxx\n".to_owned();
    for line in 1..lines {
        writeln!(text, "A{line}=${{A{0}}}${{A{0}}}", line - 1).unwrap();
    }
    text
}

/// The error of the file, and the time until it is there.
fn error_of(text: &str, files_on_disk: &[(&str, &str)]) -> (Option<String>, Duration) {
    let start = Instant::now();
    let report = project_with_files(&[("compose.yml", text)], files_on_disk, |_| ());
    let error = match &report.files[0].outcome {
        FileOutcome::Failed(error) => Some(error.to_string()),
        _ => None,
    };
    (error, start.elapsed())
}

#[test]
fn a_value_that_doubles_is_unknown_and_the_file_is_hardened() {
    let text = "services:\n  web:\n    image: nginx:1.27\n    privileged: ${A60:-true}\n    user: ${A60}\n    container_name: $A60$A60\n";
    let env = doubling(64);
    let report = project_with_files(&[("compose.yml", text)], &[(".env", &env)], |_| ());
    let after = changed(&report, "compose.yml").unwrap();
    assert!(after.contains("no-new-privileges:true"), "{after}");
    assert!(after.contains("user: ${A60}\n"), "{after}");
    // The default of a variable that has a value is not its value.
    assert!(matches!(
        outcome(&report, "web", "privileged"),
        Outcome::Declined
    ));
}

#[test]
fn variables_that_exceed_a_limit_together_are_an_error_with_file_and_line() {
    let text = "services:\n  web:\n    image: nginx:${A9}\n";
    let mut growing = "A0=x\n".to_owned();
    for line in 1..20_000 {
        writeln!(growing, "A{line}=${{A{}}}x", line - 1).unwrap();
    }
    let (error, elapsed) = error_of(text, &[(".env", &growing)]);
    let error = error.unwrap();
    assert!(error.starts_with(".env:"), "{error}");
    assert!(
        error.ends_with("exceed the limit of 4194304 bytes together"),
        "{error}"
    );
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");

    let many = "A=1\n".repeat(70_000);
    let (error, _) = error_of(text, &[(".env", &many)]);
    assert_eq!(
        error.unwrap(),
        ".env:65537: the files of variables have more variables than the limit of 65536"
    );
    let large = format!("A={}\n", "x".repeat(5 << 20));
    let (error, _) = error_of(text, &[(".env", &large)]);
    assert_eq!(
        error.unwrap(),
        ".env:1: the files of variables are larger than the limit of 4194304 bytes"
    );
}

#[test]
fn the_strings_of_a_file_are_bounded_too() {
    let env = format!("A={}\n", "x".repeat(4000));
    let labels = "      - ${A}\n".repeat(2_000);
    let text = format!("services:\n  web:\n    image: nginx\n    labels:\n{labels}");
    let (error, _) = error_of(&text, &[(".env", &env)]);
    assert_eq!(
        error.unwrap(),
        "compose.yml:1053: the values that variables insert exceed the limit of 4194304 bytes \
         together"
    );
}

#[test]
fn the_variables_of_an_included_file_are_bounded() {
    let text = "include:\n  - {path: a/inner.yml, env_file: [big.env, big.env]}\nservices:\n  web:\n    image: nginx\n";
    let big = format!("A={}\n", "x".repeat(3 << 20));
    let inner = "services:\n  in:\n    image: nginx:${A}\n";
    let (error, _) = error_of(text, &[("a/inner.yml", inner), ("big.env", &big)]);
    assert_eq!(
        error.unwrap(),
        "big.env:1: the files of variables are larger than the limit of 4194304 bytes"
    );
}

#[test]
fn an_env_file_that_exceeds_a_limit_leaves_the_environment_unknown() {
    let text = "services:\n  web:\n    image: example/app\n    env_file: [big.env]\n";
    let report = |env: &str| {
        let files = [("big.env", env)];
        project_with_files(&[("compose.yml", text)], &files, |_| ())
    };
    let bomb = doubling(64);
    changed(&report(&bomb), "compose.yml").unwrap();
    let many = "A=1\n".repeat(70_000);
    changed(&report(&many), "compose.yml").unwrap();
}
