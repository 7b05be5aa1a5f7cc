//! The interface of the interpreter: previous data and current data to new data.
//!
//! [`invoke`] takes and gives bytes and is total: whatever goes wrong, it returns a code, a message, and the previous data
//! unchanged. [`execute()`] is the same over types, for callers in Rust.
//!
//! # Call requests and call results
//!
//! Both are canonical JSON: an object with call ids as keys. No bytes are the empty object.
//!
//! ```json
//! {"1":{"service_id":"db","function_name":"get","arguments":["k",5],
//!       "tetraplets":[[{"peer_pk":"A","service_id":"","function_name":"","lens":""}],
//!                     [{"peer_pk":"A","service_id":"","function_name":"","lens":""}]]}}
//! {"1":{"ret_code":0,"result":"\"value\""}}
//! ```
//!
//! The `result` of a call that succeeded (`ret_code` 0) is a JSON text; that of one that failed is any text.

use crate::by_name::ByName;
use crate::data::{Answer, Data, DataError, ForeignScript, Journal, PlaceId, ScriptHash, decode, encode};
use crate::execute::{self, Catchable, End, Limits, Peer, Stop, next_peers};
use crate::not_read::NotRead;
use crate::script::{Diagnostics, NodeId, Script, Symbol};
use crate::value::{Json, Tetraplet};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Answers to calls, by call id.
pub type CallResults = BTreeMap<u32, Answer>;

/// Requests of calls, by call id.
pub type CallRequests = BTreeMap<u32, CallRequest>;

/// A call that the host shall make.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CallRequest {
    /// Which service.
    pub service_id: Arc<str>,
    /// Which function of it.
    pub function_name: Arc<str>,
    /// The arguments.
    pub arguments: Vec<Json>,
    /// For each argument, where it came from: one tetraplet for a value, one for each element of a canon.
    pub tetraplets: Vec<Vec<Arc<Tetraplet>>>,
}

/// How large the inputs and outputs may be, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SizeLimits {
    /// The script.
    pub air: u64,
    /// The current data.
    pub particle: u64,
    /// The text of one call result.
    pub call_result: u64,
    /// The new data; more than that is always an error.
    pub new_data: u64,
    /// Whether exceeding one of the first three is an error, rather than a flag in the outcome.
    pub hard: bool,
}

impl Default for SizeLimits {
    fn default() -> Self {
        Self { air: 16 << 20, particle: 64 << 20, call_result: 32 << 20, new_data: 1 << 30, hard: false }
    }
}

/// Which of the soft limits were exceeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LimitsExceeded {
    /// The script is too long.
    pub air: bool,
    /// The current data are too long.
    pub particle: bool,
    /// A call result is too long.
    pub call_result: bool,
}

/// What a run is told about itself and the particle.
#[derive(Clone, Debug)]
pub struct RunParameters {
    /// The peer that began the particle.
    pub init_peer_id: Arc<str>,
    /// The peer that runs.
    pub current_peer_id: Arc<str>,
    /// The particle's time stamp, in milliseconds since 1970.
    pub timestamp: u64,
    /// How long the particle lives, in milliseconds.
    pub ttl: u32,
    /// The particle's id.
    pub particle_id: Arc<str>,
    /// How large inputs and outputs may be.
    pub size_limits: SizeLimits,
    /// What bounds the run.
    pub limits: Limits,
    /// Whether calls that are pending are requested again, under their ids, as after a restart of the host.
    pub repeat_requests: bool,
}

impl RunParameters {
    /// Parameters of a particle begun by `init`, at the peer `current`, with all limits at their defaults.
    pub fn new(init: impl Into<Arc<str>>, current: impl Into<Arc<str>>) -> Self {
        Self {
            init_peer_id: init.into(),
            current_peer_id: current.into(),
            timestamp: 0,
            ttl: 0,
            particle_id: "".into(),
            size_limits: SizeLimits::default(),
            limits: Limits::default(),
            repeat_requests: false,
        }
    }

    /// Who runs, and what the particle says.
    pub fn peer(&self) -> Peer {
        Peer {
            current: Some(self.current_peer_id.clone()),
            init: self.init_peer_id.clone(),
            timestamp: self.timestamp,
            ttl: self.ttl,
        }
    }
}

