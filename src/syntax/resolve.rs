//! Types of plain scalars, merge keys and duplicate keys, as a version of go-yaml reads them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::keys::{LARGE, Lookup};
use super::{Kind, NodeId, Span, Style, Tree};

/// The version of go-yaml whose rules apply to scalars and mappings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Schema {
    /// go-yaml v2 with the conversion of `sigs.k8s.io/yaml`: YAML 1.1 booleans (also as keys). A
    /// merged value replaces the value of a key before `<<`. The last duplicate key is used.
    GoYamlV2,
    /// go-yaml v4: keys of the mapping take precedence over merged keys. Duplicate keys are errors.
    GoYamlV4,
}

/// The typed value of a scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'s> {
    /// `~`, `null` or an empty scalar.
    Null,
    /// A boolean of the schema.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// A floating point number.
    Float(f64),
    /// A text: any other scalar, and every quoted scalar. Both versions also read dates as text.
    Str(Cow<'s, str>),
}

/// Where a key was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the mapping itself.
    Own {
        /// The key.
        key: NodeId,
        /// The value as it is written (may be an alias).
        value: NodeId,
    },
    /// In a mapping that `<<` merges.
    Merged {
        /// The alias (or inline mapping) that merges it.
        via: NodeId,
        /// The key in the merged mapping.
        key: NodeId,
        /// The value in the merged mapping.
        value: NodeId,
    },
}

impl Found {
    /// The value, own or merged.
    #[must_use]
    pub fn value(self) -> NodeId {
        match self {
            Self::Own { value, .. } | Self::Merged { value, .. } => value,
        }
    }

    /// The key, own or merged.
    #[must_use]
    pub fn key(self) -> NodeId {
        match self {
            Self::Own { key, .. } | Self::Merged { key, .. } => key,
        }
    }
}

const BOOL_TAG: &str = "tag:yaml.org,2002:bool";
const FLOAT_TAG: &str = "tag:yaml.org,2002:float";
const INT_TAG: &str = "tag:yaml.org,2002:int";
const MERGE_TAG: &str = "tag:yaml.org,2002:merge";
const NULL_TAG: &str = "tag:yaml.org,2002:null";

