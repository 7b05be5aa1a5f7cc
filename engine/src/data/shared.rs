//! The shared part of data: what peers exchange, merge and compare.

use super::id::{ContentId, PlaceId, SegmentId};
use super::stores::Stores;
use super::trace::{Claim, Segment, Trace};

/// A trace and the stores it refers to, in canonical form: equal knowledge, learned in equal order, is equal bytes.
///
/// There are three ways to one: decode it, merge two, or [build it](super::Draft).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    stores: Stores,
    trace: Trace,
}

/// An event: a claim, and the place where it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Event {
    /// The place.
    pub place: PlaceId,
    /// The content id of what is claimed to have happened there.
    pub result: ContentId,
    /// The block in which the holder of the data learned it.
    pub at: usize,
}

impl Shared {
    /// The caller answers for the canonical form and for every index.
    pub(super) fn from_parts(stores: Stores, trace: Trace) -> Self {
        Self { stores, trace }
    }

    /// The places and their claims.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the claims refer to.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }

    /// All events, in pre-order of their places; linear in the trace.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        let mut open = vec![Open { segment: self.trace.root(), id: SegmentId::root(), step: 0 }];
        let places = std::iter::from_fn(move || {
            loop {
                let Open { segment, id, step } = open.last_mut()?;
                let Some(place) = segment.next() else {
                    open.pop();
                    continue;
                };
                let (id, here) = (*id, *step);
                *step += 1;
                let first = open.len();
                open.extend(place.children().map(|(branch, segment)| {
                    let id = id.branch(here, branch);
                    Open { segment, id, step: 0 }
                }));
                if let Some(opened) = open.get_mut(first..) {
                    opened.reverse();
                }
                if !place.claims().is_empty() {
                    return Some((id.place(here), place.claims()));
                }
            }
        });
        places.flat_map(move |(place, claims)| claims.iter().map(move |claim| self.event(place, *claim)))
    }

    fn event(&self, place: PlaceId, Claim { result, at }: Claim) -> Event {
        Event { place, result: self.stores.id(result), at }
    }
}

/// A segment being walked.
struct Open<'t> {
    segment: Segment<'t>,
    id: SegmentId,
    step: usize,
}
