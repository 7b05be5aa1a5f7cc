//! The laws of single runs.
//!
//! `f_p(a, b)`: a run at peer `p` with the previous data `a` and the current data `b`, without answers to calls. A run only
//! reads, and only results write: what comes out is `a·b`, and the peer's own new events after everything else.

use crate::Violation;
use crate::case::Run;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Product, Scene};
use crate::view::SeenEvent;
use crate::violation::ran_out;
use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, InterpreterResult};
use airtight_generators::{Choices, damage};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "deterministic",
        family: Family::Execution,
        statement: "the same input gives the same outcome, byte for byte: each run is made twice",
        domain: "histories",
        why: "a particle can be replayed, and peers that disagree can be told apart from peers that differ by chance",
        needs: Needs::Runs,
        amount: Amount::Once,
        check: deterministic,
    },
    Law {
        name: "only-results-write",
        family: Family::Execution,
        statement: "after f_p(a, b) the data are a·b and, learned last, new events of p",
        domain: "runs of a history",
        why: "no peer can be made to say what it did not do, and nothing that was known is rewritten",
        needs: Needs::MergeAndEvents,
        amount: Amount::Runs(16),
        check: only_results_write,
    },
    Law {
        name: "nothing-forgotten",
        family: Family::Execution,
        statement: "events(a) ∪ events(b) ⊆ events(f_p(a, b))",
        domain: "runs of a history",
        why: "a result that some peer reported is there for ever",
        needs: Needs::Events,
        amount: Amount::Runs(16),
        check: nothing_forgotten,
    },
    Law {
        name: "repetition",
        family: Family::Execution,
        statement: "with c = f_p(a, b): f_p(c, a) = f_p(c, b) = f_p(c, e) = c, no request, nobody to tell",
        domain: "runs of a history",
        why: "messages that come twice or late cost nothing: no call is made again, no peer is told again",
        needs: Needs::Runs,
        amount: Amount::Runs(12),
        check: repetition,
    },
    Law {
        name: "honest-data",
        family: Family::Execution,
        statement: "data of honest peers are accepted: no run is given up, and no event is refused or disputed",
        domain: "runs of a history; what is refused or disputed, where no data were lost",
        why: "each peer computes the same arguments, tetraplets and canons as the peer that acted on them",
        needs: Needs::Runs,
        amount: Amount::Runs(u32::MAX),
        check: honest_data,
    },
    Law {
        name: "unknown-answers",
        family: Family::Execution,
        statement: "an answer to a call that was never made is reported, and changes nothing",
        domain: "runs of a history, given such an answer",
        why: "an answer can never land at a call that it is not for",
        needs: Needs::Runs,
        amount: Amount::Runs(6),
        check: unknown_answers,
    },
    Law {
        name: "refusal",
        family: Family::Execution,
        statement: "a run that is given up returns the previous data, requests nothing and tells nobody",
        domain: "runs given damaged current data",
        why: "nobody's bad data can cost a peer what it knew",
        needs: Needs::Runs,
        amount: Amount::Sample(8),
        check: refusal,
    },
    Law {
        name: "any-data",
        family: Family::Execution,
        statement: "a run gives an outcome, whatever bytes it is given as data",
        domain: "runs given damaged data, data with other numbers, and data of another script",
        why: "nobody can bring a peer down by sending it something",
        needs: Needs::Runs,
        amount: Amount::Sample(12),
        check: any_data,
    },
];

/// An event for people.
fn listed<'e>(events: impl IntoIterator<Item = &'e SeenEvent>) -> String {
    events
        .into_iter()
        .map(|event| format!("{} of {} at {}: {}\n", event.kind, event.peer, event.place, event.result))
        .collect()
}

fn at_peer(violation: Violation, run: &Run) -> Violation {
    violation.part("peer", &**run.peer())
}

fn deterministic(scene: &mut Scene<'_>, _: &mut dyn Choices) -> Result<bool, Violation> {
    let played = scene.played;
    for run in &played.runs {
        let again =
            scene.subject.run(&played.case.script, &run.previous, &run.current, &run.parameters, &run.answers)?;
        let data: Arc<[u8]> = again.data.as_slice().into();
        let again = InterpreterResult { data: Vec::new(), ..again };
        if again == run.result && data == run.after {
            continue;
        }
        let mut violation = at_peer(Violation::new("the same input gives the same outcome"), run);
        for (what, one, other) in [
            ("return code", run.result.ret_code.to_string(), again.ret_code.to_string()),
            ("message", run.result.error_message.clone(), again.error_message.clone()),
            ("next peers", format!("{:?}", run.result.next_peers), format!("{:?}", again.next_peers)),
            ("requests", format!("{:?}", run.result.requests), format!("{:?}", again.requests)),
        ] {
            if one != other {
                violation = violation.part(what, format!("{one}\n{other}"));
            }
        }
        return Err(violation.sides(("first", &run.after), ("again", &data)));
    }
    Ok(!played.runs.is_empty())
}

