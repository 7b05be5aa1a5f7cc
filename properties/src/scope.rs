//! Exhaustive scope: every small script, every short schedule, every triple of the data that come of them.
//!
//! | what | all of it |
//! |---|---|
//! | scripts | of up to `k` instructions over an alphabet of leaves (calls of two peers with and without arguments, into a scalar and a stream; `ap` into the stream; `canon`; `fail`; `null`; `next`) and of `seq`, `par`, `xor`, `fold`, `new`, as far as they are valid |
//! | schedules | each way to decide the first [`Bounds::decisions`] times that more than one thing can happen next; then the first thing happens first |
//! | histories | those laws that look at a history as a whole |
//! | pairs | of all data that peers hold in any history of a script: nothing is lost and nothing made up, whichever stands first |
//! | triples | of these: the word law by its parts: identity, idempotence, left regularity, associativity |
//!
//! What was looked at is told by a [`Certificate`]: exact counts, and a hash of all scripts and data in their order. Equal
//! bounds give equal certificates, on any machine and with any number of threads.

use crate::Violation;
use crate::band;
use crate::case::{Case, Schedule, ServiceSpec};
use crate::check::{CheckError, MakeSubject};
use crate::clock;
use crate::counterexample::Counterexample;
use crate::free::Drawn;
use crate::instances::{Broken, hold};
use crate::law::{Amount, Law, laws};
use crate::pool::Pool;
use crate::shrink::shrink;
use crate::subject::Subject;
use airtight_engine::data::{Shared, decode};
use airtight_engine::execute::Limits;
use airtight_engine::runner::RunnerError;
use airtight_engine::script::Script;
use airtight_generators::{Choices, Counter, Weather, exhaustive};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// How far the scope reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// The most instructions of a script.
    pub instructions: u32,
    /// How many times the order of things is decided in every way.
    pub decisions: u32,
}

impl Bounds {
    /// Scripts of up to so many instructions, and schedules of three decisions.
    pub const fn instructions(instructions: u32) -> Self {
        Self { instructions, decisions: 3 }
    }
}

/// What was looked at; all that was held against it holds: in each history the laws about whole histories, for all pairs of
/// data conservation, and for all triples the classical laws of merging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Valid scripts.
    pub scripts: u64,
    /// Histories of them.
    pub histories: u64,
    /// Different data that peers hold, summed over the scripts.
    pub data: u64,
    /// Triples of data of one script.
    pub triples: u64,
    /// The laws about whole histories, and in how many of these the premise of each held.
    pub laws: Vec<(&'static str, u64)>,
    /// A hash of all scripts, of how many histories each has, and of the data.
    pub hash: blake3::Hash,
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scripts, histories, data, triples, hash, .. } = self;
        write!(
            f,
            "exhaustive: {scripts} scripts, {histories} histories, {data} data, {triples} triples, hash blake3:{hash}"
        )
    }
}

/// What a search through the whole scope found.
#[derive(Debug)]
pub enum Verdict {
    /// All holds, on all of it.
    Holds(Certificate),
    /// A history breaks a law.
    Fails(Box<Counterexample>),
    /// Data of several histories of this script break a law of merging.
    FailsToMerge(Arc<str>, Box<Violation>),
}

/// The limits of runs: a fold over a stream that its body writes to has no end, and shall not take long to get there.
const LIMITS: Limits = Limits { steps: 10_000, depth: 1_000, value_bytes: 1 << 20, stream_elements: 12 };

/// How many scripts are looked at before their results are put together.
const BATCH: usize = 512;

