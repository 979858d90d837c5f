//! Scans scalars, and moves to the next token.

use memchr::{memchr2, memchr3_iter};

use super::words::{below, equal, find, not_ascii, other};
use super::{Parser, Result, fail, span};
use crate::syntax::SyntaxErrorKind;
use crate::syntax::tree::{Span, Style};

/// Rejects characters that YAML does not allow, even in comments and quotes. Returns whether the
/// source contains NEL, LS or PS, which are line breaks in go-yaml.
pub(super) fn check_characters(source: &str) -> Result<bool> {
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    // The fold has no early exit, so that the compiler can vectorize it.
    let (bad, all) = source.bytes().fold((false, 0), |(bad, all), byte| {
        (bad | is_control(byte), all | byte)
    });
    let mut found = if bad {
        source.bytes().position(is_control)
    } else {
        None
    };
    let mut breaks = false;
    if all >= 0x80 {
        for at in memchr3_iter(0xC2, 0xE2, 0xEF, source.as_bytes()) {
            match source.as_bytes().get(at..at + 3) {
                Some([0xC2, 0x85, _] | [0xE2, 0x80, 0xA8 | 0xA9]) => breaks = true,
                Some([0xEF, 0xBF, 0xBE | 0xBF]) => {
                    found = Some(found.map_or(at, |before| before.min(at)));
                }
                _ => breaks |= source.as_bytes()[at..] == [0xC2, 0x85],
            }
        }
    }
    let Some(at) = found else { return Ok(breaks) };
    let char = source[at..].chars().next().unwrap_or_default();
    let kind = SyntaxErrorKind::ControlCharacter(u32::from(char));
    fail(span(at, at + char.len_utf8()), kind)
}

/// What ends at a byte of a plain scalar.
enum Ends {
    Nothing,
    /// The text ends at blanks or a line break. The scalar may continue after them.
    Text,
    Scalar,
}

