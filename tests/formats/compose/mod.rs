//! Compose files in which a wrong change would break something or have no effect.

mod chains;
mod characters;
mod projects;
mod rejections;
mod upkeep;
mod variables;

use harden::engine::Run;
use harden::engine::outcome::{Change, FileOutcome, Report};

use crate::support::answers;
pub(crate) use crate::support::answers::{changed, declined as declined_in, outcome, row};
use crate::support::memory_files::MemoryFiles;
use crate::support::run::{Setup as _, by_default};

pub(crate) fn project(files: &[(&str, &str)]) -> Report {
    project_with_files(files, &[], |_| ())
}

fn project_with_files(
    files: &[(&str, &str)],
    files_on_disk: &[(&str, &str)],
    change: impl FnOnce(&mut Run<'_>),
) -> Report {
    let files_on_disk = MemoryFiles::new(files_on_disk);
    let mut run = by_default().surroundings(&files_on_disk);
    change(&mut run);
    run.files(files)
}

/// The text after the run, changed or not.
pub(crate) fn hardened(text: &str) -> String {
    answers::text(&project(&[("compose.yml", text)]), text)
}

/// Why a transform declined to change the service.
pub(crate) fn declined(text: &str, service: &str, id: &str) -> String {
    declined_in(&project(&[("compose.yml", text)]), service, id)
}

#[test]
fn a_string_instead_of_a_list_gets_every_new_item() {
    let after = hardened("services:\n  a:\n    image: nginx:1.27\n    tmpfs: /foo:mode=1777\n");
    for path in ["- /foo:mode=1777\n", "- /var/cache/nginx:", "- /run:"] {
        assert!(after.contains(path), "{path} is not in\n{after}");
    }
}

#[test]
fn a_list_that_is_merged_in_is_restated_with_every_new_item() {
    let text = "x-a: &a\n  tmpfs: [\"/foo:mode=1777\"]\nservices:\n  a:\n    <<: *a\n    image: nginx:1.27\n";
    let after = hardened(text);
    for path in ["/foo:mode=1777", "/var/cache/nginx:", "/run:"] {
        assert!(
            after[text.len()..].contains(path),
            "{path} is not in\n{after}"
        );
    }
}

#[test]
fn indirect_heirs_are_respected() {
    let text = "services:\n  a: {image: example/a}\n  b: {extends: a, labels: [x]}\n  c:\n    extends: b\n    volumes: [\"./x:/tmp:ro\"]\n";
    assert!(declined(text, "a", "read-only-root").contains("`c` extends this service"));
}

#[test]
fn values_that_a_later_document_resets_are_not_written() {
    let base = "services:\n  a:\n    image: example/a\n";
    for (later, id) in [
        (
            "  a: !override\n    image: example/b\n",
            "no-new-privileges",
        ),
        (
            "  a:\n    deploy:\n      resources: !reset null\n    cpus: 1\n",
            "no-new-privileges",
        ),
    ] {
        let text = format!("{base}---\nservices:\n{later}");
        let report = project(&[("compose.yml", &text)]);
        let again = match &report.files[0].outcome {
            FileOutcome::Changed(Change { text: after, .. }) => project(&[("compose.yml", after)]),
            _ => continue,
        };
        assert!(
            matches!(again.files[0].outcome, FileOutcome::Unchanged),
            "{id}: {text}"
        );
    }
    let text = format!("{base}---\nservices:\n  a:\n    security_opt: !reset []\n");
    assert!(declined(&text, "a", "no-new-privileges").contains("resets or overrides"));
}

#[test]
fn a_known_image_that_needs_root_is_not_changed() {
    let nginx = |rest: &str| format!("services:\n  a:\n    image: nginx:1.27\n{rest}");
    for rest in [
        "    volumes: [\"./certs:/etc/nginx/certs:ro\"]\n",
        "    volumes: [\"certbot:/etc/letsencrypt:ro\"]\n",
        "    command: sh -c \"sed -i s/a/b/ /etc/nginx/nginx.conf && nginx\"\n",
        "    command: sh -c \"echo hi>/etc/nginx/x && nginx\"\n",
        "    pre_start:\n      - command: [chown, -R, \"101\", /x]\n",
        "    network_mode: $NM\n",
    ] {
        let text = nginx(rest);
        declined(&text, "a", "non-root-user");
    }
    let echo = nginx("    command: sh -c \"echo hi>/etc/nginx/x && nginx\"\n");
    assert!(declined(&echo, "a", "read-only-root").contains("redirects"));
}

#[test]
fn storage_that_is_no_copy_of_the_image_has_an_owner_of_its_own() {
    let postgres = |volume: &str, top: &str| {
        format!(
            "services:\n  a:\n    image: postgres:16\n    volumes:\n      - {volume}\nvolumes:\n  pg: {top}\n"
        )
    };
    for text in [
        postgres("pg:/var/lib/postgresql/data:nocopy", "{}"),
        postgres(
            "{type: volume, source: pg, target: /var/lib/postgresql/data, volume: {subpath: db}}",
            "{}",
        ),
        postgres("pg:/var/lib/postgresql/data", "{external: true}"),
        postgres("pg:/var/lib/postgresql/data", "{driver: nfs}"),
        postgres(
            "pg:/var/lib/postgresql/data",
            "{driver_opts: {type: none, o: bind, device: /x}}",
        ),
    ] {
        assert!(
            declined(&text, "a", "non-root-user").contains("owner is unknown"),
            "{text}"
        );
    }
}

#[test]
fn a_mount_by_another_spelling_is_the_same_mount() {
    for target in ["data:/tmp/.", "data://tmp", "./x:/tmp/../tmp:ro"] {
        let after = hardened(&format!(
            "services:\n  a:\n    image: example/a\n    volumes: [\"{target}\"]\n"
        ));
        assert!(!after.contains("tmpfs"), "{after}");
    }
    let text = "services:\n  a:\n    image: example/a\n    tmpfs: [\"${T}\"]\n";
    assert!(declined(text, "a", "read-only-root").contains("`${T}`"));
}

#[test]
fn settings_that_another_platform_lacks_are_not_written() {
    let swarm = "services:\n  a:\n    image: nginx:1.27\n    deploy: {mode: global}\n";
    assert!(declined(swarm, "a", "read-only-root").contains("swarm"));
    let windows = "services:\n  a:\n    image: mcr.microsoft.com/windows/servercore:ltsc2022\n";
    for id in ["non-root-user", "no-new-privileges", "read-only-root"] {
        assert!(declined(windows, "a", id).contains("Windows"));
    }
}

#[test]
fn places_that_options_name_are_places_that_are_written() {
    for (image, rest) in [
        (
            "mysql:8",
            "command: mysqld --log-error=/var/log/mysql/error.log",
        ),
        ("redis:7", "command: redis-server --dir /snap"),
        ("postgres:16", "environment: {PGDATA: /data/pg}"),
        ("postgres:16", "environment: {PGDATA: /tmp/pg}"),
    ] {
        let text = format!(
            "services:\n  a:\n    image: {image}\n    volumes: [\"v:/data\"]\n    {rest}\n"
        )
        .replace(
            if image.starts_with("redis") {
                "~"
            } else {
                "    volumes: [\"v:/data\"]\n"
            },
            "",
        );
        assert!(
            declined(&text, "a", "read-only-root").contains("nothing is mounted there"),
            "{text}"
        );
    }
}

#[test]
fn a_cpu_limit_fits_every_host() {
    let text = "services:\n  a:\n    image: example/a\n    deploy: {resources: {reservations: {cpus: \"1.5\"}}}\n";
    declined(text, "a", "cpu-limit");
}

#[test]
fn an_override_next_to_its_base_is_read() {
    let report = project(&[
        (
            "compose.override.yml",
            "services:\n  a: {deploy: {resources: {limits: {memory: 1g}}}}\n",
        ),
        ("compose.yml", "services:\n  a:\n    image: nginx:1.27\n"),
    ]);
    let FileOutcome::Changed(Change { text: after, .. }) = &report.files[1].outcome else {
        panic!("{:?}", report.files[1].outcome)
    };
    assert!(
        after.contains("deploy:") && !after.contains("cpus: 1\n") && !after.contains("memory:"),
        "{after}"
    );
    assert!(matches!(report.files[0].outcome, FileOutcome::Unchanged));
}
