//! Where a script stands when nothing is left to do: which instructions were reached, and which wait for what.

use super::outline::Outline;
use crate::view::View;
use airtight_engine::script::NodeId;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// How often each part of a script was reached.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    /// For each instruction, how often it was seen; then, how often all before it were.
    counts: Vec<u64>,
    /// For each call and canon, whether it succeeded.
    succeeded: Vec<bool>,
}

impl Reached {
    /// Nothing was reached yet.
    pub(super) fn new(outline: &Outline<'_>) -> Self {
        Self { counts: vec![0; outline.nodes.len() + 1], succeeded: vec![false; outline.nodes.len()] }
    }

    /// Counts the instructions that left a trace in this view.
    pub(super) fn note(&mut self, outline: &Outline<'_>, view: &View) {
        for state in view.trace.iter().flatten() {
            if state.at.is_some()
                && !state.state.starts_with("{\"call\":{\"failed\"")
                && let Some(node) = outline.at(state.start)
            {
                self.succeeded[node.index()] = true;
            }
        }
        let states = view.trace.iter().flatten().map(|state| state.start);
        let pending = view.pending.iter().flatten().map(|pending| pending.start);
        let waiting = view.waiting.iter().flatten().map(|waiting| waiting.start);
        let disputed = view.disputed.iter().flatten().map(|disputed| disputed.start);
        for start in states.chain(pending).chain(waiting).chain(disputed) {
            if let Some(node) = outline.at(start) {
                self.counts[node.index() + 1] += 1;
            }
        }
    }

    /// Everything was noted; from now on it can be asked.
    pub(super) fn finish(mut self) -> Self {
        let mut sum = 0;
        for count in &mut self.counts {
            sum += *count;
            *count = sum;
        }
        self
    }

    /// Whether a call or canon ever succeeded.
    pub(super) fn succeeded(&self, node: NodeId) -> bool {
        self.succeeded[node.index()]
    }

    /// Whether any of the instructions in this range was reached.
    pub(super) fn any(&self, range: Range<usize>) -> bool {
        self.counts[range.end] > self.counts[range.start]
    }
}

/// What an instruction waits for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum For {
    /// For this peer, with everything at hand that it needs.
    Peer(Arc<str>),
    /// For one of several claims to go away, which never happens.
    Dispute,
    /// For a value of this name.
    Name(Arc<str>),
}

/// The instructions of a view that wait, each with what it waits for; what waits for no other instruction first.
pub(super) fn waiting(outline: &Outline<'_>, view: &View) -> BTreeMap<NodeId, Vec<For>> {
    let mut waits: BTreeMap<NodeId, Vec<For>> = BTreeMap::new();
    let mut note = |start: u32, what: For| {
        let Some(node) = outline.at(start) else { return };
        let known = waits.entry(node).or_default();
        if !known.contains(&what) {
            known.push(what);
        }
    };
    for pending in view.pending.iter().flatten().filter(|pending| pending.arguments.iter().all(|at_hand| *at_hand)) {
        note(pending.start, For::Peer(pending.peer.clone()));
    }
    for disputed in view.disputed.iter().flatten() {
        note(disputed.start, For::Dispute);
    }
    for waiting in view.waiting.iter().flatten() {
        note(waiting.start, For::Name(waiting.name.clone()));
    }
    waits
}
