//! Campaigns: many small cases, and every law on each of them.
//!
//! Case `i` of the campaign with seed `s` is a pure function of `(s, i)`: a generated script, who begins it, what services
//! answer, in which order things happen, and which instances of each law are looked at. So a campaign can be cut into
//! shards that share nothing and miss nothing, results do not depend on the number of threads, and any case can be looked
//! at again by its number.
//!
//! Cases are small, because mistakes of interpreters show in small scripts and many of them are played in a second:
//! mostly of up to 15 instructions, two or three peers, few instances of each law. [`check`](crate::check()) is for the
//! opposite: one script, and everything about it.
//!
//! **A law whose premise never held in a campaign of [`PREMISE_CASES`] cases or more is a failure of the campaign**:
//! what looked at nothing must not pass for a proof.
//!
//! # Example
//! ```
//! use airtight_properties::{Plan, Shard, Subject, campaign};
//!
//! let plan = Plan { seed: 7, cases: 20, shard: Shard::new(1, 2).expect("the first of two"), ..Plan::default() };
//! let report = campaign(&plan, &|| Ok(Subject::own()), &|_| {})?;
//! assert_eq!(report.cases, 10);
//! assert!(report.holds());
//! # Ok::<(), airtight_properties::CheckError>(())
//! ```

use crate::Violation;
use crate::case::{Case, CaseError, Played, Schedule, ServiceSpec};
use crate::check::{CheckError, LawRow, MakeSubject, Verdict};
use crate::clock::{self, Clock};
use crate::counterexample::Counterexample;
use crate::forms;
use crate::instances::{Broken, Tally, hold, number_of};
use crate::law::{Amount, Family, Law, Needs, law, laws};
use crate::pool::Pool;
use crate::shrink::{shrink, strings};
use crate::subject::Subject;
use airtight_engine::script::{Class, Instruction, Position, Script, Tree, Value, print};
use airtight_generators::{
    Choices, InstructionWeights, Recorder, ScriptConfig, ScriptGenerator, Seeded, VocabularyWeights, Weather,
};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// From so many cases on, a law whose premise never held is a failure.
pub const PREMISE_CASES: u64 = 2_000;

/// After so many actions a schedule is given up as endless.
const ACTIONS_MAX: usize = 300;

/// How many cases each thread gets before the results are put together.
const BATCH: usize = 64;

/// What to look at, and how much of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The cases are those with numbers below this.
    pub cases: u64,
    /// After this time no more cases are begun.
    pub time: Option<Duration>,
    /// What time is measured with, here and in the report.
    pub clock: Clock,
    /// Which part of the cases is looked at.
    pub shard: Shard,
    /// The names of the laws; all if there are none.
    pub laws: Option<BTreeSet<String>>,
    /// How many threads work; as many as there are cores if there is no number.
    pub threads: Option<usize>,
    /// Whether the campaign ends with the first case that breaks a law.
    pub stop_at_first: bool,
    /// Whether counterexamples are made small; that takes up to two seconds each.
    pub shrink: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 0,
            cases: 10_000,
            time: None,
            clock: clock::wall,
            shard: Shard::ALL,
            laws: None,
            threads: None,
            stop_at_first: false,
            shrink: true,
        }
    }
}

/// A part of a campaign: of `of` parts, the one with this number, from 1. It has each `of`-th case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    part: u64,
    of: u64,
}

impl Shard {
    /// The whole campaign.
    pub const ALL: Self = Self { part: 1, of: 1 };

    /// Part `part` of `of`, from 1; nothing if there is no such part.
    pub const fn new(part: u64, of: u64) -> Option<Self> {
        if part >= 1 && part <= of { Some(Self { part, of }) } else { None }
    }

    /// Whether a case is in it.
    pub const fn has(self, number: u64) -> bool {
        number % self.of == self.part - 1
    }

    /// How many of so many cases are in it.
    pub const fn count(self, cases: u64) -> u64 {
        cases / self.of + if self.part <= cases % self.of { 1 } else { 0 }
    }

