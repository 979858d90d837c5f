//! Selects the containers that a call names.

use crate::container::Container;

/// The containers that a run changes and reports, by name. Other containers are only read, because
/// they affect the selected ones.
#[derive(Clone, Debug, Default)]
pub struct Selection(Vec<String>);

impl Selection {
    /// The containers with these names; all containers if there are no names.
    #[must_use]
    pub fn of(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Whether every container is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, as given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn selects(&self, container: &Container) -> bool {
        let is_meant = |name: &str| is_name_of(name, &container.workload, &container.name);
        self.is_everything() || self.names().any(is_meant)
    }
}

/// Whether `name` names the container: by its workload, by its own name, or by both with a slash.
/// The first parts of a workload are optional: `prod/Deployment/shop`, `Deployment/shop` and `shop`
/// name the same workload, and `shop/web` names a container of it.
#[must_use]
pub fn is_name_of(name: &str, workload: &str, container: &str) -> bool {
    if name == container || ends_with(workload, name) {
        return true;
    }
    let own = name.strip_suffix(container);
    own.and_then(|rest| rest.strip_suffix('/'))
        .is_some_and(|rest| ends_with(workload, rest))
}

/// Whether the last parts of the workload, separated by slashes, are these.
fn ends_with(workload: &str, words: &str) -> bool {
    !words.is_empty()
        && workload
            .strip_suffix(words)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_has_several_names() {
        let workload = "prod/Deployment/shop";
        for name in [
            "web",
            "shop",
            "Deployment/shop",
            "prod/Deployment/shop",
            "shop/web",
            "Deployment/shop/web",
            "prod/Deployment/shop/web",
        ] {
            assert!(is_name_of(name, workload, "web"), "{name}");
        }
        for name in [
            "",
            "/",
            "/web",
            "hop",
            "op/web",
            "prod",
            "Deployment",
            "shop/",
            "web/shop",
            "eb",
            "Deployment/web",
            "shop/web/web",
        ] {
            assert!(!is_name_of(name, workload, "web"), "{name}");
        }
        assert!(is_name_of("web", "web", "web"));
    }
}
