//! A hunt: the histories of a script one after the other, each held against one law, until it is broken.

use crate::check::{CheckError, Options, Verdict, case};
use crate::clock;
use crate::counterexample::Counterexample;
use crate::instances::{Broken, Tally, look};
use crate::law::Law;
use crate::scene::Scene;
use crate::shrink::shrink_while;
use crate::subject::Subject;
use crate::violation::Violation;
use std::time::{Duration, Instant};

/// What a hunt came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Hunt {
    /// What is known of the law.
    pub verdict: Verdict,
    /// How many histories were played, the one that breaks the law included.
    pub histories: u64,
    /// How many instances of the law were looked at in them.
    pub instances: u64,
    /// In how many of them its premise held.
    pub held: u64,
    /// How long that took, without making the case smaller.
    pub time: Duration,
    /// The smallest case that shows that the law is broken.
    pub counterexample: Option<Counterexample>,
}

/// Looks for an instance that breaks a law in a way that is wanted, in at most as many histories as the options say; when
/// that succeeds, the case is made small, as long as it breaks the law in such a way.
///
/// # Errors
/// If the script cannot be run, or a runner that failed cannot be started again.
pub fn hunt(
    law: &'static Law,
    script: &str,
    options: &Options,
    wanted: &dyn Fn(&Violation) -> bool,
    subject: &mut Subject,
) -> Result<Hunt, CheckError> {
    let begin = Instant::now();
    let prepared = case(script, options, 0).prepare()?.0;
    let verdict = law.needs.missing(subject).map_or(Verdict::Vacuous, Verdict::NotApplied);
    let mut hunt = Hunt { verdict, histories: 0, instances: 0, held: 0, time: Duration::ZERO, counterexample: None };
    if hunt.verdict != Verdict::Vacuous {
        return Ok(hunt);
    }
    for run in 0..options.runs {
        let case = case(script, options, run);
        let services = case.services.prepare(&prepared, &case.init)?;
        let played = case.play_prepared(prepared.clone(), services, subject);
        if played.failure.is_some() {
            subject.revive()?;
        }
        hunt.histories += 1;
        let mut tally = Tally::default();
        let mut scene = Scene::new(&played, subject);
        let broken = look(law, law.amount, &mut scene, options.seed ^ (run << 8), &mut tally);
        hunt.instances += tally.instances;
        hunt.held += tally.held;
        hunt.time = begin.elapsed();
        let Err((tape, violation)) = broken else {
            subject.revive()?;
            continue;
        };
        // A runner that failed may have ended.
        subject.revive()?;
        if !wanted(&violation) {
            continue;
        }
        hunt.verdict = Verdict::Fails;
        let broken = Broken { law, case: played.case, tape, violation };
        hunt.counterexample = Some(Counterexample::new(shrink_while(broken, wanted, clock::wall, subject), subject));
        return Ok(hunt);
    }
    if hunt.held > 0 {
        hunt.verdict = Verdict::Holds;
    }
    Ok(hunt)
}
