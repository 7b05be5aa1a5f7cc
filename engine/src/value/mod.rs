//! What scripts compute with: JSON values and where they came from.

mod canonical;
mod json;
mod number;
mod tetraplet;

pub(crate) use canonical::is_surely_canonical;
pub use json::{Array, Json, JsonError, MAX_DEPTH, Object, Text, TooDeep};
pub use number::Number;
pub use tetraplet::Tetraplet;
