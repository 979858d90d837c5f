//! A serde deserializer over a tree of [`crate::syntax`], which gives every error its place.
//!
//! The file is parsed once: values, spans and lines all come from the same tree. A span is the
//! scalar itself, or the first key or item of a collection in block style, so that it marks one
//! line.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::{CowStrDeserializer, U32Deserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

use super::ConfigError;
use crate::nearest;
use crate::syntax::{Kind, Limits, NodeId, Scalar, Schema, Span, Style, Tree};

/// Reads a value from a tree of one document; an empty document is an empty mapping.
///
/// # Errors
///
/// The first value that is not of its type, and its place.
pub(super) fn from_tree<'de, T: Deserialize<'de>>(
    tree: &Tree<'_>,
    limits: &Limits,
) -> Result<T, ConfigError> {
    let Some(document) = tree.documents().first() else {
        return T::deserialize(Nothing).map_err(|error: Fault| error.at(Span { start: 0, end: 0 }));
    };
    let source = Source {
        tree,
        limits,
        budget: Cell::new(limits.nodes.saturating_mul(2)),
    };
    let root = source.value(document.root, 0);
    T::deserialize(root).map_err(|error| error.at(source.place(document.root)))
}

/// A value and the place where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The bytes that an error shows.
    pub span: Span,
    /// The line, from 1.
    pub line: u32,
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The name by which [`Located`] asks the deserializer of this module for a place.
const LOCATED: &str = "$harden::config::Located";

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Place<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Place<T> {
            type Value = Located<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value and its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Located<T>, A::Error> {
                let mut number = || Ok(parts.next_element()?.unwrap_or_default());
                let (start, end, line) = (number()?, number()?, number()?);
                let value = parts.next_element()?;
                Ok(Located {
                    value: value.ok_or_else(|| de::Error::invalid_length(3, &self))?,
                    span: Span { start, end },
                    line,
                })
            }

            /// Another deserializer, which knows no place.
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Located<T>, D::Error> {
                Ok(Located {
                    value: T::deserialize(deserializer)?,
                    span: Span { start: 0, end: 0 },
                    line: 0,
                })
            }
        }

        deserializer.deserialize_newtype_struct(LOCATED, Place(PhantomData))
    }
}

/// An error that learns its place on the way up.
#[derive(Debug)]
struct Fault {
    message: String,
    span: Option<Span>,
}

impl Fault {
    fn new(message: String) -> Self {
        Self {
            message,
            span: None,
        }
    }

    /// The same at this place, if no value within it was at fault.
    fn within(self, span: Span) -> Self {
        Self {
            span: self.span.or(Some(span)),
            ..self
        }
    }

    fn at(self, span: Span) -> ConfigError {
        ConfigError {
            span: self.span.unwrap_or(span),
            message: self.message,
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found: Cow<'_, str> = match found {
            Unexpected::Unit | Unexpected::Option => "nothing".into(),
            Unexpected::Bool(value) => format!("`{value}`").into(),
            Unexpected::Unsigned(value) => format!("`{value}`").into(),
            Unexpected::Signed(value) => format!("`{value}`").into(),
            Unexpected::Float(value) => format!("`{value}`").into(),
            Unexpected::Str(value) => format!("`{value}`").into(),
            Unexpected::Seq => "a list".into(),
            Unexpected::Map => "a mapping".into(),
            other => other.to_string().into(),
        };
        Self::new(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("unknown key `{key}`{}", candidates(key, known)))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(format!("unknown value `{word}`{}", candidates(word, known)))
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(format!("the key `{key}` is missing"))
    }
}

/// The word that may be meant, or all of them.
fn candidates(word: &str, known: &[&str]) -> String {
    match nearest::hint(word, known.iter().copied()) {
        hint if hint.is_empty() && !known.is_empty() => {
            format!("; expected one of {}", known.join(", "))
        }
        hint => hint,
    }
}

/// The tree, and what bounds the work on it.
struct Source<'t, 's> {
    tree: &'t Tree<'s>,
    limits: &'t Limits,
    /// Values that may still be read. Only aliases read a value more than once.
    budget: Cell<u32>,
}

impl<'t, 's> Source<'t, 's> {
    fn value(&self, node: NodeId, depth: u16) -> Value<'_, 't, 's> {
        Value {
            source: self,
            node,
            depth,
        }
    }

    /// The bytes that an error about this node shows.
    fn place(&self, mut node: NodeId) -> Span {
        loop {
            let Span { start, end } = self.tree.node(node).span;
            let first = self.tree.children(node).next();
            match (self.tree.node(node).style, first) {
                (Style::Block | Style::FlowPair, Some(first)) => node = first,
                (Style::Flow, _) => {
                    let end = end.min(start.saturating_add(1));
                    return Span { start, end };
                }
                _ => return Span { start, end },
            }
        }
    }
}

/// A node that is to be deserialized.
#[derive(Clone, Copy)]
struct Value<'a, 't, 's> {
    source: &'a Source<'t, 's>,
    node: NodeId,
    depth: u16,
}

