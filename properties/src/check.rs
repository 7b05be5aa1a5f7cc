//! Checking a script: many histories of it, every law on each of them, and what they tell about the script.
//!
//! Runs come in groups. All runs of a group have the same services, and differ in the order of things only; so whatever
//! differs between their ends is decided by the order of delivery.

use crate::case::{Case, CaseError, Played, Schedule, ServiceSpec};
use crate::clock::{self, Clock};
use crate::counterexample::Counterexample;
use crate::findings;
use crate::findings::{Ending, Findings};
use crate::instances::{Broken, Tally, hold};
use crate::law::{Law, laws};
use crate::pool::Pool;
use crate::shrink::shrink;
use crate::subject::Subject;
use airtight_engine::runner::RunnerError;
use airtight_engine::script::Script;
use airtight_generators::{Event, Services, Weather};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How many runs share their services, but for those that stand alone.
pub const GROUP: u64 = 16;

/// Whether a run has services of its own, and is in no group: every fourth one, so that many worlds are seen.
pub const fn stands_alone(run: u64) -> bool {
    run % 4 == 3
}

/// What keeps the services of runs that stand alone apart from those of groups.
const ALONE: u64 = 1 << 32;

/// The shares of calls that fail in runs that stand alone, unless a share is given.
const ALONE_FAILURES: [f64; 4] = [0.1, 0.3, 0.6, 1.0];

/// The shares of calls that fail, group by group, unless a share is given.
const FAILURES: [f64; 4] = [0.0, 0.25, 0.0, 0.5];

/// What chance does to three runs of four; the fourth is calm.
const WEATHER: Weather = Weather { duplicates: 15, restarts: 5, ..Weather::CALM };

/// After so many actions a schedule is given up as endless.
const ACTIONS_MAX: usize = 4_000;

/// How many ends of runs are kept for findings; later ones seldom tell more.
const ENDINGS_MAX: u64 = 512;

/// What to check, and how much of it.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many histories.
    pub runs: u64,
    /// How long to go on instead, as long as a run has begun before.
    pub time: Option<Duration>,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The share of calls that fail, if it shall be the same in all runs.
    pub failures: Option<f64>,
    /// The answers that a file fixes.
    pub services: Option<serde_json::Value>,
    /// The peer that begins the particle.
    pub init: Arc<str>,
    /// Laws for which no counterexample is wanted, because there is one.
    pub shown: BTreeSet<String>,
    /// By what counterexamples get about two seconds to become small.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            runs: 64,
            time: None,
            seed: 0,
            failures: None,
            services: None,
            init: "init".into(),
            shown: BTreeSet::new(),
            clock: clock::wall,
        }
    }
}

/// A way to make runners under check; each thread gets its own.
pub type MakeSubject<'m> = &'m (dyn Fn() -> Result<Subject, RunnerError> + Sync);

/// Why there is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckError {
    /// There is nothing to run.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The runner cannot be had.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// There is no such law.
    #[error("there is no law `{0}`")]
    Law(String),
    /// There are no threads to work in.
    #[error("no threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// What a check found out about a script.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What happened, all in all.
    pub totals: Totals,
    /// Each law and how it fared.
    pub laws: Vec<LawRow>,
    /// For each law that fails, the smallest case that shows it.
    pub counterexamples: Vec<Counterexample>,
    /// What else a user wants to know.
    pub findings: Findings,
}

/// What happened in all histories together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Histories.
    pub runs: u64,
    /// Histories that had no end within the bounds.
    pub endless: u64,
    /// Runs of the interpreter.
    pub invocations: u64,
    /// Runs of the interpreter that were given up.
    pub given_up: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// Calls that were answered.
    pub calls: u64,
    /// Peers that took part.
    pub peers: BTreeSet<Arc<str>>,
    /// How often each function of a service was called: by peer, and by service and function, as in `db.get`.
    pub functions: BTreeMap<Arc<str>, BTreeMap<String, u64>>,
}

