//! The reason for an answer, as a value.
//!
//! A reason is a code with its parts and a place in a file. Only renderers turn it into a
//! sentence. Fingerprints, filters and counts use the code. No code parses the sentence.

use super::Place;

/// The reason for an answer of a transform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code and the sentence.
    pub words: &'static Words,
    /// The values of the placeholders in the sentence, by name.
    pub parts: Vec<(&'static str, Value)>,
    /// The place in the file that the reason is about.
    pub place: Option<Place>,
    /// Further reasons, whose sentences follow.
    pub more: Vec<Reason>,
}

/// A code and its sentence.
///
/// Every reason of the program is declared once, as a constant of this type next to the code that
/// uses it. `docs/reasons.md` lists them all; a test reads them from the sources.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// In kebab-case, unique and never reused, because fingerprints and filters use it.
    pub code: &'static str,
    /// The sentence, in plain English, with `{name}` as the placeholder of a part.
    pub text: &'static str,
}

/// A part of a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A path of the host or of the container, perhaps with mount options.
    Path(String),
    /// A port.
    Port(u16),
    /// A capability, without `CAP_`.
    Capability(String),
    /// A name: a variable, a volume, a service, a program, an option.
    Name(String),
    /// The id of an entry of the knowledge base, or an image as written.
    Image(String),
    /// A text of the file, as written.
    Written(String),
    /// A sentence from data: a note of the knowledge base. It is never part of a fingerprint.
    Note(String),
    /// A number of bytes.
    Bytes(u64),
    /// A count.
    Count(u64),
    /// Several parts of one kind.
    List(Vec<Value>),
    /// A reason whose sentence is part of this one.
    Reason(Box<Reason>),
}

impl Words {
    /// A code and its sentence.
    #[must_use]
    pub const fn new(code: &'static str, text: &'static str) -> Self {
        Self { code, text }
    }
}

impl Reason {
    /// The reason without parts.
    #[must_use]
    pub fn new(words: &'static Words) -> Self {
        Self {
            words,
            parts: Vec::new(),
            place: None,
            more: Vec::new(),
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.words.code
    }

    /// The same with a part.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.parts.push((name, value));
        self
    }

    /// The same with a path at `{path}`.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.with("path", Value::Path(path.into()))
    }

    /// The same with a capability at `{capability}`.
    #[must_use]
    pub fn capability(self, name: impl Into<String>) -> Self {
        self.with("capability", Value::Capability(name.into()))
    }

    /// The same with a name at `{name}`.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        self.with("name", Value::Name(name.into()))
    }

    /// The same with an image at `{image}`.
    #[must_use]
    pub fn image(self, image: impl Into<String>) -> Self {
        self.with("image", Value::Image(image.into()))
    }

    /// The same with a port at `{port}`.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        self.with("port", Value::Port(port))
    }

    /// The same with a text of the file at `{written}`.
    #[must_use]
    pub fn written(self, text: impl Into<String>) -> Self {
        self.with("written", Value::Written(text.into()))
    }

    /// The same with this place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The same with another reason added.
    #[must_use]
    pub fn and(mut self, other: Reason) -> Self {
        self.more.push(other);
        self
    }

    /// The parts that distinguish this reason from others with the same code. Fingerprints use
    /// them. Prose, amounts, images and texts of the file, which may be secrets, are left out.
    #[must_use]
    pub fn identity(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (_, value) in &self.parts {
            value.identity(&mut found);
        }
        found
    }
}

impl Value {
    fn identity(&self, found: &mut Vec<String>) {
        match self {
            Self::Path(text) | Self::Capability(text) | Self::Name(text) => {
                found.push(text.clone());
            }
            Self::Port(port) => found.push(port.to_string()),
            Self::List(values) => values.iter().for_each(|value| value.identity(found)),
            Self::Reason(reason) => {
                found.push(reason.code().to_owned());
                found.extend(reason.identity());
            }
            Self::Image(_) | Self::Written(_) | Self::Note(_) | Self::Bytes(_) | Self::Count(_) => {
            }
        }
    }
}

impl From<&'static Words> for Reason {
    fn from(words: &'static Words) -> Self {
        Self::new(words)
    }
}
