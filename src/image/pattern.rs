//! Globs for repositories and tags, and their order by specificity.
//!
//! `build.rs` compiles this file too and sorts the patterns, so that the program need not.

use std::cmp::Ordering;

/// Whether the glob matches the whole text; `*` matches any number of characters, including none.
///
/// Time is at most proportional to the sum of both lengths.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else {
        return glob == text;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = text.strip_prefix(first);
    let Some(mut inner) = inner.and_then(|inner| inner.strip_suffix(last)) else {
        return false;
    };
    // The first occurrence of a part leaves the most text for the next parts.
    middle.split('*').all(|part| {
        let found = inner.find(part);
        inner = found.map_or("", |at| &inner[at + part.len()..]);
        found.is_some()
    })
}

/// The order in which patterns are tried: names before globs, then the glob with more literal
/// characters, then alphabetical order. The order of files therefore does not matter.
pub(crate) fn specificity(left: &str, right: &str) -> Ordering {
    let key = |pattern: &str| {
        let stars = pattern.bytes().filter(|byte| *byte == b'*').count();
        (stars > 0, std::cmp::Reverse(pattern.len() - stars))
    };
    key(left).cmp(&key(right)).then_with(|| left.cmp(right))
}

/// Whether there is a text that matches both globs.
#[allow(dead_code, reason = "only build.rs checks for overlaps")]
pub(crate) fn overlap(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    // reach[j]: a common text exists for the part of `left` read so far and the first j bytes of
    // `right`.
    let mut reach = vec![false; right.len() + 1];
    for i in 0..=left.len() {
        let before = std::mem::replace(&mut reach, vec![false; right.len() + 1]);
        for j in 0..=right.len() {
            let own = i.checked_sub(1).and_then(|i| left.get(i));
            let other = j.checked_sub(1).and_then(|j| right.get(j));
            let at = |row: &[bool], j: usize| row.get(j).copied().unwrap_or(false);
            let diagonal = j > 0 && i > 0 && at(&before, j - 1);
            let meets = (i == 0 && j == 0)
                || (i > 0 && own == Some(&b'*') && at(&before, j))
                || (j > 0 && other == Some(&b'*') && at(&reach, j - 1))
                || (j > 0 && own == Some(&b'*') && at(&reach, j - 1))
                || (i > 0 && other == Some(&b'*') && at(&before, j))
                || (diagonal && own == other);
            if let Some(cell) = reach.get_mut(j) {
                *cell = meets;
            }
        }
    }
    reach.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*alpine*", "7.2-alpine3.19", true),
            ("*alpine*", "7.2", false),
            ("bitnami/*", "bitnami/redis", true),
            ("bitnami/*", "bitnamilegacy/redis", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbX", false),
            ("1.*", "1", false),
            ("ab*ba", "aba", false),
            ("ab*ba", "abba", true),
            ("*ab*ab*", "abab", true),
            ("*ab*ab*", "aab", false),
            ("**", "a", true),
            ("ü*ö", "üö", true),
        ] {
            assert_eq!(matches(glob, text), expected, "{glob} {text}");
        }
        let hostile = "a".repeat(1 << 20);
        assert!(!matches(&format!("{}b*", "a*".repeat(1 << 19)), &hostile));
    }

    #[test]
    fn specific_patterns_come_first() {
        let mut patterns = [
            "bitnami/*",
            "*",
            "bitnami/redis*",
            "bitnami/redis",
            "bitnami/kafka*",
        ];
        patterns.sort_by(|left, right| specificity(left, right));
        assert_eq!(
            patterns,
            [
                "bitnami/redis",
                "bitnami/kafka*",
                "bitnami/redis*",
                "bitnami/*",
                "*"
            ]
        );
    }

    #[test]
    fn overlaps() {
        for (left, right, expected) in [
            ("a*", "*b", true),
            ("a*", "b*", false),
            ("selenium/*", "synadia/*nats*", false),
            ("x/*a", "x/b*", true),
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("a*c", "abc", true),
        ] {
            assert_eq!(overlap(left, right), expected, "{left} {right}");
            assert_eq!(overlap(right, left), expected, "{right} {left}");
        }
    }
}
