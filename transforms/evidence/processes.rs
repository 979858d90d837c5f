//! Evidence about the number of processes and threads of a container.

use super::commands::programs;
use super::program;
use crate::container::{Container, Reason, Words};

static ENGINE_PROGRAM: Words = Words::new(
    "engine-program",
    "Its command runs {name}, a container engine: the processes of its containers count too.",
);
static ENGINE_IMAGE: Words = Words::new(
    "engine-image",
    "Images named {name} often run a container engine: the processes of its containers count too.",
);

/// The evidence that a container engine runs in the container.
#[must_use]
pub fn engine_inside(container: &Container) -> Option<Reason> {
    const PROGRAMS: [&str; 6] = [
        "buildkitd",
        "containerd",
        "dockerd",
        "k3s",
        "kubelet",
        "podman",
    ];
    const IMAGES: [&str; 9] = [
        "actions-runner",
        "buildkit",
        "dind",
        "gitlab-runner",
        "k3s",
        "kindest/",
        "minikube",
        "podman",
        "sysbox",
    ];
    if let Some(word) = programs(container).find(|word| PROGRAMS.contains(&program(word))) {
        return Some(Reason::new(&ENGINE_PROGRAM).name(word));
    }
    let image = container.image.as_ref()?.to_string();
    let word = IMAGES.iter().find(|word| image.contains(**word))?;
    Some(Reason::new(&ENGINE_IMAGE).name(word.trim_end_matches('/')))
}

/// The number of concurrent connections that the file allows, with the words that set it. A server
/// may use one process or thread for each.
#[must_use]
pub fn stated_connections(container: &Container) -> Option<(i64, String)> {
    const OPTIONS: [&str; 5] = [
        "max_connections",
        "maxconn",
        "maxthreads",
        "maxrequestworkers",
        "max_children",
    ];
    let number = |name: &str, value: &str| {
        let number = value.trim().parse::<i64>().ok()?;
        let name = name.trim_start_matches('-').replace('-', "_");
        let name = name.to_ascii_lowercase();
        let is_known = OPTIONS.iter().any(|option| name.ends_with(option));
        is_known.then_some(number)
    };
    let words: Vec<&str> = container
        .entrypoint
        .iter()
        .chain(&container.arguments)
        .flatten()
        .flat_map(|word| word.split([' ', '\t', '\n']))
        .collect();
    let options = words.iter().enumerate().filter_map(|(index, word)| {
        let (name, value) = match word.split_once('=') {
            Some(pair) => pair,
            None => (*word, *words.get(index + 1)?),
        };
        Some((number(name, value)?, format!("{name}={value}")))
    });
    let variables = container.environment.iter().filter_map(|(name, value)| {
        let value = value?;
        Some((number(name, value)?, format!("{name}={value}")))
    });
    options.chain(variables).max_by_key(|(stated, _)| *stated)
}