/// What a run says, in bytes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InterpreterOutcome {
    /// 0, or the numeric code of the error.
    pub ret_code: i64,
    /// What is wrong and where; empty without error.
    pub error_message: String,
    /// The new data; after an error that gives the run up, the previous data.
    pub data: Vec<u8>,
    /// Who must get the new data.
    pub next_peer_pks: Vec<String>,
    /// The calls that the host shall make, as JSON.
    pub call_requests: Vec<u8>,
    /// Which soft limits were exceeded.
    pub limits_exceeded: LimitsExceeded,
    /// Ids of call results that this peer did not ask for.
    pub unknown_call_ids: Vec<u32>,
    /// Places with several claims that fit.
    pub disputed: Vec<PlaceId>,
    /// Places with claims that do not fit the script.
    pub not_taken: Vec<PlaceId>,
    /// What waits.
    pub waiting: Vec<Waiting>,
}

/// What a run says, with the data in bytes and the rest as types; runners speak it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct InterpreterResult {
    /// 0, or the numeric code of the error.
    pub ret_code: i64,
    /// What is wrong and where; empty without error.
    pub error_message: String,
    /// The new data; after an error that gives the run up, the previous data.
    pub data: Vec<u8>,
    /// Who must get the new data.
    pub next_peers: Vec<Arc<str>>,
    /// The calls that the host shall make.
    pub requests: CallRequests,
    /// Which soft limits were exceeded.
    pub limits_exceeded: LimitsExceeded,
    /// Ids of call results that this peer did not ask for.
    pub unknown_call_ids: Vec<u32>,
    /// Places with several claims that fit.
    pub disputed: Vec<PlaceId>,
    /// Places with claims that do not fit the script.
    pub not_taken: Vec<PlaceId>,
    /// What waits.
    pub waiting: Vec<Waiting>,
}

/// Every code that a run can end with, and what it means; the numbers are those of the reference interpreter.
pub const CODES: [(i64, &str); 22] = [
    (0, "the script was followed as far as it goes now"),
    (1, "the script cannot be read"),
    (2, "the previous or the current data cannot be read"),
    (5, "the call results cannot be read"),
    (10, "a limit of sizes, steps or depth is exceeded"),
    (10000, "a service failed"),
    (10001, "`match` of values that differ"),
    (10002, "`mismatch` of equal values"),
    (10004, "a value would nest too deep"),
    (10005, "`fold` over what is no array"),
    (10006, "`fail` raised an error"),
    (10007, "a lens selects nothing"),
    (10008, "`fail` of what is no error object"),
    (10009, "a name is read before its `new` gives it a value"),
    (10010, "the length of what is no array"),
    (10011, "a peer, service or function is no string"),
    (10012, "the key of a map entry is neither a string nor an integer"),
    (20000, "the data are of another script"),
    (20002, "no call id is left"),
    (20003, "`next` outside of its fold; no script that can be read does that"),
    (20013, "a stream has too many elements"),
    (30000, "this peer did not ask for some of the call results"),
];

impl InterpreterResult {
    /// Whether the run was given up: nothing was taken in, and the data are the previous ones.
    pub const fn is_given_up(&self) -> bool {
        matches!(self.ret_code, 1..10000 | 20000..30000)
    }
}

impl From<InterpreterResult> for InterpreterOutcome {
    fn from(result: InterpreterResult) -> Self {
        Self {
            ret_code: result.ret_code,
            error_message: result.error_message,
            data: result.data,
            next_peer_pks: result.next_peers.iter().map(|peer| peer.to_string()).collect(),
            call_requests: write_requests(&result.requests),
            limits_exceeded: result.limits_exceeded,
            unknown_call_ids: result.unknown_call_ids,
            disputed: result.disputed,
            not_taken: result.not_taken,
            waiting: result.waiting,
        }
    }
}

/// An instruction that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// The instruction, in bytes of the script.
    pub span: crate::script::Span,
    /// The peer whose event it waits for, if it is for an event.
    pub peer: Option<Arc<str>>,
    /// The name that has no value, if it is for one.
    pub missing: Option<String>,
}