fn only_results_write(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let merged = scene.product(Product::Merge, &run.previous, &run.current)?;
    let (before, after) = (scene.events(&merged)?, scene.events(&run.after)?);
    let known: BTreeSet<&SeenEvent> = before.events.iter().collect();
    let now: BTreeSet<&SeenEvent> = after.events.iter().collect();
    let statement = "after f_p(a, b) the data are a·b and, learned last, new events of p";
    let broken = |what, events: Vec<&SeenEvent>| {
        let violation = at_peer(Violation::new(statement), run).part(what, listed(events));
        Err(violation.shows("f_p(a, b)", &run.after).shows("a·b", &merged))
    };
    let changed: Vec<_> = known.difference(&now).copied().collect();
    if !changed.is_empty() {
        return broken("known before, and not so any more", changed);
    }
    let news: Vec<_> = now.difference(&known).copied().collect();
    let foreign: Vec<_> = news.iter().filter(|event| event.peer != *run.peer()).copied().collect();
    if !foreign.is_empty() {
        return broken("new, and not of this peer", foreign);
    }
    let block = known.iter().filter_map(|event| event.at).max().map_or(0, |last| last + 1);
    let early: Vec<_> = news.iter().filter(|event| event.at.is_some_and(|at| at != block)).copied().collect();
    if !early.is_empty() {
        return broken("new, and not learned last", early);
    }
    Ok(!now.is_empty())
}

fn nothing_forgotten(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let mut known = scene.events(&run.previous)?.support();
    known.extend(if run.result.is_given_up() { BTreeSet::new() } else { scene.events(&run.current)?.support() });
    let now = scene.events(&run.after)?.support();
    let lost: Vec<_> = known.difference(&now).collect();
    if lost.is_empty() {
        return Ok(!known.is_empty());
    }
    let violation =
        at_peer(Violation::new("events(a) ∪ events(b) ⊆ events(f_p(a, b))"), run).part("forgotten", listed(lost));
    Err(violation.shows("a", &run.previous).shows("b", &run.current).shows("f_p(a, b)", &run.after))
}

fn repetition(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let nothing: Arc<[u8]> = Arc::default();
    for (name, current) in [("f_p(c, b)", &run.current), ("f_p(c, a)", &run.previous), ("f_p(c, e)", &nothing)] {
        let again = scene.run_at(run.peer(), &run.after, current)?;
        let violation = |law| at_peer(Violation::new(law), run).part("run", name);
        if !again.requests.is_empty() {
            let calls: Vec<_> = again
                .requests
                .values()
                .map(|request| format!("{}.{}", request.service_id, request.function_name))
                .collect();
            return Err(violation("what is known is not requested again").part("requested", calls.join("\n")));
        }
        if !again.next_peers.is_empty() {
            return Err(violation("what is known is told to nobody").part("told", again.next_peers.join("\n")));
        }
        let data = again.data.into();
        if !scene.alike(&data, &run.after)? {
            return Err(violation("what is known changes nothing").sides((name, &data), ("c", &run.after)));
        }
    }
    Ok(true)
}

fn honest_data(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let result = &run.result;
    let violation =
        |law| at_peer(Violation::new(law), run).shows("previous", &run.previous).shows("current", &run.current);
    if result.is_given_up() && !ran_out(result.ret_code) {
        let error = format!("{}: {}", result.ret_code, result.error_message);
        return Err(violation("data of honest peers are accepted").part("error", error));
    }
    // A peer that lost its data may decide anew, and otherwise.
    if scene.played.has_lost() {
        return Ok(false);
    }
    for (law, places) in [
        ("what honest peers did fits what others compute", &result.not_taken),
        ("honest peers do not contradict each other", &result.disputed),
    ] {
        if !places.is_empty() {
            let places: Vec<_> = places.iter().map(ToString::to_string).collect();
            return Err(violation(law).part("places", places.join("\n")));
        }
    }
    if !result.unknown_call_ids.is_empty() {
        return Err(
            violation("answers are to calls that were made").part("unknown", format!("{:?}", result.unknown_call_ids))
        );
    }
    Ok(!run.current.is_empty() || !run.answers.is_empty())
}

/// No history makes so many calls.
const UNKNOWN_CALL: u32 = 3_000_000_000;

fn unknown_answers(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let parameters = scene.parameters(run.peer().clone());
    let answer = Answer { ret_code: 0, result: "\"for nobody\"".into() };
    let answers = CallResults::from([(UNKNOWN_CALL, answer)]);
    let result = scene.subject.run(&scene.played.case.script, &run.after, b"", &parameters, &answers)?;
    let violation = |law| at_peer(Violation::new(law), run).part("answer", format!("#{UNKNOWN_CALL} = \"for nobody\""));
    // The code may be that of an error of the script.
    let is_reported = match scene.subject.is_own() {
        true => result.unknown_call_ids == [UNKNOWN_CALL],
        false => result.ret_code != 0 || !result.unknown_call_ids.is_empty(),
    };
    if !is_reported {
        return Err(violation("an answer to a call that was never made is reported"));
    }
    if !result.requests.is_empty() || !result.next_peers.is_empty() {
        return Err(violation("an answer to a call that was never made sets nothing off"));
    }
    let data = result.data.into();
    if !scene.alike(&data, &run.after)? {
        return Err(violation("an answer to a call that was never made changes nothing")
            .sides(("after it", &data), ("before", &run.after)));
    }
    Ok(true)
}

