//! Traces: what peers know, from histories, cut down, and free.
//!
//! | source | what it gives | which laws hold there |
//! |---|---|---|
//! | [`of_history`] | data that honest peers held | all |
//! | [`cut`] | a part of such data that is closed downwards: nothing in it lacks what comes before it | those of merge; others as far as arguments are known |
//! | [`pair`] | two data of one history, whole or cut, that mostly know different things | the same |
//! | [`free`], [`family`] | any well-formed data of one shape: forged, disputed, overlapping | those of merge |
//! | [`data`] | free data in their envelope, with a journal | those of merge and of bytes |

pub use crate::free::{data, family, free};

use crate::{Choices, Event, History};
use airtight_engine::data::{Branch, Draft, SegmentId, Shared, ValueId, decode};
use std::collections::BTreeSet;

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

/// Previous and current data for one run: parts of what the peers of a history know together, which mostly know different
/// things, where anything went on side by side. `None` if there are no data, and for half of the histories in which nothing
/// did.
pub fn pair<C: Choices>(known: &[Shared], choices: &mut C) -> Option<(Shared, Shared)> {
    let last = known.last()?;
    let all = known.iter().rev().fold(last.clone(), |all, data| all.merge(data));
    let mut draw = || match choices.below(8) {
        0 => known[choices.below(known.len() as u32) as usize].clone(),
        _ => cut(&all, choices),
    };
    let (previous, current) = (draw(), draw());
    let ends = ends(&all);
    // Where all went on one after the other, one always holds the other: a few of these will do.
    if ends.len() < 2 && choices.chance(1, 2) {
        return None;
    }
    // Of two parts one mostly holds the other. All but one end each are two that do not.
    if ends.len() < 2 || is_concurrent(&previous, &current) || choices.chance(1, 8) {
        return Some((previous, current));
    }
    let one = choices.below(ends.len() as u32) as usize;
    let other = (one + 1 + choices.below(ends.len() as u32 - 1) as usize) % ends.len();
    let without = |end: usize| only(&all, |event| event != ends[end]);
    Some((without(one), without(other)))
}

/// The events that nothing comes after, neither in their segment nor in iterations for their value, by their positions in
/// [`Shared::events`].
fn ends(shared: &Shared) -> Vec<usize> {
    let mut last: Vec<(usize, ValueId)> = Vec::new();
    let mut used: BTreeSet<ValueId> = BTreeSet::new();
    let mut work = vec![(shared.trace().root(), SegmentId::root(), 0_usize)];
    let mut event = 0;
    while let Some((segment, id, step)) = work.pop() {
        let Some(place) = segment.clone().next() else { continue };
        let mut rest = segment;
        rest.next();
        let is_last = rest.clone().next().is_none();
        for _ in place.claims() {
            if is_last {
                last.push((event, id.place(step).into()));
            }
            event += 1;
        }
        work.push((rest, id, step + 1));
        let children: Vec<_> = place.children().map(|(branch, child)| (child, id.branch(step, branch), 0)).collect();
        for (branch, _) in place.children() {
            if let Branch::Iteration(value) | Branch::Last(value) = branch {
                used.insert(value);
            }
        }
        work.extend(children.into_iter().rev());
    }
    last.into_iter().filter(|(_, value)| !used.contains(value)).map(|(event, _)| event).collect()
}

/// Whether each of two data knows what the other does not.
pub fn is_concurrent(a: &Shared, b: &Shared) -> bool {
    let support =
        |shared: &Shared| -> BTreeSet<_> { shared.events().map(|event| (event.place, event.result)).collect() };
    let (a, b) = (support(a), support(b));
    !a.is_subset(&b) && !b.is_subset(&a)
}
