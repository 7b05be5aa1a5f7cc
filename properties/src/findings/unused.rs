//! Results that nobody uses.

use super::Place;
use airtight_engine::script::Script;
use serde::Serialize;

/// A name that is written and never read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unused {
    /// The instruction that writes it.
    pub place: Place,
    /// The name.
    pub name: String,
}

/// Looks for such names.
pub fn find(_script: &Script) -> Vec<Unused> {
    Vec::new()
}
