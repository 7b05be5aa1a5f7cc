//! What a broken law tells.

use airtight_engine::runner::RunnerError;
use std::fmt;
use std::sync::Arc;

/// An instance that breaks a law, for people to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The statement that does not hold.
    pub law: &'static str,
    /// The parts of the instance and what came out, each with what it is.
    pub parts: Vec<(&'static str, String)>,
    /// Two data that the law says are alike, and are not.
    pub sides: Option<Box<[Side; 2]>>,
    /// Other data that play a part.
    pub data: Vec<Side>,
    /// Whether the runner had no answer, so that nothing is known of the law itself.
    pub is_failure: bool,
    /// Whether the runner ran into a limit, so that the instance says nothing.
    pub is_limit: bool,
}

/// Data that play a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Side {
    /// What they are, or how they were made.
    pub label: String,
    /// The data.
    pub data: Arc<[u8]>,
}

/// How much of a part is shown.
const SHOWN_MAX: usize = 4_000;

impl Violation {
    /// A violation of this law, so far without parts.
    pub const fn new(law: &'static str) -> Self {
        Self { law, parts: Vec::new(), sides: None, data: Vec::new(), is_failure: false, is_limit: false }
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, what: &'static str, text: impl Into<String>) -> Self {
        self.parts.push((what, text.into()));
        self
    }

    /// Notes the two data that differ.
    #[must_use]
    pub fn sides(mut self, left: (impl Into<String>, &Arc<[u8]>), right: (impl Into<String>, &Arc<[u8]>)) -> Self {
        let side = |label: String, data: &Arc<[u8]>| Side { label, data: data.clone() };
        self.sides = Some(Box::new([side(left.0.into(), left.1), side(right.0.into(), right.1)]));
        self
    }

    /// Adds data that play a part.
    #[must_use]
    pub fn shows(mut self, label: impl Into<String>, data: &Arc<[u8]>) -> Self {
        self.data.push(Side { label: label.into(), data: data.clone() });
        self
    }
}

/// A runner that has no answer leaves open what it was asked for.
impl From<RunnerError> for Violation {
    fn from(error: RunnerError) -> Self {
        let violation = Self::new("every question about honest data has an answer");
        let is_limit = matches!(error, RunnerError::Refused { code, .. } if ran_out(code));
        Self { is_failure: true, is_limit, ..violation }.part("the runner", error.to_string())
    }
}

/// Whether a run ended at a limit, which says nothing about the data: code 10, and 20013 for the elements of a stream.
pub(crate) const fn ran_out(code: i64) -> bool {
    matches!(code, 10 | 20013)
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this law does not hold: {}", self.law)?;
        for (what, text) in &self.parts {
            let end = text.char_indices().nth(SHOWN_MAX).map_or(text.len(), |(end, _)| end);
            let rest = if end < text.len() { " …" } else { "" };
            write!(f, "\n\n{what}:\n{}{rest}", &text[..end])?;
        }
        Ok(())
    }
}

impl std::error::Error for Violation {}
