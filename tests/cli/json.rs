//! Checks that the JSON report matches its schema and contains no secrets.

use harden::container::Assume;
use harden::engine::outcome::{Change, FileOutcome};
use harden::engine::{EngineError, Run, Selection};
use harden::report::json::SCHEMA;
use serde_json::Value;

use crate::support::edits::{apply, of_json};
use crate::support::report::json;
use crate::support::run::{Setup, every, only};
use crate::support::schema::validate;

/// A value of a variable, a secret or an option. No report may contain it.
const SECRET: &str = "hunter2-7d1f";

const SAMPLES: &[(&str, &str)] = &[
    ("compose.yml", "services: {}"),
    ("compose.yml", "services: ["),
    ("empty.yml", ""),
    ("compose.yml", "services: {web: {image: nginx}}"),
    (
        "compose.yml",
        "services:
  web:
    # harden: ignore[cpu-limit] it is measured
    image: postgres:16
    privileged: true
    user: root
    command: [--password, SECRET]
    environment: [POSTGRES_PASSWORD=SECRET, PUID=SECRET]
    labels: {note: SECRET}
    healthcheck: {test: curl -u me:SECRET http://localhost}
    volumes: [/etc:/e, /etc:/f, /:/r, /var/run/docker.sock:/var/run/docker.sock]
    cap_add: [SYS_ADMIN]
  other:
    build: {context: ., args: {TOKEN: SECRET}}
    ports: ['80:80', 5432:5432]
    extends: web
configs: {one: {content: SECRET}}
",
    ),
    (
        "\u{1b}[2J\u{202e}\n\"\\.yml",
        "services: {\"\\e[2J\\u202e\\n\\\"\": {image: \"\\0\\u2028\", volumes: [\"/etc/\\u2028\\\"<b>:/x\"]}}",
    ),
    (
        "pod.yaml",
        "apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: prod}
spec:
  hostPID: true
  initContainers: [{name: init, image: busybox, command: [sh, -c, 'login SECRET']}]
  containers:
    - name: web
      image: nginx
      env: [{name: TOKEN, value: SECRET}]
      livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: Authorization, value: SECRET}]}}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: SECRET}
",
    ),
    (
        "web.container",
        "[Container]\nImage=nginx\nEnvironment=PASSWORD=SECRET\nNoNewPrivileges=false\n\
         Environment=TOKEN=SECRET\n",
    ),
];

fn report(path: &str, text: &str, assume: Assume) -> Value {
    let run = every().assuming(assume).overriding();
    json(run.file(path, &text.replace("SECRET", SECRET)))
}

#[test]
fn a_report_matches_its_schema() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    for (path, text) in SAMPLES {
        for assume in [Assume::None, Assume::Fit, Assume::All] {
            let report = report(path, text, assume);
            validate(&schema, &schema, &report).unwrap();
            assert_eq!(report["files"][0]["path"], *path);
        }
    }
}

#[test]
fn the_edits_of_a_report_give_the_written_bytes() {
    let mut changed = 0;
    for (path, text) in SAMPLES {
        let report = every().overriding().file(path, text);
        if let FileOutcome::Changed(Change { text: written, .. }) = &report.files[0].outcome {
            let written = written.clone();
            let report = json(report);
            let edits = of_json(&report["files"][0]["edits"]);
            assert_eq!(apply(text, edits), written, "{path}");
            changed += 1;
        }
    }
    assert!(changed >= 4, "{changed}");
}

/// Two containers of a pod need one group for their volumes, and each change includes that edit.
#[test]
fn an_edit_that_two_changes_share_is_applied_once() {
    let run = Run {
        fixes: true,
        ..only(&["non-root-user"])
    };
    let container = |name| {
        format!(
            "    - name: {name}\n      image: nginx:1.29\n      volumeMounts:\n        - {{name: data, \
             mountPath: /data}}\n"
        )
    };
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: shop}}\nspec:\n  containers:\n{}{}  \
         volumes:\n    - name: data\n      persistentVolumeClaim: {{claimName: data}}\n",
        container("blue"),
        container("green"),
    );
    let report = run.file("pod.yaml", &text);
    let FileOutcome::Changed(Change { text: written, .. }) = &report.files[0].outcome else {
        panic!("{report:?}");
    };
    let written = written.clone();
    let report = json(report);
    let containers = &report["files"][0]["containers"];
    let fixes = [0, 1].map(|at| containers[at]["results"][0]["fix"].as_array().unwrap());
    let all: Vec<Value> = fixes.into_iter().flatten().cloned().collect();
    let ids = |edits: &[Value]| edits.iter().map(|edit| edit["id"].to_string()).collect();
    let (first, second): (Vec<String>, Vec<String>) = (ids(fixes[0]), ids(fixes[1]));
    let shared = first.iter().filter(|id| second.contains(id)).count();
    assert_eq!(shared, 1, "{all:?}");
    let all = Value::Array(all);
    assert_eq!(apply(&text, of_json(&all)), written);
}

#[test]
fn no_report_repeats_a_secret() {
    for (path, text) in SAMPLES {
        for assume in [Assume::None, Assume::All] {
            let report = report(path, text, assume).to_string();
            let at = report.find(SECRET);
            let near = at.map(|at| &report[at.saturating_sub(300)..at + SECRET.len()]);
            assert_eq!(near, None, "{path}");
        }
    }
}

/// Each fix reads the whole project, so there is a limit on the fixes of a large one.
#[test]
fn too_many_fixes_are_an_error() {
    let run = Run {
        fixes: true,
        ..only(&["no-new-privileges"])
    };
    let services = (0..600).fold(String::new(), |text, at| {
        text + &format!("  s{at}:\n    image: nginx\n")
    });
    let text = format!("services:\n{services}# {}\n", "x".repeat(1 << 20));
    let report = run.file("compose.yml", &text);
    assert!(matches!(
        report.files[0].outcome,
        FileOutcome::Failed(EngineError::TooManyFixes(600))
    ));
    let one = Run {
        selection: Selection::of(vec!["s7".to_owned()]),
        ..run
    };
    let report = one.file("compose.yml", &text);
    assert!(matches!(report.files[0].outcome, FileOutcome::Changed(_)));
    assert!(report.containers[0].rows[0].fix.is_some());
}
