//! Dropped and added capabilities. A wrong capability stops a container.

use harden::container::Assume;
use harden::engine::outcome::{Change, FileOutcome, Outcome, Report, Row};
use harden::report::words::sentence;
use harden::transforms::needs::capabilities::{DEFAULT, STEPPING_DOWN};
use serde_yaml::Value;

use crate::support::run::{Setup as _, only};

fn run(text: &str, ids: &[&str], assume: Assume) -> Report {
    only(ids).assuming(assume).file("file.yml", text)
}

/// The document after the run.
fn after(text: &str, assume: Assume) -> Value {
    let report = run(text, &["drop-capabilities"], assume);
    match &report.files[0].outcome {
        FileOutcome::Changed(Change { text: after, .. }) => serde_yaml::from_str(after).unwrap(),
        other => panic!("{other:?}\n{:?}\n{text}", report.containers),
    }
}

fn words(list: &Value) -> Vec<&str> {
    let items = list.as_sequence().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).collect()
}

/// The dropped and added capabilities of a service.
fn compose(service: &str, assume: Assume) -> (Vec<String>, Vec<String>) {
    let after = after(&format!("services:\n  a:\n{service}"), assume);
    let list = |key| {
        words(&after["services"]["a"][key])
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    (list("cap_drop"), list("cap_add"))
}

/// The dropped and added capabilities of a container.
fn kubernetes(container: &str, pod: &str, assume: Assume) -> (Vec<String>, Vec<String>) {
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {container}\n  {pod}\n"
    );
    let after = after(&text, assume);
    let capabilities = &after["spec"]["containers"][0]["securityContext"]["capabilities"];
    let list = |key| {
        words(&capabilities[key])
            .into_iter()
            .map(str::to_owned)
            .collect()
    };
    (list("drop"), list("add"))
}

/// Why the transform declines.
fn declined(text: &str, assume: Assume) -> String {
    let report = run(text, &["drop-capabilities"], assume);
    match &report.containers[0].rows[0] {
        Row {
            outcome: Outcome::Declined,
            reason,
            ..
        } => sentence(reason),
        other => panic!("{other:?}\n{text}"),
    }
}

fn service(lines: &str) -> String {
    format!("services:\n  a:\n{lines}")
}

/// docs/semantics.md#cap-second-start, #cap-step-down, #cap-self-check and #start-second-start:
/// these entrypoints step down, and need `DAC_OVERRIDE` from the second start on.
#[test]
fn capabilities_for_the_second_start_are_added() {
    for image in [
        "postgres:16",
        "mariadb:11",
        "redis:7",
        "mysql:8",
        "mongo:7",
        "rabbitmq:3",
    ] {
        let (dropped, added) = compose(&format!("    image: {image}\n"), Assume::Fit);
        assert_eq!(dropped, ["ALL"]);
        assert_eq!(
            added,
            ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"],
            "{image}"
        );
    }
}

/// docs/semantics.md#cap-not-for-users: the default capabilities do not reach a process that is not
/// root.
#[test]
fn a_user_other_than_root_gets_no_capabilities() {
    for image in ["postgres:16", "nginx:1.27", "prom/prometheus", "example/a"] {
        let lines = format!("    image: {image}\n    user: \"1500\"\n");
        assert_eq!(compose(&lines, Assume::Fit).1, [""; 0], "{image}");
    }
    let container = "{name: c, image: example/a, securityContext: {runAsNonRoot: true}}";
    assert_eq!(kubernetes(container, "", Assume::Fit).1, [""; 0]);
}

/// docs/semantics.md#cap-file-effective: exec of a file with an effective capability fails for
/// every user where the bounding set lacks it, with `no_new_privs` too.
#[test]
fn the_capabilities_of_files_win() {
    for user in ["", "    user: \"1000\"\n", "    user: root\n"] {
        let lines = format!("    image: caddy:2\n    security_opt: [no-new-privileges]\n{user}");
        assert_eq!(
            compose(&lines, Assume::Fit).1,
            ["NET_BIND_SERVICE"],
            "{user}"
        );
    }
    let lines = "    image: dpage/pgadmin4:8\n    security_opt: [no-new-privileges]\n";
    assert_eq!(compose(lines, Assume::Fit).1, ["NET_BIND_SERVICE"]);
}

