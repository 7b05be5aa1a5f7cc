//! AIR and its data: parse, validate, print, merge, execute.
//!
//! AIR is the S-expression language that choreographs peer-to-peer services. [`script`] reads and checks it, [`value`] is
//! what scripts compute with, and [`data`] is what peers exchange.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod data;
pub mod execute;
pub mod host;
pub mod invoke;
pub mod runner;
pub mod script;
pub mod value;
