//! Service accounts: who is a client of the cluster's API, as far as the files say.

use super::cursor::{Cursor, boolean, string};
use super::object::Object;
use super::read::{Pod, via_pod};
use crate::container::{Against, Evidence, Place, Reason, Setting};
use crate::dialect::Member;
use crate::transforms::evidence;

impl Pod<'_, '_> {
    /// What the pod is to the cluster's API: the token is mounted in all of its containers or in
    /// none, so that what one of them says is said of all.
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
        let against = self.against_token(name, &named, accounts, members);
        for Member { container, .. } in members {
            container.service_account = named.clone();
            if container.service_account_token.is_supported() {
                container.service_account_token = token.clone();
            }
            container.evidence.extend(against.iter().cloned());
        }
    }

    /// What says that the pod is a client of the cluster's API.
    fn against_token(
        &self,
        name: &str,
        named: &Setting<String>,
        accounts: &Accounts,
        members: &[Member],
    ) -> Vec<Evidence> {
        let mut found = Vec::new();
        let mut add = |what: String, decisive: bool, place: Option<Place>| {
            found.push(Evidence {
                against: Against::ServiceAccountToken,
                reason: Reason::from(what).at(place),
                decisive: decisive,
            });
        };
        if let Some(binding) = accounts.binding(name, self.namespace.as_deref()) {
            let what = format!("{binding} gives its service account `{name}` a role");
            add(what, true, named.place());
        }
        match named {
            Setting::Variable { text, .. } | Setting::Unreadable { text, .. } => {
                add(
                    format!("`{text}` decides who it is to the cluster's API"),
                    false,
                    named.place(),
                );
            }
            _ if name != "default" => add(
                format!("it has a service account of its own, `{name}`"),
                false,
                named.place(),
            ),
            _ => {}
        }
        if self.namespace.as_deref() == Some("kube-system") {
            add(
                "it is part of the cluster: `kube-system`".to_owned(),
                false,
                None,
            );
        }
        for (_, volume) in self.spec.items_of("volumes") {
            let sources = volume.get("projected");
            let sources = sources.map(|projected| projected.items_of("sources"));
            for (_, source) in sources.unwrap_or_default() {
                if let Some(token) = source.get("serviceAccountToken") {
                    let what = format!(
                        "the volume `{}` brings it a token of its own",
                        volume.word_of("name")
                    );
                    add(what, false, Some(token.place()));
                }
            }
        }
        for (key, value) in self.annotations.iter().flat_map(Cursor::entries) {
            let injects = INJECTORS.iter().any(|prefix| key.starts_with(prefix));
            if injects
                && value
                    .word()
                    .is_none_or(|word| word != "false" && word != "disabled")
            {
                let what = format!("`{key}` has a container injected that may need it");
                add(what, false, Some(value.place()));
            }
        }
        let clients = members
            .iter()
            .filter_map(|member| evidence::of_cluster_client(&member.container));
        for what in clients {
            add(what, false, None);
        }
        found
    }
}

/// Annotations by which others add a container to the pod that talks to the API, or that take the
/// pod's token to prove who it is (Vault, Dapr, service meshes).
const INJECTORS: [&str; 4] = [
    "dapr.io/enabled",
    "linkerd.io/inject",
    "sidecar.istio.io/inject",
    "vault.hashicorp.com/",
];

/// The accounts that a project defines, and those that it gives rights to.
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

/// An account that a binding gives a role to.
#[derive(Debug)]
struct Bound {
    name: String,
    namespace: Option<String>,
    /// `ClusterRoleBinding/reader`
    by: String,
}

impl Accounts {
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

    /// Whether the account says that its token is mounted; a pod's own word goes before.
    pub(super) fn token(&self, name: &str, namespace: Option<&str>) -> Setting<bool> {
        let known = self
            .defined
            .iter()
            .find(|one| one.name == name && same(one.namespace.as_deref(), namespace));
        known.map_or(Setting::Absent, |account| via_pod(account.token.clone()))
    }

    /// The binding that gives the account a role.
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

/// A namespace that is not written can be any: it comes with the command that applies the file.
fn same(left: Option<&str>, right: Option<&str>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left == right,
        _ => true,
    }
}
