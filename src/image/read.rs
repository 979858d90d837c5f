//! Parses a file of entries. Errors have a line number.
//!
//! A file holds one entry, or several entries as the documents of one stream (`---` between them).
//! Two entries with the same id are versions of one entry for different editions.
//!
//! `build.rs` compiles this file too. A file in `images/` that cannot be parsed therefore fails the
//! build.

use super::entry::Entry;
use super::rules::Violation;

/// An error in a file of entries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Fault {
    /// The line number, from 1.
    pub line: usize,
    /// The error in that line.
    #[source]
    pub error: EntryError,
}

/// Why a text is not a valid entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The text is not YAML, a key is unknown or missing, or a value has the wrong type. The
    /// message says which.
    #[error("{0}")]
    Shape(String),
    /// The entry breaks a rule that its types cannot express.
    #[error(transparent)]
    Rule(#[from] Violation),
    /// Two entries have the same image pattern.
    #[error("images: two entries claim `{0}`")]
    Claimed(String),
}

/// The entries of a file, in the order of the file.
///
/// # Errors
///
/// All errors of all entries.
pub fn entries(text: &str) -> Result<Vec<Entry>, Vec<Fault>> {
    let mut entries = Vec::new();
    let mut faults = Vec::new();
    for (first, document) in documents(text) {
        match entry(document) {
            Ok(entry) => entries.push(entry),
            Err(found) => faults.extend(found.into_iter().map(|fault| Fault {
                line: first + fault.line,
                ..fault
            })),
        }
    }
    if entries.is_empty() && faults.is_empty() {
        faults.push(Fault {
            line: 1,
            error: EntryError::Shape("the file has no entry".to_owned()),
        });
    }
    if faults.is_empty() {
        Ok(entries)
    } else {
        Err(faults)
    }
}

/// Parses one document. Line numbers count from 1.
pub(super) fn entry(text: &str) -> Result<Entry, Vec<Fault>> {
    let entry: Entry = serde_yaml::from_str(text).map_err(|error| {
        let message = error.to_string();
        // The diagnostic shows the line, so the message need not repeat the position.
        let words = message.split(" at line ").next().unwrap_or(&message);
        vec![Fault {
            line: error.location().map_or(1, |location| location.line()),
            error: EntryError::Shape(words.to_owned()),
        }]
    })?;
    let violations = entry.violations();
    if violations.is_empty() {
        return Ok(entry);
    }
    let fault = |violation: Violation| Fault {
        line: line_of(text, &violation.field),
        error: EntryError::Rule(violation),
    };
    let mut faults: Vec<Fault> = violations.into_iter().map(fault).collect();
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// The documents that are not empty, each with the number of lines before it.
pub(super) fn documents(text: &str) -> Vec<(usize, &str)> {
    let has_content = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let mut documents = Vec::new();
    let (mut start, mut first) = (0, 0);
    let mut at = 0;
    for (nth, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" {
            documents.push((first, text.get(start..at).unwrap_or_default()));
            start = at + line.len();
            first = nth + 1;
        }
        at += line.len();
    }
    documents.push((first, text.get(start..).unwrap_or_default()));
    documents.retain(|(_, document)| document.lines().any(has_content));
    documents
}

/// The line of the top-level key of a field: `volumes` for `volumes.owned[1]`.
fn line_of(text: &str, field: &str) -> usize {
    let key = field.split(['.', '[']).next().unwrap_or_default();
    let is_key = |line: &str| {
        line.strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(':'))
    };
    text.lines().position(is_key).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id: a\ndate: 2026-11-23\nkind: service\nimages: [a]\nsources: {x: somewhere}\nuser:\n  source: [x]\n  confidence: high\n  default: root\n  starts_as_user: unknown\n";

    fn errors_of(text: &str) -> Vec<String> {
        let faults = entries(text).err().unwrap_or_default();
        faults
            .iter()
            .map(|fault| format!("{}: {fault}", fault.line))
            .collect()
    }

    #[test]
    fn a_file_may_hold_several_entries() {
        assert_eq!(entries(GOOD).unwrap().len(), 1);
        let text = format!("# a comment\n---\n{GOOD}---\n{GOOD}");
        assert_eq!(entries(&text).unwrap().len(), 2);
        assert_eq!(errors_of(""), ["1: the file has no entry"]);
    }

    #[test]
    fn faults_have_line_and_key() {
        let bad = GOOD.replace("default: root", "default: [1]");
        assert_eq!(
            errors_of(&format!("{GOOD}---\n{bad}")),
            ["20: user.default: invalid type: sequence, expected a string"]
        );
        let bad = GOOD
            .replace("date: 2026-11-23", "date: today")
            .replace("[x]", "[y]");
        assert_eq!(
            errors_of(&bad),
            [
                "2: date: must be a date, for example 2026-11-23",
                "5: sources.x: no section uses this source",
                "6: user.source: `y` is not in `sources`",
            ]
        );
        let bad = GOOD.replace("kind: service", "kind: servce");
        assert!(
            errors_of(&bad)[0].starts_with("3: kind: unknown variant `servce`"),
            "{:?}",
            errors_of(&bad)
        );
        assert!(!errors_of("id: [").is_empty());
    }
}
