//! Evidence that a container uses the API of its cluster.

use super::commands::programs;
use super::{command_words, program};
use crate::container::{Container, Reason, Words, within};

static CLIENT_PROGRAM: Words = Words::new(
    "runs-cluster-client",
    "Its command runs {name}, which talks to the cluster's API.",
);
static CLIENT_OPTION: Words = Words::new(
    "has-cluster-option",
    "Its command has the option {name}: it may talk to the cluster's API.",
);
static CLIENT_VARIABLE: Words = Words::new(
    "has-cluster-variable",
    "{name} is set: it may talk to the cluster's API.",
);
static TOKEN_MOUNT: Words = Words::new(
    "mounts-at-token-path",
    "A volume is mounted at {path}, where tokens for the cluster's API are.",
);
static CLIENT_IMAGE: Words = Words::new(
    "image-named-like-cluster-client",
    "The image is named like a client of the cluster's API ({name}).",
);

/// The evidence that the container is a client of the cluster's API.
#[must_use]
pub fn of_cluster_client(container: &Container) -> Option<Reason> {
    const PROGRAMS: [&str; 5] = ["argocd", "flux", "helm", "istioctl", "kubectl"];
    const OPTIONS: [&str; 6] = [
        "in-cluster",
        "kube-api",
        "kubeconfig",
        "kubernetes",
        "leader-elect",
        "leader-election",
    ];
    const IMAGES: [&str; 36] = [
        "argo",
        "autoscaler",
        "calico",
        "cert-manager",
        "cilium",
        "consul",
        "controller",
        "coredns",
        "csi-",
        "dapr",
        "dashboard",
        "datadog",
        "descheduler",
        "external-dns",
        "external-secrets",
        "falco",
        "fluent",
        "flux",
        "ingress",
        "istio",
        "jenkins",
        "k8s",
        "kube",
        "linkerd",
        "metrics-server",
        "nats-",
        "operator",
        "otel",
        "opentelemetry",
        "prometheus",
        "promtail",
        "provisioner",
        "reloader",
        "runner",
        "traefik",
        "velero",
    ];
    if let Some(word) = programs(container).find(|word| PROGRAMS.contains(&program(word))) {
        return Some(Reason::new(&CLIENT_PROGRAM).name(word));
    }
    let is_option =
        |word: &&str| word.starts_with('-') && OPTIONS.iter().any(|option| word.contains(option));
    if let Some(word) = command_words(container).find(is_option) {
        let option = word.split('=').next().unwrap_or(word);
        return Some(Reason::new(&CLIENT_OPTION).name(option));
    }
    let variable = container.environment.iter().find(|(name, _)| {
        ["KUBERNETES_", "KUBE_", "KUBECONFIG", "K8S_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    });
    if let Some((name, _)) = variable {
        return Some(Reason::new(&CLIENT_VARIABLE).name(name));
    }
    let token = container
        .mounts
        .iter()
        .find(|mount| within(&mount.target, "/var/run/secrets/kubernetes.io"));
    if let Some(mount) = token {
        let reason = Reason::new(&TOKEN_MOUNT).path(mount.target.as_str());
        return Some(reason.at(mount.place));
    }
    let image = container.image.as_ref()?.to_string();
    let word = IMAGES.iter().find(|word| image.contains(**word))?;
    Some(Reason::new(&CLIENT_IMAGE).name(*word))
}
