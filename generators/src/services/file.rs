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
//! Values nest at most [`MAX_DEPTH`] deep, as everywhere. A key that stands twice in an object is a mistake.

use super::ServiceCall;
use airtight_engine::data::Answer;
use airtight_engine::value::{Json, JsonError, MAX_DEPTH};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;

/// How many characters of a key a path shows.
const KEY_CHARS_MAX: usize = 40;

/// The contents of a file that fixes answers.
#[derive(Clone, Debug, Default)]
pub struct ServicesFile {
    /// The entries, the first that fits counts.
    pub answers: Vec<FixedAnswer>,
}

/// One entry of such a file.
#[derive(Clone, Debug)]
pub struct FixedAnswer {
    peer: Option<String>,
    service: Option<String>,
    function: Option<String>,
    arguments: Option<Vec<Json>>,
    outcome: Outcome,
}

#[derive(Clone, Debug)]
enum Outcome {
    Result(Json),
    Error { ret_code: i32, message: String },
    Text(String),
}

/// Why a file does not fix answers, and where.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line}, {path}: {problem}")]
pub struct ServicesFileError {
    /// The line, from 1.
    pub line: usize,
    /// The part of the file: `answers[2].result`, or `the file`.
    pub path: String,
    /// What is wrong there.
    pub problem: ServicesFileProblem,
}

/// What can be wrong with a file that fixes answers.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ServicesFileProblem {
    /// It is no JSON.
    #[error("{0}")]
    Syntax(String),
    /// Something else is meant to stand there.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What is meant to stand there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A key stands twice in one object.
    #[error("the key stands twice; only one of them can count, so take one out")]
    DuplicateKey,
    /// A key that means nothing there.
    #[error("the key means nothing here; expected {expected}")]
    UnknownKey {
        /// The keys that do.
        expected: &'static str,
    },
    /// A key is missing.
    #[error("the key `{key}` is missing")]
    MissingKey {
        /// Which one.
        key: &'static str,
    },
    /// An entry does not say what its calls come to.
    #[error("the entry does not say what its calls come to; give it one of `result`, `error` and `text`")]
    NoOutcome,
    /// An entry says it twice.
    #[error("the entry says twice what its calls come to; give it only one of `result`, `error` and `text`")]
    TwoOutcomes,
    /// A code that is none.
    #[error("expected an integer of 32 bits")]
    NoCode,
    /// An error with code 0.
    #[error("a call that fails has another code than 0, which means success")]
    CodeZero,
    /// A value nests too deep.
    #[error("a value nests at most {MAX_DEPTH} deep")]
    TooDeep,
    /// A number does not fit a double.
    #[error("the number is out of range")]
    NumberOutOfRange,
}

impl ServicesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is not of the form.
    pub fn parse(text: &[u8]) -> Result<Self, ServicesFileError> {
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let line = 1 + text.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
                let problem = ServicesFileProblem::Syntax("the file is not UTF-8".into());
                return Err(ServicesFileError { line, path: "the file".into(), problem });
            }
        };
        let file = Part { file: text, text, path: String::new() };
        let mut answers = Vec::new();
        for (key, part) in file.members("an object with the list `answers`")? {
            if key != "answers" {
                return Err(part.error(ServicesFileProblem::UnknownKey { expected: "`answers`" }));
            }
            for entry in part.elements("a list of entries")? {
                answers.push(FixedAnswer::read(&entry)?);
            }
        }
        Ok(Self { answers })
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
    fn read(entry: &Part<'_>) -> Result<Self, ServicesFileError> {
        let (mut peer, mut service, mut function, mut arguments) = (None, None, None, None);
        let mut outcome = None;
        for (key, part) in entry.members("an entry, which is an object")? {
            let more = match key.as_str() {
                "result" => Outcome::Result(part.value()?),
                "error" => Outcome::failure(&part)?,
                "text" => Outcome::Text(part.string()?),
                "peer" => {
                    peer = Some(part.string()?);
                    continue;
                }
                "service" => {
                    service = Some(part.string()?);
                    continue;
                }
                "function" => {
                    function = Some(part.string()?);
                    continue;
                }
                "arguments" => {
                    let given = part.elements("a list of values")?;
                    arguments = Some(given.iter().map(Part::value).collect::<Result<_, _>>()?);
                    continue;
                }
                _ => {
                    let expected =
                        "`peer`, `service`, `function`, `arguments`, and one of `result`, `error` and `text`";
                    return Err(part.error(ServicesFileProblem::UnknownKey { expected }));
                }
            };
            if outcome.replace(more).is_some() {
                return Err(entry.error(ServicesFileProblem::TwoOutcomes));
            }
        }
        let outcome = outcome.ok_or_else(|| entry.error(ServicesFileProblem::NoOutcome))?;
        Ok(Self { peer, service, function, arguments, outcome })
    }

    pub(super) fn answer(&self) -> Answer {
        match &self.outcome {
            Outcome::Result(json) => Answer { ret_code: 0, result: json.to_text().into() },
            Outcome::Error { ret_code, message } => Answer { ret_code: *ret_code, result: message.as_str().into() },
            Outcome::Text(text) => Answer { ret_code: 0, result: text.as_str().into() },
        }
    }
}

impl Outcome {
    fn failure(error: &Part<'_>) -> Result<Self, ServicesFileError> {
        let (mut ret_code, mut message) = (None, None);
        for (key, part) in error.members("an object with `ret_code` and `message`")? {
            match key.as_str() {
                "ret_code" => match part.text.parse() {
                    Ok(0) => return Err(part.error(ServicesFileProblem::CodeZero)),
                    Ok(code) => ret_code = Some(code),
                    Err(_) => return Err(part.error(ServicesFileProblem::NoCode)),
                },
                "message" => message = Some(part.string()?),
                _ => {
                    let expected = "`ret_code` and `message`";
                    return Err(part.error(ServicesFileProblem::UnknownKey { expected }));
                }
            }
        }
        let missing = |key| error.error(ServicesFileProblem::MissingKey { key });
        let ret_code = ret_code.ok_or_else(|| missing("ret_code"))?;
        Ok(Self::Error { ret_code, message: message.ok_or_else(|| missing("message"))? })
    }
}