/// docs/semantics.md#port-docker-free, #port-other-network and #port-kubernetes: Docker sets the
/// sysctl in private networks only, and only some runtimes of Kubernetes set it.
#[test]
fn low_ports_cost_a_capability_only_where_they_are_not_free() {
    let of_nginx = ["CHOWN", "SETGID", "SETUID"];
    let with_port = ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"];
    let lines = |rest: &str| format!("    image: nginx:1.27\n{rest}");
    assert_eq!(compose(&lines(""), Assume::Fit).1, of_nginx);
    for mode in ["host", "service:b", "container:b", "$MODE"] {
        let lines = lines(&format!("    network_mode: {mode}\n"));
        assert_eq!(compose(&lines, Assume::Fit).1, with_port, "{mode}");
    }
    let container = "{name: c, image: 'nginx:1.27'}";
    assert_eq!(kubernetes(container, "", Assume::Fit).1, with_port);
    let sysctl = |value| {
        format!(
            "securityContext: {{sysctls: [{{name: net.ipv4.ip_unprivileged_port_start, value: '{value}'}}]}}"
        )
    };
    assert_eq!(kubernetes(container, &sysctl(80), Assume::Fit).1, of_nginx);
    assert_eq!(kubernetes(container, &sysctl(81), Assume::Fit).1, with_port);
}

/// docs/semantics.md#cap-root-obeys-modes and #user-or-root: root without `DAC_OVERRIDE` obeys
/// modes, and the owner of a bind mount is unknown.
#[test]
fn root_keeps_its_access_to_files_of_the_host() {
    let lines = |mount: &str| format!("    image: nginx:1.27\n    volumes: [\"{mount}\"]\n");
    for mount in ["./x:/x", "./x:/x:ro", "~/x:/x", "/srv/x:/x:ro", "$DIR/x:/x"] {
        let added = compose(&lines(mount), Assume::Fit).1;
        assert!(
            added.contains(&"DAC_OVERRIDE".to_owned()),
            "{mount}: {added:?}"
        );
    }
    for mount in [
        "v:/x",
        "/etc/localtime:/etc/localtime:ro",
        "/var/run/docker.sock:/var/run/docker.sock",
    ] {
        let added = compose(&lines(mount), Assume::Fit).1;
        assert!(
            !added.contains(&"DAC_OVERRIDE".to_owned()),
            "{mount}: {added:?}"
        );
    }
    let secret = "    image: nginx:1.27\n    secrets: [s]\nsecrets: {s: {file: ./s}}\n";
    assert!(
        compose(secret, Assume::Fit)
            .1
            .contains(&"DAC_OVERRIDE".to_owned())
    );
}

/// docs/semantics.md#cap-drop-all-add: next to a dropped `ALL` exactly `cap_add` is left. A
/// capability that was dropped by name would come back, and one outside the default set would be
/// new.
#[test]
fn nothing_is_added_that_the_container_did_not_have() {
    let lines = "    image: postgres:16\n    cap_drop: [CAP_chown, setuid]\n";
    let (dropped, added) = compose(lines, Assume::Fit);
    assert_eq!(dropped, ["CAP_chown", "setuid", "ALL"]);
    assert_eq!(added, ["DAC_OVERRIDE", "SETGID"]);
    // The file capability of this program is outside the default set: it cannot run as it is.
    // The program gains the capability on purpose, so nothing is dropped.
    let gains = "    image: hashicorp/vault:2\n    user: \"100\"\n";
    assert!(declined(&service(gains), Assume::Fit).contains("gain privileges"));
    let vault = format!("{gains}    security_opt: [\"no-new-privileges:true\"]\n");
    assert_eq!(compose(&vault, Assume::Fit).1, [""; 0]);
    let vault = format!("{vault}    cap_add: [IPC_LOCK]\n");
    assert_eq!(compose(&vault, Assume::Fit).1, ["IPC_LOCK"]);
}

