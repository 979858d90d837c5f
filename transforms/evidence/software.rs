//! Evidence about unknown software from the names of its image.

use crate::container::{Container, Reason, Words};

static NAMED_LIKE: Words = Words::new(
    "image-named-like-known",
    "It is named like {image}, but may be another program.",
);
static BROWSER: Words = Words::new(
    "image-may-be-browser",
    "Its name contains {name}: browsers keep a profile in their home and use much memory.",
);
static MODEL: Words = Words::new(
    "image-may-be-model",
    "Its name contains {name}: models use much memory and are often stored in a home directory.",
);
static IMAGE_BY_VARIABLE: Words =
    Words::new("image-by-variable", "A variable decides which image it is.");

/// Why the image may be software with high needs of unknown size: it is named by a variable without
/// a default, its name is that of a known image from another publisher, or its name indicates a
/// kind with high needs.
#[must_use]
pub fn may_be_known_software(container: &Container) -> Option<Reason> {
    if let Some(namesake) = &container.namesake {
        return Some(Reason::new(&NAMED_LIKE).image(namesake));
    }
    if container.facts.is_some() {
        return None;
    }
    if let Some(reason) = of_a_heavy_kind(container) {
        return Some(reason);
    }
    let image = container.image.as_ref().filter(|_| !container.built)?;
    (image.is_dynamic() && image.repository().is_none()).then(|| Reason::new(&IMAGE_BY_VARIABLE))
}

/// Words in the names of images whose programs keep files in a home directory and use gigabytes of
/// memory, like the ones that `images/` knows (selenium, ollama, gotenberg).
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

fn of_a_heavy_kind(container: &Container) -> Option<Reason> {
    let repository = container
        .image
        .as_ref()
        .and_then(|image| image.repository());
    let names = repository.into_iter().chain([container.name.as_str()]);
    let mut words = names.flat_map(|name| name.split(['/', '-', '_', '.']));
    words.find_map(|word| {
        let kind = if BROWSERS.contains(&word) {
            &BROWSER
        } else if MODELS.contains(&word) {
            &MODEL
        } else {
            return None;
        };
        Some(Reason::new(kind).name(word))
    })
}
