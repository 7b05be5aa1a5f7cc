//! The laws of merging.
//!
//! `X`: data of one script; `a·b`: their merge; `e`: no data. Merging is a *left regular band* with identity:
//!
//! | classical law | statement |
//! |---|---|
//! | associativity | `(a·b)·c = a·(b·c)` |
//! | identity | `e·a = a = a·e` |
//! | idempotence | `a·a = a` |
//! | left regularity | `(a·b)·b = a·b` and `(a·b)·a = a·b` |
//!
//! In the free band of that kind a word equals the word of its first occurrences. So all five are one law, the *word law*:
//! any word over data, under any bracketing, is the product of its first occurrences from the left. It is not
//! commutative: `a·b` and `b·a` hold the same events, learned in another order.
//!
//! A lawful product could still lose what it does not compare, so *conservation* is a law of its own.
//!
//! The same word law is stated for runs at a peer that takes part in nothing, which merge through execution; there it needs
//! no `merge` of the runner.

use crate::Violation;
use crate::band::{self, Band};
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Letter, Product, Scene};
use airtight_engine::runner::RunnerError;
use airtight_generators::Choices;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "word-law",
        family: Family::Merge,
        statement: "a word over data, in any bracketing, is the product of its first occurrences from the left",
        domain: "words of up to 6 data of a history",
        why: "peers that got the same messages in the same order hold the same bytes, however messages were grouped, \
              repeated or forwarded on the way",
        needs: Needs::Merge,
        amount: Amount::Sample(24),
        check: |scene, choices| word_law(scene, choices, Product::Merge),
    },
    Law {
        name: "conservation",
        family: Family::Merge,
        statement: "events(a·b) = events(a) ∪ events(b)",
        domain: "pairs of data of a history, whole or in part",
        why: "what some peer did is never lost on the way to another one",
        needs: Needs::MergeAndEvents,
        amount: Amount::Sample(8),
        check: conservation,
    },
    Law {
        name: "order-free",
        family: Family::Merge,
        statement: "(a·b)·(b·a) = a·b",
        domain: "pairs of data of a history, whole or in part",
        why: "two peers that got two messages in opposite orders know the same",
        needs: Needs::Merge,
        amount: Amount::Sample(8),
        check: order_free,
    },
    Law {
        name: "block-order",
        family: Family::Merge,
        statement: "in a·b, what a knew keeps its block; what only b knew comes after that, in the order b learned it",
        domain: "pairs of data of a history, whole or in part",
        why: "streams are read in the order of blocks: what a peer has read keeps its place when more arrives",
        needs: Needs::MergeAndEvents,
        amount: Amount::Sample(8),
        check: block_order,
    },
    Law {
        name: "run-word-law",
        family: Family::Execution,
        statement: "a word over data, multiplied by runs in any bracketing, is the run of its first occurrences from the left",
        domain: "words of up to 6 data, run by a bystander",
        why: "a peer that only forwards, as relays do, may get messages in groups, twice and late",
        needs: Needs::Runs,
        amount: Amount::Sample(6),
        check: |scene, choices| word_law(scene, choices, Product::Observer),
    },
];

/// The most letters of a word.
const LETTERS_MAX: u32 = 6;

/// The data of a history and how they are multiplied.
struct OfHistory<'a, 's> {
    scene: &'a mut Scene<'s>,
    letters: Arc<[Letter]>,
    how: Product,
}

impl<'a, 's> OfHistory<'a, 's> {
    fn new(scene: &'a mut Scene<'s>, how: Product) -> Result<Self, RunnerError> {
        Ok(Self { letters: scene.letters()?, scene, how })
    }
}

impl Band for OfHistory<'_, '_> {
    type Datum = Arc<[u8]>;

    fn letters(&self) -> usize {
        self.letters.len()
    }

    fn letter(&self, index: usize) -> Arc<[u8]> {
        self.letters.get(index).map(|letter| letter.data.clone()).unwrap_or_default()
    }

    fn nothing(&self) -> Arc<[u8]> {
        Arc::default()
    }

    fn product(&mut self, a: &Arc<[u8]>, b: &Arc<[u8]>) -> Result<Arc<[u8]>, RunnerError> {
        self.scene.product(self.how, a, b)
    }

    fn alike(&mut self, a: &Arc<[u8]>, b: &Arc<[u8]>) -> Result<bool, RunnerError> {
        self.scene.alike(a, b)
    }

    fn bytes(&self, datum: &Arc<[u8]>) -> Arc<[u8]> {
        datum.clone()
    }

