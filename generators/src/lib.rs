//! Random AIR scripts, damaged text and bytes, from one abstract source of choices.
//!
//! ```text
//! Choices --ScriptGenerator--> Tree --print--> text --near_valid, weave_comments--> text --damage--> bytes
//! ```
//!
//! A generator draws *choices* from a [`Choices`]: a seed ([`Seeded`]), a list ([`Tape`]), an enumeration of all lists
//! ([`exhaustive`]) or a strategy of a testing library (feature `proptest`). So the same code serves campaigns of
//! millions of cases, replay, exhaustive search and shrinking. **Choice 0 is always the simplest one**, and a source
//! that runs dry goes on with 0, so each generator ends, and a shorter list with smaller numbers gives a simpler value.
//!
//! # Example
//! ```
//! use airtight_engine::script::{Script, print};
//! use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
//!
//! let generator = ScriptGenerator::new(ScriptConfig::valid());
//! let tree = generator.generate(&mut Seeded::new(7));
//! let script = Script::parse(print::canonical(&tree))?;
//! assert_eq!(script.tree(), &tree);
//! # Ok::<(), airtight_engine::script::Diagnostics>(())
//! ```
//!
//! # Features
//! - `proptest`: the strategies of `strategy`.

mod bytes;
mod choices;
mod comments;
mod exhaustive;
mod near_valid;
mod network;
mod possible;
mod reduce;
mod script;
mod services;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tokens;

pub use bytes::damage;
pub use choices::{Choices, Recorder, Seeded, Tape};
pub use comments::weave_comments;
pub use exhaustive::{Counter, Exhaustive, exhaustive};
pub use near_valid::{EditWeights, near_valid};
pub use network::{Action, Event, History, Network, Weather};
pub use reduce::reduce;
pub use script::{
    Features, InstructionWeights, LensWeights, OperandWeights, Scoping, ScriptConfig, ScriptGenerator, ShapeWeights,
    VocabularyWeights,
};
pub use services::{FixedAnswer, ServiceCall, Services, ServicesFile, ServicesFileError, ServicesFileProblem};
