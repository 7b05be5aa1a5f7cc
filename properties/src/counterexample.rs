//! A counterexample: everything that is needed to see a law fail, as a value that is saved, read and replayed.

use crate::case::Case;
use crate::clock::Clock;
use crate::instances::Broken;
use crate::law::{Law, law};
use crate::scene::Scene;
use crate::shrink::shrink;
use crate::subject::Subject;
use crate::violation::{Side, Violation};
use crate::{CaseError, story};
use airtight_engine::runner::RunnerError;
use airtight_generators::Tape;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use thiserror::Error;

/// The version of the file format.
pub const FORMAT: u32 = 1;

/// A case in which a law fails.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counterexample {
    /// The version of this format.
    pub format: u32,
    /// The name of the law.
    pub law: String,
    /// The statement that does not hold, and what shows that; for people.
    pub violation: Witness,
    /// What happens.
    pub case: Case,
    /// The choices that pick the instance of the law in what happened.
    pub instance: Vec<u32>,
}

/// A violation as it was seen when the counterexample was found; nothing of it is needed to replay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Witness {
    /// The statement that does not hold.
    pub statement: String,
    /// The parts of the instance.
    pub parts: Vec<(String, String)>,
    /// Two data that should be alike: how each was made, and what it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<WitnessSide>,
    /// Other data that play a part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<WitnessSide>,
    /// Whether the law failed once more when the case was replayed after it had been found; some runners fail by chance.
    #[serde(default = "yes")]
    pub again: bool,
    /// What happens, in order, until nothing is left to do: at which peer, and what.
    pub story: Vec<(String, String)>,
}

/// Data that play a part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WitnessSide {
    /// What they are, or how they were made.
    pub label: String,
    /// The data, as text if they are one.
    pub data: String,
    /// What they come to: the executed states, each with its place and the block of its event, or the events; as far as
    /// the runner says.
    pub trace: Vec<String>,
}

/// What a counterexample comes to when it is replayed.
#[derive(Clone, PartialEq, Debug)]
pub enum Replayed {
    /// The law still fails; the counterexample as it is now.
    Fails(Box<Counterexample>),
    /// The law holds.
    Holds,
    /// Nothing comes about any more that the law is about.
    Vacuous,
}

