//! What a recording run notes: one state for each `par`, `call`, `ap`, fold and `canon` that it goes through.
//!
//! Generations are numbered at the end, because a value that is met late in the walk may have been known early.

use super::Time;
use super::render::{CallState, CanonState, Executed, Lore, State, Window};
use crate::data::{Branch, Journal, Outcome, OutputKind, PlaceId, ValueId};
use crate::script::{NodeId, Span, Tree};
use crate::value::{Json, Tetraplet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The instruction and the place that a state belongs to.
pub(super) type Site = (NodeId, PlaceId);

/// The states so far, and what is still open.
#[derive(Debug)]
pub(super) struct Recorder<'s> {
    /// Where calls of the peer that looks have their ids.
    journal: Option<&'s Journal>,
    states: Vec<State>,
    open: Vec<Open>,
    /// The folds over streams at work, the innermost last.
    folds: Vec<OpenFold>,
    /// What was put into streams, in the order of the walk.
    puts: Vec<Put>,
    by_value: BTreeMap<ValueId, usize>,
    /// Which list the stream at an index is; an index is used again when its scope has ended.
    lists: BTreeMap<usize, usize>,
    list_count: usize,
    /// For each stream, the rounds of the values whose iterations are at work, the innermost last.
    rounds: BTreeMap<usize, Vec<u32>>,
}

#[derive(Debug)]
enum Open {
    /// A `par`, and where its right branch began.
    Par { state: usize, right: usize },
    /// An iteration of the fold at this index.
    Iteration { fold: usize },
    /// A last instruction.
    Last,
}

#[derive(Debug)]
struct OpenFold {
    /// Its index among all folds at work.
    fold: usize,
    state: usize,
    stream: usize,
    /// The iterations at work, the innermost last.
    iterations: Vec<Iteration>,
}

#[derive(Clone, Copy, Debug)]
struct Iteration {
    /// Its entry in the lore.
    entry: usize,
    progress: Progress,
}

/// How far an iteration has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    Before,
    /// In what its `next` runs.
    Inside,
    After,
}

/// A value put into a stream by the instruction of a state.
#[derive(Debug)]
struct Put {
    list: usize,
    known: Time,
    round: u32,
    state: usize,
}

impl<'s> Recorder<'s> {
    pub(super) fn new(journal: Option<&'s Journal>) -> Self {
        Self {
            journal,
            states: Vec::new(),
            open: Vec::new(),
            folds: Vec::new(),
            puts: Vec::new(),
            by_value: BTreeMap::new(),
            lists: BTreeMap::new(),
            list_count: 0,
            rounds: BTreeMap::new(),
        }
    }

    fn add(&mut self, (node, place): Site, at: Option<usize>, executed: Executed) {
        self.states.push(State { node, span: Span::default(), place, at, executed });
    }

    // states without inside

    pub(super) fn call(
        &mut self,
        site: Site,
        known: Time,
        outcome: &Outcome<Json>,
        tetraplet: &Arc<Tetraplet>,
        output: OutputKind,
    ) {
        let tetraplet = tetraplet.clone();
        let state = match (outcome, output) {
            (Outcome::Failure(value), _) => CallState::Failed { value: value.clone(), tetraplet },
            (Outcome::Value(value), OutputKind::Scalar) => CallState::Scalar { value: value.clone(), tetraplet },
            (Outcome::Value(value), OutputKind::Stream) => {
                CallState::Stream { value: value.clone(), generation: 0, tetraplet }
            }
            (Outcome::Value(value), OutputKind::Unused) => CallState::Unused { value: value.clone(), tetraplet },
        };
        self.add(site, block(known), Executed::Call(state));
    }

    pub(super) fn pending_call(&mut self, site: Site, peer: &Arc<str>) {
        let journal = self.journal.filter(|journal| journal.peer() == peer);
        let peer = peer.clone();
        let state = match journal.and_then(|journal| journal.call(site.1)) {
            Some(call_id) => CallState::Requested { peer, call_id },
            None => CallState::Pending { peer },
        };
        self.add(site, None, Executed::Call(state));
    }

    pub(super) fn canon(&mut self, site: Site, known: Time, peer: &Arc<str>, values: Vec<(Json, Arc<Tetraplet>)>) {
        self.add(site, block(known), Executed::Canon(CanonState::Executed { peer: peer.clone(), values }));
    }

    pub(super) fn pending_canon(&mut self, site: Site, peer: &Arc<str>) {
        self.add(site, None, Executed::Canon(CanonState::Pending { peer: peer.clone() }));
    }

    pub(super) fn ap(&mut self, site: Site) {
        self.add(site, None, Executed::Ap { generation: 0 });
    }

    /// The state added last put a value into a stream, which may have been empty before.
    pub(super) fn put(&mut self, stream: usize, was_empty: bool, known: Time, id: ValueId) {
        if was_empty {
            self.lists.insert(stream, self.list_count);
            self.list_count += 1;
        }
        let list = self.lists.get(&stream).copied().unwrap_or_default();
        let adder = self.rounds.get(&stream).and_then(|rounds| rounds.last());
        let round = adder.map_or(0, |round| round + 1);
        self.by_value.insert(id, self.puts.len());
        self.puts.push(Put { list, known, round, state: self.states.len().saturating_sub(1) });
    }

