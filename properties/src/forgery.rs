//! The laws of data that no honest history made.
//!
//! Data carry no signatures, so whoever sends them may say anything. What it says is kept, for nothing is ever dropped;
//! whether it is *taken* is decided by what the script computes:
//!
//! | what somebody claims | what becomes of it |
//! |---|---|
//! | something that fits nothing the script asks for there | named as not taken, and nothing else is different |
//! | something else than another claim that fits as well | named as disputed; what depends on it waits, the rest goes on |
//! | something about another script | the run is given up |
//! | something about calls that a peer asked for | nothing: a peer believes its own journal only |
//!
//! [`forge`](mod@airtight_generators::forge) makes such data: honest ones that were tampered with, and those of
//! another history of the same script, in which services answered otherwise.

use crate::Violation;
use crate::free::learned;
use crate::law::{Amount, Family, Law, Needs};
use crate::merge::{order_kept, word_law_over};
use crate::scene::{Letter, OBSERVER, Product, Scene};
use airtight_engine::data::{
    Answer, ArgumentHash, Branch, ContentId, Data, EventResult, Journal, Outcome, OutputKind, PlaceId, ResultIx,
    ScriptHash, Shared, decode, encode,
};
use airtight_engine::execute::{CallState, CanonState, Executed, Pending, Rendered, render};
use airtight_engine::invoke::{CallRequest, CallResults, InterpreterResult};
use airtight_engine::script::Kind;
use airtight_engine::value::{Json, Tetraplet};
use airtight_generators::Choices;
use airtight_generators::forge::{Claims, PlacedClaim, Spot, forge, misfit, rival};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "forged-word-law",
        family: Family::Merge,
        statement: "a word over data, forged or not, is the product of its first occurrences from the left",
        domain: "words of up to 6 data of one script: honest, tampered with, of another history",
        why: "no lie makes peers differ that got the same messages",
        needs: Needs::Own,
        amount: Amount::Sample(4),
        check: forged_word_law,
    },
    Law {
        name: "forged-merge",
        family: Family::Merge,
        statement: "events(a·b) = events(a) ∪ events(b), a first, then what b adds in its order; (a·b)·(b·a) = a·b; \
                    and f_p(a, b) = a·b for a bystander p",
        domain: "pairs of data of one script: honest, tampered with, of another history",
        why: "what somebody claims can be held against him, and pushes nothing out",
        needs: Needs::Own,
        amount: Amount::Sample(4),
        check: forged_merge,
    },
    Law {
        name: "not-taken",
        family: Family::Execution,
        statement: "a claim that does not fit what the script computes is kept and named, and nothing else is different",
        domain: "runs of a history, with such a claim in the current data: beside an event, instead of one, at a place \
                 that waits, at a `par`, fold or `ap`",
        why: "nobody can make a peer believe a result of another call, or stop it with one",
        needs: Needs::Own,
        amount: Amount::Sample(6),
        check: not_taken,
    },
    Law {
        name: "disputes-wait",
        family: Family::Execution,
        statement: "two claims that fit one place are named as disputed, at every peer and in either order; but for that, \
                    the run is the one without them",
        domain: "data of a history, without disputes, with a second result at the place of an event",
        why: "nobody acts on one of two contradicting results, and who contradicts himself stops nobody else",
        needs: Needs::Own,
        amount: Amount::Sample(4),
        check: disputes_wait,
    },
    Law {
        name: "foreign-data",
        family: Family::Execution,
        statement: "data of another script are refused with code 20000, the previous data back; no request, nobody to tell",
        domain: "runs of a history whose previous or current data are said to be of another script",
        why: "results of one script are never taken for those of another one",
        needs: Needs::Own,
        amount: Amount::Sample(2),
        check: foreign_data,
    },
    Law {
        name: "foreign-journals",
        family: Family::Execution,
        statement: "journals in current data, and journals of other peers in previous data, change nothing",
        domain: "runs of a history with such a journal and with answers to calls it lists; ids up to the greatest",
        why: "nobody can make a peer believe that it made a call, or give an answer for it",
        needs: Needs::Own,
        amount: Amount::Sample(3),
        check: foreign_journals,
    },
];