/// Why a counterexample cannot be replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It is no JSON, or not of the form.
    #[error("not a counterexample: {0}")]
    Form(#[from] serde_json::Error),
    /// It is of another version.
    #[error("the counterexample has format {0}; this version reads format {FORMAT}")]
    Format(u32),
    /// Its law is not known.
    #[error("there is no law `{0}`")]
    Law(String),
    /// The runner does not offer what the law needs.
    #[error("the law `{law}` cannot be looked at: {reason}")]
    NotApplied {
        /// The law.
        law: String,
        /// What is missing.
        reason: &'static str,
    },
    /// The runner failed, and cannot be started again.
    #[error("the runner cannot be started again: {0}")]
    Runner(RunnerError),
    /// It cannot be played.
    #[error(transparent)]
    Case(#[from] CaseError),
}

impl Counterexample {
    /// A violation as a value.
    pub(crate) fn new(broken: Broken, subject: &mut Subject) -> Self {
        let Broken { law, case, tape, violation } = broken;
        let violation = Witness::new(&case, violation, subject);
        let mut found =
            Self { format: FORMAT, law: law.name.into(), violation, case, instance: tape.choices().to_vec() };
        found.violation.again = matches!(found.replay(subject), Ok(Replayed::Fails(_)));
        found
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is not of the form.
    pub fn parse(text: &[u8]) -> Result<Self, ReplayError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let Version { format } = serde_json::from_slice(text)?;
        if format == FORMAT { Ok(serde_json::from_slice(text)?) } else { Err(ReplayError::Format(format)) }
    }

    /// The file.
    pub fn to_text(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        text + "\n"
    }

    /// The law.
    ///
    /// # Errors
    /// If this version has no such law.
    pub fn law(&self) -> Result<&'static Law, ReplayError> {
        law(&self.law).ok_or_else(|| ReplayError::Law(self.law.clone()))
    }

    /// The same, made as small as it gets within about two seconds of that clock; nothing if the law does not fail.
    ///
    /// # Errors
    /// If it cannot be replayed.
    pub fn shrunk(&self, clock: Clock, subject: &mut Subject) -> Result<Option<Self>, ReplayError> {
        Self::of(self.law()?, self.case.clone(), Tape::new(self.instance.clone()), clock, subject)
    }

    /// What shows that a law fails in a case, for the instance that these choices pick, made as small as it gets within about
    /// two seconds of that clock; nothing if the law does not fail.
    ///
    /// # Errors
    /// If the case cannot be played.
    pub fn of(
        law: &'static Law,
        case: Case,
        instance: Tape,
        clock: Clock,
        subject: &mut Subject,
    ) -> Result<Option<Self>, ReplayError> {
        let played = case.play(subject)?;
        if played.failure.is_some() {
            subject.revive().map_err(ReplayError::Runner)?;
        }
        let violation = law.look(&mut Scene::new(&played, subject), &mut instance.clone()).err();
        let Some(violation) = violation else { return Ok(None) };
        let broken = Broken { law, case, tape: instance, violation };
        Ok(Some(Self::new(shrink(broken, clock, subject), subject)))
    }

    /// Plays the case again and looks at the law again.
    ///
    /// # Errors
    /// If it cannot be replayed.
    pub fn replay(&self, subject: &mut Subject) -> Result<Replayed, ReplayError> {
        let law = self.law()?;
        if let Some(reason) = law.needs.missing(subject) {
            return Err(ReplayError::NotApplied { law: self.law.clone(), reason });
        }
        let played = self.case.play(subject)?;
        if played.failure.is_some() {
            subject.revive().map_err(ReplayError::Runner)?;
        }
        let mut scene = Scene::new(&played, subject);
        Ok(match law.look(&mut scene, &mut Tape::new(self.instance.clone())) {
            Ok(true) => Replayed::Holds,
            Ok(false) => Replayed::Vacuous,
            Err(violation) => {
                let violation = Witness::new(&self.case, violation, subject);
                Replayed::Fails(Box::new(Self { violation, ..self.clone() }))
            }
        })
    }
}

impl Witness {
    fn new(case: &Case, violation: Violation, subject: &mut Subject) -> Self {
        let mut witness = Self {
            statement: violation.law.into(),
            parts: violation.parts.into_iter().map(|(what, text)| (what.to_owned(), text)).collect(),
            sides: Vec::new(),
            data: Vec::new(),
            again: true,
            story: Vec::new(),
        };
        let Ok(played) = case.play(subject) else { return witness };
        let events = played.history.events.iter().take(played.quiet_at.unwrap_or(usize::MAX));
        witness.story = events.flat_map(story::lines).map(|line| (line.peer.to_string(), line.text)).collect();
        let mut scene = Scene::new(&played, subject);
        let mut seen = |Side { label, data }: Side| {
            let trace = trace(&mut scene, &data);
            WitnessSide { label, data: String::from_utf8_lossy(&data).into_owned(), trace }
        };
        witness.sides = violation.sides.map_or_else(Vec::new, |sides| sides.into_iter().map(&mut seen).collect());
        witness.data = violation.data.into_iter().map(seen).collect();
        witness
    }
}

/// What data come to, a line for each executed state; else their events, if the runner shows these.
fn trace(scene: &mut Scene<'_>, data: &Arc<[u8]>) -> Vec<String> {
    let offers = scene.subject.offers();
    if offers.states
        && let Ok(view) = scene.view(data)
    {
        let script = &scene.played.case.script;
        let states = view.trace.iter().flatten().map(|state| {
            if !offers.trace {
                return format!("{}  {}", state.place, state.state);
            }
            let (line, column) = story::position(script, state.start);
            let at = state.at.map_or(String::new(), |at| format!("  @{at}"));
            format!("{line}:{column}  {}{at}", state.state)
        });
        return states.collect();
    }
    if offers.inspect
        && let Ok(view) = scene.events(data)
    {
        let events = view.events.iter();
        return events
            .map(|event| format!("{}  {} of {}: {}", event.place, event.kind, event.peer, event.result))
            .collect();
    }
    Vec::new()
}

const fn yes() -> bool {
    true
}
