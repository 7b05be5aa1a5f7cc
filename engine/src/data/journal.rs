//! The journal: what a peer alone knows of a particle, and never merges.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::PlaceId;

/// A service's answer as the host gave it, not yet read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// 0 for success, anything else for a failure.
    pub ret_code: i32,
    /// The text of the answer: JSON if the call succeeded, any text if not.
    pub result: Arc<str>,
}

/// Which calls a peer asked its host for, and the answers it has no place for yet.
///
/// **Invariants**: every pending call id is at least 1 and less than the next one; no place is pending under two ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    peer: Arc<str>,
    next: u32,
    pending: BTreeMap<u32, PlaceId>,
    calls: BTreeMap<PlaceId, u32>,
    answers: BTreeMap<PlaceId, Answer>,
}

/// Why entries do not make a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The next call id is 0.
    #[error("the next call id is 0, expected at least 1")]
    NoNextId,
    /// A pending call has an id that was not given out, or pending calls are not in ascending order of ids.
    #[error("pending call {index} has the id {id}, expected one above those before it and below the next")]
    PendingOrder {
        /// Which pending call, from 0.
        index: usize,
        /// Its id.
        id: u32,
    },
    /// A place is pending under two ids.
    #[error("pending call {index} is at place {place}, where another one is")]
    PlaceTwice {
        /// Which pending call, from 0.
        index: usize,
        /// The place.
        place: PlaceId,
    },
    /// The answers are not in ascending order of their places.
    #[error("answer {index} is at place {place}, expected one above that of the answer before")]
    AnswerOrder {
        /// Which answer, from 0.
        index: usize,
        /// Its place.
        place: PlaceId,
    },
}

impl Journal {
    /// The journal of a peer that has asked for nothing.
    pub fn new(peer: impl Into<Arc<str>>) -> Self {
        let (pending, calls, answers) = Default::default();
        Self { peer: peer.into(), next: 1, pending, calls, answers }
    }

    /// A journal of listed entries: pending calls ascending by id, answers ascending by place.
    pub fn from_entries(
        peer: Arc<str>,
        next: u32,
        pending: impl IntoIterator<Item = (u32, PlaceId)>,
        answers: impl IntoIterator<Item = (PlaceId, Answer)>,
    ) -> Result<Self, JournalError> {
        let mut journal = Self { next, ..Self::new(peer) };
        if next == 0 {
            return Err(JournalError::NoNextId);
        }
        let mut least = 1;
        for (index, (id, place)) in pending.into_iter().enumerate() {
            if !(least..next).contains(&id) {
                return Err(JournalError::PendingOrder { index, id });
            }
            least = id + 1;
            if journal.calls.insert(place, id).is_some() {
                return Err(JournalError::PlaceTwice { index, place });
            }
            journal.pending.insert(id, place);
        }
        for (index, (place, answer)) in answers.into_iter().enumerate() {
            if journal.answers.last_key_value().is_some_and(|(last, _)| *last >= place) {
                return Err(JournalError::AnswerOrder { index, place });
            }
            journal.answers.insert(place, answer);
        }
        Ok(journal)
    }

    /// The peer whose journal it is.
    pub fn peer(&self) -> &Arc<str> {
        &self.peer
    }

    /// The id that the next call gets.
    pub fn next_call_id(&self) -> u32 {
        self.next
    }

    /// The pending calls in ascending order of their ids.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = (u32, PlaceId)> {
        self.pending.iter().map(|(id, place)| (*id, *place))
    }

    /// The answers kept, in ascending order of their places.
    pub fn answers(&self) -> impl ExactSizeIterator<Item = (PlaceId, &Answer)> {
        self.answers.iter().map(|(place, answer)| (*place, answer))
    }

    /// The place that a call was requested for.
    pub fn place(&self, call: u32) -> Option<PlaceId> {
        self.pending.get(&call).copied()
    }

    /// The id under which a place is pending.
    pub fn call(&self, place: PlaceId) -> Option<u32> {
        self.calls.get(&place).copied()
    }

    /// The answer kept for a place.
    pub fn answer(&self, place: PlaceId) -> Option<&Answer> {
        self.answers.get(&place)
    }

    /// Makes a place pending and returns its call id: the next one, or the one it is pending under already.
    ///
    /// Nothing if all ids are used up.
    pub fn request(&mut self, place: PlaceId) -> Option<u32> {
        if let Some(id) = self.call(place) {
            return Some(id);
        }
        let id = self.next;
        self.next = id.checked_add(1)?;
        self.pending.insert(id, place);
        self.calls.insert(place, id);
        Some(id)
    }

    /// Keeps an answer until the walk reaches its place; a later one replaces it.
    pub fn keep(&mut self, place: PlaceId, answer: Answer) {
        self.answers.insert(place, answer);
    }

    /// Forgets what was pending or kept at a place, which has its event now; returns the answer that was kept.
    pub fn settle(&mut self, place: PlaceId) -> Option<Answer> {
        if let Some(id) = self.calls.remove(&place) {
            self.pending.remove(&id);
        }
        self.answers.remove(&place)
    }
}
