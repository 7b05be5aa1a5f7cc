//! An interpreter with a mistake.

use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};

/// Our engine, but a message that comes together with answers is not looked at.
#[derive(Debug, Default)]
pub struct LosesMessages {
    engine: SameThread,
}

impl AvmRunner for LosesMessages {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        self.engine.init(log_level)
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        let current = if call_results.is_empty() { current } else { b"" };
        self.engine.run(air, previous, current, parameters, call_results)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.engine.terminate()
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        self.engine.merge(previous, current)
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        self.engine.inspect(air, data, parameters)
    }
}
