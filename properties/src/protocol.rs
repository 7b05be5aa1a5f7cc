//! The laws that hosts, and whoever sends messages and answers calls, rely on: for any schedule.

use crate::Violation;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Product, Scene};
use crate::view::{Executed, SeenEvent, SeenPending, SeenState, View};
use airtight_engine::data::Answer;
use airtight_engine::script::{Instruction, Tree, Value, Variable, VariableKind};
use airtight_engine::value::Json;
use airtight_generators::{Choices, Event};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "totality",
        family: Family::Protocol,
        statement: "every run gives an outcome, and data of honest peers can be merged and looked at",
        domain: "histories; each data merged with the next",
        why: "an interpreter that panics, hangs or dies takes the peer with it",
        needs: Needs::Runs,
        amount: Amount::Once,
        check: totality,
    },
    Law {
        name: "addressees",
        family: Family::Protocol,
        statement: "the peers to tell are different ones, and never the own one",
        domain: "runs of a history",
        why: "no message is sent in vain",
        needs: Needs::Runs,
        amount: Amount::Runs(u32::MAX),
        check: addressees,
    },
    Law {
        name: "asked-once",
        family: Family::Protocol,
        statement: "each call is requested once: ids are never used again, and every answer becomes one event",
        domain: "histories that end, no data lost, and the runner knows who made each event",
        why: "a payment is made once, whatever the network does",
        needs: Needs::Events,
        amount: Amount::Once,
        check: asked_once,
    },
    Law {
        name: "answers-land",
        family: Family::Protocol,
        statement: "what services of a peer answered are the results of its calls, values and failures, no more and no less",
        domain: "histories that end, no data lost, and the runner knows who made each event",
        why: "no answer is lost, and none lands at another call",
        needs: Needs::Events,
        amount: Amount::Once,
        check: answers_land,
    },
    Law {
        name: "announced-once",
        family: Family::Protocol,
        statement: "a run tells those of whose work it sees what neither its previous nor its current data alone show",
        domain: "runs of a history",
        why: "whoever completes a join tells the one who waits, and nobody repeats what the sender has told",
        needs: Needs::Trace,
        amount: Amount::Runs(12),
        check: announced_once,
    },
    Law {
        name: "told",
        family: Family::Protocol,
        statement: "what a peer's data show of another peer's work, that peer has done or knows of, or knows that it is \
                    none; or it was told, where it goes through a fold over a stream or map in other batches",
        domain: "peers that lost no data and gave up no run, when nothing is under way",
        why: "no particle gets stuck because a message was not sent",
        needs: Needs::Trace,
        amount: Amount::Once,
        check: told,
    },
    Law {
        name: "agreement",
        family: Family::Protocol,
        statement: "peers that exchange all they know hold the same events",
        domain: "histories that end, no run of our own engine given up",
        why: "whoever asks gets the same answer, from whichever peer",
        needs: Needs::Events,
        amount: Amount::Once,
        check: agreement,
    },
];

/// How many of the last data are looked at.
const LOOKED_AT_MAX: usize = 4;

fn totality(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    if let Some(error) = &scene.played.failure {
        return Err(Violation::new("every run gives an outcome").part("the runner", error.to_string()));
    }
    let offers = scene.subject.offers();
    let letters = scene.letters()?;
    if offers.merge {
        for pair in letters.windows(2) {
            if let [a, b] = pair {
                scene.product(Product::Merge, &a.data, &b.data)?;
            }
        }
    }
    for letter in letters.iter().rev().take(LOOKED_AT_MAX) {
        if offers.trace {
            scene.view(&letter.data)?;
        } else if offers.inspect {
            scene.events(&letter.data)?;
        }
    }
    Ok(!letters.is_empty())
}