impl Parser<'_> {
    /// The byte at `at`, or 0 after the end. The source contains no NUL.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The length of the line break at `at`; 0 if there is none.
    #[inline]
    pub(super) fn break_len(&self, at: usize) -> usize {
        match self.byte(at) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.byte(at + 1) == b'\n'),
            0xC2 | 0xE2 if self.unicode_breaks => {
                let rest = &self.bytes[at..];
                if rest.starts_with("\u{85}".as_bytes()) {
                    2
                } else if rest.starts_with("\u{2028}".as_bytes())
                    || rest.starts_with("\u{2029}".as_bytes())
                {
                    3
                } else {
                    0
                }
            }
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t')
    }

    #[inline]
    pub(super) fn is_blank_or_end(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\t' | b'\n' | b'\r' | 0)
            || self.unicode_breaks && self.break_len(at) > 0
    }

    pub(super) fn is_flow_indicator(&self, at: usize) -> bool {
        matches!(self.byte(at), b',' | b'[' | b']' | b'{' | b'}')
    }

    /// Whether `---` or `...` is at `at`, at the start of a line.
    #[inline]
    pub(super) fn is_marker(&self, at: usize) -> bool {
        let byte = self.byte(at);
        (byte == b'-' || byte == b'.')
            && at == self.line
            && self.byte(at + 1) == byte
            && self.byte(at + 2) == byte
            && self.is_blank_or_end(at + 3)
    }

    /// The end of the line, before its line break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        if self.unicode_breaks {
            let mut at = at;
            while at < self.bytes.len() && self.break_len(at) == 0 {
                at += 1;
            }
            return at;
        }
        memchr2(b'\n', b'\r', &self.bytes[at..]).map_or(self.bytes.len(), |found| at + found)
    }

    /// Moves to the next token, over blanks, comments and line breaks.
    ///
    /// In go-yaml, a tab is not a blank where a key may start, so the move stops there.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<()> {
        let at = self.at + usize::from(self.byte(self.at) == b' ');
        let byte = self.byte(at);
        if byte > b' ' && byte != b'#' && byte < 0x80 {
            self.tab = false;
            self.at = at;
            return Ok(());
        }
        self.skip_far()
    }

    fn skip_far(&mut self) -> Result<()> {
        let mut at = self.at;
        self.tab = false;
        loop {
            loop {
                match self.byte(at) {
                    b' ' => at = self.spaces(at + 1),
                    b'\t' if self.strict || self.flow > 0 || !self.key_allowed => {
                        self.tab = true;
                        at += 1;
                    }
                    _ => break,
                }
            }
            if self.byte(at) == b'#' {
                if self.strict && at > self.line && !self.is_blank(at - 1) {
                    self.at = at;
                    return self.error(SyntaxErrorKind::CommentSpace);
                }
                at = self.skip_comments(at);
            }
            let len = self.break_len(at);
            if len == 0 {
                break;
            }
            at += len;
            self.line = at;
            self.tab = false;
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
        self.at = at;
        Ok(())
    }

    /// The end of the comment and of the comments that follow it after blanks and line breaks only.
    /// Here go-yaml looks ahead, and a tab does not stop the move.
    fn skip_comments(&mut self, comment: usize) -> usize {
        let mut end = self.line_end(comment);
        if self.strict {
            return end;
        }
        let (mut at, mut line) = (end, self.line);
        loop {
            let len = self.break_len(at);
            if len > 0 {
                at += len;
                line = at;
            } else if self.is_blank(at) {
                at += 1;
            } else if self.byte(at) == b'#' {
                self.line = line;
                end = self.line_end(at);
                at = end;
            } else {
                return end;
            }
        }
    }

    /// The first byte from `at` that may end the text of a plain scalar.
    #[inline]
    fn ordinary(&self, at: usize, in_flow: bool) -> usize {
        let block = |word| below(word, b'!') | equal(word, b':');
        match (in_flow, self.unicode_breaks) {
            (false, false) => find(self.bytes, at, block),
            (false, true) => find(self.bytes, at, |word| block(word) | not_ascii(word)),
            // Texts in flow collections are short and have many end characters, so a search by
            // words does not pay.
            (true, _) => {
                let ends = |byte: u8| byte < b'!' || b":,?[]{}\xC2\xE2".contains(&byte);
                let rest = self.bytes.get(at..).unwrap_or_default();
                rest.iter()
                    .position(|&byte| ends(byte))
                    .map_or(self.bytes.len(), |found| at + found)
            }
        }
    }

    /// Whether the text of a plain scalar ends at `at` with a blank, a line break or an indicator.
    #[inline]
    fn plain_ends(&self, at: usize, in_flow: bool) -> Ends {
        match self.byte(at) {
            b':' if self.is_blank_or_end(at + 1) => Ends::Scalar,
            b':' if in_flow && self.strict && self.is_flow_indicator(at + 1) => Ends::Scalar,
            b' ' | b'\t' | b'\n' | b'\r' | 0 => Ends::Text,
            b',' | b'[' | b']' | b'{' | b'}' if in_flow => Ends::Scalar,
            b'?' if in_flow && !self.strict && self.is_blank_or_end(at + 1) => Ends::Scalar,
            0xC2 | 0xE2 if self.break_len(at) > 0 => Ends::Text,
            _ => Ends::Nothing,
        }
    }

    /// The first byte from `at` that is not a space.
    #[inline]
    pub(super) fn spaces(&self, at: usize) -> usize {
        find(self.bytes, at, |word| other(word, b' '))
    }

    /// Scans a plain scalar. Moves after the blanks and line breaks that follow it.
    #[inline]
    pub(super) fn plain(&mut self) -> Result<Span> {
        let start = self.at;
        let end = if self.flow > 0 {
            self.plain_end::<true>()?
        } else {
            self.plain_end::<false>()?
        };
        Ok(span(start, end))
    }

    fn plain_end<const IN_FLOW: bool>(&mut self) -> Result<usize> {
        let mut at = self.at;
        let mut end = at;
        loop {
            let run = at;
            let is_over = loop {
                at = self.ordinary(at, IN_FLOW);
                match self.plain_ends(at, IN_FLOW) {
                    Ends::Scalar => break true,
                    Ends::Text => break false,
                    Ends::Nothing => at += 1,
                }
            };
            if at > run {
                end = at;
            }
            if is_over {
                self.at = at;
                return Ok(end);
            }
            while self.is_blank(at) {
                at += 1;
            }
            if self.break_len(at) == 0 {
                if self.byte(at) == b'#' || at >= self.bytes.len() {
                    self.at = at;
                    return Ok(end);
                }
                continue;
            }
            let indent = self.top().indent + 1;
            self.at = at;
            self.blank_lines(indent)?;
            at = self.at;
            self.key_allowed = true;
            if !IN_FLOW && self.column() < indent
                || self.is_marker(at)
                || self.byte(at) == b'#'
                || at >= self.bytes.len()
            {
                return Ok(end);
            }
            if IN_FLOW {
                self.check_flow_indentation()?;
            }
            self.key_allowed = false;
        }
    }

    /// Moves from a line break to the next text, over blank lines.
    #[inline]
    fn blank_lines(&mut self, indent: isize) -> Result<()> {
        let mut tab = None;
        loop {
            match self.byte(self.at) {
                b' ' => self.at = self.spaces(self.at + 1),
                b'\t' => {
                    if self.column() < indent && tab.is_none() {
                        if !self.strict {
                            return self.error(SyntaxErrorKind::Tab);
                        }
                        tab = Some(self.at);
                    }
                    self.at += 1;
                }
                _ => {
                    let len = self.break_len(self.at);
                    if len == 0 {
                        break;
                    }
                    self.at += len;
                    self.line = self.at;
                    tab = None;
                }
            }
        }
        // In YAML 1.2, a tab is not indentation, so a text after a tab is not indented enough.
        if let Some(tab) = tab
            && self.at < self.bytes.len()
            && self.byte(self.at) != b'#'
        {
            self.at = tab;
            return self.error(SyntaxErrorKind::Tab);
        }
        Ok(())
    }

    /// Scans a quoted scalar. Moves after its closing quote.
    pub(super) fn quoted(&mut self) -> Result<Span> {
        let start = self.at;
        let quote = self.byte(start);
        let mut at = start + 1;
        loop {
            match self.byte(at) {
                byte if byte == quote => {
                    if quote == b'\'' && self.byte(at + 1) == b'\'' {
                        at += 2;
                        continue;
                    }
                    self.at = at + 1;
                    return Ok(span(start, at + 1));
                }
                b'\\' if quote == b'"' => at = self.escape(at)?,
                b'\n' | b'\r' | 0xC2 | 0xE2 => {
                    let len = self.break_len(at);
                    at += len.max(1);
                    if len > 0 {
                        at = self.quoted_line(at)?;
                    }
                }
                0 if at >= self.bytes.len() => {
                    return fail(span(start, at), SyntaxErrorKind::UnclosedQuote);
                }
                _ => {
                    at = find(self.bytes, at + 1, |word| {
                        let breaks = if self.unicode_breaks {
                            not_ascii(word)
                        } else {
                            0
                        };
                        below(word, b' ') | equal(word, quote) | equal(word, b'\\') | breaks
                    });
                }
            }
        }
    }

    /// Checks the start of a line inside quotes. Returns the first byte that is not a blank.
    fn quoted_line(&mut self, at: usize) -> Result<usize> {
        self.line = at;
        self.at = at;
        if self.is_marker(at) {
            return self.error(SyntaxErrorKind::MarkerInside);
        }
        let mut text = at;
        while self.byte(text) == b' ' {
            text += 1;
        }
        let spaces = (text - at).cast_signed();
        while self.is_blank(text) {
            text += 1;
        }
        if self.strict && spaces <= self.top().indent && self.break_len(text) == 0 {
            self.at = text;
            return self.error(SyntaxErrorKind::Indentation);
        }
        Ok(text)
    }

    /// Checks the escape at `at` and returns its end. The end of an escaped line break is before
    /// the line break.
    fn escape(&mut self, at: usize) -> Result<usize> {
        let digits = match self.byte(at + 1) {
            b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"'
            | b'\\' | b'N' | b'_' | b'L' | b'P' => 0,
            b'\'' if !self.strict => 0,
            b'/' if self.strict => 0,
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ if self.break_len(at + 1) > 0 => return Ok(at + 1),
            _ => {
                self.at = at;
                return self.error(SyntaxErrorKind::Escape);
            }
        };
        let code = self.bytes.get(at + 2..at + 2 + digits).and_then(|hex| {
            hex.iter().try_fold(0_u32, |code, &digit| {
                Some(code.checked_mul(16)? + char::from(digit).to_digit(16)?)
            })
        });
        if digits > 0 && code.and_then(char::from_u32).is_none() {
            self.at = at;
            return self.error(SyntaxErrorKind::Escape);
        }
        Ok(at + 2 + digits)
    }

    /// Scans a block scalar and returns the indentation of its content. Moves after the blank lines
    /// that follow it, and after the indentation of the line that ends it.
    pub(super) fn block_scalar(&mut self) -> Result<(Style, Span, u32)> {
        let start = self.at;
        let style = if self.byte(start) == b'|' {
            Style::Literal
        } else {
            Style::Folded
        };
        let (mut keep, mut explicit) = (None, None);
        let mut at = start + 1;
        loop {
            match self.byte(at) {
                sign @ (b'+' | b'-') if keep.is_none() => keep = Some(sign == b'+'),
                digit @ b'1'..=b'9' if explicit.is_none() => {
                    explicit = Some(isize::from(digit - b'0'));
                }
                _ => break,
            }
            at += 1;
        }
        let header = at;
        while self.is_blank(at) {
            at += 1;
        }
        if self.byte(at) == b'#' && (at > header || !self.strict) {
            at = self.line_end(at);
        }
        if at < self.bytes.len() && self.break_len(at) == 0 {
            self.at = at;
            return self.error(SyntaxErrorKind::BlockHeader);
        }
        self.next_line(at);

        let outer = self.top().indent;
        // In libyaml, content cannot start in the first column, not even in the root.
        let least = (outer + 1).max(isize::from(!self.strict));
        let known = explicit.map(|more| outer.max(0) + more);
        // In YAML 1.2, the root has indentation -1, but explicit indentation counts from 0 there
        // too.
        let mut end = header;
        let mut kept_end = header;
        let indent = match known {
            Some(indent) => indent,
            None => self.content_indent(least)?,
        };
        loop {
            // At the start of a line, decide: blank line, content, or end of the scalar.
            let mut text = self.at;
            while self.byte(text) == b' ' && (text - self.line).cast_signed() < indent {
                text += 1;
            }
            let len = self.break_len(text);
            if len > 0 {
                self.next_line(text);
                kept_end = self.at;
                continue;
            }
            let column = (text - self.line).cast_signed();
            if self.byte(text) == b'\t' && column < indent {
                self.at = text;
                if !self.strict || column > outer {
                    return self.error(SyntaxErrorKind::Tab);
                }
            }
            self.at = text;
            if text >= self.bytes.len() && self.strict {
                // In YAML 1.2, the last line ends like a line with a line break.
                kept_end = text;
            }
            if column < indent || text >= self.bytes.len() || self.is_marker(text) {
                break;
            }
            end = self.line_end(text);
            self.next_line(end);
            kept_end = self.at;
        }
        if keep == Some(true) {
            end = kept_end;
        }
        Ok((
            style,
            span(start, end),
            super::offset(indent.unsigned_abs()),
        ))
    }

    /// Moves over the line break at `at`, if there is one.
    fn next_line(&mut self, at: usize) {
        let len = self.break_len(at);
        self.at = at + len;
        if len > 0 {
            self.line = self.at;
        }
    }

    /// The indentation of the first line that is not blank. Does not move.
    fn content_indent(&mut self, least: isize) -> Result<isize> {
        let mut at = self.at;
        let mut line = self.line;
        let mut deepest = 0;
        let mut deepest_at = at;
        loop {
            while self.byte(at) == b' ' {
                at += 1;
            }
            let column = (at - line).cast_signed();
            let len = self.break_len(at);
            if self.strict && len == 0 && at < self.bytes.len() {
                if self.byte(at) == b'\t' && column < least {
                    self.at = at;
                    return self.error(SyntaxErrorKind::Tab);
                }
                // Blank lines before the first text must not be longer than its indentation.
                if column < deepest && column >= least {
                    self.at = deepest_at;
                    return self.error(SyntaxErrorKind::Indentation);
                }
                return Ok(column.max(least));
            }
            if column > deepest {
                deepest = column;
                deepest_at = at;
            }
            if self.byte(at) == b'\t' {
                self.at = at;
                return self.error(SyntaxErrorKind::Tab);
            }
            if len == 0 {
                return Ok(deepest.max(least));
            }
            at += len;
            line = at;
        }
    }
}
