//! Reads service accounts, their tokens and the roles that a project grants them.

use super::cursor::{Cursor, boolean, string};
use super::object::Object;
use super::read::{Pod, via_pod};
use crate::container::{Injector, Observation, Observed, Setting};
use crate::dialect::Member;

impl Pod<'_, '_> {
    /// Fills in the pod's account and its access to the cluster's API. All containers of a pod have
    /// the token, or none has it.
    pub(super) fn account(&self, accounts: &Accounts, members: &mut [Member]) {
        let named = ["serviceAccountName", "serviceAccount"]
            .iter()
            .map(|key| via_pod(self.spec.setting(&[key], string)))
            .find(|account| !account.is_absent())
            .unwrap_or(Setting::Absent);
        let name = match &named {
            Setting::Set { value, .. } if !value.is_empty() => value.as_str(),
            _ => "default",
        };
        let namespace = self.namespace.as_deref();
        let own = self
            .spec
            .setting(&["automountServiceAccountToken"], boolean);
        let token = match via_pod(own) {
            Setting::Absent => accounts.token(name, namespace),
            own => own,
        };
        let binding = accounts.binding(name, namespace).map(|binding| {
            let role = Observed::RoleBinding {
                binding: binding.to_owned(),
                account: name.to_owned(),
            };
            role.at(named.place())
        });
        let observations: Vec<Observation> = binding
            .into_iter()
            .chain(self.projected_tokens())
            .chain(self.injectors())
            .collect();
        for Member { container, .. } in members {
            container.service_account = named.clone();
            if container.service_account_token.is_supported() {
                container.service_account_token = token.clone();
            }
            container.observations.extend(observations.iter().cloned());
        }
    }

    /// The volumes of the pod that contain another token.
    fn projected_tokens(&self) -> Vec<Observation> {
        let mut found = Vec::new();
        for (_, volume) in self.spec.items_of("volumes") {
            let sources = volume.get("projected");
            let sources = sources.map(|projected| projected.items_of("sources"));
            for (_, source) in sources.unwrap_or_default() {
                if let Some(token) = source.get("serviceAccountToken") {
                    let volume = volume.word_of("name");
                    found.push(Observed::ProjectedToken { volume }.at(Some(token.place())));
                }
            }
        }
        found
    }

    /// The annotations that make another component inject a container into the pod.
    fn injectors(&self) -> Vec<Observation> {
        let annotations = self.annotations.iter().flat_map(Cursor::entries);
        let found = annotations.filter_map(|(key, value)| {
            let (_, injector) = INJECTORS.iter().find(|(name, _)| key.starts_with(name))?;
            let word = value.word();
            if word.is_some_and(|word| word == "false" || word == "disabled") {
                return None;
            }
            let injected = Observed::InjectedBy {
                injector: *injector,
                annotation: key.into_owned(),
            };
            Some(injected.at(Some(value.place())))
        });
        found.collect()
    }
}

/// Prefixes of the annotations that make another component inject a container into the pod.
const INJECTORS: [(&str, Injector); 4] = [
    ("dapr.io/enabled", Injector::Dapr),
    ("linkerd.io/inject", Injector::Linkerd),
    ("sidecar.istio.io/inject", Injector::Istio),
    ("vault.hashicorp.com/", Injector::Vault),
];

/// The accounts that a project defines, and the accounts that it grants roles to.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    defined: Vec<Account>,
    bound: Vec<Bound>,
}

#[derive(Debug)]
struct Account {
    name: String,
    namespace: Option<String>,
    token: Setting<bool>,
}

/// An account that a binding grants a role to.
#[derive(Debug)]
struct Bound {
    name: String,
    namespace: Option<String>,
    /// `ClusterRoleBinding/reader`
    by: String,
}

impl Accounts {
    /// Whether there are no accounts.
    pub(super) fn is_empty(&self) -> bool {
        self.defined.is_empty() && self.bound.is_empty()
    }

    pub(super) fn read<'o, 'a: 'o, 's: 'a + 'o>(
        objects: impl Iterator<Item = &'o Object<'a, 's>>,
    ) -> Self {
        let mut accounts = Self::default();
        for object in objects {
            match (object.kind.as_str(), object.group.as_str()) {
                ("ServiceAccount", "") => {
                    let token = object
                        .cursor
                        .setting(&["automountServiceAccountToken"], boolean);
                    accounts.defined.push(Account {
                        name: object.name(),
                        namespace: object.namespace(),
                        token,
                    });
                }
                ("RoleBinding" | "ClusterRoleBinding", "rbac.authorization.k8s.io") => {
                    let by = format!("{}/{}", object.kind, object.name());
                    let subjects = object.cursor.items_of("subjects");
                    accounts.bound.extend(
                        subjects
                            .iter()
                            .filter_map(|(_, subject)| bound(subject, object.namespace(), &by)),
                    );
                }
                _ => {}
            }
        }
        accounts
    }

    /// Whether the account mounts its token by default. The setting of a pod has precedence.
    pub(super) fn token(&self, name: &str, namespace: Option<&str>) -> Setting<bool> {
        let known = self
            .defined
            .iter()
            .find(|one| one.name == name && same(one.namespace.as_deref(), namespace));
        known.map_or(Setting::Absent, |account| via_pod(account.token.clone()))
    }

    /// The binding that grants the account a role.
    pub(super) fn binding(&self, name: &str, namespace: Option<&str>) -> Option<&str> {
        self.bound
            .iter()
            .find(|one| one.name == name && same(one.namespace.as_deref(), namespace))
            .map(|one| one.by.as_str())
    }
}

fn bound(subject: &Cursor<'_, '_>, own: Option<String>, by: &str) -> Option<Bound> {
    let word = |key: &str| Some(subject.get(key)?.word()?.into_owned());
    (subject.word_of("kind") == "ServiceAccount").then(|| Bound {
        name: subject.word_of("name"),
        namespace: word("namespace").or(own),
        by: by.to_owned(),
    })
}

/// Whether two namespaces may be the same. A missing namespace can be any, because the command that
/// applies the file chooses it.
fn same(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}
