//! JSON values that are cheap to share and impossible to nest too deep.
//!
//! A value is immutable; cloning it copies a pointer. Arrays and objects remember how deep they nest and how long their
//! text is, so both limits are checked in constant time when a script builds a value out of others. That matters:
//! sharing lets a script describe a value of 2^100 characters with a hundred pointers, and only the remembered
//! length tells before somebody prints it.
//!
//! An array or object that comes as canonical text keeps it, and is read when somebody looks inside. Most results of
//! calls are only passed on, stored and hashed, for which the text is enough.
//!
//! *Input safety.* No value nests deeper than [`MAX_DEPTH`], so what recurses over a value (printing, comparing,
//! dropping) needs a few kilobytes of stack. Reading is bounded by the length of the text.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use super::{Number, surely_canonical};

/// How deep arrays and objects may nest: a scalar has depth 0, `[]` has depth 1.
pub const MAX_DEPTH: u8 = 127;

/// A JSON value; cloning it takes constant time.
///
/// Equality is structural and strict about types; objects compare by content. The canonical text tells apart two values
/// that compare equal in one case only: `0.0` and `-0.0`.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Text),
    /// An array.
    Array(Array),
    /// An object.
    Object(Object),
}

/// An immutable string that remembers how long it is when printed as JSON.
#[derive(Clone)]
pub struct Text {
    chars: Arc<str>,
    printed: u64,
}

/// An immutable array that remembers how deep it nests and how long it prints.
#[derive(Clone)]
pub struct Array(Arc<Nest<Json>>);

/// An immutable object with unique keys in ascending byte order.
#[derive(Clone)]
pub struct Object(Arc<Nest<(Text, Json)>>);

struct Nest<T> {
    depth: u8,
    printed: u64,
    body: Body<T>,
}

enum Body<T> {
    /// What is inside.
    Items(Box<[T]>),
    /// The canonical text, and what it means, once somebody asked.
    Text { text: Arc<str>, items: OnceLock<Box<[T]>> },
}

/// The value would nest deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value may not nest deeper than {MAX_DEPTH} levels")]
pub struct TooDeep;

/// Why a text is not a JSON value, and where.
///
/// Scripts can see these messages, so they are our own words and not those of the library that reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The text breaks the grammar of JSON.
    #[error("not a JSON text at line {line}, column {column}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1; 0 before the first byte of a line.
        column: usize,
    },
    /// An array or object nests deeper than [`MAX_DEPTH`].
    #[error("JSON nested deeper than {MAX_DEPTH} levels at line {line}, column {column}")]
    TooDeep {
        /// The line, from 1.
        line: usize,
        /// The column in bytes.
        column: usize,
    },
    /// A number does not fit a double.
    #[error("JSON number out of range at line {line}, column {column}")]
    NumberOutOfRange {
        /// The line, from 1.
        line: usize,
        /// The column in bytes.
        column: usize,
    },
}

impl Json {
    /// Reads one JSON text; of duplicate keys the last wins.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        read_json(text).map_err(|error| JsonError::new(&error))
    }

    /// Reads one JSON text as [`Json::parse`] does, and has its canonical text at hand from then on.
    pub(crate) fn read(text: &Arc<str>) -> Result<Self, JsonError> {
        if let Some(depth) = surely_canonical(text) {
            return Ok(Self::of_canonical(text, depth));
        }
        let value = Self::parse(text.as_bytes())?;
        let text = value.shared_text();
        Ok(match value {
            Self::Array(Array(nest)) => Self::Array(Array(Nest::with_text(nest, text))),
            Self::Object(Object(nest)) => Self::Object(Object(Nest::with_text(nest, text))),
            scalar => scalar,
        })
    }

    /// The value with this canonical text, which nests so deep; the caller has made sure of both.
    pub(crate) fn of_canonical(text: &Arc<str>, depth: u8) -> Self {
        match text.as_bytes().first() {
            Some(b'[') => Self::Array(Array(Nest::of_canonical(text, depth))),
            Some(b'{') => Self::Object(Object(Nest::of_canonical(text, depth))),
            _ => canonical(text),
        }
    }

    /// How deep the value nests: 0 for scalars.
    pub fn depth(&self) -> u8 {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => 0,
            Self::Array(array) => array.0.depth,
            Self::Object(object) => object.0.depth,
        }
    }

    /// How many bytes the canonical text has, in constant time; `u64::MAX` stands for anything longer.
    pub fn text_len(&self) -> u64 {
        match self {
            Self::Null => 4,
            Self::Bool(value) => 5 - u64::from(*value),
            Self::Number(number) => printed_len(number),
            Self::String(text) => text.printed,
            Self::Array(array) => array.0.printed,
            Self::Object(object) => object.0.printed,
        }
    }

    /// The canonical text: compact, keys in ascending byte order.
    ///
    /// Look at [`Json::text_len`] first where a script may have built the value.
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        self.write_text(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// The canonical text, shared where the value came as one.
    pub(crate) fn shared_text(&self) -> Arc<str> {
        match self.text() {
            Some(text) => Arc::clone(text),
            None => self.to_text().into(),
        }
    }

    /// Appends the canonical text to `out`.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        // A big text is not moved while it grows; of one that would not fit into memory, nothing is promised.
        const RESERVED_BYTES_MAX: u64 = 64 << 20;
        out.reserve(self.text_len().min(RESERVED_BYTES_MAX) as usize);
        self.write(out);
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Array(Array(nest)) => nest.write(out, b"[]", Self::write),
            Self::Object(Object(nest)) => nest.write(out, b"{}", |(key, value), out| {
                write_scalar(&**key, out);
                out.push(b':');
                value.write(out);
            }),
            scalar => write_scalar(scalar, out),
        }
    }

    /// The canonical text of an array or object that came as one.
    fn text(&self) -> Option<&Arc<str>> {
        match self {
            Self::Array(array) => array.0.text(),
            Self::Object(object) => object.0.text(),
            _ => None,
        }
    }

    /// The characters of a string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The items of an array.
    pub fn as_array(&self) -> Option<&Array> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// The fields of an object.
    pub fn as_object(&self) -> Option<&Object> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }
}

