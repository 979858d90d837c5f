//! Checks the codes of reasons, which fingerprints and filters use.
//!
//! `docs/reasons.md` is a table of all codes, generated from the sources; `BLESS=1` rewrites it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::expected::expect;

/// A code that a source file declares.
struct Declared {
    code: String,
    sentence: String,
    file: String,
}

#[test]
fn every_code_is_unique_and_in_kebab_case() {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for Declared { code, file, .. } in declared() {
        assert!(is_kebab(&code), "{file}: {code} is not in kebab-case");
        if let Some(other) = files.insert(code.clone(), file.clone()) {
            panic!("{code} is declared in {other} and in {file}");
        }
    }
    assert!(files.len() > 100, "{} codes were found", files.len());
}

#[test]
fn every_placeholder_is_closed_and_named() {
    for Declared { code, sentence, .. } in declared() {
        for (nth, part) in sentence.split('{').enumerate() {
            if nth == 0 {
                assert!(!part.contains('}'), "{code}: {sentence}");
                continue;
            }
            let (name, rest) = part.split_once('}').unwrap_or_default();
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase()) && !name.is_empty(),
                "{code}: {sentence}"
            );
            assert!(!rest.contains('}'), "{code}: {sentence}");
        }
    }
}

#[test]
fn the_table_of_codes_is_up_to_date() {
    let mut all = declared();
    all.sort_by(|left, right| left.code.cmp(&right.code));
    let mut table = "# Reasons\n\n\
         Each answer in a report has a reason with one of these codes. A code is stable: the \
         sentence may\nchange, the code and its meaning do not. Fingerprints and filters use the \
         code and the parts that\nidentify a thing (a path, a port, a capability, a name), and \
         never the sentence.\n\n\
         This table is made from the sources.\n\n\
         | code | sentence | declared in |\n|---|---|---|\n"
        .to_owned();
    for Declared {
        code,
        sentence,
        file,
    } in all
    {
        let sentence = sentence.replace('|', "\\|");
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{code}` | {sentence} | `{file}` |");
    }
    expect(&root().join("docs/reasons.md"), &table);
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn declared() -> Vec<Declared> {
    let mut found = Vec::new();
    for folder in ["src", "transforms"] {
        collect(&root().join(folder), &mut found);
    }
    found
}

/// The declarations below a folder, sorted by file name.
fn collect(folder: &Path, found: &mut Vec<Declared>) {
    let entries = std::fs::read_dir(folder).expect("the folder of sources is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source is text");
            // Unit tests declare their own codes.
            let (text, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            let file = path.strip_prefix(root()).unwrap().display().to_string();
            for (at, call) in text.match_indices("Words::new(") {
                let (code, rest) = literal(&text[at + call.len()..])
                    .unwrap_or_else(|| panic!("{file}: a code that is no literal"));
                let (sentence, _) = literal(rest)
                    .unwrap_or_else(|| panic!("{file}: {code} has no literal sentence"));
                found.push(Declared {
                    code,
                    sentence,
                    file: file.clone(),
                });
            }
        }
    }
}

/// The next string literal, after white space and a comma, and the text behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text
        .trim_start_matches([',', ' ', '\n'])
        .strip_prefix('"')?;
    let mut value = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match rest.next()?.1 {
                '\n' => {
                    let after = rest.as_str().trim_start();
                    let skipped = rest.as_str().len() - after.len();
                    for _ in 0..skipped {
                        rest.next();
                    }
                }
                escaped => value.push(escaped),
            },
            c => value.push(c),
        }
    }
    None
}

fn is_kebab(code: &str) -> bool {
    code.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}