    /// The numbers of its cases below `cases`, in order.
    pub fn numbers(self, cases: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(Some(self.part - 1), move |number| number.checked_add(self.of))
            .take_while(move |number| *number < cases)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        numbers.and_then(|(part, of)| Self::new(part, of)).ok_or("a shard is `K/N` with K from 1 to N, as in `2/8`")
    }
}

/// How far a campaign is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress<'a> {
    /// Cases that were looked at.
    pub cases: u64,
    /// Instances of laws.
    pub instances: u64,
    /// The laws that fail so far, in the order in which that was seen.
    pub failing: &'a [&'static Law],
}

/// What a campaign found out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignReport {
    /// Cases that were looked at.
    pub cases: u64,
    /// Instances of laws that were looked at.
    pub instances: u64,
    /// How long that took, without making counterexamples small.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    /// Each law and how it fared.
    pub laws: Vec<LawRow>,
    /// For each law that fails, the first case that shows it.
    pub found: Vec<Found>,
}

/// A law that fails.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The law.
    pub law: &'static Law,
    /// The number of the case.
    pub case: u64,
    /// How many instances of all laws were looked at until then, those of this case included.
    pub instances: u64,
    /// How long that took.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
    /// What shows it.
    pub counterexample: Counterexample,
}

fn seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

impl CampaignReport {
    /// Laws that could be looked at and said nothing, if there were enough cases to expect more.
    pub fn vacuous(&self) -> impl Iterator<Item = &LawRow> {
        let enough = self.cases >= PREMISE_CASES;
        self.laws.iter().filter(move |row| enough && row.verdict == Verdict::Vacuous)
    }

    /// Whether no law fails, and each said something if there were enough cases to expect that.
    pub fn holds(&self) -> bool {
        self.found.is_empty() && self.vacuous().next().is_none()
    }

