//! Data under construction: results put at places in any order, then brought into canonical form.
//!
//! The executor drafts the few events of a run and merges them to what it read; generators draft whole data, forged and
//! disputed ones too. A draft costs n log n in what is put into it, and one step per place that an event skips.

use std::sync::Arc;

use hashbrown::HashMap;

use super::id::{ArgumentHash, ContentId};
use super::shared::Shared;
use super::stores::{
    CanonResult, Index, Outcome, OutputKind, ResultIx, ServiceResult, Store, StoredValue, Stores, call_id, canon_id,
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

/// Shared data under construction: flat lists, which are sorted at the end.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The first is the outermost; a child comes after its parent.
    segments: Vec<DraftSegment>,
    by_path: HashMap<DraftSegment, usize>,
    claims: Vec<DraftClaim>,
    values: Entries<StoredValue>,
    tetraplets: Entries<Arc<Tetraplet>>,
    calls: Entries<ServiceResult>,
    canons: Entries<CanonResult>,
}

/// Where a segment is; the outermost one is nowhere, and counts as its own parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct DraftSegment {
    parent: usize,
    step: usize,
    branch: Branch,
}

/// A claim; until the end, results count in the order of the draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DraftClaim {
    segment: usize,
    step: usize,
    result: ResultIx,
    at: usize,
}

/// Entries of one kind, each once, in the order in which they came.
#[derive(Clone, Debug)]
struct Entries<T> {
    list: Vec<(ContentId, T)>,
    by_id: HashMap<ContentId, usize>,
}

impl<T> Entries<T> {
    fn intern(&mut self, id: ContentId, entry: impl FnOnce() -> T) -> Index<T> {
        let next = self.list.len();
        let at = *self.by_id.entry(id).or_insert(next);
        if at == next {
            self.list.push((id, entry()));
        }
        Index::new(at)
    }

    #[expect(clippy::indexing_slicing, reason = "asked only for indices that `intern` gave out")]
    fn id(&self, index: Index<T>) -> ContentId {
        self.list[index.position()].0
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { list: Vec::new(), by_id: HashMap::new() }
    }
}