/// docs/semantics.md#cap-add-all-wins and #cap-privileged: `cap_add: [ALL]` wins, and `privileged`
/// makes both lists inert.
#[test]
fn ineffective_drops_are_declined() {
    for lines in [
        "    image: postgres:16\n    cap_add: [ALL]\n",
        "    image: postgres:16\n    cap_add: [all]\n",
    ] {
        assert!(declined(&service(lines), Assume::All).contains("no effect"));
    }
    let privileged = service("    image: postgres:16\n    privileged: true\n");
    assert!(declined(&privileged, Assume::All).contains("privileged"));
}

/// docs/semantics.md#cap-spelling: `CAP_CHOWN` and `setuid` are names too.
#[test]
fn names_are_added_once_whatever_their_spelling() {
    let lines = "    image: postgres:16\n    cap_add: [CAP_CHOWN, setuid]\n";
    assert_eq!(
        compose(lines, Assume::Fit).1,
        ["CAP_CHOWN", "setuid", "DAC_OVERRIDE", "SETGID"]
    );
}

/// docs/semantics.md#k8s-capability-names: names have no prefix in Kubernetes, and Pod Security
/// wants exactly `ALL`.
#[test]
fn pod_security_gets_its_own_spelling() {
    let container = |drop: &str| {
        format!(
            "{{name: c, image: example/a, securityContext: {{runAsUser: 1, capabilities: {{drop: {drop}}}}}}}"
        )
    };
    assert_eq!(
        kubernetes(&container("[all]"), "", Assume::Fit).0,
        ["all", "ALL"]
    );
    assert_eq!(kubernetes(&container("[]"), "", Assume::Fit).0, ["ALL"]);
    assert_eq!(kubernetes(&container("null"), "", Assume::Fit).0, ["ALL"]);
}

#[test]
fn an_unknown_image_keeps_its_capabilities_unless_it_runs_as_a_user() {
    for lines in [
        "    image: example/a\n",
        "    image: example/a\n    user: root\n",
        "    image: example/a\n    user: \"$USER_ID\"\n",
        "    image: example/a\n    user: \"1\"\n    cap_add: [SYS_NICE]\n",
        "    image: example/a\n    user: \"1\"\n    security_opt: [\"no-new-privileges:false\"]\n",
        "    image: example/a\n    user: \"1\"\n    healthcheck: {test: ping -c 1 b}\n",
        "    image: node:22\n",
        "    image: postgres:16\n    build: .\n",
        "    image: postgres:16\n    entrypoint: /start\n",
        "    image: postgres:16\n    command: sh -c \"chown 1 /x && postgres\"\n",
        "    image: gitlab/gitlab-ce\n",
    ] {
        declined(&service(lines), Assume::Fit);
    }
    for lines in [
        "    image: node:22\n    user: \"1\"\n",
        "    build: .\n    user: \"1\"\n",
        "    image: example/a\n    user: \"1\"\n    cap_add: [NET_BIND_SERVICE]\n",
    ] {
        assert_eq!(compose(lines, Assume::Fit).0, ["ALL"]);
    }
}

#[test]
fn unknown_images_keep_the_capabilities_for_stepping_down() {
    assert!(STEPPING_DOWN.iter().all(|name| DEFAULT.contains(name)));
    let added = |lines: &str| compose(lines, Assume::All).1;
    assert_eq!(added("    image: example/a\n"), STEPPING_DOWN);
    let ping = added("    image: example/a\n    command: ping b\n");
    assert!(ping.contains(&"NET_RAW".to_owned()));
    let host = added("    image: example/a\n    network_mode: host\n    expose: [80]\n");
    assert!(host.contains(&"NET_BIND_SERVICE".to_owned()));
    let replaced = added("    image: httpd:2\n    entrypoint: /start\n");
    assert!(replaced.contains(&"CHOWN".to_owned()));
}