/// How often data are tampered with at most.
const EDITS_MAX: u32 = 3;

/// How many data a word is drawn from at most.
const POOL_MAX: u32 = 4;

/// The bytes of a shared part as data of the script, without journal.
fn wrap(hash: ScriptHash, shared: Shared) -> Arc<[u8]> {
    encode(&Data::new(hash, shared, None)).into()
}

pub(crate) fn script_hash(scene: &Scene<'_>) -> ScriptHash {
    ScriptHash::of(scene.played.case.script.as_bytes())
}

/// What data come to, for whoever looks from outside.
pub(crate) fn rendered(scene: &Scene<'_>, data: &Data) -> Option<Rendered> {
    let parameters = scene.parameters(OBSERVER);
    render(&scene.played.script, data, &parameters.peer(), parameters.limits).ok()
}

/// Data of this history or of another one, or what forgers made of such; nothing if there are none.
fn any_data(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<Option<Letter>, Violation> {
    let kind = choices.weighted(&[2, 5, 1, 2]);
    let letters = scene.letters()?;
    let mut letter = letters.get(choices.below(letters.len() as u32) as usize).cloned();
    if kind >= 2 {
        let others = scene.elsewhere()?;
        if let Some(other) = others.get(choices.below(others.len() as u32) as usize) {
            letter = Some(Letter { data: scene.subject.merge(b"", other)?, run: usize::MAX });
        }
    }
    let Some(letter) = letter else { return Ok(None) };
    if kind == 0 || kind == 2 {
        return Ok(Some(letter));
    }
    let Ok(data) = decode(&letter.data) else { return Ok(None) };
    let mut claims = Claims::of(data.shared());
    forge(&mut claims, EDITS_MAX, &mut choices);
    Ok(Some(Letter { data: wrap(script_hash(scene), claims.to_shared()), run: usize::MAX }))
}

fn forged_word_law(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let mut pool: Vec<Letter> = Vec::new();
    for _ in 0..choices.range(2..POOL_MAX + 1) {
        let Some(letter) = any_data(scene, choices)? else { return Ok(false) };
        // A word names letters by their data.
        if !pool.iter().any(|known| known.data == letter.data) {
            pool.push(letter);
        }
    }
    word_law_over(scene, &pool, choices, Product::Merge)
}

fn forged_merge(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(a) = any_data(scene, choices)? else { return Ok(false) };
    let Some(b) = any_data(scene, choices)? else { return Ok(false) };
    let (a, b) = (a.data, b.data);
    let ab = scene.product(Product::Merge, &a, &b)?;
    let ba = scene.product(Product::Merge, &b, &a)?;
    let violation = |law| Violation::new(law).shows("a", &a).shows("b", &b).shows("a·b", &ab);
    let (Ok(of_a), Ok(of_b), Ok(of_ab)) = (decode(&a), decode(&b), decode(&ab)) else {
        return Err(violation("a product of data is data"));
    };
    let (of_a, of_b, of_ab) = (learned(of_a.shared()), learned(of_b.shared()), learned(of_ab.shared()));
    let union: BTreeSet<_> = of_a.keys().chain(of_b.keys()).collect();
    if !of_ab.keys().eq(union) {
        return Err(violation("events(a·b) = events(a) ∪ events(b)"));
    }
    let held = order_kept(&of_a, &of_b, &of_ab).map_err(|what| {
        violation("what only b knew is learned after everything a knew, in the order of b").part("what is wrong", what)
    })?;
    let both = scene.product(Product::Merge, &ab, &ba)?;
    if both != ab {
        return Err(violation("(a·b)·(b·a) = a·b").sides(("(a·b)·(b·a)", &both), ("a·b", &ab)));
    }
    let run = scene.run_at(&OBSERVER.into(), &a, &b)?;
    if !run.is_given_up() {
        let data = scene.subject.merge(b"", &run.data)?;
        if data != ab {
            return Err(violation("f_p(a, b) = a·b for a bystander p").sides(("f_p(a, b)", &data), ("a·b", &ab)));
        }
    }
    Ok(held)
}

// what does not fit

/// After so many steps without anything known the rest of a segment is not searched.
const GAP_MAX: usize = 3;

/// How many iterations of a fold are searched.
const ITERATIONS_MAX: usize = 32;

/// Where the instructions stand that data come to, with what became of each, if it has a state.
fn locate<'r>(rendered: &'r Rendered, claims: &mut Claims) -> Vec<(Spot, Option<&'r Executed>)> {
    let mut known: BTreeMap<PlaceId, Option<&Executed>> =
        rendered.pending.iter().map(|pending| (pending.place, None)).collect();
    known.extend(rendered.states.iter().map(|state| (state.place, Some(&state.executed))));
    let mut found = Vec::new();
    let mut open = vec![claims.root()];
    while let Some(mut spot) = open.pop() {
        let mut missed = 0;
        while missed < GAP_MAX {
            missed += 1;
            if let Some(executed) = known.get(&claims.place(spot)) {
                missed = 0;
                found.push((spot, *executed));
                match executed {
                    Some(Executed::Par(..)) => {
                        open.push(claims.open(spot, Branch::Left));
                        open.push(claims.open(spot, Branch::Right));
                    }
                    Some(Executed::Fold(lore)) => {
                        for entry in lore.iter().take(ITERATIONS_MAX) {
                            let Some(state) = rendered.states.get(entry.pos) else { continue };
                            open.push(claims.open(spot, Branch::Iteration(state.place.into())));
                            open.push(claims.open(spot, Branch::Last(state.place.into())));
                        }
                    }
                    _ => {}
                }
            }
            spot = claims.after(spot);
        }
    }
    found
}

