//! Random operations on documents that are generated as text and not from values. They contain
//! comments, spaces and indentation that a generator of values would not write.

use harden::proof::witness;
use harden::syntax::{Limits, Mode, parse};
use proptest::prelude::*;

use crate::syntax::documents::{Chance, Writer};
use crate::syntax::edit_invariants;

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1024), ..ProptestConfig::default() })]

    #[test]
    fn accepted_edits_are_proved_in_every_style(
        document in prop::collection::vec(any::<u8>(), 0..160),
        seed: u64,
    ) {
        edit_invariants::check(&Writer::document(&document), seed);
    }
}

#[test]
fn most_documents_made_are_read_alike_by_both_parsers() {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let agreed = (0..500)
        .filter(|_| {
            let source = Writer::document(&chance.bytes(120));
            parse(&source, Mode::GoYaml, &Limits::default())
                .is_ok_and(|tree| witness(&tree).is_ok())
        })
        .count();
    assert!(agreed > 400, "{agreed} of 500");
}
