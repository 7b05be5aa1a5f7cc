//! The laws over what no history is needed for: freely drawn data, which may be forged and disputed, and drawn scripts.
//!
//! Merging is structural, so its laws hold for *all* data of one script, whether or not some run could have made them. Data are
//! drawn from a small pool of events at a few places, so that they overlap, differ and dispute. Everything is drawn from
//! choices, so instances shrink and replay like all others. Only our own engine has these laws: they are about its data.
//!
//! Products are made by the engine's typed merge, and in one instance of 32 by its byte interface, which
//! [`repeatable`](LAWS) holds against the typed one.
//!
//! That merging is *not* commutative is a law that asks for a witness: its premise holds in the instances that are one. So
//! a campaign in which none turned up fails, because its generator is too weak to be trusted with the other laws.

use crate::Violation;
use crate::band::{self, Band};
use crate::law::{Amount, Check, Family, Law, Needs};
use crate::merge::order_kept;
use crate::subject::Subject;
use crate::text::{comments_stay, one_spelling, round_trip, stable_findings, totality};
use airtight_engine::data::{ArgumentHash, ContentId, Data, Event, PlaceId, ScriptHash, Shared, decode, encode};
use airtight_engine::runner::RunnerError;
use airtight_engine::script::{Tree, print};
use airtight_engine::value::Json;
use airtight_generators::{
    Choices, EditWeights, ScriptConfig, ScriptGenerator, damage, near_valid, traces, weave_comments,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// A law of which one instance is looked at in each case of a campaign.
const fn free(
    family: Family,
    name: &'static str,
    statement: &'static str,
    domain: &'static str,
    why: &'static str,
    check: Check,
) -> Law {
    Law { name, family, statement, domain, why, needs: Needs::Own, amount: Amount::Free(1), check }
}

/// Values whose texts one after the other are those of other values.
const ARGUMENTS: [&str; 6] = ["1", "2", "12", "[1]", "[1,2]", "[]"];

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        amount: Amount::Free(3),
        ..free(
            Family::Merge,
            "associativity",
            "(a·b)·c = a·(b·c)",
            "three free data",
            "however messages were grouped by those who forwarded them, whoever gets them comes to the same",
            |scene, choices| Drawn::new(choices, 3, scene.subject).law(|band| band::associativity(band, 0, 1, 2)),
        )
    },
    free(
        Family::Merge,
        "identity",
        "e·a = a = a·e",
        "free data",
        "a peer that begins, and a message without data, change nothing",
        |scene, choices| Drawn::new(choices, 1, scene.subject).law(|band| band::identity(band, 0)),
    ),
    free(Family::Merge, "idempotence", "a·a = a", "free data", "a message may come twice", |scene, choices| {
        Drawn::new(choices, 1, scene.subject).law(|band| band::idempotence(band, 0))
    }),
    free(
        Family::Merge,
        "left-regularity",
        "(a·b)·b = a·b = (a·b)·a",
        "two free data",
        "a message may come late, after what it says was learned on other ways",
        |scene, choices| Drawn::new(choices, 2, scene.subject).law(|band| band::left_regularity(band, 0, 1)),
    ),
    free(
        Family::Merge,
        "free-word-law",
        "a word over data, in any bracketing, is the product of its first occurrences from the left",
        "words of up to 8 free data",
        "regrouped, repeated and forwarded messages come to the same, whatever they hold, honest or not",
        |scene, choices| {
            let letters = choices.range(1..6) as usize;
            band::word_law(&mut Drawn::new(choices, letters, scene.subject), choices, WORD_MAX)
        },
    ),
    free(
        Family::Merge,
        "closure-size",
        "n data have at most 2, 5, 16, 65, 326 products, the empty one included, for n = 1 to 5",
        "up to five free data",
        "however many messages go around, a peer can be in no more states than there are orders in which it learned them",
        |_, choices| {
            // The larger ones cost thousands of merges.
            let n = 1 + choices.weighted(&[400, 400, 80, 4, 1]);
            let letters = family(choices, n);
            let Some(bound) = CLOSURE_SIZES.get(n - 1).copied() else { return Ok(false) };
            let size = closure_size(&letters, bound);
            if size <= bound {
                return Ok(n > 1 && size == bound);
            }
            let violation = Violation::new("n data have no more products than the free left regular band");
            let violation = violation.part("products", format!("more than {bound} of {n} data"));
            Err(letters
                .iter()
                .fold(violation, |violation, letter| violation.shows("one of the data", &bytes_of(letter))))
        },
    ),
    free(
        Family::Merge,
        "free-conservation",
        "a·b holds the events of a as they were learned, then those that b adds in their order, and no others",
        "two free data",
        "what some peer did is never lost on its way, and nobody gains an event by merging",
        |scene, choices| conservation(&mut Drawn::new(choices, 2, scene.subject)),
    ),
    free(
        Family::Merge,
        "free-order",
        "(a·b)·(b·a) = a·b, and both hold the same events and stores",
        "two free data",
        "peers that got the same messages in other orders know the same",
        |scene, choices| order(&mut Drawn::new(choices, 2, scene.subject)),
    ),
    free(
        Family::Merge,
        "not-commutative",
        "a·b ≠ b·a for some a and b: a witness is found",
        "two free data",
        "the order in which a peer learned is kept: what it read of a stream keeps its place",
        |scene, choices| {
            let mut band = Drawn::new(choices, 2, scene.subject);
            let (a, b) = (band.letter(0), band.letter(1));
            Ok(band.product(&a, &b)? != band.product(&b, &a)?)
        },
    ),
    free(
        Family::Merge,
        "repeatable",
        "merging again gives the same bytes, and so does merging bytes instead of values",
        "two free data",
        "peers that do the same hold the same bytes, whichever interface they use",
        |scene, choices| {
            let letters = family(choices, 2);
            let [a, b] = letters.as_slice() else { return Ok(false) };
            let (once, again) = (bytes_of(&a.merge(b)), bytes_of(&a.merge(b)));
            if once != again {
                return Err(
                    Violation::new("merging again gives the same bytes").sides(("a·b", &once), ("again", &again))
                );
            }
            let of_bytes = scene.subject.merge(&bytes_of(a), &bytes_of(b))?;
            if once != of_bytes {
                let violation = Violation::new("merging bytes is merging what they hold");
                return Err(violation.sides(("a·b", &once), ("of their bytes", &of_bytes)));
            }
            Ok(a != b)
        },
    ),
    free(
        Family::Text,
        "argument-hash",
        "two lists of arguments have one hash exactly if they are equal",
        "lists of up to three short values",
        "a result is taken for the call that it was made for, and for no other arguments",
        |_, choices| {
            let [a, b] = [(); 2].map(|()| {
                let values = (0..choices.below(4)).map(|_| choices.below(ARGUMENTS.len() as u32) as usize);
                values.filter_map(|at| Json::parse(ARGUMENTS[at].as_bytes()).ok()).collect::<Vec<_>>()
            });
            if (ArgumentHash::of(&a) == ArgumentHash::of(&b)) == (a == b) {
                return Ok(a != b);
            }
            let text = |list: &[Json]| list.iter().map(|value| value.to_text() + "\n").collect::<String>();
            Err(Violation::new("two lists of arguments have one hash exactly if they are equal")
                .part("one list", text(&a))
                .part("the other", text(&b)))
        },
    ),
    free(
        Family::Text,
        "codec",
        "decode(encode(d)) = d",
        "free data with journals",
        "what a peer stores and sends is what it meant",
        |_, choices| {
            let data = data(choices);
            let bytes = encode(&data);
            let violation = |law| Violation::new(law).part("encode(d)", String::from_utf8_lossy(&bytes));
            let decoded = decode(&bytes);
            let decoded = decoded.map_err(|e| violation("what was encoded decodes").part("error", e.to_string()))?;
            if decoded != data || encode(&decoded) != bytes {
                return Err(violation("decode(encode(d)) = d")
                    .part("d and decode(encode(d))", format!("{data:?}\n{decoded:?}")));
            }
            Ok(!data.shared().is_empty())
        },
    ),
    free(
        Family::Text,
        "damaged-data",
        "damaged bytes are refused, or are the encoding of what they decode to",
        "damaged free data",
        "nothing is misread silently",
        |_, mut choices| {
            let whole = encode(&data(choices));
            let damaged = damage(&whole, DAMAGES_MAX, &mut choices);
            match decode(&damaged) {
                Ok(data) if encode(&data) != damaged => {
                    let violation = Violation::new("what is accepted is the one encoding of what it says");
                    Err(violation.part("accepted", String::from_utf8_lossy(&damaged)))
                }
                _ => Ok(damaged != whole),
            }
        },
    ),
    free(
        Family::Text,
        "tree-text",
        "parse(print(t)) = t, one canonical text a tree, comments and blanks change nothing and stay",
        "trees of any script that the grammar has",
        "whoever stores, sends, compares or reformats a script gets the same script back",
        |_, mut choices| {
            let (tree, other) = (TREES.generate(&mut choices), SMALLEST.generate(&mut choices));
            round_trip(&tree)?;
            one_spelling(&other, &SMALLEST.generate(&mut choices))?;
            let woven = weave_comments(&print::canonical(&tree), 6, &mut choices);
            if Tree::parse(&woven).ok().as_ref() != Some(&tree) {
                return Err(Violation::new("comments and blanks change nothing").part("text", woven));
            }
            comments_stay(&woven).map(|()| true)
        },
    ),
    free(
        Family::Text,
        "near-valid-text",
        "parsing ends, says well-formed things, and the same of the canonical text",
        "texts that are almost valid scripts",
        "a script passes on one peer exactly if it passes on all others",
        |_, mut choices| {
            let text = near_valid(&VALID.generate(&mut choices), &EditWeights::default(), &mut choices);
            totality(text.as_bytes())?;
            stable_findings(&text)?;
            Ok(Tree::parse(&text).is_ok())
        },
    ),
];

