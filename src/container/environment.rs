//! The variables of a container.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A variable: its name and its value. The value is `None` if it comes from outside the files.
pub type Variable = (String, Option<String>);

/// The variables of a container: those of files, overridden by its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    files: Arc<SharedVariables>,
    /// The indices of own variables that override those of files, by the indices of these.
    overrides: BTreeMap<usize, usize>,
    own: Vec<Variable>,
}

/// Variables of files, each name once. All containers that read the same files share them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SharedVariables {
    list: Vec<Variable>,
    places: HashMap<String, usize>,
}

impl FromIterator<Variable> for SharedVariables {
    /// A later value replaces an earlier one.
    fn from_iter<I: IntoIterator<Item = Variable>>(variables: I) -> Self {
        let mut shared = Self::default();
        for (name, value) in variables {
            if let Some(at) = shared.places.get(&name) {
                shared.list[*at].1 = value;
            } else {
                shared.places.insert(name.clone(), shared.list.len());
                shared.list.push((name, value));
            }
        }
        shared
    }
}

impl Environment {
    /// The variables of files, and own ones that override them.
    #[must_use]
    pub fn new(files: Arc<SharedVariables>, own: SharedVariables) -> Self {
        let own = own.list;
        let places = own.iter().enumerate();
        let overrides = places.filter_map(|(at, (name, _))| Some((*files.places.get(name)?, at)));
        Self {
            overrides: overrides.collect(),
            files,
            own,
        }
    }

    /// Adds an own variable. An equal name may be there already.
    pub fn push(&mut self, name: String, value: Option<String>) {
        self.own.push((name, value));
    }

    /// The names and the known values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let of_files = self.files.list.iter().enumerate().map(|(at, variable)| {
            match self.overrides.get(&at) {
                Some(own) => &self.own[*own],
                None => variable,
            }
        });
        let own = self.own.iter();
        let own = own.filter(|(name, _)| !self.files.places.contains_key(name));
        of_files
            .chain(own)
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}
