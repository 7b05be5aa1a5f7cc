//! Random AIR scripts, services, schedules, traces, damaged text and bytes, from one abstract source of choices.
//!
//! ```text
//! Choices --ScriptGenerator--> Tree --print--> text --near_valid, weave_comments--> text --damage--> bytes
//!         --Network, Services, Weather--> History --traces--> data of one script, known in part, forged, disputed
//! ```
//!
//! A generator draws *choices* from a [`Choices`]: a seed ([`Seeded`]), a list ([`Tape`]), an enumeration of all lists
//! ([`exhaustive`]), the bytes of a fuzzer, or a testing library. So the same code serves campaigns of
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
//! # Profiles
//! [`ScriptConfig`] is every knob of scripts. [`ScriptConfig::valid`] are small scripts that keep all static rules, end, and
//! do something when they are run; [`near_valid`] edits them so that about half are refused; [`ScriptConfig::big`] are
//! hundreds of thousands of instructions long and deep; [`ScriptConfig::grammatical`] keeps the grammar and nothing else.
//! What they reach is counted: [`Marks`] tell what a script and its history have about them, [`Distribution`] sums up, and
//! tests hold both to bounds, which `docs/generators.md` lists with what was counted.
//!
//! # Features
//! - `proptest`: the strategies of `strategy`, whose cases are tapes.
//! - `quickcheck`: `Arbitrary`, with a `shrink` of its own, for the types of [`samples`] and for [`Tape`].
//! - `arbitrary`: `Arbitrary` for the types of [`samples`], and `FuzzerBytes`, which makes choices of bytes.

mod bytes;
mod choices;
mod comments;
mod distribution;
mod exhaustive;
pub mod forge;
mod free;
#[cfg(feature = "arbitrary")]
mod fuzzing;
mod marks;
mod near_valid;
mod network;
mod possible;
#[cfg(feature = "quickcheck")]
mod quickcheck;
mod reduce;
pub mod samples;
mod script;
mod services;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tokens;
pub mod traces;

pub use bytes::{PIECES, damage};
pub use choices::{Choices, Recorder, Seeded, Tape};
pub use comments::weave_comments;
pub use distribution::{Distribution, Section};
pub use exhaustive::{Counter, Exhaustive, exhaustive};
pub use forge::{Claims, damage_form, forge};
#[cfg(feature = "arbitrary")]
pub use fuzzing::FuzzerBytes;
pub use marks::{Mark, Marks};
pub use near_valid::{EditWeights, near_valid};
pub use network::{Action, Event, History, Network, Weather};
pub use reduce::{reduce, smaller};
pub use script::{
    Features, InstructionWeights, LensWeights, OperandWeights, Scoping, ScriptConfig, ScriptGenerator, ShapeWeights,
    VocabularyWeights,
};
pub use services::{FixedAnswer, ServiceCall, Services, ServicesFile, ServicesFileError, ServicesFileProblem};