impl<'a, 't, 's> Value<'a, 't, 's> {
    /// Reads this value with the seed; an error within it without a place gets the place of it.
    fn read<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let place = || self.source.place(self.node);
        self.check().map_err(|error| error.within(place()))?;
        seed.deserialize(self)
            .map_err(|error| error.within(place()))
    }

    fn check(self) -> Result<(), Fault> {
        let Source {
            tree,
            limits,
            budget,
            ..
        } = self.source;
        let left = budget.get().checked_sub(1);
        let too_much = || Fault::new("the aliases of this file expand to too many values".into());
        budget.set(left.ok_or_else(too_much)?);
        if self.depth > limits.depth.saturating_mul(2) {
            return Err(too_much());
        }
        match tree.tag(tree.resolve(self.node)) {
            Some(tag) if tag != "!" && !tag.starts_with("tag:yaml.org,2002:") => Err(Fault::new(
                format!("a configuration has no tags; remove `{tag}`"),
            )),
            _ => Ok(()),
        }
    }

    /// The node that an alias stands for, or the node itself.
    fn target(self) -> NodeId {
        self.source.tree.resolve(self.node)
    }

    fn kind(self) -> Kind {
        self.source.tree.node(self.target()).kind
    }

    fn is_empty(self) -> bool {
        self.source.tree.node(self.target()).style == Style::Empty
    }

    fn text(self) -> Cow<'s, str> {
        self.source.tree.value(self.target())
    }

    fn scalar(self) -> Option<Scalar<'s>> {
        self.source.tree.scalar(self.node, Schema::GoYamlV4)
    }

    fn children(self) -> Children<'a, 't, 's, impl Iterator<Item = NodeId>> {
        Children {
            parent: self,
            nodes: self.source.tree.children(self.target()),
        }
    }

    /// A value of another type than this one.
    fn unexpected(self, expected: &dyn Expected) -> Fault {
        let text = self.text();
        let found = match self.kind() {
            Kind::Map => Unexpected::Map,
            Kind::Seq => Unexpected::Seq,
            _ if text.is_empty() => Unexpected::Unit,
            _ => Unexpected::Str(&text),
        };
        de::Error::invalid_type(found, expected)
    }

    fn visit_map<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let tree = self.source.tree;
        if let Some((_, second)) = tree.duplicate_key(self.target(), Schema::GoYamlV4) {
            let message = format!("duplicate key `{}`", tree.value(second));
            return Err(Fault::new(message).within(self.source.place(second)));
        }
        visitor.visit_map(self.children())
    }
}

impl<'de> Deserializer<'de> for Value<'_, '_, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match (self.kind(), self.scalar()) {
            (Kind::Map, _) => self.visit_map(visitor),
            (Kind::Seq, _) => visitor.visit_seq(self.children()),
            (_, Some(Scalar::Bool(value))) => visitor.visit_bool(value),
            (_, Some(Scalar::Float(value))) => visitor.visit_f64(value),
            (_, Some(Scalar::Int(value))) => match (u64::try_from(value), i64::try_from(value)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_i128(value),
            },
            (_, Some(Scalar::Str(text))) => visitor.visit_str(&text),
            (_, Some(Scalar::Null) | None) => visitor.visit_unit(),
        }
    }

    /// The text as it is written, whatever YAML reads into it.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Scalar => visitor.visit_str(&self.text()),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.scalar() {
            Some(Scalar::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Seq => visitor.visit_seq(self.children()),
            _ if self.is_empty() => visitor.visit_seq(self.children()),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Map => self.visit_map(visitor),
            _ if self.is_empty() => visitor.visit_map(self.children()),
            _ => Err(self.unexpected(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.kind() {
            Kind::Scalar => {
                let text: CowStrDeserializer<'_, Fault> = self.text().into_deserializer();
                visitor.visit_enum(text)
            }
            _ => Err(self.unexpected(&"a single value")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name != LOCATED {
            return visitor.visit_newtype_struct(self);
        }
        visitor.visit_seq(Place {
            value: self,
            next: 0,
        })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct ignored_any
    }
}

/// The items of a list, or the keys and values of a mapping.
struct Children<'a, 't, 's, I> {
    parent: Value<'a, 't, 's>,
    nodes: I,
}

impl<I: Iterator<Item = NodeId>> Children<'_, '_, '_, I> {
    fn read_next<'de, T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Value { source, depth, .. } = self.parent;
        let node = self.nodes.next();
        node.map(|node| source.value(node, depth.saturating_add(1)).read(seed))
            .transpose()
    }
}

impl<'de, I: Iterator<Item = NodeId>> SeqAccess<'de> for Children<'_, '_, '_, I> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.read_next(seed)
    }
}

impl<'de, I: Iterator<Item = NodeId>> MapAccess<'de> for Children<'_, '_, '_, I> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.read_next(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let value = self.read_next(seed)?;
        value.ok_or_else(|| Fault::new("the key has no value".to_owned()))
    }
}

/// The parts of a [`Located`]: start, end, line and the value.
struct Place<'a, 't, 's> {
    value: Value<'a, 't, 's>,
    next: u8,
}

impl<'de> SeqAccess<'de> for Place<'_, '_, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Value { source, node, .. } = self.value;
        let span = source.place(node);
        let number: U32Deserializer<Fault> = match self.next {
            0 => span.start,
            1 => span.end,
            2 => source.tree.line_column(span.start).0,
            _ => return seed.deserialize(self.value).map(Some),
        }
        .into_deserializer();
        self.next += 1;
        seed.deserialize(number).map(Some)
    }
}

/// A file without a document.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<(
            &str,
            &str,
        )>()))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}