/// A result that no script asks for.
fn made_up() -> EventResult {
    EventResult::Call {
        outcome: Outcome::Value(Json::from("forged")),
        tetraplet: Arc::new(Tetraplet::call("a forger", "forged", "forged")),
        arguments: ArgumentHash::of([]),
        output: OutputKind::Scalar,
    }
}

/// The events of data at a place.
fn events_at(shared: &Shared, place: PlaceId) -> Vec<EventResult> {
    let stores = shared.stores();
    let result = |id: &ContentId| {
        let call = stores.calls.find(id).map(ResultIx::Call);
        Some(stores.result(call.or_else(|| stores.canons.find(id).map(ResultIx::Canon))?))
    };
    shared.events().filter(|event| event.place == place).filter_map(|event| result(&event.result)).collect()
}

fn set(places: &[PlaceId]) -> BTreeSet<PlaceId> {
    places.iter().copied().collect()
}

/// Whether two runs say the same, but for the data and the places that they name.
fn same_words(a: &InterpreterResult, b: &InterpreterResult) -> Result<(), &'static str> {
    for (what, same) in [
        ("the error", (a.ret_code, &a.error_message) == (b.ret_code, &b.error_message)),
        ("the requests", a.requests == b.requests),
        ("the peers to tell", a.next_peers == b.next_peers),
        ("the unknown answers", a.unknown_call_ids == b.unknown_call_ids),
        ("the disputes", set(&a.disputed) == set(&b.disputed)),
        ("what waits", a.waiting == b.waiting),
    ] {
        if !same {
            return Err(what);
        }
    }
    Ok(())
}

/// What data come to, but for the blocks of events.
fn states(rendered: &Rendered) -> Vec<(PlaceId, &Executed)> {
    rendered.states.iter().map(|state| (state.place, &state.executed)).collect()
}