impl Totals {
    /// Adds others to these.
    pub fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.endless += other.endless;
        self.invocations += other.invocations;
        self.given_up += other.given_up;
        self.messages += other.messages;
        self.calls += other.calls;
        self.peers.extend(other.peers);
        for (peer, functions) in other.functions {
            let known = self.functions.entry(peer).or_default();
            for (function, calls) in functions {
                *known.entry(function).or_default() += calls;
            }
        }
    }

    fn of(played: &Played) -> Self {
        let mut totals = Self {
            runs: 1,
            endless: u64::from(played.quiet_at.is_none() && played.failure.is_none()),
            ..Self::default()
        };
        // What peers tell each other unasked in the end is no affair of the script.
        for event in played.history.events.iter().take(played.quiet_at.unwrap_or(usize::MAX)) {
            match event {
                Event::Ran { result, .. } => {
                    totals.invocations += 1;
                    totals.given_up += u64::from(result.is_given_up());
                }
                Event::Sent { .. } => totals.messages += 1,
                Event::Answered { peer, request, .. } => {
                    totals.calls += 1;
                    let function = format!("{}.{}", request.service_id, request.function_name);
                    *totals.functions.entry(peer.clone()).or_default().entry(function).or_default() += 1;
                }
                _ => {}
            }
        }
        totals.peers.extend(played.peers());
        totals
    }
}

/// How a law fared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LawRow {
    /// The law.
    pub law: &'static Law,
    /// How many instances were looked at.
    pub instances: u64,
    /// In how many of them its premise held, so that it said something.
    pub held: u64,
    /// What that comes to.
    pub verdict: Verdict,
}

impl LawRow {
    /// A law of which no instance was looked at.
    pub(crate) fn new(law: &'static Law, subject: &Subject) -> Self {
        let verdict = law.needs.missing(subject).map_or(Verdict::Vacuous, Verdict::NotApplied);
        Self { law, instances: 0, held: 0, verdict }
    }

    pub(crate) const fn add(&mut self, Tally { instances, held }: Tally) {
        self.instances += instances;
        self.held += held;
    }

    /// The verdict, when all instances are counted.
    pub(crate) fn conclude(&mut self, fails: bool) {
        if fails {
            self.verdict = Verdict::Fails;
        } else if self.held > 0 && self.verdict == Verdict::Vacuous {
            self.verdict = Verdict::Holds;
        }
    }
}

/// What is known of a law.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Each instance obeys it.
    Holds,
    /// Some instance breaks it.
    Fails,
    /// There was no instance whose premise held, so nothing is known.
    Vacuous,
    /// It cannot be looked at, for this reason.
    NotApplied(&'static str),
}

/// What one history told.
struct Told {
    run: u64,
    totals: Totals,
    tallies: Vec<Tally>,
    broken: Vec<Broken>,
    ending: Option<Ending>,
}

/// Checks a script; `progress` is told after each history how many of how many there were so far.
///
/// # Errors
/// If there is nothing to run, or nothing to run it.
pub fn check(
    script: &str,
    options: &Options,
    make: MakeSubject<'_>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Report, CheckError> {
    let begin = Instant::now();
    let prepared = case(script, options, 0).prepare()?.0;
    let pool = Pool::new(make)?;
    let done = std::sync::atomic::AtomicU64::new(0);
    let mut all: Vec<Told> = Vec::new();
    let mut next = 0;
    loop {
        // With a time limit, a group at a time.
        let end = if options.time.is_some() { next + GROUP } else { options.runs };
        let told: Result<Vec<Told>, CheckError> = (next..end)
            .into_par_iter()
            .map(|run| {
                let told = pool.with(|subject| explore(&prepared, script, options, run, subject))?;
                let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
                progress(done, options.time.map_or(options.runs, |_| 0));
                Ok(told)
            })
            .collect();
        all.extend(told?);
        next = end;
        if options.time.is_none_or(|time| begin.elapsed() >= time) {
            break;
        }
    }
    conclude(&prepared, script, options, all, &pool)
}