impl Default for Draft {
    fn default() -> Self {
        let segments = vec![DraftSegment { parent: 0, step: 0, branch: Branch::Left }];
        let (by_path, claims, values, tetraplets, calls, canons) = Default::default();
        Self { segments, by_path, claims, values, tetraplets, calls, canons }
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
        self.check(segment);
        let next = self.segments.len();
        let path = DraftSegment { parent: segment.0, step, branch };
        let key = *self.by_path.entry(path).or_insert(next);
        if key == next {
            self.segments.push(path);
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
        self.check(segment);
        let result = self.intern(result);
        self.claims.push(DraftClaim { segment: segment.0, step, result, at });
    }

    fn check(&self, segment: SegmentKey) {
        assert!(segment.0 < self.segments.len(), "a segment of another draft");
    }

    fn intern(&mut self, result: &EventResult) -> ResultIx {
        match result {
            EventResult::Call { outcome, tetraplet, arguments, output } => {
                let (outcome, outcome_id) = match outcome {
                    Outcome::Value(value) => {
                        let value = self.value(value);
                        (Outcome::Value(value), Outcome::Value(self.values.id(value)))
                    }
                    Outcome::Failure(value) => {
                        let value = self.value(value);
                        (Outcome::Failure(value), Outcome::Failure(self.values.id(value)))
                    }
                };
                let (tetraplet, arguments, output) = (self.tetraplet(tetraplet), *arguments, *output);
                let id = call_id(outcome_id, self.tetraplets.id(tetraplet), arguments, output);
                ResultIx::Call(self.calls.intern(id, || ServiceResult { outcome, tetraplet, arguments, output }))
            }
            EventResult::Canon { tetraplet, elements } => {
                let tetraplet = self.tetraplet(tetraplet);
                let elements = elements.iter().map(|(value, origin)| (self.value(value), self.tetraplet(origin)));
                let elements: Arc<[_]> = elements.collect();
                let ids = elements.iter().map(|(value, origin)| (self.values.id(*value), self.tetraplets.id(*origin)));
                let id = canon_id(self.tetraplets.id(tetraplet), ids);
                ResultIx::Canon(self.canons.intern(id, || CanonResult { tetraplet, elements }))
            }
        }
    }

    fn value(&mut self, value: &Json) -> Index<StoredValue> {
        let text = value.shared_text();
        let id = ContentId::of_value(&text);
        self.values.intern(id, || StoredValue::new(value.clone(), text))
    }

    fn tetraplet(&mut self, tetraplet: &Arc<Tetraplet>) -> Index<Arc<Tetraplet>> {
        self.tetraplets.intern(ContentId::of_tetraplet(tetraplet), || Arc::clone(tetraplet))
    }

    /// The data in canonical form: what carries nothing is dropped, stores are sorted, blocks are dense.
    pub fn finish(self) -> Shared {
        let Self { segments, by_path: _, mut claims, values, tetraplets, calls, canons } = self;
        let (values, values_at) = Store::sorted(values.list);
        let (tetraplets, origins_at) = Store::sorted(tetraplets.list);
        let calls = calls.list.into_iter().map(|(id, call)| (id, call.moved(&values_at, &origins_at)));
        let (calls, calls_at) = Store::sorted(calls.collect());
        let canons = canons.list.into_iter().map(|(id, canon)| (id, canon.moved(&values_at, &origins_at)));
        let (canons, canons_at) = Store::sorted(canons.collect());
        for claim in &mut claims {
            claim.result = match claim.result {
                ResultIx::Call(call) => ResultIx::Call(calls_at.get(call)),
                ResultIx::Canon(canon) => ResultIx::Canon(canons_at.get(canon)),
            };
        }
        claims.sort_unstable();
        let what = |claim: &DraftClaim| (claim.segment, claim.step, claim.result);
        claims.dedup_by(|later, earlier| what(later) == what(earlier));
        Shared::from_parts(Stores { values, tetraplets, calls, canons }, trace(&segments, &claims))
    }
}

/// The trace of sorted claims.
fn trace(segments: &[DraftSegment], claims: &[DraftClaim]) -> Trace {
    let mut claims_of: Vec<&[DraftClaim]> = vec![&[]; segments.len()];
    for of_one in claims.chunk_by(|a, b| a.segment == b.segment) {
        if let Some(slot) = of_one.first().and_then(|claim| claims_of.get_mut(claim.segment)) {
            *slot = of_one;
        }
    }
    // Children come after their parents, so one pass from the end tells which segments carry something.
    let mut carries: Vec<bool> = claims_of.iter().map(|claims| !claims.is_empty()).collect();
    let mut children = Vec::new();
    for (key, segment) in segments.iter().enumerate().skip(1).rev() {
        if carries.get(key) == Some(&true) {
            children.push((*segment, key));
            carries.get_mut(segment.parent).into_iter().for_each(|parent| *parent = true);
        }
    }
    children.sort_unstable();
    let mut children_of: Vec<&[(DraftSegment, usize)]> = vec![&[]; segments.len()];
    for of_one in children.chunk_by(|a, b| a.0.parent == b.0.parent) {
        if let Some(slot) = of_one.first().and_then(|(child, _)| children_of.get_mut(child.parent)) {
            *slot = of_one;
        }
    }
    let opened = |key: usize, child: Option<usize>| {
        let claims = claims_of.get(key).copied().unwrap_or_default();
        Open { claims, children: children_of.get(key).copied().unwrap_or_default(), built: 0, child }
    };
    let mut built = Builder::default();
    let mut open = vec![opened(0, None)];
    while let Some(segment) = open.last_mut() {
        let steps =
            [segment.claims.first().map(|claim| claim.step), segment.children.first().map(|child| child.0.step)];
        let Some(step) = steps.into_iter().flatten().min() else {
            if let Some(child) = open.pop().and_then(|segment| segment.child) {
                built.close(child);
            }
            continue;
        };
        // The places before this one that carry nothing, or of which nothing was said.
        (segment.built..step).for_each(|_| built.place());
        segment.built = step + 1;
        for DraftClaim { result, at, .. } in take_while(&mut segment.claims, |claim| claim.step == step) {
            built.claim(Claim { result: *result, at: *at });
        }
        let first = open.len();
        if let Some(segment) = open.last_mut() {
            let children = take_while(&mut segment.children, |child| child.0.step == step);
            open.extend(children.iter().map(|(child, key)| opened(*key, Some(built.child(child.branch)))));
        }
        // The first child is built first, so it goes on top.
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

/// A segment being built: what of it is still to come.
struct Open<'d> {
    claims: &'d [DraftClaim],
    children: &'d [(DraftSegment, usize)],
    /// How many of its places are built.
    built: usize,
    child: Option<usize>,
}

/// The items with which a list begins for which this holds; the others stay.
fn take_while<'d, T>(list: &mut &'d [T], holds: impl Fn(&T) -> bool) -> &'d [T] {
    let (taken, rest) = list.split_at(list.partition_point(holds));
    *list = rest;
    taken
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