/// How often data are damaged at most.
const DAMAGES_MAX: u32 = 3;

/// Numbers that sizes and positions seldom are.
const NUMBERS: [u32; 6] = [u32::MAX, i32::MAX as u32, 1 << 24, 5_000_000, 7, 0];

/// Whether four bytes look like a small number, and then whether the great end comes first.
fn small(bytes: &[u8], at: usize) -> Option<bool> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    [(u32::from_be_bytes(four), true), (u32::from_le_bytes(four), false)]
        .into_iter()
        .find_map(|(number, big_endian)| (number < 256).then_some(big_endian))
}

/// Where a text has the digits of a number, and not of a name or a hash.
fn digits(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    for run in bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let until = from + run.len();
        let is_between = |before: &u8, after: &u8| b":,[".contains(before) && b",]}".contains(after);
        let around = from.checked_sub(1).and_then(|at| bytes.get(at)).zip(bytes.get(until));
        if run.first().is_some_and(u8::is_ascii_digit) && around.is_some_and(|(a, b)| is_between(a, b)) {
            found.push(from..until);
        }
        from = until;
    }
    found
}

/// Puts another number where data have one, in binary or in text; says whether they have any.
fn other_number(bytes: &mut Vec<u8>, choices: &mut dyn Choices) -> bool {
    let number = NUMBERS[choices.below(NUMBERS.len() as u32) as usize];
    let places: Vec<(usize, bool)> = (0..bytes.len()).filter_map(|at| Some((at, small(bytes, at)?))).collect();
    if !places.is_empty() {
        let (at, big_endian) = places[choices.below(places.len() as u32) as usize];
        let number = if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        bytes.iter_mut().skip(at).zip(number).for_each(|(byte, new)| *byte = new);
        return true;
    }
    let places = digits(bytes);
    if places.is_empty() {
        return false;
    }
    let place = places[choices.below(places.len() as u32) as usize].clone();
    bytes.splice(place, number.to_string().into_bytes());
    true
}

fn any_data(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let whole = if run.current.is_empty() { &run.after } else { &run.current };
    let previous: &[u8] = if choices.below(2) == 0 { b"" } else { &run.previous };
    let mut air = scene.played.case.script.clone();
    let mut bytes = whole.to_vec();
    let what = match choices.below(4) {
        0 => {
            // Some instruction of the script is a script, too.
            let tree = scene.played.script.tree();
            let node = tree.node_ids().nth(choices.below(tree.node_count() as u32) as usize);
            let Some(part) = node.and_then(|node| air.get(Range::from(tree.node(node).span))) else { return Ok(false) };
            air = part.into();
            "data of another script"
        }
        1 | 2 => {
            for _ in 0..choices.range(1..3) {
                if !other_number(&mut bytes, choices) {
                    return Ok(false);
                }
            }
            "other numbers"
        }
        _ => {
            bytes = damage(whole, DAMAGES_MAX, &mut choices);
            "damaged bytes"
        }
    };
    let parameters = scene.parameters(run.peer().clone());
    match scene.subject.run(&air, previous, &bytes, &parameters, &CallResults::new()) {
        Ok(_) => Ok(true),
        Err(error) => Err(at_peer(Violation::new("a run gives an outcome, whatever bytes it is given as data"), run)
            .part("the runner", error.to_string())
            .part("data", what)
            .part("script", &*air)),
    }
}

fn refusal(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let whole = if run.current.is_empty() { &run.after } else { &run.current };
    let damaged = damage(whole, DAMAGES_MAX, &mut choices);
    let result = scene.run_at(run.peer(), &run.previous, &damaged)?;
    if !result.is_given_up() {
        return Ok(false);
    }
    let violation = |law| {
        let error = format!("{}: {}", result.ret_code, result.error_message);
        let data = String::from_utf8_lossy(&damaged).into_owned();
        at_peer(Violation::new(law), run).part("error", error).part("damaged current data", data)
    };
    if *result.data != *run.previous {
        let data = result.data.clone().into();
        return Err(violation("a run that is given up returns the previous data")
            .sides(("returned", &data), ("previous", &run.previous)));
    }
    if !result.requests.is_empty() || !result.next_peers.is_empty() {
        return Err(violation("a run that is given up requests nothing and tells nobody"));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use airtight_generators::Seeded;

    #[test]
    fn numbers_in_text_and_in_binary_are_found() {
        let text = br#"{"format":1,"at":[12,3],"script":"15b9","values":["7"]}"#;
        let found: Vec<&[u8]> = digits(text).into_iter().map(|place| &text[place]).collect();
        assert_eq!(found, [&b"1"[..], b"12", b"3"]);
        for bytes in [&text[..], &[9, 0, 0, 0, 5]] {
            let mut changed = bytes.to_vec();
            assert!(other_number(&mut changed, &mut Seeded::new(1)) && changed != bytes);
        }
        assert!(!other_number(&mut b"no number".to_vec(), &mut Seeded::new(1)));
    }
}
