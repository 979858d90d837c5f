//! Checks the layers: a module uses only modules of lower layers.
//!
//! A path to a higher layer is an error in every form: in a `use`, inline as `crate::…`, or through
//! `super::`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the top down. Modules of the same layer may not use each other either.
const LAYERS: &[&[&str]] = &[
    &["command"],
    &["report"],
    &["overlay"],
    &["pod_security"],
    &["files"],
    &["engine"],
    &["dialect"],
    &["config"],
    &["transforms"],
    &["project"],
    &["container"],
    &["image"],
    &["diagnostic"],
    &["proof", "json"],
    &["syntax"],
    &["shell"],
    &["units", "paths", "edition", "escape", "nearest", "jsonpath"],
];

/// A path in the code to another module.
#[derive(Debug)]
struct Step {
    file: PathBuf,
    line: usize,
    text: String,
    to: String,
}

#[test]
fn no_path_leads_up() {
    let up: Vec<String> = steps()
        .into_iter()
        .filter(|(from, step)| leads_up(from, &step.to))
        .map(|(from, step)| {
            let Step {
                file,
                line,
                text,
                to,
            } = step;
            format!("{}:{line}: {from} uses {to}: {text}", file.display())
        })
        .collect();
    assert!(
        up.is_empty(),
        "{} paths lead up:\n{}",
        up.len(),
        up.join("\n")
    );
}

#[test]
fn every_room_has_a_layer() {
    let rooms: BTreeSet<String> = sources().iter().map(|(room, _)| room.clone()).collect();
    let known: BTreeSet<String> = LAYERS
        .iter()
        .copied()
        .flatten()
        .map(|&room| room.to_owned())
        .collect();
    assert_eq!(rooms, known);
}

/// The modules that `syntax` uses. They are few, so `syntax` can be published as a separate crate.
#[test]
fn syntax_uses_two_crates() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
    let dependencies: BTreeSet<String> = dependencies
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.replace('-', "_"))
        .collect();
    let mut used = BTreeSet::new();
    for (_, file) in sources().into_iter().filter(|(room, _)| room == "syntax") {
        let code = code(&fs::read_to_string(file).unwrap());
        let names = words(&code).into_iter().map(|(_, word)| word.to_owned());
        used.extend(names.filter(|name| dependencies.contains(name)));
    }
    assert_eq!(used, ["memchr", "thiserror"].map(str::to_owned).into());
}

#[test]
fn a_path_is_found_however_it_is_written() {
    let rooms = |depth, text: &str| {
        paths(text, &vec!["dialect".to_owned(); depth])
            .into_iter()
            .map(|(line, to)| format!("{line} {to}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(rooms(2, "use crate::engine::Run;"), ["1 engine"]);
    assert_eq!(
        rooms(2, "use crate::{engine::{self, Run}, report,\n    syntax};"),
        ["1 engine", "1 report", "2 syntax"]
    );
    assert_eq!(rooms(1, "use super::engine;"), ["1 engine"]);
    assert_eq!(rooms(2, "\nuse super::super::engine;"), ["2 engine"]);
    assert_eq!(rooms(2, "use super::engine;"), Vec::<String>::new());
    assert_eq!(
        rooms(1, "let x = crate::report::text(crate :: engine::y);"),
        ["1 report", "1 engine"]
    );
    assert_eq!(
        rooms(
            1,
            "// crate::report\n/// [`crate::report`]\nlet s = \"crate::report\";"
        ),
        Vec::<String>::new()
    );
}

/// Whether the first module may not use the second.
fn leads_up(from: &str, to: &str) -> bool {
    if from == to {
        return false;
    }
    match (floor(from), floor(to)) {
        (Some(own), Some(other)) => other <= own,
        _ => true,
    }
}

/// The layer of a module, counted from the top.
fn floor(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&room))
}

/// All paths from a module to another one.
fn steps() -> Vec<(String, Step)> {
    let mut steps = Vec::new();
    for (room, file) in sources() {
        let text = fs::read_to_string(&file).unwrap();
        for (line, to) in paths(&text, &modules(&file)) {
            let step = Step {
                text: text
                    .lines()
                    .nth(line - 1)
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
                file: file
                    .strip_prefix(env!("CARGO_MANIFEST_DIR"))
                    .unwrap()
                    .to_owned(),
                line,
                to,
            };
            steps.push((room.clone(), step));
        }
    }
    steps
}

/// The sources with their modules. The root of the crate names every module, and `main` is the top
/// layer.
fn sources() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open = vec![root.join("src"), root.join("transforms")];
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("src/lib.rs")
                && !path.ends_with("src/main.rs")
            {
                found.push((modules(&path)[0].clone(), path));
            }
        }
    }
    found.sort();
    found
}

