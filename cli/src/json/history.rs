//! A history as JSON.

use airtight_engine::data::Answer;
use airtight_engine::execute::Rendered;
use airtight_generators::{Event, History};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A history, with what each peer knows in the end and what waits; one line.
pub(crate) fn history(
    file: &Path,
    seed: u64,
    history: &History,
    peers: &[(Arc<str>, Option<Rendered>)],
    waiting: &[String],
) -> String {
    let peers = peers
        .iter()
        .map(|(peer, rendered)| json!({"peer": peer, "trace": rendered.as_ref().map(|rendered| &rendered.states)}));
    let whole = json!({
        "file": file.to_string_lossy(),
        "seed": seed,
        "quiet": history.is_quiet,
        "events": history.events.iter().map(event).collect::<Vec<_>>(),
        "peers": peers.collect::<Vec<_>>(),
        "waiting": waiting,
    });
    format!("{whole}\n")
}

fn event(event: &Event) -> Value {
    match event {
        Event::Begun { peer } => json!({"event": "begun", "peer": peer}),
        Event::Sent { message, from, to, bytes } => {
            json!({"event": "sent", "message": message, "from": from, "to": to, "bytes": bytes})
        }
        Event::Delivered { message, from, to, again } => {
            json!({"event": "delivered", "message": message, "from": from, "to": to, "again": again})
        }
        Event::Answered { peer, ticket, request, answer: Answer { ret_code, result } } => json!({
            "event": "answered", "peer": peer, "call": ticket.call, "service": request.service_id,
            "function": request.function_name, "arguments": request.arguments, "retCode": ret_code, "result": result,
        }),
        Event::Restarted { peer } => json!({"event": "restarted", "peer": peer}),
        Event::Forgot { peer } => json!({"event": "forgot", "peer": peer}),
        Event::Ran { peer, message, answers, result, calls, .. } => json!({
            "event": "ran", "peer": peer, "message": message, "answers": answers, "retCode": result.ret_code,
            "errorMessage": result.error_message, "nextPeers": result.next_peers,
            "calls": calls.iter().map(|(ticket, _)| ticket.call).collect::<Vec<_>>(),
        }),
    }
}