/// A part of a file, read apart from what is around it: so a value may nest as deep as values do, and every mistake has a
/// path and a line.
#[derive(Clone)]
struct Part<'t> {
    file: &'t str,
    text: &'t str,
    path: String,
}

impl<'t> Part<'t> {
    fn error(&self, problem: ServicesFileProblem) -> ServicesFileError {
        self.error_at(1, &self.path, problem)
    }

    /// A mistake in this line of the part, from 1.
    fn error_at(&self, line: usize, path: &str, problem: ServicesFileProblem) -> ServicesFileError {
        // The part is a slice of the file.
        let start = self.text.as_ptr().addr().saturating_sub(self.file.as_ptr().addr());
        let before = self.file.bytes().take(start).filter(|byte| *byte == b'\n').count();
        let path = if path.is_empty() { "the file".into() } else { format!("`{path}`") };
        ServicesFileError { line: before + line.max(1), path, problem }
    }

    fn syntax(&self, error: &serde_json::Error) -> ServicesFileError {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
        self.error_at(error.line(), &self.path, ServicesFileProblem::Syntax(message))
    }

    fn unexpected(&self, expected: &'static str) -> ServicesFileError {
        let found = match self.text.trim_ascii_start().bytes().next() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "a text",
            Some(b't' | b'f') => "a truth value",
            Some(b'n') => "null",
            Some(b'-' | b'0'..=b'9') => "a number",
            Some(_) => "no JSON",
            None => "nothing",
        };
        self.error(ServicesFileProblem::Unexpected { expected, found })
    }

    fn starts_with(&self, bracket: char) -> bool {
        self.text.trim_ascii_start().starts_with(bracket)
    }

    fn part(&self, text: &'t RawValue, step: &str) -> Self {
        Self { file: self.file, text: text.get(), path: joined(&self.path, step) }
    }

    /// The members of an object, each key once.
    fn members(&self, expected: &'static str) -> Result<Vec<(String, Self)>, ServicesFileError> {
        if !self.starts_with('{') {
            return Err(self.unexpected(expected));
        }
        let Members(members) = serde_json::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let mut keys = BTreeSet::new();
        let mut parts = Vec::new();
        for (key, text) in members {
            let part = self.part(text, &key);
            if !keys.insert(key.clone()) {
                return Err(part.error(ServicesFileProblem::DuplicateKey));
            }
            parts.push((key, part));
        }
        Ok(parts)
    }

    fn elements(&self, expected: &'static str) -> Result<Vec<Self>, ServicesFileError> {
        if !self.starts_with('[') {
            return Err(self.unexpected(expected));
        }
        let elements: Vec<&RawValue> = serde_json::from_str(self.text).map_err(|error| self.syntax(&error))?;
        let parts = elements.into_iter().enumerate().map(|(index, text)| self.part(text, &format!("[{index}]")));
        Ok(parts.collect())
    }

    fn string(&self) -> Result<String, ServicesFileError> {
        if !self.starts_with('"') {
            return Err(self.unexpected("a text"));
        }
        serde_json::from_str(self.text).map_err(|error| self.syntax(&error))
    }

    fn value(&self) -> Result<Json, ServicesFileError> {
        let json = Json::parse(self.text.as_bytes()).map_err(|error| match error {
            JsonError::TooDeep { line, .. } => self.error_at(line, &self.path, ServicesFileProblem::TooDeep),
            JsonError::NumberOutOfRange { line, .. } => {
                self.error_at(line, &self.path, ServicesFileProblem::NumberOutOfRange)
            }
            _ => self.error(ServicesFileProblem::Syntax(error.to_string())),
        })?;
        let mut path = self.path.clone();
        let distinct = DistinctKeys { path: &mut path };
        match distinct.deserialize(&mut serde_json::Deserializer::from_str(self.text)) {
            Ok(()) => Ok(json),
            Err(error) => Err(self.error_at(error.line(), &path, ServicesFileProblem::DuplicateKey)),
        }
    }
}

/// A path and one step more: an index in brackets, or a key.
fn joined(path: &str, step: &str) -> String {
    let dot = if path.is_empty() || step.starts_with('[') { "" } else { "." };
    // A path is to be read by people, however long the keys are.
    format!("{path}{dot}{}", step.chars().take(KEY_CHARS_MAX).collect::<String>())
}

/// The members of an object as they stand there.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'t> Visitor<'t> for Texts {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Members<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Texts)
    }
}

/// Walks through a value, and fails at the first key that stands twice in an object; the path is that key's then.
struct DistinctKeys<'p> {
    path: &'p mut String,
}

impl<'de> DeserializeSeed<'de> for DistinctKeys<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DistinctKeys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let len = self.path.len();
        for index in 0_usize.. {
            self.path.push_str(&format!("[{index}]"));
            if seq.next_element_seed(DistinctKeys { path: self.path })?.is_none() {
                break;
            }
            self.path.truncate(len);
        }
        self.path.truncate(len);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let len = self.path.len();
        let mut keys = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            *self.path = joined(self.path, &key);
            if !keys.insert(key) {
                return Err(A::Error::custom("the key stands twice"));
            }
            map.next_value_seed(DistinctKeys { path: self.path })?;
            self.path.truncate(len);
        }
        Ok(())
    }
}