    // `par`

    pub(super) fn par(&mut self, site: Site) {
        let state = self.states.len();
        self.add(site, None, Executed::Par(0, 0));
        self.open.push(Open::Par { state, right: state + 1 });
    }

    /// The left branch has ended.
    pub(super) fn between(&mut self) {
        let now = self.states.len();
        if let Some(Open::Par { right, .. }) = self.open.last_mut() {
            *right = now;
        }
    }

    pub(super) fn par_ended(&mut self) {
        let now = self.states.len();
        if let Some(Open::Par { state, right }) = self.open.pop()
            && let Some(State { executed, .. }) = self.states.get_mut(state)
        {
            *executed = Executed::Par(right - state - 1, now - right);
        }
    }

    // folds over streams

    pub(super) fn fold(&mut self, site: Site, fold: usize, stream: usize) {
        self.folds.push(OpenFold { fold, state: self.states.len(), stream, iterations: Vec::new() });
        self.add(site, None, Executed::Fold(Vec::new()));
    }

    pub(super) fn fold_ended(&mut self) {
        self.folds.pop();
    }

    /// An iteration or last instruction of a fold begins, in a segment of its own.
    pub(super) fn apart(&mut self, fold: usize, branch: Branch) {
        let now = Window { start: self.states.len(), len: 0 };
        let index = self.folds.binary_search_by_key(&fold, |open| open.fold);
        let (Branch::Iteration(value), Ok(index)) = (branch, index) else { return self.open.push(Open::Last) };
        let put = self.by_value.get(&value).and_then(|put| self.puts.get(*put));
        let (pos, round) = put.map_or((0, 0), |put| (put.state, put.round));
        self.open.push(Open::Iteration { fold: index });
        let Some(open) = self.folds.get_mut(index) else { return };
        self.rounds.entry(open.stream).or_default().push(round);
        let Some(lore) = lore(&mut self.states, open.state) else { return };
        open.iterations.push(Iteration { entry: lore.len(), progress: Progress::Before });
        lore.push(Lore { pos, before: now, after: now });
    }

    /// The iteration at work of a fold meets its `next`.
    pub(super) fn next(&mut self, fold: usize) {
        let now = self.states.len();
        let Ok(index) = self.folds.binary_search_by_key(&fold, |open| open.fold) else { return };
        let Some(open) = self.folds.get_mut(index) else { return };
        let Some(iteration) = open.iterations.last_mut().filter(|it| it.progress == Progress::Before) else { return };
        iteration.progress = Progress::Inside;
        let entry = lore(&mut self.states, open.state).and_then(|lore| lore.get_mut(iteration.entry));
        if let Some(Lore { before, after, .. }) = entry {
            before.len = now - before.start;
            after.start = now;
        }
    }

    /// The iteration or last instruction begun last has ended.
    pub(super) fn apart_ended(&mut self) {
        let now = self.states.len();
        let Some(Open::Iteration { fold }) = self.open.pop() else { return };
        let Some(open) = self.folds.get_mut(fold) else { return };
        if let Some(rounds) = self.rounds.get_mut(&open.stream) {
            rounds.pop();
        }
        let Some(lore) = lore(&mut self.states, open.state) else { return };
        let ended = open.iterations.pop();
        if let Some(Iteration { entry, progress }) = ended
            && let Some(Lore { before, after, .. }) = lore.get_mut(entry)
        {
            if progress == Progress::Before {
                before.len = now - before.start;
                after.start = now;
            }
            after.len = now - after.start;
        }
        let outer = open.iterations.last_mut().filter(|outer| outer.progress == Progress::Inside);
        if let Some(Iteration { entry, progress }) = outer
            && let Some(Lore { after, .. }) = lore.get_mut(*entry)
        {
            *progress = Progress::After;
            after.start = now;
        }
    }

    /// The states, with their spans and generations.
    pub(super) fn finish(mut self, tree: &Tree) -> Vec<State> {
        for state in &mut self.states {
            state.span = tree.node(state.node).span;
        }
        // Stable, so that values of one time keep the order of the walk: this is how streams are read.
        self.puts.sort_by_key(|put| (put.list, put.known));
        let mut before: Option<(&Put, usize)> = None;
        for put in &self.puts {
            let number = match before {
                Some((last, number)) if last.list == put.list => {
                    number + usize::from((last.known, last.round) != (put.known, put.round))
                }
                _ => 0,
            };
            before = Some((put, number));
            if let Some(Executed::Ap { generation } | Executed::Call(CallState::Stream { generation, .. })) =
                self.states.get_mut(put.state).map(|state| &mut state.executed)
            {
                *generation = number;
            }
        }
        self.states
    }
}

fn lore(states: &mut [State], fold: usize) -> Option<&mut Vec<Lore>> {
    match states.get_mut(fold).map(|state| &mut state.executed) {
        Some(Executed::Fold(lore)) => Some(lore),
        _ => None,
    }
}

/// The block of an event known at this time.
fn block(known: Time) -> Option<usize> {
    known.checked_sub(1).map(|block| block as usize)
}
