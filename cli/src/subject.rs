//! The interpreter that is looked at: our own engine, or a program.

use crate::args::{Compare, SubjectArgs};
use airtight_engine::runner::{Process, RunnerError};
use airtight_properties::{Comparison, Subject};

/// Makes one.
pub(crate) fn make(args: &SubjectArgs) -> Result<Subject, RunnerError> {
    let Some(command) = &args.runner else { return Ok(Subject::own()) };
    let comparison = args.compare.map(|compare| match compare {
        Compare::Bytes => Comparison::Bytes,
        Compare::States => Comparison::States,
        Compare::Events => Comparison::Events,
        Compare::Outcomes => Comparison::Outcomes,
    });
    Subject::of(Process::new(&command.program, &command.arguments), comparison)
}
