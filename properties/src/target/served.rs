//! Targets about the runner protocol.

use crate::Violation;
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::protocol::{
    Answers, Bytes, ErrorObject, InitRequest, InitResponse, InspectRequest, Level, MergeRequest, MergeResponse,
    NoParams, Params, RunRequest, RunResponse,
};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread, serve as serve_lines};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufReader};

/// The longest line that the server takes, and for one input in so many a short one.
const LINE_BYTES_MAX: [u64; 2] = [1 << 20, 200];
const SHORT_IN: usize = 8;

/// An answer by its members, of which a result may be deeper than a value of JSON can be.
type Said = BTreeMap<String, Box<RawValue>>;

/// The server answers every line with JSON, once if it has an id.
///
/// # Errors
/// If that does not hold.
pub(super) fn serve(bytes: &[u8]) -> Result<bool, Violation> {
    let is_short = bytes.len().is_multiple_of(SHORT_IN);
    let line_bytes_max = LINE_BYTES_MAX[usize::from(is_short)];
    let (mut runner, mut one_by_one) = (SameThread::new(), Vec::new());
    let understood = serve_by(bytes, line_bytes_max, &mut |mut line, output| {
        serve_lines(&mut runner, &InitResponse::new(), &mut line, output, line_bytes_max)?;
        one_by_one.extend_from_slice(output);
        Ok(())
    })?;
    if is_short {
        let (mut input, mut output) = (BufReader::with_capacity(AT_ONCE, bytes), Vec::new());
        let served = serve_lines(&mut SameThread::new(), &InitResponse::new(), &mut input, &mut output, line_bytes_max);
        if served.is_err() || output != one_by_one {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            return Err(Violation::new("lines that come together are answered as one by one")
                .part("together", text(&output))
                .part("one by one", text(&one_by_one)));
        }
    }
    Ok(understood)
}

/// So many bytes come at once, where lines come together.
const AT_ONCE: usize = 64;

/// What reads a line, and writes what it answers.
type Server<'s> = dyn FnMut(&[u8], &mut Vec<u8>) -> io::Result<()> + 's;

/// [`serve`], whoever the server is.
fn serve_by(bytes: &[u8], line_bytes_max: u64, server: &mut Server<'_>) -> Result<bool, Violation> {
    let mut understood = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut output = Vec::new();
        let served = server(line, &mut output);
        let violation = |law| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Violation::new(law).part("line", text(line)).part("answer", text(&output))
        };
        if let Err(error) = served {
            return Err(violation("the server ends with its input, and not before").part("error", error.to_string()));
        }
        let is_too_long = line.strip_suffix(b"\n").unwrap_or(line).len() as u64 > line_bytes_max;
        let asked = if is_too_long { None } else { serde_json::from_slice::<Value>(line).ok() };
        understood |= asked.is_some();
        let requests = match &asked {
            Some(Value::Array(batch)) => batch.iter().collect(),
            Some(request) => vec![request],
            None => Vec::new(),
        };
        let is_id = |id: &&Value| id.is_number() || id.is_string();
        let mut ids: Vec<&Value> = requests.iter().filter_map(|request| request.get("id")).filter(is_id).collect();
        if output.is_empty() {
            if !ids.is_empty() || is_too_long || (asked.is_none() && !line.trim_ascii().is_empty()) {
                return Err(violation("every request is answered"));
            }
            continue;
        }
        if output.iter().position(|byte| *byte == b'\n') != Some(output.len() - 1) {
            return Err(violation("the answer to a line is one line"));
        }
        let answers: Vec<Said> = match asked {
            Some(Value::Array(ref batch)) if !batch.is_empty() => serde_json::from_slice(&output),
            _ => serde_json::from_slice(&output).map(|answer| vec![answer]),
        }
        .map_err(|error| violation("the answer to a line is one line of JSON").part("error", error.to_string()))?;
        if answers.is_empty() || !answers.iter().all(is_answer) {
            return Err(violation("an answer has an id, and either a result or an error"));
        }
        if asked.is_none() {
            match answers.as_slice() {
                [answer] if answer.contains_key("error") => continue,
                _ => return Err(violation("what is no JSON, or too long, is refused")),
            }
        }
        for answer in &answers {
            let given = answer.get("id").and_then(|id| serde_json::from_str::<Value>(id.get()).ok());
            // Null is what a request may have, and what an answer has that nobody knows the request of; then it is no result.
            let is_null = given.as_ref().is_some_and(Value::is_null);
            if is_null && answer.contains_key("error") {
                continue;
            }
            match ids.iter().position(|id| given.as_ref() == Some(*id)) {
                Some(at) => {
                    ids.swap_remove(at);
                }
                None if is_null && requests.iter().any(|request| request.get("id") == Some(&Value::Null)) => {}
                None => return Err(violation("an answer has the id of its request")),
            }
            let of_id = requests.iter().filter(|request| request.get("id") == given.as_ref());
            let mut methods = of_id.map(|request| request.get("method").and_then(Value::as_str));
            if !methods.any(|method| client_understands(method, answer)) {
                return Err(violation("a client understands the answer"));
            }
        }
        if !ids.is_empty() {
            return Err(violation("every request is answered once"));
        }
    }
    Ok(understood)
}

fn is_answer(answer: &Said) -> bool {
    let is_two = answer.get("jsonrpc").is_some_and(|version| version.get() == "\"2.0\"");
    is_two && answer.contains_key("id") && answer.contains_key("result") != answer.contains_key("error")
}

