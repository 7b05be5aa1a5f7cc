//! The parameters and results of each method, as they are spelled on the line.

use super::rpc::RpcError;
use airtight_engine::data::{Answer, ENGINE_VERSION, PlaceId};
use airtight_engine::execute::Limits;
use airtight_engine::invoke::{CallRequest, CallResults, RunParameters, SizeLimits, Waiting};
use airtight_engine::runner::{InterpreterResult, LogLevel};
use airtight_engine::value::{Json, Tetraplet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;

/// Bytes as base64; none are the empty text.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map(Self).map_err(|error| D::Error::custom(format_args!("bytes are base64: {error}")))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

/// A log level by its name.
#[derive(Default)]
pub(super) struct Level(pub(super) LogLevel);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == name);
        let names = LogLevel::ALL.map(LogLevel::name).join(", ");
        level.map(Self).ok_or_else(|| D::Error::custom(format_args!("`logLevel` is one of {names}")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InitRequest {
    #[serde(default)]
    pub(super) log_level: Level,
}

#[derive(Serialize)]
pub(super) struct InitResponse {
    name: &'static str,
    version: &'static str,
}

impl InitResponse {
    pub(super) fn new() -> Self {
        Self { name: "airtight", version: ENGINE_VERSION }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoParams {}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RunRequest {
    pub(super) air: String,
    pub(super) prev_data: Bytes,
    pub(super) data: Bytes,
    pub(super) params: Params,
    pub(super) call_results: Vec<(u32, CallResult)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Params {
    init_peer_id: String,
    current_peer_id: String,
    timestamp: u64,
    ttl: u32,
    particle_id: String,
    #[serde(default)]
    limits: RunLimits,
    #[serde(default)]
    repeat_requests: bool,
}

/// What is absent is as the engine has it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RunLimits {
    air_bytes: Option<u64>,
    particle_bytes: Option<u64>,
    call_result_bytes: Option<u64>,
    new_data_bytes: Option<u64>,
    hard: bool,
    steps: Option<u64>,
    depth: Option<usize>,
    value_bytes: Option<u64>,
    stream_elements: Option<usize>,
}

impl Params {
    pub(super) fn into_parameters(self) -> RunParameters {
        let (given, size, run) = (self.limits, SizeLimits::default(), Limits::default());
        RunParameters {
            init_peer_id: self.init_peer_id.into(),
            current_peer_id: self.current_peer_id.into(),
            timestamp: self.timestamp,
            ttl: self.ttl,
            particle_id: self.particle_id.into(),
            size_limits: SizeLimits {
                air: given.air_bytes.unwrap_or(size.air),
                particle: given.particle_bytes.unwrap_or(size.particle),
                call_result: given.call_result_bytes.unwrap_or(size.call_result),
                new_data: given.new_data_bytes.unwrap_or(size.new_data),
                hard: given.hard,
            },
            limits: Limits {
                steps: given.steps.unwrap_or(run.steps),
                depth: given.depth.unwrap_or(run.depth),
                value_bytes: given.value_bytes.unwrap_or(run.value_bytes),
                stream_elements: given.stream_elements.unwrap_or(run.stream_elements),
            },
            repeat_requests: self.repeat_requests,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CallResult {
    ret_code: i32,
    result: Arc<str>,
}

/// Answers by call; two to one call are a mistake of whoever sent them.
pub(super) fn call_results(given: Vec<(u32, CallResult)>) -> Result<CallResults, RpcError> {
    let mut results = CallResults::new();
    for (id, CallResult { ret_code, result }) in given {
        if results.insert(id, Answer { ret_code, result }).is_some() {
            return Err(RpcError::params(format!("call {id} has two results")));
        }
    }
    Ok(results)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunResponse<'a> {
    ret_code: i64,
    error_message: &'a str,
    data: String,
    next_peer_pks: &'a [Arc<str>],
    call_requests: Vec<(u32, Request<'a>)>,
    limits_exceeded: Exceeded,
    unknown_call_ids: &'a [u32],
    disputed: &'a [PlaceId],
    not_taken: &'a [PlaceId],
    waiting: Vec<Waits<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    service_id: &'a str,
    function_name: &'a str,
    arguments: &'a [Json],
    tetraplets: Vec<Vec<Origin<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Origin<'a> {
    peer_pk: &'a str,
    service_id: &'a str,
    function_name: &'a str,
    lens: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exceeded {
    air: bool,
    particle: bool,
    call_result: bool,
}

#[derive(Serialize)]
struct Waits<'a> {
    peer: Option<&'a str>,
    span: [u32; 2],
    missing: Option<&'a str>,
}

impl<'a> From<&'a InterpreterResult> for RunResponse<'a> {
    fn from(result: &'a InterpreterResult) -> Self {
        let exceeded = result.limits_exceeded;
        Self {
            ret_code: result.ret_code,
            error_message: &result.error_message,
            data: BASE64.encode(&result.data),
            next_peer_pks: &result.next_peers,
            call_requests: result.requests.iter().map(|(id, request)| (*id, Request::from(request))).collect(),
            limits_exceeded: Exceeded {
                air: exceeded.air,
                particle: exceeded.particle,
                call_result: exceeded.call_result,
            },
            unknown_call_ids: &result.unknown_call_ids,
            disputed: &result.disputed,
            not_taken: &result.not_taken,
            waiting: result.waiting.iter().map(Waits::from).collect(),
        }
    }
}

impl<'a> From<&'a CallRequest> for Request<'a> {
    fn from(request: &'a CallRequest) -> Self {
        let origins = |list: &'a Vec<Arc<Tetraplet>>| list.iter().map(|tetraplet| Origin::from(&**tetraplet)).collect();
        Self {
            service_id: &request.service_id,
            function_name: &request.function_name,
            arguments: &request.arguments,
            tetraplets: request.tetraplets.iter().map(origins).collect(),
        }
    }
}

impl<'a> From<&'a Tetraplet> for Origin<'a> {
    fn from(tetraplet: &'a Tetraplet) -> Self {
        Self {
            peer_pk: &tetraplet.peer,
            service_id: &tetraplet.service,
            function_name: &tetraplet.function,
            lens: &tetraplet.lens,
        }
    }
}

impl<'a> From<&'a Waiting> for Waits<'a> {
    fn from(waiting: &'a Waiting) -> Self {
        Self {
            peer: waiting.peer.as_deref(),
            span: [waiting.span.start, waiting.span.end],
            missing: waiting.missing.as_deref(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MergeRequest {
    pub(super) prev_data: Bytes,
    pub(super) data: Bytes,
}

#[derive(Serialize)]
pub(super) struct MergeResponse {
    data: Bytes,
}

impl From<Vec<u8>> for MergeResponse {
    fn from(data: Vec<u8>) -> Self {
        Self { data: Bytes(data) }
    }
}
