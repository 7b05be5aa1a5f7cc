//! JSON-RPC 2.0: what a line asks for, and how it is answered. Knows no method.

use crate::runner::protocol::{ErrorObject, code};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// How many characters of what somebody sent are repeated in a message.
const QUOTED_CHARS_MAX: usize = 80;

/// How many characters a message has.
const MESSAGE_CHARS_MAX: usize = 500;

/// An error as it is sent: messages that quote what a client said are cut.
fn cut(mut error: ErrorObject) -> ErrorObject {
    error.message = error.message.chars().take(MESSAGE_CHARS_MAX).collect();
    error
}

fn parse(message: impl Into<String>) -> ErrorObject {
    ErrorObject::new(code::PARSE, message)
}

fn request(message: &str) -> ErrorObject {
    ErrorObject::new(code::REQUEST, message)
}

pub(super) fn too_long(bytes_max: u64) -> ErrorObject {
    parse(format!("the line has more than {bytes_max} bytes"))
}

pub(super) fn unknown_method(method: &str) -> ErrorObject {
    let mut name: String = method.chars().take(QUOTED_CHARS_MAX).flat_map(char::escape_debug).collect();
    if method.chars().nth(QUOTED_CHARS_MAX).is_some() {
        name.push('…');
    }
    ErrorObject::new(code::METHOD_NOT_FOUND, format!("there is no method `{name}`"))
}

/// The parameters of a method, which are an object; absent ones are the empty object.
pub(super) fn params<T: DeserializeOwned>(given: Option<Value>) -> Result<T, ErrorObject> {
    let given = given.unwrap_or_else(|| Value::Object(Map::new()));
    if !given.is_object() {
        return Err(ErrorObject::new(code::PARAMS, "parameters are given by name"));
    }
    serde_json::from_value(given).map_err(|error| ErrorObject::new(code::PARAMS, error.to_string()))
}

/// A result as text.
pub(super) fn reply(result: &impl Serialize) -> Result<Box<[u8]>, ErrorObject> {
    let text = serde_json::to_vec(result).map_err(|error| ErrorObject::new(code::INTERNAL, error.to_string()))?;
    Ok(text.into())
}

/// The answer to a line, if it asks for one: to a request, or to all those of a batch.
pub(super) fn handle(
    line: &[u8],
    mut dispatch: impl FnMut(&str, Option<Value>) -> Result<Box<[u8]>, ErrorObject>,
) -> Option<Vec<u8>> {
    let message = match serde_json::from_slice(line) {
        Ok(message) => message,
        Err(error) => return Some(refuse(parse(format!("the line is no JSON: {error}")))),
    };
    let Value::Array(batch) = message else { return handle_one(message, &mut dispatch) };
    if batch.is_empty() {
        return Some(refuse(request("the batch is empty")));
    }
    let answers: Vec<_> = batch.into_iter().filter_map(|message| handle_one(message, &mut dispatch)).collect();
    if answers.is_empty() {
        return None;
    }
    Some([b"[", &*answers.join(&b","[..]), b"]"].concat())
}

fn handle_one(
    message: Value,
    dispatch: &mut impl FnMut(&str, Option<Value>) -> Result<Box<[u8]>, ErrorObject>,
) -> Option<Vec<u8>> {
    let Value::Object(mut fields) = message else {
        return Some(refuse(request("a request is an object")));
    };
    let id = fields.remove("id");
    // Who breaks the rules is told so under the id, if that is one.
    let known = match &id {
        Some(id @ (Value::String(_) | Value::Number(_))) => id.clone(),
        _ => Value::Null,
    };
    if matches!(id, Some(Value::Bool(_) | Value::Array(_) | Value::Object(_))) {
        return Some(write(&known, Err(request("an id is a text, a number or null"))));
    }
    if fields.remove("jsonrpc") != Some(Value::String("2.0".into())) {
        return Some(write(&known, Err(request("a request has the field `\"jsonrpc\":\"2.0\"`"))));
    }
    let Some(Value::String(method)) = fields.remove("method") else {
        return Some(write(&known, Err(request("a request has a `method`, which is a text"))));
    };
    let params = fields.remove("params");
    if !matches!(params, None | Some(Value::Object(_) | Value::Array(_))) {
        return Some(write(&known, Err(request("`params` is an object"))));
    }
    let result = dispatch(&method, params);
    // Without an id it is a notification, which has no answer, not even that it failed.
    id.map(|id| write(&id, result))
}

/// The answer to a message whose id nobody knows.
pub(super) fn refuse(error: ErrorObject) -> Vec<u8> {
    write(&Value::Null, Err(error))
}

/// The result is text already, and as deep as values may be; it is put where it belongs as it stands.
fn write(id: &Value, result: Result<Box<[u8]>, ErrorObject>) -> Vec<u8> {
    let (field, content) = match result {
        Ok(text) => ("result", text.into_vec()),
        Err(error) => ("error", serde_json::to_vec(&cut(error)).unwrap_or_default()),
    };
    let head = format!(r#"{{"jsonrpc":"2.0","id":{id},"{field}":"#);
    [head.as_bytes(), &content, b"}"].concat()
}
