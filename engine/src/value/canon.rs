//! Canons and canon maps: the contents of streams and stream maps as one peer fixed them.

use super::{Array, Json, LensError, LensStep, Object, Origin, Single, Tetraplet, Text, TooDeep};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A fixed stream: elements in order, each with its own origin.
#[derive(Debug)]
pub struct Canon {
    /// The peer that fixed it, as `P|||`.
    pub tetraplet: Arc<Tetraplet>,
    /// The elements.
    pub elements: Vec<Single>,
    json: OnceLock<Result<Json, TooDeep>>,
}

impl Canon {
    /// A canon of these elements.
    pub fn new(tetraplet: Arc<Tetraplet>, elements: Vec<Single>) -> Self {
        Self { tetraplet, elements, json: OnceLock::new() }
    }

    /// The array of its values.
    ///
    /// # Errors
    /// If it would nest too deep.
    pub fn json(&self) -> Result<Json, TooDeep> {
        let build = || Ok(Json::Array(Array::new(self.elements.iter().map(|element| element.json.clone()).collect())?));
        self.json.get_or_init(build).clone()
    }

    /// The number of elements.
    pub fn length(&self) -> Single {
        length(&self.tetraplet, self.elements.len())
    }

    /// An element, which keeps its own origin, and what the other steps select in it.
    ///
    /// # Errors
    /// If there is none.
    pub fn select(&self, steps: &[LensStep]) -> Result<Single, LensError> {
        select(&self.elements, steps)
    }
}

fn length(tetraplet: &Arc<Tetraplet>, len: usize) -> Single {
    let origin = Origin::of(tetraplet.clone()).step(LensStep::Length);
    Single { json: Json::Number((len as u64).into()), origin }
}

/// The key of an entry in a stream map: `7` and `"7"` are two keys that print alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// An integer of `i64` or `u64`, by its decimal text.
    Integer(i128),
    /// A string.
    Text(Text),
}

impl Key {
    /// The key that a value is, if it is a string or an integer.
    pub fn of(value: &Json) -> Option<Self> {
        match value {
            Json::String(text) => Some(Self::Text(text.clone())),
            Json::Number(number) => {
                number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)).map(Self::Integer)
            }
            _ => None,
        }
    }

    /// The key as a field of an object.
    pub fn printed(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(integer) => integer.to_string().as_str().into(),
        }
    }
}

/// The entry `{"key": …, "value": …}` of a stream map.
///
/// # Errors
/// If it would nest too deep.
pub fn entry(key: &Json, value: &Json) -> Result<Json, TooDeep> {
    Ok(Json::Object(Object::new(vec![("key".into(), key.clone()), ("value".into(), value.clone())])?))
}

/// The key and the value of an entry, if that is what a value is.
pub fn entry_parts(value: &Json) -> Option<(Key, &Json)> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    Some((Key::of(object.get("key")?)?, object.get("value")?))
}

/// A fixed stream map: entries in order, each with the origin of its value.
#[derive(Debug)]
pub struct CanonMap {
    /// The peer that fixed it, as `P|||`.
    pub tetraplet: Arc<Tetraplet>,
    /// The entries, each `{"key": …, "value": …}`.
    pub entries: Vec<Single>,
    /// For each key, its values in order.
    values: BTreeMap<Key, Vec<Single>>,
    /// The first entry of each key, ascending.
    firsts: Vec<usize>,
}

impl CanonMap {
    /// A canon map of these entries; nothing if one of them is no entry.
    pub fn new(tetraplet: Arc<Tetraplet>, entries: Vec<Single>) -> Option<Self> {
        let mut values: BTreeMap<Key, Vec<Single>> = BTreeMap::new();
        let mut firsts = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            let (key, value) = entry_parts(&entry.json)?;
            let value = Single { json: value.clone(), origin: entry.origin.clone() };
            let known = values.entry(key).or_default();
            if known.is_empty() {
                firsts.push(position);
            }
            known.push(value);
        }
        Some(Self { tetraplet, entries, values, firsts })
    }

    /// How many keys there are.
    pub fn keys(&self) -> usize {
        self.firsts.len()
    }

    /// The first entry of a key, by the order of these: what a fold goes through.
    pub fn first_entry(&self, index: usize) -> Option<&Single> {
        self.firsts.get(index).and_then(|position| self.entries.get(*position))
    }

    /// The object of all values of each key; keys that print alike share a field, in the order of their entries.
    ///
    /// # Errors
    /// If it would nest too deep.
    pub fn json(&self) -> Result<Json, TooDeep> {
        let mut fields: BTreeMap<Text, Vec<Json>> = BTreeMap::new();
        for (key, value) in self.entries.iter().filter_map(|entry| entry_parts(&entry.json)) {
            fields.entry(key.printed()).or_default().push(value.clone());
        }
        let fields = fields.into_iter().map(|(key, values)| Ok((key, Json::Array(Array::new(values)?))));
        Ok(Json::Object(Object::new(fields.collect::<Result<_, TooDeep>>()?)?))
    }

    /// The object of the first value of each printed key: what `canon` of a map to a scalar gives.
    ///
    /// # Errors
    /// If it would nest too deep.
    pub fn to_scalar(&self) -> Result<Json, TooDeep> {
        let mut fields: BTreeMap<Text, Json> = BTreeMap::new();
        for (key, value) in self.entries.iter().filter_map(|entry| entry_parts(&entry.json)) {
            fields.entry(key.printed()).or_insert_with(|| value.clone());
        }
        Ok(Json::Object(Object::new(fields.into_iter().collect())?))
    }

    /// The number of entries.
    pub fn length(&self) -> Single {
        length(&self.tetraplet, self.entries.len())
    }

    /// The array of all values of a key, empty if there is none.
    ///
    /// # Errors
    /// If it would nest too deep.
    pub fn values(&self, key: &Key) -> Result<Single, TooDeep> {
        let values = self.values.get(key).into_iter().flatten().map(|value| value.json.clone()).collect();
        let step = match key {
            Key::Text(text) => LensStep::Field(text.clone()),
            Key::Integer(integer) => LensStep::Key(*integer),
        };
        Ok(Single { json: Json::Array(Array::new(values)?), origin: Origin::of(self.tetraplet.clone()).step(step) })
    }

    /// One of the values of a key, which keeps its own origin, and what the other steps select in it.
    ///
    /// # Errors
    /// If there is none.
    pub fn select(&self, key: &Key, steps: &[LensStep]) -> Result<Single, LensError> {
        let values = self.values.get(key).ok_or_else(|| LensError::NoKey(key.printed().to_string()))?;
        select(values, steps)
    }
}

/// An element of fixed contents, and what the other steps select in it.
fn select(elements: &[Single], steps: &[LensStep]) -> Result<Single, LensError> {
    let len = elements.len();
    let Some((first, rest)) = steps.split_first() else { return Err(LensError::NoElement { index: 0, len }) };
    let element = match first {
        LensStep::Index(index) => elements.get(*index as usize).ok_or(LensError::NoElement { index: *index, len })?,
        LensStep::Field(field) => return Err(LensError::FieldOfCanon(field.clone())),
        LensStep::Key(key) => return Err(LensError::NoKey(key.to_string())),
        LensStep::Length => return Err(LensError::FieldOfCanon("length".into())),
    };
    rest.iter().try_fold(element.clone(), |part, step| part.step(step.clone()))
}
