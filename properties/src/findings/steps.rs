//! What a peer went through until it decided something: the steps that show how a schedule led there.

use super::outline::Outline;
use super::{Ending, Place};
use crate::scene::Scene;
use crate::story::cut;
use crate::subject::Subject;
use crate::view::{Executed, SeenState, View};
use airtight_engine::runner::RunnerError;
use airtight_engine::script::{Instruction, NodeId};
use airtight_generators::Event;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many steps are shown.
const STEPS_MAX: usize = 8;
/// How many of the runs before a decision are looked at.
const RUNS_MAX: usize = 32;
/// How many of the events that a step brings are shown.
const LEARNED_MAX: usize = 3;
/// How many characters of a value are shown.
const VALUE_CHARS_MAX: usize = 60;

/// One step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// What happened; `…` stands for steps that are left out.
    pub text: String,
    /// What the peer learned by it: the first few events that are no mere hop.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<Learned>,
}

/// An event that a peer learned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Learned {
    /// The instruction.
    pub place: Place,
    /// What it came to, in short.
    pub value: String,
}

/// The event with which a run went its way.
#[derive(Debug)]
pub(super) struct Decision<'e> {
    pub(super) ending: &'e Ending,
    /// What everything came to in the end.
    pub(super) states: &'e [SeenState],
    /// The event, if there is one in this run.
    pub(super) event: Option<&'e SeenState>,
    /// Who made it.
    pub(super) peer: Option<Arc<str>>,
}

