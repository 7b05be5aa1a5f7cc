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
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Letter, Product, Scene};
use airtight_generators::Choices;
use std::collections::BTreeSet;
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
        domain: "pairs of data of a history",
        why: "what some peer did is never lost on the way to another one",
        needs: Needs::MergeAndEvents,
        amount: Amount::Sample(8),
        check: conservation,
    },
    Law {
        name: "order-free",
        family: Family::Merge,
        statement: "(a·b)·(b·a) = a·b",
        domain: "pairs of data of a history",
        why: "two peers that got two messages in opposite orders know the same",
        needs: Needs::Merge,
        amount: Amount::Sample(8),
        check: order_free,
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

fn word_law(scene: &mut Scene<'_>, choices: &mut dyn Choices, how: Product) -> Result<bool, Violation> {
    let letters = scene.letters()?;
    // Letter 0 is no data.
    let letter = |index: u32| index.checked_sub(1).and_then(|index| letters.get(index as usize));
    let data = |index: u32| letter(index).map(|letter| letter.data.clone()).unwrap_or_default();
    let len = choices.range(1..LETTERS_MAX + 1);
    let word: Vec<u32> = (0..len).map(|_| choices.below(letters.len() as u32 + 1)).collect();
    // A run over no data begins the script, which is not nothing; one letter says nothing.
    if word.iter().all(|index| *index == 0) || word.len() == 1 {
        return Ok(false);
    }
    let mut seen = BTreeSet::new();
    let first: Vec<u32> = word.iter().copied().filter(|index| *index > 0 && seen.insert(*index)).collect();
    let name = |index: u32| name(first.iter().position(|letter| *letter == index));

    let mut products: Vec<(String, Arc<[u8]>)> = word.iter().map(|index| (name(*index), data(*index))).collect();
    while products.len() > 1 {
        let at = choices.below(products.len() as u32 - 1) as usize;
        let (right_name, right) = products.remove(at + 1);
        let Some((left_name, left)) = products.get_mut(at) else { break };
        *left = scene.product(how, left, &right)?;
        *left_name = format!("({left_name}·{right_name})");
    }
    let Some((bracketed, product)) = products.pop() else { return Ok(false) };

    let mut expected: Arc<[u8]> = Arc::default();
    for (position, index) in first.iter().enumerate() {
        let next = data(*index);
        expected = if position == 0 { next } else { scene.product(how, &expected, &next)? };
    }
    if scene.alike(&product, &expected)? {
        return Ok(true);
    }
    let distinct: Vec<Letter> = first.iter().filter_map(|index| letter(*index).cloned()).collect();
    if let Some(violation) = classical(scene, how, &distinct)? {
        return Err(violation);
    }
    let in_order: Vec<String> = first.iter().map(|index| name(*index)).collect();
    let violation = Violation::new("a word is the product of its first occurrences")
        .sides((bracketed, &product), (in_order.join("·"), &expected));
    Err(with_origins(scene, violation, &distinct))
}

/// `a`, `b`, `c` …: what people call the first, second, third letter of a word, and `e` for no data.
fn name(position: Option<usize>) -> String {
    position.and_then(|position| ["a", "b", "c", "d", "x", "y"].get(position)).map_or("e".into(), |name| (*name).into())
}

/// The violation with the origin of each letter, in the order of their names.
fn with_origins(scene: &Scene<'_>, violation: Violation, letters: &[Letter]) -> Violation {
    let lines = letters
        .iter()
        .enumerate()
        .map(|(position, letter)| format!("{}: {}", name(Some(position)), scene.origin(letter)));
    let lines: Vec<String> = lines.collect();
    violation.part("the data", lines.join("\n"))
}

/// The first of the classical laws that some of these data break.
fn classical(scene: &mut Scene<'_>, how: Product, letters: &[Letter]) -> Result<Option<Violation>, Violation> {
    for x in letters {
        let a = &x.data;
        for (law, label, product) in [
            ("identity: e·a = a", "e·a", scene.product(how, b"", a)?),
            ("identity: a·e = a", "a·e", scene.product(how, a, b"")?),
            ("idempotence: a·a = a", "a·a", scene.product(how, a, a)?),
        ] {
            if !scene.alike(&product, a)? {
                let violation = Violation::new(law).sides((label, &product), ("a", a));
                return Ok(Some(with_origins(scene, violation, std::slice::from_ref(x))));
            }
        }
    }
    for x in letters {
        for y in letters {
            let (a, b) = (&x.data, &y.data);
            let ab = scene.product(how, a, b)?;
            for (law, label, again) in [
                ("left regularity: (a·b)·b = a·b", "(a·b)·b", scene.product(how, &ab, b)?),
                ("left regularity: (a·b)·a = a·b", "(a·b)·a", scene.product(how, &ab, a)?),
            ] {
                if !scene.alike(&again, &ab)? {
                    let violation = Violation::new(law).sides((label, &again), ("a·b", &ab));
                    return Ok(Some(with_origins(scene, violation, &[x.clone(), y.clone()])));
                }
            }
            for z in letters {
                let bc = scene.product(how, b, &z.data)?;
                let (left, right) = (scene.product(how, &ab, &z.data)?, scene.product(how, a, &bc)?);
                if !scene.alike(&left, &right)? {
                    let violation = Violation::new("associativity: (a·b)·c = a·(b·c)")
                        .sides(("(a·b)·c", &left), ("a·(b·c)", &right));
                    return Ok(Some(with_origins(scene, violation, &[x.clone(), y.clone(), z.clone()])));
                }
            }
        }
    }
    Ok(None)
}

/// Two data of the history, perhaps the same ones.
fn pair(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<Option<[Arc<[u8]>; 2]>, Violation> {
    let letters = scene.letters()?;
    let mut one = || letters.get(choices.below(letters.len() as u32) as usize).cloned();
    Ok(one().zip(one()).map(|(a, b)| [a.data, b.data]))
}

fn conservation(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some([a, b]) = pair(scene, choices)? else { return Ok(false) };
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
    let Some([a, b]) = pair(scene, choices)? else { return Ok(false) };
    let (ab, ba) = (scene.product(Product::Merge, &a, &b)?, scene.product(Product::Merge, &b, &a)?);
    let both = scene.product(Product::Merge, &ab, &ba)?;
    if scene.alike(&both, &ab)? {
        return Ok(a != b);
    }
    Err(Violation::new("(a·b)·(b·a) = a·b").sides(("(a·b)·(b·a)", &both), ("a·b", &ab)))
}
