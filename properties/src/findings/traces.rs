//! The ends of all runs of a group side by side: at which places they do not agree, and which of these come first.
//!
//! Compared are events: what calls and canons came to, place by place. In which order a fold visits its values, and how
//! many states a `par` has, is no difference; nor is a canon that nothing depends on.
//!
//! What an instruction does depends only on what the walk went through before it. So the first place at which runs
//! differ is where something was decided; whatever differs later may be a mere consequence. The runs are parted by
//! what they have at that place, and inside each part the same is asked again: there only what was decided besides
//! still differs.

use super::Ending;
use super::uses::Looked;
use crate::view::{Executed, SeenState};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No state.
const NONE: u32 = u32::MAX;

/// An event of a run, as far as runs are compared.
#[derive(Clone, Copy, Debug)]
struct Cell {
    place: u32,
    /// A number for what it came to.
    key: u32,
    /// Where among the states it is.
    state: u32,
}

/// What a run ended with.
#[derive(Debug)]
struct Trace<'e> {
    ending: &'e Ending,
    states: &'e [SeenState],
    cells: Vec<Cell>,
    /// For each place, where in `cells` it is.
    at: Vec<u32>,
}

/// The runs of one group.
#[derive(Debug)]
pub(super) struct Group<'e> {
    traces: Vec<Trace<'e>>,
    places: usize,
}

/// A place at which some runs differ, though they agree on everything before.
#[derive(Clone, Debug)]
pub(super) struct Split {
    place: u32,
    /// Where the instruction starts, in bytes of the script.
    pub(super) start: u32,
    /// The runs that agree there, by their index in the group, the most frequent first.
    pub(super) parts: Vec<Vec<usize>>,
    /// What is different.
    pub(super) difference: Difference,
}

/// How runs differ at a place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Difference {
    /// The event has another result.
    Result,
    /// Only some have it at all.
    Presence,
}

/// Numbers for texts.
#[derive(Debug, Default)]
struct Numbers<'e>(BTreeMap<Cow<'e, str>, u32>);

impl<'e> Numbers<'e> {
    fn of(&mut self, text: impl Into<Cow<'e, str>>) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.into()).or_insert(next)
    }
}

impl<'e> Group<'e> {
    /// The groups of at least two runs that came to an end. For the instruction that starts at a byte, `looked` tells how
    /// much of its events counts.
    pub(super) fn all(endings: &'e [Ending], looked: impl Fn(u32) -> Option<Looked>) -> Vec<Self> {
        let mut groups: BTreeMap<u64, Vec<(&Ending, &[SeenState])>> = BTreeMap::new();
        for ending in endings {
            if let Some(states) = ending.last.as_ref().and_then(|view| view.trace.as_deref()) {
                groups.entry(ending.group()).or_default().push((ending, states));
            }
        }
        groups.into_values().filter(|runs| runs.len() > 1).map(|runs| Self::new(runs, &looked)).collect()
    }

    fn new(runs: Vec<(&'e Ending, &'e [SeenState])>, looked: &impl Fn(u32) -> Option<Looked>) -> Self {
        let mut places = Numbers::default();
        let mut keys = Numbers::default();
        let mut traces: Vec<Trace<'e>> = Vec::new();
        for (ending, states) in runs {
            let events = states.iter().enumerate().filter(|(_, state)| state.at.is_some());
            let cell = |(index, state): (usize, &'e SeenState)| {
                let key = keys.of(come_to(&state.state, looked(state.start)?));
                Some(Cell { place: places.of(&*state.place), key, state: index as u32 })
            };
            let cells = events.filter_map(cell).collect();
            traces.push(Trace { ending, states, cells, at: Vec::new() });
        }
        let places = places.0.len();
        for trace in &mut traces {
            trace.at = vec![NONE; places];
            for (index, cell) in trace.cells.iter().enumerate() {
                trace.at[cell.place as usize] = index as u32;
            }
        }
        Self { traces, places }
    }

