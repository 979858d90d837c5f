//! What says that a container talks to the API of its cluster.

use super::{command_words, program};
use crate::container::{Container, within};

/// What in a container says that it is a client of the cluster's API.
#[must_use]
pub fn of_cluster_client(container: &Container) -> Option<String> {
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
    if let Some(word) = command_words(container).find(|word| PROGRAMS.contains(&program(word))) {
        return Some(format!("its command runs `{word}`"));
    }
    let is_option =
        |word: &&str| word.starts_with('-') && OPTIONS.iter().any(|option| word.contains(option));
    if let Some(word) = command_words(container).find(is_option) {
        return Some(format!("its command has the option `{word}`"));
    }
    let variable = container.environment.iter().find(|(name, _)| {
        ["KUBERNETES_", "KUBE_", "KUBECONFIG", "K8S_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    });
    if let Some((name, _)) = variable {
        return Some(format!("`{name}` is set"));
    }
    let token = container
        .mounts
        .iter()
        .find(|mount| within(&mount.target, "/var/run/secrets/kubernetes.io"));
    if let Some(mount) = token {
        return Some(format!("something is mounted at `{}`", mount.target));
    }
    let image = container.image.as_ref()?.to_string();
    let word = IMAGES.iter().find(|word| image.contains(**word))?;
    Some(format!(
        "`{word}` in the image's name stands for a client of the cluster's API"
    ))
}
