//! The promises on generated files, with any options.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;

use super::options::{Directory, Options, check};
use crate::support::run::knowledge;

proptest! {
    // Random seeds still find rare failures (docs/promises.md), and a test run is about the change.
    // `PROPTEST_RNG_SEED` gives another seed.
    #![proptest_config(ProptestConfig {
        rng_seed: match ProptestConfig::default().rng_seed {
            RngSeed::Random => RngSeed::Fixed(10),
            seed @ RngSeed::Fixed(_) => seed,
        },
        cases: ProptestConfig::default().cases.max(1024),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn generated_projects_keep_the_promises_with_any_options(
        files in prop_oneof![compose(), kubernetes(), quadlet()],
        seed: u32,
    ) {
        let files = files.iter().map(|(path, text)| (*path, text.as_bytes()));
        check(&Directory::new(files), Options::choose(seed), knowledge());
    }
}

type Files = Vec<(&'static str, String)>;

/// Images of each kind that the knowledge base tells apart, and unknown ones.
const IMAGES: [&str; 17] = [
    "nginx:1.27",
    "postgres:16",
    "mysql:8",
    "mongo:7",
    "redis:7",
    "traefik:v3",
    "rabbitmq:3",
    "clickhouse/clickhouse-server:24",
    "grafana/grafana",
    "hashicorp/vault:1.17",
    "prom/node-exporter",
    "python:3.12",
    "alpine",
    "registry.example/own/app:1",
    "lscr.io/linuxserver/sonarr",
    "${IMAGE:-nginx:1.27}",
    "${IMAGE}",
];

/// Keys of a service, one line each.
const OF_SERVICE: [&str; 58] = [
    "user: root",
    "user: \"0:0\"",
    "user: \"1000:1000\"",
    "user: \"${UID:-0}\"",
    "privileged: true",
    "privileged: \"${P:-true}\"",
    "read_only: true",
    "read_only: false",
    "cap_drop: [ALL]",
    "cap_drop: [all]",
    "cap_drop: [NET_RAW]",
    "cap_drop: [CHOWN, SETUID]",
    "cap_add: [SYS_ADMIN]",
    "cap_add: [NET_RAW]",
    "cap_add: [NET_ADMIN, SYS_PTRACE]",
    "cap_add: [ALL]",
    "cap_add: [CHOWN]",
    "cap_add: &caps [SYS_ADMIN, CHOWN]",
    "security_opt: [seccomp:unconfined]",
    "security_opt: [seccomp=unconfined, apparmor:unconfined]",
    "security_opt: [\"no-new-privileges:false\"]",
    "security_opt: [label:disable, \"no-new-privileges:false\", \"seccomp:unconfined\"]",
    "security_opt: [systempaths=unconfined]",
    "security_opt: seccomp:unconfined",
    "tmpfs: /tmp",
    "tmpfs: [/run, \"/var/cache/nginx:size=1m\"]",
    "volumes: [data:/var/lib/data]",
    "volumes: [\"./x:/etc/x\", \"/:/host\"]",
    "volumes: [\"/var/run/docker.sock:/var/run/docker.sock\"]",
    "volumes: [{type: bind, source: /etc, target: /host/etc, bind: {propagation: rshared}}]",
    "ports: [\"80:80\"]",
    "ports: [\"127.0.0.1:8080:80\", \"53:53/udp\"]",
    "mem_limit: 1g",
    "mem_limit: 0",
    "mem_reservation: 4g",
    "memswap_limit: 1g",
    "cpus: 0",
    "cpus: 0.5",
    "pids_limit: -1",
    "pids_limit: 100",
    "deploy: {resources: {limits: {memory: 1G}}}",
    "deploy: {mode: global, restart_policy: {condition: any}}",
    "restart: always",
    "restart: on-failure",
    "network_mode: host",
    "pid: host",
    "ipc: host",
    "userns_mode: host",
    "sysctls: [net.ipv4.ip_forward=1, kernel.msgmax=65536]",
    "sysctls: {net.core.somaxconn: 1024}",
    "command: [ping, db]",
    "command: sudo -u app /app",
    "entrypoint: /entrypoint.sh",
    "environment: {PUID: 1000, DB_PASSWORD: hunter2}",
    "environment: [TOKEN=abc]",
    "init: true",
    "healthcheck: {test: [CMD, ping, -c, \"1\", db]}",
    "devices: [/dev/fuse]",
];

/// How a service relates to the one before it.
const TIES: [&str; 6] = [
    "",
    "",
    "",
    "extends: {service: s0}",
    "extends: s0",
    "<<: *common",
];

/// A service: one key of each kind at most, because a duplicate is an error.
fn service() -> impl Strategy<Value = (&'static str, Vec<&'static str>, &'static str)> {
    let keys = prop_oneof![
        3 => subsequence(OF_SERVICE.to_vec(), 0..4),
        1 => subsequence(OF_SERVICE.to_vec(), 4..16),
    ];
    (select(IMAGES.to_vec()), keys, select(TIES.to_vec()))
}

fn compose() -> impl Strategy<Value = Files> {
    (
        prop::collection::vec(service(), 1..4),
        subsequence(OF_SERVICE.to_vec(), 0..3),
        prop::option::of(service()),
        any::<bool>(),
    )
        .prop_map(|(services, common, over, names_image)| {
            let mut text = "x-common: &common\n".to_owned();
            push_keys(&mut text, "  ", "name: x", &common);
            text.push_str("services:\n");
            for (nth, (image, keys, tie)) in services.iter().enumerate() {
                let tie = if nth == 0 && tie.starts_with("extends") {
                    ""
                } else {
                    tie
                };
                let _ = writeln!(text, "  s{nth}:");
                if !tie.is_empty() {
                    let _ = writeln!(text, "    {tie}");
                }
                let image = format!("image: {image}");
                let is_inherited = names_image && tie.starts_with("extends");
                let first = if is_inherited { "hostname: h" } else { &image };
                push_keys(&mut text, "    ", first, keys);
            }
            text.push_str("volumes: {data: {}}\n");
            let mut files = vec![("compose.yml", text)];
            if let Some((image, keys, _)) = over {
                let mut text = "services:\n  s0:\n".to_owned();
                push_keys(&mut text, "    ", &format!("image: {image}"), &keys);
                files.push(("compose.override.yml", text));
            }
            files
        })
}

/// Adds the keys that are not there yet.
fn push_keys(text: &mut String, indent: &str, first: &str, keys: &[&str]) {
    let mut known = Vec::new();
    for line in std::iter::once(first).chain(keys.iter().copied()) {
        let key = line.split(':').next().unwrap_or_default();
        if !known.contains(&key) {
            known.push(key);
            let _ = writeln!(text, "{indent}{line}");
        }
    }
}

/// Keys of a container's `securityContext`.
const OF_CONTAINER: [&str; 19] = [
    "runAsUser: 0",
    "runAsUser: 1000",
    "runAsNonRoot: false",
    "runAsNonRoot: true",
    "privileged: true",
    "allowPrivilegeEscalation: true",
    "allowPrivilegeEscalation: false",
    "readOnlyRootFilesystem: false",
    "readOnlyRootFilesystem: true",
    "capabilities: {drop: [all]}",
    "capabilities: {drop: [ALL], add: [SYS_ADMIN]}",
    "capabilities: {add: [NET_RAW, SYS_PTRACE]}",
    "capabilities: {drop: [NET_RAW]}",
    "seccompProfile: {type: Unconfined}",
    "seccompProfile: {type: RuntimeDefault}",
    "appArmorProfile: {type: Unconfined}",
    "seLinuxOptions: {type: spc_t}",
    "procMount: Unmasked",
    "runAsGroup: 0",
];

/// Keys of a container.
const BESIDE: [&str; 12] = [
    "ports: [{containerPort: 80}]",
    "ports: [{containerPort: 80, hostPort: 80}]",
    "command: [ping, db]",
    "args: [\"--port\", \"80\"]",
    "volumeMounts: [{name: claim, mountPath: /data}]",
    "volumeMounts: [{name: claim, mountPath: /var/lib/mysql}, {name: host, mountPath: /host}]",
    "volumeMounts: [{name: host, mountPath: /host, mountPropagation: Bidirectional}]",
    "resources: {limits: {memory: 1Gi}}",
    "resources: {requests: {memory: 4Gi, cpu: 2}}",
    "resources: {limits: {cpu: 0}}",
    "env: [{name: DB_PASSWORD, value: hunter2}]",
    "livenessProbe: {exec: {command: [ping, -c, \"1\", db]}}",
];

/// Keys of a pod, in its `spec`.
const OF_POD: [&str; 13] = [
    "hostNetwork: true",
    "hostPID: true",
    "hostUsers: false",
    "automountServiceAccountToken: true",
    "serviceAccountName: own",
    "securityContext: {runAsUser: 0}",
    "securityContext: {runAsNonRoot: true, fsGroup: 5}",
    "securityContext: {seccompProfile: {type: Unconfined}}",
    "securityContext: {sysctls: [{name: kernel.msgmax, value: \"1\"}]}",
    "securityContext: {fsGroupChangePolicy: Always}",
    "securityContext: {appArmorProfile: {type: Unconfined}}",
    "shareProcessNamespace: true",
    "os: {name: windows}",
];

fn container() -> impl Strategy<Value = (&'static str, Vec<&'static str>, Vec<&'static str>)> {
    (
        select(IMAGES.to_vec()),
        subsequence(OF_CONTAINER.to_vec(), 0..5),
        subsequence(BESIDE.to_vec(), 0..4),
    )
}

fn kubernetes() -> impl Strategy<Value = Files> {
    (
        prop::collection::vec(container(), 1..4),
        subsequence(OF_POD.to_vec(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(containers, of_pod, is_bare)| {
            let (head, indent) = if is_bare {
                ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n", "  ")
            } else {
                (
                    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector: \
                     {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n    spec:\n",
                    "      ",
                )
            };
            let mut text = head.to_owned();
            push_keys(&mut text, indent, "restartPolicy: Always", &of_pod);
            let _ = writeln!(
                text,
                "{indent}volumes:\n{indent}- {{name: claim, persistentVolumeClaim: {{claimName: \
                 c}}}}\n{indent}- {{name: host, hostPath: {{path: /}}}}\n{indent}containers:"
            );
            for (nth, (image, context, beside)) in containers.iter().enumerate() {
                let _ = writeln!(text, "{indent}- name: c{nth}");
                let indent = format!("{indent}  ");
                push_keys(&mut text, &indent, &format!("image: \"{image}\""), beside);
                if !context.is_empty() {
                    let _ = writeln!(text, "{indent}securityContext:");
                    push_keys(&mut text, &format!("{indent}  "), context[0], context);
                }
            }
            vec![("pod.yaml", text)]
        })
}

/// Lines of a `.container` unit.
const OF_UNIT: [&str; 16] = [
    "User=0",
    "User=1000",
    "ReadOnly=false",
    "ReadOnly=true",
    "NoNewPrivileges=false",
    "DropCapability=all",
    "DropCapability=NET_RAW",
    "AddCapability=SYS_ADMIN NET_RAW",
    "SeccompProfile=unconfined",
    "SecurityLabelDisable=true",
    "Network=host",
    "Volume=data:/var/lib/data",
    "PodmanArgs=--privileged",
    "PodmanArgs=--security-opt seccomp=unconfined --pid=host",
    "Exec=ping db",
    "PidsLimit=-1",
];

fn quadlet() -> impl Strategy<Value = Files> {
    (select(IMAGES.to_vec()), subsequence(OF_UNIT.to_vec(), 0..6)).prop_map(|(image, lines)| {
        let lines = lines.join("\n");
        vec![(
            "a.container",
            format!("[Container]\nImage={image}\n{lines}\n"),
        )]
    })
}
