//! What the laws of merging are about: data with a product, whatever makes it.

use crate::Violation;
use airtight_engine::runner::RunnerError;
use airtight_generators::Choices;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Some data, the *letters*, and a product.
pub(crate) trait Band {
    /// One of the data, or a product of them.
    type Datum: Clone;

    /// How many letters there are.
    fn letters(&self) -> usize;

    /// A letter; no data if there is none with this number.
    fn letter(&self, index: usize) -> Self::Datum;

    /// No data.
    fn nothing(&self) -> Self::Datum;

    /// The product.
    ///
    /// # Errors
    /// If the runner has no answer, or refuses.
    fn product(&mut self, a: &Self::Datum, b: &Self::Datum) -> Result<Self::Datum, RunnerError>;

    /// Whether two data are alike.
    ///
    /// # Errors
    /// If the runner has no answer.
    fn alike(&mut self, a: &Self::Datum, b: &Self::Datum) -> Result<bool, RunnerError>;

    /// The bytes of data.
    fn bytes(&self, datum: &Self::Datum) -> Arc<[u8]>;

    /// Where a letter comes from, for people.
    fn origin(&self, index: usize) -> String;
}

/// A word over the letters, in any bracketing, is the product of its first occurrences from the left.
pub(crate) fn word_law<B: Band>(band: &mut B, choices: &mut dyn Choices, len_max: u32) -> Result<bool, Violation> {
    // Letter 0 of a word is no data.
    let letter = |band: &B, index: u32| match index.checked_sub(1) {
        Some(index) => band.letter(index as usize),
        None => band.nothing(),
    };
    let len = choices.range(1..len_max + 1);
    let word: Vec<u32> = (0..len).map(|_| choices.below(band.letters() as u32 + 1)).collect();
    // A run over no data begins the script, which is not nothing; one letter says nothing.
    if word.iter().all(|index| *index == 0) || word.len() == 1 {
        return Ok(false);
    }
    let mut seen = BTreeSet::new();
    let first: Vec<u32> = word.iter().copied().filter(|index| *index > 0 && seen.insert(*index)).collect();
    // Where each factor begins; the bracketing is drawn with the products, and told if the law fails.
    let mut factors: Vec<B::Datum> = word.iter().map(|index| letter(band, *index)).collect();
    let mut brackets = Vec::with_capacity(word.len());
    while factors.len() > 1 {
        let at = choices.below(factors.len() as u32 - 1) as usize;
        let right = factors.remove(at + 1);
        let Some(left) = factors.get_mut(at) else { break };
        *left = band.product(left, &right)?;
        brackets.push(at);
    }
    let Some(product) = factors.pop() else { return Ok(false) };
    let mut expected = band.nothing();
    for (position, index) in first.iter().enumerate() {
        let next = letter(band, *index);
        expected = if position == 0 { next } else { band.product(&expected, &next)? };
    }
    if band.alike(&product, &expected)? {
        return Ok(true);
    }
    let letters: Vec<usize> = first.iter().map(|index| *index as usize - 1).collect();
    if let Some(violation) = classical(band, &letters)? {
        return Err(violation);
    }
    let name = |index: u32| name(first.iter().position(|letter| *letter == index));
    let mut names: Vec<String> = word.iter().map(|index| name(*index)).collect();
    for at in brackets {
        let right = names.remove(at + 1);
        if let Some(left) = names.get_mut(at) {
            *left = format!("({left}·{right})");
        }
    }
    let in_order: Vec<String> = first.iter().map(|index| name(*index)).collect();
    let violation = Violation::new("a word is the product of its first occurrences")
        .sides((names.concat(), &band.bytes(&product)), (in_order.join("·"), &band.bytes(&expected)));
    Err(with_origins(band, violation, &letters))
}

/// `a`, `b`, `c` …: what people call the first, second, third letter of a word, and `e` for no data.
fn name(position: Option<usize>) -> String {
    position.and_then(|position| ["a", "b", "c", "d", "x", "y"].get(position)).map_or("e".into(), |name| (*name).into())
}

/// The violation with the origin of each letter, in the order of their names.
fn with_origins<B: Band>(band: &B, violation: Violation, letters: &[usize]) -> Violation {
    let lines = letters
        .iter()
        .enumerate()
        .map(|(position, letter)| format!("{}: {}", name(Some(position)), band.origin(*letter)));
    let lines: Vec<String> = lines.collect();
    violation.part("the data", lines.join("\n"))
}