/// Why a run was given up, with the previous data unchanged.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The script cannot be read.
    #[error("the script cannot be read:\n{0}")]
    Script(Diagnostics),
    /// The previous data cannot be read.
    #[error("the previous data cannot be read: {0}")]
    PreviousData(DataError),
    /// The current data cannot be read.
    #[error("the current data cannot be read: {0}")]
    CurrentData(DataError),
    /// The previous or current data are of another script.
    #[error("these are data of another script: {0}")]
    Foreign(#[from] ForeignScript),
    /// The call results cannot be read.
    #[error("the call results cannot be read at line {line}, column {column}: {message}")]
    CallResults {
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A hard limit is exceeded.
    #[error("{what}: {bytes} bytes, more than the limit of {limit}")]
    Size {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The script asks for too much.
    #[error("{stop}, at byte {at}: `{instruction}`")]
    Stopped {
        /// The limit.
        stop: Stop,
        /// Where the instruction stands in the script.
        at: u32,
        /// The instruction.
        instruction: String,
    },
}

impl InvokeError {
    /// The numeric code, as the reference interpreter has it.
    pub const fn code(&self) -> i64 {
        match self {
            Self::Script(_) => 1,
            Self::PreviousData(_) | Self::CurrentData(_) => 2,
            Self::CallResults { .. } => 5,
            Self::Size { .. } => 10,
            Self::Foreign(_) => 20000,
            Self::Stopped { stop, .. } => stop.code(),
        }
    }
}

/// What a run says, as types.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The new data.
    pub data: Data,
    /// The error that reached the root of the script, if one did.
    pub error: Option<Arc<Catchable>>,
    /// Who must get the new data.
    pub next_peers: Vec<Arc<str>>,
    /// The calls that the host shall make.
    pub requests: CallRequests,
    /// Ids of call results that this peer did not ask for.
    pub unknown_call_ids: Vec<u32>,
    /// Places with several claims that fit.
    pub disputed: Vec<(PlaceId, NodeId)>,
    /// Places with claims that do not fit the script.
    pub not_taken: Vec<(PlaceId, NodeId)>,
    /// Calls and canons that wait for an event, and for whose.
    pub pending: Vec<(NodeId, Arc<str>)>,
    /// Instructions that wait for a name.
    pub waiting: Vec<(NodeId, Symbol)>,
}

/// Runs a script at a peer: merges, walks, makes what is due.
///
/// # Errors
/// If the data are of another script, or the script asks for more than the limits allow. Nothing has happened then.
pub fn execute(
    script: &Script,
    hash: ScriptHash,
    previous: &Data,
    current: &Data,
    parameters: &RunParameters,
    results: CallResults,
) -> Result<Outcome, InvokeError> {
    for data in [previous, current] {
        if let Some(other) = data.script().filter(|other| *other != hash) {
            return Err(ForeignScript { previous: hash, current: other }.into());
        }
    }
    let merged = match (previous.shared(), current.shared()) {
        (previous, nothing) if nothing.is_empty() => Cow::Borrowed(previous),
        (nothing, current) if nothing.is_empty() => Cow::Borrowed(current),
        (previous, current) => Cow::Owned(previous.merge(current)),
    };
    let me = &parameters.current_peer_id;
    let journal = previous.journal().filter(|journal| journal.peer() == me).cloned();
    let mut journal = journal.unwrap_or_else(|| Journal::new(me.clone()));
    let mut unknown_call_ids = Vec::new();
    for (id, answer) in results {
        match journal.place(id) {
            // The first answer counts: one that is kept until its place is reached is not asked for any more.
            Some(place) if journal.answer(place).is_none_or(|kept| *kept == answer) => journal.keep(place, answer),
            _ => unknown_call_ids.push(id),
        }
    }
    let answers = journal.answers().map(|(place, answer)| (place, answer.clone())).collect();
    let peer = parameters.peer();
    let stopped = |stop: Stop| {
        let tree = script.tree();
        let instruction = crate::script::print::descriptor(tree, stop.node()).trim_end().to_owned();
        InvokeError::Stopped { stop, at: tree.node(stop.node()).span.start, instruction }
    };
    let run = execute::run(script, &merged, &peer, parameters.limits, answers).map_err(stopped)?;
    let changed = !current.shared().is_empty() && *merged != *previous.shared();
    let next_peers = next_peers(script, &run, &peer, parameters.limits, previous, current, changed).map_err(stopped)?;
    for place in &run.settled {
        journal.settle(*place);
    }
    let mut requests = CallRequests::new();
    for request in run.requests {
        let known = journal.call(request.place);
        if known.is_some() && !parameters.repeat_requests {
            continue;
        }
        let id = journal.request(request.place).ok_or_else(|| stopped(Stop::NoCallId { node: request.node }))?;
        requests.insert(
            id,
            CallRequest {
                service_id: request.tetraplet.service.clone(),
                function_name: request.tetraplet.function.clone(),
                arguments: request.arguments,
                tetraplets: request.tetraplets,
            },
        );
    }
    let shared = if run.news.is_empty() { merged.into_owned() } else { merged.merge(&run.news) };
    Ok(Outcome {
        data: Data::new(hash, shared, Some(journal)),
        error: match run.end {
            End::Failed(_, error) => Some(error),
            End::Complete(_) | End::Waits => None,
        },
        next_peers,
        requests,
        unknown_call_ids,
        disputed: run.disputed,
        not_taken: run.not_taken,
        pending: run.pending.into_iter().map(|pending| (pending.node, pending.peer)).collect(),
        waiting: run.waiting,
    })
}

/// Runs a script at a peer, bytes to bytes; total on every input.
pub fn invoke(
    air: String,
    prev_data: Vec<u8>,
    data: Vec<u8>,
    params: RunParameters,
    call_results: Vec<u8>,
) -> InterpreterOutcome {
    let parse = || Script::parse(&air).map(Arc::new);
    run_bytes(&air, &prev_data, &data, &params, parse, || read_results(&call_results)).into()
}

/// Runs a script over bytes of data; total on every input. The script is parsed, and the answers are read, when it is
/// their turn.
pub(crate) fn run_bytes(
    air: &str,
    previous: &[u8],
    current: &[u8],
    parameters: &RunParameters,
    script: impl FnOnce() -> Result<Arc<Script>, Diagnostics>,
    results: impl FnOnce() -> Result<CallResults, InvokeError>,
) -> InterpreterResult {
    let mut exceeded = LimitsExceeded::default();
    let result = match try_run_bytes(air, previous, current, parameters, script, results, &mut exceeded) {
        Ok(result) => InterpreterResult { limits_exceeded: exceeded, ..result },
        Err(error) => InterpreterResult {
            ret_code: error.code(),
            error_message: error.to_string(),
            data: previous.to_vec(),
            limits_exceeded: exceeded,
            ..InterpreterResult::default()
        },
    };
    debug_assert!(CODES.iter().any(|(code, _)| *code == result.ret_code), "`{}` is no known code", result.ret_code);
    result
}

fn try_run_bytes(
    air: &str,
    previous: &[u8],
    current: &[u8],
    parameters: &RunParameters,
    script: impl FnOnce() -> Result<Arc<Script>, Diagnostics>,
    results: impl FnOnce() -> Result<CallResults, InvokeError>,
    exceeded: &mut LimitsExceeded,
) -> Result<InterpreterResult, InvokeError> {
    let sizes = parameters.size_limits;
    let over = |what, bytes: usize, limit, flag: &mut bool| {
        let bytes = bytes as u64;
        *flag |= bytes > limit;
        if bytes > limit && sizes.hard { Err(InvokeError::Size { what, bytes, limit }) } else { Ok(()) }
    };
    over("the script", air.len(), sizes.air, &mut exceeded.air)?;
    over("the current data", current.len(), sizes.particle, &mut exceeded.particle)?;
    let previous = decode(previous).map_err(InvokeError::PreviousData)?;
    let current = decode(current).map_err(InvokeError::CurrentData)?;
    let script = script().map_err(InvokeError::Script)?;
    let results = results()?;
    for answer in results.values() {
        over("a call result", answer.result.len(), sizes.call_result, &mut exceeded.call_result)?;
    }
    let hash = ScriptHash::of(air.as_bytes());
    let outcome = execute(&script, hash, &previous, &current, parameters, results)?;
    let data = encode(&outcome.data);
    if data.len() as u64 > sizes.new_data {
        return Err(InvokeError::Size { what: "the new data", bytes: data.len() as u64, limit: sizes.new_data });
    }
    let (ret_code, error_message) = match (&outcome.error, outcome.unknown_call_ids.as_slice()) {
        (Some(error), _) => (error.kind.code(), error.to_string()),
        (None, []) => (0, String::new()),
        (None, ids) => (30000, format!("this peer did not ask for the calls {ids:?} whose results were given")),
    };
    let tree = script.tree();
    let pending = outcome.pending.iter().map(|(node, peer)| Waiting {
        span: tree.node(*node).span,
        peer: Some(peer.clone()),
        missing: None,
    });
    let waiting = outcome.waiting.iter().map(|(node, name)| Waiting {
        span: tree.node(*node).span,
        peer: None,
        missing: Some(tree.text(*name).to_owned()),
    });
    Ok(InterpreterResult {
        ret_code,
        error_message,
        data,
        next_peers: outcome.next_peers,
        requests: outcome.requests,
        limits_exceeded: LimitsExceeded::default(),
        unknown_call_ids: outcome.unknown_call_ids,
        disputed: outcome.disputed.into_iter().map(|(place, _)| place).collect(),
        not_taken: outcome.not_taken.into_iter().map(|(place, _)| place).collect(),
        waiting: distinct(pending.chain(waiting)),
    })
}

/// Each of these once, in the order of their first occurrences: in a fold, an instruction may wait a million times.
fn distinct(waiting: impl Iterator<Item = Waiting>) -> Vec<Waiting> {
    let mut seen = std::collections::BTreeSet::new();
    let key = |one: &Waiting| (one.span.start, one.peer.clone(), one.missing.clone());
    waiting.filter(|one| seen.insert(key(one))).collect()
}

/// The bytes of call requests: canonical JSON, in the order of their ids.
pub fn write_requests(requests: &CallRequests) -> Vec<u8> {
    const BYTES_BESIDE: u64 = 256;
    const RESERVED_BYTES_MAX: u64 = 64 << 20;
    let arguments = requests.values().flat_map(|request| &request.arguments).map(Json::text_len);
    let likely = arguments.fold(BYTES_BESIDE * requests.len() as u64, u64::saturating_add);
    let mut bytes = Vec::with_capacity(likely.min(RESERVED_BYTES_MAX) as usize);
    bytes.push(b'{');
    for (id, request) in requests {
        let CallRequest { service_id, function_name, arguments, tetraplets } = request;
        let first = bytes.len() == 1;
        write(&mut bytes, if first { "\"" } else { ",\"" }, id);
        write(&mut bytes, "\":{\"service_id\":", service_id);
        write(&mut bytes, ",\"function_name\":", function_name);
        bytes.extend_from_slice(b",\"arguments\":[");
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                bytes.push(b',');
            }
            argument.write_text(&mut bytes);
        }
        write(&mut bytes, "],\"tetraplets\":", tetraplets);
        bytes.push(b'}');
    }
    bytes.push(b'}');
    bytes
}