impl<'s> Tree<'s> {
    /// The typed value of a scalar. Aliases are followed. `None` for collections.
    ///
    /// If the text does not match its tag (`!!int x`), go-yaml rejects it; the result is then the
    /// text.
    #[must_use]
    pub fn scalar(&self, id: NodeId, schema: Schema) -> Option<Scalar<'s>> {
        let id = self.resolve(id);
        let node = self.node(id);
        if node.kind != Kind::Scalar {
            return None;
        }
        let value = self.value(id);
        let is_plain = matches!(node.style, Style::Plain | Style::Empty);
        let tag = match self.tag(id) {
            None if is_plain => return Some(plain(value, schema)),
            None => return Some(Scalar::Str(value)),
            Some(tag) => tag,
        };
        // go-yaml v4 ignores the tag `!` of a plain scalar; v2 reads the scalar as text.
        if tag == "!" && is_plain && schema == Schema::GoYamlV4 {
            return Some(plain(value, schema));
        }
        let typed = plain(Cow::Borrowed(value.as_ref()), schema);
        Some(match (tag.as_ref(), typed) {
            (BOOL_TAG, Scalar::Bool(bool)) => Scalar::Bool(bool),
            (INT_TAG, Scalar::Int(int)) => Scalar::Int(int),
            (FLOAT_TAG, Scalar::Float(float)) => Scalar::Float(float),
            #[allow(clippy::cast_precision_loss, reason = "go-yaml rounds in the same way")]
            (FLOAT_TAG, Scalar::Int(int)) => Scalar::Float(int as f64),
            (NULL_TAG, Scalar::Null) => Scalar::Null,
            _ => Scalar::Str(value),
        })
    }

    /// The effective value of `key` in a mapping, own or merged. An alias is followed.
    #[must_use]
    pub fn get(&self, map: NodeId, key: &str, schema: Schema) -> Option<Found> {
        let mut found = None;
        let wanted = WantedKey::new(key, schema);
        for (at, (own, value)) in self.entries(self.resolve(map)).enumerate() {
            if self.may_merge && self.is_merge(own) {
                return self.get_merged(map, key, schema);
            }
            if at >= LARGE {
                return match self.keys.find(self, self.resolve(map), key, schema) {
                    Lookup::Merges => self.get_merged(map, key, schema),
                    Lookup::Entry(found) => found.map(|(key, value)| Found::Own { key, value }),
                };
            }
            if self.is_key(own, wanted) {
                found = Some(Found::Own { key: own, value });
            }
        }
        found
    }

    /// Whether the mapping itself has a merge key.
    #[must_use]
    pub fn has_merge(&self, map: NodeId, schema: Schema) -> bool {
        let map = self.resolve(map);
        if !self.may_merge {
            return false;
        }
        for (at, (key, _)) in self.entries(map).enumerate() {
            if at >= LARGE {
                let found = self.keys.find(self, map, "", schema);
                return matches!(found, Lookup::Merges);
            }
            if self.is_merge(key) {
                return true;
            }
        }
        false
    }

    #[inline]
    fn is_written(&self, span: Span, text: &str) -> bool {
        let bytes = self.source.as_bytes();
        bytes.get(span.start as usize..span.end as usize) == Some(text.as_bytes())
    }

    /// [`Tree::get`] for a mapping with merge keys.
    fn get_merged(&self, map: NodeId, key: &str, schema: Schema) -> Option<Found> {
        let mut found = None;
        let wanted = WantedKey::new(key, schema);
        if schema == Schema::GoYamlV4 {
            // An own key takes precedence. Of duplicates, which are errors, the last one is used.
            let own = self.entries(self.resolve(map));
            let own = own.filter(|(own, _)| !self.is_merge(*own) && self.is_key(*own, wanted));
            if let Some((key, value)) = own.last() {
                return Some(Found::Own { key, value });
            }
        }
        self.walk(map, schema, |candidate| {
            if self.is_key(candidate.key(), wanted) {
                found = Some(candidate);
            }
            found.is_none()
        });
        found
    }

    /// Whether the text of the key equals the wanted key.
    #[inline]
    fn is_key(&self, key: NodeId, wanted: WantedKey<'_>) -> bool {
        let node = self.node(key);
        if node.kind == Kind::Scalar
            && node.style == Style::Plain
            && wanted.is_verbatim
            && !self.is_written(node.span, wanted.key)
        {
            return false;
        }
        self.key_text(key, wanted.schema)
            .is_some_and(|key| key == wanted.key)
    }

    /// The effective entries of a mapping, including merged ones, each key once. First the own
    /// entries in source order, then the merged ones in source order. An alias is followed. Keys
    /// without [`Tree::key_text`] are omitted.
    #[must_use]
    pub fn effective_entries(&self, map: NodeId, schema: Schema) -> Vec<(Cow<'s, str>, Found)> {
        let own = || self.entries(self.resolve(map));
        if !self.may_merge || !own().any(|(key, _)| self.is_merge(key)) {
            return self.own_entries(own(), schema);
        }
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        self.walk(map, schema, |found| {
            if let Some(text) = self.key_text(found.key(), schema)
                && seen.insert(text.clone())
            {
                entries.push((text, found));
            }
            true
        });
        entries.sort_by_key(|(_, found)| (matches!(found, Found::Merged { .. }), found.key()));
        entries
    }

    /// [`Tree::effective_entries`] for a mapping without merge keys.
    fn own_entries(
        &self,
        own: impl Iterator<Item = (NodeId, NodeId)>,
        schema: Schema,
    ) -> Vec<(Cow<'s, str>, Found)> {
        let mut entries: Vec<(Cow<'s, str>, Found)> = own
            .filter_map(|(key, value)| {
                Some((self.key_text(key, schema)?, Found::Own { key, value }))
            })
            .collect();
        // For a few entries, comparing all pairs is cheaper than hashing.
        let is_repeated = |at: usize| {
            entries[at + 1..]
                .iter()
                .any(|(later, _)| *later == entries[at].0)
        };
        let repeats = if entries.len() <= 16 {
            (0..entries.len()).any(is_repeated)
        } else {
            let mut seen = HashSet::with_capacity(entries.len());
            !entries.iter().all(|(text, _)| seen.insert(text.as_ref()))
        };
        if repeats {
            let mut seen = HashSet::new();
            entries.reverse();
            entries.retain(|(text, _)| seen.insert(text.clone()));
            entries.reverse();
        }
        entries
    }

    /// The first key that occurs twice in this mapping, as `(first, second)`. Keys are compared as
    /// `schema` reads them.
    ///
    /// In [`Schema::GoYamlV4`] `<<` also counts. In [`Schema::GoYamlV2`] `<<` may occur several
    /// times.
    #[must_use]
    pub fn duplicate_key(&self, map: NodeId, schema: Schema) -> Option<(NodeId, NodeId)> {
        let mut seen = HashMap::new();
        for (key, _) in self.entries(self.resolve(map)) {
            let text = if self.is_merge(key) {
                if schema == Schema::GoYamlV2 {
                    continue;
                }
                Some(Cow::Borrowed("<<"))
            } else {
                self.key_text(key, schema)
            };
            if let Some(first) = text.and_then(|text| seen.insert(text, key)) {
                return Some((first, key));
            }
        }
        None
    }

    /// The text of a key as `schema` reads it: in [`Schema::GoYamlV2`] `on` is `true` and `0x10` is
    /// `16`. `None` for collections, and in [`Schema::GoYamlV2`] for null.
    #[must_use]
    pub fn key_text(&self, key: NodeId, schema: Schema) -> Option<Cow<'s, str>> {
        if schema == Schema::GoYamlV4 {
            let key = self.resolve(key);
            return (self.node(key).kind == Kind::Scalar).then(|| self.value(key));
        }
        Some(match self.scalar(key, schema)? {
            Scalar::Null => return None,
            Scalar::Bool(true) => Cow::Borrowed("true"),
            Scalar::Bool(false) => Cow::Borrowed("false"),
            Scalar::Int(int) => Cow::Owned(int.to_string()),
            Scalar::Float(float) => Cow::Owned(float_key(float)),
            Scalar::Str(text) => text,
        })
    }

    /// Whether this key is `<<` and merges mappings.
    #[must_use]
    pub fn is_merge(&self, key: NodeId) -> bool {
        let node = self.node(key);
        if !self.may_merge
            || node.kind != Kind::Scalar
            || node.style == Style::Plain && self.text(key) != "<<"
            || self.value(key) != "<<"
        {
            return false;
        }
        match self.tag(key) {
            None => node.style == Style::Plain,
            Some(tag) => tag == MERGE_TAG || tag == "!" && node.style == Style::Plain,
        }
    }

    /// Visits the entries of a mapping and of all mappings that it merges, in order of precedence,
    /// until `visit` returns false. Each mapping is visited once, even if it is merged several
    /// times.
    fn walk(&self, map: NodeId, schema: Schema, mut visit: impl FnMut(Found) -> bool) {
        let mut visited = HashSet::new();
        let mut open = Vec::new();
        let start = self.resolve(map);
        visited.insert(start);
        open.push((self.by_rank(start, schema), None));
        while let Some((entries, via)) = open.last_mut() {
            let via = *via;
            let Some((key, value)) = entries.pop() else {
                open.pop();
                continue;
            };
            if !self.is_merge(key) {
                let found = match via {
                    None => Found::Own { key, value },
                    Some(via) => Found::Merged { via, key, value },
                };
                if !visit(found) {
                    return;
                }
                continue;
            }
            let sources: Vec<NodeId> = match self.node(value).kind {
                Kind::Seq => self.children(value).collect(),
                _ => vec![value],
            };
            // The first source has precedence, so it is pushed last.
            for source in sources.into_iter().rev() {
                let target = self.resolve(source);
                if self.node(target).kind == Kind::Map {
                    open.push((Vec::new(), Some(via.unwrap_or(source))));
                    if visited.insert(target)
                        && let Some((entries, _)) = open.last_mut()
                    {
                        *entries = self.by_rank(target, schema);
                    }
                }
            }
        }
    }

    /// The entries of one mapping, those with precedence last.
    fn by_rank(&self, map: NodeId, schema: Schema) -> Vec<(NodeId, NodeId)> {
        let mut entries: Vec<_> = self.entries(map).collect();
        if schema == Schema::GoYamlV4 {
            // Own keys come before merged ones. Of duplicates, which are errors, the last one is
            // used.
            entries.sort_by_key(|&(key, _)| !self.is_merge(key));
        }
        entries
    }
}

