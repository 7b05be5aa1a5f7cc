//! The laws of AIR, as functions that a checker calls.
//!
//! | laws | domain |
//! |---|---|
//! | [`text`] | scripts as text and as trees; any bytes |
//!
//! A law takes an instance and returns a [`Violation`] if the instance breaks it. It draws nothing and keeps nothing,
//! so that the same function serves `cargo test`, campaigns, fuzzing and the replay of a counterexample.

pub mod text;
mod violation;

pub use violation::Violation;