    /// Where something was decided.
    pub(super) fn splits(&self) -> Vec<Split> {
        let mut splits = Vec::new();
        let mut open: Vec<Vec<usize>> = vec![(0..self.traces.len()).collect()];
        while let Some(runs) = open.pop() {
            if runs.len() < 2 {
                continue;
            }
            let Some(split) = self.split(&runs) else { continue };
            open.extend(split.parts.iter().cloned());
            splits.push(split);
        }
        splits
    }

    /// The first place at which these runs differ. Each run has its own first one; another result comes before an event
    /// that only some have, which may follow from what others do instead.
    fn split(&self, runs: &[usize]) -> Option<Split> {
        let mut tallies = vec![Tally { count: 0, key: NONE, agree: true }; self.places];
        for &run in runs {
            for cell in &self.traces[run].cells {
                let tally = &mut tallies[cell.place as usize];
                tally.agree &= tally.count == 0 || tally.key == cell.key;
                tally.key = cell.key;
                tally.count += 1;
            }
        }
        let first = |run: &usize| {
            self.traces[*run].cells.iter().enumerate().find_map(|(index, cell)| {
                let tally = tallies[cell.place as usize];
                let difference = match tally.agree {
                    false => Difference::Result,
                    true if (tally.count as usize) < runs.len() => Difference::Presence,
                    true => return None,
                };
                Some((difference, index, cell.place))
            })
        };
        let (difference, _, place) = runs.iter().filter_map(first).min()?;
        let start = runs.iter().find_map(|run| self.state_at(*run, place)).map(|state| state.start)?;
        let mut parts: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
        for &run in runs {
            parts.entry(self.cell(run, place).map(|cell| cell.key)).or_default().push(run);
        }
        let mut parts: Vec<Vec<usize>> = parts.into_values().collect();
        parts.sort_by_key(|part| Reverse(part.len()));
        Some(Split { place, start, parts, difference })
    }

    fn cell(&self, run: usize, place: u32) -> Option<&Cell> {
        let trace = &self.traces[run];
        trace.cells.get(*trace.at.get(place as usize)? as usize)
    }

    fn state_at(&self, run: usize, place: u32) -> Option<&'e SeenState> {
        self.states(run).get(self.cell(run, place)?.state as usize)
    }

    pub(super) fn ending(&self, run: usize) -> &'e Ending {
        self.traces[run].ending
    }

    pub(super) fn states(&self, run: usize) -> &'e [SeenState] {
        self.traces[run].states
    }

    /// What a run has at the place of a split.
    pub(super) fn state(&self, run: usize, split: &Split) -> Option<&'e SeenState> {
        self.state_at(run, split.place)
    }

    /// The events by which one run differs from another, in the order of its walk.
    pub(super) fn different_events(&self, run: usize, other: usize) -> impl Iterator<Item = &'e SeenState> {
        let differs = move |cell: &&Cell| self.cell(other, cell.place).is_none_or(|there| there.key != cell.key);
        let states = self.states(run);
        self.traces[run].cells.iter().filter(differs).filter_map(|cell| states.get(cell.state as usize))
    }
}

#[derive(Clone, Copy, Debug)]
struct Tally {
    count: u32,
    key: u32,
    agree: bool,
}

/// What a call or canon came to, as far as it counts.
fn come_to(text: &str, looked: Looked) -> Cow<'_, str> {
    if text.starts_with("{\"call\":{\"stream\"") {
        // The generation of a result is no difference.
        return text.rfind(",\"gen\":").map_or(text, |at| &text[..at]).into();
    }
    let is_part = !looked.length || looked.first < u32::MAX;
    if is_part && let Ok(Executed::Canon(canon)) = serde_json::from_str(text) {
        let first = canon.values.len().min(looked.first as usize);
        let length = looked.length.then_some(canon.values.len());
        return format!("{length:?} {:?}", &canon.values[..first]).into();
    }
    text.into()
}

/// The peer that made the event of a state.
pub(super) fn maker(state: &SeenState) -> Option<Arc<str>> {
    match state.executed()? {
        Executed::Call(call) => Some(call.from?.split('|').next()?.into()),
        Executed::Canon(canon) => canon.by,
        _ => None,
    }
}
