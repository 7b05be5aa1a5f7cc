//! Strategies of `proptest`: a case is a tape of choices, so that the library shrinks choices and values stay valid.

use crate::{ScriptConfig, ScriptGenerator, Tape};
use airtight_engine::script::Tree;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

/// Tapes of up to so many choices.
pub fn tapes(choices_max: usize) -> impl Strategy<Value = Tape> {
    vec(any::<u32>(), 0..=choices_max).prop_map(Tape::new)
}

/// Scripts as this configuration says, made from up to so many choices; about eight make an instruction.
pub fn scripts(config: ScriptConfig, choices_max: usize) -> impl Strategy<Value = Tree> {
    let generator = ScriptGenerator::new(config);
    tapes(choices_max).prop_map(move |mut tape| generator.generate(&mut tape))
}
