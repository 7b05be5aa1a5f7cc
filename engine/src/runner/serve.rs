//! A runner for programs in any language: the [runner protocol](super::protocol) over any reader and writer.

mod rpc;

use super::AvmRunner;
use super::protocol::{
    Bytes, ErrorObject, InitRequest, InitResponse, InspectRequest, MergeRequest, MergeResponse, NoParams, RunRequest,
    RunResponse,
};
use crate::invoke::RunParameters;
use rpc::{params, reply};
use serde_json::Value;
use std::io::{self, BufRead, Read, Write};

/// Answers what is asked on `input`, one message a line, until that ends. Nothing that a client says ends it earlier.
///
/// `about` is the interpreter as `init` names it. Lines of more than `line_bytes_max` bytes are answered with an error.
///
/// # Errors
/// If the input cannot be read or the output not be written.
pub fn serve(
    runner: &mut (impl AvmRunner + ?Sized),
    about: &InitResponse,
    input: &mut impl BufRead,
    output: &mut (impl Write + ?Sized),
    line_bytes_max: u64,
) -> io::Result<()> {
    loop {
        let answer = match read_line(input, line_bytes_max)? {
            Line::End => return Ok(()),
            Line::TooLong => Some(rpc::refuse(rpc::too_long(line_bytes_max))),
            Line::Text(line) if line.trim_ascii().is_empty() => None,
            Line::Text(line) => rpc::handle(&line, |method, given| dispatch(runner, about, method, given)),
        };
        if let Some(answer) = answer {
            output.write_all(&answer)?;
            output.write_all(b"\n")?;
            output.flush()?;
        }
    }
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

/// The next line. Of one that is too long nothing is kept.
fn read_line(input: &mut impl BufRead, bytes_max: u64) -> io::Result<Line> {
    let mut line = Vec::new();
    let read = input.take(bytes_max.saturating_add(1)).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(Line::End),
        Some(b'\n') => Ok(Line::Text(line)),
        Some(last) if read as u64 <= bytes_max => {
            line.push(last);
            Ok(Line::Text(line))
        }
        Some(_) => {
            drop(line);
            input.skip_until(b'\n')?;
            Ok(Line::TooLong)
        }
    }
}

/// Does what a method says. A new method is one more arm.
fn dispatch(
    runner: &mut (impl AvmRunner + ?Sized),
    about: &InitResponse,
    method: &str,
    given: Option<Value>,
) -> Result<Box<[u8]>, ErrorObject> {
    match method {
        "init" => {
            let InitRequest { log_level } = params(given)?;
            runner.init(log_level.0)?;
            reply(about)
        }
        "run" => {
            let RunRequest { air, prev_data, data, params, call_results } = params(given)?;
            let ran = runner.run(&air, &prev_data.0, &data.0, &params.into(), &call_results.0)?;
            reply(&RunResponse::from(ran))
        }
        "merge" => {
            let MergeRequest { prev_data, data } = params(given)?;
            let merged = runner.merge(&prev_data.0, &data.0)?;
            reply(&MergeResponse { data: Bytes(merged.into()) })
        }
        "inspect" => {
            let InspectRequest { air, data, params } = params(given)?;
            let parameters = params.map(RunParameters::from);
            let shown = runner.inspect(air.as_deref(), &data.0, parameters.as_ref())?;
            Ok(shown.into_bytes().into())
        }
        "terminate" => {
            let NoParams {} = params(given)?;
            runner.terminate()?;
            reply(&Value::Null)
        }
        _ => Err(rpc::unknown_method(method)),
    }
}