/// The most letters of a word.
const WORD_MAX: u32 = 8;

/// One instance in so many has its products made of bytes.
const BY_BYTES_IN: u32 = 32;

/// How often data are damaged at most.
const DAMAGES_MAX: u32 = 3;

static TREES: LazyLock<ScriptGenerator> =
    LazyLock::new(|| ScriptGenerator::new(ScriptConfig { size: 1..=8, ..ScriptConfig::grammatical() }));
static VALID: LazyLock<ScriptGenerator> =
    LazyLock::new(|| ScriptGenerator::new(ScriptConfig { size: 1..=10, ..ScriptConfig::valid() }));
/// Scripts so small that two of them are often equal.
static SMALLEST: LazyLock<ScriptGenerator> = LazyLock::new(|| {
    let config = ScriptConfig { names: 1, size: 1..=1, arguments_max: 0, ..ScriptConfig::grammatical() };
    ScriptGenerator::new(ScriptConfig { odd_literal_percent: 0, ..config })
});

/// The free left regular band with identity on n letters has this many elements, for n from 1 to 5.
pub const CLOSURE_SIZES: [usize; 5] = [2, 5, 16, 65, 326];

/// How many products these data have, the empty one included; counting ends when there are more than `most`.
///
/// Products of a product and one of the data, on either side, reach all others: where merging is associative, and where it
/// is not, they are more only.
pub fn closure_size(letters: &[Shared], most: usize) -> usize {
    let mut found: BTreeSet<Vec<u8>> = BTreeSet::from([Shared::default().to_bytes()]);
    let mut open: Vec<Shared> = letters.iter().filter(|letter| found.insert(letter.to_bytes())).cloned().collect();
    while let Some(x) = open.pop() {
        for letter in letters {
            for product in [x.merge(letter), letter.merge(&x)] {
                if found.insert(product.to_bytes()) {
                    open.push(product);
                }
            }
        }
        if found.len() > most {
            break;
        }
    }
    found.len()
}

