//! Writes values as text, in block and in flow style.

use super::Value;
use super::layout::{Flow, Indents, Spread};
use super::plain::{Quote, is_plain_safe, quote};

/// Writes a value as a document, in block style with an indentation of two columns.
#[must_use]
pub fn document(value: &Value) -> String {
    let block = Block {
        indents: Indents {
            map: 2,
            seq: 2,
            dash: 2,
        },
        eol: "\n",
        quote: Quote::Double,
    };
    let mut text = match value {
        Value::Map(entries) if !entries.is_empty() => block.lines(value, 0, None).join("\n"),
        Value::Seq(items) if !items.is_empty() => block.lines(value, 0, None).join("\n"),
        _ => {
            let mut text = String::new();
            inline(&mut text, value, None, Quote::Double, false);
            text
        }
    };
    text.push('\n');
    text
}

/// The style for values in a block collection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    pub(super) indents: Indents,
    pub(super) eol: &'a str,
    /// The quotes of strings that need quotes.
    pub(super) quote: Quote,
}

impl Block<'_> {
    /// Writes `key: value`. Lines after the first are indented under `column`.
    pub(super) fn entry(&self, out: &mut String, key: &str, value: &Value, column: u32) {
        string(out, key, None, Quote::Double, false);
        out.push(':');
        let value = Self::tag(out, value);
        match value {
            Value::Map(entries) if !entries.is_empty() => {
                let column = column + self.indents.map;
                for (key, value) in entries {
                    self.break_line(out, column);
                    self.entry(out, key, value, column);
                }
            }
            Value::Seq(items) if !items.is_empty() => {
                let column = column + self.indents.seq;
                for item in items {
                    self.break_line(out, column);
                    self.item(out, item, column, None);
                }
            }
            _ => {
                out.push(' ');
                inline(out, value, None, self.quote, false);
            }
        }
    }

    /// Writes `- value`. Lines after the first are indented under the dash at `column`. `keep`
    /// gives the quotes of the neighbouring items.
    pub(super) fn item(&self, out: &mut String, value: &Value, column: u32, keep: Option<Quote>) {
        out.push('-');
        let inner = column + self.indents.dash;
        let is_tagged = matches!(value, Value::Tagged(..));
        let value = Self::tag(out, value);
        match value {
            Value::Map(entries) if !entries.is_empty() => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index == 0 && !is_tagged {
                        spaces(out, self.indents.dash - 1);
                    } else {
                        self.break_line(out, inner);
                    }
                    self.entry(out, key, value, inner);
                }
            }
            Value::Seq(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index == 0 && !is_tagged {
                        spaces(out, self.indents.dash - 1);
                    } else {
                        self.break_line(out, inner);
                    }
                    self.item(out, item, inner, None);
                }
            }
            _ => {
                out.push(' ');
                inline(out, value, keep, self.quote, false);
            }
        }
    }

    /// Writes the tags of a value, and returns the value without them.
    fn tag<'v>(out: &mut String, mut value: &'v Value) -> &'v Value {
        while let Value::Tagged(tag, inner) = value {
            out.push(' ');
            out.push_str(tag);
            value = inner;
        }
        value
    }

    /// The entries or items of a collection that is not empty, as one text each for lines at
    /// `column`. The caller writes the line breaks and the indentation between them.
    pub(super) fn lines(&self, value: &Value, column: u32, keep: Option<Quote>) -> Vec<String> {
        let line = |write: &dyn Fn(&mut String)| {
            let mut out = String::new();
            write(&mut out);
            out
        };
        match value {
            Value::Map(entries) => entries
                .iter()
                .map(|(key, value)| line(&|out| self.entry(out, key, value, column)))
                .collect(),
            Value::Seq(items) => items
                .iter()
                .map(|item| line(&|out| self.item(out, item, column, keep)))
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn break_line(&self, out: &mut String, column: u32) {
        out.push_str(self.eol);
        spaces(out, column);
    }
}

/// Writes a scalar or an empty collection. `keep` requests quotes even if none are needed.
pub(super) fn inline(
    out: &mut String,
    value: &Value,
    keep: Option<Quote>,
    quote: Quote,
    in_flow: bool,
) {
    match value {
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Str(text) => string(out, text, keep, quote, in_flow),
        Value::Plain(text) => out.push_str(text),
        Value::Tagged(tag, value) => {
            out.push_str(tag);
            out.push(' ');
            inline(out, value, keep, quote, in_flow);
        }
        Value::Seq(_) => out.push_str("[]"),
        Value::Map(_) => out.push_str("{}"),
    }
}

fn string(out: &mut String, text: &str, keep: Option<Quote>, otherwise: Quote, in_flow: bool) {
    match keep {
        Some(style) => quote(out, text, style),
        None if is_plain_safe(text, in_flow) => out.push_str(text),
        None => quote(out, text, otherwise),
    }
}

impl Flow {
    /// Writes a value inside a flow collection.
    pub(super) fn value(&self, out: &mut String, value: &Value, keep: Option<Quote>) {
        match value {
            Value::Map(entries) if !entries.is_empty() => {
                out.push('{');
                self.members(out, value, true);
                out.push('}');
            }
            Value::Seq(items) if !items.is_empty() => {
                out.push('[');
                self.members(out, value, false);
                out.push(']');
            }
            _ => {
                let keep = if self.json { Some(Quote::Double) } else { keep };
                inline(out, value, keep, self.quote, true);
            }
        }
    }

    /// Writes everything between the brackets of a collection that is not empty.
    pub(super) fn members(&self, out: &mut String, value: &Value, is_map: bool) {
        let Some(lines) = &self.lines else {
            let pad = self.pad && is_map;
            if pad {
                out.push(' ');
            }
            for (index, member) in self.each(value, None).into_iter().enumerate() {
                if index > 0 {
                    out.push_str(self.comma());
                }
                out.push_str(&member);
            }
            if pad {
                out.push(' ');
            }
            return;
        };
        let inner = Self {
            lines: Some(lines.deeper()),
            ..self.clone()
        };
        for (index, member) in inner.each(value, None).into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(&lines.eol);
            out.push_str(&lines.indent);
            out.push_str(&lines.unit);
            out.push_str(&member);
        }
        out.push_str(&lines.eol);
        out.push_str(&lines.indent);
    }

    /// The members of a collection, as one text each. Lines inside them are indented relative to
    /// `self.lines`, the line on which each member starts.
    pub(super) fn each(&self, value: &Value, keep: Option<Quote>) -> Vec<String> {
        match value {
            Value::Map(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let mut out = String::new();
                    // Some readers read an unquoted `a:b` in braces as a key with a value.
                    let quoted = self.json || key.contains(':');
                    string(
                        &mut out,
                        key,
                        quoted.then_some(Quote::Double),
                        Quote::Double,
                        true,
                    );
                    let fused = self.compact && out.ends_with('"');
                    out.push_str(if fused { ":" } else { ": " });
                    self.value(&mut out, value, None);
                    out
                })
                .collect(),
            Value::Seq(items) => items
                .iter()
                .map(|item| {
                    let mut out = String::new();
                    self.value(&mut out, item, keep);
                    out
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn comma(&self) -> &'static str {
        if self.compact { "," } else { ", " }
    }
}

impl Spread {
    /// The layout for one more level.
    pub(super) fn deeper(&self) -> Self {
        Self {
            indent: format!("{}{}", self.indent, self.unit),
            ..self.clone()
        }
    }
}

fn spaces(out: &mut String, count: u32) {
    out.extend(std::iter::repeat_n(' ', count as usize));
}
