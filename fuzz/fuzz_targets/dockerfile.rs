//! Any text is parsed as a Dockerfile or rejected.

#![no_main]

use std::sync::OnceLock;

use harden::image::{Knowledge, Recipe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    static KNOWLEDGE: OnceLock<Knowledge> = OnceLock::new();
    let knowledge = KNOWLEDGE.get_or_init(Knowledge::embedded);
    let recipe = Recipe { text: text.to_owned(), name: "Dockerfile".to_owned(), ..Recipe::default() };
    if let Some(facts) = recipe.facts(knowledge) {
        assert!(facts.run_as.is_none_or(|user| user.uid != 0), "the user to run as must not be root");
    }
});
