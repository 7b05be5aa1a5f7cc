//! What is checked: a runner, what it offers beyond running, and how strictly what it says is compared.

use crate::view::View;
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a runner offers beyond running.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Offers {
    /// It merges data without running anything.
    pub merge: bool,
    /// It says which events data hold.
    pub inspect: bool,
    /// It says which states they hold, in its own order; not what is pending, nor where in the script they belong.
    #[serde(default)]
    pub states: bool,
    /// It says what they come to: the executed states with their instructions, and what is pending.
    pub trace: bool,
}

/// When two data are alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// If their bytes are equal.
    Bytes,
    /// If they hold the same states in the same order: requests and who made them, results, generations, sizes.
    States,
    /// If they hold the same events, in whatever order these were learned.
    Events,
    /// If a run over them asks for the same calls, names the same peers and ends with the same code.
    Outcomes,
}

/// A runner under check.
pub struct Subject {
    runner: Box<dyn AvmRunner + Send>,
    offers: Offers,
    comparison: Comparison,
    is_own: bool,
}

impl Subject {
    /// Our own engine, in the caller's thread.
    pub fn own() -> Self {
        let offers = Offers { merge: true, inspect: true, states: true, trace: true };
        Self { runner: Box::new(SameThread::ready()), offers, comparison: Comparison::Bytes, is_own: true }
    }

    /// Another runner, which is initialized and asked what it offers. Without a comparison, events are compared where it
    /// shows them, and else outcomes.
    ///
    /// # Errors
    /// If it cannot be initialized.
    pub fn of(
        mut runner: impl AvmRunner + Send + 'static,
        comparison: Option<Comparison>,
    ) -> Result<Self, RunnerError> {
        runner.init(LogLevel::Error)?;
        let merge = !is_missing(&runner.merge(b"", b""));
        let shown = runner.inspect(Some("(null)"), b"", Some(&RunParameters::new("probe", "probe")));
        let inspect = !is_missing(&shown);
        let view = shown.ok().and_then(|text| View::parse(&text).ok());
        let states = view.as_ref().is_some_and(|view| view.trace.is_some());
        let trace = states && view.is_some_and(|view| view.pending.is_some());
        let default = if inspect { Comparison::Events } else { Comparison::Outcomes };
        let offers = Offers { merge, inspect, states, trace };
        Ok(Self { runner: Box::new(runner), offers, comparison: comparison.unwrap_or(default), is_own: false })
    }

    /// What it offers beyond running.
    pub const fn offers(&self) -> Offers {
        self.offers
    }

    /// How strictly it is compared.
    pub const fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// Whether it is our own engine, whose texts and bytes have laws of their own.
    pub const fn is_own(&self) -> bool {
        self.is_own
    }

    /// Makes it ready again, after it failed.
    ///
    /// # Errors
    /// If it cannot be initialized.
    pub fn revive(&mut self) -> Result<(), RunnerError> {
        self.runner.init(LogLevel::Error)
    }

    /// Runs it.
    ///
    /// # Errors
    /// If it has no answer.
    pub fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        answers: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        guarded(|| self.runner.run(air, previous, current, parameters, answers))
    }

    /// Merges two data.
    ///
    /// # Errors
    /// If it has no answer, or does not offer that.
    pub fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Arc<[u8]>, RunnerError> {
        guarded(|| self.runner.merge(previous, current).map(Into::into))
    }

    /// Shows data, and with the script what they come to.
    ///
    /// # Errors
    /// If it has no answer that makes sense, or does not offer that.
    pub fn view(&mut self, air: Option<&str>, data: &[u8], parameters: &RunParameters) -> Result<View, RunnerError> {
        let text = guarded(|| self.runner.inspect(air, data, Some(parameters)))?;
        View::parse(&text).map_err(|error| RunnerError::BadAnswer { message: format!("`inspect`: {error}") })
    }
}

/// What an interpreter in this thread does, a panic of which is one of its answers.
///
/// # Errors
/// If it panics, or has no answer.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, RunnerError>) -> Result<T, RunnerError> {
    // Whoever panicked is made anew before it is asked again, and what it changed on its way is not looked at.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(RunnerError::Panicked { message })
    })
}

/// Whether an answer says that there is no such thing.
fn is_missing<T>(answer: &Result<T, RunnerError>) -> bool {
    matches!(answer, Err(RunnerError::NotOffered { .. }))
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offers, comparison, is_own, .. } = self;
        f.debug_struct("Subject")
            .field("offers", offers)
            .field("comparison", comparison)
            .field("is_own", is_own)
            .finish_non_exhaustive()
    }
}
