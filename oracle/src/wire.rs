//! How requests and results of calls cross the reference's border: a multicodec prefix, then MessagePack.

use crate::names::Names;
use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallRequest, CallRequests, CallResults};
use airtight_engine::value::{Json, Tetraplet};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The multicodec code of MessagePack.
const PREFIX: [u8; 2] = [0x81, 0x04];

#[derive(Serialize)]
struct WireResult {
    ret_code: i32,
    result: String,
}

/// The bytes of results. The answers of services are JSON texts, whose strings are mapped; what is none is as it is.
pub(crate) fn write_results(results: &CallResults, names: &Names) -> Result<Vec<u8>, String> {
    let results: BTreeMap<String, WireResult> = results
        .iter()
        .map(|(id, Answer { ret_code, result })| {
            let text = match serde_json::from_str(result) {
                Ok(value) if *ret_code == 0 => names.encode_value(value).to_string(),
                _ => result.to_string(),
            };
            (id.to_string(), WireResult { ret_code: *ret_code, result: text })
        })
        .collect();
    let body = rmp_serde::to_vec_named(&results).map_err(|error| error.to_string())?;
    Ok([&PREFIX, body.as_slice()].concat())
}

#[derive(Deserialize)]
struct WireRequest {
    service_id: String,
    function_name: String,
    arguments: ByteBuf,
    tetraplets: ByteBuf,
}

#[derive(Deserialize)]
struct WireTetraplet {
    peer_pk: String,
    service_id: String,
    function_name: String,
    lens: String,
}

/// The requests that bytes mean; no bytes are none.
pub(crate) fn read_requests(bytes: &[u8], names: &Names) -> Result<CallRequests, String> {
    if bytes.is_empty() {
        return Ok(CallRequests::new());
    }
    let body = bytes.strip_prefix(&PREFIX).ok_or("call requests have another codec")?;
    let requests: BTreeMap<u32, WireRequest> = read(body)?;
    requests.into_iter().map(|(id, request)| Ok((id, request.decode(names)?))).collect()
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|error| error.to_string())
}

impl WireRequest {
    fn decode(self, names: &Names) -> Result<CallRequest, String> {
        let text = |text: &str| -> Arc<str> { names.decode(text).into() };
        let arguments: Vec<serde_json::Value> = read(&self.arguments)?;
        let json = |value| Json::parse(names.decode_value(value).to_string().as_bytes());
        let arguments = arguments.into_iter().map(json).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        let tetraplets: Vec<Vec<WireTetraplet>> = read(&self.tetraplets)?;
        let tetraplet = |wire: WireTetraplet| {
            Arc::new(Tetraplet {
                peer: text(&wire.peer_pk),
                service: text(&wire.service_id),
                function: text(&wire.function_name),
                lens: text(&wire.lens),
            })
        };
        let tetraplets = tetraplets.into_iter().map(|one| one.into_iter().map(tetraplet).collect()).collect();
        Ok(CallRequest {
            service_id: text(&self.service_id),
            function_name: text(&self.function_name),
            arguments,
            tetraplets,
        })
    }
}
