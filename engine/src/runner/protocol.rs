//! The runner protocol: what a client and a server say to each other, in JSON-RPC 2.0, one message a line.
//!
//! `docs/runner-protocol.md` is the protocol for people. These are the parameters and results of its methods, each
//! written once for both sides: a [`Process`](super::Process) is a client, `airtight serve` a server. What a foreign
//! engine need not say may be absent from results.

use super::{InterpreterResult, LogLevel, RunnerError};
use crate::by_name::{ByName, by_name};
use crate::data::{Answer, ENGINE_VERSION, PlaceId};
use crate::execute::Limits;
use crate::invoke::{CallRequest, CallRequests, CallResults, LimitsExceeded, RunParameters, SizeLimits, Waiting};
use crate::script::Span;
use crate::value::{Json, Tetraplet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// The codes of errors: those of JSON-RPC 2.0, and what a runner may say besides.
pub mod code {
    /// The line is no JSON.
    pub const PARSE: i64 = -32700;
    /// The message is no request.
    pub const REQUEST: i64 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters are not those of the method.
    pub const PARAMS: i64 = -32602;
    /// The server is at fault.
    pub const INTERNAL: i64 = -32603;
    /// The runner is not initialized.
    pub const NOT_INITIALIZED: i64 = -32000;
    /// The runner failed.
    pub const FAILED: i64 = -32001;
    /// The interpreter refuses; its own code is in the error's data.
    pub const REFUSED: i64 = -32002;
    /// The interpreter panicked, and the runner is not initialized any more.
    pub const PANICKED: i64 = -32003;
}

/// Why a request has no result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ErrorObject {
    /// One of the [codes](code).
    pub code: i64,
    /// The interpreter's code, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<ErrorData>,
    /// What is wrong.
    pub message: String,
}

/// What an error says for programs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// The interpreter's code.
    #[serde(default)]
    pub ret_code: Option<i64>,
}

impl ErrorObject {
    /// An error without a code of the interpreter.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, data: None, message: message.into() }
    }

    /// What the error means to whoever asked for `what`.
    pub fn into_runner_error(self, what: &'static str) -> RunnerError {
        let Self { code, data, message } = self;
        match code {
            code::METHOD_NOT_FOUND => RunnerError::NotOffered { what },
            code::NOT_INITIALIZED => RunnerError::NotInitialized,
            code::PANICKED => RunnerError::Panicked { message },
            _ => RunnerError::Refused { code: data.and_then(|data| data.ret_code).unwrap_or(code), message },
        }
    }
}

impl From<RunnerError> for ErrorObject {
    fn from(error: RunnerError) -> Self {
        match error {
            RunnerError::NotInitialized => Self::new(code::NOT_INITIALIZED, error.to_string()),
            RunnerError::NotOffered { .. } => Self::new(code::METHOD_NOT_FOUND, error.to_string()),
            RunnerError::Panicked { message } => Self::new(code::PANICKED, message),
            RunnerError::Refused { code, message } => {
                Self { code: code::REFUSED, data: Some(ErrorData { ret_code: Some(code) }), message }
            }
            _ => Self::new(code::FAILED, error.to_string()),
        }
    }
}

/// Bytes as base64; none are the empty text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bytes<'a>(pub Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Bytes<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = BASE64.decode(String::deserialize(deserializer)?);
        bytes
            .map(|bytes| Self(bytes.into()))
            .map_err(|error| D::Error::custom(format_args!("bytes are base64: {error}")))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

/// A log level by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Level(pub LogLevel);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let level = LogLevel::ALL.into_iter().find(|level| level.name() == name);
        let names = LogLevel::ALL.map(LogLevel::name).join(", ");
        level.map(Self).ok_or_else(|| D::Error::custom(format_args!("`logLevel` is one of {names}")))
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

/// No parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// The parameters of `init`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitRequest {
    /// How much the runner says.
    #[serde(default)]
    pub log_level: Level,
}

/// The result of `init`: which interpreter this is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InitResponse {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl InitResponse {
    /// What this engine says.
    pub fn new() -> Self {
        Self { name: "airtight".into(), version: ENGINE_VERSION.into() }
    }
}

