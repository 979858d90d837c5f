//! Finds what a project says of a namespace.

use std::collections::HashMap;

/// Values that each hold for one namespace. A missing namespace can be any, because the command
/// that applies the file chooses it. A stream can have thousands of values and of namespaces.
#[derive(Debug)]
pub(super) struct ByNamespace<T> {
    /// In the order of the files.
    values: Vec<T>,
    /// The first value without a namespace.
    anywhere: Option<usize>,
    /// The first value of each namespace.
    named: HashMap<String, usize>,
}

impl<T> ByNamespace<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn add(&mut self, namespace: Option<String>, value: T) {
        let at = self.values.len();
        match namespace {
            None => self.anywhere.get_or_insert(at),
            Some(namespace) => self.named.entry(namespace).or_insert(at),
        };
        self.values.push(value);
    }

    /// The first value that may hold for the namespace.
    pub(super) fn first(&self, namespace: Option<&str>) -> Option<&T> {
        let Some(namespace) = namespace else {
            return self.values.first();
        };
        let named = self.named.get(namespace).copied();
        let at = named.into_iter().chain(self.anywhere).min()?;
        self.values.get(at)
    }
}

impl<T> Default for ByNamespace<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            anywhere: None,
            named: HashMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_that_may_hold_is_found() {
        let names = [Some("a"), Some("b"), None, Some("a"), Some("c"), None];
        for count in 0..=names.len() {
            let mut all = ByNamespace::default();
            for (at, name) in names.iter().take(count).enumerate() {
                all.add(name.map(str::to_owned), at);
            }
            for wanted in [None, Some("a"), Some("b"), Some("c"), Some("d")] {
                let may_hold =
                    |name: Option<&str>| name.is_none() || wanted.is_none() || name == wanted;
                let expected = names.iter().copied().take(count).position(may_hold);
                assert_eq!(all.first(wanted).copied(), expected, "{wanted:?}");
            }
        }
    }
}