/// The case of a run.
pub(crate) fn case(script: &str, options: &Options, run: u64) -> Case {
    let (world, failures) = if stands_alone(run) {
        (ALONE.wrapping_add(run), ALONE_FAILURES[(run / 4 % 4) as usize])
    } else {
        let group = run / GROUP;
        (group, FAILURES[(group % 4) as usize])
    };
    let failures = options.failures.unwrap_or(failures);
    let weather = if run.is_multiple_of(4) { Weather::CALM } else { WEATHER };
    Case {
        script: script.into(),
        init: options.init.clone(),
        services: ServiceSpec { seed: options.seed.wrapping_add(world), failures, fixed: options.services.clone() },
        schedule: Schedule::Seeded {
            seed: options.seed.wrapping_add(run),
            weather: Weather { actions_max: ACTIONS_MAX, ..weather },
        },
    }
}

/// Plays one history and holds every law against it.
fn explore(
    script: &Arc<Script>,
    text: &str,
    options: &Options,
    run: u64,
    subject: &mut Subject,
) -> Result<Told, CheckError> {
    let case = case(text, options, run);
    let services = services(script, &case)?;
    let played = case.play_prepared(script.clone(), services, subject);
    let laws = laws().filter(|law| !law.is_free()).map(|law| (law, law.amount));
    let (tallies, broken) = hold(laws, &played, subject, options.seed ^ (run << 8))?;
    let ending = (run < ENDINGS_MAX).then(|| Ending::new(run, &case, &played, subject));
    subject.revive()?;
    Ok(Told { run, totals: Totals::of(&played), tallies, broken, ending })
}

fn services(script: &Script, case: &Case) -> Result<Services, CaseError> {
    case.services.prepare(script, &case.init)
}

/// Puts together what all histories told; for each law that fails, its first violation is made small.
fn conclude(
    script: &Arc<Script>,
    text: &str,
    options: &Options,
    mut all: Vec<Told>,
    pool: &Pool<'_>,
) -> Result<Report, CheckError> {
    all.sort_by_key(|told| told.run);
    let mut totals = Totals::default();
    let laws = laws().filter(|law| !law.is_free());
    let mut rows = pool.with(|subject| Ok(laws.clone().map(|law| LawRow::new(law, subject)).collect::<Vec<_>>()))?;
    let mut first: BTreeMap<&'static str, Broken> = BTreeMap::new();
    let mut endings = Vec::new();
    for told in all {
        totals.add(told.totals);
        for (row, tally) in rows.iter_mut().zip(told.tallies) {
            row.add(tally);
        }
        for broken in told.broken {
            first.entry(broken.law.name).or_insert(broken);
        }
        endings.extend(told.ending);
    }
    for row in &mut rows {
        row.conclude(first.contains_key(row.law.name));
    }
    let counterexamples: Result<Vec<_>, CheckError> = laws
        .filter(|law| !options.shown.contains(law.name))
        .filter_map(|law| first.remove(law.name))
        .map(|broken| pool.with(|subject| Ok(Counterexample::new(shrink(broken, options.clock, subject), subject))))
        .collect();
    let findings = pool.with(|subject| Ok(findings::find(script, text, &endings, Some(subject))))?;
    Ok(Report { totals, laws: rows, counterexamples: smallest_of_each(counterexamples?), findings })
}

/// Of each law the smallest: what was made smaller may have become an instance of another law, which has one already.
fn smallest_of_each(counterexamples: Vec<Counterexample>) -> Vec<Counterexample> {
    let mut kept: Vec<Counterexample> = Vec::new();
    for one in counterexamples {
        match kept.iter_mut().find(|kept| kept.law == one.law) {
            Some(other) if one.case.script.len() < other.case.script.len() => *other = one,
            Some(_) => {}
            None => kept.push(one),
        }
    }
    kept
}

impl Report {
    /// Whether no law fails.
    pub fn holds(&self) -> bool {
        self.laws.iter().all(|row| row.verdict != Verdict::Fails)
    }
}
