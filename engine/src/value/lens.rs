//! Lenses: parts of values, and the origin of a part.
//!
//! One rule for origins: the part has the tetraplet of the whole with each step appended as resolved, the first path
//! preceded by `.$`. So `x.$.list.[i]` with `i` = 1 and `x` from `B|box|open|` is `B|box|open|.$.list.[1]`.

use super::{Json, Number, Tetraplet, Text};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// One step of a lens, with what its scalar held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LensStep {
    /// `.[n]`: an element of an array.
    Index(u32),
    /// `.name`: a field of an object.
    Field(Text),
    /// `.[n]`: the values of an integer key of a canon map.
    Key(i128),
    /// `.length`: the number of elements of an array.
    Length,
}

impl LensStep {
    /// The step that the value of a scalar in brackets stands for.
    ///
    /// # Errors
    /// If it is neither a string nor an index.
    pub fn by_value(value: &Json) -> Result<Self, LensError> {
        match value {
            Json::String(name) => Ok(Self::Field(name.clone())),
            Json::Number(number) => match number.as_u64().map(u32::try_from) {
                Some(Ok(index)) => Ok(Self::Index(index)),
                _ => Err(LensError::NotAnIndex(*number)),
            },
            other => Err(LensError::BadAccessor(other.clone())),
        }
    }
}

impl fmt::Display for LensStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, ".[{index}]"),
            Self::Field(name) => write!(f, ".{}", &**name),
            Self::Key(key) => write!(f, ".[{key}]"),
            Self::Length => f.write_str(".length"),
        }
    }
}

/// Why a lens selects nothing. Scripts can see these messages.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum LensError {
    /// An index into something other than an array.
    #[error("index {index} of {}, which is no array", brief(.value))]
    IndexOfNonArray {
        /// The index.
        index: u32,
        /// The value.
        value: Json,
    },
    /// An index beyond the end of an array.
    #[error("index {index} of an array of {len}")]
    NoElement {
        /// The index.
        index: u32,
        /// The length of the array.
        len: usize,
    },
    /// A field of something other than an object.
    #[error("field `{}` of {}, which is no object", &**.field, brief(.value))]
    FieldOfNonObject {
        /// The field.
        field: Text,
        /// The value.
        value: Json,
    },
    /// A field that the object does not have.
    #[error("no field `{}` in {}", &**.field, brief(.value))]
    NoField {
        /// The field.
        field: Text,
        /// The object.
        value: Json,
    },
    /// A number in brackets that is no index.
    #[error("{0:?} is no index: indices are integers below 2^32")]
    NotAnIndex(Number),
    /// A value in brackets that is neither a string nor a number.
    #[error("{} selects nothing: a string or an integer does", brief(.0))]
    BadAccessor(Json),
    /// A field where a canon takes an index.
    #[error("field `{}` of a canon: an index selects an element", &**.0)]
    FieldOfCanon(Text),
    /// A step below a key that a canon map does not have.
    #[error("no key `{0}` in the canon map")]
    NoKey(String),
    /// A key of a canon map given by an iterator.
    #[error("an iterator cannot select a key of a canon map: copy it into a scalar first")]
    KeyByIterator,
    /// `.length` of something other than an array.
    #[error("the length of {}, which is no array", brief(.0))]
    LengthOfNonArray(Json),
}

/// A value as messages show it: whole if it is short, else what it is.
pub(crate) fn brief(value: &Json) -> String {
    const TEXT_LEN_MAX: u64 = 100;
    match value {
        short if short.text_len() <= TEXT_LEN_MAX => short.to_text(),
        Json::Array(array) => format!("an array of {}", array.len()),
        Json::Object(object) => format!("an object of {} fields", object.len()),
        Json::String(text) => format!("a string of {} bytes", text.len()),
        other => other.to_text(),
    }
}

impl Json {
    /// The part that one step selects.
    ///
    /// # Errors
    /// If there is none.
    pub fn step(&self, step: &LensStep) -> Result<Self, LensError> {
        match (step, self) {
            (LensStep::Index(index), Self::Array(array)) => {
                let element = array.get(*index as usize).cloned();
                element.ok_or(LensError::NoElement { index: *index, len: array.len() })
            }
            (LensStep::Index(index), value) => Err(LensError::IndexOfNonArray { index: *index, value: value.clone() }),
            (LensStep::Key(key), _) => Err(LensError::NoKey(key.to_string())),
            (LensStep::Field(field), Self::Object(object)) => {
                let member = object.get(field).cloned();
                member.ok_or_else(|| LensError::NoField { field: field.clone(), value: self.clone() })
            }
            (LensStep::Field(field), value) => {
                Err(LensError::FieldOfNonObject { field: field.clone(), value: value.clone() })
            }
            (LensStep::Length, Self::Array(array)) => Ok(Self::Number((array.len() as u64).into())),
            (LensStep::Length, value) => Err(LensError::LengthOfNonArray(value.clone())),
        }
    }
}

/// Where a value came from: a tetraplet, and the steps taken since; written out only where somebody asks.
///
/// Each step goes one level down into a value, so there are at most as many as values can be deep.
#[derive(Clone, Debug)]
pub struct Origin {
    root: Arc<Tetraplet>,
    path: Option<Arc<Taken>>,
}

#[derive(Debug)]
struct Taken {
    before: Option<Arc<Self>>,
    step: LensStep,
}

impl Origin {
    /// The origin of a whole value.
    pub fn of(tetraplet: Arc<Tetraplet>) -> Self {
        Self { root: tetraplet, path: None }
    }

    /// The origin of a part of this value.
    pub fn step(&self, step: LensStep) -> Self {
        Self { root: self.root.clone(), path: Some(Arc::new(Taken { before: self.path.clone(), step })) }
    }

    /// The tetraplet, written out.
    pub fn tetraplet(&self) -> Arc<Tetraplet> {
        if self.path.is_none() {
            return self.root.clone();
        }
        let mut steps = Vec::new();
        let mut at = &self.path;
        while let Some(taken) = at {
            steps.push(&taken.step);
            at = &taken.before;
        }
        let mut lens = self.root.lens.to_string();
        if lens.is_empty() && steps.last().is_some_and(|first| **first != LensStep::Length) {
            lens.push_str(".$");
        }
        for step in steps.iter().rev() {
            lens.push_str(&step.to_string());
        }
        Arc::new(Tetraplet { lens: lens.into(), ..(*self.root).clone() })
    }
}

/// One value and its origin.
#[derive(Clone, Debug)]
pub struct Single {
    /// The value.
    pub json: Json,
    /// Where it came from.
    pub origin: Origin,
}

impl Single {
    /// The part that one step selects, with its origin.
    ///
    /// # Errors
    /// If there is none.
    pub fn step(&self, step: LensStep) -> Result<Self, LensError> {
        Ok(Self { json: self.json.step(&step)?, origin: self.origin.step(step) })
    }
}