/// Freely drawn data and the engine's product of them.
pub(crate) struct Drawn<'s> {
    letters: Vec<Shared>,
    /// The subject, if products are made by its byte interface.
    by_bytes: Option<&'s mut Subject>,
}

impl<'s> Drawn<'s> {
    /// These data, under the engine's typed merge.
    pub(crate) const fn of(letters: Vec<Shared>) -> Self {
        Self { letters, by_bytes: None }
    }

    fn new(choices: &mut dyn Choices, n: usize, subject: &'s mut Subject) -> Self {
        let by_bytes = choices.below(BY_BYTES_IN) == BY_BYTES_IN - 1;
        Self { letters: family(choices, n), by_bytes: by_bytes.then_some(subject) }
    }

    /// A law about these letters, which says something if they all differ.
    fn law(mut self, law: impl FnOnce(&mut Self) -> Result<Option<Violation>, RunnerError>) -> Result<bool, Violation> {
        if let Some(violation) = law(&mut self)? {
            return Err(violation);
        }
        let differ = |(at, a): (usize, &Shared)| !a.is_empty() && self.letters.iter().take(at).all(|b| a != b);
        Ok(self.letters.iter().enumerate().all(differ))
    }
}

impl Band for Drawn<'_> {
    type Datum = Shared;

    fn letters(&self) -> usize {
        self.letters.len()
    }

    fn letter(&self, index: usize) -> Shared {
        self.letters.get(index).cloned().unwrap_or_default()
    }

    fn nothing(&self) -> Shared {
        Shared::default()
    }

    fn product(&mut self, a: &Shared, b: &Shared) -> Result<Shared, RunnerError> {
        let Some(subject) = &mut self.by_bytes else { return Ok(a.merge(b)) };
        let product = subject.merge(&bytes_of(a), &bytes_of(b))?;
        let product = decode(&product).map_err(|error| RunnerError::BadAnswer { message: error.to_string() })?;
        Ok(product.into_parts().0)
    }

    fn alike(&mut self, a: &Shared, b: &Shared) -> Result<bool, RunnerError> {
        Ok(a == b)
    }

    fn bytes(&self, datum: &Shared) -> Arc<[u8]> {
        bytes_of(datum)
    }

    fn origin(&self, index: usize) -> String {
        String::from_utf8_lossy(&self.letter(index).to_bytes()).into_owned()
    }
}

