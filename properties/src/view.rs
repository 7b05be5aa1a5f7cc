//! Data as a runner shows them: the answer of `inspect`, as far as laws and findings look at it.
//!
//! This is read from the JSON text that the runner gives, whoever the runner is. Members that a foreign interpreter
//! leaves out are absent here.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What data hold, and what they come to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct View {
    /// What happened.
    pub events: Vec<SeenEvent>,
    /// What one peer alone knows.
    pub journal: Option<SeenJournal>,
    /// The executed states in the order of the walk.
    pub trace: Option<Vec<SeenState>>,
    /// Calls and canons that are reached and have no event.
    pub pending: Option<Vec<SeenPending>>,
    /// Instructions that wait for a name.
    pub waiting: Option<Vec<SeenWait>>,
    /// Places with more than one claim that fits.
    pub disputed: Option<Vec<SeenPlace>>,
    /// How the script ended.
    #[serde(default, deserialize_with = "text_of_any")]
    pub end: Option<Arc<str>>,
}

/// One event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
pub struct SeenEvent {
    /// Where it happened.
    pub place: Arc<str>,
    /// `call` or `canon`; something else if the runner does not know who made it.
    pub kind: Arc<str>,
    /// Who made it.
    pub peer: Arc<str>,
    /// What it says, as a JSON text.
    #[serde(deserialize_with = "text")]
    pub result: Arc<str>,
    /// When the holder of the data learned it, if the runner says so.
    pub at: Option<usize>,
}

/// The journal.
#[derive(Clone, Debug, Deserialize)]
pub struct SeenJournal {
    /// Places whose answers are kept because the walk does not reach them.
    #[serde(default)]
    pub answers: Vec<Arc<str>>,
}

/// An executed state.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct SeenState {
    /// What became of the instruction, as a JSON text: `{"call":…}`, `{"canon":…}`, `{"par":…}`, `{"fold":…}`, `{"ap":…}`.
    #[serde(deserialize_with = "text")]
    pub state: Arc<str>,
    /// Where the instruction starts, in bytes of the script; 0 if the runner does not know.
    #[serde(default)]
    pub start: u32,
    /// Where it ends; 0 if the runner does not know.
    #[serde(default)]
    pub end: u32,
    /// Its place.
    pub place: Arc<str>,
    /// When its event was learned, if it has one.
    pub at: Option<usize>,
}

/// A call or canon without event.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenPending {
    /// Its place.
    pub place: Arc<str>,
    /// Who can make the event.
    pub peer: Arc<str>,
    /// For each argument, whether it is at hand.
    #[serde(default)]
    pub arguments: Vec<bool>,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// An instruction that waits for a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
pub struct SeenWait {
    /// The name.
    pub name: Arc<str>,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A place and its instruction.
#[derive(Clone, Debug, Deserialize)]
pub struct SeenPlace {
    /// The place.
    pub place: Arc<str>,
    /// Where the instruction starts, in bytes of the script.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// What became of an instruction, as `inspect` says it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Executed {
    /// A `par`: the numbers of states of its branches.
    Par(usize, usize),
    /// A `call`.
    Call(SeenCall),
    /// A fold over a stream or map.
    Fold(Vec<SeenLore>),
    /// An `ap` into a stream or map.
    Ap {
        /// The generation of the value.
        gens: Vec<usize>,
    },
    /// A `canon`.
    Canon(SeenCanon),
}

/// How far a call is; one of the first six is there.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeenCall {
    /// The peer that asked its host.
    pub sent_by: Option<Arc<str>>,
    /// The peer that is to make it.
    pub pending: Option<Arc<str>>,
    /// The result, as a JSON text.
    #[serde(default, deserialize_with = "text_of_any")]
    pub scalar: Option<Arc<str>>,
    /// The result that went into a stream.
    #[serde(default, deserialize_with = "text_of_any")]
    pub stream: Option<Arc<str>>,
    /// The result that nobody asked for.
    #[serde(default, deserialize_with = "text_of_any")]
    pub unused: Option<Arc<str>>,
    /// The failure.
    #[serde(default, deserialize_with = "text_of_any")]
    pub failed: Option<Arc<str>>,
    /// The generation of a result in its stream.
    #[serde(rename = "gen")]
    pub generation: Option<usize>,
    /// Peer, service and function.
    pub from: Option<Arc<str>>,
}

impl SeenCall {
    /// What it came to, success or failure, as a JSON text.
    pub fn result(&self) -> Option<&Arc<str>> {
        self.scalar.as_ref().or(self.stream.as_ref()).or(self.unused.as_ref()).or(self.failed.as_ref())
    }
}

/// One iteration of a fold.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct SeenLore {
    /// The position of the state that put its value into the stream.
    pub pos: usize,
    /// Where the states before `next` start, and how many there are.
    pub before: [usize; 2],
    /// The same of those after it.
    pub after: [usize; 2],
}

/// How far a canon is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct SeenCanon {
    /// The peer that is to fix it.
    pub pending: Option<Arc<str>>,
    /// The peer that fixed it.
    pub by: Option<Arc<str>>,
    /// The elements, each with its tetraplet.
    #[serde(default)]
    pub values: Vec<SeenElement>,
}

/// An element of a canon.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct SeenElement(
    /// The value, as a JSON text.
    #[serde(deserialize_with = "text")]
    pub Arc<str>,
    /// Where it came from.
    pub Arc<str>,
);

impl SeenState {
    /// What became of the instruction; nothing if the runner has another notation.
    pub fn executed(&self) -> Option<Executed> {
        serde_json::from_str(&self.state).ok()
    }
}

impl View {
    /// Reads what a runner says.
    ///
    /// # Errors
    /// If it is not of the form; the protocol of runners describes it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The executed states, each with its place.
    pub fn states(&self) -> Vec<(&str, &str)> {
        self.trace.iter().flatten().map(|state| (&*state.place, &*state.state)).collect()
    }

    /// Whether it is known of each event who made it.
    pub fn knows_makers(&self) -> bool {
        self.events.iter().all(|event| matches!(&*event.kind, "call" | "canon"))
    }

    /// The events without the order in which they were learned.
    pub fn support(&self) -> BTreeSet<SeenEvent> {
        self.events.iter().map(|event| SeenEvent { at: None, ..event.clone() }).collect()
    }
}

/// Numbers and nesting of values stay as they are written.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(|raw| raw.get().into())
}

fn text_of_any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
    text(deserializer).map(Some)
}
