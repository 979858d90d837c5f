//! The knowledge base: finds the facts for an image name.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::entry::{Entry, Kind};
use super::facts::Facts;
use super::name::{Name, Tag};
use super::read::{self, EntryError};
use super::{Edition, pattern};

include!(concat!(env!("OUT_DIR"), "/images.rs"));

/// The knowledge base: the embedded entries of `images/` and the entries that the user added.
///
/// Creating a `Knowledge` is cheap. An entry is parsed when an image needs it for the first time,
/// and the facts of an image are cached. Only an earlier edition is parsed when it is selected.
#[derive(Debug, Default)]
pub struct Knowledge {
    own: Table,
    /// The embedded entries of an earlier edition.
    earlier: Option<Table>,
    cache: RwLock<Cache>,
}

/// Ids that are also common words in names, so they do not identify the software.
const COMMON_WORDS: [&str; 6] = [
    "actual", "docker", "homepage", "pause", "registry", "vector",
];

/// Common names of services that differ from their ids.
const SYNONYMS: [(&str, &str); 4] = [
    ("apache", "httpd"),
    ("kafka", "kafka-apache"),
    ("mongodb", "mongo"),
    ("postgresql", "postgres"),
];

/// The facts found for each repository and tag.
type Cache = HashMap<(String, Tag), Option<Arc<Facts>>>;

impl Knowledge {
    /// The entries that are part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::default()
    }

    /// The embedded entries and the user's entries. The user's entries take precedence.
    ///
    /// # Errors
    ///
    /// Two of the user's entries have the same pattern.
    pub fn with(entries: impl IntoIterator<Item = Entry>) -> Result<Self, EntryError> {
        let own = Table::new(entries.into_iter().collect());
        match own.claimed_twice() {
            Some(pattern) => Err(EntryError::Claimed(pattern.to_owned())),
            None => Ok(Self {
                own,
                ..Self::default()
            }),
        }
    }

    /// The knowledge base of an earlier edition: without the entries and changes of later editions.
    /// The user's entries do not change.
    #[must_use]
    pub fn at(self, edition: Edition) -> Self {
        let earlier = (edition < Edition::CURRENT).then(|| {
            let versions = ENTRIES.iter().map(Embedded::versions);
            Table::new(versions.filter_map(|one| version(one, edition)).collect())
        });
        Self {
            earlier,
            cache: RwLock::default(),
            ..self
        }
    }

    /// The facts about an image. `None` if no entry matches, or if a variable hides the repository.
    pub fn facts(&self, name: &Name) -> Option<Arc<Facts>> {
        let key = (name.canonical()?, name.tag().clone());
        if let Some(cached) = self
            .cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return cached.clone();
        }
        let facts = self
            .find(&key.0)
            .map(|entry| Arc::new(Facts::for_tag(entry, &key.1)));
        self.cache
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_insert(facts)
            .clone()
    }

    /// The known service that an unknown image is probably named after. The last component of the
    /// image name, a word of that component or a word of `container` (the container's name in its
    /// file) must be the name of the service. The registry and the account do not matter.
    #[must_use]
    pub fn namesake(&self, image: Option<&Name>, container: &str) -> Option<String> {
        let repository = image.and_then(Name::repository);
        let last = repository.and_then(|repository| repository.rsplit('/').next());
        let whole = last.and_then(|last| self.service(last));
        let words = || [last, Some(container)].into_iter().flatten();
        whole.or_else(|| words().find_map(|name| self.service_in(name)))
    }

    /// The known service that is a word of this name.
    fn service_in(&self, name: &str) -> Option<String> {
        let words = || name.split(['-', '_', '.']);
        // An exporter, a test or a demo of a service needs less than the service itself.
        if words().any(|word| matches!(word, "exporter" | "e2e" | "test" | "demo")) {
            return None;
        }
        let words = words().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
        let mut candidates = words.filter(|word| !word.is_empty() && !COMMON_WORDS.contains(word));
        candidates.find_map(|word| {
            let synonym = SYNONYMS.iter().find(|(other, _)| *other == word);
            self.service(synonym.map_or(word, |(_, id)| id))
        })
    }

    fn service(&self, name: &str) -> Option<String> {
        let entry = self.find(name).or_else(|| self.called(name))?;
        (entry.kind == Kind::Service).then(|| entry.id.clone())
    }

    /// The entry with this id.
    fn called(&self, id: &str) -> Option<&Entry> {
        let table = self.earlier.as_ref().unwrap_or(&self.own);
        let listed = table.entries.iter().find(|entry| entry.id == id);
        listed.or_else(|| {
            let mut current = ENTRIES.iter().filter(|_| self.earlier.is_none());
            current.find(|one| one.id == id)?.entry()
        })
    }

    /// The entry for a repository name in the form of [`Name::canonical`].
    #[must_use]
    pub fn find(&self, repository: &str) -> Option<&Entry> {
        if let Some(entry) = self.own.find(repository) {
            return Some(entry);
        }
        if let Some(earlier) = &self.earlier {
            return earlier.find(repository);
        }
        // Patterns are sorted by specificity, so the names come before the globs.
        let order = |(pattern, _): &(&str, usize)| pattern::specificity(pattern, repository);
        let at = PATTERNS.binary_search_by(order).ok().or_else(|| {
            let globs = PATTERNS.partition_point(|(pattern, _)| !pattern.contains('*'));
            let matches = |(pattern, _): &(&str, usize)| pattern::matches(pattern, repository);
            Some(globs + PATTERNS[globs..].iter().position(matches)?)
        })?;
        let (_, entry) = PATTERNS[at];
        ENTRIES.get(entry)?.entry()
    }

    /// Every entry: first the user's entries, then the embedded ones by id.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let embedded = ENTRIES.iter().filter(|_| self.earlier.is_none());
        let earlier = self.earlier.iter().flat_map(|table| &table.entries);
        let own = self.own.entries.iter();
        own.chain(earlier)
            .chain(embedded.filter_map(Embedded::entry))
    }
}

