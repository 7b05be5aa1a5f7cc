//! The rendered trace: what a script has come to, as the flat list of executed states that the literature of AIR uses.
//!
//! Data keep only what happened; a rendered trace shows what that means: it is noted by a run that only reads. One state
//! stands for each `par`, `call`, `canon`, `ap` into a stream or map, and fold over one, in the order in which the walk
//! begins them:
//!
//! | state | notation |
//! |---|---|
//! | `par`: the numbers of states that its branches wrote, nested ones included | `{"par":[1,2]}` |
//! | call requested from the own host, under the id that the journal has | `{"call":{"sentBy":"A","callId":1}}` |
//! | call that waits for a peer: data do not say who told it | `{"call":{"pending":"B"}}` |
//! | call with its result in a scalar | `{"call":{"scalar":20,"from":"B\|temp\|read\|"}}` |
//! | call with its result in a stream | `{"call":{"stream":20,"gen":0,"from":"B\|temp\|read\|"}}` |
//! | call without output | `{"call":{"unused":20,"from":"B\|temp\|read\|"}}` |
//! | call that failed | `{"call":{"failed":{"message":"no","ret_code":1},"from":"B\|temp\|read\|"}}` |
//! | `ap` into a stream or map | `{"ap":{"gens":[0]}}` |
//! | canon that waits for a peer | `{"canon":{"pending":"B"}}` |
//! | canon: who fixed it, and its elements, each with its tetraplet | `{"canon":{"by":"A","values":[[1,"A\|\|\|"]]}}` |
//! | fold over a stream or map: its iterations in the order they began | `{"fold":[{"pos":0,"before":[2,1],"after":[3,0]}]}` |
//!
//! A fold names each value by the position of the state that put it there; its iteration wrote the states from 2 on, 1 in
//! number, before its `next`, and those from 3 on after what that led to. A last instruction belongs to the `after` of
//! the last value of its batch; without a `next`, everything is `before`.
//!
//! *Generations* number what a stream holds in the order in which it is read: a new one begins where the time at which a
//! value was known changes, or the round, which is 0 for a value put there by none of the stream's own folds, and else one
//! more than that of the value whose iteration put it there.
//!
//! An instruction that waits for a name, a disputed call or canon, and one that failed before it could have an event
//! have no state; [`Rendered`] lists them beside the trace.

use super::machine::record;
use super::{End, Limits, Peer, Pending, Stop};
use crate::data::{Data, PlaceId};
use crate::script::{NodeId, Script, Span, Symbol};
use crate::value::{Json, Tetraplet};
use serde::{Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// One executed state, and where it comes from.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// The instruction.
    pub node: NodeId,
    /// Where the instruction stands in the script.
    pub span: Span,
    /// The place in the data that belongs to it.
    pub place: PlaceId,
    /// The block in which its event was learned, if it has one.
    pub at: Option<usize>,
    /// What became of it.
    pub executed: Executed,
}

/// What became of an instruction; serializes, and prints, in the notation of this module.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Executed {
    /// A `par`: the numbers of states that its left and its right branch wrote.
    Par(usize, usize),
    /// A `call`.
    Call(CallState),
    /// A fold over a stream or map: its iterations in the order in which they began.
    Fold(Vec<Lore>),
    /// An `ap` into a stream or map.
    Ap {
        /// The generation of the value in the stream.
        #[serde(rename = "gens", serialize_with = "one")]
        generation: usize,
    },
    /// A `canon`.
    Canon(CanonState),
}

/// How far a call is.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum CallState {
    /// The peer that looks has asked its host for it.
    Requested {
        /// That peer.
        #[serde(rename = "sentBy")]
        peer: Arc<str>,
        /// The id it asked under.
        #[serde(rename = "callId")]
        call_id: u32,
    },
    /// It waits for a peer to make it.
    Pending {
        /// That peer.
        #[serde(rename = "pending")]
        peer: Arc<str>,
    },
    /// Its result is in a scalar.
    Scalar {
        /// The result.
        #[serde(rename = "scalar")]
        value: Json,
        /// Peer, service and function.
        #[serde(rename = "from", serialize_with = "text")]
        tetraplet: Arc<Tetraplet>,
    },
    /// Its result is in a stream.
    Stream {
        /// The result.
        #[serde(rename = "stream")]
        value: Json,
        /// The generation of the result in the stream.
        #[serde(rename = "gen")]
        generation: usize,
        /// Peer, service and function.
        #[serde(rename = "from", serialize_with = "text")]
        tetraplet: Arc<Tetraplet>,
    },
    /// The script does not ask for its result.
    Unused {
        /// The result.
        #[serde(rename = "unused")]
        value: Json,
        /// Peer, service and function.
        #[serde(rename = "from", serialize_with = "text")]
        tetraplet: Arc<Tetraplet>,
    },
    /// The service failed.
    Failed {
        /// The code and the message.
        #[serde(rename = "failed")]
        value: Json,
        /// Peer, service and function.
        #[serde(rename = "from", serialize_with = "text")]
        tetraplet: Arc<Tetraplet>,
    },
}

