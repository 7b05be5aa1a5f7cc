//! What scripts compute with: JSON values and where they came from.

mod canon;
mod canonical;
mod json;
mod lens;
mod number;
mod tetraplet;

pub use canon::{Canon, CanonMap, Key, entry, entry_parts};
pub(crate) use canonical::surely_canonical;
pub(crate) use json::read_json;
pub use json::{Array, Json, JsonError, MAX_DEPTH, Object, Text, TooDeep};
pub(crate) use lens::brief;
pub use lens::{LensError, LensStep, Origin, Single};
pub use number::Number;
pub use tetraplet::Tetraplet;
