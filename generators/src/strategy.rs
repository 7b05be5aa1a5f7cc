//! Strategies of `proptest`: a case is a tape of choices, so that the library shrinks choices and values stay valid.

use crate::samples::{DamagedText, FreeData, NearValidText, Triple};
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

/// Texts of scripts after one or two small edits, made from up to so many choices.
pub fn near_valid_texts(choices_max: usize) -> impl Strategy<Value = NearValidText> {
    tapes(choices_max).prop_map(|mut tape| NearValidText::draw(&mut tape))
}

/// Bytes that are hardly a script any more, made from up to so many choices.
pub fn damaged_texts(choices_max: usize) -> impl Strategy<Value = DamagedText> {
    tapes(choices_max).prop_map(|mut tape| DamagedText::draw(&mut tape))
}

/// Any well-formed data, made from up to so many choices; about five make an event.
pub fn free_data(choices_max: usize) -> impl Strategy<Value = FreeData> {
    tapes(choices_max).prop_map(|mut tape| FreeData::draw(&mut tape))
}

/// Three data that overlap and dispute, made from up to so many choices.
pub fn triples(choices_max: usize) -> impl Strategy<Value = Triple> {
    tapes(choices_max).prop_map(|mut tape| Triple::draw(&mut tape))
}
