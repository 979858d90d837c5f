//! Finds the end of a run of ordinary bytes, eight bytes at a time.
//!
//! A mark is the high bit of a byte. A carry of the arithmetic only affects bytes after a marked
//! byte. The first mark is therefore always correct, and only the first mark is used.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The index of the first marked byte from `at`, or the end. `marks` must mark NUL, because bytes
/// after the end are read as NUL.
#[inline]
pub(super) fn find(bytes: &[u8], mut at: usize, marks: impl Fn(u64) -> u64) -> usize {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marked = marks(u64::from_le_bytes(*eight));
        if marked != 0 {
            return at + marked.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let mut eight = [0; 8];
    for (to, from) in eight.iter_mut().zip(rest) {
        *to = *from;
    }
    at + marks(u64::from_le_bytes(eight)).trailing_zeros() as usize / 8
}

/// Marks the bytes below `bound`. `bound` is at most 0x80.
#[inline]
pub(super) const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * bound as u64) & !word & HIGH
}

/// Marks the bytes equal to `byte`.
#[inline]
pub(super) const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// Marks the bytes different from `byte`.
#[inline]
pub(super) const fn other(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * byte as u64);
    // A difference that is not 0 has its high bit set or carries into the high bit.
    (((difference & !HIGH) + !HIGH) | difference) & HIGH
}

/// Marks the bytes that are not ASCII.
#[inline]
pub(super) const fn not_ascii(word: u64) -> u64 {
    word & HIGH
}

#[cfg(test)]
mod tests {
    use super::{below, equal, find, not_ascii, other};

    #[test]
    fn the_first_mark_is_at_the_first_byte() {
        let words = [
            *b"abc: def",
            *b"   \t    ",
            *b"\x00\xffabc\xc2\x85 ",
            [0x80; 8],
            [0x1f; 8],
            *b"::::::::",
        ];
        for word in words {
            let number = u64::from_le_bytes(word);
            let first = |marks: u64| (marks != 0).then(|| marks.trailing_zeros() as usize / 8);
            for byte in [0, b' ', b':', 0x21, 0x7f] {
                assert_eq!(
                    first(equal(number, byte)),
                    word.iter().position(|&other| other == byte)
                );
                assert_eq!(
                    first(other(number, byte)),
                    word.iter().position(|&other| other != byte)
                );
                assert_eq!(
                    first(below(number, byte)),
                    word.iter().position(|&other| other < byte)
                );
            }
            assert_eq!(
                first(not_ascii(number)),
                word.iter().position(|&byte| byte >= 0x80)
            );
        }
    }

    #[test]
    fn without_a_mark_the_end_is_returned() {
        let marks = |word| equal(word, b'x') | below(word, 1);
        assert_eq!(find(b"aaaaaaaaaaax", 0, marks), 11);
        assert_eq!(find(b"aaaaaaaaaxaaaaaa", 0, marks), 9);
        for len in 0..20 {
            assert_eq!(find("a".repeat(len).as_bytes(), 0, marks), len);
        }
        assert_eq!(find(b"a", 7, marks), 7);
    }
}