fn not_taken(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let Ok(current) = decode(&run.current) else { return Ok(false) };
    let mut claims = Claims::of(current.shared());
    let removed = if choices.chance(1, 2) { claims.pick(&mut choices).cloned() } else { None };
    if let Some(removed) = &removed {
        claims.clear(removed.spot);
    }
    let hash = script_hash(scene);
    let base: Arc<[u8]> = encode(&Data::new(hash, claims.to_shared(), None)).into();
    let script = &scene.played.case.script;
    let without = scene.subject.run(script, &run.previous, &base, &run.parameters, &run.answers)?;
    if without.is_given_up() {
        return Ok(false);
    }
    // Places that the run comes to, with what is there after it: its answers and canons count.
    let Ok(after) = decode(&without.data) else { return Ok(false) };
    let Some(seen) = rendered(scene, &after) else { return Ok(false) };
    let spots = locate(&seen, &mut claims);
    let again = removed.as_ref().and_then(|removed| spots.iter().find(|(spot, _)| *spot == removed.spot));
    let (spot, executed) = match again {
        Some(again) if choices.chance(1, 2) => *again,
        _ => {
            // Where something waits, a claim does most harm.
            let waiting: Vec<_> = spots.iter().filter(|(_, executed)| executed.is_none()).collect();
            let any = spots.get(choices.below(spots.len() as u32) as usize);
            let waiting = waiting.get(choices.below(waiting.len() as u32) as usize).copied();
            match waiting.filter(|_| choices.chance(1, 2)).or(any) {
                Some(spot) => *spot,
                None => return Ok(false),
            }
        }
    };
    let place = claims.place(spot);
    let Some(lie) = lie(scene, place, executed, &seen, &after, removed, choices) else { return Ok(false) };
    claims.add(spot, lie, choices.below(claims.blocks() as u32 + 1) as usize);
    let forged: Arc<[u8]> = encode(&Data::new(hash, claims.to_shared(), None)).into();
    let with = scene.subject.run(script, &run.previous, &forged, &run.parameters, &run.answers)?;
    let violation = |law| {
        Violation::new(law)
            .part("peer", &**run.peer())
            .part("place", place.to_string())
            .shows("previous", &run.previous)
            .shows("current, with the claim", &forged)
            .shows("current, without it", &base)
    };
    if let Err(what) = same_words(&without, &with) {
        return Err(violation("a claim that does not fit changes nothing").part("different", what));
    }
    let (named, others) = (set(&with.not_taken), set(&without.not_taken));
    if !named.contains(&place) {
        return Err(violation("a claim that does not fit is named as not taken"));
    }
    if named.iter().any(|other| *other != place && !others.contains(other)) || !others.is_subset(&named) {
        return Err(violation("no other claim is named for one that does not fit"));
    }
    let (without, Ok(with)) = (after, decode(&with.data)) else {
        return Err(violation("what a run gives is data"));
    };
    let mut expected: BTreeSet<_> = learned(without.shared()).into_keys().collect();
    expected.extend(decode(&forged).iter().flat_map(|data| learned(data.shared()).into_keys()));
    if !learned(with.shared()).into_keys().eq(expected) {
        return Err(violation("a claim that does not fit is kept"));
    }
    match rendered(scene, &with) {
        Some(with) if states(&seen) == states(&with) => Ok(true),
        _ => Err(violation("a claim that does not fit changes nothing of what data come to")),
    }
}

/// A claim that does not fit at a place, if one can be had that surely does not.
fn lie(
    scene: &Scene<'_>,
    place: PlaceId,
    executed: Option<&Executed>,
    seen: &Rendered,
    after: &Data,
    removed: Option<PlacedClaim>,
    mut choices: &mut dyn Choices,
) -> Option<EventResult> {
    if let Some(Executed::Par(..) | Executed::Fold(_) | Executed::Ap { .. }) = executed {
        return Some(removed.map_or_else(made_up, |removed| removed.result));
    }
    let known = events_at(after.shared(), place);
    if let Some(event) = known.first() {
        // Another claim may be there that is not taken; of an event, some change does not fit.
        return (known.len() == 1).then(|| misfit(event, &mut choices));
    }
    // Nothing is known yet, but what will happen there may be known in the end, or was just taken out.
    let in_the_end = || {
        let last = scene.played.known_last()?;
        events_at(decode(&last).ok()?.shared(), place).pop()
    };
    let truth = removed.filter(|_| choices.chance(1, 2)).map(|removed| removed.result);
    let truth = truth.or_else(in_the_end).unwrap_or_else(made_up);
    let knows_all = seen
        .pending
        .iter()
        .filter(|pending| pending.place == place)
        .all(|pending| pending.arguments.iter().all(Option::is_some));
    // Where arguments are missing, nothing fits, the truth neither.
    let lie = if knows_all || choices.chance(1, 2) { misfit(&truth, &mut choices) } else { truth };
    // What is no result of the call that it was made of may be one of a canon that waits here: any elements are.
    let fits_canon = |pending: &Pending| match &lie {
        EventResult::Canon { tetraplet, .. } => **tetraplet == Tetraplet::peer(pending.peer.clone()),
        EventResult::Call { .. } => false,
    };
    let tree = scene.played.script.tree();
    let mut canons = seen.pending.iter().filter(|pending| tree.node(pending.node).kind == Kind::Canon);
    (!canons.any(|pending| pending.place == place && fits_canon(pending))).then_some(lie)
}

