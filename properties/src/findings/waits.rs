//! What waits for ever, and why.
//!
//! Looked at is what all peers together know when nothing is left to do. An instruction that waits for a name waits for
//! whoever assigns it; if that waits too, only the first in the chain is reported, with what follows from it.
//!
//! A fold over a stream never knows that nothing more will come, so it always waits in a sense, and so does a gate like
//! `(fold $s i (seq … (next i)) (never))`. Such a wait is reported only where it stops the script: something stands
//! after it in sequence and was not reached, and no other wait explains that.

use super::outline::{Outline, Part};
use super::standing::{For, Reached, waiting};
use super::{Ending, Place, Replay};
use crate::story::position;
use crate::view::{Executed, View};
use airtight_engine::script::{Kind, NodeId};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many of the instructions that wait in consequence are named.
const FOLLOWING_MAX: usize = 5;

/// An instruction that waits for ever.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// The instruction.
    pub place: Place,
    /// Its keyword.
    pub instruction: &'static str,
    /// Why it waits, in the example.
    pub reason: Reason,
    /// Whether the script says itself to wait for more values of a stream, which may or may not come.
    pub by_design: bool,
    /// In how many runs it waits.
    pub runs: usize,
    /// How many runs there were that came to an end.
    pub of: usize,
    /// In how many of the runs in which it waits the script as a whole waits.
    pub stuck: usize,
    /// A run in which it waits.
    pub example: Replay,
    /// Instructions that wait because this one does: the first few.
    pub following: Vec<Place>,
    /// How many those are.
    pub followers: usize,
}

/// Why an instruction waits for ever.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Reason {
    /// Everything is at hand, but nobody told the peer, who takes no part.
    NeverTold {
        /// The peer.
        peer: Arc<str>,
    },
    /// The peer takes part, but what it needs to know is spread over the data of several peers.
    Spread {
        /// The peer.
        peer: Arc<str>,
    },
    /// Peers claim different results for it.
    Disputed,
    /// Nothing assigns the name where it is seen from here.
    NeverAssigned {
        /// The name.
        name: Arc<str>,
    },
    /// What would assign the name failed.
    Failed {
        /// The name.
        name: Arc<str>,
        /// What assigns it.
        by: Place,
    },
    /// What would assign the name was not reached.
    NotReached {
        /// The name.
        name: Arc<str>,
        /// What assigns it.
        by: Place,
    },
    /// What assigns the name did so in another iteration of a fold, which is not seen from here.
    Elsewhere {
        /// The name.
        name: Arc<str>,
        /// What assigns it.
        by: Place,
    },
    /// Nothing was put into the stream.
    Empty {
        /// The stream.
        stream: String,
    },
    /// The values of the stream were not enough for the fold to be complete.
    NotEnough {
        /// The stream.
        stream: String,
    },
}

impl Reason {
    /// The reason in words; the text is the script, for lines and columns.
    pub fn text(&self, script: &str) -> String {
        let at = |place: &Place| {
            let (line, column) = position(script, place.start);
            format!("{line}:{column}")
        };
        match self {
            Self::NeverTold { peer } => format!("it waits for `{peer}`, which nobody told"),
            Self::Spread { peer } => {
                format!("it waits for `{peer}`, and what that needs is spread over the data of several peers")
            }
            Self::Disputed => "peers claim different results for it".into(),
            Self::NeverAssigned { name } => format!("it waits for `{name}`, which nothing before it assigns"),
            Self::Failed { name, by } => format!("it waits for `{name}`, but the instruction at {} failed", at(by)),
            Self::NotReached { name, by } => {
                format!("it waits for `{name}`, but the instruction at {} is not reached", at(by))
            }
            Self::Elsewhere { name, by } => {
                format!("it waits for `{name}`, which {} assigns where it is not seen from here", at(by))
            }
            Self::Empty { stream } => format!("it waits for a value in `{stream}`, and nothing is put there"),
            Self::NotEnough { stream } => format!("the values of `{stream}` are not enough for it to be complete"),
        }
    }

    /// Waits of one instruction for reasons of one sort are one finding.
    fn sort(&self) -> (u8, Arc<str>) {
        let nothing = || Arc::from("");
        match self {
            Self::NeverTold { .. } => (0, nothing()),
            Self::Spread { .. } => (1, nothing()),
            Self::Disputed => (2, nothing()),
            Self::NeverAssigned { name } => (3, name.clone()),
            Self::Failed { name, .. } => (4, name.clone()),
            Self::NotReached { name, .. } => (5, name.clone()),
            Self::Elsewhere { name, .. } => (6, name.clone()),
            Self::Empty { .. } => (7, nothing()),
            Self::NotEnough { .. } => (8, nothing()),
        }
    }
}

/// The instruction and the sort of reason, by which waits are counted.
type Key = (NodeId, (u8, Arc<str>));

/// What is found out over several runs.
struct Tally {
    wait: Wait,
    following: BTreeSet<NodeId>,
}

