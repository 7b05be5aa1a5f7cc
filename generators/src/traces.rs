//! Traces: what peers know, from histories, cut down, and free.
//!
//! | source | what it gives | which laws hold there |
//! |---|---|---|
//! | [`of_history`] | data that honest peers held | all |
//! | [`cut`] | a part of such data that is closed downwards: nothing in it lacks what comes before it | those of merge; others as far as arguments are known |
//! | [`pair`] | two data of one history, whole or cut, that mostly know different things | the same |
//! | [`free`], [`family`] | any well-formed data of one shape: forged, disputed, overlapping | those of merge |
//! | [`data`] | free data in their envelope, with a journal | those of merge and of bytes |

use crate::{Choices, Event, History};
use airtight_engine::data::{
    Answer, ArgumentHash, Branch, Data, Draft, EventResult, Journal, Outcome, OutputKind, PlaceId, ScriptHash,
    SegmentId, SegmentKey, Shared, ValueId, decode,
};
use airtight_engine::value::{Json, Tetraplet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The shared parts of all data that runs of a history gave, each once, in the order in which they came about.
pub fn of_history(history: &History) -> Vec<Shared> {
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for event in &history.events {
        if let Event::Ran { result, .. } = event
            && let Ok(data) = decode(&result.data)
            && known.insert(data.shared().to_bytes())
        {
            found.push(data.shared().clone());
        }
    }
    found
}

/// A part of a trace that is closed downwards: each segment keeps its first places, and an iteration needs the value it
/// is for. Choice 0 keeps everything.
pub fn cut<C: Choices>(shared: &Shared, choices: &mut C) -> Shared {
    let mut draft = Draft::new();
    let mut lost: BTreeSet<ValueId> = BTreeSet::new();
    let mut work = vec![(shared.trace().root(), draft.root(), SegmentId::root(), false)];
    // Segments come after those around them; a value that was cut away takes its iterations along.
    while let Some((segment, key, id, is_lost)) = work.pop() {
        let places: Vec<_> = segment.collect();
        let dropped = match is_lost {
            true => places.len(),
            false if choices.chance(2, 5) => 1 + choices.below(places.len() as u32) as usize,
            false => 0,
        };
        let kept = places.len().saturating_sub(dropped);
        let mut children = Vec::new();
        for (step, place) in places.into_iter().enumerate() {
            let is_dropped = step >= kept;
            if is_dropped {
                lost.insert(id.place(step).into());
            } else {
                for claim in place.claims() {
                    draft.claim(key, step, &shared.stores().result(claim.result), claim.at);
                }
            }
            for (branch, child) in place.children() {
                let value = match branch {
                    Branch::Iteration(value) | Branch::Last(value) => Some(value),
                    Branch::Left | Branch::Right => None,
                };
                let is_lost = is_dropped || value.is_some_and(|value| lost.contains(&value));
                let child_key = if is_lost { key } else { draft.child(key, step, branch) };
                children.push((child, child_key, id.branch(step, branch), is_lost));
            }
        }
        work.extend(children.into_iter().rev());
    }
    draft.finish()
}

/// A trace of which only some events are kept, by their positions in [`Shared::events`].
pub fn only(shared: &Shared, keeps: impl Fn(usize) -> bool) -> Shared {
    let mut draft = Draft::new();
    let mut work = vec![(shared.trace().root(), draft.root(), 0_usize)];
    let mut event = 0;
    // Depth first, as events are listed: a segment is left where a child begins, and taken up again after it.
    while let Some((segment, key, step)) = work.pop() {
        let Some(place) = segment.clone().next() else { continue };
        for claim in place.claims() {
            if keeps(event) {
                draft.claim(key, step, &shared.stores().result(claim.result), claim.at);
            }
            event += 1;
        }
        let mut rest = segment;
        rest.next();
        work.push((rest, key, step + 1));
        let children: Vec<_> =
            place.children().map(|(branch, child)| (child, draft.child(key, step, branch), 0)).collect();
        work.extend(children.into_iter().rev());
    }
    draft.finish()
}

/// How often [`pair`] draws again where one of two data is part of the other.
const PAIR_TRIES: usize = 24;

/// Previous and current data for one run: parts of what the peers of a history know together, which mostly know different
/// things. `None` if there are no data; and mostly, if of all parts that were tried one held the other, because nothing
/// went on side by side.
pub fn pair<C: Choices>(known: &[Shared], choices: &mut C) -> Option<(Shared, Shared)> {
    let last = known.last()?;
    let all = known.iter().rev().fold(last.clone(), |all, data| all.merge(data));
    let draw = |choices: &mut C| match choices.below(8) {
        0 => known[choices.below(known.len() as u32) as usize].clone(),
        _ => cut(&all, choices),
    };
    for _ in 0..PAIR_TRIES {
        let (previous, current) = (draw(choices), draw(choices));
        if is_concurrent(&previous, &current) {
            return Some((previous, current));
        }
    }
    choices.chance(1, 4).then(|| (draw(choices), draw(choices)))
}

/// Whether each of two data knows what the other does not.
pub fn is_concurrent(a: &Shared, b: &Shared) -> bool {
    let support =
        |shared: &Shared| -> BTreeSet<_> { shared.events().map(|event| (event.place, event.result)).collect() };
    let (a, b) = (support(a), support(b));
    !a.is_subset(&b) && !b.is_subset(&a)
}

/// A segment of free data: the places and branches that lead to it.
type Path = Vec<(usize, Branch)>;

/// What free data are made of: a few segments, and a few results that share parts.
#[derive(Debug)]
struct Pool {
    segments: Vec<Path>,
    results: Vec<EventResult>,
}

impl Pool {
    fn draw<C: Choices>(choices: &mut C) -> Self {
        let mut segments: Vec<Path> = vec![Vec::new()];
        for _ in 0..choices.below(8) {
            let mut path = segments[choices.below(segments.len() as u32) as usize].clone();
            let step = choices.below(4) as usize;
            let value = |choices: &mut C| -> ValueId { SegmentId::root().place(choices.below(4) as usize).into() };
            let branch = match choices.below(6) {
                0 | 1 => Branch::Left,
                2 => Branch::Right,
                3 | 4 => Branch::Iteration(value(choices)),
                _ => Branch::Last(value(choices)),
            };
            path.push((step, branch));
            segments.push(path);
        }
        let results = (0..2 + choices.below(6)).map(|_| result(choices)).collect();
        Self { segments, results }
    }

    fn claim<C: Choices>(&self, draft: &mut Draft, choices: &mut C) {
        let path = &self.segments[choices.below(self.segments.len() as u32) as usize];
        let key = self.enter(draft, path);
        let result = &self.results[choices.below(self.results.len() as u32) as usize];
        draft.claim(key, choices.below(4) as usize, result, choices.below(4) as usize);
    }

    fn enter(&self, draft: &mut Draft, path: &Path) -> SegmentKey {
        let root = draft.root();
        path.iter().fold(root, |key, &(step, branch)| draft.child(key, step, branch))
    }
}

/// Any well-formed shared data.
pub fn free<C: Choices>(choices: &mut C) -> Shared {
    let pool = Pool::draw(choices);
    let mut draft = Draft::new();
    for _ in 0..choices.below(9) {
        pool.claim(&mut draft, choices);
    }
    draft.finish()
}

/// So many shared data made from one small pool of events, so that they overlap, dispute and differ in the order in which
/// they learned things.
pub fn family<C: Choices>(count: usize, choices: &mut C) -> Vec<Shared> {
    let pool = Pool::draw(choices);
    let events: Vec<_> = (0..4 + choices.below(8))
        .map(|_| {
            let segment = choices.below(pool.segments.len() as u32) as usize;
            (segment, choices.below(4) as usize, choices.below(pool.results.len() as u32) as usize)
        })
        .collect();
    let one = |choices: &mut C| {
        let mut draft = Draft::new();
        for _ in 0..choices.below(8) {
            let (segment, step, result) = events[choices.below(events.len() as u32) as usize];
            let key = pool.enter(&mut draft, &pool.segments[segment]);
            draft.claim(key, step, &pool.results[result], choices.below(4) as usize);
        }
        draft.finish()
    };
    (0..count).map(|_| one(choices)).collect()
}

/// Free data of a script in their envelope, with and without a journal; now and then nothing at all.
pub fn data<C: Choices>(script: ScriptHash, choices: &mut C) -> Data {
    if choices.chance(1, 20) {
        return Data::nothing();
    }
    let shared = free(choices);
    let journal = choices.chance(1, 2).then(|| journal(&shared, choices));
    Data::new(script, shared, journal)
}

/// What one peer might remember: open calls and answers, at places that the data have and at others.
fn journal<C: Choices>(shared: &Shared, choices: &mut C) -> Journal {
    let known: Vec<PlaceId> = shared.events().map(|event| event.place).collect();
    let place = |choices: &mut C| match known.get(choices.below(known.len() as u32 + 4) as usize) {
        Some(place) => *place,
        None => SegmentId::root().place(choices.below(9) as usize),
    };
    let mut journal = Journal::new(choices.pick(&["A", "B"]));
    for _ in 0..choices.below(5) {
        journal.request(place(choices));
    }
    if choices.below(2) == 1 {
        journal.settle(place(choices));
    }
    for _ in 0..choices.below(3) {
        let (ret_code, result) = choices.pick(&[(0, "1"), (1, "\"no\""), (0, "{oops"), (-1, ""), (i32::MAX, "é")]);
        journal.keep(place(choices), Answer { ret_code, result: result.into() });
    }
    journal
}

const VALUES: [&str; 10] =
    ["1", "\"a\"", "null", "true", "[]", "{}", "[1,\"\\\"\"]", "{\"k\":[1.5,\"é\"]}", "18446744073709551615", "-0.5"];

fn result<C: Choices>(choices: &mut C) -> EventResult {
    let json = |choices: &mut C| Json::parse(choices.pick(&VALUES).as_bytes()).unwrap_or(Json::Null);
    let peer = choices.pick(&["A", "B", "C"]);
    let call = |choices: &mut C| {
        let call = Tetraplet::call(peer, choices.pick(&["db", "net"]), choices.pick(&["get", "put"]));
        Arc::new(if choices.below(4) == 3 { Tetraplet { lens: ".$.x".into(), ..call } } else { call })
    };
    if choices.chance(1, 4) {
        let elements = (0..choices.below(3)).map(|_| (json(choices), call(choices))).collect();
        return EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer(peer)), elements };
    }
    let value = json(choices);
    EventResult::Call {
        outcome: if choices.chance(1, 4) { Outcome::Failure(value) } else { Outcome::Value(value) },
        tetraplet: call(choices),
        arguments: ArgumentHash::of([&json(choices)]),
        output: choices.pick(&[OutputKind::Scalar, OutputKind::Stream, OutputKind::Unused]),
    }
}
