//! Data under construction: results put at places in any order, then brought into canonical form.
//!
//! The executor drafts the few events of a run and merges them to what it read; generators draft whole data, forged and
//! disputed ones too. A draft costs n log n in what is put into it, and one step per place that an event skips.

use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, Iter};
use std::sync::Arc;

use super::id::{ArgumentHash, ContentId};
use super::shared::Shared;
use super::stores::{
    CanonResult, Outcome, OutputKind, ResultIx, ServiceResult, Store, StoredValue, Stores, call_id, canon_id,
};
use super::trace::{Branch, Builder, Claim, Trace};
use crate::value::{Json, Tetraplet};

/// What happened, in full: the content of a claim before the stores know it.
#[derive(Clone, Debug, PartialEq)]
pub enum EventResult {
    /// A service answered.
    Call {
        /// The value or the failure.
        outcome: Outcome<Json>,
        /// Peer, service and function.
        tetraplet: Arc<Tetraplet>,
        /// The hash of the arguments.
        arguments: ArgumentHash,
        /// Where the script puts the result.
        output: OutputKind,
    },
    /// A peer fixed a stream or map.
    Canon {
        /// The peer, as `P|||`.
        tetraplet: Arc<Tetraplet>,
        /// The elements in order: each value, and where it came from.
        elements: Vec<(Json, Arc<Tetraplet>)>,
    },
}

/// A segment of a [`Draft`], good for that draft only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentKey(usize);

/// Shared data under construction.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The first is the outermost; a child comes after its parent.
    segments: Vec<DraftSegment>,
    values: BTreeMap<ContentId, StoredValue>,
    tetraplets: BTreeMap<ContentId, Arc<Tetraplet>>,
    results: BTreeMap<ResultId, DraftResult>,
}

/// Calls before canons, as in [`ResultIx`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ResultId {
    Call(ContentId),
    Canon(ContentId),
}

/// A result that knows its parts by their ids; their indices are known at the end.
#[derive(Clone, Debug)]
enum DraftResult {
    Call { outcome: Outcome<ContentId>, tetraplet: ContentId, arguments: ArgumentHash, output: OutputKind },
    Canon { tetraplet: ContentId, elements: Vec<(ContentId, ContentId)> },
}

#[derive(Clone, Debug, Default)]
struct DraftSegment {
    parent: Option<usize>,
    steps: BTreeMap<usize, DraftPlace>,
    /// Whether a claim is in it or below; known at the end.
    carries: bool,
}

#[derive(Clone, Debug, Default)]
struct DraftPlace {
    claims: BTreeMap<ResultId, usize>,
    children: BTreeMap<Branch, usize>,
}

impl Default for Draft {
    fn default() -> Self {
        let segments = vec![DraftSegment::default()];
        Self { segments, values: BTreeMap::new(), tetraplets: BTreeMap::new(), results: BTreeMap::new() }
    }
}

impl Draft {
    /// A draft without events.
    pub fn new() -> Self {
        Self::default()
    }

    /// The outermost segment.
    pub fn root(&self) -> SegmentKey {
        SegmentKey(0)
    }

    /// The segment in a branch of the `step`-th place of a segment; the same one when asked again.
    ///
    /// # Panics
    /// If the segment belongs to another, larger draft.
    pub fn child(&mut self, segment: SegmentKey, step: usize, branch: Branch) -> SegmentKey {
        let next = self.segments.len();
        let key = *self.place(segment, step).children.entry(branch).or_insert(next);
        if key == next {
            self.segments.push(DraftSegment { parent: Some(segment.0), ..DraftSegment::default() });
        }
        SegmentKey(key)
    }

    /// Claims at the `step`-th place of a segment that this happened, learned in block `at`.
    ///
    /// Blocks may have gaps, which [`Draft::finish`] closes. Of equal claims at one place the earliest counts.
    ///
    /// # Panics
    /// If the segment belongs to another, larger draft.
    pub fn claim(&mut self, segment: SegmentKey, step: usize, result: &EventResult, at: usize) {
        let id = self.intern(result);
        let known = self.place(segment, step).claims.entry(id).or_insert(at);
        *known = at.min(*known);
    }

    #[expect(clippy::indexing_slicing, reason = "the one place where keys meet their draft")]
    fn place(&mut self, segment: SegmentKey, step: usize) -> &mut DraftPlace {
        self.segments[segment.0].steps.entry(step).or_default()
    }

    fn intern(&mut self, result: &EventResult) -> ResultId {
        match result {
            EventResult::Call { outcome, tetraplet, arguments, output } => {
                let outcome = match outcome {
                    Outcome::Value(value) => Outcome::Value(self.value(value)),
                    Outcome::Failure(value) => Outcome::Failure(self.value(value)),
                };
                let (tetraplet, arguments, output) = (self.tetraplet(tetraplet), *arguments, *output);
                let id = ResultId::Call(call_id(outcome, tetraplet, arguments, output));
                let result = || DraftResult::Call { outcome, tetraplet, arguments, output };
                self.results.entry(id).or_insert_with(result);
                id
            }
            EventResult::Canon { tetraplet, elements } => {
                let tetraplet = self.tetraplet(tetraplet);
                let elements = elements.iter().map(|(value, origin)| (self.value(value), self.tetraplet(origin)));
                let elements: Vec<_> = elements.collect();
                let id = ResultId::Canon(canon_id(tetraplet, elements.iter().copied()));
                self.results.entry(id).or_insert(DraftResult::Canon { tetraplet, elements });
                id
            }
        }
    }

    fn value(&mut self, value: &Json) -> ContentId {
        let text = value.to_text();
        let id = ContentId::of_value(&text);
        if let Entry::Vacant(entry) = self.values.entry(id) {
            entry.insert(StoredValue::new(value.clone(), text.into()));
        }
        id
    }

