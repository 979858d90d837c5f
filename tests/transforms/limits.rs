//! Limits on processes and restarts, and requests: where they are written, and where they are not.

use harden::engine::outcome::{Change, FileOutcome, Outcome, Report, Row};
use harden::report::words::sentence;
use serde_yaml::Value;

use crate::support::run::{Setup as _, only};

fn run(text: &str, id: &str) -> Report {
    only(&[id]).overriding().file("file.yml", text)
}

fn after(text: &str, id: &str) -> Value {
    let report = run(text, id);
    match &report.files[0].outcome {
        FileOutcome::Changed(Change { text: after, .. }) => serde_yaml::from_str(after).unwrap(),
        other => panic!("{other:?}\n{:?}\n{text}", report.containers),
    }
}

fn row(text: &str, id: &str) -> Row {
    let mut report = run(text, id);
    report.containers.remove(0).rows.remove(0)
}

fn declined(text: &str, id: &str) -> String {
    match row(text, id) {
        Row {
            outcome: Outcome::Declined,
            reason,
            ..
        } => sentence(&reason),
        other => panic!("{other:?}\n{text}"),
    }
}

fn service(rest: &str) -> String {
    format!("services:\n  a:\n    image: example/a\n{rest}")
}

/// docs/semantics.md#limit-one-place: where `deploy.resources.limits` exists, a flat limit must
/// equal it, and an absent one counts as 0.
#[test]
fn a_pids_limit_is_written_next_to_other_limits() {
    let limits = |text: &str| after(text, "pids-limit")["services"]["a"].clone();
    let flat = limits(&service("    cpus: 1\n"));
    assert_eq!(flat["pids_limit"], 512);
    for deploy in [
        "    deploy: {resources: {limits: {memory: 1g}}}\n",
        "    deploy: {resources: {limits: {}}}\n",
        "    deploy: {placement: {}}\n",
    ] {
        let service = limits(&service(deploy));
        assert_eq!(
            service["deploy"]["resources"]["limits"]["pids"], 512,
            "{deploy}"
        );
        assert!(service.get("pids_limit").is_none());
    }
    let legacy = format!("version: \"3.9\"\n{}", service(""));
    assert_eq!(
        limits(&legacy)["deploy"]["resources"]["limits"]["pids"],
        512
    );
}

/// docs/semantics.md#swarm-pids: `pids` joined the limits of `deploy` in 3.9, and a stack must fit
/// the schema of its version.
#[test]
fn a_stack_of_an_older_schema_gets_none() {
    for version in ["3", "3.7", "\"3.8\""] {
        let text = format!(
            "version: {version}\n{}",
            service("    deploy: {mode: global}\n")
        );
        assert!(declined(&text, "pids-limit").contains("schema"));
    }
}

/// docs/semantics.md#limit-pids-unlimited: -1 and 0 are no limit.
#[test]
fn an_unlimited_value_is_replaced_in_place() {
    for value in ["-1", "0"] {
        let flat = after(
            &service(&format!("    pids_limit: {value}\n")),
            "pids-limit",
        );
        assert_eq!(flat["services"]["a"]["pids_limit"], 512);
        let text = service(&format!(
            "    deploy: {{resources: {{limits: {{pids: {value}}}}}}}\n"
        ));
        let deploy = after(&text, "pids-limit");
        assert_eq!(
            deploy["services"]["a"]["deploy"]["resources"]["limits"]["pids"],
            512
        );
    }
}

/// docs/semantics.md#limit-pids-too-low: each connection can be a thread.
#[test]
fn connections_that_the_file_allows_are_counted() {
    for rest in [
        "    command: mysqld --max-connections=2000\n",
        "    command: [mysqld, --max_connections, \"2000\"]\n",
        "    environment: {PG_MAX_CONNECTIONS: \"2000\"}\n",
    ] {
        let after = after(&service(rest), "pids-limit");
        assert_eq!(after["services"]["a"]["pids_limit"], 4000, "{rest}");
    }
}

/// docker/compose `pkg/compose/create.go`: `deploy.restart_policy` goes before `restart`, and the
/// engine takes a number of retries only with `on-failure`.
#[test]
fn restarts_are_bounded_where_the_policy_is() {
    for restart in ["always", "unless-stopped", "on-failure", "\"on-failure:0\""] {
        let after = after(
            &service(&format!("    restart: {restart}\n")),
            "restart-bounded",
        );
        assert_eq!(after["services"]["a"]["restart"], "on-failure:5");
    }
    for policy in ["{condition: any}", "{delay: 5s}", "{condition: on-failure}"] {
        let text = service(&format!(
            "    restart: \"no\"\n    deploy: {{restart_policy: {policy}}}\n"
        ));
        let service = after(&text, "restart-bounded")["services"]["a"].clone();
        let policy = &service["deploy"]["restart_policy"];
        assert_eq!(policy["condition"], "on-failure");
        assert_eq!(policy["max_attempts"], 5);
        assert_eq!(service["restart"], "no");
    }
    for rest in [
        "",
        "    restart: \"no\"\n",
        "    restart: on-failure:9\n",
        "    restart: always\n    deploy: {restart_policy: {condition: none}}\n",
        "    deploy: {restart_policy: {condition: on-failure, max_attempts: 3}}\n",
    ] {
        assert!(matches!(
            row(&service(rest), "restart-bounded").outcome,
            Outcome::Hardened
        ));
    }
    declined(&service("    restart: $RESTART\n"), "restart-bounded");
}

fn pod(container: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - {container}\n  {rest}\n"
    )
}

