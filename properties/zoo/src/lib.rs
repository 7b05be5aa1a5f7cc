//! The zoo: faults of the engine that the laws must find, and the parts that try them out.
//!
//! ```text
//! patches --fault--> scratch copy of the engine --build--> attacker --hunt--> findings --scoreboard--> table, page
//! ```
//!
//! The *keeper* (`airtight-zoo`) applies each patch to a scratch copy of the workspace and builds the *attacker* in it, a
//! program that holds the laws against the engine it was built with and says what it found. The two speak in lines of
//! JSON ([`hunt::Line`]), so a faulty engine may panic, hang or die without taking the keeper with it.

pub mod fault;
pub mod hunt;
pub mod scratch;
