//! Services that share something with their host.

use super::{alone, command, service};
use crate::formats::compose::declined;

/// docs/semantics.md#port-host-sysctl and #host-pid: the engine sets no sysctl in the host's
/// network, and looking into the host's processes takes `SYS_PTRACE`, which stays.
#[test]
fn parameters_of_the_host_are_not_changed() {
    let on_host = "{image: 'nginx:1.27', network_mode: host, ports: ['80:80']}";
    declined(&alone(on_host), "a", "non-root-user");
    service(on_host, |service| {
        assert!(service["sysctls"].is_null(), "{service}");
    });
    let watching = "{image: 'example/a:1', pid: host, user: '7', cap_add: [SYS_PTRACE]}";
    declined(&alone(watching), "a", "drop-capabilities");
    declined(
        &alone("{image: 'example/a:1', pid: host}"),
        "a",
        "non-root-user",
    );
}

/// docs/semantics.md#host-engine-socket: the engine's socket belongs to root and to a group of the
/// host, wherever it is mounted and whatever its name.
#[test]
fn services_with_the_engine_socket_stay_root() {
    for socket in [
        "/var/run/docker.sock:/var/run/docker.sock",
        "/run/docker.sock:/var/run/docker.sock:ro",
        "/var/run:/host/run",
        "/run/user/1000/docker.sock:/var/run/docker.sock",
        "$SOCKET:/var/run/docker.sock",
        "/run/podman/podman.sock:/x.sock",
    ] {
        for image in ["example/a:1", "traefik:3", "portainer/portainer-ce:2"] {
            service(
                &format!("{{image: '{image}', volumes: ['{socket}']}}"),
                |service| {
                    assert!(
                        service["user"].is_null() || image == "example/a:1",
                        "{service}"
                    );
                },
            );
            let text = alone(&format!("{{image: '{image}', volumes: ['{socket}']}}"));
            declined(&text, "a", "non-root-user");
        }
    }
    let mount = "--mount type=bind,src=/var/run/docker.sock,dst=/s";
    assert!(!command(&format!("docker run {mount} example/a:1"))[0].contains("--user"));
}
