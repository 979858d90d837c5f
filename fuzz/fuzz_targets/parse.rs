//! Any bytes give a consistent tree, or an error with a position.

#![no_main]

// The tests check the same invariants on mutated documents.
#[path = "../../tests/syntax/invariants.rs"]
mod invariants;

use harden::proof::witness;
use harden::syntax::{Limits, Mode, decode, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else { return };
    invariants::check(text);
    if let Ok(tree) = parse(text, Mode::GoYaml, &Limits::default()) {
        // The witness may disagree, but it must not panic.
        let _ = witness(&tree);
    }
});