fn addressees(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let next = &run.result.next_peers;
    let distinct: BTreeSet<_> = next.iter().collect();
    if distinct.len() == next.len() && !distinct.contains(run.peer()) {
        return Ok(!next.is_empty());
    }
    let violation = Violation::new("the peers to tell are different ones, and never the own one");
    Err(violation
        .part("peer", &**run.peer())
        .part("to tell", next.join("\n"))
        .shows("previous", &run.previous)
        .shows("after the run", &run.after))
}

/// Whether a history is one in which every call was answered and every answer taken.
fn is_complete(scene: &Scene<'_>) -> bool {
    scene.played.exchanged && !scene.played.has_given_up() && !scene.played.has_lost()
}

/// The calls that a peer made according to what is known in the end.
fn calls_of<'e>(events: &'e [SeenEvent], peer: &'e str) -> impl Iterator<Item = &'e SeenEvent> {
    events.iter().filter(move |event| &*event.kind == "call" && &*event.peer == peer)
}

fn asked_once(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    if scene.played.has_lost() {
        return Ok(false);
    }
    // An id that was used is only used again where requests are repeated.
    let mut asked: BTreeMap<&Arc<str>, BTreeSet<u32>> = BTreeMap::new();
    for run in &scene.played.runs {
        let known = asked.entry(run.peer()).or_default();
        for (id, request) in &run.result.requests {
            if !known.insert(*id) && !run.parameters.repeat_requests {
                let call = format!("{}.{} as #{id}", request.service_id, request.function_name);
                let violation = Violation::new("ids of calls are never used again");
                return Err(violation
                    .part("peer", &**run.peer())
                    .part("requested again", call)
                    .shows("previous", &run.previous)
                    .shows("after the run", &run.after));
            }
        }
    }
    if !is_complete(scene) {
        return Ok(false);
    }
    let mut answered: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
    for event in &scene.played.history.events {
        if let Event::Answered { peer, .. } = event {
            *answered.entry(peer).or_default() += 1;
        }
    }
    for (peer, answers) in &answered {
        let Some(data) = scene.played.stored_last().remove(*peer) else { continue };
        let view = scene.events(&data)?;
        if !view.knows_makers() {
            return Ok(false);
        }
        let kept = view.journal.as_ref().map_or(0, |journal| journal.answers.len());
        let events = calls_of(&view.events, peer).count();
        if events + kept != *answers {
            let violation = Violation::new("every answer becomes one event").part("peer", &***peer);
            let counts = format!("{answers} answers, {events} results of calls, {kept} answers kept for later");
            return Err(violation.part("counts", counts));
        }
    }
    Ok(!answered.is_empty())
}

fn answers_land(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    if !is_complete(scene) {
        return Ok(false);
    }
    let is_own = scene.subject.is_own();
    let mut answered: BTreeMap<&Arc<str>, Vec<String>> = BTreeMap::new();
    for event in &scene.played.history.events {
        if let Event::Answered { peer, answer, .. } = event {
            answered.entry(peer).or_default().push(meaning(answer, is_own));
        }
    }
    let mut some = false;
    for (peer, mut answers) in answered {
        let Some(data) = scene.played.stored_last().remove(peer) else { continue };
        let view = scene.events(&data)?;
        if !view.knows_makers() {
            return Ok(false);
        }
        if view.journal.as_ref().is_some_and(|journal| !journal.answers.is_empty()) {
            continue;
        }
        let mut results: Vec<String> =
            calls_of(&view.events, peer).filter_map(|event| outcome(&event.result, is_own)).collect();
        answers.sort_unstable();
        results.sort_unstable();
        if answers != results {
            let violation = Violation::new("what services of a peer answered are the results of its calls");
            let violation = violation.part("peer", &**peer).part("answered", answers.join("\n"));
            return Err(violation.part("results", results.join("\n")));
        }
        some = true;
    }
    Ok(some)
}

/// What an answer means: a value, or a failure. The code of one is told where the interpreter is our own, since others may
/// show failures otherwise; what is no JSON fails with a code that no answer has.
fn meaning(answer: &Answer, with_codes: bool) -> String {
    let value = if answer.ret_code == 0 { serde_json::from_str::<Json>(&answer.result).ok() } else { None };
    match value {
        Some(value) => value.to_text(),
        None => failed(if answer.ret_code == 0 { i32::MAX } else { answer.ret_code }, with_codes),
    }
}