/// Looks for such instructions: those that wait in most runs first.
pub(super) fn find(outline: &Outline<'_>, endings: &[Ending]) -> Vec<Wait> {
    let ended = || endings.iter().filter_map(|ending| Some((ending, ending.quiet.as_deref()?)));
    let of = ended().count();
    let stream_folds: Vec<NodeId> =
        outline.nodes.iter().copied().filter(|node| outline.is_stream_fold(*node)).collect();
    let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
    for (ending, view) in ended() {
        let run = Run::new(outline, &stream_folds, ending, view);
        let is_stuck = view.end.as_deref() == Some("\"waits\"");
        for (root, (reason, following)) in run.roots(is_stuck) {
            let by_design = matches!(reason, Reason::Empty { .. } | Reason::NotEnough { .. });
            let tally = tallies.entry((root, reason.sort())).or_insert_with(|| Tally {
                wait: Wait {
                    place: outline.header(root),
                    instruction: outline.kind(root).keyword(),
                    reason,
                    by_design,
                    runs: 0,
                    of,
                    stuck: 0,
                    example: Replay::of(ending),
                    following: Vec::new(),
                    followers: 0,
                },
                following: BTreeSet::new(),
            });
            tally.wait.runs += 1;
            tally.wait.stuck += usize::from(is_stuck);
            tally.following.extend(following);
        }
    }
    let mut waits: Vec<Wait> = tallies
        .into_values()
        .map(|Tally { wait, following }| Wait {
            following: following.iter().take(FOLLOWING_MAX).map(|node| outline.header(*node)).collect(),
            followers: following.len(),
            ..wait
        })
        .collect();
    waits.sort_by_key(|wait| (wait.by_design, std::cmp::Reverse(wait.runs), wait.place));
    waits
}

/// One run.
struct Run<'r> {
    outline: &'r Outline<'r>,
    stream_folds: &'r [NodeId],
    ending: &'r Ending,
    waits: BTreeMap<NodeId, Vec<For>>,
    reached: Reached,
    /// What instructions with states came to, wherever they ran.
    states: BTreeMap<NodeId, States>,
}

/// What the states of one instruction say.
#[derive(Clone, Copy, Debug, Default)]
struct States {
    some: bool,
    failed: bool,
    succeeded: bool,
}

/// What an instruction waits for.
enum Next {
    /// For another that waits.
    Node(NodeId),
    /// For nothing else: this one waits, for this reason.
    Root(NodeId, Reason),
}

impl<'r> Run<'r> {
    fn new(outline: &'r Outline<'r>, stream_folds: &'r [NodeId], ending: &'r Ending, view: &View) -> Self {
        let mut reached = Reached::new(outline);
        reached.note(outline, view);
        let waits = waiting(outline, view);
        let mut states: BTreeMap<NodeId, States> = BTreeMap::new();
        for state in view.trace.iter().flatten() {
            let Some(node) = outline.at(state.start) else { continue };
            let seen = states.entry(node).or_default();
            seen.some = true;
            match outline.kind(node) {
                Kind::Call => {
                    if let Some(Executed::Call(call)) = state.executed() {
                        seen.failed |= call.failed.is_some();
                        seen.succeeded |= call.failed.is_none() && call.result().is_some();
                    }
                }
                _ => seen.succeeded |= state.at.is_some(),
            }
        }
        Self { outline, stream_folds, ending, waits, reached: reached.finish(), states }
    }

    /// What waits and follows from nothing else, each with what follows from it.
    fn roots(&self, is_stuck: bool) -> BTreeMap<NodeId, (Reason, BTreeSet<NodeId>)> {
        let mut roots: BTreeMap<NodeId, (Reason, BTreeSet<NodeId>)> = BTreeMap::new();
        let mut known: BTreeMap<NodeId, (NodeId, Reason)> = BTreeMap::new();
        for &node in self.waits.keys() {
            let (root, reason) = self.root(node, &mut known);
            let (_, following) = roots.entry(root).or_insert_with(|| (reason, BTreeSet::new()));
            if root != node {
                following.insert(node);
            }
        }
        if is_stuck && roots.is_empty() {
            roots.extend(self.gate().map(|(fold, reason)| (fold, (reason, BTreeSet::new()))));
        }
        roots
    }

    /// Goes from what waits to what that waits for, to the end; remembers the way.
    fn root(&self, node: NodeId, known: &mut BTreeMap<NodeId, (NodeId, Reason)>) -> (NodeId, Reason) {
        let mut way = vec![node];
        let mut seen = BTreeSet::from([node]);
        let mut at = node;
        let found = loop {
            if let Some(found) = known.get(&at) {
                break found.clone();
            }
            match self.next(at) {
                Next::Node(next) if seen.insert(next) => {
                    way.push(next);
                    at = next;
                }
                Next::Node(next) => {
                    let name = self.name(at);
                    break (at, Reason::NotReached { name, by: self.outline.header(next) });
                }
                Next::Root(root, reason) => break (root, reason),
            }
        };
        for node in way {
            known.entry(node).or_insert_with(|| found.clone());
        }
        found
    }

