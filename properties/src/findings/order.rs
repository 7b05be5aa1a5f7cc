//! Where the outcome of a script depends on the order of delivery.

use super::{Ending, Place};
use airtight_engine::script::Script;
use serde::Serialize;

/// An instruction whose outcome the order of delivery decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderFinding {
    /// The instruction.
    pub place: Place,
}

/// Looks for such instructions.
pub fn find(_script: &Script, _text: &str, _endings: &[Ending]) -> Vec<OrderFinding> {
    Vec::new()
}
