//! Image references in a file: registry, repository, tag, digest.

use std::fmt;

/// An image reference. Any text can be parsed; a part that the text does not determine is `None`.
///
/// The grammar is the [distribution reference][grammar]. Variables are replaced with their
/// defaults. A part that depends on a variable without a default is unknown.
///
/// [grammar]: https://pkg.go.dev/github.com/distribution/reference
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    text: String,
    registry: Option<String>,
    repository: Option<String>,
    tag: Tag,
    digest: Option<String>,
    dynamic: bool,
}

/// The tag that selects an image of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// The tag; `latest` if the reference has neither tag nor digest.
    Known(String),
    /// The reference has only a digest, or a variable without a default decides the tag.
    Unknown,
}

/// Hosts that serve Docker Hub with the same repository names.
const HUB: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "mirror.gcr.io",
];

/// Copies of the official images of Docker Hub: <https://gallery.ecr.aws/docker>, and Microsoft's
/// mirror for its own builders.
const OFFICIAL_MIRRORS: &[&str] = &[
    "public.ecr.aws/docker/library/",
    "mcr.microsoft.com/mirror/docker/library/",
];

/// The path on a GitLab host that serves the images of Docker Hub (GitLab documentation,
/// "Dependency proxy for container images").
const DEPENDENCY_PROXY: &str = "/dependency_proxy/containers/";

/// Hosts that a pull-through proxy names in its path: `proxy.example.com/quay.io/a/b`.
const PROXIED: &[&str] = &[
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "lscr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.k8s.io",
];

/// Hosts that were renamed and serve the same images (kubernetes.io blog 2023-02-06, "k8s.gcr.io
/// Image Registry Will Be Frozen").
const RENAMED: &[(&str, &str)] = &[("k8s.gcr.io", "registry.k8s.io")];

/// Placeholder for a variable without a known value. No reference contains this character.
pub(super) const UNKNOWN: char = '\0';

/// Maximum depth of defaults inside defaults.
const DEPTH: usize = 8;

impl Name {
    /// Parses a reference as it is written in a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let written = text.trim();
        // podman and skopeo use this prefix for a reference to a registry.
        let written = written.strip_prefix("docker://").unwrap_or(written);
        let mut resolved = String::with_capacity(written.len());
        let dynamic = expand(written, &mut resolved, DEPTH);
        let (rest, digest) = match resolved.split_once('@') {
            Some((rest, digest)) => (rest, known(digest)),
            None => (resolved.as_str(), None),
        };
        let has_digest = resolved.contains('@');
        let path_at = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (path, tag) = match rest.get(path_at..).and_then(|last| last.split_once(':')) {
            Some((last, tag)) => {
                let path = rest.get(..path_at + last.len()).unwrap_or(rest);
                (path, known(tag).map_or(Tag::Unknown, Tag::Known))
            }
            // A variable at the end of the repository may contain a tag.
            None if has_digest || rest.contains(UNKNOWN) => (rest, Tag::Unknown),
            None => (rest, Tag::Known("latest".to_owned())),
        };
        let (registry, path) = match path.split_once('/') {
            Some((host, path)) if is_host(host) => (known(host), path),
            _ => (None, path),
        };
        let repository = if rest.starts_with(UNKNOWN) {
            None
        } else {
            known(path)
        };
        Self {
            registry,
            repository: repository.map(|path| path.to_ascii_lowercase()),
            tag,
            digest,
            dynamic,
            text: text.to_owned(),
        }
    }

    /// The reference as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name that identifies the software: the repository, without `library/`, and with the
    /// registry unless the registry serves Docker Hub. `None` if a variable hides the repository.
    #[must_use]
    pub fn canonical(&self) -> Option<String> {
        let repository = self.repository.as_deref()?;
        let official = |path: &str| path.strip_prefix("library/").unwrap_or(path).to_owned();
        let Some(registry) = self.registry.as_deref() else {
            return Some(official(repository));
        };
        let registry = registry.to_ascii_lowercase();
        let host = registry.strip_suffix(":443").unwrap_or(&registry);
        if HUB.contains(&host) {
            return Some(official(repository));
        }
        if let Some((_, path)) = repository.split_once(DEPENDENCY_PROXY) {
            return Some(official(path));
        }
        let renamed = RENAMED.iter().find(|(old, _)| *old == host);
        let full = match repository.split_once('/') {
            Some(("docker.io", path)) => return Some(official(path)),
            Some((upstream, _)) if PROXIED.contains(&upstream) => repository.to_owned(),
            _ => match renamed {
                Some((_, new)) => format!("{new}/{repository}"),
                None => format!("{registry}/{repository}"),
            },
        };
        let mirrored = OFFICIAL_MIRRORS
            .iter()
            .find_map(|prefix| full.strip_prefix(prefix).map(str::to_owned));
        Some(mirrored.unwrap_or(full))
    }

    /// The registry as it is written, with its port; `None` for the default registry.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The repository as it is written, without the registry.
    #[must_use]
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// The tag that selects an image of the repository.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// The digest with its algorithm: `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Whether the reference contains a variable, with or without a default.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }
}

