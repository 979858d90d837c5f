//! Applies edits as a program does that only has a report.

use harden::syntax::Edit;
use serde_json::Value;

/// A range of bytes, and the text that replaces it.
pub(crate) type Replacement<'e> = (usize, usize, &'e str);

/// The text with the edits applied. The edits are in ascending order.
///
/// # Panics
///
/// If two edits overlap, or if a range is not in the text.
pub(crate) fn apply(text: &str, edits: Vec<Replacement<'_>>) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (start, end, new) in edits {
        out.push_str(&text[at..start]);
        out.push_str(new);
        at = end;
    }
    out + &text[at..]
}

/// The edits of a report.
pub(crate) fn of_report(edits: &[Edit]) -> Vec<Replacement<'_>> {
    let edits = edits.iter();
    edits
        .map(|edit| {
            (
                edit.span.start as usize,
                edit.span.end as usize,
                edit.text.as_str(),
            )
        })
        .collect()
}

/// The edits of a JSON report. Those with the same id are one edit.
pub(crate) fn of_json(edits: &Value) -> Vec<Replacement<'_>> {
    let mut ids = Vec::new();
    let mut found = Vec::new();
    for edit in edits.as_array().into_iter().flatten() {
        if !edit["id"].is_null() {
            if ids.contains(&&edit["id"]) {
                continue;
            }
            ids.push(&edit["id"]);
        }
        let number = |key: &str| usize::try_from(edit[key].as_u64().unwrap()).unwrap();
        let range = (
            number("start"),
            number("end"),
            edit["text"].as_str().unwrap(),
        );
        found.push((edit["rank"].as_u64().unwrap_or_default(), range));
    }
    found.sort_by_key(|(rank, (start, ..))| (*start, *rank));
    found.into_iter().map(|(_, range)| range).collect()
}
