//! Hunting: the laws are held against the engine at hand until one of them fails.

use airtight_engine::script::{Position, Tree, Value};
use airtight_properties::{Counterexample, Law, Plan, Progress, Schedule, Subject, campaign, law};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What an attacker says, a line each.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    /// The hunt with a seed begins.
    Begins {
        /// The seed.
        seed: u64,
        /// How long the process has worked so far, in seconds.
        at: f64,
    },
    /// It is over.
    Hunted(Hunted),
    /// What it found, made small.
    Shown(Shown),
    /// A law finds the fault, with the seed for which all laws are asked.
    Finder {
        /// The law, or [`PANIC`].
        law: String,
        /// After how many seconds.
        seconds: f64,
    },
}

/// What a hunt came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hunted {
    /// The seed.
    pub seed: u64,
    /// Cases that were looked at.
    pub cases: u64,
    /// Instances of laws that were looked at.
    pub instances: u64,
    /// How long that took, without making anything smaller: seconds of work, by [`work`].
    pub seconds: f64,
    /// What was found, if anything.
    pub found: Option<Found>,
}

/// How a fault shows.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The law that fails, or [`PANIC`], [`HANG`] or [`DEATH`].
    pub by: String,
    /// What fails, in words.
    pub what: String,
    /// The counterexample, unless there is none but the seed.
    pub shown: Option<Shown>,
}

/// By a panic outside of any run of a case.
pub const PANIC: &str = "panic";
/// By going on without end.
pub const HANG: &str = "hang";
/// By the end of the process.
pub const DEATH: &str = "death";

/// How an attacker ends whose engine does not come to an end.
pub const HANGS: i32 = 3;

/// How large a counterexample is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The script.
    pub script: String,
    /// Its instructions.
    pub instructions: usize,
    /// The peers that take part.
    pub peers: usize,
    /// The data that it is about, besides the two sides that differ.
    pub data: usize,
    /// What happens by a schedule.
    pub actions: usize,
    /// Whether the shrinker finds nothing smaller, if that is known.
    pub minimal: Option<bool>,
    /// How long it was made smaller, by [`work`].
    pub shrink_seconds: f64,
}

/// How long processors worked for this process: what a hunt takes does not depend on who else is at work.
pub fn work() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn since(begin: Duration) -> Duration {
    work().saturating_sub(begin)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

/// Holds all laws against the engine until one fails or the time is over; what shows it is to be made small. After
/// each case `goes_on` is called.
pub fn hunt(seed: u64, time: Duration, goes_on: &(dyn Fn() + Sync)) -> (Hunted, Option<Counterexample>) {
    let begin = work();
    let failed = |by: &str, what: String| {
        let found = Some(Found { by: by.into(), what, shown: None });
        let seconds = since(begin).as_secs_f64();
        (Hunted { seed, cases: 0, instances: 0, seconds, found }, None)
    };
    let plan = Plan { stop_at_first: true, ..plan(seed, time) };
    match catch_unwind(AssertUnwindSafe(|| campaign(&plan, &|| Ok(Subject::own()), &|_| goes_on()))) {
        Err(panic) => failed(PANIC, message(&*panic)),
        Ok(Err(error)) => {
            // Nothing was looked at, so nothing was found.
            eprintln!("seed {seed}: {error}");
            (Hunted { seed, cases: 0, instances: 0, seconds: since(begin).as_secs_f64(), found: None }, None)
        }
        Ok(Ok(report)) => {
            let (cases, instances, elapsed) = (report.cases, report.instances, report.elapsed);
            let counterexample = report.found.into_iter().next().map(|found| found.counterexample);
            let found = counterexample.as_ref().map(|raw| Found {
                by: raw.law.clone(),
                what: raw.violation.statement.clone(),
                shown: None,
            });
            (Hunted { seed, cases, instances, seconds: elapsed.as_secs_f64(), found }, counterexample)
        }
    }
}

/// One thread, and what is found as it is found.
fn plan(seed: u64, time: Duration) -> Plan {
    Plan { seed, cases: u64::MAX, time: Some(time), clock: work, threads: Some(1), shrink: false, ..Plan::default() }
}

/// Which laws find the fault with this seed within the time, and after how many seconds: each is said when it does, since
/// the engine may not come to an end later. After each case `goes_on` is called.
pub fn finders(seed: u64, time: Duration, say: &(dyn Fn(&str, f64) + Sync), goes_on: &(dyn Fn() + Sync)) {
    let begin = work();
    let said = AtomicUsize::new(0);
    let progress = |progress: &Progress<'_>| {
        for law in progress.failing.iter().skip(said.swap(progress.failing.len(), Ordering::Relaxed)) {
            say(law.name, since(begin).as_secs_f64());
        }
        goes_on();
    };
    if catch_unwind(AssertUnwindSafe(|| campaign(&plan(seed, time), &|| Ok(Subject::own()), &progress))).is_err() {
        say(PANIC, since(begin).as_secs_f64());
    }
}

/// The size of a counterexample made small; and, by doing that once more, whether it is minimal.
pub fn shown(raw: &Counterexample) -> Shown {
    let begin = work();
    let shrink = |raw: &Counterexample| {
        let shrunk = catch_unwind(AssertUnwindSafe(|| raw.shrunk(work, &mut Subject::own())));
        shrunk.ok().and_then(Result::ok).flatten()
    };
    let small = shrink(raw);
    let time = since(begin);
    let minimal = small.as_ref().and_then(shrink).map(|again| Some(size(&again)) == small.as_ref().map(size));
    let counterexample = small.as_ref().unwrap_or(raw);
    let (instructions, actions) = size(counterexample);
    Shown {
        script: script(counterexample).to_owned(),
        instructions,
        peers: peers(counterexample),
        data: counterexample.violation.data.len(),
        actions,
        minimal,
        shrink_seconds: time.as_secs_f64(),
    }
}

/// The script that matters: that of the case, or the one that an instance of a law made.
fn script(counterexample: &Counterexample) -> &str {
    let made = counterexample.violation.parts.iter().find(|(name, _)| name == "script" || name == "drawn script");
    let makes = counterexample.law == "evaluation-of-forms" || law(&counterexample.law).is_some_and(Law::is_free);
    made.filter(|_| makes).map_or(&*counterexample.case.script, |(_, script)| script)
}

/// How many instructions and actions a counterexample has. Of what is no script, each opening bracket counts.
fn size(counterexample: &Counterexample) -> (usize, usize) {
    let script = script(counterexample);
    let instructions = Tree::parse(script).map_or(script.matches('(').count(), |tree| tree.node_ids().count());
    let actions = match &counterexample.case.schedule {
        Schedule::Actions(actions) => actions.len(),
        Schedule::Seeded { .. } => 0,
    };
    (instructions, actions)
}

/// How many peers take part: those that run in the case; where none comes to its end, or the script was made for an
/// instance, those that the script names, besides who begins.
fn peers(counterexample: &Counterexample) -> usize {
    let script = script(counterexample);
    if *script == *counterexample.case.script
        && let Ok(Ok(played)) = catch_unwind(AssertUnwindSafe(|| counterexample.case.play(&mut Subject::own())))
        && played.failure.is_none()
    {
        return played.peers().count();
    }
    let Ok(tree) = Tree::parse(script) else { return 1 };
    let operands = tree.node_ids().flat_map(|node| tree.placed_operands(node));
    let named = operands.filter(|(_, position)| *position == Position::Peer).filter_map(|(operand, _)| {
        if let Value::String(name) = tree.operand(operand).value { Some(tree.text(name)) } else { None }
    });
    1 + named.collect::<BTreeSet<_>>().len()
}