/// docs/semantics.md#k8s-limit-is-request: a limit without a request is the request, and requests
/// equal to limits are the class that is evicted last.
#[test]
fn a_request_does_not_change_the_quality_of_service() {
    let requests = |container: &str| {
        let after = after(&pod(container, ""), "resource-requests");
        after["spec"]["containers"][0]["resources"]["requests"].clone()
    };
    let both = requests("{name: c, image: example/a}");
    assert_eq!(both["memory"], "64Mi");
    assert_eq!(both["cpu"], "50m");
    let cpu = requests("{name: c, image: example/a, resources: {limits: {memory: 1Gi}}}");
    assert!(cpu.get("memory").is_none());
    assert_eq!(cpu["cpu"], "50m");
    for resources in [
        "{limits: {memory: 1Gi, cpu: 1}}",
        "{requests: {memory: 1Gi, cpu: 1}}",
        "{requests: {memory: 1Gi}, limits: {cpu: 1}}",
    ] {
        let text = pod(
            &format!("{{name: c, image: example/a, resources: {resources}}}"),
            "",
        );
        assert!(matches!(
            row(&text, "resource-requests").outcome,
            Outcome::Hardened
        ));
    }
}

/// kubernetes `pkg/apis/core/validation`: the requests of all containers must fit those of the pod.
#[test]
fn resources_of_a_pod_are_not_changed() {
    let text = pod(
        "{name: c, image: example/a}",
        "resources: {requests: {memory: 32Mi}}",
    );
    for id in ["resource-requests", "memory-limit", "cpu-limit"] {
        assert!(
            declined(&text, id).contains("Its pod has requests or limits"),
            "{id}"
        );
    }
}

/// docs/semantics.md#port-pod-sysctl: the sysctl belongs to the pod, and to its own network.
#[test]
fn one_parameter_serves_the_ports_of_all_containers() {
    let text = pod(
        "{name: a, image: example/a, ports: [{containerPort: 443}]}\n  - {name: b, image: example/b, ports: [{containerPort: 80}]}",
        "securityContext: {runAsUser: 7}",
    );
    let after = after(&text, "unprivileged-ports");
    let sysctls = after["spec"]["securityContext"]["sysctls"]
        .as_sequence()
        .unwrap();
    assert_eq!(sysctls.len(), 1);
    assert_eq!(sysctls[0]["value"], "80");
    let on_host = pod(
        "{name: a, image: example/a, ports: [{containerPort: 443}]}",
        "hostNetwork: true\n  securityContext: {runAsUser: 7}",
    );
    declined(&on_host, "unprivileged-ports");
    let root = pod(
        "{name: a, image: example/a, ports: [{containerPort: 443}]}",
        "securityContext: {runAsUser: 0}",
    );
    assert!(matches!(
        row(&root, "unprivileged-ports").outcome,
        Outcome::Hardened
    ));
}

/// Projected tokens, bindings and injected containers: one decision for all containers of a pod.
#[test]
fn a_token_is_removed_from_a_whole_pod_or_not_at_all() {
    let id = "service-account-token";
    let plain = after(&pod("{name: c, image: example/a}", ""), id);
    assert_eq!(plain["spec"]["automountServiceAccountToken"], false);
    for (container, rest) in [
        ("{name: c, image: example/a}", "serviceAccountName: own"),
        ("{name: c, image: example/a}", "serviceAccount: own"),
        (
            "{name: c, image: example/a}\n  - {name: d, image: bitnami/kubectl}",
            "",
        ),
        ("{name: c, image: example/a, args: [--leader-elect]}", ""),
        (
            "{name: c, image: example/a, env: [{name: KUBERNETES_NAMESPACE, value: x}]}",
            "",
        ),
        (
            "{name: c, image: example/a}",
            "volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]",
        ),
    ] {
        declined(&pod(container, rest), id);
    }
    let default = after(
        &pod("{name: c, image: example/a}", "serviceAccountName: default"),
        id,
    );
    assert_eq!(default["spec"]["automountServiceAccountToken"], false);
    let injected = pod("{name: c, image: example/a}", "").replace(
        "{name: p}",
        "{name: p, annotations: {vault.hashicorp.com/agent-inject: 'true'}}",
    );
    declined(&injected, id);
    let system = pod("{name: c, image: example/a}", "")
        .replace("{name: p}", "{name: p, namespace: kube-system}");
    declined(&system, id);
}

/// compose-spec `05-services.md`, ports: `[[HOST:]PORT:]CONTAINER`, ranges and IPv6 in brackets.
#[test]
fn ports_are_closed_in_their_place_or_not_at_all() {
    let id = "localhost-ports";
    let ports = |list: &str| {
        let after = after(&service(&format!("    ports: {list}\n")), id);
        let ports = after["services"]["a"]["ports"]
            .as_sequence()
            .unwrap()
            .clone();
        ports
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ports("[80, '8000-8010:80-90', \"[::1]:8080:80\", 0.0.0.0:1:1]"),
        [
            "127.0.0.1::80",
            "127.0.0.1:8000-8010:80-90",
            "[::1]:8080:80",
            "0.0.0.0:1:1"
        ]
    );
    let merged =
        "x-a: &a\n  ports: [\"80:80\"]\nservices:\n  a:\n    <<: *a\n    image: example/a\n";
    declined(merged, id);
    let extended = "services:\n  b: {image: example/b, ports: [\"80:80\"]}\n  a: {extends: b, volumes: ['x:/x']}\n";
    declined(extended, id);
    let swarm = service("    ports: [\"80:80\"]\n    deploy: {mode: global}\n");
    declined(&swarm, id);
    let variable = service("    ports: [\"80:80\", \"$PORT:81\"]\n");
    declined(&variable, id);
}