    fn name(&self, node: NodeId) -> Arc<str> {
        let names = self.waits.get(&node).into_iter().flatten().find_map(|what| match what {
            For::Name(name) => Some(name.clone()),
            For::Peer(_) | For::Dispute => None,
        });
        names.unwrap_or_default()
    }

    fn next(&self, node: NodeId) -> Next {
        match self.waits.get(&node).and_then(|waits| waits.first()) {
            Some(For::Peer(peer)) => {
                let peer = peer.clone();
                let takes_part = self.ending.peers.contains(&peer);
                Next::Root(node, if takes_part { Reason::Spread { peer } } else { Reason::NeverTold { peer } })
            }
            Some(For::Name(name)) => self.assigner(node, name),
            Some(For::Dispute) | None => Next::Root(node, Reason::Disputed),
        }
    }

    /// Why a name has no value.
    fn assigner(&self, node: NodeId, name: &Arc<str>) -> Next {
        let name = || name.clone();
        let reach = self.outline.reach(node, &name());
        let candidates: Vec<NodeId> = reach.map(|reach| self.outline.candidates(reach).collect()).unwrap_or_default();
        let Some(&last) = candidates.first() else { return Next::Root(node, Reason::NeverAssigned { name: name() }) };
        // One that may still happen hides those before it.
        if let Some(waits) = candidates.iter().find(|it| self.waits.contains_key(it)) {
            return Next::Node(*waits);
        }
        let open = candidates.iter().find(|it| !self.states.contains_key(it));
        if let Some(next) = open.and_then(|it| self.blocker(*it)) {
            return next;
        }
        let states = |node: NodeId| self.states.get(&node).copied().unwrap_or_default();
        if let Some(failed) = candidates.iter().find(|it| states(**it).failed && !states(**it).succeeded) {
            return Next::Root(node, Reason::Failed { name: name(), by: self.outline.header(*failed) });
        }
        let by = self.outline.header(open.copied().unwrap_or(last));
        Next::Root(
            node,
            if open.is_some() {
                Reason::NotReached { name: name(), by }
            } else {
                Reason::Elsewhere { name: name(), by }
            },
        )
    }

    /// What keeps an instruction from being reached: what waits before it.
    fn blocker(&self, node: NodeId) -> Option<Next> {
        for (outer, part) in self.outline.around(node) {
            match (self.outline.kind(outer), part) {
                (Kind::Seq, Part::Second) => {
                    let (before, _) = self.outline.parts(outer);
                    if let Some(next) = before.and_then(|before| self.waits_in(before)) {
                        return Some(next);
                    }
                }
                // Whether a handler runs is no matter of waiting.
                (Kind::Xor, Part::Second) => return None,
                _ => {}
            }
        }
        None
    }

    /// What in an instruction waits.
    fn waits_in(&self, node: NodeId) -> Option<Next> {
        let end = self.outline.tree().node(node).end();
        if let Some((waits, _)) = self.waits.range(node..end).next() {
            return Some(Next::Node(*waits));
        }
        self.fold_in(node).map(|(fold, reason)| Next::Root(fold, reason))
    }

    /// The last fold over a stream in an instruction that is in no other one.
    fn fold_in(&self, node: NodeId) -> Option<(NodeId, Reason)> {
        let end = self.outline.tree().node(node).end();
        let first = self.stream_folds.partition_point(|fold| *fold < node);
        let after = self.stream_folds.partition_point(|fold| *fold < end);
        let mut found = None;
        let mut inside = node;
        for &fold in self.stream_folds.get(first..after)? {
            if found.is_none() || fold >= inside {
                found = Some(fold);
                inside = self.outline.tree().node(fold).end();
            }
        }
        let fold = found?;
        let stream = self.outline.source(fold).map_or_else(String::new, |stream| self.outline.stream_name(stream));
        let is_empty = !self.states.contains_key(&fold);
        Some((fold, if is_empty { Reason::Empty { stream } } else { Reason::NotEnough { stream } }))
    }

    /// The fold over a stream that stops the script, if nothing else does. It is in the left part of a sequence whose
    /// right part was not reached: the innermost one of those whose left part was reached, or else the first.
    fn gate(&self) -> Option<(NodeId, Reason)> {
        let left_of = |node: &NodeId| match (self.outline.kind(*node), self.outline.parts(*node)) {
            (Kind::Seq, (Some(left), Some(right))) if !self.reached.any(self.outline.range(right)) => Some(left),
            _ => None,
        };
        let mut stopped = self.outline.nodes.iter().rev().filter_map(left_of);
        let begun =
            stopped.find_map(|left| if self.reached.any(self.outline.range(left)) { self.fold_in(left) } else { None });
        begun.or_else(|| self.outline.nodes.iter().filter_map(left_of).find_map(|left| self.fold_in(left)))
    }
}
