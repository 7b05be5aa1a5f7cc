//! AIR and its data: parse, validate, print, merge, execute.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod data;
pub mod value;
