//! One interface for everything that can interpret AIR.
//!
//! [`AvmRunner`] is the seam between an interpreter and whoever drives it: a [`Host`](crate::host::Host), a law, a
//! server. Whatever implements it can be checked. Three implementations are here:
//!
//! | runner | where it runs |
//! |---|---|
//! | [`SameThread`] | in the caller's thread |
//! | [`Worker`] | a runner of any kind in a thread of its own, whose panics are errors |
//! | [`Process`] | any program that speaks the [runner protocol](protocol) |
//!
//! An error of the interpreter is a result with a code; a [`RunnerError`] means that there is no result at all, and that
//! nothing is known to have happened. A runner keeps nothing between runs that a result could depend on.
//!
//! ```
//! use airtight_engine::data::Answer;
//! use airtight_engine::invoke::{CallResults, RunParameters};
//! use airtight_engine::runner::{AvmRunner, LogLevel, SameThread};
//!
//! let air = r#"(seq (call "A" ("db" "get") ["k"] x) (call "B" ("ui" "show") [x]))"#;
//! let mut runner = SameThread::new();
//! runner.init(LogLevel::Warn)?;
//! let at_a = RunParameters::new("A", "A");
//! let first = runner.run(air, b"", b"", &at_a, &CallResults::new())?;
//! assert_eq!(&*first.requests[&1].function_name, "get");
//!
//! let answers = CallResults::from([(1, Answer { ret_code: 0, result: "\"v\"".into() })]);
//! let second = runner.run(air, &first.data, b"", &at_a, &answers)?;
//! assert_eq!((second.ret_code, &*second.next_peers[0]), (0, "B"));
//! # Ok::<(), airtight_engine::runner::RunnerError>(())
//! ```

mod process;
pub mod protocol;
mod same_thread;
mod serve;
mod worker;

pub use crate::invoke::InterpreterResult;
pub use process::Process;
pub use same_thread::SameThread;
pub use serve::serve;
pub use worker::Worker;

use crate::invoke::{CallResults, RunParameters};
use thiserror::Error;

/// How much a runner says about what it does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum LogLevel {
    /// What went wrong.
    Error,
    /// And what looks wrong.
    #[default]
    Warn,
    /// And what it does.
    Info,
    /// And how.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// All levels, the quietest first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The name that configurations and protocols have for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Why a runner has no result.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RunnerError {
    /// It was not initialized, or was terminated.
    #[error("the runner is not initialized")]
    NotInitialized,
    /// This runner cannot do that.
    #[error("the runner does not offer `{what}`")]
    NotOffered {
        /// What it was asked for.
        what: &'static str,
    },
    /// It was asked for something that the data do not allow; the interpreter would give this code.
    #[error("{message}")]
    Refused {
        /// The numeric code.
        code: i64,
        /// Why.
        message: String,
    },
    /// It could not be started.
    #[error("the runner cannot start: {message}")]
    Start {
        /// Why.
        message: String,
    },
    /// The interpreter panicked; the runner is terminated.
    #[error("the interpreter panicked: {message}")]
    Panicked {
        /// What the panic said.
        message: String,
    },
    /// It is gone without having said why; the runner is terminated.
    #[error("the runner is gone: {message}")]
    Gone {
        /// What is known.
        message: String,
    },
    /// It took too long; the runner is terminated.
    #[error("the runner gave no answer within {millis} ms")]
    TimedOut {
        /// How long it had.
        millis: u64,
    },
    /// What it said makes no sense.
    #[error("the runner's answer makes no sense: {message}")]
    BadAnswer {
        /// What is wrong with it.
        message: String,
    },
}

/// Something that interprets AIR.
///
/// A runner is used by one caller at a time. Before the first run it is initialized, and after its termination it can
/// be initialized again; to initialize an initialized one sets the log level, to terminate a terminated one does nothing.
pub trait AvmRunner {
    /// Makes the runner ready.
    ///
    /// # Errors
    /// If it cannot start.
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError>;

    /// Runs a script at a peer over its previous data, somebody's current data, and answers to its calls.
    ///
    /// # Errors
    /// If there is no result, not even one that says what is wrong.
    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError>;

    /// Ends the runner and frees what it holds.
    ///
    /// # Errors
    /// If it did not end well; it is ended all the same.
    fn terminate(&mut self) -> Result<(), RunnerError>;

    /// Merges two data without running anything, if the runner offers that.
    ///
    /// # Errors
    /// If it does not, or the data cannot be merged.
    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        let _ = (previous, current);
        Err(RunnerError::NotOffered { what: "merge" })
    }

    /// Shows what data hold, as a JSON text, if the runner offers that: with the script also what they come to, as seen
    /// by the peer of the parameters, or else by the peer whose journal they have.
    ///
    /// # Errors
    /// If it does not, or the data cannot be read.
    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        let _ = (air, data, parameters);
        Err(RunnerError::NotOffered { what: "inspect" })
    }
}

impl<R: AvmRunner + ?Sized> AvmRunner for Box<R> {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        (**self).init(log_level)
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        (**self).run(air, previous, current, parameters, call_results)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        (**self).terminate()
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        (**self).merge(previous, current)
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        (**self).inspect(air, data, parameters)
    }
}