/// How far a canon is.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum CanonState {
    /// It waits for a peer to fix it.
    Pending {
        /// That peer.
        #[serde(rename = "pending")]
        peer: Arc<str>,
    },
    /// It is fixed.
    Executed {
        /// The peer that fixed it.
        #[serde(rename = "by")]
        peer: Arc<str>,
        /// The elements as the data have them, each with its tetraplet; of a map, its entries.
        #[serde(serialize_with = "elements")]
        values: Vec<(Json, Arc<Tetraplet>)>,
    },
}

/// One iteration of a fold over a stream or map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Lore {
    /// The position of the state that put the value into the stream.
    pub pos: usize,
    /// The states written before `next`.
    pub before: Window,
    /// The states written after what `next` led to, or by the last instruction.
    pub after: Window,
}

/// States that stand side by side; serializes as `[start, len]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(into = "[usize; 2]")]
pub struct Window {
    /// The position of the first.
    pub start: usize,
    /// How many there are.
    pub len: usize,
}

impl From<Window> for [usize; 2] {
    fn from(Window { start, len }: Window) -> Self {
        [start, len]
    }
}

/// What data come to when a script is walked over them.
///
/// Prints as the trace alone, each state on a line after its position.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The trace.
    pub states: Vec<State>,
    /// How the script ended.
    pub end: End,
    /// Calls and canons that are reached and have no event, also where arguments are missing.
    pub pending: Vec<Pending>,
    /// Places with more than one claim that fits, which wait on every peer.
    pub disputed: Vec<(PlaceId, NodeId)>,
    /// Places with claims that do not fit the script and are not taken.
    pub not_taken: Vec<(PlaceId, NodeId)>,
    /// Instructions that wait for a name.
    pub waiting: Vec<(NodeId, Symbol)>,
}

/// Renders what data come to, as a peer sees it; changes nothing, and makes nothing that is due.
///
/// The peer decides only under which ids pending calls are shown; who began the particle and when decides what the script
/// computes, so it must be what it was when the data were made.
///
/// # Errors
/// If the script asks for more than the limits allow.
pub fn render(script: &Script, data: &Data, peer: &Peer, limits: Limits) -> Result<Rendered, Stop> {
    let journal = data.journal().filter(|journal| Some(journal.peer()) == peer.current.as_ref());
    let reader = Peer { current: None, ..peer.clone() };
    let (run, states) = record(script, data.shared(), &reader, limits, journal)?;
    let super::Run { end, pending, disputed, not_taken, waiting, .. } = run;
    Ok(Rendered { states, end, pending, disputed, not_taken, waiting })
}

/// The notation, in one line.
impl fmt::Display for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.states.iter().enumerate().try_for_each(|(position, state)| writeln!(f, "{position} {}", state.executed))
    }
}

/// `{"state":…, "start":…, "end":…, "place":…, "at":…}`, where `start` and `end` are bytes of the script.
impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'a> {
            state: &'a Executed,
            start: u32,
            end: u32,
            place: PlaceId,
            #[serde(skip_serializing_if = "Option::is_none")]
            at: Option<usize>,
        }
        let Self { span, place, at, executed: state, .. } = self;
        Form { state, start: span.start, end: span.end, place: *place, at: *at }.serialize(serializer)
    }
}

fn one<S: Serializer>(generation: &usize, serializer: S) -> Result<S::Ok, S::Error> {
    [generation].serialize(serializer)
}

fn text<S: Serializer>(tetraplet: &Arc<Tetraplet>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(tetraplet)
}

fn elements<S: Serializer>(values: &[(Json, Arc<Tetraplet>)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|(value, tetraplet)| (value, tetraplet.to_string())))
}
