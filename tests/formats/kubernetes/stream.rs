//! A stream in pieces gives the same report as the whole stream, and a project needs all its files.

use std::io::Write;

use harden::engine::Run;
use harden::engine::outcome::{FileOutcome, Outcome, Report};
use harden::files::stream::{self, Cut, Piece, Spool};
use harden::project::{NotOurs, Source};

use crate::support::run::{by_default, source};

const AUTOSCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web3}\n";

/// Objects that concern the pods of other documents.
const NEIGHBOURS: [&str; 5] = [
    AUTOSCALER,
    "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: ns1}\nspec: {limits: [{type: Container}]}\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: ns2}\nautomountServiceAccountToken: false\n",
    "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\nautomountServiceAccountToken: true\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: r, namespace: ns0}\nsubjects: [{kind: ServiceAccount, name: default, namespace: ns0}]\nroleRef: {kind: Role, name: x}\n",
];

fn deployment(number: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web{number}\n  namespace: ns{}\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: nginx:1.29\n",
        number % 4
    )
}

fn plan(sources: Vec<Source>) -> Report {
    by_default().project(sources)
}

/// The pieces of the stream, planned.
fn pieces(run: &Run<'_>, text: &str, cut: Cut) -> Vec<Piece> {
    let mut input = Spool::default();
    input.write_all(text.as_bytes()).unwrap();
    let mut pieces = Vec::new();
    run.stream(&mut input, cut, &mut |piece| {
        pieces.push(piece);
        Ok(())
    })
    .unwrap();
    pieces
}

const CUTS: [Cut; 5] = [
    Cut {
        bytes: 1,
        documents: 500,
    },
    Cut {
        bytes: 600,
        documents: 500,
    },
    Cut {
        bytes: 1 << 20,
        documents: 1,
    },
    Cut {
        bytes: 1 << 20,
        documents: 3,
    },
    Cut {
        bytes: 1 << 20,
        documents: 500,
    },
];

/// The new text, and every result with its place, as far as the place is in the same document.
fn summary(report: &Report) -> (String, Vec<String>) {
    let [file] = &report.files[..] else {
        panic!("{} files", report.files.len());
    };
    let text = match &file.outcome {
        FileOutcome::Changed(change) => change.text.clone(),
        FileOutcome::Unchanged => file.source.clone(),
        other => panic!("{other:?}"),
    };
    let rows = report.containers.iter().flat_map(|one| {
        let name = format!("{} {} {}", one.workload, one.name, one.line());
        one.rows.iter().map(move |row| {
            let outcome = match &row.outcome {
                Outcome::Changed { basis, paths } => format!("{basis:?} {paths:?}"),
                other => format!("{other:?}"),
            };
            format!("{name} {} {outcome} {}", row.id, row.reason.code())
        })
    });
    let unread = report.unread.iter();
    let unread = unread.map(|one| format!("unread {} {}", one.line, one.reason.code()));
    (text, rows.chain(unread).collect())
}

fn declines_memory(report: &Report, workload: &str) -> bool {
    let container = report
        .containers
        .iter()
        .find(|container| container.workload.ends_with(workload));
    container.is_some_and(|container| {
        container.rows.iter().any(|result| {
            result.id == "memory-limit" && matches!(result.outcome, Outcome::Declined)
        })
    })
}

#[test]
fn the_result_does_not_depend_on_where_a_stream_is_cut() {
    let run = by_default();
    let deployments: Vec<String> = (0..12).map(deployment).collect();
    let config = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n".to_owned();
    let neighbours = NEIGHBOURS.map(str::to_owned);
    let ignored = "# harden: ignore[cpu-limit] a test\n".to_owned();
    // What concerns the pods stands above them, below them, or between them.
    let streams = [
        [&neighbours[..], &deployments].concat(),
        [&deployments[..], &[config], &neighbours].concat(),
        [&deployments[..5], &neighbours, &deployments[5..]].concat(),
    ];
    for documents in streams {
        let mut text = documents.join("---\n");
        // Comments above a marker belong to the document below it.
        text = format!("{text}{ignored}\n---\n{}", deployment(20));
        let whole = plan(vec![source("-", &text)]);
        assert!(declines_memory(&whole, "Deployment/web3"));
        assert!(declines_memory(&whole, "Deployment/web1"));
        assert!(!declines_memory(&whole, "Deployment/web4"));
        for cut in CUTS {
            let pieces = pieces(&run, &text, cut);
            let small = cut.bytes == 1 || cut.documents == 1;
            assert!(!small || pieces.len() > 15, "{cut:?}: {}", pieces.len());
            let joined = stream::joined(pieces);
            assert_eq!(summary(&joined), summary(&whole), "{cut:?}");
            assert_eq!(joined.stale, whole.stale, "{cut:?}");
        }
    }
}

