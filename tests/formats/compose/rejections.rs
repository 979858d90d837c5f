//! Values that Compose or the engine refuses, mostly without an error in `docker compose config`.
//! A file that was accepted must also be accepted after hardening.

use harden::engine::outcome::Outcome;

use super::{declined, declined_in, hardened, outcome, project};

/// docs/semantics.md#tmpfs-same-target-twice and #tmpfs-mount-points: Compose refuses the same
/// target twice, and `/run` and `/var/run` are one place.
#[test]
fn a_path_is_mounted_only_once() {
    for there in [
        "tmpfs: [/run]",
        "tmpfs: /run/:size=1m",
        "volumes: [\"run:/run\"]",
        "volumes: [{type: tmpfs, target: /run}]",
        "volumes: [\"/run\"]",
        "volumes: [\"./run:/var/run:ro\"]",
        "configs: [{source: c, target: /run}]",
        "secrets: [{source: c, target: /run}]",
    ] {
        let text = format!(
            "services:\n  a:\n    image: nginx:1.27\n    {there}\nvolumes: {{run: {{}}}}\nconfigs: {{c: {{file: ./c}}}}\nsecrets: {{c: {{file: ./c}}}}\n"
        );
        let after = hardened(&text);
        let mounts = after.matches("/run:noexec").count();
        assert_eq!(mounts, 0, "{after}");
    }
}

/// docs/semantics.md#tmpfs-default-size, #tmpfs-mode-ignored and #tmpfs-options: every path has a
/// size, every mode an owner, and every option is one that the engine knows.
#[test]
fn every_tmpfs_has_a_size_and_an_owner_where_it_has_a_mode() {
    let after = hardened(
        "services:\n  a:\n    image: nginx:1.27\n  b:\n    image: postgres:16\n  c:\n    image: redis:7\n  d:\n    image: example/d\n",
    );
    let options: Vec<&str> = after
        .lines()
        .filter(|line| line.contains(":noexec,") || line.contains(":exec,"))
        .collect();
    assert!(options.len() > 3, "{after}");
    for line in options {
        assert!(line.contains("size="), "{line}");
        assert!(!line.contains("mode=") || line.contains("uid="), "{line}");
        let known = line
            .split(':')
            .next_back()
            .unwrap()
            .split(',')
            .all(|option| {
                let name = option.split('=').next().unwrap_or_default();
                [
                    "noexec", "exec", "nosuid", "nodev", "size", "uid", "gid", "mode",
                ]
                .contains(&name)
            });
        assert!(known, "{line}");
    }
}

/// docs/semantics.md#user-name-must-exist: an unknown name fails at create, a number does not.
#[test]
fn users_are_written_by_number() {
    let after = hardened("services:\n  a:\n    image: nginx:1.27\n  b:\n    image: example/b\n");
    let users: Vec<&str> = after
        .lines()
        .filter(|line| line.contains("user:"))
        .collect();
    assert_eq!(
        users,
        ["    user: \"101:101\"", "    user: \"10001:10001\""]
    );
}

/// docs/semantics.md#volume-elsewhere-is-root: a volume with `nocopy` belongs to root.
#[test]
fn a_volume_without_a_copy_keeps_the_user() {
    let text = "services:\n  a:\n    image: postgres:16\n    volumes: [{type: volume, source: pg, target: /var/lib/postgresql/data, volume: {nocopy: true}}]\nvolumes: {pg: {}}\n";
    assert!(declined(text, "a", "non-root-user").contains("owner is unknown"));
}

/// docs/semantics.md#cap-privileged and #cap-add-all-wins: with `privileged: true` the engine
/// ignores both lists, and `cap_add: [ALL]` wins.
#[test]
fn no_capability_is_dropped_where_that_has_no_effect() {
    for there in ["privileged: true", "cap_add: [ALL]"] {
        let after = hardened(&format!(
            "services:\n  a:\n    image: nginx:1.27\n    {there}\n"
        ));
        assert!(!after.contains("cap_drop"), "{after}");
    }
}

/// docs/semantics.md#nnp-spelling: `:yes` is refused at create.
#[test]
fn the_option_is_written_as_the_engine_reads_it() {
    let after = hardened("services:\n  a:\n    image: example/a\n");
    assert!(after.contains("- no-new-privileges:true\n"), "{after}");
    for there in [
        "no-new-privileges",
        "no-new-privileges=true",
        "no-new-privileges:1",
    ] {
        let text =
            format!("services:\n  a:\n    image: example/a\n    security_opt: [\"{there}\"]\n");
        assert!(
            !hardened(&text).contains("no-new-privileges:true"),
            "{there}"
        );
    }
    let text =
        "services:\n  a:\n    image: example/a\n    security_opt: [\"no-new-privileges:yes\"]\n";
    assert!(matches!(
        outcome(&project(&[("compose.yml", text)]), "a", "no-new-privileges"),
        Outcome::Finding { .. }
    ));
}

/// docs/semantics.md#port-other-network and #port-host-sysctl: in the host's network ports below
/// 1024 need root, and the engine refuses sysctls.
#[test]
fn the_network_of_the_host_keeps_the_user_and_gets_no_sysctl() {
    let text = "services:\n  a:\n    image: nginx:1.27\n    network_mode: host\n";
    assert!(declined(text, "a", "non-root-user").contains("host's network"));
    assert!(!hardened(text).contains("sysctls"));
}