impl fmt::Display for Name {
    /// Writes the reference as it is written in the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text; `None` if it is empty or contains an unknown variable.
fn known(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(UNKNOWN)).then(|| text.to_owned())
}

/// Whether the first component of a path is a host: it cannot be part of a repository name.
fn is_host(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':', UNKNOWN])
        || component.chars().any(|c| c.is_ascii_uppercase())
}

/// Writes the text with its variables replaced by their defaults. Returns whether the text contains
/// variables.
///
/// The syntax is that of the [Compose specification][spec]; `$$` is a dollar sign.
///
/// [spec]: https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md
fn expand(text: &str, into: &mut String, depth: usize) -> bool {
    let mut rest = text;
    let mut any = false;
    while let Some((before, after)) = rest.split_once('$') {
        into.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            into.push('$');
            rest = after;
            continue;
        }
        any = true;
        if let Some(body) = after.strip_prefix('{') {
            let Some((inside, after)) = split_at_brace(body) else {
                into.push(UNKNOWN);
                return true;
            };
            let name = inside.len() - inside.trim_start_matches(is_name).len();
            let (_, operation) = inside.split_at(name);
            match operation
                .strip_prefix(":-")
                .or_else(|| operation.strip_prefix('-'))
            {
                Some(default) if depth > 0 => {
                    expand(default, into, depth - 1);
                }
                // `+` gives an alternative for a variable that is set. An unset variable gives an
                // empty text.
                None if operation.starts_with(":+") || operation.starts_with('+') => {}
                Some(_) | None => into.push(UNKNOWN),
            }
            rest = after;
        } else {
            into.push(UNKNOWN);
            rest = after.trim_start_matches(is_name);
        }
    }
    into.push_str(rest);
    any
}

