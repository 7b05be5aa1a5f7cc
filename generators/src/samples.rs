//! Generated values as types of their own, for testing libraries that choose a generator by type.
//!
//! `quickcheck` (feature of that name) draws and shrinks them; `arbitrary` makes them from the bytes of a fuzzer. All of
//! them come from the same core, over [`Choices`].

use crate::{Choices, EditWeights, ScriptConfig, ScriptGenerator, damage, near_valid, traces};
use airtight_engine::data::Shared;
use airtight_engine::script::{Tree, print};

/// A script that keeps all static rules, as [`ScriptConfig::valid`] makes it.
#[derive(Clone, PartialEq, Debug)]
pub struct ValidScript(pub Tree);

/// The text of a script after one or two small edits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NearValidText(pub String);

/// Bytes that are hardly a script any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DamagedText(pub Vec<u8>);

/// Any well-formed data, as [`traces::free`] makes them.
#[derive(Clone, PartialEq, Debug)]
pub struct FreeData(pub Shared);

/// Three data that overlap and dispute, as [`traces::family`] makes them: what a law of merge needs.
#[derive(Clone, PartialEq, Debug)]
pub struct Triple(pub [Shared; 3]);

impl ValidScript {
    /// The one that these choices make.
    pub fn draw<C: Choices>(choices: &mut C) -> Self {
        Self(script(choices))
    }
}

fn script<C: Choices>(choices: &mut C) -> Tree {
    ScriptGenerator::new(ScriptConfig::valid()).generate(choices)
}

impl NearValidText {
    /// The one that these choices make.
    pub fn draw<C: Choices>(choices: &mut C) -> Self {
        let tree = script(choices);
        Self(near_valid(&tree, &EditWeights::default(), choices))
    }
}

impl DamagedText {
    /// The one that these choices make.
    pub fn draw<C: Choices>(choices: &mut C) -> Self {
        let text = print::compact(&script(choices));
        Self(damage(text.as_bytes(), 4, choices))
    }
}

impl FreeData {
    /// The one that these choices make.
    pub fn draw<C: Choices>(choices: &mut C) -> Self {
        Self(traces::free(choices))
    }
}

impl Triple {
    /// The one that these choices make.
    pub fn draw<C: Choices>(choices: &mut C) -> Self {
        let mut family = traces::family(3, choices).into_iter();
        Self([(); 3].map(|()| family.next().unwrap_or_default()))
    }
}
