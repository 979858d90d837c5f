//! Checks the knowledge base and sorts its patterns at build time. An invalid entry fails the
//! build, and the program need not check or sort at startup.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io, process};

#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/edition.rs"]
mod edition;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/image/entry.rs"]
mod entry;
#[allow(dead_code, reason = "the library uses the rest")]
#[path = "src/image/pattern.rs"]
mod pattern;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/image/read.rs"]
mod read;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/image/rules.rs"]
mod rules;
#[allow(dead_code, unreachable_pub, reason = "the library uses the rest")]
#[path = "src/image/tags.rs"]
mod tags;
#[allow(dead_code, reason = "the library uses the rest")]
#[path = "src/units.rs"]
mod units;

use edition::Edition;
use entry::Entry;

fn main() -> io::Result<()> {
    for path in [
        "build.rs",
        "images",
        "src/edition.rs",
        "src/image/entry.rs",
        "src/image/pattern.rs",
        "src/image/read.rs",
        "src/image/rules.rs",
        "src/image/tags.rs",
        "src/units.rs",
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    let root = env::current_dir()?;
    let mut files: Vec<_> = fs::read_dir(root.join("images"))?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|file| file.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();

    let mut errors = Vec::new();
    let mut entries = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path)?;
        match check(path, &text) {
            Ok(entry) => entries.push((path.as_path(), entry)),
            Err(found) => errors.extend(found),
        }
    }
    errors.extend(ambiguities(&entries));
    if !errors.is_empty() {
        for error in errors {
            println!("cargo::error={error}");
        }
        process::exit(1);
    }
    let out = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&out).join("images.rs"), tables(&entries))
}

/// The newest version of the entry in a file, or all errors with their lines.
fn check(path: &Path, text: &str) -> Result<Entry, Vec<String>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let versions = read::entries(text).map_err(|faults| -> Vec<String> {
        let message = |fault: &read::Fault| format!("images/{name}:{}: {fault}", fault.line);
        faults.iter().map(message).collect()
    })?;
    let mut errors = Vec::new();
    let mut limit = None;
    for version in &versions {
        if path.file_stem().is_none_or(|stem| *stem != *version.id) {
            errors.push(format!(
                "images/{name}: id: `{}` must be the name of the file",
                version.id
            ));
        }
        if version.edition > Edition::CURRENT || limit.is_some_and(|limit| version.edition >= limit)
        {
            errors.push(format!(
                "images/{name}: edition: {} must be at most {}, and earlier than those above it",
                version.edition,
                Edition::CURRENT
            ));
        }
        limit = Some(version.edition);
    }
    match versions.into_iter().next() {
        Some(newest) if errors.is_empty() => Ok(newest),
        _ => Err(errors),
    }
}

/// Pairs of patterns of different entries whose order depends only on the alphabet.
fn ambiguities(entries: &[(&Path, Entry)]) -> Vec<String> {
    let patterns = patterns(entries);
    let mut errors = Vec::new();
    for (at, (left, owner)) in patterns.iter().enumerate() {
        for (right, other) in patterns.iter().skip(at + 1) {
            let same_rank = left.contains('*') == right.contains('*')
                && left.replace('*', "").len() == right.replace('*', "").len();
            if owner != other && same_rank && pattern::overlap(left, right) {
                let id = |at: usize| entries.get(at).map_or("?", |(_, entry)| entry.id.as_str());
                errors.push(format!(
                    "images/{}.yaml: images: `{left}` and `{right}` of images/{}.yaml match the same images",
                    id(*owner),
                    id(*other)
                ));
            }
        }
    }
    errors
}

/// Every pattern with the index of its entry; the most specific pattern comes first.
fn patterns<'e>(entries: &'e [(&Path, Entry)]) -> Vec<(&'e str, usize)> {
    let mut all: Vec<_> = entries
        .iter()
        .enumerate()
        .flat_map(|(at, (_, entry))| {
            entry
                .images
                .iter()
                .map(move |pattern| (pattern.as_str(), at))
        })
        .collect();
    all.sort_by(|left, right| pattern::specificity(left.0, right.0));
    all
}

/// The Rust source of the two tables.
fn tables(entries: &[(&Path, Entry)]) -> String {
    let mut text = format!("static ENTRIES: [Embedded; {}] = [\n", entries.len());
    for (_, Entry { id, .. }) in entries {
        let file =
            format!("include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/images/{id}.yaml\"))");
        let _ = writeln!(text, "    Embedded::new({id:?}, {file}),");
    }
    text.push_str("];\nstatic PATTERNS: &[(&str, usize)] = &[\n");
    for (pattern, at) in patterns(entries) {
        let _ = writeln!(text, "    ({pattern:?}, {at}),");
    }
    text.push_str("];\n");
    text
}
