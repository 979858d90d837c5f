//! Long chains of `extends`, `include` and `<<`, and bases with many heirs. With the sizes here,
//! exponential and quadratic work takes minutes, and deep recursion overflows the stack of a test.

use std::fmt::Write as _;

use harden::engine::EngineError;
use harden::engine::outcome::{FileOutcome, Outcome, Report};
use harden::syntax::SyntaxErrorKind;

use super::{changed, declined_in, outcome, project, project_with_files};
use crate::support::run::{Setup as _, by_default};

/// Services that extend each other, the base first.
fn chain(length: usize) -> String {
    let base = "services:\n  s0:\n    image: nginx:1.27\n".to_owned();
    (1..length).fold(base, |mut text, nth| {
        writeln!(text, "  s{nth}:\n    extends: s{}", nth - 1).unwrap();
        text
    })
}

/// The error of the first file.
fn error(report: &Report) -> String {
    match &report.files[0].outcome {
        FileOutcome::Failed(error) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

fn borrowed(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect()
}

#[test]
fn every_heir_of_a_long_chain_gets_the_changes_of_its_base_once() {
    let report = project(&[("compose.yml", &chain(60))]);
    let after = changed(&report, "compose.yml").unwrap();
    assert_eq!(after.matches("user: \"101:101\"").count(), 1, "{after}");
    for id in ["non-root-user", "memory-limit", "read-only-root"] {
        let outcome = outcome(&report, "s59", id);
        assert!(matches!(outcome, Outcome::Hardened), "{id}: {outcome:?}");
    }
    // The memory of a tmpfs counts once, however many services are between.
    let limit = |length| {
        let report = project(&[("compose.yml", &chain(length))]);
        let after = changed(&report, "compose.yml").unwrap().to_owned();
        let line = after.lines().find(|line| line.contains("mem_limit"));
        line.unwrap().to_owned()
    };
    assert_eq!(limit(1), limit(20));
}

#[test]
fn a_chain_of_extends_beyond_the_limit_is_named() {
    let report = project(&[("compose.yml", &chain(2_000))]);
    assert_eq!(
        error(&report),
        "more than 64 services of the project extend each other: s65, s64, s63, s62, …"
    );

    let files: Vec<(String, String)> = (0..3_000)
        .map(|nth| {
            let base = match nth {
                2_999 => "image: nginx:1.27".to_owned(),
                _ => format!("extends: {{file: f{}.yml, service: s}}", nth + 1),
            };
            let text = format!("services:\n  s:\n    {base}\n");
            (format!("f{nth}.yml"), text)
        })
        .collect();
    let named = "more than 64 services of the project extend each other: s, f1.yml: s, f2.yml: s, \
                 f3.yml: s, …";
    let report = project(&borrowed(&files));
    assert_eq!(error(&report), named);
    let (given, on_disk) = files.split_at(1);
    let report = project_with_files(&borrowed(given), &borrowed(on_disk), |_| ());
    assert_eq!(error(&report), named);
}

#[test]
fn a_circle_of_extends_is_no_long_chain() {
    let report = project(&[(
        "compose.yml",
        "services:\n  a:\n    extends: b\n    image: x\n  b:\n    extends: a\n  c:\n    image: nginx:1.27\n",
    )]);
    assert_eq!(
        declined_in(&report, "a", "non-root-user"),
        "It extends `b`, and its chain of extends is a circle."
    );
    assert!(changed(&report, "compose.yml").unwrap().contains("user:"));
}

#[test]
fn a_chain_of_includes_beyond_the_limit_is_named() {
    let files: Vec<(String, String)> = (0..5_000)
        .map(|nth| {
            let next = match nth {
                4_999 => String::new(),
                _ => format!("include: [f{}.yml]\n", nth + 1),
            };
            let text = format!("{next}services:\n  s{nth}:\n    image: nginx:1.27\n");
            (format!("f{nth}.yml"), text)
        })
        .collect();
    let named = "more than 64 files of the project include each other: f0.yml, f1.yml, f2.yml, \
                 f3.yml, …";
    let report = project(&borrowed(&files));
    assert_eq!(error(&report), named);
    let (given, on_disk) = files.split_at(1);
    let report = project_with_files(&borrowed(given), &borrowed(on_disk), |_| ());
    assert_eq!(error(&report), named);
}

#[test]
fn includes_that_double_are_bounded() {
    let files: Vec<(String, String)> = (0..40)
        .flat_map(|level| {
            let include = format!("include: [a{0}.yml, b{0}.yml]\n", level + 1);
            let include = if level < 39 { include } else { String::new() };
            ["a", "b"].map(|side| {
                let text = format!("{include}services:\n  {side}{level}:\n    image: nginx:1.27\n");
                (format!("{side}{level}.yml"), text)
            })
        })
        .collect();
    let report = project(&borrowed(&files));
    let why = error(&report);
    assert!(
        why.starts_with("the services of the project inherit and include more than the limit"),
        "{why}"
    );
}

#[test]
fn many_projects_can_include_one_file() {
    let mut files: Vec<(String, String)> = (0..2_000)
        .map(|nth| {
            let text = format!("include: [c.yml]\nservices:\n  s{nth}:\n    image: nginx:1.27\n");
            (format!("f{nth}.yml"), text)
        })
        .collect();
    files.push((
        "c.yml".to_owned(),
        "services:\n  c:\n    image: nginx:1.27\n".to_owned(),
    ));
    let report = project(&borrowed(&files));
    assert!(changed(&report, "f1999.yml").is_some());
}

#[test]
fn a_large_base_with_many_heirs_is_bounded() {
    let mut text = "services:\n  base:\n    image: nginx:1.27\n".to_owned();
    for nth in 0..2_000 {
        writeln!(text, "    x-{nth}: 1").unwrap();
    }
    for nth in 0..2_000 {
        writeln!(text, "  s{nth}: {{extends: base}}").unwrap();
    }
    let report = project(&[("compose.yml", &text)]);
    let why = error(&report);
    assert!(
        why.starts_with("the services of the project inherit and include more than the limit"),
        "{why}"
    );
    // Many heirs of a small base are no problem.
    let mut text = "services:\n  base:\n    image: nginx:1.27\n".to_owned();
    for nth in 0..5_000 {
        writeln!(text, "  s{nth}: {{extends: base}}").unwrap();
    }
    let report = project(&[("compose.yml", &text)]);
    assert!(changed(&report, "compose.yml").unwrap().contains("user:"));
}

#[test]
fn aliases_that_repeat_too_much_are_an_error() {
    let mut chain = "x-0: &a0 {image: nginx}\nservices:\n".to_owned();
    for nth in 1..2_000 {
        writeln!(
            chain,
            "  s{nth}: &a{nth}\n    <<: *a{}\n    hostname: h",
            nth - 1
        )
        .unwrap();
    }
    let anchor = |key: &str| {
        let mut text = "x-0: &a\n  image: nginx\n".to_owned();
        (0..2_000).for_each(|nth| writeln!(text, "  x-{nth}: 1").unwrap());
        text.push_str("services:\n");
        (0..2_000).for_each(|nth| writeln!(text, "  s{nth}: {key}").unwrap());
        text
    };
    let text = "x".repeat(100_000);
    let mut long = format!("x-0: &a\n  image: nginx\n  environment: {{A: {text}}}\nservices:\n");
    (0..2_000).for_each(|nth| writeln!(long, "  s{nth}: {{<<: *a}}").unwrap());
    for text in [chain, anchor("{<<: *a}"), anchor("*a"), long] {
        let report = by_default().file("compose.yml", &text);
        let FileOutcome::Failed(EngineError::Syntax(error)) = &report.files[0].outcome else {
            panic!("{:?}", report.files[0].outcome);
        };
        assert!(
            matches!(error.kind, SyntaxErrorKind::TooMuchRepeated(_)),
            "{error}"
        );
    }
    // An anchor of ordinary size can be merged by any number of services.
    let mut text = "x-0: &a\n  image: nginx:1.27\n  environment: {A: a, B: b, C: c, D: d}\n  \
                    labels: [a=b, c=d, e=f]\n  logging: {driver: json-file}\nservices:\n"
        .to_owned();
    (0..2_000).for_each(|nth| writeln!(text, "  s{nth}:\n    <<: *a\n    hostname: h").unwrap());
    let report = by_default().file("compose.yml", &text);
    assert!(changed(&report, "compose.yml").is_some());
}