/// Looks at the whole scope, with our own engine; `progress` is told how many scripts were looked at so far.
///
/// # Errors
/// If there is nothing to run the scripts.
pub fn search(bounds: Bounds, progress: &(dyn Fn(u64) + Sync)) -> Result<Verdict, CheckError> {
    let make: MakeSubject<'_> = &|| Ok(Subject::own());
    let pool = Pool::new(make)?;
    let mut hasher = blake3::Hasher::new();
    let laws = whole().map(|law| (law.name, 0)).collect();
    let mut sum = Certificate { scripts: 0, histories: 0, data: 0, triples: 0, laws, hash: hasher.finalize() };
    let mut scripts = scripts(bounds.instructions);
    loop {
        let batch: Vec<(Arc<str>, Arc<Script>)> = scripts.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        let one =
            |(text, script): &(Arc<str>, Arc<Script>)| pool.with(|subject| look_at(text, script, bounds, subject));
        for found in batch.par_iter().map(one).collect::<Result<Vec<_>, _>>()? {
            match found {
                Ok(Found { histories, data, triples, held, hash }) => {
                    sum.laws.iter_mut().zip(held).for_each(|((_, sum), held)| *sum += held);
                    sum.scripts += 1;
                    sum.histories += histories;
                    sum.data += data;
                    sum.triples += triples;
                    hasher.update(hash.as_bytes());
                }
                Err(Broke::History(broken)) => {
                    return pool.with(|subject| {
                        Ok(Verdict::Fails(Box::new(Counterexample::new(
                            shrink(*broken, clock::wall, subject),
                            subject,
                        ))))
                    });
                }
                Err(Broke::Merge(script, violation)) => return Ok(Verdict::FailsToMerge(script, violation)),
            }
        }
        progress(sum.scripts);
    }
    Ok(Verdict::Holds(Certificate { hash: hasher.finalize(), ..sum }))
}

/// What one script came to.
struct Found {
    histories: u64,
    data: u64,
    triples: u64,
    /// In how many histories the premise of each law held.
    held: Vec<u64>,
    hash: blake3::Hash,
}

/// The laws about whole histories.
fn whole() -> impl Iterator<Item = &'static Law> {
    laws().filter(|law| law.amount == Amount::Once)
}

enum Broke {
    History(Box<Broken>),
    Merge(Arc<str>, Box<Violation>),
}

/// Looks at all histories of a script, and at all triples of their data.
fn look_at(
    text: &Arc<str>,
    script: &Arc<Script>,
    bounds: Bounds,
    subject: &mut Subject,
) -> Result<Result<Found, Broke>, CheckError> {
    let case = Case {
        script: text.clone(),
        init: "A".into(),
        services: ServiceSpec::default(),
        schedule: Schedule::Actions(Vec::new()),
    };
    let services = case.services.prepare(script, &case.init)?;
    let mut letters: BTreeMap<Vec<u8>, Shared> = BTreeMap::new();
    let schedules = exhaustive(|counter| {
        let mut choices = First { choices: counter, left: bounds.decisions };
        let services = services.clone();
        let played = case.play_choosing(script.clone(), services, LIMITS, subject, &mut choices, Weather::CALM);
        let held = hold(whole().map(|law| (law, law.amount)), &played, subject, 0);
        held.map(|(tallies, broken)| (played, tallies, broken))
    });
    let mut histories = 0;
    let mut held = vec![0; whole().count()];
    for (_, looked) in schedules {
        let (played, tallies, broken) = looked?;
        histories += 1;
        held.iter_mut().zip(tallies).for_each(|(sum, tally)| *sum += tally.held);
        for run in &played.runs {
            let data = decode(&run.after).map_err(|error| RunnerError::BadAnswer { message: error.to_string() })?;
            let shared = data.into_parts().0;
            letters.entry(shared.to_bytes()).or_insert(shared);
        }
        if let Some(broken) = broken.into_iter().next() {
            return Ok(Err(Broke::History(Box::new(broken))));
        }
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes()).update(&u64::to_le_bytes(histories));
    for bytes in letters.keys() {
        hasher.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
    let letters: Vec<Shared> = letters.into_values().collect();
    let data = letters.len() as u64;
    if let Some(law) = broken_law(&letters) {
        let mut band = Drawn::of(letters);
        let all: Vec<usize> = (0..data as usize).collect();
        let violation = band::classical(&mut band, &all)?.unwrap_or_else(|| Violation::new(law));
        return Ok(Err(Broke::Merge(text.clone(), Box::new(violation))));
    }
    Ok(Ok(Found { histories, data, triples: data.pow(3), held, hash: hasher.finalize() }))
}

/// What not all pairs and triples of data obey. Many products are equal, and equal ones are multiplied once.
fn broken_law(letters: &[Shared]) -> Option<&'static str> {
    const REGULAR: &str = "merging the same data again gives the same";
    let nothing = Shared::default();
    if letters.iter().any(|a| nothing.merge(a) != *a || a.merge(&nothing) != *a) {
        return Some(REGULAR);
    }
    let mut numbered = Numbered::default();
    let letters_as: Vec<usize> = letters.iter().map(|a| numbered.number(a.clone())).collect();
    let products = |numbered: &mut Numbered, a: &Shared| -> Vec<usize> {
        letters.iter().map(|b| numbered.number(a.merge(b))).collect()
    };
    // The product of each two letters, by their positions; then of these and each letter, from either side, by number.
    let pairs: Vec<Vec<usize>> = letters.iter().map(|a| products(&mut numbered, a)).collect();
    let two = numbered.data.clone();
    let after: Vec<Vec<usize>> = two.iter().map(|ab| products(&mut numbered, ab)).collect();
    let before = |numbered: &mut Numbered, a: &Shared| -> Vec<usize> {
        two.iter().map(|bc| numbered.number(a.merge(bc))).collect()
    };
    let before: Vec<Vec<usize>> = letters.iter().map(|a| before(&mut numbered, a)).collect();
    let mut products =
        pairs.iter().enumerate().flat_map(|(x, of_a)| of_a.iter().enumerate().map(move |(y, &ab)| (x, y, ab)));
    let is_regular = products.clone().all(|(x, y, ab)| {
        let regular = after[ab][y] == ab && after[ab][x] == ab;
        let idempotent = x != y || ab == letters_as[x];
        regular && idempotent && after[ab].iter().zip(&pairs[y]).all(|(&ab_c, &bc)| ab_c == before[x][bc])
    });
    if !is_regular {
        return Some(REGULAR);
    }
    // All of this holds as well where `a·b = a`.
    let of = |shared: &Shared| shared.events().map(|event| (event.place, event.result)).collect();
    let events: Vec<BTreeSet<_>> = two.iter().map(of).collect();
    let is_kept =
        |(x, y, ab): (usize, usize, usize)| events[letters_as[x]].union(&events[letters_as[y]]).eq(&events[ab]);
    (!products.all(is_kept)).then_some("events(a·b) = events(a) ∪ events(b)")
}

