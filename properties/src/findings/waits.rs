//! What waits for ever, and why.

use super::{Ending, Place};
use airtight_engine::script::Script;
use serde::Serialize;

/// An instruction that waits for ever.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The instruction.
    pub place: Place,
}

/// Looks for such instructions.
pub fn find(_script: &Script, _text: &str, _endings: &[Ending]) -> Vec<Wait> {
    Vec::new()
}
