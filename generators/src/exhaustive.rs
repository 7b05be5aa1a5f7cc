//! All values of a generator, by counting through its choices.

use super::{Choices, Tape};

/// Every value that a generator can give, simplest choices first, each with its tape.
///
/// Choices are the digits of a counter whose last digit turns first. The generator must be bounded: no run may ask for
/// more choices than it can count through.
///
/// # Example
/// ```
/// use airtight_generators::{Choices, exhaustive};
///
/// let all: Vec<_> = exhaustive(|choices| {
///     let length = choices.below(3);
///     (0..length).map(|_| choices.pick(&['a', 'b'])).collect::<String>()
/// })
/// .map(|(_, text)| text)
/// .collect();
/// assert_eq!(all, ["", "a", "b", "aa", "ab", "ba", "bb"]);
/// ```
pub fn exhaustive<T, G: FnMut(&mut Counter) -> T>(generate: G) -> Exhaustive<G> {
    Exhaustive { generate, counter: Counter::default(), done: false }
}

/// The iterator of [`exhaustive`].
#[derive(Clone, Debug)]
pub struct Exhaustive<G> {
    generate: G,
    counter: Counter,
    done: bool,
}

/// The choices of one run of an exhaustive enumeration.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// The choices, and out of how many each is.
    digits: Vec<(u32, u32)>,
    position: usize,
}

impl Choices for Counter {
    fn below(&mut self, n: u32) -> u32 {
        if n <= 1 {
            return 0;
        }
        if self.position == self.digits.len() {
            self.digits.push((0, n));
        }
        let (choice, out_of) = self.digits[self.position];
        debug_assert_eq!(out_of, n, "a generator asks the same after the same choices");
        self.position += 1;
        choice
    }
}

impl<T, G: FnMut(&mut Counter) -> T> Iterator for Exhaustive<G> {
    type Item = (Tape, T);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let counter = &mut self.counter;
        counter.position = 0;
        let value = (self.generate)(counter);
        let tape = Tape::new(counter.digits.iter().map(|&(choice, _)| choice).collect());
        let turns = counter.digits.iter().rposition(|&(choice, out_of)| choice + 1 < out_of);
        match turns {
            Some(digit) => {
                counter.digits.truncate(digit + 1);
                counter.digits[digit].0 += 1;
            }
            None => self.done = true,
        }
        Some((tape, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_tapes_differ_and_replay() {
        fn draw(choices: &mut impl Choices) -> Vec<u32> {
            let n = choices.below(4);
            (0..n).map(|i| choices.below(i + 2)).collect()
        }
        let all: Vec<_> = exhaustive(draw).collect();
        assert_eq!(all.len(), 1 + 2 + 2 * 3 + 2 * 3 * 4);
        for (tape, value) in &all {
            assert_eq!(&draw(&mut tape.clone()), value);
        }
        assert_eq!(all.iter().map(|(_, value)| value).collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn a_generator_without_choices_has_one_value() {
        assert_eq!(exhaustive(|choices| choices.below(1)).collect::<Vec<_>>(), [(Tape::default(), 0)]);
    }
}