/// Different data, each with a number.
#[derive(Default)]
struct Numbered {
    data: Vec<Shared>,
    numbers: HashMap<Vec<u8>, usize>,
}

impl Numbered {
    fn number(&mut self, shared: Shared) -> usize {
        *self.numbers.entry(shared.to_bytes()).or_insert_with(|| {
            self.data.push(shared);
            self.data.len() - 1
        })
    }
}

/// The first choices are free, all others are 0.
struct First<'c> {
    choices: &'c mut Counter,
    left: u32,
}

impl Choices for First<'_> {
    fn below(&mut self, n: u32) -> u32 {
        if n <= 1 || self.left == 0 {
            return 0;
        }
        self.left -= 1;
        self.choices.below(n)
    }
}

/// All valid scripts of up to so many instructions, the small ones first.
fn scripts(instructions_max: u32) -> impl Iterator<Item = (Arc<str>, Arc<Script>)> {
    (1..=instructions_max).flat_map(|size| exhaustive(move |choices| write(choices, size, false))).filter_map(
        |(_, text)| {
            let script = Script::parse(text.as_str()).ok()?;
            Some((text.into(), Arc::new(script)))
        },
    )
}

/// Instructions without others inside. The last one is for folds only.
const LEAVES: [&str; 9] = [
    "(null)",
    "(call \"A\" (\"s\" \"f\") [] x)",
    "(call \"A\" (\"s\" \"f\") [] $s)",
    "(call \"B\" (\"s\" \"g\") [] $s)",
    "(call \"B\" (\"s\" \"g\") [x])",
    "(ap \"v\" $s)",
    "(canon \"B\" $s #c)",
    "(fail 1 \"e\")",
    "(next i)",
];

/// A script of exactly so many instructions.
fn write(choices: &mut Counter, size: u32, in_fold: bool) -> String {
    match size {
        0 | 1 => {
            let leaves = LEAVES.len() as u32 - u32::from(!in_fold);
            LEAVES[choices.below(leaves) as usize].into()
        }
        2.. => {
            let pairs = if size > 2 { 3 } else { 0 };
            // A fold inside of another one would need another iterator.
            let kinds = pairs + 1 + u32::from(!in_fold);
            match (choices.below(kinds), pairs) {
                (kind, 3) if kind < 3 => {
                    let left = choices.range(1..size - 1);
                    let left_text = write(choices, left, in_fold);
                    let right_text = write(choices, size - 1 - left, in_fold);
                    format!("({} {left_text} {right_text})", ["seq", "par", "xor"][kind as usize])
                }
                (kind, pairs) if kind == pairs => format!("(new $s {})", write(choices, size - 1, in_fold)),
                _ => format!("(fold $s i {})", write(choices, size - 1, true)),
            }
        }
    }
}
