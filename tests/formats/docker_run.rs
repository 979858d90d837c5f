//! Random command lines: a shell reads the printed command correctly, and no word is lost.

use std::process::Command as Process;

use harden::container::Assume;
use harden::dialect::docker_run::{Command, Layout};
use harden::engine::Run;
use harden::engine::outcome::{Change, FileOutcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::run::{Setup as _, by_default, every, only};

/// Options in all common forms.
const OPTIONS: [&[&str]; 44] = [
    &["-it"],
    &["-d"],
    &["--rm"],
    &["--rm=false"],
    &["-p", "8080:80"],
    &["-p8080:80"],
    &["-p=127.0.0.1:8080:80/tcp"],
    &["-itp", "80:80"],
    &["--publish=80"],
    &["-P"],
    &["--name", "web"],
    &["--name=a b"],
    &["-e", "A=b c"],
    &["-eA=$B"],
    &["--env", "PUID=1000"],
    &["--env-file=x.env"],
    &["-v", "data:/data"],
    &["-v/srv:/srv:ro"],
    &["--volume=/anon"],
    &["--mount", "type=bind,src=/etc,dst=/e,readonly"],
    &["--mount=type=tmpfs,target=/run,tmpfs-size=1m"],
    &["--tmpfs", "/tmp"],
    &["--tmpfs=/run:size=1m"],
    &["-u", "1500"],
    &["-uroot"],
    &["--user=7:8"],
    &["-m", "128m"],
    &["-m1g"],
    &["--memory=lots"],
    &["--memory-reservation=2g"],
    &["--memory-swap", "64m"],
    &["--cpus=.5"],
    &["--cpu-period=5000"],
    &["--pids-limit", "100"],
    &["--read-only"],
    &["--read-only=false"],
    &["--privileged"],
    &["--cap-add", "NET_ADMIN"],
    &["--cap-drop=all"],
    &["--security-opt", "no-new-privileges:false"],
    &["--security-opt=seccomp=unconfined"],
    &["--network=host"],
    &["--restart=always"],
    &["--gpus", "all"],
];

const IMAGES: [&str; 6] = [
    "nginx:1.27",
    "postgres:16",
    "redis",
    "alpine:3.22",
    "qualimente/rando-doggos:2018-03-20-1030",
    "example/app@sha256:0000",
];

prop_compose! {
    fn command()(
        program in select(&["docker", "podman"]),
        verb in select(vec![vec!["run"], vec!["container", "run"], vec!["create"]]),
        options in vec(select(&OPTIONS[..]), 0..8),
        dashes in any::<bool>(),
        image in select(&IMAGES[..]),
        arguments in vec(select(&["sh", "-c", "echo $HOME", "--rm", "-p", ""]), 0..4),
    ) -> Vec<String> {
        let mut words = vec![program];
        words.extend(verb);
        words.extend(options.into_iter().flatten());
        words.extend(dashes.then_some("--"));
        words.push(image);
        words.extend(arguments);
        words.into_iter().map(str::to_owned).collect()
    }
}

/// The command after a run that may change explicit values.
fn asked(line: &str, ids: &[&str]) -> String {
    only(ids).overriding().line(line)
}

#[test]
fn typed_options_are_removed_only_with_an_override() {
    assert_eq!(
        asked("docker run --privileged --rm x", &["privileged"]),
        "docker run --rm x"
    );
    assert_eq!(
        asked(
            "docker run --security-opt no-new-privileges=false --rm x",
            &["no-new-privileges"]
        ),
        "docker run --rm --security-opt no-new-privileges x"
    );
    assert_eq!(
        asked("docker run --read-only=false --rm x", &["read-only-root"]),
        "docker run --rm --read-only --tmpfs /tmp:noexec,nosuid,size=64m x"
    );
    assert_eq!(
        asked("docker run --memory=0 --rm x", &["memory-limit"]),
        "docker run --rm --memory 512m x"
    );
    // A later option overrides a letter in a combined word.
    assert_eq!(
        asked("docker run -itm 0 --rm x", &["memory-limit"]),
        "docker run -itm 0 --rm --memory 512m x"
    );
    assert_eq!(
        asked("docker run --pid=host --ipc host x", &["host-namespaces"]),
        "docker run x"
    );
}

/// The words that a shell reads in the line.
fn words_of(line: &str) -> Vec<String> {
    let script = format!("set -- {line}\nprintf '%s\\0' \"$@\"");
    let output = Process::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{line}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Whether the second list contains all words of the first, in the same order.
fn all_are_in(words: &[String], longer: &[String]) -> bool {
    let mut longer = longer.iter();
    words.iter().all(|word| longer.any(|other| other == word))
}

fn runs() -> [Run<'static>; 2] {
    [Assume::Fit, Assume::All].map(|assume| by_default().assuming(assume))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_shell_reads_the_words_that_were_typed(
        words in vec("[ -~éλ\n\t]{0,12}", 0..12)
    ) {
        let mut line = vec!["docker".to_owned(), "run".to_owned(), "image".to_owned()];
        line.extend(words);
        let command = Command::parse(line.clone()).unwrap();
        for layout in [Layout::Fitted, Layout::OneLine] {
            prop_assert_eq!(words_of(command.print(layout).trim_end_matches('\n')), line.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn hardening_only_adds_options(words in command()) {
        for run in runs() {
            let command = Command::parse(words.clone()).unwrap();
            let after = run.command_line(&command).command;
            let after = after.map_err(|error| TestCaseError::fail(format!("{words:?}: {error}")))?;
            prop_assert!(all_are_in(&words, after.words()), "{words:?}: {:?}", after.words());
            let again = run.command_line(&after).command.unwrap();
            prop_assert_eq!(after.words(), again.words());
        }
    }

    #[test]
    fn a_second_run_with_overrides_changes_nothing(words in command()) {
        let run = every().overriding();
        let after = run.command_line(&Command::parse(words.clone()).unwrap()).command;
        let after = after.map_err(|error| TestCaseError::fail(format!("{words:?}: {error}")))?;
        let again = run.command_line(&after).command.unwrap();
        prop_assert_eq!(after.words(), again.words());
    }

    #[test]
    fn every_layout_keeps_the_words(words in command()) {
        let command = Command::parse(words).unwrap();
        let plain = |text: &str| text.replace(" \\\n  ", " ").trim_end().to_owned();
        let fitted = plain(&command.print(Layout::Fitted));
        prop_assert_eq!(fitted, plain(&command.print(Layout::OneLine)));
    }

    #[test]
    fn the_compose_file_of_a_command_is_hardened_and_stays_so(words in command()) {
        let command = Command::parse(words.clone()).unwrap();
        let (text, _) = command.as_compose();
        for run in runs() {
            let report = run.file("compose.yml", &text);
            let after = match &report.files[0].outcome {
                FileOutcome::Changed(Change { text: after, .. }) => after.clone(),
                FileOutcome::Unchanged => text.clone(),
                other => return Err(TestCaseError::fail(format!("{other:?}\n{text}"))),
            };
            prop_assert_eq!(report.containers.len(), 1);
            let again = run.file("compose.yml", &after);
            prop_assert!(matches!(again.files[0].outcome, FileOutcome::Unchanged), "{}", after);
        }
    }

    #[test]
    fn any_words_end_in_a_command_or_a_clear_fault(words in vec("[-a-z=:,/.\"' ]{0,10}", 0..8)) {
        let mut line = vec!["podman".to_owned(), "run".to_owned()];
        line.extend(words);
        match Command::parse(line.clone()) {
            Ok(command) => {
                prop_assert_eq!(command.words(), &line);
                for run in runs() {
                    let after = run.command_line(&command).command.unwrap();
                    prop_assert!(all_are_in(&line, after.words()));
                }
                let _ = command.as_compose();
            }
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
    }
}