/// Writes these characters and this value; values that have their text at hand are not written by way of this.
fn write(bytes: &mut Vec<u8>, before: &str, value: &impl Serialize) {
    bytes.extend_from_slice(before.as_bytes());
    serde_json::to_writer(bytes, value).expect("memory takes what is written");
}

/// The answers that bytes mean; no bytes are none.
///
/// # Errors
/// If they are not an object of answers by call id.
pub fn read_results(bytes: &[u8]) -> Result<CallResults, InvokeError> {
    if bytes.is_empty() {
        return Ok(CallResults::new());
    }
    let results: Result<Results, _> = serde_json::from_slice(bytes);
    results.map(|Results(results)| results).map_err(|error| {
        let NotRead { line, column, message } = NotRead::new(&error);
        InvokeError::CallResults { line, column, message }
    })
}

/// Call results as their JSON form has them.
struct Results(CallResults);

impl<'de> Deserialize<'de> for Results {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ResultsVisitor)
    }
}

struct ResultsVisitor;

impl<'de> Visitor<'de> for ResultsVisitor {
    type Value = Results;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of answers by call id")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Results, A::Error> {
        let mut results = CallResults::new();
        while let Some(key) = map.next_key::<String>()? {
            let shown = crate::script::short(&key);
            let id = key.parse::<u32>().ok().filter(|id| id.to_string() == key);
            let id = id.ok_or_else(|| A::Error::custom(format_args!("`{shown}` is no call id")))?;
            let ByName(answer) = map.next_value()?;
            if results.insert(id, answer).is_some() {
                return Err(A::Error::custom(format_args!("call {id} has two answers")));
            }
        }
        Ok(Results(results))
    }
}
