//! Any operations on any nodes are refused, or give a text that differs only as planned.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../tests/syntax/edit_invariants.rs"]
mod edit_invariants;

fuzz_target!(|input: (u64, &str)| {
    let (seed, text) = input;
    edit_invariants::check(text, seed);
});
