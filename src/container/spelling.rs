//! The rule for values of variables and for secrets, in one place.
//!
//! * A report, a diff and an error never show a value that comes from `.env`, from a file of
//!   `env_file` or from another file of variables. They show the text of the file instead:
//!   `${DATA}/db`. [`Spellings`] knows that text for each container, and the engine applies it to
//!   every reason before anything else sees the reason.
//! * `harden` writes no such value into a file. It declines the change instead.
//! * A diff shows lines of the user's own file as context, because `git apply` needs them. They may
//!   contain secrets that are written there. Nothing else shows values of secret-looking keys: an
//!   error masks them in the line that it quotes (`report::diagnostic`).
//! * An error shows no content of a file other than the one that is hardened.
//!
//! A text that the service itself also has without a variable is shown, because it is part of the
//! file. Words of `harden`, such as names of known images, are its own.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, MatchKind};

use super::{Assignment, Reason, Value};
use crate::paths::normalized;

/// Values of at least this many bytes are recognised anywhere, shorter ones only as whole words.
const DISTINCT: usize = 8;
/// Shorter values are recognised only where the whole text is known.
const SHORTEST: usize = 3;
/// The number of places of a text that are examined.
const PLACES: usize = 64;

/// How the texts of a container are written in its file.
#[derive(Clone, Debug, Default)]
pub struct Spellings {
    /// The texts with values of variables.
    groups: Vec<Arc<Expanded>>,
    /// The text of the service in its files, and what is written outside the services.
    own: Arc<str>,
    outside: Arc<str>,
}

/// Texts with the values of variables in them.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    /// All texts, in lower case and each on a line.
    texts: String,
    /// The original texts.
    written: String,
    /// The values in `texts`, in order, each with the name of its variable.
    pieces: Vec<(Range<usize>, String)>,
    /// The values by themselves, each with the index of a piece.
    values: OnceLock<Option<(AhoCorasick, Vec<usize>)>>,
}

