//! The laws of what scripts compute: who is asked for what, with which arguments, at which moment.
//!
//! They look at calm networks, in which everybody learns everything at once; the other laws say that the order of messages
//! changes nothing but what it must.

use crate::Violation;
use crate::calm::{self, Asked, Calm, Turn};
use crate::case::{Case, ServiceSpec};
use crate::evaluator::{self, End, Evaluation, Outcome, Particle, Place, UNWRITTEN, World};
use crate::forms::{self, ANSWERS};
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Scene, restarts_folds};
use airtight_engine::script::{Script, print};
use airtight_generators::{Choices, Tape};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const FORMS: &str = "evaluation-of-forms";

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "evaluation",
        family: Family::Values,
        statement: "a run asks for the calls, with the arguments and tetraplets, and ends with the code, that the evaluator gives",
        domain: "calm networks, scripts of moderate size in which no fold restarts another",
        why: "an interpreter that is consistently wrong obeys every other law",
        needs: Needs::Runs,
        amount: Amount::Sample(3),
        check: evaluation,
    },
    Law {
        name: FORMS,
        family: Family::Values,
        statement: "as `evaluation`, for scripts of a few forms: folds, stream maps, errors",
        domain: "calm networks, drawn scripts",
        why: "what goes wrong shows only where several things meet",
        needs: Needs::Runs,
        amount: Amount::Sample(3),
        check: evaluation_of_forms,
    },
];

/// So many orders of things are there to choose from.
pub(crate) const SCHEDULES: u32 = 1 << 16;

fn evaluation(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let played = scene.played;
    evaluated(scene, choices.below(SCHEDULES), &played.case.script, &played.script, &played.case.services)
}

fn evaluation_of_forms(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let (schedule, air, services) = form(choices);
    let Ok(script) = Script::parse(&air) else { return Ok(false) };
    evaluated(scene, schedule, &air, &script, &services).map_err(|mut violation| {
        violation.parts.insert(0, ("drawn script", print::canonical(script.tree())));
        violation
    })
}

/// The order of things, a script and its services.
fn form(choices: &mut dyn Choices) -> (u32, String, ServiceSpec) {
    let (schedule, air) = (choices.below(SCHEDULES), forms::draw(choices));
    let seed = choices.below(u32::MAX).into();
    let failures = [0.0, 0.0, 0.3][choices.below(3) as usize];
    (schedule, air, ServiceSpec { seed, failures, fixed: Some(ANSWERS.clone()) })
}

/// An instance of [`evaluation_of_forms`] as a case, and the instance of [`evaluation`] in it that says the same: scripts
/// shrink better than the choices they came from.
pub(crate) fn as_case(law: &Law, case: &Case, tape: &Tape) -> Option<(&'static Law, Case, Tape)> {
    if law.name != FORMS {
        return None;
    }
    let mut tape = tape.clone();
    tape.rewind();
    let (order, air, services) = form(&mut tape);
    let case = Case { script: air.into(), init: case.init.clone(), services, ..Case::empty() };
    LAWS.first().map(|evaluation| (evaluation, case, Tape::new(vec![order])))
}

/// Plays a script in a calm network, and compares each run with what the evaluator says.
fn evaluated(
    scene: &mut Scene<'_>,
    schedule: u32,
    air: &str,
    script: &Script,
    services: &ServiceSpec,
) -> Result<bool, Violation> {
    let played = scene.played;
    if restarts_folds(script) {
        return Ok(false);
    }
    let Ok(services) = services.prepare(script, &played.case.init) else { return Ok(false) };
    let parameters = calm::parameters(played);
    let mut second = Second::new(Particle {
        init: parameters.init_peer_id.clone(),
        timestamp: parameters.timestamp,
        ttl: parameters.ttl,
    });
    let network = Calm { air, parameters, answer: &|peer, request| calm::answer(&services, peer, request) };
    let is_over = network.play(scene.subject, schedule, |turn| second.sees(script.tree(), turn))?;
    if is_over {
        second.is_finished()?;
    }
    Ok(second.requests > 0)
}

/// The evaluator beside a calm network.
pub(crate) struct Second {
    particle: Particle,
    world: World,
    /// The place of each request so far.
    places: Vec<Place>,
    asked: BTreeSet<Place>,
    turns: Vec<String>,
    last: Option<Evaluation>,
    requests: usize,
    /// Instructions that failed somewhere, by their indices.
    pub(crate) failed: BTreeSet<usize>,
    /// Whether all runs so far were compared.
    pub(crate) is_whole: bool,
}

impl Second {
    pub(crate) fn new(particle: Particle) -> Self {
        Self {
            particle,
            world: World::new(),
            places: Vec::new(),
            asked: BTreeSet::new(),
            turns: Vec::new(),
            last: None,
            requests: 0,
            failed: BTreeSet::new(),
            is_whole: true,
        }
    }