/// A merge replaces lists, so that a merged one is restated; lists of `extends` are appended.
#[test]
fn lists_that_come_from_elsewhere_are_kept() {
    let text =
        "x-a: &a\n  cap_drop: [NET_RAW]\nservices:\n  a:\n    <<: *a\n    image: postgres:16\n";
    let merged = after(text, Assume::Fit);
    assert_eq!(
        words(&merged["services"]["a"]["cap_drop"]),
        ["NET_RAW", "ALL"]
    );
    assert_eq!(words(&merged["x-a"]["cap_drop"]), ["NET_RAW"]);
    let text = "services:\n  b: {image: postgres:16, cap_drop: [NET_RAW], user: \"7\"}\n  a:\n    extends: b\n    volumes: [\"x:/x\"]\n";
    let report = run(text, &["drop-capabilities"], Assume::Fit);
    let FileOutcome::Changed(Change { text: extended, .. }) = &report.files[0].outcome else {
        panic!("{:?}", report.containers)
    };
    let extended: Value = serde_yaml::from_str(extended).unwrap();
    assert_eq!(words(&extended["services"]["a"]["cap_drop"]), ["ALL"]);
}

#[test]
fn capabilities_follow_the_user_that_is_planned() {
    let ids = ["non-root-user", "drop-capabilities"];
    let text = "services:\n  a:\n    image: postgres:16\n";
    let report = run(text, &ids, Assume::Fit);
    let FileOutcome::Changed(Change { text, .. }) = &report.files[0].outcome else {
        panic!("{:?}", report.containers)
    };
    assert!(
        text.contains("user: \"999:999\"") && !text.contains("cap_add"),
        "{text}"
    );
}

/// docs/semantics.md#cap-kill and #start-stop: the init is the parent of a process that stepped
/// down, and signals to another user's process take `KILL`.
#[test]
fn an_init_can_stop_a_child_that_stepped_down() {
    let has_kill = |lines: &str| {
        let (_, added) = compose(lines, Assume::Fit);
        added.contains(&"KILL".to_owned())
    };
    for (init, kept) in [
        ("", false),
        ("    init: false\n", false),
        ("    init: true\n", true),
        ("    init: \"$INIT\"\n", true),
        ("    init: \"${INIT:-false}\"\n", true),
    ] {
        let lines = format!("    image: redis:7\n{init}");
        assert_eq!(has_kill(&lines), kept, "{init}");
    }
    // A process that starts as a user, or stays root, gets signals from the same user.
    assert!(!has_kill(
        "    image: redis:7\n    init: true\n    user: \"999\"\n"
    ));
    assert!(!has_kill(
        "    image: nats:2\n    init: true\n    user: root\n"
    ));
}

/// docker-library/postgres `docker-entrypoint.sh`: `chmod 700` of the directory, which belongs to
/// postgres from the first start on.
#[test]
fn a_directory_of_the_log_costs_a_capability() {
    let has_fowner = |lines: &str| {
        let (_, added) = compose(lines, Assume::Fit);
        added.contains(&"FOWNER".to_owned())
    };
    for image in [
        "postgres:16",
        "pgvector/pgvector:pg16",
        "postgis/postgis:16-3.4",
        "timescale/timescaledb:2.14.2-pg16",
    ] {
        let image = format!("    image: {image}\n");
        let asked = format!("{image}    environment: {{POSTGRES_INITDB_WALDIR: /wal}}\n");
        assert!(has_fowner(&asked), "{image}");
        assert!(!has_fowner(&image), "{image}");
        assert!(
            !has_fowner(&format!("{asked}    user: \"999\"\n")),
            "{image}"
        );
    }
    // What a cluster keeps elsewhere may say so, and a capability that may be missing is no
    // finding.
    let pod = |capabilities: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n    \
             image: postgres:16\n    envFrom: [{{secretRef: {{name: s}}}}]\n    \
             securityContext: {{capabilities: {{{capabilities}}}}}\n"
        )
    };
    let after = after(&pod(""), Assume::Fit);
    let added = &after["spec"]["containers"][0]["securityContext"]["capabilities"]["add"];
    assert!(words(added).contains(&"FOWNER"));
    let given = pod("drop: [ALL], add: [CHOWN, DAC_OVERRIDE, SETGID, SETUID]");
    let report = run(&given, &["capabilities-missing"], Assume::Fit);
    assert!(
        matches!(report.containers[0].rows[0].outcome, Outcome::Hardened),
        "{:?}",
        report.containers[0].rows
    );
}