    fn tetraplet(&mut self, tetraplet: &Arc<Tetraplet>) -> ContentId {
        let id = ContentId::of_tetraplet(tetraplet);
        self.tetraplets.entry(id).or_insert_with(|| Arc::clone(tetraplet));
        id
    }

    /// The data in canonical form: what carries nothing is dropped, stores are sorted, blocks are dense.
    pub fn finish(mut self) -> Shared {
        self.mark_carrying();
        let stores = self.stores();
        let trace = self.trace(&stores);
        Shared::from_parts(stores, trace)
    }

    /// Children come after their parents, so one pass from the end tells which segments carry something.
    fn mark_carrying(&mut self) {
        for key in (0..self.segments.len()).rev() {
            let Some(segment) = self.segments.get_mut(key) else { continue };
            segment.carries |= segment.steps.values().any(|place| !place.claims.is_empty());
            if let (true, Some(parent)) = (segment.carries, segment.parent)
                && let Some(parent) = self.segments.get_mut(parent)
            {
                parent.carries = true;
            }
        }
    }

    fn stores(&mut self) -> Stores {
        let mut stores = Stores::default();
        fill(&mut stores.values, std::mem::take(&mut self.values));
        fill(&mut stores.tetraplets, std::mem::take(&mut self.tetraplets));
        let value = |stores: &Stores, id: &ContentId| stores.values.find(id).expect("interned with its user");
        let origin = |stores: &Stores, id: &ContentId| stores.tetraplets.find(id).expect("interned with its user");
        for (id, result) in std::mem::take(&mut self.results) {
            match (id, result) {
                (ResultId::Call(id), DraftResult::Call { outcome, tetraplet, arguments, output }) => {
                    let outcome = match outcome {
                        Outcome::Value(id) => Outcome::Value(value(&stores, &id)),
                        Outcome::Failure(id) => Outcome::Failure(value(&stores, &id)),
                    };
                    let tetraplet = origin(&stores, &tetraplet);
                    stores.calls.push(id, ServiceResult { outcome, tetraplet, arguments, output });
                }
                (ResultId::Canon(id), DraftResult::Canon { tetraplet, elements }) => {
                    let elements = elements.iter().map(|(id, from)| (value(&stores, id), origin(&stores, from)));
                    let canon = CanonResult { elements: elements.collect(), tetraplet: origin(&stores, &tetraplet) };
                    stores.canons.push(id, canon);
                }
                (ResultId::Call(_), DraftResult::Canon { .. }) | (ResultId::Canon(_), DraftResult::Call { .. }) => {}
            }
        }
        stores
    }

    fn trace(&self, stores: &Stores) -> Trace {
        let mut built = Builder::default();
        let mut open: Vec<Open<'_>> = Vec::new();
        open.extend(self.segments.first().map(|root| Open { steps: root.steps.iter(), built: 0, child: None }));
        while let Some(segment) = open.last_mut() {
            let Some((step, place)) = segment.steps.next() else {
                if let Some(child) = open.pop().and_then(|segment| segment.child) {
                    built.close(child);
                }
                continue;
            };
            let carrying = |key: usize| self.segments.get(key).filter(|segment| segment.carries);
            let mut children =
                place.children.iter().filter_map(|(branch, key)| Some((*branch, carrying(*key)?))).peekable();
            if place.claims.is_empty() && children.peek().is_none() {
                continue;
            }
            // The places before this one that carry nothing, or of which nothing was said.
            (segment.built..*step).for_each(|_| built.place());
            segment.built = step + 1;
            for (id, at) in &place.claims {
                let result = match id {
                    ResultId::Call(id) => stores.calls.find(id).map(ResultIx::Call),
                    ResultId::Canon(id) => stores.canons.find(id).map(ResultIx::Canon),
                };
                built.claim(Claim { result: result.expect("interned with its claim"), at: *at });
            }
            let first = open.len();
            for (branch, segment) in children {
                let child = Some(built.child(branch));
                open.push(Open { steps: segment.steps.iter(), built: 0, child });
            }
            if let Some(opened) = open.get_mut(first..) {
                opened.reverse();
            }
            built.place();
        }
        let mut blocks: Vec<usize> = built.claims().iter().map(|claim| claim.at).collect();
        blocks.sort_unstable();
        blocks.dedup();
        built.finish(blocks.len(), |at| blocks.binary_search(&at).unwrap_or_default())
    }
}

impl Stores {
    /// What a claim says happened, in full.
    pub fn result(&self, result: ResultIx) -> EventResult {
        let value = |index| self.values.get(index).json().clone();
        let tetraplet = |index| Arc::clone(self.tetraplets.get(index));
        match result {
            ResultIx::Call(call) => {
                let ServiceResult { outcome, tetraplet: origin, arguments, output } = *self.calls.get(call);
                let outcome = match outcome {
                    Outcome::Value(index) => Outcome::Value(value(index)),
                    Outcome::Failure(index) => Outcome::Failure(value(index)),
                };
                EventResult::Call { outcome, tetraplet: tetraplet(origin), arguments, output }
            }
            ResultIx::Canon(canon) => {
                let canon = self.canons.get(canon);
                let elements =
                    canon.elements.iter().map(|(index, origin)| (value(*index), tetraplet(*origin))).collect();
                EventResult::Canon { tetraplet: tetraplet(canon.tetraplet), elements }
            }
        }
    }
}

/// A segment being built.
struct Open<'d> {
    steps: Iter<'d, usize, DraftPlace>,
    /// How many of its places are built.
    built: usize,
    child: Option<usize>,
}

fn fill<T>(store: &mut Store<T>, entries: BTreeMap<ContentId, T>) {
    for (id, entry) in entries {
        store.push(id, entry);
    }
}