/// The module path of a file from the root of the crate.
fn modules(file: &Path) -> Vec<String> {
    let file = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
    let file = file.strip_prefix("src").unwrap_or(file).with_extension("");
    let mut names: Vec<String> = file
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// The modules that paths through the root of the crate lead to, with their lines.
fn paths(text: &str, modules: &[String]) -> Vec<(usize, String)> {
    let code = code(text);
    let words: Vec<(usize, &str)> = words(&code);
    let mut found = Vec::new();
    // For each open brace, whether it opens a module.
    let mut braces: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match words[at].1 {
            "{" => braces.push(at >= 2 && words[at - 2].1 == "mod"),
            "}" => {
                braces.pop();
            }
            _ => {}
        }
        let starts = at == 0 || words[at - 1].1 != "::";
        let depth = modules.len() + braces.iter().filter(|is_module| **is_module).count();
        let mut ups = 0;
        let mut next = at;
        if starts && words[at].1 == "crate" {
            ups = depth;
            next = at + 1;
        } else if starts {
            while words.get(next).is_some_and(|word| word.1 == "super") {
                ups += 1;
                next += 1;
                let goes_on =
                    |at: usize, wanted| words.get(at).is_some_and(|word| word.1 == wanted);
                if goes_on(next, "::") && goes_on(next + 1, "super") {
                    next += 1;
                }
            }
        }
        if ups > 0 && ups >= depth && words.get(next).is_some_and(|word| word.1 == "::") {
            found.extend(heads(&words[next + 1..]));
        }
        at = next.max(at + 1);
    }
    found
}

/// The first names of a path or a group of paths.
fn heads(words: &[(usize, &str)]) -> Vec<(usize, String)> {
    match words.first() {
        Some((_, "{")) => {
            let mut found = Vec::new();
            let mut depth = 0;
            for (at, (line, word)) in words.iter().enumerate() {
                match *word {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "self" => {}
                    name if depth == 1 && matches!(words[at - 1].1, "{" | ",") && name != "}" => {
                        found.push((*line, name.to_owned()));
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            found
        }
        Some((line, name)) => vec![(*line, (*name).to_owned())],
        None => Vec::new(),
    }
}

/// The code without comments and without the content of strings. Line breaks stay.
fn code(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut in_string = false;
        let mut chars = line.chars().peekable();
        while let Some(char) = chars.next() {
            match char {
                '\\' if in_string => {
                    chars.next();
                }
                '\'' if !in_string && chars.peek() == Some(&'"') => {
                    chars.next();
                }
                '"' => in_string = !in_string,
                '/' if !in_string && chars.peek() == Some(&'/') => break,
                _ if in_string => {}
                _ => out.push(char),
            }
        }
        out.push('\n');
    }
    out
}

/// Names, `::` and single other characters, each with its line.
fn words(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (nth, line) in code.lines().enumerate() {
        let mut rest = line;
        while let Some(char) = rest.chars().next() {
            let len = if char.is_alphanumeric() || char == '_' {
                rest.find(|char: char| !char.is_alphanumeric() && char != '_')
                    .unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                char.len_utf8()
            };
            if !char.is_whitespace() {
                found.push((nth + 1, &rest[..len]));
            }
            rest = &rest[len..];
        }
    }
    found
}
