//! Walks a script over its events and derives everything else.
//!
//! A run reads: where a call or canon has an event it goes on with its result, where it has none it waits, and whoever
//! could make the event is *pending* there. Nothing it derives (what streams hold, how far folds have come) is stored.
//!
//! # Times
//!
//! Every value and every control point carries the earliest [`Time`] at which the holder of the data knew it: the block of
//! the latest event it depends on. Streams are read in the order of these times, so what a peer has seen keeps its
//! place when more arrives; values of one time and one round of a fold are one generation. And what older data saw needs
//! no replay of its own: it is what this replay knows at a time below the number of their blocks.
//!
//! # The machine
//!
//! Frames on an explicit stack are told how their child ended: complete at a time, waiting, or failed at a time. Depth is
//! limited by [`Limits`], never by the host's stack.
//!
//! | file | idea |
//! |---|---|
//! | `machine.rs` | the loop, the frames, `seq`, `par`, `xor`, `match`, `ap`, `fail` |
//! | `call.rs` | `call` and `canon`: taking events, making them, what is pending |
//! | `fold.rs` | folds over values and over streams, `next` |
//! | `operand.rs` | what operands come to, and when that was known |
//! | `scope.rs` | slots of names, streams, activations of folds |
//! | `next_peers.rs` | whom a run tells |
//! | `render.rs`, `recorder.rs` | the rendered trace, and the run that notes it |
//! | `error.rs` | errors that scripts catch, their objects and registers |

mod call;
mod error;
mod fold;
mod machine;
mod next_peers;
mod operand;
mod recorder;
mod render;
mod scope;

pub use call::{Answers, Pending, Request};
pub use error::{BadErrorObject, Catchable, ErrorKind};
pub use machine::{Peer, Run, run};
pub use next_peers::next_peers;
pub use render::{CallState, CanonState, Executed, Lore, Rendered, State, Window, render};

use crate::script::{NodeId, Symbol};
use std::sync::Arc;
use thiserror::Error;

/// When something was known: 0 from the start, `b + 1` with the event of block `b`.
pub type Time = u32;

/// How an instruction ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It is complete since this time.
    Complete(Time),
    /// It may still go on.
    Waits,
    /// It failed at this time.
    Failed(Time, Arc<Catchable>),
}

/// What bounds a run.
///
/// At the defaults, what a run makes of small inputs stays below about a gigabyte, whatever the script does. A fold over
/// as many elements as a stream may have can begin six instructions for each, and a hundred thousand requests take less
/// than a fifth of the steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Instructions executed, names looked up and values folded; what looks at or keeps much at once counts several, so
    /// that this bounds the time and memory of a run.
    pub steps: u64,
    /// Instructions that are begun and not ended.
    pub depth: usize,
    /// Bytes of the text of one value.
    pub value_bytes: u64,
    /// Elements of one stream or stream map.
    pub stream_elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 100_000_000, depth: 6 << 20, value_bytes: 32 << 20, stream_elements: 1 << 20 }
    }
}

/// Why a run was given up; the data stay as they were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum Stop {
    /// Too many steps.
    #[error("more than {limit} steps")]
    Steps {
        /// The limit.
        limit: u64,
        /// The instruction reached.
        node: NodeId,
    },
    /// Too many instructions inside each other.
    #[error("more than {limit} instructions inside each other")]
    Depth {
        /// The limit.
        limit: usize,
        /// The instruction reached.
        node: NodeId,
    },
    /// A value with too long a text.
    #[error("a value of more than {limit} bytes")]
    ValueBytes {
        /// The limit.
        limit: u64,
        /// The instruction that makes it.
        node: NodeId,
    },
    /// A stream with too many elements.
    #[error("more than {limit} elements in a stream")]
    StreamElements {
        /// The limit.
        limit: usize,
        /// The instruction that adds one.
        node: NodeId,
    },
    /// A `next` that no fold around it takes.
    #[error("`next` outside of its fold")]
    NoFold {
        /// The `next`.
        node: NodeId,
    },
    /// All call ids of this peer are used up.
    #[error("no call id is left")]
    NoCallId {
        /// The call.
        node: NodeId,
    },
}

impl Stop {
    /// The numeric code, as the reference interpreter has it.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Steps { .. } | Self::Depth { .. } | Self::ValueBytes { .. } => 10,
            Self::StreamElements { .. } => 20013,
            Self::NoFold { .. } => 20003,
            Self::NoCallId { .. } => 20002,
        }
    }

    /// The instruction at which it happened.
    pub const fn node(&self) -> NodeId {
        match self {
            Self::Steps { node, .. }
            | Self::Depth { node, .. }
            | Self::ValueBytes { node, .. }
            | Self::StreamElements { node, .. }
            | Self::NoFold { node }
            | Self::NoCallId { node } => *node,
        }
    }
}

/// Why an operand has no value now.
#[derive(Clone, Debug)]
enum Miss {
    /// The name has no value yet.
    Missing(Symbol),
    /// It has none for good, known at this time.
    Failed(Time, ErrorKind),
    /// The run is given up.
    Stop(Stop),
}

impl From<Stop> for Miss {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}
