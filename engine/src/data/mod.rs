//! What peers exchange: the events of a script's execution at their places, and how knowledge of them is merged.
//!
//! # What is stored
//!
//! Only two things that happen in a particle cannot be recomputed: a service answered a call, and a peer fixed a canon.
//! These *events* are all that [`Data`] hold. Each stands at its *place* in the execution tree, with the *block* in
//! which the holder of the data learned it; everything else (what streams contain, what is pending, which generation a
//! value belongs to) is derived from script and events by whoever runs the script.
//!
//! A place does not say which instruction it belongs to. What it holds is a set of *claims*: honest data have at most
//! one per place, forged or disputed data have several, and both are data. A claim refers to the [`Stores`], where a
//! [`ServiceResult`] names what it answers (tetraplet, argument hash, output kind) and a [`CanonResult`] who fixed it
//! and to what; the executor compares that with what the script computes and does not take what does not fit
//! ([`Stores::call_answers`], [`Stores::canon_answers`]).
//!
//! | type | what it is |
//! |---|---|
//! | [`Data`] | an envelope: script hash, engine version, a [`Shared`], perhaps a [`Journal`]; or nothing at all |
//! | [`Shared`] | a [`Trace`] and the [`Stores`] it refers to; what laws compare and messages carry |
//! | [`Trace`] | [`Segment`]s of [`Place`]s with [`Claim`]s and children by [`Branch`], flat in memory |
//! | [`Walk`], [`Cursor`] | how an executor reads a trace and notes what is new |
//! | [`Draft`] | how data are built from nothing |
//! | [`Journal`] | what one peer asked its host for; local, never merged |
//! | [`PlaceId`], [`ValueId`] | identity of places and stream values, hashed from the path |
//! | [`ContentId`] | identity of what is stored, hashed from the content |
//!
//! **Invariant**: a [`Shared`] is canonical, always. Three things make one (decoding, merging, finishing a draft), and
//! each sees to it; so two of them hold equal knowledge, learned in equal order, if and only if their bytes are equal.
//!
//! # Merge
//!
//! `a.merge(&b)` is `a` and, learned after everything `a` knows, what `b` adds. It looks at no script, takes time
//! linear in both, and cannot fail, except that the [`Data`] of two scripts have no merge. It is associative and
//! idempotent, the data of no bytes are its identity, and merging again what was merged changes nothing; no event is ever lost. It is
//! not commutative, but `a·b` and `b·a` differ in the order of blocks only.
//!
//! # Reading and writing
//!
//! A run reads and never changes what it reads. [`Cursor`]s stand at a place of one segment each; [`Walk::open`]
//! follows a branch, whether or not anything is known there; [`Cursor::step`] goes on. A place's id is at hand at any
//! time. What happens during the run goes into the walk's news, and the data after the run are the data before it,
//! merged with the news: so new events are one new block at the end, and what the walk did not reach stays as it is.
//!
//! ```
//! use std::sync::Arc;
//! use airtight_engine::data::*;
//! use airtight_engine::value::{Json, Tetraplet};
//!
//! // (par (call "A" ("db" "get") ["k"] x) (call "B" …)) at peer A, to whom the answer of the left call has just come.
//! let before = Data::nothing();
//! let mut walk = Walk::new(before.shared());
//! let par = walk.root();
//! let left = walk.open(&par, Branch::Left);
//! assert!(left.claims().is_empty());
//! let (tetraplet, arguments) = (Arc::new(Tetraplet::call("A", "db", "get")), ArgumentHash::of([&"k".into()]));
//! let outcome = Outcome::Value(Json::from("v"));
//! walk.add(&left, EventResult::Call { outcome, tetraplet, arguments, output: OutputKind::Scalar });
//! let here = left.place_id();
//! let after = Data::new(ScriptHash::of(b"(par ...)"), before.shared().merge(&walk.news()), None);
//!
//! // The event is at its place, in the bytes, and at peer B, who has run nothing yet.
//! let bytes = encode(&after);
//! let at_b = Data::nothing().merge(&decode(&bytes)?)?;
//! let events: Vec<Event> = at_b.shared().events().collect();
//! assert_eq!((events.len(), events[0].place, events[0].at), (1, here, 0));
//!
//! // Its value is read by way of the claim.
//! let walk = Walk::new(at_b.shared());
//! let par = walk.root().place().unwrap();
//! let claim = par.child(Branch::Left).first().unwrap().claims()[0];
//! let ResultIx::Call(call) = claim.result else { panic!() };
//! let stores = at_b.shared().stores();
//! let Outcome::Value(value) = stores.calls.get(call).outcome else { panic!() };
//! assert_eq!(stores.values.get(value).json(), &Json::from("v"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Encoding
//!
//! [`encode`] writes the one encoding of data, [`decode`] reads that and refuses everything else with a [`DataError`]
//! that names what is wrong where. The encoding is JSON without white space, fields in this order (`journal` may be
//! absent):
//!
//! ```json
//! {"format":1, "engine":"0.1.0", "script":"<64 hex digits>",
//!  "shared":{
//!    "values":["\"v\""],
//!    "tetraplets":[{"peer_pk":"A","service_id":"db","function_name":"get","lens":""}],
//!    "calls":[{"value":0,"tetraplet":0,"arguments":"<64 hex digits>","output":"scalar"}],
//!    "canons":[],
//!    "trace":[{"left":1},{"claims":[{"call":0,"at":0}]}]},
//!  "journal":{"peer":"A","next":2,"pending":[[1,"<32 hex digits>"]],"answers":[]}}
//! ```
//!
//! - *Values* are their canonical texts as strings, so a value as deep as values may be does not make the whole too
//!   deep.
//! - *Calls* have `value` or `failure`, and `output` is `scalar`, `stream` or `unused`. *Canons* have `tetraplet` and
//!   `elements`, pairs of value and tetraplet. Numbers are positions in the stores. Each store ascends by content id,
//!   and ids are not written.
//! - The *trace* lists all places in pre-order: a place, then the places of its children. A child is a number of
//!   places: `"left":2`, `"right":1`, `"iterations":[["<32 hex digits>",4]]`, `"lasts":[["<32 hex digits>",1]]`,
//!   ascending by value id. A place that carries nothing is `{}`.
//! - *Answers* in the journal are pairs of place id and `{"ret_code":0,"result":"…"}`.
//!
//! # Input safety
//!
//! Traces nest as deep as memory allows: nothing here recurses over them, destructors included. Decoding takes time and
//! memory linear in the length of the bytes; no number in them is used before it is known to be small enough. What
//! decoding accepts needs no further check.

mod check;
mod draft;
mod envelope;
mod error;
mod form;
mod id;
mod journal;
mod merge;
mod read;
mod shared;
mod stores;
mod trace;
mod walk;
mod write;

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