#[test]
fn documents_that_do_not_depend_on_each_other_are_hardened_as_if_alone() {
    let documents: Vec<String> = (0..12).map(deployment).collect();
    let alone: Vec<String> = documents
        .iter()
        .map(|text| summary(&plan(vec![source("-", text)])).0)
        .collect();
    for cut in CUTS {
        let joined = stream::joined(pieces(&by_default(), &documents.join("---\n"), cut));
        assert_eq!(summary(&joined).0, alone.join("---\n"), "{cut:?}");
    }
}

/// The documents of a Compose file are one project, and a stream of objects is none.
#[test]
fn a_compose_file_is_not_cut() {
    let base = "services:\n  web:\n    image: nginx:1.29\n    privileged: true\n";
    let project = format!("{base}---\nservices:\n  web:\n    privileged: false\n");
    let volumes = format!("volumes: {{a: {{}}}}\n---\n{project}");
    let mixed = |other: &str| format!("{}---\n{other}---\n{}", deployment(0), deployment(1));
    for text in [
        project,
        volumes,
        mixed(base),
        // Alone, these would be a file of the first Compose format, and one that Compose rejects.
        mixed("web:\n  image: nginx:1.29\n"),
        mixed("services: {web: {image: nginx:1.29}}\nother: 1\n"),
        mixed("apiVersion: v1\nkind: ConfigMap\ndata:\n  unit: |\n    [Container]\n    Image=x\n"),
    ] {
        let whole = plan(vec![source("-", &text)]);
        for cut in CUTS {
            let joined = stream::joined(pieces(&by_default(), &text, cut));
            assert_eq!(summary(&joined), summary(&whole), "{cut:?}");
        }
    }
}

/// What cannot be read does not depend on the cut, either.
#[test]
fn unread_documents_are_the_same_in_pieces() {
    let encoded =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {!!binary Y29udGFpbmVycw==: []}\n";
    for other in ["a: {{ x }}\n", encoded] {
        let text = format!("{}---\n{other}---\n{}", deployment(0), deployment(1));
        let whole = plan(vec![source("-", &text)]);
        assert_eq!(whole.unread.len(), 1, "{other}");
        for cut in CUTS {
            let joined = stream::joined(pieces(&by_default(), &text, cut));
            assert_eq!(summary(&joined), summary(&whole), "{cut:?} {other}");
        }
    }
}

#[test]
fn a_stream_without_pods_is_left_alone() {
    let text = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n---\na: 1\n";
    for cut in CUTS {
        let report = stream::joined(pieces(&by_default(), text, cut));
        let file = &report.files[0];
        assert!(matches!(
            file.outcome,
            FileOutcome::NotOurs(NotOurs::NoPods)
        ));
        assert_eq!(file.source, text);
    }
}

#[test]
fn a_stream_with_an_error_is_not_planned() {
    let text = format!("{}---\na: [\n---\n{}", deployment(0), deployment(1));
    for cut in CUTS {
        let mut pieces = pieces(&by_default(), &text, cut);
        assert_eq!(pieces.len(), 1);
        let piece = pieces.remove(0);
        assert!(piece.has_failed());
        let mut input = Spool::default();
        input.write_all(text.as_bytes()).unwrap();
        let report = piece.failure(&mut input).unwrap();
        let FileOutcome::Failed(harden::engine::EngineError::Syntax(error)) =
            &report.files[0].outcome
        else {
            panic!("{:?}", report.files[0].outcome);
        };
        let at = error.span.start as usize;
        assert!(at >= text.find('[').unwrap(), "{at}");
        assert!(text.starts_with(&report.files[0].source));
    }
}

#[test]
fn an_autoscaler_in_another_file_prevents_changes_of_resources() {
    let report = plan(vec![
        source("hpa.yaml", AUTOSCALER),
        source("web.yaml", deployment(3)),
    ]);
    assert!(declines_memory(&report, "Deployment/web3"));
    assert!(matches!(
        report.files[0].outcome,
        FileOutcome::NotOurs(NotOurs::NoPods)
    ));
    assert!(matches!(report.files[1].outcome, FileOutcome::Changed(_)));
}