/// docs/semantics.md#cap-default-set: the mask that `/proc/self/status` shows, with the numbers of
/// Linux' `include/uapi/linux/capability.h`.
#[test]
fn the_default_set_is_the_one_that_was_measured() {
    let number = |name: &str| match name {
        "CHOWN" => 0,
        "DAC_OVERRIDE" => 1,
        "FOWNER" => 3,
        "FSETID" => 4,
        "KILL" => 5,
        "SETGID" => 6,
        "SETUID" => 7,
        "SETPCAP" => 8,
        "NET_BIND_SERVICE" => 10,
        "NET_RAW" => 13,
        "SYS_CHROOT" => 18,
        "MKNOD" => 27,
        "AUDIT_WRITE" => 29,
        "SETFCAP" => 31,
        other => panic!("{other}"),
    };
    let mask = DEFAULT
        .iter()
        .fold(0_u64, |mask, name| mask | 1 << number(name));
    assert_eq!(mask, 0xa804_25fb);
}

#[test]
fn windows_has_none() {
    let report = run(
        &service("    image: mcr.microsoft.com/windows/nanoserver:ltsc2022\n"),
        &["drop-capabilities"],
        Assume::All,
    );
    assert!(matches!(
        report.containers[0].rows[0].outcome,
        Outcome::Inapplicable
    ));
}

/// `Restricted` refuses every added capability but `NET_BIND_SERVICE`.
#[test]
fn an_argument_adds_no_capability() {
    let pod = "  securityContext: {runAsUser: 1000, runAsNonRoot: true}";
    for arguments in [
        "args: [--target, \"host:2801/ping\"]",
        "args: [\"host:2801/ping\"]",
        "command: [app, ping, /bin/ping, \"--url=http://host/ping\"]",
        "command: [app, \"a; ping b\", \"$(ping)\"]",
        "livenessProbe: {exec: {command: [wget, \"host:2801/ping\"]}}",
    ] {
        let container = format!("{{name: a, image: example/app, {arguments}}}");
        let (drop, add) = kubernetes(&container, pod.trim_start(), Assume::All);
        assert_eq!(drop, ["ALL"], "{arguments}");
        assert!(add.is_empty(), "{arguments}: {add:?}");
    }
    for command in [
        "command: [ping, host]",
        "command: [sh, -c, \"cd /tmp && exec ping host\"]",
        "command: [sudo, -u, app, ping, host]",
        "livenessProbe: {exec: {command: [sh, -c, \"ping host || exit 1\"]}}",
    ] {
        let container = format!("{{name: a, image: example/app, {command}}}");
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {container}\n  {}\n",
            pod.trim_start()
        );
        let report = run(&text, &["drop-capabilities"], Assume::All);
        let why = sentence(&report.containers[0].rows[0].reason);
        let drops_all_alone = match &report.files[0].outcome {
            FileOutcome::Changed(change) => !change.text.contains("NET_RAW"),
            _ => false,
        };
        assert!(!drops_all_alone, "{command}: {why}");
    }
}