/// A key to look up.
#[derive(Clone, Copy)]
struct WantedKey<'k> {
    key: &'k str,
    schema: Schema,
    /// Whether a plain key must be written exactly like this: no character of it can come from
    /// folding, and go-yaml v2 does not read it as a boolean or number.
    is_verbatim: bool,
}

impl<'k> WantedKey<'k> {
    fn new(key: &'k str, schema: Schema) -> Self {
        let is_folded = || {
            key.bytes()
                .any(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || !byte.is_ascii())
        };
        let is_word = || {
            key.starts_with(|first: char| first.is_ascii_alphabetic())
                && !matches!(key, "true" | "false")
        };
        Self {
            key,
            schema,
            is_verbatim: !key.is_empty()
                && (schema == Schema::GoYamlV4 || is_word())
                && !is_folded(),
        }
    }
}

/// The typed value of a plain scalar, like go-yaml's `resolve`.
fn plain(text: Cow<'_, str>, schema: Schema) -> Scalar<'_> {
    let is_v2 = schema == Schema::GoYamlV2;
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if is_v2 => {
            return Scalar::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if is_v2 => {
            return Scalar::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Scalar::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
        "-0" | "-0.0" if !is_v2 => return Scalar::Float(-0.0),
        _ => {}
    }
    match number(&text) {
        Some(number) => number,
        None => Scalar::Str(text),
    }
}

/// Parses the integers of Go (`0x`, `0o`, `0b`, a leading 0 for octal), then decimal floats. `_`
/// may occur anywhere after the first character.
fn number(text: &str) -> Option<Scalar<'static>> {
    let first = text.bytes().next()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') || is_timestamp(text) {
        return None;
    }
    let digits: Cow<'_, str> = if first != b'.' && text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    if first != b'.'
        && let Some(int) = integer(&digits)
    {
        return Some(Scalar::Int(int));
    }
    if !is_decimal(&digits) {
        return None;
    }
    // Go does not parse a number that is out of range.
    digits
        .parse::<f64>()
        .ok()
        .filter(|float| float.is_finite())
        .map(Scalar::Float)
}