/// Splits a text at its unmatched closing brace: the text before and the text after.
fn split_at_brace(text: &str) -> Option<(&str, &str)> {
    let mut open = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' if open == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            b'}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        Name::parse(text).canonical()
    }

    #[test]
    fn docker_hub_hosts_are_equal() {
        for text in [
            "nginx",
            "library/nginx",
            "docker.io/nginx",
            "docker.io/library/nginx:1.27",
            "index.docker.io/library/nginx",
            "registry-1.docker.io/library/nginx",
            "registry.hub.docker.com/library/nginx",
            "mirror.gcr.io/library/nginx:alpine",
            "mirror.gcr.io/nginx",
            "INDEX.docker.io:443/library/nginx",
            "docker://nginx",
            "docker://docker.io/library/nginx:1",
            "mcr.microsoft.com/mirror/docker/library/nginx:1.25",
            "gitlab.example.com/group/dependency_proxy/containers/nginx:1",
            "registry.example.com:5000/docker.io/library/nginx@sha256:00",
            "proxy.example.com/docker.io/nginx",
            "proxy.example.com/public.ecr.aws/docker/library/nginx",
            "public.ecr.aws/docker/library/nginx:1.27@sha256:00",
            "nginx@sha256:00",
            " nginx:1 ",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("nginx"), "{text}");
        }
    }

    #[test]
    fn other_registries_are_other_software() {
        for (text, expected) in [
            (
                "quay.io/prometheus/prometheus:v3",
                "quay.io/prometheus/prometheus",
            ),
            (
                "proxy.example.com/quay.io/prometheus/prometheus:v3",
                "quay.io/prometheus/prometheus",
            ),
            (
                "k8s.gcr.io/kube-state-metrics/kube-state-metrics:v2",
                "registry.k8s.io/kube-state-metrics/kube-state-metrics",
            ),
            (
                "example.com/docker/library/nginx",
                "example.com/docker/library/nginx",
            ),
            ("localhost:5000/nginx:1", "localhost:5000/nginx"),
            ("localhost/nginx", "localhost/nginx"),
            (
                "registry.example.com:443/library/nginx",
                "registry.example.com:443/library/nginx",
            ),
            ("library/team/nginx", "team/nginx"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn ports_tags_and_digests_are_distinguished() {
        let name = Name::parse("registry:5000/team/app:1.2-alpine@sha256:abc");
        assert_eq!(name.registry(), Some("registry:5000"));
        assert_eq!(name.repository(), Some("team/app"));
        assert_eq!(name.tag(), &Tag::Known("1.2-alpine".to_owned()));
        assert_eq!(name.digest(), Some("sha256:abc"));
        assert!(!name.is_dynamic());
        assert_eq!(Name::parse("a/b").tag(), &Tag::Known("latest".to_owned()));
        assert_eq!(Name::parse("a/b@sha256:00").tag(), &Tag::Unknown);
        assert_eq!(
            Name::parse("localhost:5000/b").tag(),
            &Tag::Known("latest".to_owned())
        );
    }

    #[test]
    fn defaults_are_used_and_the_rest_is_unknown() {
        let tag = |text: &str| Name::parse(text).tag().clone();
        let known = |text: &str| Tag::Known(text.to_owned());
        assert_eq!(tag("nginx:${TAG:-1.25}"), known("1.25"));
        assert_eq!(tag("nginx:${TAG-1.25}-alpine"), known("1.25-alpine"));
        assert_eq!(tag("nginx:${TAG:-${OTHER:-1.2}}"), known("1.2"));
        assert_eq!(tag("nginx:1${SUFFIX:+-alpine}"), known("1"));
        assert_eq!(tag("nginx:${TAG:?set it}"), Tag::Unknown);
        assert_eq!(tag("nginx:$TAG"), Tag::Unknown);
        assert_eq!(tag("nginx:${TAG}"), Tag::Unknown);
        assert_eq!(tag("nginx${TAG}"), Tag::Unknown);
        assert_eq!(canonical("nginx:${TAG}").as_deref(), Some("nginx"));
        assert_eq!(
            canonical("${IMAGE:-postgres:16}").as_deref(),
            Some("postgres")
        );
        assert_eq!(tag("${IMAGE:-postgres:16}"), known("16"));
        assert_eq!(canonical("${REGISTRY}/x"), None);
        assert_eq!(
            canonical("${REGISTRY:-docker.io}/nginx").as_deref(),
            Some("nginx")
        );
        assert_eq!(canonical("${PREFIX}nginx"), None);
        assert_eq!(canonical("nginx${SUFFIX}:1"), None);
        assert!(Name::parse("nginx:${TAG:-1}").is_dynamic());
    }

    #[test]
    fn the_text_is_kept() {
        for text in [
            "nginx:${TAG:-1.25}",
            "",
            "@",
            ":",
            "/",
            "${",
            "$",
            "${}",
            "é@ü:1/ß",
            "a:b:c",
            "\0",
        ] {
            assert_eq!(Name::parse(text).to_string(), text);
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}x{}", "${A:-".repeat(100_000), "}".repeat(100_000));
        assert_eq!(canonical(&deep), None);
    }
}
