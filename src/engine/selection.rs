//! Selects the containers that a call names.

use std::collections::HashSet;

use crate::container::Container;

/// The containers that a run changes and reports, by name. Other containers are only read, because
/// they affect the selected ones.
#[derive(Clone, Debug, Default)]
pub struct Selection(HashSet<String>);

/// A workload has a namespace, a kind and a name. More slashes are part of a name that no consumer
/// accepts.
const MOST_NAMES: usize = 8;

impl Selection {
    /// The containers with these names; all containers if there are no names.
    #[must_use]
    pub fn of(names: Vec<String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// Whether every container is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn selects(&self, container: &Container) -> bool {
        let mut names = names_of(&container.workload, &container.name);
        self.is_everything() || names.any(|name| self.0.contains(&name))
    }
}

/// The names of the container: that of its workload, its own, and both with a slash. The first parts
/// of a workload are optional: `prod/Deployment/shop`, `Deployment/shop` and `shop` name the same
/// workload, and `shop/web` names a container of it.
pub fn names_of(workload: &str, container: &str) -> impl Iterator<Item = String> {
    let whole = workload_names(workload).filter(|name| !name.is_empty());
    let both = whole
        .clone()
        .map(move |workload| format!("{workload}/{container}"));
    std::iter::once(container.to_owned())
        .chain(whole.map(str::to_owned))
        .chain(both)
}

/// The names of a workload: `prod/Deployment/shop`, `Deployment/shop` and `shop`.
pub(super) fn workload_names(workload: &str) -> impl Iterator<Item = &str> + Clone {
    let ends = workload.match_indices('/').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(ends).take(MOST_NAMES);
    starts.map(|at| workload.get(at..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_name_of(name: &str, workload: &str, container: &str) -> bool {
        names_of(workload, container).any(|known| known == name)
    }

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