fn failed(code: i32, with_code: bool) -> String {
    if with_code { format!("failed with {code}") } else { "failed".into() }
}

/// What a call came to, as [`meaning`] has it, from `{"value": …}` or `{"failure": {"ret_code": …}}`; nothing if the runner
/// does not say.
fn outcome(result: &str, with_codes: bool) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Failure {
        ret_code: i32,
    }
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(result).ok()?;
    if let Some(value) = members.get("value") {
        let json = serde_json::from_str::<Json>(value.get());
        return Some(json.map_or_else(|_| value.get().into(), |json| json.to_text()));
    }
    let failure = serde_json::from_str::<Failure>(members.get("failure")?.get());
    Some(failed(failure.map_or(i32::MAX, |failure| failure.ret_code), with_codes))
}

/// What is pending for whom, in the order of the walk; no bytes have seen nothing.
fn statuses(scene: &mut Scene<'_>, data: &Arc<[u8]>) -> Result<Vec<SeenPending>, Violation> {
    if data.is_empty() {
        return Ok(Vec::new());
    }
    Ok(scene.view(data)?.pending.clone().unwrap_or_default())
}

fn announced_once(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let now = statuses(scene, &run.after)?;
    let (before, sent) = (statuses(scene, &run.previous)?, statuses(scene, &run.current)?);
    let shown: BTreeSet<_> = before.iter().chain(&sent).map(|status| (&status.place, &status.arguments)).collect();
    let news = now.iter().filter(|status| status.peer != *run.peer());
    let news = news.filter(|status| !shown.contains(&(&status.place, &status.arguments)));
    let mut seen = BTreeSet::new();
    let expected: Vec<&Arc<str>> = news.map(|status| &status.peer).filter(|peer| seen.insert(*peer)).collect();
    let told: Vec<&Arc<str>> = run.result.next_peers.iter().collect();
    if told == expected {
        return Ok(now.iter().any(|status| status.peer != *run.peer()));
    }
    let list = |peers: &[&Arc<str>]| peers.iter().map(|peer| format!("{peer}\n")).collect::<String>();
    let violation = Violation::new("a run tells those of whose work it sees something new, in order and once");
    let violation = violation.part("peer", &**run.peer()).part("told", list(&told)).part("to be told", list(&expected));
    Err(violation.shows("previous", &run.previous).shows("current", &run.current).shows("after the run", &run.after))
}

/// Whether the order in which things happen may depend on batches: the script folds over a stream or map.
fn has_batches(tree: &Tree) -> bool {
    tree.node_ids().any(|node| match tree.instruction(node) {
        Instruction::Fold { iterable, .. } => matches!(
            tree.operand(iterable).value,
            Value::Variable(Variable { kind: VariableKind::Stream | VariableKind::Map, .. })
        ),
        _ => false,
    })
}

/// The generation of each value of a stream or map, by the place that put it there.
fn generations(view: &View) -> BTreeMap<&str, Vec<usize>> {
    let states = view.trace.iter().flatten();
    let generation = |state: &SeenState| match state.executed()? {
        Executed::Call(call) => call.generation.map(|generation| vec![generation]),
        Executed::Ap { gens } => Some(gens),
        _ => None,
    };
    states.filter_map(|state| Some((&*state.place, generation(state)?))).collect()
}

/// Whether two peers see values that both know in other batches.
fn sees_other_batches(ours: &View, theirs: &View) -> bool {
    let theirs = generations(theirs);
    generations(ours).iter().any(|(place, batch)| theirs.get(place).is_some_and(|other| other != batch))
}

