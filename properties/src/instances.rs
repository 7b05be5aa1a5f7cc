//! Looking at instances of laws in a played case: the one place where `check`, campaigns and shrinking draw them.

use crate::case::{Case, Played};
use crate::law::{Amount, Law};
use crate::scene::Scene;
use crate::subject::Subject;
use crate::violation::Violation;
use airtight_engine::runner::RunnerError;
use airtight_generators::{Choices, Recorder, Seeded, Tape};

/// How many instances there were, and in how many the premise held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) instances: u64,
    pub(crate) held: u64,
}

/// A law that an instance breaks.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) law: &'static Law,
    pub(crate) case: Case,
    pub(crate) tape: Tape,
    pub(crate) violation: Violation,
}

/// Looks at so many instances of a law, which the seed picks, until one breaks it.
pub(crate) fn look(
    law: &'static Law,
    amount: Amount,
    scene: &mut Scene<'_>,
    seed: u64,
    tally: &mut Tally,
) -> Result<(), (Tape, Violation)> {
    let runs = scene.played.runs.len() as u32;
    let (amount, by_run) = match amount {
        Amount::Once => (1, false),
        Amount::Sample(amount) | Amount::Free(amount) => (amount, false),
        Amount::Runs(most) => (most.min(runs), true),
    };
    let mut chance = Seeded::new(seed);
    for instance in 0..amount {
        // All runs, or evenly spread ones.
        let run = (u64::from(instance) * u64::from(runs) / u64::from(amount.max(1))) as u32;
        let mut choices = Recorder::new(Led { first: by_run.then_some(run), rest: &mut chance });
        let result = law.look(scene, &mut choices);
        tally.instances += 1;
        match result {
            Ok(held) => tally.held += u64::from(held),
            Err(violation) => return Err((choices.into_tape(), violation)),
        }
    }
    Ok(())
}

/// Choices of which the first is given.
struct Led<'c> {
    first: Option<u32>,
    rest: &'c mut Seeded,
}

impl Choices for Led<'_> {
    fn below(&mut self, n: u32) -> u32 {
        match self.first.take() {
            Some(first) => first % n.max(1),
            None => self.rest.below(n),
        }
    }
}

/// Holds laws, of each so many instances, against a played case.
///
/// # Errors
/// If the runner failed and cannot be started again.
pub(crate) fn hold(
    laws: impl Iterator<Item = (&'static Law, Amount)>,
    played: &Played,
    subject: &mut Subject,
    seed: u64,
) -> Result<(Vec<Tally>, Vec<Broken>), RunnerError> {
    if played.failure.is_some() {
        subject.revive()?;
    }
    let mut tallies = Vec::new();
    let mut broken: Vec<Broken> = Vec::new();
    let mut scene = Scene::new(played, subject);
    for (law, amount) in laws {
        let mut tally = Tally::default();
        if law.needs.missing(scene.subject).is_none()
            && let Err((tape, violation)) = look(law, amount, &mut scene, seed ^ number_of(law.name), &mut tally)
        {
            // A runner that failed may have ended.
            scene.subject.revive()?;
            let case = if law.is_free() { Case::empty() } else { played.case.clone() };
            broken.push(Broken { law, case, tape, violation });
        }
        tallies.push(tally);
    }
    // That the runner fails is one law's affair, if that law sees it too.
    if broken.iter().any(|broken| broken.law.name == "totality") {
        broken.retain(|broken| broken.law.name == "totality" || !broken.violation.is_failure);
    }
    Ok((tallies, broken))
}

/// A number for a name (FNV-1a), so that what a law looks at does not depend on which other laws there are.
pub(crate) fn number_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