/// docs/semantics.md#root-inline-configs: Compose refuses inline content in a read-only service,
/// whichever file of the project has it.
#[test]
fn files_that_compose_copies_keep_the_root_writable() {
    for (uses, top) in [
        ("configs: [c]", "configs: {c: {content: x}}"),
        ("configs: [{source: c}]", "configs: {c: {environment: X}}"),
        ("secrets: [c]", "secrets: {c: {environment: X}}"),
    ] {
        let base = format!("services:\n  a:\n    image: nginx:1.27\n    {uses}\n");
        let alone = format!("{base}{top}\n");
        assert!(
            declined(&alone, "a", "read-only-root").contains("fails if that is read-only"),
            "{alone}"
        );
        let over = format!("{top}\n");
        let report = project(&[("compose.yml", &base), ("compose.override.yml", &over)]);
        assert!(
            declined_in(&report, "a", "read-only-root").contains("fails if that is read-only"),
            "{over}"
        );
    }
}

/// docs/semantics.md#limit-one-place: next to limits of `deploy` a flat one must equal them,
/// whichever file has them.
#[test]
fn limits_are_written_where_limits_are() {
    let deploy = "deploy: {resources: {limits: {memory: 1g}}}";
    let flat = "pids_limit: 100";
    let text = |limit: &str| format!("services:\n  a:\n    image: nginx:1.27\n    {limit}\n");
    let is_flat = |text: &str| {
        ["mem_limit:", "cpus: 1\n", "pids_limit: 5"]
            .iter()
            .any(|key| text.contains(key))
    };
    assert!(!is_flat(&hardened(&text(deploy))));
    assert!(!hardened(&text(flat)).contains("deploy"));
    let base = "services:\n  a:\n    image: nginx:1.27\n";
    let over = format!("services:\n  a:\n    {deploy}\n");
    let report = project(&[("compose.yml", base), ("compose.override.yml", &over)]);
    let after = super::changed(&report, "compose.yml").unwrap();
    assert!(!is_flat(after), "{after}");
}

/// docs/semantics.md#limit-memory-bounds and #limit-cpus: the engine refuses a limit below the
/// reservation, and `cpus` next to a quota.
#[test]
fn new_limits_agree_with_existing_values() {
    let text = |there: &str| format!("services:\n  a:\n    image: nginx:1.27\n    {there}\n");
    assert!(hardened(&text("mem_reservation: 2g")).contains("mem_limit: 4g"));
    assert!(declined(&text("mem_reservation: ${M}"), "a", "memory-limit").contains("${M}"));
    for there in ["cpu_quota: 50000", "cpu_period: 50000"] {
        assert!(!hardened(&text(there)).contains("cpus:"), "{there}");
    }
}

/// docker-compose 1 reads files without `services`, and refuses keys that came later
/// (docker/compose 1.x `config_schema_v1.json`).
#[test]
fn the_first_format_gets_only_its_own_keys() {
    let text = "web:\n  image: nginx:1.27\n  net: host\n  ports: [\"80:80\"]\ncache:\n  image: redis:7\n  links: [web]\n";
    let report = project(&[("docker-compose.yml", text)]);
    let after = super::changed(&report, "docker-compose.yml").unwrap();
    for key in [
        "mem_limit: 512m",
        "cpu_quota: 100000",
        "no-new-privileges:true",
    ] {
        assert!(after.contains(key), "{after}");
    }
    for key in ["tmpfs", "cpus", "pids_limit", "deploy", "services"] {
        assert!(!after.contains(key), "{after}");
    }
    let Outcome::Changed { paths, .. } = outcome(&report, "cache", "cpu-limit") else {
        panic!("{after}");
    };
    assert_eq!(paths, &["cache.cpu_quota"]);
    assert!(report.containers[0].caution.is_some());
    for other in [
        "web:\n  image: nginx\n",
        "web:\n  image: {repository: nginx}\n  ports: []\n",
        "build:\n  image: nginx\n  script: [make]\n",
        "version: \"2\"\nweb:\n  image: nginx\n  ports: []\n",
    ] {
        assert!(
            project(&[("values.yml", other)]).containers.is_empty(),
            "{other}"
        );
    }
}

/// docs/semantics.md#swarm-short-tmpfs and #swarm-ignores: a swarm drops the short form of tmpfs
/// and ignores `security_opt`.
#[test]
fn a_swarm_gets_scratch_space_that_it_heeds() {
    let text = |version: &str| {
        format!(
            "{version}services:\n  a:\n    image: example/a\n    deploy: {{mode: replicated}}\n"
        )
    };
    let report = project(&[("compose.yml", &text("version: \"3.9\"\n"))]);
    let after = super::changed(&report, "compose.yml").unwrap();
    let volume =
        "      - type: tmpfs\n        target: /tmp\n        tmpfs:\n          size: 67108864\n";
    assert!(
        after.contains(volume) && !after.contains("mem_limit"),
        "{after}"
    );
    let caution = report.containers[0].caution.as_ref().unwrap();
    assert_eq!(caution.code(), "swarm-ignores-option");
    assert!(declined(&text("version: \"3.3\"\n"), "a", "read-only-root").contains("swarm"));
}
