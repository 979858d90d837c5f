//! What names say of the software in an image of which nothing is known.

use std::borrow::Cow;

use crate::container::Container;

/// The image may well be software that needs more than others do, and nothing says how much: a
/// variable without a default names it, it has the name of a known one that comes from somebody
/// else, or the name of a kind that takes much.
#[must_use]
pub fn may_be_known_software(container: &Container) -> Option<Cow<'static, str>> {
    if let Some(namesake) = &container.namesake {
        return Some(Cow::Owned(format!(
            "it is named like `{namesake}`, and whether it is a copy of that is not known"
        )));
    }
    if container.facts.is_some() {
        return None;
    }
    if let Some((word, kind)) = of_a_heavy_kind(container) {
        return Some(Cow::Owned(format!("`{word}` in its name: {kind}")));
    }
    let image = container.image.as_ref().filter(|_| !container.built)?;
    (image.is_dynamic() && image.repository().is_none())
        .then_some(Cow::Borrowed("a variable decides which image it is"))
}

/// Words in the names of images whose programs keep files in a home directory and take memory by
/// the gigabyte, as those do that `images/` knows (selenium, ollama, gotenberg).
const BROWSERS: [&str; 10] = [
    "browser",
    "browserless",
    "chrome",
    "chromium",
    "firefox",
    "flaresolverr",
    "kasm",
    "playwright",
    "puppeteer",
    "webtop",
];
const MODELS: [&str; 22] = [
    "comfyui",
    "cuda",
    "diffusion",
    "embedding",
    "embeddings",
    "huggingface",
    "inference",
    "jupyter",
    "jupyterlab",
    "llama",
    "llm",
    "localai",
    "notebook",
    "pytorch",
    "tensorflow",
    "torch",
    "torchserve",
    "transformers",
    "triton",
    "tritonserver",
    "vllm",
    "whisper",
];

fn of_a_heavy_kind(container: &Container) -> Option<(String, &'static str)> {
    let repository = container
        .image
        .as_ref()
        .and_then(|image| image.repository());
    let names = repository.into_iter().chain([container.name.as_str()]);
    let mut words = names.flat_map(|name| name.split(['/', '-', '_', '.']));
    words.find_map(|word| {
        let kind = if BROWSERS.contains(&word) {
            "a browser keeps a profile in its home and takes much memory"
        } else if MODELS.contains(&word) {
            "models take much memory, and are often kept in a home directory"
        } else {
            return None;
        };
        Some((word.to_owned(), kind))
    })
}
