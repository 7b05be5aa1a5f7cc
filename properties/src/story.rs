//! What happened in a history, told in lines that people can follow.

use airtight_engine::data::Answer;
use airtight_engine::invoke::CallRequest;
use airtight_generators::Event;
use std::sync::Arc;

/// How many characters of a value a line shows.
pub const SHOWN_CHARS_MAX: usize = 70;

/// One thing that happened, and at which peer. Names and values stand as they are: whoever prints them on a terminal sees
/// to it that they command nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The peer.
    pub peer: Arc<str>,
    /// What happened.
    pub text: String,
}

/// An event in a few lines; a run that led to nothing has none.
pub fn lines(event: &Event) -> Vec<Line> {
    let line = |peer: &Arc<str>, text: String| vec![Line { peer: peer.clone(), text }];
    match event {
        Event::Begun { peer } => line(peer, "begins the particle".into()),
        Event::Sent { message, from, to, bytes } => {
            line(from, format!("sends message {message} to {to}, {bytes} bytes"))
        }
        Event::Delivered { message, from, to, again } => {
            let again = if *again { ", and will get it again" } else { "" };
            line(to, format!("gets message {message} from {from}{again}"))
        }
        Event::Answered { peer, ticket, request, answer } => {
            line(peer, format!("answers #{}: {}", ticket.call, shown_answer(request, answer)))
        }
        Event::Restarted { peer } => line(peer, "crashes and comes back".into()),
        Event::Forgot { peer } => line(peer, "loses its data".into()),
        Event::Ran { peer, result, calls, dropped, .. } => {
            let mut lines: Vec<String> = Vec::new();
            if result.ret_code != 0 {
                lines.push(format!("ends with {}: {}", result.ret_code, cut(&result.error_message, SHOWN_CHARS_MAX)));
            }
            lines.extend(
                calls.iter().map(|(ticket, request)| format!("calls   #{}: {}", ticket.call, shown_call(request))),
            );
            if !result.next_peers.is_empty() {
                lines.push(format!("has news for {}", result.next_peers.join(", ")));
            }
            lines.extend(dropped.iter().map(|dropped| format!("drops {dropped:?}")));
            lines.into_iter().map(|text| Line { peer: peer.clone(), text }).collect()
        }
    }
}

fn shown_call(request: &CallRequest) -> String {
    let arguments: Vec<_> =
        request.arguments.iter().map(|argument| cut(&argument.to_text(), SHOWN_CHARS_MAX)).collect();
    let call = format!("{}.{}({})", request.service_id, request.function_name, arguments.join(", "));
    cut(&call, 2 * SHOWN_CHARS_MAX)
}

fn shown_answer(request: &CallRequest, answer: &Answer) -> String {
    let result = cut(&answer.result, SHOWN_CHARS_MAX);
    match answer.ret_code {
        0 => format!("{} = {result}", shown_call(request)),
        code => format!("{} fails with {code}: {result}", shown_call(request)),
    }
}

/// A text, or its beginning with an ellipsis.
pub fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

/// A position in a text: line and column, both from 1, the column in characters.
pub fn position(text: &str, offset: u32) -> (usize, usize) {
    let before = text.get(..offset as usize).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before.get(start..).unwrap_or_default().chars().count() + 1)
}
