//! Any bytes are read to a tree that is whole, or to an error with a place in the source.

#![no_main]

// The same invariants that the mutated documents of the tests are held to.
#[path = "../../tests/syntax/invariants.rs"]
mod invariants;

use harden::proof::witness;
use harden::syntax::{Limits, Mode, decode, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes) else { return };
    invariants::check(text);
    if let Ok(tree) = parse(text, Mode::GoYaml, &Limits::default()) {
        // What the other parser makes of it may differ; that it does must not be our panic.
        let _ = witness(&tree);
    }
});
