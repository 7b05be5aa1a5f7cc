//! Where the choices of a generator come from.

use std::ops::Range;

/// A source of choices: all that a generator knows of chance.
///
/// **Choice 0 is the simplest one, and a source that runs dry answers 0 for ever.** So generators put what ends them at
/// index 0, and simpler choices give simpler values.
pub trait Choices {
    /// A choice below `n`; 0, without using up anything, if there is only one.
    fn below(&mut self, n: u32) -> u32;

    /// A number of the range, the first one being the simplest; its start if it is empty.
    fn range(&mut self, range: Range<u32>) -> u32 {
        range.start + self.below(range.end.saturating_sub(range.start))
    }

    /// One of the items, the first one being the simplest.
    ///
    /// # Panics
    /// If there is none.
    fn pick<T: Copy>(&mut self, items: &[T]) -> T
    where
        Self: Sized,
    {
        items[self.below(items.len() as u32) as usize]
    }

    /// An index, each as probable as its weight says; the first one with a weight is the simplest. 0 if none has one.
    fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut choice = self.below(weights.iter().sum());
        for (index, &weight) in weights.iter().enumerate() {
            match choice.checked_sub(weight) {
                None => return index,
                Some(rest) => choice = rest,
            }
        }
        0
    }

    /// Whether something happens that does so `times` times `out_of` so many; that it does not is simpler.
    fn chance(&mut self, times: u32, out_of: u32) -> bool {
        times > 0 && self.below(out_of) >= out_of.saturating_sub(times)
    }
}

impl<C: Choices + ?Sized> Choices for &mut C {
    fn below(&mut self, n: u32) -> u32 {
        (**self).below(n)
    }
}

/// Choices from a seed: the same for ever and on every platform.
///
/// This is SplitMix64: fast, and good enough for choices.
#[derive(Clone, Debug)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// The choices of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Choices for Seeded {
    fn below(&mut self, n: u32) -> u32 {
        if n <= 1 { 0 } else { (((self.bits() >> 32) * u64::from(n)) >> 32) as u32 }
    }
}

/// A list of choices that can be saved and replayed.
///
/// Choices too large for a question are reduced, so every list is the tape of some value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tape {
    choices: Vec<u32>,
    position: usize,
}

impl Tape {
    /// A tape at its start.
    pub const fn new(choices: Vec<u32>) -> Self {
        Self { choices, position: 0 }
    }

    /// All choices, used or not.
    pub fn choices(&self) -> &[u32] {
        &self.choices
    }

    /// How many choices were used up.
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Goes back to the start.
    pub const fn rewind(&mut self) {
        self.position = 0;
    }
}

impl Choices for Tape {
    fn below(&mut self, n: u32) -> u32 {
        if n <= 1 {
            return 0;
        }
        let choice = self.choices.get(self.position).copied().unwrap_or(0);
        self.position = (self.position + 1).min(self.choices.len());
        choice % n
    }
}

/// Notes the choices of another source, so that they can be replayed.
#[derive(Clone, Debug)]
pub struct Recorder<C> {
    source: C,
    choices: Vec<u32>,
}

impl<C: Choices> Recorder<C> {
    /// Notes the choices of this source from now on.
    pub const fn new(source: C) -> Self {
        Self { source, choices: Vec::new() }
    }

    /// The noted choices, without zeros at their end.
    pub fn into_tape(mut self) -> Tape {
        let used = self.choices.iter().rposition(|&choice| choice != 0).map_or(0, |last| last + 1);
        self.choices.truncate(used);
        Tape::new(self.choices)
    }
}

impl<C: Choices> Choices for Recorder<C> {
    fn below(&mut self, n: u32) -> u32 {
        let choice = self.source.below(n);
        if n > 1 {
            self.choices.push(choice);
        }
        choice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_tape_answers_zero_and_large_choices_are_reduced() {
        let mut tape = Tape::new(vec![7, 9]);
        assert_eq!([tape.below(5), tape.below(1), tape.below(10), tape.below(3), tape.below(3)], [2, 0, 9, 0, 0]);
        assert_eq!(tape.position(), 2);
    }

    #[test]
    fn seeds_are_for_ever() {
        let mut seeded = Seeded::new(1_234_567);
        assert_eq!(
            [seeded.bits(), seeded.bits(), seeded.bits()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
        let mut seeded = Seeded::new(0);
        assert_eq!([seeded.below(10), seeded.below(1000), seeded.below(u32::MAX)], [8, 431, 113_532_183]);
    }

    #[test]
    fn zero_is_simplest_and_all_weights_are_kept() {
        let mut dry = Tape::default();
        assert!(!dry.chance(1, 2) && !dry.chance(0, 1) && dry.chance(3, 3));
        assert_eq!((dry.weighted(&[0, 0, 4, 1]), dry.weighted(&[0, 0]), dry.range(3..9)), (2, 0, 3));
        let mut counts = [0; 4];
        let mut seeded = Seeded::new(1);
        for _ in 0..70_000 {
            counts[seeded.weighted(&[4, 0, 2, 1])] += 1;
        }
        assert!(matches!(counts, [39_500..40_500, 0, 19_500..20_500, 9_700..10_300]), "{counts:?}");
    }

    #[test]
    fn what_was_recorded_replays() {
        fn draw(choices: &mut impl Choices) -> Vec<u32> {
            (0..50).map(|n| choices.below(n * 3)).collect()
        }
        let mut recorder = Recorder::new(Seeded::new(3));
        let drawn = draw(&mut recorder);
        assert_eq!(draw(&mut recorder.into_tape()), drawn);
    }
}
