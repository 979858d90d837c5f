//! Listening on ports below 1024.

use super::{command, hardened, pod};

/// docs/semantics.md#port-docker-free and #port-other-network: low ports are free in a private
/// network, and in no other.
#[test]
fn the_ports_of_another_network_keep_root() {
    for network in ["--network host", "--net=container:b", "--network name=host"] {
        for after in &command(&format!("docker run {network} nginx:1.27"))[..2] {
            assert!(!after.contains("--user"), "{after}");
            assert!(after.contains("--cap-add NET_BIND_SERVICE"), "{after}");
        }
    }
    for network in ["", "--network none", "--network own"] {
        let line = format!("docker run {network} nginx:1.27").replace("  ", " ");
        for after in command(&line) {
            assert!(after.contains("--user 101:101"), "{after}");
        }
    }
    for network in [
        "Network=host",
        "Network=b.container",
        "Pod=p.pod",
        "PodmanArgs=--net=host",
    ] {
        let unit = format!("[Container]\nImage=docker.io/library/nginx:1.27\n{network}\n");
        for after in &hardened("web.container", &unit)[..2] {
            assert!(!after.contains("User="), "{after}");
        }
    }
}

/// docs/semantics.md#port-kubernetes and #port-pod-sysctl: only some runtimes open low ports, so
/// the pod does, for the lowest port of all its containers; not in the host's network.
#[test]
fn a_pod_opens_the_ports_of_its_users() {
    let container = |port: &str| {
        format!(
            "{{name: c, image: 'example/a:1', securityContext: {{runAsUser: 7}}, ports: [{{containerPort: {port}}}]}}"
        )
    };
    for (port, start) in [
        ("443", "443"),
        ("80, hostPort: 8080", "80"),
        ("53, protocol: UDP", "53"),
    ] {
        pod(&container(port), "", |spec| {
            let sysctls = &spec["securityContext"]["sysctls"];
            assert_eq!(
                sysctls[0]["name"], "net.ipv4.ip_unprivileged_port_start",
                "{spec}"
            );
            assert_eq!(sysctls[0]["value"], *start, "{spec}");
        });
    }
    for rest in [
        "hostNetwork: true",
        "securityContext: {sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: '0'}]}",
    ] {
        let before = crate::formats::kubernetes::pod(&container("80"), rest);
        for after in &hardened("pod.yaml", &before)[..2] {
            assert_eq!(
                after.matches("port_start").count(),
                before.matches("port_start").count()
            );
        }
    }
}
