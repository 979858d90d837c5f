//! The knowledge base: from a name to what is known of the image.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::entry::Entry;
use super::facts::Facts;
use super::name::{Name, Tag};
use super::pattern;
use super::rules::Violation;

include!(concat!(env!("OUT_DIR"), "/images.rs"));

/// What is known of images: the embedded entries of `images/`, and perhaps a user's own.
///
/// Making one costs nothing: an entry is read when the first image asks for it, and what was
/// settled for an image is kept.
#[derive(Debug, Default)]
pub struct Knowledge {
    own: Vec<Entry>,
    /// Every pattern of `own` with the index of its entry, the most specific first.
    own_patterns: Vec<(String, usize)>,
    settled: RwLock<Settled>,
}

/// What was found for a repository and a tag.
type Settled = HashMap<(String, Tag), Option<Arc<Facts>>>;

/// Why a text is not an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// It is not YAML, a key is unknown or missing, or a value has the wrong type.
    #[error("{message}")]
    Shape {
        /// What is wrong, with line and column.
        message: String,
        /// The byte at which it was noticed.
        at: Option<usize>,
    },
    /// It breaks a rule that types cannot say.
    #[error(transparent)]
    Rule(#[from] Violation),
    /// Two entries claim the same images.
    #[error("images: `{0}` is claimed by two entries")]
    Claimed(String),
}

impl Knowledge {
    /// The entries that come with the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::default()
    }

    /// The same, with a user's own entries tried before them.
    ///
    /// # Errors
    ///
    /// Two of the user's entries claim the same pattern.
    pub fn with(entries: impl IntoIterator<Item = Entry>) -> Result<Self, EntryError> {
        let own: Vec<Entry> = entries.into_iter().collect();
        let mut own_patterns: Vec<(String, usize)> = own
            .iter()
            .enumerate()
            .flat_map(|(at, entry)| {
                entry
                    .images
                    .iter()
                    .map(move |pattern| (pattern.clone(), at))
            })
            .collect();
        own_patterns.sort_by(|left, right| pattern::specificity(&left.0, &right.0));
        for pair in own_patterns.windows(2) {
            if let [(left, _), (right, _)] = pair
                && left == right
            {
                return Err(EntryError::Claimed(left.clone()));
            }
        }
        Ok(Self {
            own,
            own_patterns,
            settled: RwLock::default(),
        })
    }

    /// What is known of an image; `None` if nothing is, or a variable hides which one it is.
    pub fn facts(&self, name: &Name) -> Option<Arc<Facts>> {
        let key = (name.canonical()?, name.tag().clone());
        if let Some(settled) = self
            .settled
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return settled.clone();
        }
        let facts = self
            .find(&key.0)
            .map(|entry| Arc::new(Facts::settle(entry, &key.1)));
        self.settled
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_insert(facts)
            .clone()
    }

    /// The entry for a repository as [`Name::canonical`] gives it.
    #[must_use]
    pub fn find(&self, repository: &str) -> Option<&Entry> {
        let own = self
            .own_patterns
            .iter()
            .find(|(pattern, _)| pattern::matches(pattern, repository));
        if let Some((_, at)) = own {
            return self.own.get(*at);
        }
        let (_, at) = PATTERNS
            .iter()
            .find(|(pattern, _)| pattern::matches(pattern, repository))?;
        ENTRIES.get(*at)?.entry()
    }

    /// Every entry: a user's own, then the embedded ones by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.own
            .iter()
            .chain(ENTRIES.iter().filter_map(Embedded::entry))
    }
}

impl Entry {
    /// Reads the text of an entry and checks its rules.
    ///
    /// # Errors
    ///
    /// Every rule it breaks; or the one reason why it cannot be read.
    pub fn read(text: &str) -> Result<Self, Vec<EntryError>> {
        let entry: Self = serde_yaml::from_str(text).map_err(|error| {
            vec![EntryError::Shape {
                at: error.location().map(|location| location.index()),
                message: error.to_string(),
            }]
        })?;
        let violations = entry.violations();
        if violations.is_empty() {
            Ok(entry)
        } else {
            Err(violations.into_iter().map(EntryError::Rule).collect())
        }
    }
}

/// A file of `images/`, read when it is first needed; `build.rs` has checked that it can be.
#[derive(Debug)]
struct Embedded {
    id: &'static str,
    text: &'static str,
    entry: OnceLock<Option<Entry>>,
}

impl Embedded {
    const fn new(id: &'static str, text: &'static str) -> Self {
        Self {
            id,
            text,
            entry: OnceLock::new(),
        }
    }

    fn entry(&self) -> Option<&Entry> {
        self.entry
            .get_or_init(|| {
                let entry = serde_yaml::from_str(self.text).ok();
                debug_assert!(
                    entry.is_some(),
                    "images/{}.yaml passed the build and cannot be read",
                    self.id
                );
                entry
            })
            .as_ref()
    }
}