impl Entry {
    /// Parses the text of one entry and checks its rules.
    ///
    /// # Errors
    ///
    /// Every rule that the entry breaks, or the one reason why it cannot be parsed.
    pub fn read(text: &str) -> Result<Self, Vec<EntryError>> {
        let errors = |faults: Vec<read::Fault>| faults.into_iter().map(|fault| fault.error);
        read::entry(text).map_err(|faults| errors(faults).collect())
    }
}

/// Entries, with their patterns in the order in which they are tried.
#[derive(Debug, Default)]
struct Table {
    entries: Vec<Entry>,
    /// Each pattern with the index of its entry; the most specific pattern comes first.
    patterns: Vec<(String, usize)>,
}

impl Table {
    fn new(entries: Vec<Entry>) -> Self {
        let mut patterns: Vec<(String, usize)> = entries
            .iter()
            .enumerate()
            .flat_map(|(at, entry)| {
                let patterns = entry.images.iter();
                patterns.map(move |pattern| (pattern.clone(), at))
            })
            .collect();
        patterns.sort_by(|left, right| pattern::specificity(&left.0, &right.0));
        Self { entries, patterns }
    }

    fn claimed_twice(&self) -> Option<&str> {
        self.patterns.windows(2).find_map(|pair| match pair {
            [(left, _), (right, _)] if left == right => Some(left.as_str()),
            _ => None,
        })
    }

    fn find(&self, repository: &str) -> Option<&Entry> {
        let (_, at) = self
            .patterns
            .iter()
            .find(|(pattern, _)| pattern::matches(pattern, repository))?;
        self.entries.get(*at)
    }
}

/// The version of an entry for an edition. `None` if the entry is newer than the edition.
fn version(versions: Vec<Entry>, edition: Edition) -> Option<Entry> {
    versions
        .into_iter()
        .filter(|entry| entry.edition <= edition)
        .max_by_key(|entry| entry.edition)
}

/// A file of `images/`, parsed when it is first needed. `build.rs` has checked that it is valid.
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

    /// The newest version of the entry.
    fn entry(&self) -> Option<&Entry> {
        self.entry
            .get_or_init(|| {
                let (_, newest) = read::documents(self.text).into_iter().next()?;
                let entry = serde_yaml::from_str(newest).ok();
                debug_assert!(
                    entry.is_some(),
                    "images/{}.yaml passed the build and cannot be read",
                    self.id
                );
                entry
            })
            .as_ref()
    }

    /// All versions of the entry, one for each edition that changed it.
    fn versions(&self) -> Vec<Entry> {
        read::entries(self.text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of an edition. The uid identifies the version.
    fn entry(id: &str, edition: &str, uid: u32) -> String {
        format!(
            "id: {id}\ndate: 2026-11-23\nedition: {edition}\nkind: service\nimages: [{id}]\n\
             sources: {{a: somewhere}}\n\
             user: {{source: [a], confidence: high, default: '{uid}', starts_as_user: unknown}}\n"
        )
    }

    fn edition(text: &str) -> Edition {
        text.parse().unwrap()
    }

    #[test]
    fn an_edition_has_the_entries_of_its_time() {
        let text = format!(
            "{}---\n{}",
            entry("a", "2027.02", 2),
            entry("a", "2026.11", 1)
        );
        let user = |at: &str| {
            let versions = read::entries(&text).unwrap();
            version(versions, edition(at)).map(|entry| entry.user.default)
        };
        assert_eq!(user("2026.10"), None);
        assert_eq!(user("2026.11").as_deref(), Some("1"));
        assert_eq!(user("2027.01").as_deref(), Some("1"));
        assert_eq!(user("2027.02").as_deref(), Some("2"));
        assert_eq!(user("2030.01").as_deref(), Some("2"));
    }

    #[test]
    fn an_earlier_edition_keeps_user_entries() {
        let own = read::entries(&entry("own", "2030.01", 5)).unwrap();
        let knowledge = Knowledge::with(own).unwrap().at(edition("2026.10"));
        assert_eq!(knowledge.entries().count(), 1);
        assert!(knowledge.find("own").is_some());
        assert!(knowledge.find("postgres").is_none());
        let now = knowledge.at(Edition::CURRENT);
        assert!(now.find("postgres").is_some());
        assert!(now.entries().count() > 90);
    }

    #[test]
    fn the_same_edition_is_the_same_knowledge() {
        let first = edition("2026.11");
        let pinned = Knowledge {
            earlier: Some(Table::new(
                ENTRIES
                    .iter()
                    .filter_map(|one| version(one.versions(), first))
                    .collect(),
            )),
            ..Knowledge::default()
        };
        for image in [
            "postgres:16",
            "bitnami/redis",
            "bitnami/other",
            "example/none",
        ] {
            let id = |knowledge: &Knowledge| {
                let facts = knowledge.facts(&Name::parse(image));
                facts.map(|facts| facts.id.clone())
            };
            assert_eq!(id(&pinned), id(&Knowledge::embedded()), "{image}");
        }
    }
}
