//! Random units: new keys are in the right section, and no other byte changes.

use harden::container::Assume;
use harden::engine::Run;
use harden::engine::outcome::{Change, FileOutcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::run::{Setup as _, by_default, every};

const LINES: [&str; 30] = [
    "",
    "# a comment",
    "; another",
    "ContainerName=web",
    "User=1500",
    "Group=1500",
    "User=root",
    "User=%U",
    "NoNewPrivileges=true",
    "NoNewPrivileges = no",
    "ReadOnly=yes",
    "ReadOnlyTmpfs=false",
    "Tmpfs=/tmp:size=64k",
    "DropCapability=all",
    "AddCapability=CAP_CHOWN net_admin",
    "PidsLimit=100",
    "PidsLimit=-1",
    "Memory=1g",
    "PodmanArgs=--cpus 2 --memory=1g",
    "PodmanArgs=--privileged \\\n  --rm",
    "PodmanArgs=--new x",
    "SeccompProfile=unconfined",
    "SecurityLabelDisable=true",
    "Volume=%h/x:/x",
    "Volume=data.volume:/data",
    "PublishPort=127.0.0.1:8080:80",
    "Environment=A=\"b c\" D=e",
    "Exec=sh -c \"echo \\\"x\\\"\" \\\n# why\n  y",
    "Network=web.network",
    "UserNS=keep-id",
];

const IMAGES: [&str; 4] = [
    "docker.io/library/nginx:1.27",
    "docker.io/library/postgres:16",
    "quay.io/example/app:1",
    "app.build",
];

prop_compose! {
    fn unit()(
        before in vec(select(&LINES[..]), 0..5),
        image in select(&IMAGES[..]),
        after in vec(select(&LINES[..]), 0..5),
        crlf in any::<bool>(),
        tail in select(&["", "\n[Install]\nWantedBy=default.target\n", "\n[Service]\nRestart=always"][..]),
    ) -> String {
        let mut text = "[Unit]\nDescription=x\n\n[Container]\n".to_owned();
        for line in before.into_iter().chain([&*format!("Image={image}")]).chain(after) {
            text.push_str(line);
            text.push('\n');
        }
        text.push_str(tail);
        if crlf { text.replace('\n', "\r\n") } else { text }
    }
}

fn outcome(text: &str, assume: Assume) -> FileOutcome {
    run(&by_default().assuming(assume), text)
}

/// The unit after a run that may change explicit values.
fn asked(text: &str) -> FileOutcome {
    run(&every().overriding(), text)
}

fn run(run: &Run<'_>, text: &str) -> FileOutcome {
    run.file("web.container", text).files.remove(0).outcome
}

/// docs/semantics.md#podman-quadlet: a key and `PodmanArgs=` can set the same option.
#[test]
fn explicit_keys_are_removed_only_with_an_override() {
    let unit = |lines: &str| format!("[Container]\nImage=x:1@sha256:0\n{lines}");
    let after = |lines: &str| match asked(&unit(lines)) {
        FileOutcome::Changed(Change { text, .. }) => text,
        other => panic!("{other:?}"),
    };
    let text = after("User=root\nGroup=0\nExec=x\n");
    assert!(
        text.starts_with("[Container]\nImage=x:1@sha256:0\nExec=x\n"),
        "{text}"
    );
    assert!(text.contains("\nUser=10001\nGroup=10001\n"), "{text}");
    let text = after("PodmanArgs=--privileged\n");
    assert!(!text.contains("--privileged"), "{text}");
    let text = after("PodmanArgs=--privileged --rm\n");
    assert!(text.contains("--privileged"), "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn keys_are_added_in_one_place_and_nothing_else_changes(text in unit()) {
        for assume in [Assume::Fit, Assume::All] {
            let after = match outcome(&text, assume) {
                FileOutcome::Unchanged => continue,
                FileOutcome::Changed(Change { text: after, .. }) => after,
                other => return Err(TestCaseError::fail(format!("{other:?}\n{text}"))),
            };
            let mut start = 0;
            let (old, new) = (text.as_bytes(), after.as_bytes());
            while start < old.len() && old[start] == new[start] {
                start += 1;
            }
            let added = new.len() - old.len();
            prop_assert_eq!(&old[start..], &new[start + added..], "{}\n{}", text, after);
            let section = after[..start].rfind('[').unwrap();
            prop_assert!(after[section..].starts_with("[Container]"), "{}", after);
            let again = outcome(&after, assume);
            prop_assert!(matches!(again, FileOutcome::Unchanged), "{:?}\n{}", again, after);
        }
    }

    #[test]
    fn a_second_run_with_overrides_changes_nothing(text in unit()) {
        let after = match asked(&text) {
            FileOutcome::Unchanged => return Ok(()),
            FileOutcome::Changed(Change { text: after, .. }) => after,
            other => return Err(TestCaseError::fail(format!("{other:?}\n{text}"))),
        };
        let again = asked(&after);
        prop_assert!(matches!(again, FileOutcome::Unchanged), "{:?}\n{}\n{}", again, text, after);
    }

    #[test]
    fn any_text_ends_in_a_result(lines in vec("[-=\\[\\]#;\\\\a-zA-Z \"'\r]{0,12}", 0..12)) {
        let _ = outcome(&lines.join("\n"), Assume::All);
        let _ = outcome(&format!("[Container]\nImage=x\n{}", lines.join("\n")), Assume::All);
    }
}
