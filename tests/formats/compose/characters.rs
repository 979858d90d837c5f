//! Control characters, Unicode line breaks, byte order marks and noncharacters in every place. Each
//! file is hardened, or refused with an error about the file. A failed proof would be a bug.

use harden::engine::EngineError;
use harden::engine::outcome::FileOutcome;

use crate::support::run::{Setup as _, by_default};

/// The characters: all controls, spaces and line breaks of Unicode, formatting characters, byte
/// order marks, private characters, and noncharacters. Rust has no surrogates in a text, and a file
/// with encoded surrogates is not UTF-8.
fn characters() -> impl Iterator<Item = char> {
    let others = [
        0xA0, 0xAD, 0x200B, 0x200E, 0x2028, 0x2029, 0x202E, 0xE000, 0xFDD0, 0xFEFF, 0xFFFD, 0xFFFE,
        0xFFFF, 0x1_FFFE, 0xF_0080, 0x10_FFFF,
    ];
    (0..0xA0).chain(others).filter_map(char::from_u32)
}

/// Texts with `@` where the character goes: scalars of each style, comments, keys, names, and the
/// places between tokens.
const PLACES: &[&str] = &[
    "services:\n  a:\n    image: x\n    hostname: p@q\n",
    "services:\n  a:\n    image: x\n    hostname: pq@\n",
    "services:\n  a:\n    image: x\n    hostname: p\n      q@r\n      s\n",
    "services:\n  a:\n    image: x\n    hostname: 'p@q'\n",
    "services:\n  a:\n    image: x\n    hostname: \"p@q\"\n",
    "services:\n  a:\n    image: x\n    hostname: \"p\n      q@r\n      s\"\n",
    "services:\n  a:\n    image: x\n    command: |\n      p@q\n      r\n",
    "services:\n  a:\n    image: x\n    command: >\n      p@q\n      r\n",
    "services:\n  a:\n    image: x\n    command: |\n      echo @\n      ping y\n",
    "services:\n  a:\n    image: x # p@q\n    hostname: y\n",
    "services:\n  a:\n    image: x # p@\n    hostname: y\n",
    "services:\n  # p@\n  a:\n    image: x\n",
    "services:\n  a:\n    image: x\n    labels:\n      p@q: y\n",
    "services:\n  a:\n    image: x\n    labels:\n      \"p@q\": y\n",
    "services:\n  a@b:\n    image: x\n",
    "services:\n  a: {image: x, labels: [p@q, r]}\n",
    "services:\n  a: {image: x,@ hostname: y}\n",
    "services:\n  a:\n    image: \"x\"@\n    hostname: y\n",
    "@services:\n  a:\n    image: x\n",
    "---@\nservices:\n  a:\n    image: x\n",
    "services:\n  a:\n    image: x\n@",
    "services:\n  a: &p@q\n    image: x\n  b: *p@q\n",
    "services:\n  a:\n    image: !x@y x\n",
    "services:\n  a:\n    image: x@y\n",
    "services:\n  a:\n    image: x\n@    hostname: y\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a # @\n    image: x\n    env: [{name: A, value: \"p@q\"}]\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: x\n    args: [p@q]\n",
];

#[test]
fn a_file_with_any_character_is_hardened_or_refused() {
    let run = by_default();
    let (mut hardened, mut refused) = (0, 0);
    for character in characters() {
        for place in PLACES {
            let text = place.replace('@', &character.to_string());
            let report = run.file("file.yml", &text);
            match &report.files[0].outcome {
                FileOutcome::Failed(EngineError::Syntax(_) | EngineError::Disputed(_)) => {
                    refused += 1;
                }
                FileOutcome::Failed(error) => panic!("{error}\n{text:?}"),
                _ => hardened += 1,
            }
        }
    }
    assert!(
        hardened > 2 * refused && refused > 500,
        "{hardened} {refused}"
    );
}

/// Compose 2 reads files with go-yaml v4, which takes DEL and C1 controls for text.
#[test]
fn c1_controls_in_values_and_comments_stay() {
    let run = by_default();
    for character in ['\u{7F}', '\u{80}', '\u{84}', '\u{86}', '\u{9F}'] {
        let text = format!(
            "services:\n  a:\n    image: x # it{character}s\n    labels:\n      k{character}: 'v{character}'\n      l: \"w{character}\"\n"
        );
        let report = run.file("compose.yml", &text);
        let FileOutcome::Changed(change) = &report.files[0].outcome else {
            panic!("{:?}", report.files[0].outcome);
        };
        assert!(change.text.starts_with(&text), "{:?}", change.text);
    }
}

#[test]
fn a_line_break_that_parsers_dispute_is_named() {
    let run = by_default();
    let text = "services:\n  a:\n    image: x\n    hostname: pq\u{2028}\n";
    let report = run.file("compose.yml", text);
    let FileOutcome::Failed(EngineError::Syntax(error)) = &report.files[0].outcome else {
        panic!("{:?}", report.files[0].outcome);
    };
    assert_eq!(
        &text[error.span.start as usize..error.span.end as usize],
        "\u{2028}"
    );
    assert_eq!(
        error.to_string(),
        "U+2028 is a line break for Compose and Kubernetes, and text for other YAML parsers, so \
         harden does not change the file; write it as an escape in double quotes, or remove it"
    );
}

/// go-yaml takes `#` after a quote for a comment. YAML 1.2 does not.
#[test]
fn a_file_about_which_parsers_disagree_is_not_a_bug() {
    let report = by_default().file("compose.yml", "services:\n  a:\n    image: \"x\"# why\n");
    let FileOutcome::Failed(error) = &report.files[0].outcome else {
        panic!("{:?}", report.files[0].outcome);
    };
    let error = error.to_string();
    assert!(
        error.starts_with("the file is not changed, because YAML parsers disagree about it: "),
        "{error}"
    );
}
