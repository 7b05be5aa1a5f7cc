//! `Arbitrary` of `quickcheck`, with a `shrink` that knows the domain: the big cuts first, never the value itself.

use crate::samples::{DamagedText, FreeData, NearValidText, Triple, ValidScript};
use crate::{Choices, Seeded, reduce::smaller, traces};
use airtight_engine::script::Script;
use quickcheck::{Arbitrary, Gen};

/// The choices behind one value. `quickcheck` prefers extreme integers, which would make the same seeds again and again.
fn choices(source: &mut Gen) -> Seeded {
    let mut seed = Seeded::new(0);
    for _ in 0..4 {
        seed = Seeded::new(seed.bits() ^ u64::arbitrary(source));
    }
    seed
}

impl Arbitrary for ValidScript {
    fn arbitrary(source: &mut Gen) -> Self {
        Self::draw(&mut choices(source))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let is_valid = |tree: &airtight_engine::script::Tree| Script::check(tree.clone()).is_ok();
        Box::new(smaller(self.0.clone()).filter(is_valid).map(Self))
    }
}

impl Arbitrary for NearValidText {
    fn arbitrary(source: &mut Gen) -> Self {
        Self::draw(&mut choices(source))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let chars: Vec<char> = self.0.chars().collect();
        Box::new(shorter(chars).map(|chars| Self(chars.into_iter().collect())))
    }
}

impl Arbitrary for DamagedText {
    fn arbitrary(source: &mut Gen) -> Self {
        Self::draw(&mut choices(source))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(shorter(self.0.clone()).map(Self))
    }
}

impl Arbitrary for FreeData {
    fn arbitrary(source: &mut Gen) -> Self {
        Self::draw(&mut choices(source))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let shared = self.0.clone();
        let events: Vec<usize> = (0..shared.events().count()).collect();
        Box::new(
            shorter(events).map(move |kept| Self(traces::only(&shared, |event| kept.binary_search(&event).is_ok()))),
        )
    }
}

impl Arbitrary for Triple {
    fn arbitrary(source: &mut Gen) -> Self {
        Self::draw(&mut choices(source))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let whole = self.clone();
        Box::new((0..3).flat_map(move |index| {
            let whole = whole.clone();
            let parts = FreeData(whole.0[index].clone()).shrink();
            parts.map(move |part| {
                let mut data = whole.0.clone();
                data[index] = part.0;
                Self(data)
            })
        }))
    }
}

impl Arbitrary for crate::Tape {
    fn arbitrary(source: &mut Gen) -> Self {
        let mut choices = choices(source);
        let len = choices.below(source.size() as u32 * 8 + 1);
        Self::new((0..len).map(|_| choices.bits() as u32).collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let tape = self.choices().to_vec();
        let zeroed = tape.clone();
        let zeros = (0..tape.len()).filter(|&at| tape.get(at) != Some(&0)).collect::<Vec<_>>().into_iter();
        let simpler = zeros.flat_map(move |at| {
            let of = zeroed.clone();
            let smaller = [0, zeroed[at] / 2].into_iter().filter(move |&to| to != of[at]);
            let of = zeroed.clone();
            smaller.map(move |to| {
                let mut tape = of.clone();
                tape[at] = to;
                Self::new(tape)
            })
        });
        Box::new(shorter(tape).map(Self::new).chain(simpler))
    }
}

/// The list without a part of it: without all, halves, quarters, … single items.
fn shorter<T: Clone + 'static>(list: Vec<T>) -> impl Iterator<Item = Vec<T>> {
    let len = list.len();
    let sizes = std::iter::successors(Some(len), |size| (*size > 1).then_some(size.div_ceil(2)));
    sizes.filter(|size| *size > 0).flat_map(move |size| {
        let list = list.clone();
        (0..len).step_by(size).map(move |start| {
            let end = (start + size).min(list.len());
            [&list[..start], &list[end..]].concat()
        })
    })
}
