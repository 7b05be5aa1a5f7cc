//! AIR and its data: parse, validate, print, merge, execute.
//!
//! AIR is the S-expression language that choreographs peer-to-peer services. [`script`] reads and checks it, [`value`] is
//! what scripts compute with, and [`data`] is what peers exchange. [`execute`] walks a script over its data, [`invoke`] is
//! that in bytes, a [`runner`] is anything that does it, and a [`host`] drives one for a peer and a particle.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::indexing_slicing))]

mod by_name;
pub mod data;
pub mod execute;
pub mod host;
pub mod inspect;
pub mod invoke;
mod not_read;
pub mod runner;
pub mod script;
pub mod value;