/// The parameters of `run`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRequest<'a> {
    /// The script.
    pub air: Cow<'a, str>,
    /// What the last run at this peer returned.
    pub prev_data: Bytes<'a>,
    /// What another peer sent.
    pub data: Bytes<'a>,
    /// What a run is told about itself and the particle.
    #[serde(deserialize_with = "by_name")]
    pub params: Params,
    /// Answers of services.
    pub call_results: Answers<'a>,
}

/// The parameters of a run, but for the data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Params {
    init_peer_id: Arc<str>,
    current_peer_id: Arc<str>,
    timestamp: u64,
    ttl: u32,
    particle_id: Arc<str>,
    #[serde(default, deserialize_with = "by_name")]
    limits: RunLimits,
    #[serde(default)]
    repeat_requests: bool,
}

/// What is absent is as the engine has it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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

impl From<&RunParameters> for Params {
    fn from(given: &RunParameters) -> Self {
        let (size, run) = (given.size_limits, given.limits);
        Self {
            init_peer_id: given.init_peer_id.clone(),
            current_peer_id: given.current_peer_id.clone(),
            timestamp: given.timestamp,
            ttl: given.ttl,
            particle_id: given.particle_id.clone(),
            limits: RunLimits {
                air_bytes: Some(size.air),
                particle_bytes: Some(size.particle),
                call_result_bytes: Some(size.call_result),
                new_data_bytes: Some(size.new_data),
                hard: size.hard,
                steps: Some(run.steps),
                depth: Some(run.depth),
                value_bytes: Some(run.value_bytes),
                stream_elements: Some(run.stream_elements),
            },
            repeat_requests: given.repeat_requests,
        }
    }
}

impl From<Params> for RunParameters {
    fn from(params: Params) -> Self {
        let (given, size, run) = (params.limits, SizeLimits::default(), Limits::default());
        Self {
            init_peer_id: params.init_peer_id,
            current_peer_id: params.current_peer_id,
            timestamp: params.timestamp,
            ttl: params.ttl,
            particle_id: params.particle_id,
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
            repeat_requests: params.repeat_requests,
        }
    }
}

/// Answers of services, as pairs of call id and answer; two to one call are a mistake of whoever sends them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answers<'a>(pub Cow<'a, CallResults>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CallResult {
    ret_code: i32,
    result: Arc<str>,
}

impl Serialize for Answers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pair = |(id, answer): (&u32, &Answer)| {
            (*id, CallResult { ret_code: answer.ret_code, result: answer.result.clone() })
        };
        serializer.collect_seq(self.0.iter().map(pair))
    }
}

impl<'de> Deserialize<'de> for Answers<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut results = CallResults::new();
        for (id, ByName(CallResult { ret_code, result })) in
            Vec::<(u32, ByName<CallResult>)>::deserialize(deserializer)?
        {
            if results.insert(id, Answer { ret_code, result }).is_some() {
                return Err(D::Error::custom(format_args!("call {id} has two results")));
            }
        }
        Ok(Self(Cow::Owned(results)))
    }
}

/// The result of `run`. Servers say all of it; what follows the requests may be absent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunResponse {
    ret_code: i64,
    error_message: String,
    data: Bytes<'static>,
    next_peer_pks: Vec<Arc<str>>,
    call_requests: Requests,
    #[serde(default, deserialize_with = "by_name")]
    limits_exceeded: Exceeded,
    #[serde(default)]
    unknown_call_ids: Vec<u32>,
    #[serde(default)]
    disputed: Vec<PlaceId>,
    #[serde(default)]
    not_taken: Vec<PlaceId>,
    #[serde(default)]
    waiting: Vec<Waits>,
}

/// Requests of calls, as pairs of call id and request.
#[derive(Clone, PartialEq, Debug, Default)]
struct Requests(CallRequests);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    service_id: Arc<str>,
    function_name: Arc<str>,
    arguments: Vec<Argument>,
    tetraplets: Vec<Vec<ByName<Origin>>>,
}

/// A JSON value of a script. It may be as deep as the depth limit of the library that reads messages, and a message is a
/// few levels deeper; so it is read apart.
#[derive(Serialize)]
#[serde(transparent)]
struct Argument(Json);

impl<'de> Deserialize<'de> for Argument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Json::parse(text.get().as_bytes())
            .map(Self)
            .map_err(|error| D::Error::custom(format_args!("an argument is {error}")))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Origin {
    peer_pk: Arc<str>,
    service_id: Arc<str>,
    function_name: Arc<str>,
    lens: Arc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exceeded {
    air: bool,
    particle: bool,
    call_result: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Waits {
    peer: Option<Arc<str>>,
    span: [u32; 2],
    missing: Option<String>,
}

impl Serialize for Requests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(id, request)| (*id, Request::from(request))))
    }
}

