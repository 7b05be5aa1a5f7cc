//! Data as programs look at them: the events, and with a script what they come to.

use crate::data::{Data, DataError, EventResult, FORMAT, Outcome, PlaceId, ResultIx, ScriptHash, Shared, decode};
use crate::execute::{End, Limits, Peer, Rendered, State, Stop, render};
use crate::script::{Diagnostics, NodeId, Script, print};
use crate::value::{Json, Tetraplet};
use serde::{Serialize, Serializer};
use std::sync::Arc;
use thiserror::Error;

/// What data hold and what they come to; serializes with these names in camel case, without what is not there.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The version of the format.
    pub format: u64,
    /// The version of the engine that wrote the data.
    pub engine: String,
    /// The hash of the script the data belong to; absent where there are no bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<ScriptHash>,
    /// In how many blocks the events were learned.
    pub blocks: usize,
    /// What happened, in the order of places.
    pub events: Vec<EventView>,
    /// What one peer alone knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalView>,
    /// What the events come to, if the script is at hand.
    #[serde(flatten)]
    pub replay: Option<Replay>,
}

/// One event.
#[derive(Clone, Debug, Serialize)]
pub struct EventView {
    /// The place where it is claimed to have happened.
    pub place: PlaceId,
    /// `call` or `canon`.
    pub kind: &'static str,
    /// Who made it.
    pub peer: Arc<str>,
    /// Peer, service and function; of a canon, the peer alone.
    #[serde(serialize_with = "text")]
    pub tetraplet: Arc<Tetraplet>,
    /// The block in which the holder of the data learned it.
    pub at: usize,
    /// What it says.
    pub result: ResultView,
}

/// What an event says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultView {
    /// The service returned this.
    Value(Json),
    /// The service failed so.
    Failure(Json),
    /// A canon was fixed to these values.
    Elements(Vec<ElementView>),
}

/// An element of a canon; serializes as a pair.
#[derive(Clone, Debug, Serialize)]
pub struct ElementView(
    /// The value.
    pub Json,
    /// Where it came from.
    #[serde(serialize_with = "text")]
    pub Arc<Tetraplet>,
);

/// What one peer alone knows.
#[derive(Clone, Debug, Serialize)]
pub struct JournalView {
    /// The peer.
    pub peer: Arc<str>,
    /// The id that its next call gets.
    pub next: u32,
    /// The calls it asked its host for, by id.
    pub pending: Vec<(u32, PlaceId)>,
    /// Places for which it keeps answers.
    pub answers: Vec<PlaceId>,
}

/// What events come to when the script is walked over them.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    /// Whether the data belong to this script; if not, what follows means little.
    pub own_script: bool,
    /// How the script ended.
    pub end: EndView,
    /// The rendered trace; `start` and `end` are bytes of the script.
    pub trace: Vec<State>,
    /// Calls and canons that are reached and have no event.
    pub pending: Vec<PendingView>,
    /// Instructions that wait for a name.
    pub waiting: Vec<WaitingView>,
    /// Places with more than one claim that fits.
    pub disputed: Vec<PlaceView>,
    /// Places with claims that do not fit the script.
    pub not_taken: Vec<PlaceView>,
}

/// How a script ended.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EndView {
    /// It is complete.
    Complete,
    /// It waits.
    Waits,
    /// It failed.
    Failed {
        /// The code.
        code: i64,
        /// The message.
        message: String,
    },
}

/// A call or canon that is reached and has no event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingView {
    /// Its place.
    pub place: PlaceId,
    /// Who can make the event.
    pub peer: Arc<str>,
    /// The id under which the peer of the journal asked its host, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<u32>,
    /// For each argument, whether it is at hand.
    pub arguments: Vec<bool>,
    /// The instruction as error objects show it.
    pub instruction: String,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// An instruction that waits for a name.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingView {
    /// The name.
    pub name: String,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A place and its instruction.
#[derive(Clone, Debug, Serialize)]
pub struct PlaceView {
    /// The place.
    pub place: PlaceId,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// Why data cannot be inspected.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum InspectError {
    /// The bytes are no data.
    #[error("the data cannot be read: {0}")]
    Data(#[from] DataError),
    /// The script cannot be read.
    #[error("the script cannot be read:\n{0}")]
    Script(Diagnostics),
    /// The script asks for too much.
    #[error("the script cannot be walked over the data: {0}")]
    Stopped(Stop),
}

impl InspectError {
    /// The numeric code, as outcomes of runs have it.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Data(_) => DataError::CODE,
            Self::Script(_) => 1,
            Self::Stopped(stop) => stop.code(),
        }
    }
}

