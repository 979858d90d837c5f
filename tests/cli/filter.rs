//! Checks the filter over standard input with a stream that is planned in pieces.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;

use harden::engine::outcome::FileOutcome;

use crate::support::command::harden;
use crate::support::files::scratch;
use crate::support::run::{Setup, by_default};

/// More documents than one piece has.
const DOCUMENTS: usize = 520;

fn deployment(number: usize) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web{number}}}\nspec:\n  \
         template:\n    spec:\n      containers:\n      - name: web\n        image: nginx:1.29\n"
    )
}

/// It concerns the first document, from the last piece.
const AUTOSCALER: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n\
    metadata: {name: a}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, \
    name: web0}\n";

fn filter(directory: &Path, options: &[&str], text: &str) -> Output {
    let options = [options, &["-"]].concat();
    let mut child = harden(directory, &options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writer = thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    output
}

#[test]
fn a_large_stream_gives_what_its_documents_give_alone() {
    let directory = scratch();
    let here = directory.path();
    let documents: Vec<String> = (0..DOCUMENTS).map(deployment).collect();
    let text = documents.join("---\n") + "---\n" + AUTOSCALER;
    let run = by_default();
    let alone = |text: &str| match run.file("-", text).files.remove(0).outcome {
        FileOutcome::Changed(change) => change.text,
        other => panic!("{other:?}"),
    };
    let first = format!("{}---\n{AUTOSCALER}", deployment(0));
    let first = alone(&first);
    let mut expected = vec![first.strip_suffix(AUTOSCALER).unwrap().to_owned()];
    expected.extend(documents[1..].iter().map(|text| alone(text) + "---\n"));

    let output = filter(here, &[], &text);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout == expected.concat() + AUTOSCALER);

    // The summary of pieces is that of the whole, which a report in a file needs at once.
    let only = ["--only", "memory-limit,no-new-privileges"];
    for options in [&[][..], &["--check"], &["-v"]] {
        let options = &[&only[..], options].concat()[..];
        let parts = filter(here, options, &text);
        let report = [options, &["--format", "text=report"]].concat();
        let whole = filter(here, &report, &text);
        assert_eq!(parts.status.code(), whole.status.code());
        assert!(parts.stdout == whole.stdout);
        let report = fs::read_to_string(here.join("report")).unwrap();
        assert!(report.contains(" changes "), "{report}");
        assert_eq!(String::from_utf8(parts.stderr).unwrap(), report);
    }
}

#[test]
fn nothing_is_printed_where_the_last_document_is_not_yaml() {
    let directory = scratch();
    let documents: Vec<String> = (0..DOCUMENTS).map(deployment).collect();
    let text = documents.join("---\n") + "---\na: [\n";
    let output = filter(directory.path(), &[], &text);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty());
    let line = text.lines().count();
    assert!(stderr.contains(&format!("<stdin>:{line}:4")), "{stderr}");
    let output = filter(directory.path(), &["--pass-through-errors"], &text);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout == text.as_bytes());
}

#[test]
fn nothing_is_printed_where_a_document_is_a_template() {
    let directory = scratch();
    let here = directory.path();
    // The template is in the first piece, in the last one, and the stream has only one piece.
    let template = "a: {{ x }}\n";
    let documents: Vec<String> = (0..DOCUMENTS).map(deployment).collect();
    let many = documents.join("---\n");
    let texts = [
        (1, template.to_owned() + "---\n" + &many),
        (
            many.lines().count() + 2,
            many.clone() + "---\n" + template + "---\n" + AUTOSCALER,
        ),
        (
            deployment(0).lines().count() + 2,
            deployment(0) + "---\n" + template,
        ),
    ];
    for (line, text) in texts {
        let output = filter(here, &[], &text);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(output.stdout.is_empty());
        assert!(stderr.contains(&format!("<stdin>:{line}:1\n")), "{stderr}");
        assert!(!stderr.contains("changes made"), "{stderr}");
        let output = filter(here, &["--pass-through-errors"], &text);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout == text.as_bytes());
        // A check counts it, and judges the rest.
        let output = filter(here, &["--check"], &text);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(
            stderr.contains("1 file or part of a file is not read"),
            "{stderr}"
        );
    }
}

#[test]
fn what_is_skipped_passes_through() {
    let directory = scratch();
    for text in [
        "a: \"{{ x }}\"\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: \"{{ x }}\"}\n",
        "apiVersion: example.com/v1\nkind: Other\nmetadata: {name: a}\n---\nb: 1\n",
        "# {{ x }}\n",
    ] {
        let output = filter(directory.path(), &[], text);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        assert!(output.stdout == text.as_bytes(), "{stderr}");
        assert!(!stderr.contains("not read"), "{stderr}");
    }
}
