//! Answers that a user fixes, in a JSON file.
//!
//! ```json
//! {"answers":[
//!   {"service":"kv","function":"get","result":{"value":42}},
//!   {"peer":"hub","service":"kv","function":"get","arguments":["missing"],"error":{"ret_code":404,"message":"no such key"}},
//!   {"service":"log","text":"not JSON at all"}]}
//! ```
//!
//! Each entry says which calls it is for (by `peer`, `service`, `function` and `arguments`; what it leaves out may be
//! anything) and what they come to: a `result`, an `error`, or a `text` given as it stands. The first entry that fits counts.

use super::ServiceCall;
use airtight_engine::data::Answer;
use airtight_engine::value::Json;
use serde::Deserialize;
use thiserror::Error;

/// The contents of a file that fixes answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicesFile {
    /// The entries, the first that fits counts.
    #[serde(default)]
    pub answers: Vec<FixedAnswer>,
}

/// One entry of such a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedAnswer {
    peer: Option<String>,
    service: Option<String>,
    function: Option<String>,
    arguments: Option<Vec<Json>>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Result(Json),
    Error { ret_code: i32, message: String },
    Text(String),
}

/// Why a file does not fix answers.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServicesFileError {
    /// It is no JSON object.
    #[error("not a file of services: expected an object with the list `answers`")]
    NotAnObject,
    /// It is no JSON, or not of the form.
    #[error("not a file of services: {0}")]
    Form(#[from] serde_json::Error),
    /// An error with code 0, which would be a success.
    #[error("answer {index} is an error with `ret_code` 0, which means success")]
    CodeZero {
        /// Which entry, from 0.
        index: usize,
    },
}

impl ServicesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is not of the form.
    pub fn parse(text: &[u8]) -> Result<Self, ServicesFileError> {
        if text.trim_ascii_start().first() != Some(&b'{') {
            return Err(ServicesFileError::NotAnObject);
        }
        let file: Self = serde_json::from_slice(text)?;
        let zero = file.answers.iter().position(|answer| matches!(answer.outcome, Outcome::Error { ret_code: 0, .. }));
        match zero {
            Some(index) => Err(ServicesFileError::CodeZero { index }),
            None => Ok(file),
        }
    }

    pub(super) fn find(&self, call: ServiceCall<'_>) -> Option<&FixedAnswer> {
        let fits = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        self.answers.iter().find(|answer| {
            fits(&answer.peer, call.peer)
                && fits(&answer.service, call.service)
                && fits(&answer.function, call.function)
                && answer.arguments.as_deref().is_none_or(|wanted| wanted == call.arguments)
        })
    }
}

impl FixedAnswer {
    pub(super) fn answer(&self) -> Answer {
        match &self.outcome {
            Outcome::Result(json) => Answer { ret_code: 0, result: json.to_text().into() },
            Outcome::Error { ret_code, message } => Answer { ret_code: *ret_code, result: message.as_str().into() },
            Outcome::Text(text) => Answer { ret_code: 0, result: text.as_str().into() },
        }
    }
}