/// The data as they are stored and sent; of which script they are does not matter to merging.
pub fn bytes_of(shared: &Shared) -> Arc<[u8]> {
    encode(&Data::new(ScriptHash::of(b"(null)"), shared.clone(), None)).into()
}

/// Each event and when it was learned.
pub(crate) fn learned(shared: &Shared) -> BTreeMap<(PlaceId, ContentId), usize> {
    shared.events().map(|Event { place, result, at }| ((place, result), at)).collect()
}

/// The laws of merging that imply the others, about these data: the word law, conservation, and that order decides no
/// more than order.
pub(crate) fn band_laws(
    choices: &mut dyn Choices,
    letters: Vec<Shared>,
    subject: &mut Subject,
) -> Result<(), Violation> {
    // Fuzzers are fond of the largest numbers, and of zeros.
    let by_bytes = choices.below(BY_BYTES_IN) == 1;
    let mut band = Drawn { letters, by_bytes: by_bytes.then_some(subject) };
    band::word_law(&mut band, choices, WORD_MAX)?;
    conservation(&mut band)?;
    order(&mut band).map(drop)
}

fn conservation(band: &mut Drawn<'_>) -> Result<bool, Violation> {
    let (a, b) = (band.letter(0), band.letter(1));
    let product = band.product(&a, &b)?;
    let (of_a, of_b, of_ab) = (learned(&a), learned(&b), learned(&product));
    let violation = |law| {
        let violation = Violation::new(law).shows("a", &bytes_of(&a)).shows("b", &bytes_of(&b));
        Err(violation.shows("a·b", &bytes_of(&product)))
    };
    if !of_a.keys().chain(of_b.keys()).all(|event| of_ab.contains_key(event)) {
        return violation("a·b holds all events of a and b");
    }
    if !of_ab.keys().all(|event| of_a.contains_key(event) || of_b.contains_key(event)) {
        return violation("a·b holds no other events");
    }
    let adds = of_b.keys().any(|event| !of_a.contains_key(event));
    match order_kept(&of_a, &of_b, &of_ab) {
        Ok(_) => Ok(adds && of_a.keys().any(|event| !of_b.contains_key(event))),
        Err(what) => violation(what),
    }
}

fn order(band: &mut Drawn<'_>) -> Result<bool, Violation> {
    if let Some(violation) = band::order_free(band, 0, 1)? {
        return Err(violation);
    }
    let (a, b) = (band.letter(0), band.letter(1));
    let (ab, ba) = (band.product(&a, &b)?, band.product(&b, &a)?);
    if learned(&ab).into_keys().eq(learned(&ba).into_keys()) && ab.stores() == ba.stores() {
        return Ok(ab != ba);
    }
    Err(Violation::new("a·b and b·a differ in the order of learning only")
        .sides(("a·b", &bytes_of(&ab)), ("b·a", &bytes_of(&ba))))
}

/// `n` data from one small pool of events at a few places, so that they overlap and dispute.
pub fn family(mut choices: &mut dyn Choices, n: usize) -> Vec<Shared> {
    traces::family(n, &mut choices)
}

/// Free data in their envelope, with and without a journal; sometimes nothing at all.
fn data(mut choices: &mut dyn Choices) -> Data {
    traces::data(ScriptHash::of(&[choices.below(2) as u8]), &mut choices)
}