fn write_scalar(scalar: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, scalar).expect("memory takes what is written");
}

/// The value with this canonical text.
fn canonical(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("canonical text is JSON")
}

impl<T> Nest<T> {
    fn of_items(depth: u8, printed: u64, items: Vec<T>) -> Arc<Self> {
        Arc::new(Self { depth, printed, body: Body::Items(items.into()) })
    }

    fn of_canonical(text: &Arc<str>, depth: u8) -> Arc<Self> {
        let body = Body::Text { text: Arc::clone(text), items: OnceLock::new() };
        Arc::new(Self { depth, printed: text.len() as u64, body })
    }

    /// The same with its canonical text; a value that others share stays as it is.
    fn with_text(this: Arc<Self>, text: Arc<str>) -> Arc<Self> {
        Arc::try_unwrap(this).map_or_else(
            |shared| shared,
            |Self { depth, printed, body }| {
                let items = match body {
                    Body::Items(items) => items.into(),
                    Body::Text { items, .. } => items,
                };
                Arc::new(Self { depth, printed, body: Body::Text { text, items } })
            },
        )
    }

    fn text(&self) -> Option<&Arc<str>> {
        if let Body::Text { text, .. } = &self.body { Some(text) } else { None }
    }

    /// What is inside; the first call reads the text. `inner` takes apart what was read.
    fn items(&self, inner: impl FnOnce(Json) -> Option<Arc<Self>>) -> &[T] {
        match &self.body {
            Body::Items(items) => items,
            Body::Text { text, items } => items.get_or_init(|| {
                let body = inner(canonical(text)).and_then(Arc::into_inner).map(|nest| nest.body);
                if let Some(Body::Items(items)) = body { items } else { Box::default() }
            }),
        }
    }

    /// Whether both have the same text, as far as that is known.
    fn reads_like(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || matches!((self.text(), other.text()), (Some(text), Some(other)) if text == other)
    }

    fn write(&self, out: &mut Vec<u8>, brackets: &[u8; 2], write: impl Fn(&T, &mut Vec<u8>)) {
        match &self.body {
            Body::Text { text, .. } => out.extend_from_slice(text.as_bytes()),
            Body::Items(items) => {
                out.push(brackets[0]);
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write(item, out);
                }
                out.push(brackets[1]);
            }
        }
    }
}

impl Text {
    /// The characters, cheap to share.
    pub fn chars(&self) -> &Arc<str> {
        &self.chars
    }
}

impl Array {
    /// An array of these items, unless it would nest too deep; the depth of each item is known, not measured.
    pub fn new(items: Vec<Json>) -> Result<Self, TooDeep> {
        let depth = nest(items.iter())?;
        let printed = items.iter().map(Json::text_len).fold(2, u64::saturating_add);
        let printed = printed.saturating_add(commas(items.len()));
        Ok(Self(Nest::of_items(depth, printed, items)))
    }

    fn items(&self) -> &[Json] {
        self.0.items(|json| if let Json::Array(array) = json { Some(array.0) } else { None })
    }
}

impl Object {
    /// An object of these fields, in any order; of equal keys the last wins.
    pub fn new(mut fields: Vec<(Text, Json)>) -> Result<Self, TooDeep> {
        if !fields.is_sorted_by(|a, b| *a.0 < *b.0) {
            // Reversed first, so that the stable sort puts the last of equal keys in front, where it survives.
            fields.reverse();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields.dedup_by(|later, first| *later.0 == *first.0);
        }
        let depth = nest(fields.iter().map(|(_, value)| value))?;
        let printed = fields.iter().map(|(key, value)| key.printed.saturating_add(value.text_len()).saturating_add(1));
        let printed = printed.fold(2, u64::saturating_add).saturating_add(commas(fields.len()));
        Ok(Self(Nest::of_items(depth, printed, fields)))
    }

