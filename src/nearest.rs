//! The name that somebody meant.

/// The candidate that is nearest to `word`, if one is near enough to be meant: at most a third of
/// its letters differ, counted as Damerau and Levenshtein count.
pub(crate) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    // A word of a hostile file is not worth a quadratic comparison.
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

/// The nearest in words that end a message; nothing where none is near.
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
