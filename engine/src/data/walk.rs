//! How the executor reads a trace and adds to it: cursors over segments, and the news of a run.
//!
//! A run reads the trace it was given and never changes it. A [`Cursor`] stands at a place of one segment and knows
//! that place's id; stepping, opening a child and computing an id take constant time (finding a child among n takes log
//! n). Any number of cursors may be open at once, as folds need: the second iteration runs inside the first. What
//! happens newly is noted with [`Walk::add`]. At the end [`Walk::news`] gives the new events as data of their own, in
//! one block, and the data after the run is `read.merge(&news)`: so new events form one new block at the end, what the
//! walk did not reach is carried over unchanged, and nothing can be dropped, because merge drops nothing.

use std::collections::BTreeMap;

use super::draft::{Draft, EventResult, SegmentKey};
use super::id::{PlaceId, SegmentId};
use super::shared::Shared;
use super::trace::{Branch, Claim, Place, Segment};

/// One walk over shared data.
#[derive(Debug)]
pub struct Walk<'s> {
    shared: &'s Shared,
    /// How each open segment is reached; the first is the outermost, a child comes after its parent.
    opened: Vec<Opened>,
    news: Vec<News>,
    /// Which of the news are at a place.
    by_place: BTreeMap<PlaceId, usize>,
}

#[derive(Debug)]
struct Opened {
    parent: usize,
    step: usize,
    branch: Branch,
}

#[derive(Debug)]
struct News {
    segment: usize,
    step: usize,
    result: EventResult,
}

/// A place of one segment during a walk, whether or not anything is known of it.
#[derive(Clone, Debug)]
pub struct Cursor<'s> {
    opened: usize,
    id: SegmentId,
    step: usize,
    rest: Segment<'s>,
}

impl<'s> Walk<'s> {
    /// A walk that has not begun.
    pub fn new(shared: &'s Shared) -> Self {
        // The outermost segment has no parent; its entry only makes indices of segments indices of the list.
        let opened = vec![Opened { parent: 0, step: 0, branch: Branch::Left }];
        Self { shared, opened, news: Vec::new(), by_place: BTreeMap::new() }
    }

    /// The data the walk reads.
    pub fn shared(&self) -> &'s Shared {
        self.shared
    }

    /// The first place of the outermost segment.
    pub fn root(&self) -> Cursor<'s> {
        Cursor { opened: 0, id: SegmentId::root(), step: 0, rest: self.shared.trace().root() }
    }

    /// The first place of a branch of the cursor's place, whether or not anything is known of it.
    pub fn open(&mut self, cursor: &Cursor<'s>, branch: Branch) -> Cursor<'s> {
        let (parent, step) = (cursor.opened, cursor.step);
        self.opened.push(Opened { parent, step, branch });
        let rest = cursor.rest.first().map_or_else(Segment::empty, |place| place.child(branch));
        Cursor { opened: self.opened.len() - 1, id: cursor.id.branch(step, branch), step: 0, rest }
    }

    /// Notes that this happened at the cursor's place, now.
    pub fn add(&mut self, cursor: &Cursor<'s>, result: EventResult) {
        self.by_place.entry(cursor.place_id()).or_insert(self.news.len());
        self.news.push(News { segment: cursor.opened, step: cursor.step, result });
    }

    /// What the walk noted at the cursor's place, if it came here before.
    pub fn added(&self, cursor: &Cursor<'s>) -> Option<&EventResult> {
        if self.news.is_empty() {
            return None;
        }
        let at = self.by_place.get(&cursor.place_id())?;
        self.news.get(*at).map(|news| &news.result)
    }

    /// What happened newly, as data of one block; empty data if nothing did.
    pub fn news(self) -> Shared {
        let mut draft = Draft::new();
        let mut keys = vec![None; self.opened.len()];
        if let Some(root) = keys.first_mut() {
            *root = Some(draft.root());
        }
        let mut path = Vec::new();
        for News { segment, step, result } in &self.news {
            let key = key(*segment, &self.opened, &mut keys, &mut path, &mut draft);
            draft.claim(key, *step, result, 0);
        }
        draft.finish()
    }
}

/// The segment of the draft that stands for an open one; only segments on the way to news are drafted, each once.
fn key(
    segment: usize,
    opened: &[Opened],
    keys: &mut [Option<SegmentKey>],
    path: &mut Vec<usize>,
    draft: &mut Draft,
) -> SegmentKey {
    let mut at = segment;
    let mut key = loop {
        match (keys.get(at).copied().flatten(), opened.get(at)) {
            (Some(key), _) => break key,
            (None, Some(open)) => {
                path.push(at);
                at = open.parent;
            }
            (None, None) => break draft.root(),
        }
    };
    while let Some(at) = path.pop() {
        if let (Some(open), Some(slot)) = (opened.get(at), keys.get_mut(at)) {
            key = draft.child(key, open.step, open.branch);
            *slot = Some(key);
        }
    }
    key
}

impl<'s> Cursor<'s> {
    /// The id of the place.
    pub fn place_id(&self) -> PlaceId {
        self.id.place(self.step)
    }

    /// What the data read has at the place, if it reaches that far.
    pub fn place(&self) -> Option<Place<'s>> {
        self.rest.first()
    }

    /// The claims at the place in the data read; without those the walk added.
    pub fn claims(&self) -> &'s [Claim] {
        self.rest.first().map_or(&[], Place::claims)
    }

    /// Goes on to the next place of the segment.
    pub fn step(&mut self) {
        self.rest.next();
        self.step += 1;
    }
}