/// The steps of two runs until each went its way; what they begin with alike is left out.
///
/// Of what a peer learns, the results of these instructions count; if there are none, all.
pub(super) fn steps(
    outline: &Outline<'_>,
    relevant: &BTreeSet<NodeId>,
    decisions: [Decision<'_>; 2],
    subject: &mut Subject,
) -> [Vec<Step>; 2] {
    let peers = decisions.each_ref().map(|decision| decision.peer.clone());
    let mut steps: [Vec<Step>; 2] = decisions.each_ref().map(|decision| {
        // Where a run has no such event, the peer that has one in the other run is the one to look at.
        let peer = decision.peer.clone().or_else(|| peers.iter().flatten().next().cloned());
        peer.and_then(|peer| of_one(outline, relevant, decision, &peer, subject).ok()).unwrap_or_default()
    });
    let [one, other] = &steps;
    let alike = |(a, b): &(&Step, &Step)| a.learned == b.learned && !a.learned.is_empty();
    let common = one.iter().zip(other).take_while(alike).count();
    for steps in &mut steps {
        let cut = common.min(steps.len().saturating_sub(2)).max(steps.len().saturating_sub(STEPS_MAX));
        if cut > 0 {
            steps.splice(..cut, [Step { text: "…".into(), learned: Vec::new() }]);
        }
    }
    steps
}

fn of_one(
    outline: &Outline<'_>,
    relevant: &BTreeSet<NodeId>,
    decision: &Decision<'_>,
    peer: &Arc<str>,
    subject: &mut Subject,
) -> Result<Vec<Step>, RunnerError> {
    if !subject.offers().inspect {
        return Ok(Vec::new());
    }
    let Ok(played) = decision.ending.case.play(subject) else { return Ok(Vec::new()) };
    let mut scene = Scene::new(&played, subject);
    // The runs of this peer, each with the number of its event.
    let mut own: Vec<(usize, usize)> = Vec::new();
    let mut runs = 0;
    let quiet_at = played.quiet_at.unwrap_or(played.history.events.len());
    for (index, event) in played.history.events.iter().enumerate() {
        if let Event::Ran { peer: at, .. } = event {
            if at == peer && runs < played.runs.len() && (decision.event.is_some() || index < quiet_at) {
                own.push((index, runs));
            }
            runs += 1;
        }
    }
    // Data only grow, so the first run that knows the event is found by halving.
    if let Some(event) = decision.event {
        let (mut low, mut high) = (0, own.len());
        while low < high {
            let middle = low.midpoint(high);
            let known = scene.events(&played.runs[own[middle].1].after)?;
            if known.events.iter().any(|seen| seen.place == event.place) { high = middle } else { low = middle + 1 }
        }
        own.truncate(low + 1);
    }
    let values: BTreeMap<&str, &SeenState> = decision.states.iter().map(|state| (&*state.place, state)).collect();
    let senders: BTreeMap<usize, &Arc<str>> = played.history.events.iter().filter_map(sender).collect();
    let mut steps = Vec::new();
    for &(event, run) in own.iter().skip(own.len().saturating_sub(RUNS_MAX)) {
        let Event::Ran { message, answers, .. } = &played.history.events[event] else { continue };
        let run = &played.runs[run];
        let before: BTreeSet<Arc<str>> = places(&*scene.events(&run.previous)?);
        let after = scene.events(&run.after)?;
        let mut new: Vec<_> = after.events.iter().filter(|event| !before.contains(&event.place)).collect();
        new.sort_by_key(|event| event.at);
        // What the peer fixes itself is a decision too, and no news.
        new.retain(|event| &*event.kind != "canon" || event.peer != *peer);
        let is_relevant = |state: &&&SeenState| {
            relevant.is_empty() || outline.at(state.start).is_some_and(|node| relevant.contains(&node))
        };
        let states = new.into_iter().filter_map(|event| values.get(&*event.place)).filter(is_relevant);
        let learned: Vec<Learned> = states.filter_map(|state| learned(outline, state)).collect();
        if learned.is_empty() {
            continue;
        }
        let text = match (message, answers.is_empty()) {
            (Some(message), true) => {
                let from = senders.get(message).map_or("somebody", |from| &***from);
                format!("{peer} gets message {message} from {from}")
            }
            (_, false) => format!("{peer} gets answers of its services"),
            (None, true) => format!("{peer} runs"),
        };
        steps.push(Step { text, learned: learned.into_iter().take(LEARNED_MAX).collect() });
    }
    let last = match decision.event.map(|event| (event, outline.at(event.start))) {
        Some((event, Some(node))) => Step {
            text: format!("{peer} {}", done(outline, node)),
            learned: learned(outline, event).into_iter().collect(),
        },
        _ => Step { text: format!("{peer} does not get there"), learned: Vec::new() },
    };
    steps.push(last);
    Ok(steps)
}

fn sender(event: &Event) -> Option<(usize, &Arc<str>)> {
    match event {
        Event::Sent { message, from, .. } => Some((*message, from)),
        _ => None,
    }
}

fn places(view: &View) -> BTreeSet<Arc<str>> {
    view.events.iter().map(|event| event.place.clone()).collect()
}

/// What an event says, unless it is the canon of an empty stream, which only moves the particle.
fn learned(outline: &Outline<'_>, state: &SeenState) -> Option<Learned> {
    let place = outline.header(outline.at(state.start)?);
    let value = match state.executed()? {
        Executed::Call(call) => call.result()?.to_string(),
        Executed::Canon(canon) if !canon.values.is_empty() => {
            let values: Vec<&str> = canon.values.iter().map(|element| &*element.0).collect();
            format!("[{}]", values.join(", "))
        }
        _ => return None,
    };
    Some(Learned { place, value: cut(&value, VALUE_CHARS_MAX) })
}

/// What a peer does by an event, as a verb and its object.
fn done(outline: &Outline<'_>, node: NodeId) -> String {
    let name = outline.output(node).and_then(|operand| outline.name(operand));
    match (outline.tree().instruction(node), name) {
        (Instruction::Canon { .. }, Some(name)) => format!("fixes `{name}`"),
        (Instruction::Call { service, function, .. }, _) => {
            let text = |operand| {
                let span = outline.tree().operand(operand).span;
                outline.text.get(span.start as usize..span.end as usize).unwrap_or_default()
            };
            format!("has the result of {} {}", text(service), text(function))
        }
        _ => "decides".into(),
    }
}