    fn origin(&self, index: usize) -> String {
        self.letters.get(index).map_or("no data".into(), |letter| self.scene.origin(letter))
    }
}

fn word_law(scene: &mut Scene<'_>, choices: &mut dyn Choices, how: Product) -> Result<bool, Violation> {
    band::word_law(&mut OfHistory::new(scene, how)?, choices, LETTERS_MAX)
}

/// The word law over these data.
pub(crate) fn word_law_over(
    scene: &mut Scene<'_>,
    letters: &[Letter],
    choices: &mut dyn Choices,
    how: Product,
) -> Result<bool, Violation> {
    band::word_law(&mut OfHistory { letters: letters.into(), scene, how }, choices, LETTERS_MAX)
}

fn conservation(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some([a, b]) = scene.pair(choices)?.map(|pair| pair.map(|letter| letter.data)) else { return Ok(false) };
    let product = scene.product(Product::Merge, &a, &b)?;
    let (left, right, both) =
        (scene.events(&a)?.support(), scene.events(&b)?.support(), scene.events(&product)?.support());
    let expected: BTreeSet<_> = left.union(&right).cloned().collect();
    if both == expected {
        return Ok(left != right);
    }
    let list = |events: Vec<&crate::view::SeenEvent>| -> String {
        events.iter().map(|event| format!("{} at {}: {}\n", event.peer, event.place, event.result)).collect()
    };
    Err(Violation::new("events(a·b) = events(a) ∪ events(b)")
        .part("lost", list(expected.difference(&both).collect()))
        .part("from nowhere", list(both.difference(&expected).collect()))
        .shows("a", &a)
        .shows("b", &b)
        .shows("a·b", &product))
}

fn order_free(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(letters) = scene.pair(choices)? else { return Ok(false) };
    let differ = letters[0].data != letters[1].data;
    let mut band = OfHistory { letters: letters.into(), scene, how: Product::Merge };
    band::order_free(&mut band, 0, 1)?.map_or(Ok(differ), Err)
}

fn block_order(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some([a, b]) = scene.pair(choices)?.map(|pair| pair.map(|letter| letter.data)) else { return Ok(false) };
    let product = scene.product(Product::Merge, &a, &b)?;
    let mut blocks = Vec::new();
    for data in [&a, &b, &product] {
        let view = scene.events(data)?;
        let keyed = view.events.iter().map(|event| Some(((event.place.clone(), event.result.clone()), event.at?)));
        // Whoever does not say when it learned something has no blocks.
        let Some(keyed) = keyed.collect::<Option<BTreeMap<_, _>>>() else { return Ok(false) };
        blocks.push(keyed);
    }
    let [of_a, of_b, of_both] = &blocks[..] else { return Ok(false) };
    match order_kept(of_a, of_b, of_both) {
        Ok(held) => Ok(held),
        Err(what) => Err(Violation::new("what only b knew is learned after everything a knew, in the order of b")
            .part("what is wrong", what)
            .shows("a", &a)
            .shows("b", &b)
            .shows("a·b", &product)),
    }
}

/// Whether the blocks of a product are those of the left side and then, in its order, what the right side adds; says
/// whether both brought something.
pub(crate) fn order_kept<K: Ord>(
    a: &BTreeMap<K, usize>,
    b: &BTreeMap<K, usize>,
    both: &BTreeMap<K, usize>,
) -> Result<bool, &'static str> {
    if a.iter().any(|(event, at)| both.get(event) != Some(at)) {
        return Err("an event of a has another block");
    }
    let blocks_of_a = a.values().max().map_or(0, |last| last + 1);
    let mut added: Vec<_> = b
        .iter()
        .filter(|(event, _)| !a.contains_key(event))
        .map(|(event, at)| (*at, both.get(event).copied()))
        .collect();
    if added.iter().any(|(_, at)| at.is_none_or(|at| at < blocks_of_a)) {
        return Err("an event that only b has is not after all of a");
    }
    added.sort_unstable();
    // Equal blocks of b stay equal, later ones later, and none is left out.
    let mut expected = blocks_of_a;
    for (index, (before, after)) in added.iter().enumerate() {
        let last = index.checked_sub(1).and_then(|last| added.get(last));
        expected += usize::from(last.is_some_and(|last| last.0 != *before));
        if *after != Some(expected) {
            return Err("events that only b has are in another order, or leave a gap");
        }
    }
    Ok(!a.is_empty() && !added.is_empty())
}