/// Whether a client reads an answer, and means by it what the server said.
fn client_understands(method: Option<&str>, answer: &Said) -> bool {
    fn reads<T: DeserializeOwned + Serialize>(said: &RawValue) -> bool {
        let read = serde_json::from_str::<T>(said.get());
        read.is_ok_and(|read| serde_json::to_string(&read).is_ok_and(|again| again == said.get()))
    }
    match (answer.get("error"), answer.get("result")) {
        (Some(error), _) => reads::<ErrorObject>(error),
        (None, Some(result)) if method == Some("run") => reads::<RunResponse>(result),
        (None, Some(result)) if method == Some("merge") => reads::<MergeResponse>(result),
        _ => true,
    }
}

/// A runner behind the runner protocol, without a process: what it is asked is written as a line, served and read.
pub(super) struct Lines {
    server: SameThread,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self { server: SameThread::new() }
    }

    fn ask<T: DeserializeOwned>(&mut self, method: &'static str, params: impl Serialize) -> Result<T, RunnerError> {
        let bad = |error: &dyn std::fmt::Display| RunnerError::BadAnswer { message: error.to_string() };
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let (line, mut output) = (message.to_string(), Vec::new());
        serve_lines(&mut self.server, &InitResponse::new(), &mut line.as_bytes(), &mut output, u64::MAX)
            .map_err(|error| bad(&error))?;
        let answer: Said = serde_json::from_slice(&output).map_err(|error| bad(&error))?;
        if let Some(error) = answer.get("error") {
            let error: ErrorObject = serde_json::from_str(error.get()).map_err(|error| bad(&error))?;
            return Err(error.into_runner_error(method));
        }
        let result = answer.get("result").ok_or_else(|| bad(&"there is no result"))?;
        serde_json::from_str(result.get()).map_err(|error| bad(&error))
    }
}

impl AvmRunner for Lines {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        self.ask("init", InitRequest { log_level: Level(log_level) }).map(|InitResponse { .. }| ())
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        let request = RunRequest {
            air: air.into(),
            prev_data: Bytes(previous.into()),
            data: Bytes(current.into()),
            params: parameters.into(),
            call_results: Answers(Cow::Borrowed(call_results)),
        };
        self.ask("run", request).map(|ran: RunResponse| ran.into())
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.ask("terminate", NoParams {}).map(|IgnoredAny| ())
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        let request = MergeRequest { prev_data: Bytes(previous.into()), data: Bytes(current.into()) };
        self.ask("merge", request).map(|MergeResponse { data }| data.0.into_owned())
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        let request =
            InspectRequest { air: air.map(Into::into), data: Bytes(data.into()), params: parameters.map(Params::from) };
        self.ask::<Box<RawValue>>("inspect", request).map(|shown| shown.get().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One request, a batch of two and a notification, and what is no JSON.
    const LINES: &str = concat!(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"init\",\"params\":{\"logLevel\":\"warn\"}}\n",
        "[{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"merge\",\"params\":{\"prevData\":\"\",\"data\":\"\"}},",
        "{\"jsonrpc\":\"2.0\",\"method\":\"terminate\",\"params\":{}},",
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"nothing\",\"params\":{}}]\n",
        "oops\n"
    );
    const LINES_MAX: u64 = 1 << 20;

    /// What is found when a server's answer to each line is changed like this.
    fn found(change: impl Fn(String) -> String) -> Option<&'static str> {
        let mut runner = SameThread::new();
        let served = serve_by(LINES.as_bytes(), LINES_MAX, &mut |mut line, output| {
            let mut answer = Vec::new();
            serve_lines(&mut runner, &InitResponse::new(), &mut line, &mut answer, LINES_MAX)?;
            output.extend(change(String::from_utf8_lossy(&answer).into_owned()).into_bytes());
            Ok(())
        });
        served.err().map(|violation| violation.law)
    }

    #[test]
    fn servers_with_a_mistake_are_found() {
        assert_eq!(found(|answer| answer), None);
        assert_eq!(found(|_| String::new()), Some("every request is answered"));
        assert_eq!(found(|answer| answer + "\n"), Some("the answer to a line is one line"));
        assert_eq!(found(|answer| answer.replace("\"id\":1", "\"id\":7")), Some("an answer has the id of its request"));
        assert_eq!(found(|answer| answer.replace("\"id\":3", "\"id\":2")), Some("an answer has the id of its request"));
        assert_eq!(found(|answer| answer.replace("\"jsonrpc\":\"2.0\"", "\"jsonrpc\":\"1.0\"")), Some(ANSWER));
        let half = |answer: String| match answer.split_once("},{") {
            Some((first, _)) => format!("{first}}}]\n"),
            None => answer,
        };
        assert_eq!(found(half), Some("every request is answered once"));
        let unread = |answer: String| answer.replace("{\"data\":\"\"", "{\"date\":\"\"");
        assert_eq!(found(unread), Some("a client understands the answer"));
        let taken = |answer: String| match answer.contains("\"id\":null") {
            true => "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":{}}\n".into(),
            false => answer,
        };
        assert_eq!(found(taken), Some("what is no JSON, or too long, is refused"));
        let takes_any = serve_by(LINES.as_bytes(), 20, &mut |line, output| {
            let mut runner = SameThread::new();
            serve_lines(&mut runner, &InitResponse::new(), &mut &*line, output, LINES_MAX)
        });
        assert_eq!(takes_any.err().map(|violation| violation.law), Some("what is no JSON, or too long, is refused"));
        assert_eq!(found(|answer| answer.replace('{', "")), Some("the answer to a line is one line of JSON"));
    }

    const ANSWER: &str = "an answer has an id, and either a result or an error";
}
