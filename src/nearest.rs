//! Suggestions for misspelt names.

/// The candidate nearest to `word`, if it is near enough to be what the user meant: at most a
/// third of its letters differ (Damerau–Levenshtein distance).
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // The comparison is quadratic, and a hostile file can have very long words.
    if word.len() > 100 {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::osa_distance(&word, &candidate.to_lowercase().replace('_', "-")),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The end of a message that suggests the nearest candidate; empty if none is near.
pub(crate) fn hint<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(word, candidates).map_or_else(String::new, |found| format!("; did you mean `{found}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_guess_is_not_made() {
        let ids = ["read-only-root", "non-root-user", "cpu-limit"];
        assert_eq!(nearest("read-only-rot", ids), Some("read-only-root"));
        assert_eq!(nearest("read_only_root", ids), Some("read-only-root"));
        assert_eq!(nearest("CPU-limits", ids), Some("cpu-limit"));
        assert_eq!(nearest("nonroot-user", ids), Some("non-root-user"));
        assert_eq!(nearest("seccomp", ids), None);
        assert_eq!(nearest("", ids), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), ids), None);
    }
}
