//! Random documents in all styles that people and programs write.

use std::fmt::Write as _;

/// Writes a stream of documents. The bytes of a tape make the choices.
pub(crate) struct Writer<'t> {
    tape: Tape<'t>,
    out: String,
    anchors: usize,
    keys: usize,
    /// Columns from a key to its mapping, to its sequence, and from a dash to its item.
    indents: [usize; 3],
    json: bool,
}

const PLAIN: [&str; 10] = [
    "x",
    "nginx:1.27",
    "true",
    "1",
    "80:80",
    "a b",
    "~",
    "null",
    "-1",
    "é",
];

const COMMENTS: [&str; 5] = ["# c", "# key: value", "#", "# - item", "# é"];

impl<'t> Writer<'t> {
    pub(crate) fn document(bytes: &'t [u8]) -> String {
        let mut tape = Tape(bytes);
        let eol = tape.below(8);
        let mark = tape.below(10) == 9;
        let is_open = tape.below(5) == 4;
        let indents = [
            [2, 4, 1, 3][tape.below(4)],
            [2, 0, 4, 1, 3][tape.below(5)],
            [2, 4, 3][tape.below(3)],
        ];
        let json = tape.below(10) == 9;
        let mut writer = Self {
            tape,
            out: String::new(),
            anchors: 0,
            keys: 0,
            indents,
            json,
        };
        for index in 0..=writer.tape.below(5).saturating_sub(2) {
            writer.root(index);
        }
        let mut text = writer.out;
        if is_open {
            text.truncate(text.trim_end_matches('\n').len());
        }
        let text = match eol {
            5 => text.replace('\n', "\r\n"),
            6 => text.replace('\n', "\r"),
            // Mixed: every other line.
            7 => text
                .split('\n')
                .enumerate()
                .fold(String::new(), |mut text, (index, line)| {
                    if index > 0 {
                        text.push_str(["\r\n", "\n"][index % 2]);
                    }
                    text + line
                }),
            _ => text,
        };
        if mark {
            format!("\u{feff}{text}")
        } else {
            text
        }
    }

    fn root(&mut self, index: usize) {
        self.noise(0);
        if index > 0 || self.tape.below(4) == 3 {
            if self.tape.below(12) == 11 {
                if index > 0 {
                    self.out.push_str("...\n");
                }
                self.out.push_str("%TAG !e! tag:example.com,2000:\n");
            }
            self.out.push_str("---");
            self.comment();
            self.out.push('\n');
            self.noise(0);
        }
        if self.json {
            let compact = self.tape.below(2) == 1;
            self.json(0, 3, compact);
            self.out.push('\n');
        } else {
            match self.tape.below(12) {
                0..=6 => self.map(0, 3, false),
                7 | 8 => self.seq(0, 3, false),
                9 => {
                    self.flow(0, 2);
                    self.comment();
                    self.out.push('\n');
                }
                10 => {}
                _ => {
                    let plain = self.tape.one_of(&PLAIN);
                    self.out.push_str(plain);
                    self.comment();
                    self.out.push('\n');
                }
            }
        }
        self.noise(0);
        if self.tape.below(12) == 11 {
            self.out.push_str("...");
            self.comment();
            self.out.push('\n');
        }
    }