// what contradicts

/// What a state says, but for how many others lie in it.
fn fixed(executed: &Executed) -> Executed {
    match executed {
        Executed::Par(..) => Executed::Par(0, 0),
        Executed::Fold(_) => Executed::Fold(Vec::new()),
        other => other.clone(),
    }
}

fn is_taken(executed: Option<&Executed>) -> bool {
    match executed {
        Some(Executed::Call(state)) => !matches!(state, CallState::Requested { .. } | CallState::Pending { .. }),
        Some(Executed::Canon(state)) => matches!(state, CanonState::Executed { .. }),
        _ => false,
    }
}

/// The requests of a run by the place they are for, and the rest of what it gave.
fn requests_by_place(result: &InterpreterResult, after: &Data) -> BTreeMap<PlaceId, CallRequest> {
    let journal = after.journal();
    let placed = result.requests.iter().filter_map(|(id, request)| Some((journal?.place(*id)?, request.clone())));
    placed.collect()
}

fn disputes_wait(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let letters = scene.letters()?;
    let Some(letter) = letters.get(choices.below(letters.len() as u32) as usize) else { return Ok(false) };
    let Ok(honest) = decode(&letter.data) else { return Ok(false) };
    let claims = Claims::of(honest.shared());
    let Some(event) = claims.pick(&mut choices).cloned() else { return Ok(false) };
    let place = claims.place(event.spot);
    let Some(seen) = rendered(scene, &honest) else { return Ok(false) };
    let state = seen.states.iter().find(|state| state.place == place).map(|state| &state.executed);
    // Who lost its data may have contradicted itself already.
    if !is_taken(state) || !seen.disputed.is_empty() {
        return Ok(false);
    }
    let hash = script_hash(scene);
    let of = |claims: &Claims| wrap(hash, claims.to_shared());
    let without = {
        let mut claims = claims.clone();
        claims.clear(event.spot);
        of(&claims)
    };
    let other = rival(&event.result, &mut choices);
    let contradicting = {
        let mut claims = claims.clone();
        claims.clear(event.spot);
        claims.add(event.spot, other.clone(), choices.below(claims.blocks() as u32 + 1) as usize);
        of(&claims)
    };
    let both = {
        let mut claims = claims.clone();
        claims.add(event.spot, other, choices.below(claims.blocks() as u32 + 1) as usize);
        of(&claims)
    };
    let nothing: Arc<[u8]> = Arc::default();
    let (previous, current, base_previous, base_current) = match choices.below(4) {
        0 => (&nothing, &both, &nothing, &without),
        1 => (&both, &nothing, &without, &nothing),
        2 => (&letter.data, &contradicting, &without, &without),
        _ => (&contradicting, &letter.data, &without, &without),
    };
    let mut peers: Vec<Arc<str>> = scene.played.peers().collect();
    peers.push(OBSERVER.into());
    let owner = match &event.result {
        EventResult::Call { tetraplet, .. } | EventResult::Canon { tetraplet, .. } => tetraplet.peer.clone(),
    };
    if let EventResult::Canon { .. } = event.result {
        // Without the claims, that peer would fix it anew.
        peers.retain(|peer| *peer != owner);
    }
    let Some(peer) = peers.get(choices.below(peers.len() as u32) as usize).cloned() else { return Ok(false) };
    let with = scene.run_at(&peer, previous, current)?;
    let base = scene.run_at(&peer, base_previous, base_current)?;
    if base.is_given_up() {
        return Ok(false);
    }
    let violation = |law| {
        Violation::new(law)
            .part("peer", &*peer)
            .part("place", place.to_string())
            .shows("previous", previous)
            .shows("current", current)
            .shows("without the disputed claims", &without)
    };
    if set(&with.disputed) != BTreeSet::from([place]) {
        return Err(violation("two claims that fit are named as disputed"));
    }
    let (Ok(after), Ok(base_after)) = (decode(&with.data), decode(&base.data)) else {
        return Err(violation("what a run gives is data"));
    };
    let (requests, mut expected) = (requests_by_place(&with, &after), requests_by_place(&base, &base_after));
    expected.remove(&place);
    if requests != expected || requests.len() != with.requests.len() {
        return Err(violation("nothing is requested that depends on a dispute, and all the rest is"));
    }
    if (with.ret_code, &with.error_message) != (base.ret_code, &base.error_message) {
        return Err(violation("a dispute is as if nothing had happened there").part("different", "the error"));
    }
    let misfits = |result: &InterpreterResult| {
        let mut places = set(&result.not_taken);
        places.remove(&place);
        places
    };
    if misfits(&with) != misfits(&base) {
        return Err(violation("a dispute is as if nothing had happened there").part("different", "what is not taken"));
    }
    let told = |result: &InterpreterResult| {
        result.next_peers.iter().filter(|peer| **peer != owner).cloned().collect::<Vec<_>>()
    };
    // Where one claim came with each side, each side alone showed more.
    if (previous.is_empty() || current.is_empty()) && told(&with) != told(&base) {
        return Err(violation("a dispute is as if nothing had happened there").part("different", "the peers to tell"));
    }
    let (mut known, base_known) = (learned(after.shared()), learned(base_after.shared()));
    known.retain(|(at, _), _| *at != place);
    let kept = known.into_keys().eq(base_known.into_keys().filter(|(at, _)| *at != place));
    if !kept || events_at(after.shared(), place).len() != 2 {
        return Err(violation("what is disputed is kept, and all the rest"));
    }
    match (rendered(scene, &after), rendered(scene, &base_after)) {
        (Some(after), Some(base)) => {
            let seen = |rendered: &Rendered| -> Vec<(PlaceId, Executed)> {
                let states = rendered.states.iter().filter(|state| state.place != place);
                states.map(|state| (state.place, fixed(&state.executed))).collect()
            };
            if seen(&after) == seen(&base) {
                return Ok(true);
            }
            Err(violation("a dispute is as if nothing had happened there").part("different", "what data come to"))
        }
        _ => Err(violation("disputed data can be looked at")),
    }
}

