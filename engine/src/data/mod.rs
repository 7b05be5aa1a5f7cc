//! What peers exchange.

mod check;
mod draft;
mod envelope;
mod error;
mod form;
mod id;
mod journal;
mod merge;
mod shared;
mod stores;
mod trace;
mod walk;

pub use draft::{Draft, EventResult, SegmentKey};
pub use envelope::{Data, ENGINE_VERSION, decode, encode};
pub use error::{DataError, ForeignScript, Holder, StoreName};
pub use form::FORMAT;
pub use id::{ArgumentHash, ContentId, PlaceId, ScriptHash, SegmentId, SharedHash, ValueId};
pub use journal::{Answer, Journal, JournalError};
pub use shared::{Event, Shared};
pub use stores::{
    CanonResult, Element, Index, Outcome, OutputKind, ResultIx, ServiceResult, Store, StoredValue, Stores,
};
pub use trace::{Branch, Claim, Place, Segment, Trace};
pub use walk::{Cursor, Walk};
