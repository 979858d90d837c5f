//! Reads service accounts, their tokens and the roles that a project grants them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::cursor::{Cursor, boolean, string};
use super::namespaces::ByNamespace;
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

/// The accounts that a project defines, and the accounts that it grants roles to, by name.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    /// Whether the account mounts its token by default.
    tokens: HashMap<String, ByNamespace<Setting<bool>>>,
    /// The bindings that grant a role to the account, such as `ClusterRoleBinding/reader`.
    bindings: HashMap<String, ByNamespace<String>>,
}

impl Accounts {
    /// Whether there are no accounts.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.bindings.is_empty()
    }

    /// Adds the accounts and bindings among the objects, without their places if they are of a
    /// stream.
    pub(super) fn add<'o, 'a: 'o, 's: 'a + 'o>(
        &mut self,
        objects: impl Iterator<Item = &'o Object<'a, 's>>,
        is_stream: bool,
    ) {
        for object in objects {
            match (object.kind.as_str(), object.group.as_str()) {
                ("ServiceAccount", "") => {
                    let mut token = object
                        .cursor
                        .setting(&["automountServiceAccountToken"], boolean);
                    if is_stream {
                        token.forget_place();
                    }
                    let known = self.tokens.entry(object.name()).or_default();
                    known.add(object.namespace(), token);
                }
                ("RoleBinding" | "ClusterRoleBinding", "rbac.authorization.k8s.io") => {
                    let by = format!("{}/{}", object.kind, object.name());
                    let subjects = object.cursor.items_of("subjects");
                    for (_, subject) in subjects {
                        self.bind(&subject, object.namespace(), &by);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the account mounts its token by default. The setting of a pod has precedence.
    pub(super) fn token(&self, name: &str, namespace: Option<&str>) -> Setting<bool> {
        let known = self.tokens.get(name);
        let token = known.and_then(|known| known.first(namespace));
        token.map_or(Setting::Absent, |token| via_pod(token.clone()))
    }

    /// The binding that grants the account a role.
    pub(super) fn binding(&self, name: &str, namespace: Option<&str>) -> Option<&str> {
        let by = self.bindings.get(name)?.first(namespace)?;
        Some(by)
    }

    /// Adds a subject of a binding. It may be something other than an account.
    fn bind(&mut self, subject: &Cursor<'_, '_>, own: Option<String>, by: &str) {
        if subject.word_of("kind") == "ServiceAccount" {
            let namespace = subject.get("namespace").and_then(|name| name.word());
            let namespace = namespace.map(Cow::into_owned).or(own);
            let known = self.bindings.entry(subject.word_of("name")).or_default();
            known.add(namespace, by.to_owned());
        }
    }
}