impl Expanded {
    /// Adds a text, with the place of each value and the name of its variable.
    pub(crate) fn add(&mut self, text: &str, values: Vec<(Range<usize>, String)>) {
        let start = self.texts.len();
        self.texts.push_str(&text.to_ascii_lowercase());
        self.texts.push('\n');
        self.written.push_str(text);
        self.written.push('\n');
        let moved = values.into_iter();
        let moved = moved.map(|(range, name)| (range.start + start..range.end + start, name));
        self.pieces
            .extend(moved.filter(|(range, _)| !range.is_empty()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The text as it is written, if it is or has the value of a variable. `text` is in lower case.
    fn spelled(&self, text: &str, original: &str) -> Option<String> {
        self.part_of(text).or_else(|| self.parts_in(text, original))
    }

    /// The text as written if it is a part of one of the texts.
    fn part_of(&self, text: &str) -> Option<String> {
        let places = self.texts.match_indices(text).take(PLACES);
        let mut places = places.map(|(at, _)| at..at + text.len());
        let is_word = |place: &Range<usize>| text.len() >= DISTINCT || is_word(&self.texts, place);
        places.find_map(|place| {
            let first = self
                .pieces
                .partition_point(|(piece, _)| piece.end <= place.start);
            let pieces = self.pieces[first..].iter();
            let mut pieces = pieces
                .take_while(|(piece, _)| piece.start < place.end)
                .peekable();
            pieces.peek()?;
            if !is_word(&place) {
                return None;
            }
            let mut out = String::new();
            let mut at = place.start;
            for (piece, name) in pieces {
                out.push_str(self.written.get(at..piece.start).unwrap_or_default());
                push_variable(&mut out, name);
                at = piece.end;
            }
            out.push_str(self.written.get(at..place.end).unwrap_or_default());
            Some(out)
        })
    }

    /// The text with each value replaced that it contains.
    fn parts_in(&self, text: &str, original: &str) -> Option<String> {
        let (values, pieces) = self.values.get_or_init(|| self.values()).as_ref()?;
        let mut out = String::new();
        let mut end = 0;
        for found in values.find_iter(text) {
            let place = found.range();
            if place.len() < DISTINCT && !is_word(text, &place) {
                continue;
            }
            let (_, name) = self.pieces.get(*pieces.get(found.pattern().as_usize())?)?;
            out.push_str(original.get(end..place.start)?);
            push_variable(&mut out, name);
            end = place.end;
        }
        out.push_str(original.get(end..)?);
        (end > 0).then_some(out)
    }

    /// Finds the values that are long enough, and the normalized form of those that are paths.
    fn values(&self) -> Option<(AhoCorasick, Vec<usize>)> {
        let mut patterns: Vec<String> = Vec::new();
        let mut pieces = Vec::new();
        for (index, (range, _)) in self.pieces.iter().enumerate() {
            let value = &self.texts[range.clone()];
            let path = value.contains('/').then(|| {
                let path = normalized(value.as_ref());
                path.to_string_lossy().into_owned()
            });
            for pattern in [Some(value.to_owned()), path].into_iter().flatten() {
                if pattern.len() >= SHORTEST {
                    patterns.push(pattern);
                    pieces.push(index);
                }
            }
        }
        let kind = MatchKind::LeftmostLongest;
        let built = AhoCorasick::builder().match_kind(kind).build(patterns);
        Some((built.ok()?, pieces))
    }
}

fn push_variable(out: &mut String, name: &str) {
    out.push_str("${");
    out.push_str(name);
    out.push('}');
}

/// Whether no letter or digit comes before or after the place.
fn is_word(text: &str, place: &Range<usize>) -> bool {
    let before = text[..place.start].chars().next_back();
    let after = text[place.end..].chars().next();
    [before, after]
        .into_iter()
        .flatten()
        .all(|c| !c.is_alphanumeric())
}

impl Spellings {
    /// The spellings for a service with this text in its files, and this text outside the services.
    pub(crate) fn new(groups: Vec<Arc<Expanded>>, own: String, outside: Arc<str>) -> Self {
        Self {
            groups,
            own: own.into(),
            outside,
        }
    }

    /// Whether the text comes from a variable, so that it must not be shown or written.
    #[must_use]
    pub fn hides(&self, text: &str) -> bool {
        matches!(self.text(text), Cow::Owned(_))
    }

    /// The text as the file has it.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.groups.is_empty() || text.is_empty() {
            return Cow::Borrowed(text);
        }
        let lower = text.to_ascii_lowercase();
        let mut groups = self.groups.iter();
        match groups.find_map(|group| group.spelled(&lower, text)) {
            Some(spelled) if !self.own.contains(text) && !self.outside.contains(text) => {
                Cow::Owned(spelled)
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// The reason with all texts as the file has them.
    #[must_use]
    pub fn reason(&self, mut reason: Reason) -> Reason {
        if self.groups.is_empty() {
            return reason;
        }
        let parts = std::mem::take(&mut reason.parts).into_iter();
        reason.parts = parts
            .map(|(name, value)| (name, self.value(value)))
            .collect();
        let more = std::mem::take(&mut reason.more).into_iter();
        reason.more = more.map(|more| self.reason(more)).collect();
        reason
    }

    fn value(&self, value: Value) -> Value {
        let spelled = |text: String| match self.text(&text) {
            Cow::Owned(spelled) => spelled,
            Cow::Borrowed(_) => text,
        };
        match value {
            Value::Path(text) => Value::Path(spelled(text)),
            Value::Name(text) => Value::Name(spelled(text)),
            Value::Written(text) => Value::Written(spelled(text)),
            Value::Capability(text) => Value::Capability(spelled(text)),
            Value::Image(text) => Value::Image(spelled(text)),
            Value::Note(text) => Value::Note(spelled(text)),
            Value::Port(port) => match self.text(&port.to_string()) {
                Cow::Owned(spelled) => Value::Written(spelled),
                Cow::Borrowed(_) => Value::Port(port),
            },
            Value::List(values) => {
                let values = values.into_iter();
                Value::List(values.map(|value| self.value(value)).collect())
            }
            Value::Reason(reason) => Value::Reason(Box::new(self.reason(*reason))),
            Value::Bytes(_) | Value::Count(_) => value,
        }
    }

    /// Whether the assignment would write a value of a variable.
    #[must_use]
    pub fn hides_part_of(&self, assignment: &Assignment) -> bool {
        match assignment {
            // A scratch space has the number of its owner only where that may be written.
            Assignment::Scratch(scratch) => self.hides(&scratch.path),
            Assignment::AddCapability(text) => self.hides(text),
            Assignment::UnprivilegedPortStart(port) => self.hides(&port.to_string()),
            // Removed texts are not written.
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(own: &str) -> Spellings {
        let mut expanded = Expanded::default();
        let name = str::to_owned;
        expanded.add("/srv/Data/db:/var/lib", vec![(0..9, name("DIR"))]);
        expanded.add("8080:80", vec![(0..4, name("PORT"))]);
        expanded.add("./a/../secret.yml", vec![(0..13, name("FILE"))]);
        expanded.add("-Xmx7193m", vec![(4..9, name("HEAP"))]);
        Spellings::new(vec![Arc::new(expanded)], own.to_owned(), Arc::default())
    }

    #[test]
    fn a_text_from_a_variable_is_shown_as_written() {
        let spellings = spellings("");
        for (text, shown) in [
            ("/srv/Data/db", "${DIR}/db"),
            ("/srv/Data", "${DIR}"),
            ("/SRV/DATA", "${DIR}"),
            ("/srv/Data/db:/var/lib", "${DIR}/db:/var/lib"),
            ("Data/db", "${DIR}/db"),
            ("/srv/Data/other", "${DIR}/other"),
            ("8080", "${PORT}"),
            ("secret.yml", "${FILE}.yml"),
            ("base/secret.yml", "base/${FILE}.yml"),
            ("-Xmx7193m", "-Xmx${HEAP}"),
            ("heap=7193m", "heap=${HEAP}"),
            ("/var/lib", "/var/lib"),
            ("80", "80"),
            ("x7193my", "x7193my"),
            ("dat", "dat"),
            ("", ""),
        ] {
            assert_eq!(spellings.text(text), shown, "{text}");
        }
    }

    #[test]
    fn a_text_that_the_service_has_is_shown() {
        let spellings = spellings("volumes: [\"${DIR}/db:/srv/Data/db\"]");
        assert_eq!(spellings.text("/srv/Data/db"), "/srv/Data/db");
        assert_eq!(spellings.text("/srv/Data/other"), "${DIR}/other");
    }
}