// what is somebody else's

fn foreign_data(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let (Ok(previous), Ok(current)) = (decode(&run.previous), decode(&run.current)) else { return Ok(false) };
    let other = ScriptHash::of(format!("{} ", scene.played.case.script).as_bytes());
    let say = |data: &Data| -> Arc<[u8]> {
        let (shared, journal) = data.clone().into_parts();
        encode(&Data::new(other, shared, journal)).into()
    };
    let (previous, current) = match choices.below(3) {
        0 => (run.previous.clone(), say(&current)),
        1 => (say(&previous), run.current.clone()),
        // Both agree with each other, and not with the script.
        _ => (say(&previous), say(&current)),
    };
    let script = &scene.played.case.script;
    let result = scene.subject.run(script, &previous, &current, &run.parameters, &run.answers)?;
    let violation = |law| {
        let outcome = format!("{}: {}", result.ret_code, result.error_message);
        Violation::new(law).part("outcome", outcome).shows("previous", &previous).shows("current", &current)
    };
    if result.ret_code != 20000 || *result.data != *previous {
        return Err(violation("data of another script are refused, the previous data back"));
    }
    if !result.requests.is_empty() || !result.next_peers.is_empty() || result.error_message.is_empty() {
        return Err(violation("data of another script make nobody do anything"));
    }
    let own = wrap(script_hash(scene), Shared::default());
    if scene.subject.merge(&own, &say(&Data::nothing())).is_ok() {
        return Err(violation("data of two scripts have no product"));
    }
    Ok(true)
}