/// Inspects bytes of data, with the script if there is one.
///
/// Without a peer, they are seen by the peer of the journal, which is taken to have begun the particle too; a script that
/// asks who began it, or when, needs to be told.
///
/// # Errors
/// If the data or the script cannot be read, or the script asks for more than the limits allow.
pub fn inspect(
    air: Option<&str>,
    data: &[u8],
    peer: Option<&Peer>,
    limits: Limits,
) -> Result<Inspection, InspectError> {
    let data = decode(data)?;
    let own = own_view(&data);
    let replay = air.map(|air| {
        let script = Script::parse(air).map_err(InspectError::Script)?;
        let rendered = render(&script, &data, peer.unwrap_or(&own), limits).map_err(InspectError::Stopped)?;
        let own_script = data.script().is_none_or(|hash| hash == ScriptHash::of(air.as_bytes()));
        Ok::<_, InspectError>(Replay::new(&script, &data, rendered, own_script))
    });
    Ok(Inspection::new(&data, replay.transpose()?))
}

/// How data look to the peer whose journal they have.
pub fn own_view(data: &Data) -> Peer {
    let current = data.journal().map(|journal| journal.peer().clone());
    Peer { init: current.clone().unwrap_or_default(), current, timestamp: 0, ttl: 0 }
}

impl Inspection {
    /// What there is to say about data, and what they come to, if that is known.
    pub fn new(data: &Data, replay: Option<Replay>) -> Self {
        let journal = data.journal().map(|journal| JournalView {
            peer: journal.peer().clone(),
            next: journal.next_call_id(),
            pending: journal.pending().collect(),
            answers: journal.answers().map(|(place, _)| place).collect(),
        });
        Self {
            format: FORMAT,
            engine: data.engine().to_owned(),
            script: data.script(),
            blocks: data.shared().trace().blocks(),
            events: event_views(data.shared()).collect(),
            journal,
            replay,
        }
    }
}

/// The events of data in full, in the order of places.
pub fn event_views(shared: &Shared) -> impl Iterator<Item = EventView> {
    let stores = shared.stores();
    shared.events().filter_map(move |event| {
        let call = stores.calls.find(&event.result).map(ResultIx::Call);
        let result = stores.result(call.or_else(|| stores.canons.find(&event.result).map(ResultIx::Canon))?);
        let (kind, tetraplet, result) = match result {
            EventResult::Call { outcome: Outcome::Value(value), tetraplet, .. } => {
                ("call", tetraplet, ResultView::Value(value))
            }
            EventResult::Call { outcome: Outcome::Failure(value), tetraplet, .. } => {
                ("call", tetraplet, ResultView::Failure(value))
            }
            EventResult::Canon { tetraplet, elements } => {
                let elements = elements.into_iter().map(|(value, origin)| ElementView(value, origin));
                ("canon", tetraplet, ResultView::Elements(elements.collect()))
            }
        };
        let peer = tetraplet.peer.clone();
        Some(EventView { place: event.place, kind, peer, tetraplet, at: event.at, result })
    })
}

impl Replay {
    /// What a rendering says; `own_script` is whether the data belong to the script.
    pub fn new(script: &Script, data: &Data, rendered: Rendered, own_script: bool) -> Self {
        let tree = script.tree();
        let span = |node: NodeId| tree.node(node).span;
        let place =
            |(place, node): (PlaceId, NodeId)| PlaceView { place, start: span(node).start, end: span(node).end };
        let pending = rendered.pending.into_iter().map(|pending| {
            let journal = data.journal().filter(|journal| *journal.peer() == pending.peer);
            PendingView {
                place: pending.place,
                call_id: journal.and_then(|journal| journal.call(pending.place)),
                arguments: pending.arguments.iter().map(Option::is_some).collect(),
                instruction: print::descriptor(tree, pending.node),
                start: span(pending.node).start,
                end: span(pending.node).end,
                peer: pending.peer,
            }
        });
        let waiting = rendered.waiting.iter().map(|(node, name)| WaitingView {
            name: tree.text(*name).to_owned(),
            start: span(*node).start,
            end: span(*node).end,
        });
        Self {
            own_script,
            end: match rendered.end {
                End::Complete(_) => EndView::Complete,
                End::Waits => EndView::Waits,
                End::Failed(_, error) => EndView::Failed { code: error.kind.code(), message: error.to_string() },
            },
            trace: rendered.states,
            pending: pending.collect(),
            waiting: waiting.collect(),
            disputed: rendered.disputed.into_iter().map(place).collect(),
            not_taken: rendered.not_taken.into_iter().map(place).collect(),
        }
    }
}

fn text<S: Serializer>(tetraplet: &Arc<Tetraplet>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(tetraplet)
}