    /// Empty lines and comments between entries.
    fn noise(&mut self, column: usize) {
        while self.tape.below(6) == 5 {
            match self.tape.below(6) {
                0 | 1 => self.out.push('\n'),
                2 => self.out.push_str("   \n"),
                kind => {
                    let column = [column, column + 2, 0][kind - 3];
                    self.spaces(column);
                    let comment = self.tape.one_of(&COMMENTS);
                    self.out.push_str(comment);
                    self.out.push('\n');
                }
            }
        }
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    fn comment(&mut self) {
        if self.tape.below(6) == 5 {
            let blank = self.tape.one_of(&[" ", "   ", "\t"]);
            self.out.push_str(blank);
            let comment = self.tape.one_of(&COMMENTS);
            self.out.push_str(comment);
        } else if self.tape.below(12) == 11 {
            self.out.push_str("  ");
        }
    }

    /// ` &a !t`, perhaps; whether there is any.
    fn props(&mut self, tags: &[&str]) -> bool {
        let before = self.out.len();
        let anchor = self.tape.below(8) == 7;
        let tag = self.tape.below(12) == 11;
        if anchor {
            // Now and then an anchor is defined again.
            self.anchors += usize::from(self.tape.below(4) < 3);
            let _ = write!(self.out, " &n{}", self.anchors);
        }
        if tag {
            let tag = self.tape.one_of(tags);
            let _ = write!(self.out, " {tag}");
        }
        self.out.len() > before
    }

    fn key(&mut self) {
        self.keys += usize::from(self.tape.below(20) < 19);
        let name = match self.tape.below(8) {
            0..=4 => NAMES[self.keys % 4].to_owned() + &"x".repeat(self.keys / 4 % 3),
            5 => format!("\"k{}\"", self.keys),
            6 => format!("'k {}'", self.keys),
            _ => format!(
                "{}{}",
                self.tape.one_of(&["k ", "on", "é", "k#"]),
                self.keys
            ),
        };
        self.out.push_str(&name);
    }

    /// Entries at a column; the first one stands where the text ends if it is `beside` a dash.
    fn map(&mut self, column: usize, depth: usize, beside: bool) {
        for index in 0..=self.tape.below(4) {
            if index > 0 || !beside {
                self.noise(column);
                self.spaces(column);
            }
            match self.tape.below(16) {
                14 if self.anchors > 0 => {
                    let anchor = 1 + self.tape.below(self.anchors);
                    if self.tape.below(3) == 2 {
                        let _ = writeln!(self.out, "<<: [*n{anchor}, *n{}]", self.anchors);
                    } else {
                        let _ = writeln!(self.out, "<<: *n{anchor}");
                    }
                }
                15 => {
                    self.out.push_str("? ");
                    self.key();
                    self.comment();
                    self.out.push('\n');
                    if self.tape.below(3) < 2 {
                        self.spaces(column);
                        self.out.push(':');
                        self.node(column, depth, 0);
                    }
                }
                _ => {
                    self.key();
                    self.out.push(':');
                    self.node(column, depth, 0);
                }
            }
        }
    }

    fn seq(&mut self, column: usize, depth: usize, beside: bool) {
        for index in 0..=self.tape.below(3) {
            if index > 0 || !beside {
                self.noise(column);
                self.spaces(column);
            }
            self.out.push('-');
            let dash = self.indents[2];
            self.node(column, depth, dash);
        }
    }

    /// What follows a colon, or a dash that is `dash` wide, to the end of its last line.
    fn node(&mut self, column: usize, depth: usize, dash: usize) {
        let is_item = dash > 0;
        let choices = if depth == 0 { 9 } else { 14 };
        match self.tape.below(choices) {
            0 | 1 => {
                self.props(&["!!str", "!x", "!!int"]);
                let plain = self.tape.one_of(&PLAIN);
                let blank = if is_item {
                    ""
                } else {
                    self.tape.one_of(&["", "", " ", "\t"])
                };
                let _ = write!(self.out, " {blank}{plain}");
                self.end();
            }
            2 => {
                self.props(&["!!str", "!x"]);
                self.out.push(' ');
                self.quoted(column);
                self.end();
            }
            3 => {
                self.props(&["!!str", "!x"]);
                self.block_scalar(column);
            }
            4 => {
                if !self.props(&["!!map", "!!seq", "!x", "!!null", "!!str"]) {
                    let blank = self.tape.one_of(&["", "", "   "]);
                    self.out.push_str(blank);
                }
                self.end();
            }
            5 => {
                self.props(&["!!null", "!x"]);
                let null = self.tape.one_of(&[" ~", " null", " Null"]);
                self.out.push_str(null);
                self.end();
            }
            6 => {
                self.props(&["!override", "!!map"]);
                let empty = self.tape.one_of(&[" {}", " []", " { }", " [ ]"]);
                self.out.push_str(empty);
                self.end();
            }
            7 if self.anchors > 0 => {
                let anchor = 1 + self.tape.below(self.anchors);
                let _ = write!(self.out, " *n{anchor}");
                self.end();
            }
            7 | 8 => {
                // A plain scalar of two lines, or a value below its key.
                if self.tape.below(2) == 0 {
                    self.out.push_str(" two\n");
                    let step = self.tape.below(3);
                    self.spaces(column + 1 + step);
                    self.out.push_str("lines");
                } else {
                    self.props(&["!!str", "!x"]);
                    self.comment();
                    self.out.push('\n');
                    let step = self.tape.below(3);
                    self.spaces(column + 1 + step);
                    let text = self
                        .tape
                        .one_of(&["below", "'below'", "{}", "[]", "{a: b}"]);
                    self.out.push_str(text);
                }
                self.end();
            }
            9 | 10 if is_item && self.tape.below(4) > 0 => {
                self.spaces(dash - 1);
                self.map(column + dash, depth - 1, true);
            }
            11 if is_item && self.tape.below(2) > 0 => {
                self.spaces(dash - 1);
                self.seq(column + dash, depth - 1, true);
            }
            9 | 10 => {
                self.props(&["!!map", "!override"]);
                self.end();
                self.noise(column + self.indents[0]);
                let step = self.odd(self.indents[0]).max(1);
                self.map(column + step, depth - 1, false);
            }
            11 | 12 => {
                self.props(&["!!seq", "!override"]);
                self.end();
                let step = self.odd(self.indents[1]).max(usize::from(is_item));
                self.noise(column + step);
                self.seq(column + step, depth - 1, false);
            }
            _ => {
                self.props(&["!!map", "!override"]);
                self.out.push(' ');
                self.flow(column + 1, depth.min(2));
                self.end();
            }
        }
    }

    /// The indentation, which sometimes differs from that of the document.
    fn odd(&mut self, usual: usize) -> usize {
        if self.tape.below(6) == 5 {
            self.tape.below(5)
        } else {
            usual
        }
    }

    fn end(&mut self) {
        self.comment();
        self.out.push('\n');
    }

    fn quoted(&mut self, column: usize) {
        match self.tape.below(6) {
            0 => self.out.push_str("\"x\""),
            1 => self.out.push_str("'x'"),
            2 => self.out.push_str("''"),
            3 => self.out.push_str("\"a # b: \\\" \\n\""),
            4 => self.out.push_str("'it''s'"),
            _ => {
                let quote = self.tape.one_of(&["'", "\""]);
                self.out.push_str(quote);
                self.out.push_str("two\n");
                self.spaces(column + 1);
                self.out.push_str("lines");
                self.out.push_str(quote);
            }
        }
    }

    fn block_scalar(&mut self, column: usize) {
        let step = 1 + self.tape.below(3);
        let style = self.tape.one_of(&["|", ">"]);
        let chomp = self.tape.one_of(&["", "-", "+"]);
        let indicator = self.tape.below(6) == 5;
        let _ = write!(self.out, " {style}");
        if indicator {
            let _ = write!(self.out, "{step}");
        }
        self.out.push_str(chomp);
        self.end();
        for _ in 0..self.tape.below(4) {
            match self.tape.below(5) {
                3 => self.out.push('\n'),
                kind => {
                    self.spaces(column + step + usize::from(kind == 4));
                    let line = self.tape.one_of(&["text", "# no comment", "a: b"]);
                    self.out.push_str(line);
                    self.out.push('\n');
                }
            }
        }
        for _ in 0..self.tape.below(6).saturating_sub(3) {
            self.out.push('\n');
        }
    }

    /// Brackets; `column` is where their lines may begin.
    fn flow(&mut self, column: usize, depth: usize) {
        let is_map = self.tape.below(2) == 0;
        let is_spread = self.tape.below(3) == 2;
        let is_padded = self.tape.below(3) == 2;
        self.out.push(if is_map { '{' } else { '[' });
        let count = self.tape.below(4);
        if is_padded {
            self.out.push(' ');
        }
        for index in 0..count {
            if is_spread {
                self.comment();
                self.out.push('\n');
                self.spaces(column + 2);
            }
            self.flow_member(is_map, column, depth);
            if index + 1 < count || self.tape.below(4) == 3 {
                self.out.push(',');
                if !is_spread {
                    let blank = self.tape.one_of(&[" ", " ", ""]);
                    self.out.push_str(blank);
                }
            }
        }
        if is_spread {
            self.comment();
            self.out.push('\n');
            let step = self.tape.below(2);
            self.spaces(column + step);
        } else if is_padded {
            self.out.push(' ');
        }
        self.out.push(if is_map { '}' } else { ']' });
    }

    fn flow_member(&mut self, is_map: bool, column: usize, depth: usize) {
        if is_map || self.tape.below(8) == 7 {
            self.key();
            match self.tape.below(8) {
                0..=4 => self.out.push_str(": "),
                5 => self.out.push_str(" : "),
                6 => {
                    self.out.push_str(": ");
                    return;
                }
                _ => {
                    if is_map {
                        let colon = self.tape.one_of(&["", ":", ": "]);
                        self.out.push_str(colon);
                        return;
                    }
                    self.out.push_str(": ");
                }
            }
        }
        match self.tape.below(if depth == 0 { 5 } else { 7 }) {
            0 | 1 => {
                if self.props(&["!!str", "!x"]) {
                    self.out.push(' ');
                }
                let plain = self.tape.one_of(&PLAIN);
                self.out.push_str(plain);
            }
            2 => self.quoted(column),
            3 if self.anchors > 0 => {
                let anchor = 1 + self.tape.below(self.anchors);
                let _ = write!(self.out, "*n{anchor} ");
            }
            3 | 4 => {
                let empty = self
                    .tape
                    .one_of(&["{}", "[]", "{ }", "~", "&e x", "!!str "]);
                self.out.push_str(empty);
            }
            _ => self.flow(column + 2, depth - 1),
        }
    }

    fn json(&mut self, column: usize, depth: usize, compact: bool) {
        if depth == 0 || self.tape.below(4) == 3 && depth < 3 {
            let text = self
                .tape
                .one_of(&["\"x\"", "1", "true", "null", "{}", "[]"]);
            self.out.push_str(text);
            return;
        }
        let is_map = self.tape.below(3) < 2;
        self.out.push(if is_map { '{' } else { '[' });
        let count = 1 + self.tape.below(3);
        for index in 0..count {
            if index > 0 {
                self.out.push(',');
            }
            if !compact {
                self.out.push('\n');
                self.spaces(column + self.indents[0]);
            }
            if is_map {
                let _ = write!(self.out, "\"k{index}\":");
                if !compact {
                    self.out.push(' ');
                }
            }
            self.json(column + self.indents[0], depth - 1, compact);
        }
        if !compact {
            self.out.push('\n');
            self.spaces(column);
        }
        self.out.push(if is_map { '}' } else { ']' });
    }
}

/// Keys, some of which need quotes.
const NAMES: [&str; 9] = ["a", "b", "c", "d", "new", "on", "a b", "a:b", "0"];

/// Choices read from bytes: where they end, the first and simplest choice, so that a shorter
/// tape is a simpler document.
struct Tape<'t>(&'t [u8]);

impl Tape<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(first) * bound / 256
    }

    fn one_of<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }
}

/// xorshift: the same bytes in every run.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next().to_le_bytes()[5]).collect()
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound.max(1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