fn told(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    let has_batches = has_batches(scene.played.script.tree());
    // Data that led a run past a limit are dropped, and what they said is not known.
    let is_lost = scene.played.has_lost() || scene.played.has_given_up();
    let Some(quiet_at) = scene.played.quiet_at.filter(|_| !is_lost) else { return Ok(false) };
    let stored = scene.played.stored(quiet_at);
    let mut some = false;
    for (peer, data) in &stored {
        let view = scene.view(data)?;
        for pending in view.pending.iter().flatten().filter(|pending| pending.peer != *peer) {
            some = true;
            let theirs = stored.get(&pending.peer);
            let knows = match theirs {
                None => false,
                Some(theirs) => {
                    knows_of(scene, theirs, pending)?
                        || !is_work(scene, theirs, data, pending)?
                        || has_batches
                            && sees_other_batches(&view, &*scene.view(theirs)?)
                            && was_told(scene, quiet_at, pending)?
                }
            };
            if !knows {
                let script = &scene.played.case.script;
                let instruction = script.get(pending.start as usize..pending.end as usize).unwrap_or_default();
                let violation = Violation::new("what a peer's data show of another peer's work, that peer knows of");
                let violation = violation
                    .part("shown by", &**peer)
                    .part("not told", &*pending.peer)
                    .part("instruction", instruction);
                return Err(match theirs {
                    Some(theirs) => violation
                        .shows(format!("data of {peer}"), data)
                        .shows(format!("data of {}", pending.peer), theirs),
                    None => violation,
                });
            }
        }
    }
    Ok(some)
}

/// Whether a peer's data show what is pending for it, at least as far, or that it is done.
fn knows_of(scene: &mut Scene<'_>, theirs: &Arc<[u8]>, pending: &SeenPending) -> Result<bool, Violation> {
    let view = scene.view(theirs)?;
    let sees = |at_hand: &[bool]| at_hand.iter().zip(&pending.arguments).all(|(theirs, ours)| *theirs || !ours);
    let mut others = view.pending.iter().flatten();
    Ok(view.events.iter().any(|event| event.place == pending.place)
        || others.any(|other| other.place == pending.place && sees(&other.arguments)))
}

/// Whether a message that a peer got by then showed what is pending for it, by itself.
fn was_told(scene: &mut Scene<'_>, events: usize, pending: &SeenPending) -> Result<bool, Violation> {
    let runs = scene.played.runs_of(events).iter().filter(|run| *run.peer() == pending.peer);
    let messages: BTreeSet<_> = runs.map(|run| run.current.clone()).filter(|data| !data.is_empty()).collect();
    for message in &messages {
        if knows_of(scene, message, pending)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what is pending for a peer stays so if its data are added: it may know that the instruction fails, or is not
/// reached.
fn is_work(
    scene: &mut Scene<'_>,
    theirs: &Arc<[u8]>,
    ours: &Arc<[u8]>,
    pending: &SeenPending,
) -> Result<bool, Violation> {
    let how = if scene.subject.offers().merge { Product::Merge } else { Product::Observer };
    let both = scene.product(how, theirs, ours)?;
    let view = scene.view(&both)?;
    Ok(view.pending.iter().flatten().any(|other| other.place == pending.place))
}

fn agreement(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    // Data that led a run past a limit are dropped, however often they come. Limits are those of our own engine: whoever else
    // gives up has no such reason.
    let is_lost = scene.subject.is_own() && scene.played.has_given_up();
    if !scene.played.exchanged || is_lost {
        return Ok(false);
    }
    let stored: Vec<_> = scene.played.stored_last().into_iter().collect();
    let Some(((first, data), others)) = stored.split_first() else { return Ok(false) };
    let expected = scene.events(data)?.support();
    for (peer, theirs) in others {
        if scene.events(theirs)?.support() != expected {
            let violation = Violation::new("peers that exchange all they know hold the same events");
            return Err(violation.sides((format!("data of {first}"), data), (format!("data of {peer}"), theirs)));
        }
    }
    Ok(!others.is_empty() && !expected.is_empty())
}