fn integer(text: &str) -> Option<i128> {
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if digits.is_empty()
        || !digits
            .bytes()
            .all(|digit| char::from(digit).is_digit(radix))
    {
        return None;
    }
    let magnitude = i128::from_str_radix(digits, radix).ok()?;
    let value = if is_negative { -magnitude } else { magnitude };
    // Go parses unsigned numbers only without a sign.
    let most = if text.len() == unsigned.len() {
        i128::from(u64::MAX)
    } else {
        i128::from(i64::MAX)
    };
    (i128::from(i64::MIN)..=most)
        .contains(&value)
        .then_some(value)
}

/// Whether the text matches `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let len = digits(fraction);
        if whole == 0 && len == 0 {
            return false;
        }
        rest = &fraction[len..];
    } else if whole == 0 {
        return false;
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

/// Whether the text is a date: `2001-01-01` with or without a time. go-yaml checks for dates before
/// it parses numbers.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

/// The text that `sigs.k8s.io/yaml` uses for a float as a key:
/// `strconv.FormatFloat(f, 'g', -1, 32)`.
fn float_key(float: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "sigs.k8s.io/yaml writes keys in single precision"
    )]
    let float = float as f32;
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go's `%v` writes exponents from -4 to 20 in full. The format `g` does so only below 6 or the
    // number of digits, whichever is greater.
    let precision = digits.bytes().filter(u8::is_ascii_digit).count().max(6);
    if exponent < -4 || usize::try_from(exponent).is_ok_and(|exponent| exponent >= precision) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{float}")
}