    fn fields(&self) -> &[(Text, Json)] {
        self.0.items(|json| if let Json::Object(object) = json { Some(object.0) } else { None })
    }

    /// The value of a key, found in logarithmic time.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let at = self.fields().binary_search_by(|(name, _)| (**name).cmp(key)).ok()?;
        self.fields().get(at).map(|(_, value)| value)
    }

    /// The fields in ascending byte order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Json)> {
        self.fields().iter().map(|(key, value)| (key, value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.fields().len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields().is_empty()
    }
}

/// The depth of an array or object around these values.
fn nest<'a>(values: impl Iterator<Item = &'a Json>) -> Result<u8, TooDeep> {
    let depth = values.map(Json::depth).max().unwrap_or(0) + 1;
    if depth > MAX_DEPTH { Err(TooDeep) } else { Ok(depth) }
}

fn commas(items: usize) -> u64 {
    items.saturating_sub(1) as u64
}

/// How many bytes a string takes as JSON: one per byte, more for those that are escaped, two quotes.
fn printed_text_len(chars: &str) -> u64 {
    let more = |byte: u8| match byte {
        b'"' | b'\\' | 8 | 9 | 10 | 12 | 13 => 1,
        0..0x20 => 5,
        _ => 0,
    };
    chars.bytes().map(more).sum::<u64>() + chars.len() as u64 + 2
}

/// How many bytes a value takes as JSON, without writing them anywhere.
fn printed_len(value: &impl Serialize) -> u64 {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).expect("counting does not fail");
    count.0
}

/// Reads JSON; looking once whether all of it is UTF-8 is faster than looking at each string.
pub(crate) fn read_json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        // Where it breaks the grammar of JSON comes first.
        Err(_) => serde_json::from_slice(bytes),
    }
}

impl JsonError {
    /// The library has one kind for all of these, so its words decide; a test notices when they change.
    fn new(error: &serde_json::Error) -> Self {
        let (line, column, message) = (error.line(), error.column(), error.to_string());
        if message.starts_with("recursion limit exceeded") {
            Self::TooDeep { line, column }
        } else if message.starts_with("number out of range") {
            Self::NumberOutOfRange { line, column }
        } else {
            Self::Syntax { line, column }
        }
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.chars
    }
}

impl Deref for Array {
    type Target = [Json];
    fn deref(&self) -> &[Json] {
        self.items()
    }
}

// Sharing makes equal values often the same value, which needs no walk. No value differs from itself: NaN is none.
impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.0.reads_like(&other.0) || self.items() == other.items()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.0.reads_like(&other.0) || self.fields() == other.fields()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.chars == other.chars
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.chars.cmp(&other.chars)
    }
}

impl From<Arc<str>> for Text {
    fn from(chars: Arc<str>) -> Self {
        Self { printed: printed_text_len(&chars), chars }
    }
}

impl From<&str> for Text {
    fn from(chars: &str) -> Self {
        Self::from(Arc::<str>::from(chars))
    }
}

impl From<&str> for Json {
    fn from(chars: &str) -> Self {
        Self::String(chars.into())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(integer: i64) -> Self {
        Self::Number(integer.into())
    }
}

impl From<u64> for Json {
    fn from(integer: u64) -> Self {
        Self::Number(integer.into())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(array) => serializer.collect_seq(array.iter()),
            Self::Object(object) => serializer.collect_map(object.iter().map(|(key, value)| (&**key, value))),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Chars;
        impl Visitor<'_> for Chars {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, chars: &str) -> Result<Text, E> {
                Ok(chars.into())
            }
        }
        deserializer.deserialize_str(Chars)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Json;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }
            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(value.into())
            }
            fn visit_i64<E>(self, integer: i64) -> Result<Json, E> {
                Ok(integer.into())
            }
            fn visit_u64<E>(self, integer: u64) -> Result<Json, E> {
                Ok(integer.into())
            }
            fn visit_f64<E: de::Error>(self, double: f64) -> Result<Json, E> {
                Number::from_f64(double).map(Json::Number).ok_or_else(|| E::custom("number out of range"))
            }
            fn visit_str<E>(self, chars: &str) -> Result<Json, E> {
                Ok(chars.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Array::new(items).map(Json::Array).map_err(de::Error::custom)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry::<Text, Json>()? {
                    fields.push(field);
                }
                Object::new(fields).map(Json::Object).map_err(de::Error::custom)
            }
        }
        deserializer.deserialize_any(Values)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars.fmt(f)
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
