//! The laws of answers: which call an answer is for, and what becomes of it.

use crate::Violation;
use crate::forgery::script_hash;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use airtight_engine::data::{Answer, Data, EventResult, Journal, Outcome, PlaceId, ResultIx, Shared, decode, encode};
use airtight_engine::invoke::CallResults;
use airtight_engine::value::Json;
use airtight_generators::Choices;
use airtight_generators::forge::{Claims, forge};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "journal",
        family: Family::Protocol,
        statement: "a peer's open calls stay open under their ids until they are answered; an answer becomes a result at \
                    its place or is kept for it; new calls get the next ids, and nothing else does",
        domain: "runs of a history, with honest and with forged current data",
        why: "no call is forgotten, none is made under an id that another one had, and no answer lands elsewhere",
        needs: Needs::Own,
        amount: Amount::Runs(16),
        check: journal,
    },
    Law {
        name: "answered-before",
        family: Family::Protocol,
        statement: "an answer to a call whose result came from elsewhere is consumed if it says the same, and disputes it \
                    if not; an answer given again is reported",
        domain: "open calls of a history, and the results that they have in the end",
        why: "a peer's own answer is never silently replaced by what others say it answered",
        needs: Needs::Own,
        amount: Amount::Sample(2),
        check: answered_before,
    },
];

/// What a peer alone knows, from data that it stored.
fn journal_of(data: &Data, peer: &Arc<str>) -> Journal {
    let own = data.journal().filter(|journal| journal.peer() == peer);
    own.cloned().unwrap_or_else(|| Journal::new(peer.clone()))
}

/// The results that calls of a peer have at a place.
fn results_at(shared: &Shared, place: PlaceId, peer: &str) -> Vec<Outcome<Json>> {
    let events = shared.events().filter(|event| event.place == place);
    let result = events.filter_map(|event| {
        let call = shared.stores().calls.find(&event.result)?;
        match shared.stores().result(ResultIx::Call(call)) {
            EventResult::Call { outcome, tetraplet, .. } if *tetraplet.peer == *peer => Some(outcome),
            _ => None,
        }
    });
    result.collect()
}

/// Whether a result is what an answer says; what is no JSON becomes a failure in the interpreter's words.
fn says(outcome: &Outcome<Json>, answer: &Answer) -> bool {
    match (outcome, answer.ret_code) {
        (Outcome::Value(value), 0) => Json::parse(answer.result.as_bytes()).is_ok_and(|json| json == *value),
        (Outcome::Failure(_), 0) => Json::parse(answer.result.as_bytes()).is_err(),
        (Outcome::Value(_), _) => false,
        (Outcome::Failure(failure), code) => {
            let fields = failure.as_object();
            let field = |name| fields.and_then(|fields| fields.get(name));
            field("message").and_then(Json::as_str) == Some(&*answer.result)
                && field("ret_code") == Some(&i64::from(code).into())
        }
    }
}

fn journal(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let (Ok(previous), Ok(current)) = (decode(&run.previous), decode(&run.current)) else { return Ok(false) };
    let (result, current, after): (_, Arc<[u8]>, Arc<[u8]>) = if choices.chance(1, 2) {
        let mut claims = Claims::of(current.shared());
        forge(&mut claims, 2, &mut choices);
        let current: Arc<[u8]> = encode(&Data::new(script_hash(scene), claims.to_shared(), None)).into();
        let script = &scene.played.case.script;
        let result = scene.subject.run(script, &run.previous, &current, &run.parameters, &run.answers)?;
        let after = result.data.as_slice().into();
        (result, current, after)
    } else {
        (run.result.clone(), run.current.clone(), run.after.clone())
    };
    if result.is_given_up() {
        return Ok(false);
    }
    let peer = run.peer();
    let violation = |law| {
        Violation::new(law)
            .part("peer", &**peer)
            .part("answers", format!("{:?}", run.answers))
            .shows("previous", &run.previous)
            .shows("current", &current)
            .shows("after the run", &after)
    };
    let Ok(data) = decode(&after) else { return Err(violation("what a run gives is data")) };
    let (before, now) = (journal_of(&previous, peer), journal_of(&data, peer));
    if data.journal().is_some_and(|journal| journal.peer() != peer) {
        return Err(violation("a peer's data have its own journal"));
    }
    // New calls get the next ids, one after the other.
    let new: Vec<u32> = result.requests.keys().copied().filter(|id| before.place(*id).is_none()).collect();
    if !run.parameters.repeat_requests && new.len() != result.requests.len() {
        return Err(violation("what was requested is not requested again"));
    }
    let next = before.next_call_id();
    if !new.iter().copied().eq((next..).take(new.len())) || now.next_call_id() != next + new.len() as u32 {
        return Err(violation("new calls get the next ids"));
    }
    if result.requests.keys().any(|id| now.place(*id).is_none()) {
        return Err(violation("what is requested is open"));
    }
    if now.pending().any(|(id, place)| !new.contains(&id) && before.place(id) != Some(place)) {
        return Err(violation("only what was requested is open"));
    }
    let unknown: BTreeSet<u32> = result.unknown_call_ids.iter().copied().collect();
    for (id, _) in run.answers.iter().filter(|(id, _)| before.place(**id).is_none()) {
        if !unknown.contains(id) || result.ret_code == 0 {
            return Err(violation("an answer to a call that is not open is reported").part("call", id.to_string()));
        }
    }
    for (id, place) in before.pending() {
        let kept = before.answer(place);
        let answer = kept.or_else(|| run.answers.get(&id));
        let part = |law| violation(law).part("call", format!("#{id} at {place}"));
        if now.place(id) == Some(place) {
            if now.answer(place) != answer {
                return Err(part("an answer is kept until its place is reached"));
            }
            continue;
        }
        let Some(answer) = answer else { return Err(part("an open call stays open until it is answered")) };
        if !results_at(data.shared(), place, peer).iter().any(|outcome| says(outcome, answer)) {
            return Err(part("an answer becomes a result of its call, at its place"));
        }
        if kept.is_none() && unknown.contains(&id) {
            return Err(part("an answer to an open call is not reported"));
        }
    }
    Ok(before.pending().len() > 0)
}