/// A journal that lies: some places are pending under some ids, some have answers.
fn false_journal(peer: Arc<str>, places: &[PlaceId], choices: &mut dyn Choices) -> Option<(Journal, CallResults)> {
    let mut id = 0_u32;
    let (mut pending, mut answers, mut given) = (Vec::new(), BTreeMap::new(), CallResults::new());
    let answer = Answer { ret_code: 0, result: "\"forged\"".into() };
    for place in places {
        id = match choices.below(4) {
            0 => id.checked_add(2)?,
            1 if id < u32::MAX - 9 => u32::MAX - 8,
            _ => id.checked_add(1)?,
        };
        pending.push((id, *place));
        if choices.chance(1, 3) {
            answers.insert(*place, answer.clone());
        }
        if choices.chance(1, 3) {
            given.insert(id, answer.clone());
        }
    }
    let next = if choices.chance(1, 3) { u32::MAX } else { id.checked_add(1)? };
    Some((Journal::from_entries(peer, next, pending, answers).ok()?, given))
}

fn foreign_journals(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let (Ok(previous), Ok(current)) = (decode(&run.previous), decode(&run.current)) else { return Ok(false) };
    let hash = script_hash(scene);
    // The places where something is pending after the run, and one that does not exist.
    let Some(seen) = decode(&run.after).ok().and_then(|after| rendered(scene, &after)) else { return Ok(false) };
    let mut places: Vec<PlaceId> = seen.pending.iter().map(|pending| pending.place).take(4).collect();
    places.push(PlaceId::from_bytes([7; 16]));
    places.dedup();
    places = places.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let in_current = choices.chance(1, 2);
    let peer = if in_current && choices.chance(2, 3) { run.peer().clone() } else { OBSERVER.into() };
    let Some((journal, given)) = false_journal(peer, &places, choices) else { return Ok(false) };
    let with = |data: &Data, journal: Option<Journal>| encode(&Data::new(hash, data.shared().clone(), journal));
    let mut answers = run.answers.clone();
    let asked: BTreeSet<u32> = match previous.journal() {
        Some(own) if in_current && own.peer() == run.peer() => own.pending().map(|(id, _)| id).collect(),
        _ => BTreeSet::new(),
    };
    let lies: Vec<u32> = given.keys().copied().filter(|id| !asked.contains(id)).collect();
    for id in &lies {
        answers.extend(given.get(id).map(|answer| (*id, answer.clone())));
    }
    let (with, without) = if in_current {
        let previous = run.previous.to_vec();
        ((previous.clone(), with(&current, Some(journal))), (previous, with(&current, None)))
    } else {
        let current = run.current.to_vec();
        ((with(&previous, Some(journal)), current.clone()), (with(&previous, None), current))
    };
    let script = &scene.played.case.script;
    let mut run_with = |(previous, current): &(Vec<u8>, Vec<u8>)| {
        scene.subject.run(script, previous, current, &run.parameters, &answers)
    };
    let (result, expected) = (run_with(&with)?, run_with(&without)?);
    let violation = |law| {
        Violation::new(law)
            .part("peer", &**run.peer())
            .part("answers", format!("{answers:?}"))
            .shows("previous", &with.0.as_slice().into())
            .shows("current", &with.1.as_slice().into())
    };
    // A run that is given up gives back what it had, whatever that is.
    if expected.is_given_up() {
        return Ok(false);
    }
    if result != expected {
        return Err(violation("journals of others change nothing"));
    }
    let unknown: BTreeSet<u32> = result.unknown_call_ids.iter().copied().collect();
    if lies.iter().any(|id| !unknown.contains(id)) || (!lies.is_empty() && result.ret_code == 0) {
        return Err(violation("answers to calls that only journals of others list are reported"));
    }
    Ok(true)
}
