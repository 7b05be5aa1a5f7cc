//! Errors that scripts can catch, the objects that describe them, and the two registers that hold them.
//!
//! Scripts read these texts and may pass them on to services, so they are part of the data format: whoever changes one
//! raises [`FORMAT`](crate::data::FORMAT).

use crate::value::{Json, LensError, Object, Origin, Single, Tetraplet, Text, brief};
use std::sync::Arc;
use thiserror::Error;

/// What went wrong in an instruction; a `xor` around it goes on with its handler.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A service answered with an error.
    #[error("the service failed with code {ret_code}: {text}")]
    Service {
        /// The code it gave.
        ret_code: i32,
        /// The text it gave, as it stands.
        text: Arc<str>,
    },
    /// The operands of `match` differ.
    #[error("the operands of `match` differ")]
    MatchDiffers,
    /// The operands of `mismatch` are equal.
    #[error("the operands of `mismatch` are equal")]
    MismatchEqual,
    /// A value would nest too deep.
    #[error("a value would nest deeper than 127 levels")]
    TooDeep,
    /// A fold over something other than an array.
    #[error("`fold` goes through arrays, not {}", brief(.0))]
    NotIterable(Json),
    /// The script raised an error object.
    #[error("the script raised an error object")]
    Raised,
    /// A lens selects nothing.
    #[error("{0}")]
    Lens(LensError),
    /// `fail` with something that is no error object.
    #[error("not an error object: {0}")]
    BadErrorObject(BadErrorObject),
    /// A variable was read before its `new` gave it a value.
    #[error("`{0}` is read before its `new` gives it a value")]
    Unset(Arc<str>),
    /// `.length` of something other than an array.
    #[error("{0}")]
    Length(LensError),
    /// A peer, service or function that is no string.
    #[error("peers, services and functions are strings, not {}", brief(.0))]
    NotAString(Json),
    /// A key of a stream map that is neither a string nor an integer.
    #[error("keys of stream maps are strings and integers, not {}", brief(.0))]
    BadKey(Json),
}

/// Why a value is no error object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum BadErrorObject {
    /// It is no object.
    #[error("it is no object")]
    NotAnObject,
    /// It has no `error_code`.
    #[error("it has no field `error_code`")]
    NoCode,
    /// Its `error_code` is no integer of 64 bits with sign.
    #[error("its `error_code` is no integer of 64 bits")]
    CodeNotInteger,
    /// Its `error_code` is zero.
    #[error("its `error_code` is 0, which means no error")]
    CodeZero,
    /// It has no `message`.
    #[error("it has no field `message`")]
    NoMessage,
    /// Its `message` is no string.
    #[error("its `message` is no string")]
    MessageNotString,
}

impl ErrorKind {
    /// The numeric code, as the reference interpreter has it.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Service { .. } => 10000,
            Self::MatchDiffers => 10001,
            Self::MismatchEqual => 10002,
            Self::TooDeep => 10004,
            Self::NotIterable(_) => 10005,
            Self::Raised => 10006,
            Self::Lens(_) => 10007,
            Self::BadErrorObject(_) => 10008,
            Self::Unset(_) => 10009,
            Self::Length(_) => 10010,
            Self::NotAString(_) => 10011,
            Self::BadKey(_) => 10012,
        }
    }
}

impl From<LensError> for ErrorKind {
    fn from(error: LensError) -> Self {
        match error {
            LensError::LengthOfNonArray(_) => Self::Length(error),
            _ => Self::Lens(error),
        }
    }
}

impl From<crate::value::TooDeep> for ErrorKind {
    fn from(_: crate::value::TooDeep) -> Self {
        Self::TooDeep
    }
}

/// An error on its way to the next `xor`.
#[derive(Clone, Debug)]
pub struct Catchable {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The object that handlers see.
    pub object: Json,
    /// Where that object came from, if it is not the script's own.
    pub origin: Option<Origin>,
}

