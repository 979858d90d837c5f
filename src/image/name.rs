//! Image references as the file writes them: registry, repository, tag, digest.

use std::fmt;

/// An image reference. Any text is one; what cannot be told from it is `None`.
///
/// The grammar is that of the [distribution reference][grammar]. Variables are replaced by their
/// defaults, as far as they have any: what rests on a variable without one is unknown.
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

/// Which of the images of a repository is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// This one; `latest` where the reference names neither tag nor digest.
    Known(String),
    /// A digest alone, or a variable without a default.
    Unknown,
}

/// Hosts that serve Docker Hub under its own repository names.
const HUB: &[&str] = &[
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "registry.hub.docker.com",
    "mirror.gcr.io",
];

/// Where the official images of Docker Hub are published a second time:
/// <https://gallery.ecr.aws/docker>, and Microsoft's copy for its own builders.
const OFFICIAL_MIRRORS: &[&str] = &[
    "public.ecr.aws/docker/library/",
    "mcr.microsoft.com/mirror/docker/library/",
];

/// A path of a GitLab host behind which stand the images of Docker Hub
/// (GitLab documentation, "Dependency proxy for container images").
const DEPENDENCY_PROXY: &str = "/dependency_proxy/containers/";

/// Hosts that a proxy names in its path where it stands for them: `proxy.example.com/quay.io/a/b`.
const PROXIED: &[&str] = &[
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "lscr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.k8s.io",
];

/// Hosts with another name today: the images are the same
/// (kubernetes.io blog 2023-02-06, "k8s.gcr.io Image Registry Will Be Frozen").
const RENAMED: &[(&str, &str)] = &[("k8s.gcr.io", "registry.k8s.io")];

/// Stands for a variable that nobody can resolve; no reference contains it.
pub(super) const UNKNOWN: char = '\0';

/// Defaults inside defaults are followed to this depth.
const DEPTH: usize = 8;

impl Name {
    /// Reads a reference as written in a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let written = text.trim();
        // How podman and skopeo say that a reference is one of a registry.
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
            // A variable at the end of the repository may bring a tag of its own.
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

    /// The reference as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What identifies the software: the repository without the hosts that all serve Docker Hub and
    /// without `library/`, with the registry where it is another one. `None` if a variable hides it.
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

    /// The registry as written, with its port; `None` for the default one.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// The repository as written, without the registry.
    #[must_use]
    pub fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// Which image of the repository.
    #[must_use]
    pub fn tag(&self) -> &Tag {
        &self.tag
    }

    /// The digest with its algorithm: `sha256:…`.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// A variable decides part of it, perhaps with a default that was used here.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.dynamic
    }
}

impl fmt::Display for Name {
    /// The text as written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The text, unless a variable hides part of it or there is none.
fn known(text: &str) -> Option<String> {
    (!text.is_empty() && !text.contains(UNKNOWN)).then(|| text.to_owned())
}

/// The first component of a path is a host if it cannot be part of a repository's name.
fn is_host(component: &str) -> bool {
    component == "localhost"
        || component.contains(['.', ':', UNKNOWN])
        || component.chars().any(|c| c.is_ascii_uppercase())
}

/// Writes the text with its variables replaced by their defaults; says whether there were any.
///
/// The forms are those of the [Compose specification][spec]; `$$` is a dollar sign.
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
                // The alternative of `+` is for a variable that is set; the default is nothing.
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

/// What stands before the brace that closes this text, and what after it.
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
    fn docker_hub_is_seen_through() {
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
    fn ports_tags_and_digests_are_told_apart() {
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
    fn defaults_are_judged_and_the_rest_is_unknown() {
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