/// The first of the classical laws that some of these letters break.
///
/// # Errors
/// If the runner has no answer.
pub(crate) fn classical<B: Band>(band: &mut B, letters: &[usize]) -> Result<Option<Violation>, RunnerError> {
    for x in letters {
        for law in [identity, idempotence] {
            if let Some(violation) = law(band, *x)? {
                return Ok(Some(violation));
            }
        }
    }
    // No data are data, too.
    let all: Vec<usize> = letters.iter().copied().chain([usize::MAX]).collect();
    for x in &all {
        for y in &all {
            if let Some(violation) = left_regularity(band, *x, *y)? {
                return Ok(Some(violation));
            }
            for z in &all {
                if let Some(violation) = associativity(band, *x, *y, *z)? {
                    return Ok(Some(violation));
                }
            }
        }
    }
    Ok(None)
}

/// Two products that a law says are alike, each with how it was made.
type Claim<D> = (&'static str, (&'static str, D), (&'static str, D));

/// The first claim that does not hold.
fn first_broken<B: Band>(
    band: &mut B,
    letters: &[usize],
    claims: impl IntoIterator<Item = Claim<B::Datum>>,
) -> Result<Option<Violation>, RunnerError> {
    for (law, (left_name, left), (right_name, right)) in claims {
        if !band.alike(&left, &right)? {
            let violation =
                Violation::new(law).sides((left_name, &band.bytes(&left)), (right_name, &band.bytes(&right)));
            return Ok(Some(with_origins(band, violation, letters)));
        }
    }
    Ok(None)
}

/// `e·a = a = a·e`
pub(crate) fn identity<B: Band>(band: &mut B, x: usize) -> Result<Option<Violation>, RunnerError> {
    let (e, a) = (band.nothing(), band.letter(x));
    let (left, right) = (band.product(&e, &a)?, band.product(&a, &e)?);
    let claims =
        [("identity: e·a = a", ("e·a", left), ("a", a.clone())), ("identity: a·e = a", ("a·e", right), ("a", a))];
    first_broken(band, &[x], claims)
}

/// `a·a = a`
pub(crate) fn idempotence<B: Band>(band: &mut B, x: usize) -> Result<Option<Violation>, RunnerError> {
    let a = band.letter(x);
    let twice = band.product(&a, &a)?;
    first_broken(band, &[x], [("idempotence: a·a = a", ("a·a", twice), ("a", a))])
}

/// `(a·b)·b = a·b` and `(a·b)·a = a·b`
pub(crate) fn left_regularity<B: Band>(band: &mut B, x: usize, y: usize) -> Result<Option<Violation>, RunnerError> {
    let (a, b) = (band.letter(x), band.letter(y));
    let ab = band.product(&a, &b)?;
    let (again_b, again_a) = (band.product(&ab, &b)?, band.product(&ab, &a)?);
    let claims = [
        ("left regularity: (a·b)·b = a·b", ("(a·b)·b", again_b), ("a·b", ab.clone())),
        ("left regularity: (a·b)·a = a·b", ("(a·b)·a", again_a), ("a·b", ab)),
    ];
    first_broken(band, &[x, y], claims)
}

/// `(a·b)·c = a·(b·c)`
pub(crate) fn associativity<B: Band>(
    band: &mut B,
    x: usize,
    y: usize,
    z: usize,
) -> Result<Option<Violation>, RunnerError> {
    let (a, b, c) = (band.letter(x), band.letter(y), band.letter(z));
    let (ab, bc) = (band.product(&a, &b)?, band.product(&b, &c)?);
    let (left, right) = (band.product(&ab, &c)?, band.product(&a, &bc)?);
    first_broken(band, &[x, y, z], [("associativity: (a·b)·c = a·(b·c)", ("(a·b)·c", left), ("a·(b·c)", right))])
}

/// `(a·b)·(b·a) = a·b`: each of the two products knows all that the other one does.
pub(crate) fn order_free<B: Band>(band: &mut B, x: usize, y: usize) -> Result<Option<Violation>, RunnerError> {
    let (a, b) = (band.letter(x), band.letter(y));
    let (ab, ba) = (band.product(&a, &b)?, band.product(&b, &a)?);
    let both = band.product(&ab, &ba)?;
    first_broken(band, &[x, y], [("(a·b)·(b·a) = a·b", ("(a·b)·(b·a)", both), ("a·b", ab))])
}
