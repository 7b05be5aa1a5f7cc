//! The engine in the caller's thread.

use super::{AvmRunner, LogLevel, RunnerError};
use crate::data::{decode, encode};
use crate::inspect::inspect;
use crate::invoke::{CallResults, InterpreterResult, InvokeError, RunParameters, run_bytes};
use crate::script::{Diagnostics, Script};
use std::sync::Arc;

/// How many scripts are kept parsed. A host serves few particles at a time, and a particle has one script.
const SCRIPTS_MAX: usize = 8;

/// The engine in the caller's thread.
///
/// It keeps the scripts it ran last, parsed, so the runs of one particle parse once. Results do not depend on that.
#[derive(Debug, Default)]
pub struct SameThread {
    initialized: bool,
    /// The last used first.
    scripts: Vec<(Box<str>, Arc<Script>)>,
}

impl SameThread {
    /// A runner that is not initialized yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A runner that is ready.
    pub fn ready() -> Self {
        Self { initialized: true, scripts: Vec::new() }
    }

    /// How many scripts it keeps parsed.
    pub fn scripts_kept(&self) -> usize {
        self.scripts.len()
    }

    fn script(&mut self, air: &str) -> Result<Arc<Script>, Diagnostics> {
        let kept = match self.scripts.iter().position(|(text, _)| **text == *air) {
            Some(at) => self.scripts.remove(at),
            None => (air.into(), Arc::new(Script::parse(air)?)),
        };
        let script = kept.1.clone();
        self.scripts.truncate(SCRIPTS_MAX - 1);
        self.scripts.insert(0, kept);
        Ok(script)
    }

    fn check(&self) -> Result<(), RunnerError> {
        if self.initialized { Ok(()) } else { Err(RunnerError::NotInitialized) }
    }
}

impl AvmRunner for SameThread {
    /// The engine logs nothing, at any level.
    fn init(&mut self, _log_level: LogLevel) -> Result<(), RunnerError> {
        self.initialized = true;
        Ok(())
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        self.check()?;
        let results = || Ok(call_results.clone());
        Ok(run_bytes(air, previous, current, parameters, || self.script(air), results))
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        *self = Self::new();
        Ok(())
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        self.check()?;
        let refused = |error: InvokeError| RunnerError::Refused { code: error.code(), message: error.to_string() };
        let previous = decode(previous).map_err(InvokeError::PreviousData).map_err(refused)?;
        let current = decode(current).map_err(InvokeError::CurrentData).map_err(refused)?;
        let merged = previous.merge(&current).map_err(InvokeError::Foreign).map_err(refused)?;
        Ok(encode(&merged))
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        self.check()?;
        let (peer, limits) = (parameters.map(RunParameters::peer), parameters.map(|it| it.limits).unwrap_or_default());
        let inspection = inspect(air, data, peer.as_ref(), limits);
        let inspection = inspection.map_err(|e| RunnerError::Refused { code: e.code(), message: e.to_string() })?;
        serde_json::to_string(&inspection).map_err(|error| RunnerError::BadAnswer { message: error.to_string() })
    }
}
