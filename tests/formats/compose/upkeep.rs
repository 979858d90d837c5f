//! Services that a wrong change breaks, each seen on a real engine. Often only a probe or a second
//! start shows the error.

use std::path::Path;

use super::{declined, declined_in, hardened, outcome, project};
use crate::support::run::{Setup as _, by_default};
use harden::engine::outcome::Outcome;
use harden::paths::normalized;
use harden::project::{Surroundings, Unread};

/// A Compose file with one service, given as a flow mapping.
fn service(lines: &str) -> String {
    format!("services:\n  a: {{{lines}}}\n  b: {{image: example/b}}\n")
}

#[test]
fn tasks_that_need_root_keep_root() {
    for (lines, why) in [
        (
            "image: example/a, environment: {LOG_DIR: /var/log/a}",
            "only root may be able to create",
        ),
        (
            "image: postgres:16, environment: {PGDATA: /srv/pg}",
            "only root may be able to create",
        ),
        (
            "image: postgres:16, command: postgres -c log_directory=/var/log/pg",
            "only root may be able to create",
        ),
        (
            "image: httpd:2.4, command: httpd-foreground -c \"ErrorLog /var/log/err\"",
            "only root may be able to create",
        ),
        (
            "image: example/a, ports: [\"2222:22\"]",
            "servers of SSH start as root",
        ),
        (
            "image: example/a, pid: \"service:b\"",
            "It shares the processes of `service:b`",
        ),
        (
            "image: example/a, ipc: \"service:b\"",
            "It shares the memory of `service:b`",
        ),
        (
            "image: example/a, ulimits: {nproc: 64}",
            "counts the processes of a user",
        ),
        (
            "image: nginx:1.27, sysctls: {net.ipv4.ip_unprivileged_port_start: 1024}",
            "It listens on port 80",
        ),
        (
            "image: redis:7, healthcheck: {test: gosu redis redis-cli ping}",
            "Its health check runs `gosu`",
        ),
        (
            "image: redis:7, entrypoint: [redis-server], volumes: [\"v:/data\"]",
            "Its entrypoint is replaced",
        ),
        (
            "image: redis:7, command: sh -c \"exec redis-server\"",
            "Its command is a script",
        ),
    ] {
        let reason = declined(&service(lines), "a", "non-root-user");
        assert!(reason.contains(why), "{lines}: {reason}");
    }
}

#[test]
fn writes_of_a_probe_keep_the_root_writable() {
    for probe in [
        "date > /var/lib/probed",
        "wget -q http://localhost/health",
        "touch /run/alive && exit 0",
    ] {
        let text = service(&format!(
            "image: example/a, healthcheck: {{test: \"{probe}\"}}"
        ));
        for id in ["read-only-root", "non-root-user"] {
            let reason = declined(&text, "a", id);
            assert!(reason.contains("Its health check writes"), "{reason}");
        }
    }
    let of_image = service(
        "build: {dockerfile_inline: \"FROM nginx:1.27\\nHEALTHCHECK CMD date > /var/lib/probed\"}",
    );
    let reason = declined(&of_image, "a", "read-only-root");
    assert!(reason.contains("Its health check writes"), "{reason}");

    let reads = service(
        "image: example/a, healthcheck: {test: \"wget -qO- http://localhost > /dev/null\"}",
    );
    let report = project(&[("compose.yml", &reads)]);
    let read_only = outcome(&report, "a", "read-only-root");
    assert!(
        matches!(read_only, Outcome::Changed { .. }),
        "{read_only:?}"
    );
}

#[test]
fn a_probe_that_gains_privileges_may_go_on() {
    let text = service("image: example/a, user: \"1500\", healthcheck: {test: sudo -n id}");
    let reason = declined(&text, "a", "no-new-privileges");
    assert!(reason.contains("Its health check runs `sudo`"), "{reason}");
}

#[test]
fn a_known_image_that_writes_to_tmp_gets_a_tmpfs() {
    for lines in [
        "image: redis:7, volumes: [\"v:/data\"], command: redis-server --unixsocket /tmp/redis.sock",
        "image: memcached:1.6, command: memcached -s /tmp/memcached.sock",
        "image: redis:7, volumes: [\"v:/data\"], command: sh -c \"env > /tmp/env; exec redis-server\"",
    ] {
        assert!(hardened(&service(lines)).contains("/tmp:noexec"), "{lines}");
    }
    let silent = hardened("services:\n  a:\n    image: memcached:1.6\n");
    assert!(!silent.contains("/tmp"), "{silent}");
    // Persistent data would fill the tmpfs, and be lost.
    let reason = declined(
        &service("image: prom/prometheus:v2.42.0, command: [--storage.tsdb.path=/tmp/data]"),
        "a",
        "read-only-root",
    );
    assert!(reason.contains("nothing is mounted there"), "{reason}");
}

#[test]
fn root_keeps_access_to_files_of_others_in_a_volume() {
    let text = "services:\n  \
                a:\n    image: httpd:2.4\n    volumes: [\"logs:/usr/local/apache2/logs\"]\n  \
                b:\n    image: example/b\n    user: \"1000\"\n    volumes: [\"logs:/share\"]\n\
                volumes: {logs: }\n";
    assert!(hardened(text).contains("DAC_OVERRIDE"));
    let alone = text.replace("[\"logs:/share\"]", "[]");
    assert!(!hardened(&alone).contains("DAC_OVERRIDE"));
    let foreign = alone.replace("{logs: }", "{logs: {external: true}}");
    assert!(hardened(&foreign).contains("DAC_OVERRIDE"));
}

#[test]
fn a_memory_limit_leaves_room_for_the_configured_memory() {
    for lines in [
        "image: memcached:1.6, command: memcached -m 2048",
        "image: memcached:1.6, command: -m 2048",
        "image: example/a, environment: [GOMEMLIMIT=2GiB]",
        "image: example/a, environment: [\"JAVA_OPTS=-XX:MaxHeapSize=2g\"]",
        "image: example/a, environment: [PHP_MEMORY_LIMIT=2G]",
    ] {
        assert!(
            hardened(&service(lines)).contains("mem_limit: 4g"),
            "{lines}"
        );
    }
    let of_another = hardened("services:\n  a:\n    image: example/a\n    command: run -m 2048\n");
    assert!(of_another.contains("mem_limit: 512m"));
}

/// A directory in which only their owner may read some files.
#[derive(Debug)]
struct Closed(&'static str);

impl Surroundings for Closed {
    fn read(&self, _: &Path, _: &Path) -> Result<String, Unread> {
        Err(Unread::Missing)
    }

    fn is_closed(&self, _: &Path, path: &Path) -> bool {
        normalized(path) == Path::new(self.0)
    }
}

#[test]
fn a_mounted_file_that_only_root_can_read_keeps_root() {
    let text = "services:\n  a:\n    image: nginx:1.27\n    volumes: [\"./private.conf:/etc/nginx/conf.d/default.conf:ro\"]\n";
    let report = |closed| {
        by_default()
            .surroundings(&Closed(closed))
            .file("deploy/compose.yml", text)
    };
    let reason = declined_in(&report("deploy/private.conf"), "a", "non-root-user");
    assert!(reason.contains("only by their owner and group"), "{reason}");
    let open = report("deploy/public.conf");
    let user = outcome(&open, "a", "non-root-user");
    assert!(matches!(user, Outcome::Changed { .. }), "{user:?}");
}
