//! The initial content of volumes, and the volumes that an image declares.

use super::{alone, command, service, texts};
use crate::formats::compose::{declined, hardened};

/// docs/semantics.md#volume-copies-image, #volume-elsewhere-is-root and #volume-bind-owner: a new
/// volume belongs to the image's user only where the image has that directory, and a bind mount
/// keeps its owner on the host.
#[test]
fn root_owns_a_volume_at_another_path() {
    for volume in [
        "backup:/backup",
        "/backup",
        "./data:/var/lib/postgresql/data",
        "~/data:/var/lib/postgresql/data",
        "$DATA:/var/lib/postgresql/data",
        "backup:/var/lib/postgresql/data/../other",
    ] {
        let text = alone(&format!("{{image: 'postgres:16', volumes: ['{volume}']}}"));
        assert!(
            declined(&text, "a", "non-root-user").contains("owner is unknown"),
            "{volume}"
        );
    }
    service(
        "{image: 'postgres:16', volumes: ['pg:/var/lib/postgresql/data']}",
        |service| assert_eq!(service["user"], "999:999"),
    );
    for mount in [
        "-v backup:/backup",
        "--mount type=volume,src=backup,dst=/backup",
        "-v /backup",
    ] {
        for after in command(&format!("docker run {mount} postgres:16")) {
            assert!(!after.contains("--user"), "{after}");
        }
    }
}

/// docs/semantics.md#volume-declared: a path that the image declares as a volume stays writable
/// under a read-only root and keeps its content. A tmpfs there would lose it.
#[test]
fn a_declared_volume_is_not_covered() {
    for image in [
        "mongo:7",
        "postgres:16",
        "mysql:8.4",
        "mariadb:11",
        "rabbitmq:3.13",
    ] {
        service(&format!("{{image: '{image}'}}"), |service| {
            assert_eq!(service["read_only"], true, "{image}");
            let hidden = |path: &&str| ["/data", "/var/lib"].iter().any(|at| path.starts_with(at));
            let tmpfs = texts(service, "tmpfs");
            assert!(!tmpfs.iter().any(hidden), "{service}");
        });
    }
}

/// docs/semantics.md#volume-declared-come-and-go and #start-first-write: newer images of redis and
/// caddy declare no volume, so a read-only root needs a mount in the file.
#[test]
fn a_volume_that_newer_images_lack_is_not_counted_on() {
    for image in [
        "redis:8",
        "redis:8.2-alpine",
        "redis",
        "redis:latest",
        "redis:alpine",
        "caddy:2",
    ] {
        let text = alone(&format!("{{image: '{image}'}}"));
        assert!(
            declined(&text, "a", "read-only-root").contains("nothing is mounted"),
            "{image}"
        );
        for after in command(&format!("docker run {image}")) {
            assert!(!after.contains("--read-only"), "{after}");
        }
    }
    let mounted = alone("{image: 'redis:8', volumes: ['store:/data']}");
    assert!(hardened(&mounted).contains("read_only: true"));
}