impl<'de> Deserialize<'de> for Requests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut requests = CallRequests::new();
        for (id, ByName(request)) in Vec::<(u32, ByName<Request>)>::deserialize(deserializer)? {
            if requests.insert(id, request.into()).is_some() {
                return Err(D::Error::custom(format_args!("call {id} is requested twice")));
            }
        }
        Ok(Self(requests))
    }
}

impl From<&CallRequest> for Request {
    fn from(request: &CallRequest) -> Self {
        let origins = |list: &Vec<Arc<Tetraplet>>| list.iter().map(|it| ByName(Origin::from(&**it))).collect();
        Self {
            service_id: request.service_id.clone(),
            function_name: request.function_name.clone(),
            arguments: request.arguments.iter().cloned().map(Argument).collect(),
            tetraplets: request.tetraplets.iter().map(origins).collect(),
        }
    }
}

impl From<Request> for CallRequest {
    fn from(request: Request) -> Self {
        let origins = |list: Vec<ByName<Origin>>| list.into_iter().map(|it| Arc::new(it.0.into())).collect();
        Self {
            service_id: request.service_id,
            function_name: request.function_name,
            arguments: request.arguments.into_iter().map(|argument| argument.0).collect(),
            tetraplets: request.tetraplets.into_iter().map(origins).collect(),
        }
    }
}

impl From<&Tetraplet> for Origin {
    fn from(Tetraplet { peer, service, function, lens }: &Tetraplet) -> Self {
        Self { peer_pk: peer.clone(), service_id: service.clone(), function_name: function.clone(), lens: lens.clone() }
    }
}

impl From<Origin> for Tetraplet {
    fn from(Origin { peer_pk, service_id, function_name, lens }: Origin) -> Self {
        Self { peer: peer_pk, service: service_id, function: function_name, lens }
    }
}

impl From<InterpreterResult> for RunResponse {
    fn from(result: InterpreterResult) -> Self {
        let LimitsExceeded { air, particle, call_result } = result.limits_exceeded;
        let waits = |Waiting { span, peer, missing }| Waits { peer, span: [span.start, span.end], missing };
        Self {
            ret_code: result.ret_code,
            error_message: result.error_message,
            data: Bytes(result.data.into()),
            next_peer_pks: result.next_peers,
            call_requests: Requests(result.requests),
            limits_exceeded: Exceeded { air, particle, call_result },
            unknown_call_ids: result.unknown_call_ids,
            disputed: result.disputed,
            not_taken: result.not_taken,
            waiting: result.waiting.into_iter().map(waits).collect(),
        }
    }
}

impl From<RunResponse> for InterpreterResult {
    fn from(response: RunResponse) -> Self {
        let Exceeded { air, particle, call_result } = response.limits_exceeded;
        let waiting =
            |Waits { peer, span: [start, end], missing }| Waiting { span: Span { start, end }, peer, missing };
        Self {
            ret_code: response.ret_code,
            error_message: response.error_message,
            data: response.data.0.into_owned(),
            next_peers: response.next_peer_pks,
            requests: response.call_requests.0,
            limits_exceeded: LimitsExceeded { air, particle, call_result },
            unknown_call_ids: response.unknown_call_ids,
            disputed: response.disputed,
            not_taken: response.not_taken,
            waiting: response.waiting.into_iter().map(waiting).collect(),
        }
    }
}

/// The parameters of `merge`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MergeRequest<'a> {
    /// Whose blocks stay as they are.
    pub prev_data: Bytes<'a>,
    /// What is merged into them.
    pub data: Bytes<'a>,
}

/// The result of `merge`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MergeResponse {
    /// The merged data.
    pub data: Bytes<'static>,
}

/// The parameters of `inspect`, whose result is whatever the interpreter has to show.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InspectRequest<'a> {
    /// The script, if it is at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air: Option<Cow<'a, str>>,
    /// The data.
    pub data: Bytes<'a>,
    /// Who looks.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "by_name_or_null")]
    pub params: Option<Params>,
}

fn by_name_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Params>, D::Error> {
    Option::<ByName<Params>>::deserialize(deserializer).map(|params| params.map(|params| params.0))
}
