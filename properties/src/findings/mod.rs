//! What histories tell about a script, besides laws: what nobody reached, what waits, what the order of delivery decides.
//!
//! | file | what it finds |
//! |---|---|
//! | [`order`] | where the outcome depends on the order of delivery |
//! | [`waits`] | what waits for ever, and why |
//! | [`reach`] | what no run reached |
//! | [`unused`] | results that nobody uses |

pub mod order;
mod outline;
pub mod reach;
mod standing;
mod steps;
mod traces;
pub mod unused;
mod uses;
pub mod waits;

pub use order::OrderFinding;
pub use reach::Unreached;
pub use steps::{Learned, Step};
pub use unused::Unused;
pub use waits::Wait;

use crate::case::{Case, Played, Schedule};
use crate::check::{GROUP, stands_alone};
use crate::scene::Scene;
use crate::subject::Subject;
use crate::view::View;
use airtight_engine::runner::RunnerError;
use airtight_engine::script::{Script, Span};
use outline::Outline;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How a history ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// Which history, from 0.
    pub run: u64,
    /// The case that gives it again.
    pub case: Case,
    /// What all peers together knew when nothing was left to do, before they told each other unasked; nothing if the
    /// history had no end, or the runner does not say.
    pub quiet: Option<Arc<View>>,
    /// The peers that took part until then.
    pub peers: BTreeSet<Arc<str>>,
    /// What everybody knew after that.
    pub last: Option<Arc<View>>,
}

impl Ending {
    /// How a played case ended, as far as the runner shows it.
    pub fn new(run: u64, case: &Case, played: &Played, subject: &mut Subject) -> Self {
        let mut ending = Self { run, case: case.clone(), quiet: None, peers: BTreeSet::new(), last: None };
        if subject.offers().trace && played.failure.is_none() {
            // What cannot be shown leads to no finding; laws tell that the runner failed.
            let _ = ending.look(played, subject);
        }
        ending
    }

    fn look(&mut self, played: &Played, subject: &mut Subject) -> Result<(), RunnerError> {
        let ending = self;
        let merges = subject.offers().merge;
        let mut scene = Scene::new(played, subject);
        if let Some(quiet_at) = played.quiet_at {
            let stored = played.stored(quiet_at);
            ending.peers = stored.keys().cloned().collect();
            if merges {
                let mut together: Arc<[u8]> = Arc::default();
                for data in stored.values() {
                    together = scene.subject.merge(&together, data)?;
                }
                ending.quiet = Some(scene.view(&together)?);
            }
        }
        if let Some(known) = played.known_last() {
            ending.last = Some(scene.view(&known)?);
        }
        Ok(())
    }

    /// Runs of the same group have the same services, and differ in the order of things only.
    pub const fn group(&self) -> u64 {
        if stands_alone(self.run) { u64::MAX - self.run } else { self.run / GROUP }
    }

    /// Whether no peer crashed and no message came twice.
    const fn is_calm(&self) -> bool {
        match &self.case.schedule {
            Schedule::Seeded { weather, .. } => weather.duplicates == 0 && weather.restarts == 0,
            Schedule::Actions(_) => true,
        }
    }
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Findings {
    /// Where the outcome depends on the order of delivery.
    pub order: Vec<OrderFinding>,
    /// What waits for ever.
    pub waits: Vec<Wait>,
    /// What no run reached.
    pub unreached: Vec<Unreached>,
    /// Results that nobody uses.
    pub unused: Vec<Unused>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        let Self { order, waits, unreached, unused } = self;
        order.is_empty() && waits.is_empty() && unreached.is_empty() && unused.is_empty()
    }
}

/// Looks for everything there is to find in the ends of histories. With a subject, the two runs of each finding about
/// order are played again with it, for the steps that led there.
pub fn find(script: &Script, text: &str, endings: &[Ending], subject: Option<&mut Subject>) -> Findings {
    let outline = Outline::new(script, text);
    Findings {
        order: order::find(&outline, endings, subject),
        waits: waits::find(&outline, endings),
        unreached: reach::find(&outline, endings),
        unused: unused::find(&outline),
    }
}

/// A part of the script.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Place {
    /// Where it starts, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

impl From<Span> for Place {
    fn from(Span { start, end }: Span) -> Self {
        Self { start, end }
    }
}

/// What gives a run again.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Replay {
    /// Which history, from 0.
    pub run: u64,
    /// The case; serializes without the script, which is that of the report.
    #[serde(flatten, serialize_with = "without_script")]
    pub case: Case,
}

impl Replay {
    fn of(ending: &Ending) -> Self {
        Self { run: ending.run, case: ending.case.clone() }
    }
}

fn without_script<S: Serializer>(case: &Case, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form<'a> {
        init: &'a str,
        services: &'a crate::ServiceSpec,
        schedule: &'a Schedule,
    }
    Form { init: &case.init, services: &case.services, schedule: &case.schedule }.serialize(serializer)
}