impl Catchable {
    /// An error raised by an instruction, given as text; of a call with a resolved triplet, also that.
    pub(crate) fn new(kind: ErrorKind, instruction: &str, call: Option<Arc<Tetraplet>>) -> Self {
        let mut fields: Vec<(Text, Json)> = vec![
            ("error_code".into(), Json::Number(kind.code().into())),
            ("message".into(), Json::String(kind.to_string().as_str().into())),
            ("instruction".into(), Json::String(instruction.into())),
        ];
        if let Some(call) = &call {
            fields.push(("peer_id".into(), Json::String((&*call.peer).into())));
        }
        let object = object(fields);
        Self { kind, object, origin: call.map(Origin::of) }
    }

    /// The error that `fail code "text"` raises.
    pub(crate) fn literal(code: i64, text: &str, instruction: &str) -> Self {
        let object = object(vec![
            ("error_code".into(), Json::Number(code.into())),
            ("message".into(), Json::String(text.into())),
            ("instruction".into(), Json::String(instruction.into())),
        ]);
        Self { kind: ErrorKind::Raised, object, origin: None }
    }

    /// The error that `fail` raises with an error object.
    pub(crate) fn of_object(value: Single) -> Result<Self, ErrorKind> {
        check(&value.json).map_err(ErrorKind::BadErrorObject)?;
        Ok(Self { kind: ErrorKind::Raised, object: value.json, origin: Some(value.origin) })
    }

    /// The code of the object, which is the user's for errors that the script raised.
    pub fn code(&self) -> i64 {
        let code = self.object.as_object().and_then(|object| object.get("error_code"));
        match code {
            Some(Json::Number(code)) => code.as_i64().unwrap_or_default(),
            _ => self.kind.code(),
        }
    }

    /// The message of the object.
    pub fn message(&self) -> &str {
        let message = self.object.as_object().and_then(|object| object.get("message"));
        message.and_then(Json::as_str).unwrap_or_default()
    }
}

fn object(fields: Vec<(Text, Json)>) -> Json {
    Object::new(fields).map_or(Json::Null, Json::Object)
}

fn check(value: &Json) -> Result<(), BadErrorObject> {
    let object = value.as_object().ok_or(BadErrorObject::NotAnObject)?;
    let code = object.get("error_code").ok_or(BadErrorObject::NoCode)?;
    match code {
        Json::Number(code) => match code.as_i64() {
            Some(0) => return Err(BadErrorObject::CodeZero),
            Some(_) => {}
            None => return Err(BadErrorObject::CodeNotInteger),
        },
        _ => return Err(BadErrorObject::CodeNotInteger),
    }
    let message = object.get("message").ok_or(BadErrorObject::NoMessage)?;
    message.as_str().map(drop).ok_or(BadErrorObject::MessageNotString)
}

/// `%last_error%` and `:error:`: functions of the control path, so that every replay sees the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registers {
    /// The error last caught on this path, but for failed comparisons.
    pub(crate) last_error: Option<Arc<Catchable>>,
    /// The error that the innermost handler handles.
    pub(crate) error: Option<Arc<Catchable>>,
}

impl Registers {
    /// What a handler sees.
    pub(crate) fn catch(&mut self, error: &Arc<Catchable>) {
        if !matches!(error.kind, ErrorKind::MatchDiffers | ErrorKind::MismatchEqual) {
            self.last_error = Some(error.clone());
        }
        self.error = Some(error.clone());
    }
}

/// `{"error_code":0,"message":""}`, what the registers hold before any error.
pub(crate) fn no_error() -> Json {
    object(vec![("error_code".into(), Json::Number(0_i64.into())), ("message".into(), Json::String("".into()))])
}

/// The value that a failed call leaves in the data.
pub(crate) fn failure(ret_code: i32, text: &str) -> Json {
    object(vec![
        ("message".into(), Json::String(text.into())),
        ("ret_code".into(), Json::Number(i64::from(ret_code).into())),
    ])
}

/// What such a value says, if it is one.
pub(crate) fn failure_parts(value: &Json) -> Option<ErrorKind> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let Json::Number(ret_code) = object.get("ret_code")? else { return None };
    let ret_code = i32::try_from(ret_code.as_i64()?).ok().filter(|code| *code != 0)?;
    let Json::String(text) = object.get("message")? else { return None };
    Some(ErrorKind::Service { ret_code, text: text.chars().clone() })
}
