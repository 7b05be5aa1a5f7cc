//! What a broken law tells.

use std::fmt;

/// An instance that breaks a law, for people to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The statement that does not hold.
    pub law: &'static str,
    /// The parts of the instance and what came out, each with what it is.
    pub parts: Vec<(&'static str, String)>,
}

/// How much of a part is shown.
const SHOWN_MAX: usize = 4_000;

impl Violation {
    /// A violation of this law, so far without parts.
    pub const fn new(law: &'static str) -> Self {
        Self { law, parts: Vec::new() }
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, what: &'static str, text: impl Into<String>) -> Self {
        self.parts.push((what, text.into()));
        self
    }
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
