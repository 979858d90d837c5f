//! Which characters must never reach a terminal as they are.

/// Whether a character acts on a terminal or deceives the eye: control characters, line and
/// paragraph separators, and invisible characters that reorder or hide text.
pub(crate) fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}
