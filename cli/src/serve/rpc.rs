//! JSON-RPC 2.0: what a line asks for, and how it is answered. Knows no method.

use crate::source::brief;
use airtight_engine::runner::RunnerError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// How many characters of what somebody sent are repeated in a message.
const QUOTED_CHARS_MAX: usize = 80;

/// How many characters a message has.
const MESSAGE_CHARS_MAX: usize = 500;

/// Why a request has no result.
#[derive(Debug)]
pub(super) struct RpcError {
    code: i64,
    message: String,
    /// The interpreter's code, if it has one.
    ret_code: Option<i64>,
}

impl RpcError {
    fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), ret_code: None }
    }

    fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    fn request(message: &str) -> Self {
        Self::new(-32600, message)
    }

    pub(super) fn too_long(bytes_max: u64) -> Self {
        Self::parse(format!("the line has more than {bytes_max} bytes"))
    }

    pub(super) fn unknown_method(method: &str) -> Self {
        Self::new(-32601, format!("there is no method `{}`", brief(method, QUOTED_CHARS_MAX)))
    }

    pub(super) fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    fn to_json(&self) -> Value {
        let message: String = self.message.chars().take(MESSAGE_CHARS_MAX).collect();
        match self.ret_code {
            None => json!({ "code": self.code, "message": message }),
            Some(ret_code) => json!({ "code": self.code, "message": message, "data": { "retCode": ret_code } }),
        }
    }
}

/// Server errors: what the runner says.
impl From<RunnerError> for RpcError {
    fn from(error: RunnerError) -> Self {
        let (code, ret_code) = match &error {
            RunnerError::NotInitialized => (-32000, None),
            RunnerError::Refused { code, .. } => (-32002, Some(*code)),
            _ => (-32001, None),
        };
        Self { code, message: error.to_string(), ret_code }
    }
}

/// The parameters of a method, which are an object; absent ones are the empty object.
pub(super) fn params<T: DeserializeOwned>(given: Option<Value>) -> Result<T, RpcError> {
    let given = given.unwrap_or_else(|| Value::Object(Map::new()));
    if !given.is_object() {
        return Err(RpcError::params("parameters are given by name"));
    }
    serde_json::from_value(given).map_err(|error| RpcError::params(error.to_string()))
}

/// A result as text.
pub(super) fn reply(result: &impl Serialize) -> Result<Box<[u8]>, RpcError> {
    let text = serde_json::to_vec(result).map_err(|error| RpcError::new(-32603, error.to_string()))?;
    Ok(text.into())
}

/// The answer to a line, if it asks for one: to a request, or to all those of a batch.
pub(super) fn handle(
    line: &[u8],
    mut dispatch: impl FnMut(&str, Option<Value>) -> Result<Box<[u8]>, RpcError>,
) -> Option<Vec<u8>> {
    let message = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(error) => return Some(refuse(RpcError::parse(format!("the line is no JSON: {error}")))),
    };
    let Value::Array(batch) = message else { return handle_one(message, &mut dispatch) };
    if batch.is_empty() {
        return Some(refuse(RpcError::request("the batch is empty")));
    }
    let answers: Vec<_> = batch.into_iter().filter_map(|message| handle_one(message, &mut dispatch)).collect();
    if answers.is_empty() {
        return None;
    }
    Some([b"[", &*answers.join(&b","[..]), b"]"].concat())
}

fn handle_one(
    message: Value,
    dispatch: &mut impl FnMut(&str, Option<Value>) -> Result<Box<[u8]>, RpcError>,
) -> Option<Vec<u8>> {
    let Value::Object(mut fields) = message else {
        return Some(refuse(RpcError::request("a request is an object")));
    };
    let id = fields.remove("id");
    // Who breaks the rules is told so under the id, if that is one.
    let known = match &id {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    };
    if matches!(id, Some(Value::Bool(_) | Value::Array(_) | Value::Object(_))) {
        return Some(write(&known, Err(RpcError::request("an id is a text, a number or null"))));
    }
    if fields.remove("jsonrpc") != Some(Value::String("2.0".into())) {
        return Some(write(&known, Err(RpcError::request("a request has the field `\"jsonrpc\":\"2.0\"`"))));
    }
    let Some(Value::String(method)) = fields.remove("method") else {
        return Some(write(&known, Err(RpcError::request("a request has a `method`, which is a text"))));
    };
    let params = fields.remove("params");
    if !matches!(params, None | Some(Value::Object(_) | Value::Array(_))) {
        return Some(write(&known, Err(RpcError::request("`params` is an object"))));
    }
    let result = dispatch(&method, params);
    // Without an id it is a notification, which has no answer, not even that it failed.
    id.map(|id| write(&id, result))
}

/// The answer to a message whose id nobody knows.
pub(super) fn refuse(error: RpcError) -> Vec<u8> {
    write(&Value::Null, Err(error))
}

/// The result is text already, and as deep as values may be; it is put where it belongs as it stands.
fn write(id: &Value, result: Result<Box<[u8]>, RpcError>) -> Vec<u8> {
    let (field, content) = match result {
        Ok(text) => ("result", text.into_vec()),
        Err(error) => ("error", error.to_json().to_string().into_bytes()),
    };
    let head = format!(r#"{{"jsonrpc":"2.0","id":{id},"{field}":"#);
    [head.as_bytes(), &content, b"}"].concat()
}