    /// Compares a run with what the evaluator gives; says whether to go on.
    pub(crate) fn sees(&mut self, tree: &airtight_engine::script::Tree, turn: &Turn) -> Result<bool, Violation> {
        self.turns.push(turn.text());
        if turn.result.is_given_up() {
            // Limits say nothing about the script.
            if matches!(turn.result.ret_code, 10 | 20013) {
                return Ok(false);
            }
            return Err(self
                .violation("a run over honest data is not given up")
                .part("error", &*turn.result.error_message));
        }
        let now = self.turns.len() as u32;
        for (number, answer) in &turn.answered {
            let Some(place) = self.places.get(*number) else { return Ok(false) };
            self.world.insert(place.clone(), (now, Outcome::Answer(answer.ret_code, answer.result.clone())));
        }
        let Ok(evaluation) = evaluator::evaluate(tree, &self.particle, &turn.peer, now, &self.world) else {
            self.is_whole = false;
            return Ok(false);
        };
        for (place, contents) in &evaluation.canons {
            self.world.insert(place.clone(), (now, Outcome::Contents(contents.clone())));
        }
        self.failed.extend(evaluation.failed.iter().map(|node| node.index()));
        let due = evaluation.open.iter().filter(|open| *open.peer == *turn.peer && !self.asked.contains(&open.place));
        let due: Vec<(Place, Asked)> =
            due.filter_map(|open| Some((open.place.clone(), asked(open.call.as_ref()?)))).collect();
        let alike = |(ours, theirs): (&(Place, Asked), &Asked)| is_alike(&ours.1, theirs);
        if due.len() != turn.requests.len() || !due.iter().zip(&turn.requests).all(alike) {
            let list = |calls: &mut dyn Iterator<Item = &Asked>| calls.map(Asked::text).collect::<String>();
            return Err(self
                .violation("a run asks for the calls that the evaluator gives")
                .part("asked", list(&mut turn.requests.iter()))
                .part("to be asked", list(&mut due.iter().map(|(_, asked)| asked))));
        }
        let code = match evaluation.end {
            End::Complete | End::Waits => 0,
            End::Failed(code) => code,
        };
        if code != turn.result.ret_code {
            return Err(self
                .violation("a run ends with the code that the evaluator gives")
                .part("codes", format!("{}, to be {code}", turn.result.ret_code)));
        }
        self.requests += due.len();
        for (place, _) in due {
            self.places.push(place.clone());
            self.asked.insert(place);
        }
        self.last = Some(evaluation);
        Ok(true)
    }

    /// Looks whether somebody would still have something to do, when nobody is told of anything.
    fn is_finished(&self) -> Result<(), Violation> {
        let open = self.last.iter().flat_map(|last| &last.open).filter(|open| !self.asked.contains(&open.place));
        let stuck: Vec<String> = open
            .map(|open| match &open.call {
                Some(call) => format!("{}: {}", open.peer, asked(call).text()),
                None => format!("{}: a canon\n", open.peer),
            })
            .collect();
        if stuck.is_empty() {
            return Ok(());
        }
        Err(self.violation("whoever has something to do is told").part("stuck", stuck.concat()))
    }

    fn violation(&self, law: &'static str) -> Violation {
        Violation::new(law).part("runs", self.turns.concat())
    }
}

fn asked(call: &evaluator::Call) -> Asked {
    let list = |list: &Vec<evaluator::Tetraplet>| list.iter().map(ToString::to_string).collect();
    Asked {
        service: call.service.clone(),
        function: call.function.clone(),
        arguments: call.arguments.clone(),
        tetraplets: call.tetraplets.iter().map(list).collect(),
    }
}

/// Whether a request is what the evaluator says; texts that it leaves open may be any.
fn is_alike(ours: &Asked, theirs: &Asked) -> bool {
    ours.service == theirs.service
        && ours.function == theirs.function
        && ours.tetraplets == theirs.tetraplets
        && ours.arguments.len() == theirs.arguments.len()
        && ours.arguments.iter().zip(&theirs.arguments).all(|(ours, theirs)| matches(ours, theirs))
}

fn matches(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::String(ours), Value::String(theirs)) => {
            ours == theirs || ours.starts_with(UNWRITTEN) && !theirs.is_empty()
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| matches(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            let theirs: BTreeMap<_, _> = theirs.iter().collect();
            ours.len() == theirs.len()
                && ours.iter().all(|(name, ours)| theirs.get(name).is_some_and(|theirs| matches(ours, theirs)))
        }
        _ => ours == theirs,
    }
}