/// The answer that gives this result, if one does.
fn answer_for(outcome: &Outcome<Json>) -> Option<Answer> {
    match outcome {
        Outcome::Value(value) => Some(Answer { ret_code: 0, result: value.to_text().into() }),
        Outcome::Failure(failure) => {
            let fields = failure.as_object()?;
            let Json::Number(code) = fields.get("ret_code")? else { return None };
            let ret_code = i32::try_from(code.as_i64()?).ok().filter(|code| *code != i32::MAX)?;
            Some(Answer { ret_code, result: fields.get("message")?.as_str()?.into() })
        }
    }
}

fn answered_before(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let Some(last) = scene.played.known_last() else { return Ok(false) };
    let (Ok(after), Ok(last)) = (decode(&run.after), decode(&last)) else { return Ok(false) };
    let peer = run.peer();
    let open: Vec<_> = journal_of(&after, peer).pending().collect();
    let Some(&(id, place)) = open.get(choices.below(open.len() as u32) as usize) else { return Ok(false) };
    // A call that was asked for twice, by a peer that lost its data, may have two results.
    let [outcome] = &results_at(last.shared(), place, peer)[..] else { return Ok(false) };
    let Some(answer) = answer_for(outcome) else { return Ok(false) };
    let journal = journal_of(&after, peer);
    if journal.answer(place).is_some() || !results_at(after.shared(), place, peer).is_empty() {
        return Ok(false);
    }
    // All of this peer's later data but this result are left out.
    let mut claims = Claims::of(last.shared());
    let spots: Vec<_> =
        claims.all().iter().map(|claim| claim.spot).filter(|spot| claims.place(*spot) == place).collect();
    claims.retain(|claim| spots.contains(&claim.spot));
    let told: Arc<[u8]> = encode(&Data::new(script_hash(scene), claims.to_shared(), None)).into();
    let nothing: Arc<[u8]> = Arc::default();
    let script = &scene.played.case.script;
    let parameters = scene.parameters(peer.clone());
    let violation = |law| {
        Violation::new(law)
            .part("peer", &**peer)
            .part("call", format!("#{id} at {place}"))
            .part("answer", format!("{answer:?}"))
            .shows("previous", &run.after)
            .shows("the result from elsewhere", &told)
    };
    let results = |data: &[u8]| decode(data).map(|data| results_at(data.shared(), place, peer)).unwrap_or_default();
    let is_open = |data: &[u8]| decode(data).is_ok_and(|data| journal_of(&data, peer).place(id).is_some());
    // The result and the answer may come together, or one after the other.
    let together = choices.chance(1, 2);
    let (previous, current) = if together {
        (run.after.clone(), told.clone())
    } else {
        let first = scene.run_at(peer, &run.after, &told)?;
        if first.is_given_up() {
            return Ok(false);
        }
        if results(&first.data).len() != 1 || !is_open(&first.data) || !first.disputed.is_empty() {
            return Err(violation("a result from elsewhere leaves the call open, which will be answered"));
        }
        (first.data.into(), nothing.clone())
    };
    let mut run_with = |previous: &[u8], current: &[u8], answer: &Answer| {
        scene.subject.run(script, previous, current, &parameters, &CallResults::from([(id, answer.clone())]))
    };
    let same = run_with(&previous, &current, &answer)?;
    if same.is_given_up() {
        return Ok(false);
    }
    if !same.disputed.is_empty()
        || results(&same.data).len() != 1
        || is_open(&same.data)
        || !same.unknown_call_ids.is_empty()
    {
        return Err(violation("an answer that says what is known is consumed"));
    }
    let other = Answer { ret_code: 0, result: "\"another answer\"".into() };
    if !says(outcome, &other) {
        let disputed = run_with(&previous, &current, &other)?;
        let known = results(&disputed.data);
        if !disputed.is_given_up()
            && (!disputed.disputed.contains(&place) || known.len() != 2 || is_open(&disputed.data))
        {
            return Err(violation("an answer that says otherwise disputes what is known"));
        }
    }
    for again in [&answer, &other] {
        let twice = run_with(&same.data, b"", again)?;
        if twice.unknown_call_ids != [id] || results(&twice.data).len() != 1 {
            return Err(violation("an answer that is given again is reported, and changes nothing"));
        }
    }
    Ok(true)
}