    /// How many instances were looked at in a second.
    pub fn instances_per_second(&self) -> f64 {
        self.instances as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// How many cases were looked at in a second.
    pub fn cases_per_second(&self) -> f64 {
        self.cases as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// What one case told.
struct Told {
    number: u64,
    tallies: Vec<Tally>,
    broken: Vec<Broken>,
    elapsed: Duration,
}

/// Looks at the cases of a campaign; `progress` is told now and then how far it is.
///
/// With [`Plan::stop_at_first`], nothing counts that comes after the first case that breaks a law.
///
/// # Errors
/// If a law has no such name, or there is nothing to run, or nothing to run it.
pub fn campaign(
    plan: &Plan,
    make: MakeSubject<'_>,
    progress: &(dyn Fn(&Progress<'_>) + Sync),
) -> Result<CampaignReport, CheckError> {
    if let Some(name) = plan.laws.iter().flatten().find(|name| law(name).is_none()) {
        return Err(CheckError::Law(name.clone()));
    }
    let begin = (plan.clock)();
    let elapsed = || (plan.clock)().saturating_sub(begin);
    let chosen = |law: &&Law| plan.laws.as_ref().is_none_or(|names| names.contains(law.name));
    let laws: Vec<&'static Law> = laws().filter(chosen).collect();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(plan.threads.unwrap_or(0)).build()?;
    let batch = if threads.current_num_threads() == 1 { 1 } else { BATCH * threads.current_num_threads() };
    let pool = Pool::new(make)?;
    let mut rows = pool.with(|subject| Ok(laws.iter().map(|law| LawRow::new(law, subject)).collect::<Vec<_>>()))?;
    // Laws that need no history need none played for each case.
    let nothing = match laws.iter().all(|law| law.is_free()) {
        true => Some(pool.with(|subject| Ok(Case::empty().play(subject)?))?),
        false => None,
    };
    let (mut cases, mut instances) = (0, 0);
    let mut first: Vec<(Broken, u64, u64, Duration)> = Vec::new();
    let mut failing: Vec<&'static Law> = Vec::new();
    let mut numbers = plan.shard.numbers(plan.cases);
    'campaign: while plan.time.is_none_or(|time| elapsed() < time) {
        let batch: Vec<u64> = numbers.by_ref().take(batch).collect();
        if batch.is_empty() {
            break;
        }
        let one =
            |number: &u64| pool.with(|subject| look_at(&laws, plan.seed, *number, nothing.as_ref(), &elapsed, subject));
        let all: Vec<Told> = match batch.as_slice() {
            [number] => vec![one(number)?],
            batch => threads.install(|| batch.par_iter().map(one).collect::<Result<_, _>>())?,
        };
        for Told { number, tallies, broken, elapsed } in all {
            cases += 1;
            for (row, tally) in rows.iter_mut().zip(tallies) {
                instances += tally.instances;
                row.add(tally);
            }
            for broken in broken {
                if !failing.contains(&broken.law) {
                    failing.push(broken.law);
                    first.push((broken, number, instances, elapsed));
                }
            }
            if plan.stop_at_first && !first.is_empty() {
                break 'campaign;
            }
        }
        progress(&Progress { cases, instances, failing: &failing });
    }
    let elapsed = elapsed();
    for row in &mut rows {
        row.conclude(failing.contains(&row.law));
    }
    let found = first.into_iter().map(|(broken, case, instances, elapsed)| {
        let law = broken.law;
        let counterexample = pool.with(|subject| {
            let broken = if plan.shrink { shrink(broken, plan.clock, subject) } else { broken };
            Ok(Counterexample::new(broken, subject))
        })?;
        Ok(Found { law, case, instances, elapsed, counterexample })
    });
    let found = found.collect::<Result<_, CheckError>>()?;
    Ok(CampaignReport { cases, instances, elapsed, laws: rows, found })
}

/// Looks at one case.
fn look_at(
    laws: &[&'static Law],
    seed: u64,
    number: u64,
    nothing: Option<&Played>,
    elapsed: &dyn Fn() -> Duration,
    subject: &mut Subject,
) -> Result<Told, CheckError> {
    let mut choices = choices(seed, number);
    let seed = choices.bits();
    let laws = laws.iter().map(|law| (*law, few(law, Seeded::new(seed.rotate_left(32) ^ number_of(law.name)))));
    let (tallies, broken) = match nothing {
        Some(nothing) => hold(laws, nothing, subject, seed)?,
        None => {
            let mut drawn = Recorder::new(&mut choices);
            let case = draw(&mut drawn);
            match case.prepare() {
                Ok((script, services)) => hold(laws, &case.play_prepared(script, services, subject), subject, seed)?,
                Err(error) => {
                    let broken = Broken {
                        law: &DRAWN_CASE,
                        case: Case::empty(),
                        tape: drawn.into_tape(),
                        violation: undrawable(&case, &error),
                    };
                    (laws.map(|_| Tally::default()).collect(), vec![broken])
                }
            }
        }
    };
    Ok(Told { number, tallies, broken, elapsed: elapsed() })
}

/// The law that a campaign needs before all others.
pub(crate) const LAWS: &[Law] = &[DRAWN_CASE];

const DRAWN_CASE: Law = Law {
    name: "drawn-case",
    family: Family::Text,
    statement: "a script that is drawn to be valid is read, and valid",
    domain: "cases of campaigns",
    why: "what is looked at is what was meant, or a law that holds says nothing",
    needs: Needs::Own,
    amount: Amount::Free(1),
    check: |_, mut choices| {
        let case = draw(&mut choices);
        case.prepare().map(|_| true).map_err(|error| undrawable(&case, &error))
    },
};

fn undrawable(case: &Case, error: &CaseError) -> Violation {
    let violation = Violation::new("a script that is drawn to be valid is read, and valid");
    violation.part("script", &*case.script).part("error", error.to_string())
}

/// Laws of which so many instances are looked at in each case: they find what no other law does.
const OFTEN: [(&str, u32); 4] =
    [("evaluation", 1), ("evaluation-of-forms", 3), ("not-taken", 2), ("well-formed-trace", 1)];

/// How many instances of a law are looked at in a case of a campaign: few, for the next case has others; of most laws an
/// eighth of what `check` looks at, on average, so of many of them none in most cases. Scripts differ more than instances.
fn few(law: &Law, mut chance: Seeded) -> Amount {
    if let Some((_, amount)) = OFTEN.iter().find(|(name, _)| *name == law.name) {
        return Amount::Sample(*amount);
    }
    match law.amount {
        Amount::Once => Amount::Once,
        // These look at what is there already.
        Amount::Runs(u32::MAX) => Amount::Runs(u32::MAX),
        Amount::Runs(n) | Amount::Sample(n) => Amount::Sample(n / 8 + u32::from(chance.chance(n % 8, 8))),
        Amount::Free(n) => Amount::Free(n),
    }
}

/// Where the choices of a case come from.
fn choices(seed: u64, number: u64) -> Seeded {
    // Seed and number are not interchangeable.
    Seeded::new(Seeded::new(Seeded::new(seed).bits().wrapping_add(number)).bits())
}

/// The case with this number.
pub fn case(seed: u64, number: u64) -> Case {
    let mut choices = choices(seed, number);
    // The first one picks the instances of laws.
    choices.bits();
    draw(&mut choices)
}

/// What kinds of scripts there are, and in which proportion: mostly calls, of several peers, side by side.
static SCRIPTS: LazyLock<[(u32, ScriptGenerator); 3]> = LazyLock::new(|| {
    let letters = VocabularyWeights { letters: 12, words: 2, unicode: 1, odd: 1 };
    let base = ScriptConfig { peers: 2, arguments_max: 2, vocabularies: letters, ..ScriptConfig::valid() };
    let mut mixed = ScriptConfig { size: 3..=13, odd_literal_percent: 4, unguarded_percent: 6, ..base };
    mixed.instructions = InstructionWeights { call: 50, par: 22, fold: 8, new: 3, null: 1, ..mixed.instructions };
    mixed.operands.set(Position::Peer, Class::String, 30);
    let mut streams = ScriptConfig { size: 7..=15, peers: 3, swarm_percent: 0, ..mixed.clone() };
    streams.instructions = InstructionWeights { canon: 14, fold: 20, recursion: 10, ..streams.instructions };
    streams.operands.set(Position::Output, Class::Stream, 12);
    streams.operands.set(Position::Target, Class::Stream, 8);
    [(2, ScriptConfig { size: 2..=7, ..mixed.clone() }), (3, mixed), (3, streams)]
        .map(|(weight, config)| (weight, ScriptGenerator::new(config)))
});

/// How many of 100 scripts have one of the forms in which several things meet.
const FORMS_PERCENT: u32 = 40;

/// Of so many scripts the first is taken that makes calls of more than one peer.
const TRIES: usize = 6;

/// What chance does, and in which proportion.
const WEATHERS: [(u32, Weather); 4] = [
    (2, Weather { actions_max: ACTIONS_MAX, ..Weather::CALM }),
    (3, Weather { duplicates: 25, restarts: 0, losses: 0, lazy: 0, actions_max: ACTIONS_MAX }),
    (3, Weather { duplicates: 15, restarts: 8, losses: 0, lazy: 30, actions_max: ACTIONS_MAX }),
    (1, Weather { duplicates: 10, restarts: 4, losses: 6, lazy: 0, actions_max: ACTIONS_MAX }),
];

/// The shares of calls that fail.
const FAILURES: [f64; 5] = [0.0, 0.0, 0.0, 0.2, 0.5];

/// What services answer that is no JSON, or too much of it.
const UNDECODABLE: [&str; 5] = ["", "not JSON", "1e999", "{\"a\":1,\"a\":2} ", "\"\\ud800\""];

/// A case as campaigns have them, from choices.
pub fn draw<C: Choices>(choices: &mut C) -> Case {
    if choices.chance(FORMS_PERCENT, 100)
        && let Some(case) = draw_form(choices)
    {
        return case;
    }
    let kind = choices.weighted(&SCRIPTS.each_ref().map(|(weight, _)| *weight));
    let mut tree = SCRIPTS[kind].1.generate(choices);
    for _ in 1..TRIES {
        if calls(&tree) > 1 && strings(&tree, Position::Peer).len() > 1 {
            break;
        }
        tree = SCRIPTS[kind].1.generate(choices);
    }
    case_of(&tree, choices)
}

/// A case about this script, from choices.
pub(crate) fn case_of<C: Choices>(tree: &Tree, choices: &mut C) -> Case {
    let peers: Vec<String> = strings(tree, Position::Peer).into_iter().collect();
    let init = match choices.below(2) {
        1 if !peers.is_empty() => Arc::from(peers[choices.below(peers.len() as u32) as usize].as_str()),
        _ => "init".into(),
    };
    let failures = choices.pick(&FAILURES);
    let fixed = if choices.chance(1, 8) { undecodable(tree, choices) } else { None };
    Case {
        script: print::canonical(tree).into(),
        init,
        services: ServiceSpec { seed: choices.below(u32::MAX).into(), failures, fixed },
        schedule: schedule(choices),
    }
}

/// A case with a script of one of the forms; seldom nothing, where the script breaks a rule.
fn draw_form<C: Choices>(choices: &mut C) -> Option<Case> {
    let script = forms::draw(choices);
    Script::parse(&script).ok()?;
    let (seed, failures) = (choices.below(u32::MAX).into(), choices.pick(&FAILURES));
    let services = ServiceSpec { seed, failures, fixed: Some(forms::ANSWERS.clone()) };
    Some(Case { script: script.into(), init: "init".into(), services, schedule: schedule(choices) })
}

fn schedule<C: Choices>(choices: &mut C) -> Schedule {
    let weather = WEATHERS[choices.weighted(&WEATHERS.map(|(weight, _)| weight))].1;
    Schedule::Seeded { seed: choices.below(u32::MAX).into(), weather }
}

/// How many calls stand in a script where a walk may come.
fn calls(tree: &Tree) -> usize {
    let (mut calls, mut reached) = (0, 0);
    for node in tree.node_ids() {
        if node.index() < reached {
            continue;
        }
        match tree.instruction(node) {
            Instruction::Call { .. } => calls += 1,
            Instruction::Fold { iterable, .. } if tree.operand(iterable).value == Value::EmptyArray => {
                reached = tree.node(node).end().index();
            }
            _ => {}
        }
    }
    calls
}

/// One of the functions gives an answer that cannot be read.
fn undecodable<C: Choices>(tree: &Tree, choices: &mut C) -> Option<serde_json::Value> {
    let functions: Vec<String> = strings(tree, Position::Function).into_iter().collect();
    let function = functions.get(choices.below(functions.len() as u32) as usize)?;
    let text = choices.pick(&UNDECODABLE);
    Some(serde_json::json!({"answers": [{"function": function, "text": text}]}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_share_nothing_and_miss_nothing() {
        for of in 1..6 {
            let shards = (1..=of).filter_map(|part| Shard::new(part, of));
            let mut all: Vec<u64> = shards.clone().flat_map(|shard| shard.numbers(23)).collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..23));
            assert!(shards.clone().all(|shard| shard.numbers(23).count() as u64 == shard.count(23)));
            assert!((0..23).all(|number| shards.clone().filter(|shard| shard.has(number)).count() == 1));
        }
        assert_eq!((Shard::new(0, 3), Shard::new(4, 3), Shard::new(1, 0)), (None, None, None));
        assert_eq!("2/8".parse(), Ok(Shard { part: 2, of: 8 }));
        assert!(["", "2", "0/3", "4/3", "a/b", "1/2/3"].iter().all(|text| text.parse::<Shard>().is_err()));
    }

    #[test]
    fn a_case_is_a_function_of_seed_and_number() {
        assert_eq!(case(3, 17), case(3, 17));
        let all: BTreeSet<String> = (0..200).map(|number| format!("{:?}", case(number / 100, number % 100))).collect();
        assert_eq!(all.len(), 200);
    }
}
