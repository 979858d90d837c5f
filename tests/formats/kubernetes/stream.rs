//! A stream in pieces gives the same report as the whole stream, and a project needs all its files.

use harden::engine::outcome::{Change, ContainerReport, FileOutcome, Outcome, Report};
use harden::files::stream;
use harden::project::Source;

use crate::support::run::{by_default, source};

const AUTOSCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web3}\n";

fn deployment(number: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web{number}\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: nginx:1.29\n"
    )
}

fn plan(sources: Vec<Source>) -> Report {
    by_default().project(sources)
}

fn declines_memory(report: &Report, workload: &str) -> bool {
    let container = report
        .containers
        .iter()
        .find(|container| container.workload == workload);
    container.is_some_and(|container| {
        container.rows.iter().any(|result| {
            result.id == "memory-limit" && matches!(result.outcome, Outcome::Declined)
        })
    })
}

#[test]
fn pieces_give_the_report_of_the_whole_stream() {
    let mut documents: Vec<String> = (0..12).map(deployment).collect();
    documents.push(AUTOSCALER.to_owned());
    documents.push("kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n".to_owned());
    let text = documents.join("---\n");
    let whole = plan(vec![source("-", &text)]);
    let pieces = stream::pieces(source("-", &text), 600);
    assert!(pieces.len() > 4, "{}", pieces.len());
    let joined = stream::joined(plan(pieces));
    let after = |report: &Report| match &report.files[..] {
        [file] => match &file.outcome {
            FileOutcome::Changed(Change { text: after, .. }) => after.clone(),
            other => panic!("{other:?}"),
        },
        files => panic!("{} files", files.len()),
    };
    assert_eq!(after(&joined), after(&whole));
    let lines = |report: &Report| -> Vec<u32> {
        report
            .containers
            .iter()
            .map(ContainerReport::line)
            .collect()
    };
    assert_eq!(lines(&joined), lines(&whole));
    assert!(declines_memory(&joined, "Deployment/web3"));
    assert!(!declines_memory(&joined, "Deployment/web4"));
}

#[test]
fn an_error_in_a_piece_has_its_place_in_the_stream() {
    let text = format!("{}---\na: [\n", deployment(0));
    let pieces = stream::pieces(source("-", &text), 10);
    assert_eq!(pieces.len(), 2);
    let report = stream::joined(plan(pieces));
    let FileOutcome::Failed(harden::engine::EngineError::Syntax(error)) = &report.files[0].outcome
    else {
        panic!("{:?}", report.files[0].outcome);
    };
    let at = error.span.start as usize;
    assert!(at >= text.find('[').unwrap(), "{at}");
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
        FileOutcome::NotOurs(harden::project::NotOurs::NoPods)
    ));
    assert!(matches!(report.files[1].outcome, FileOutcome::Changed(_)));
}
