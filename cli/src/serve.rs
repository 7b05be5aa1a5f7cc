//! `airtight serve`: the engine for programs in any language, as JSON-RPC 2.0 over standard input and output, one
//! message a line. `docs/runner-protocol.md` is the protocol.
//!
//! Nothing that a client says ends the server: it ends with its input.

mod rpc;

use crate::args::ServeArgs;
use crate::console::Console;
use airtight_engine::invoke::RunParameters;
use airtight_engine::runner::protocol::{
    Bytes, ErrorObject, InitRequest, InitResponse, InspectRequest, MergeRequest, MergeResponse, NoParams, RunRequest,
    RunResponse,
};
use airtight_engine::runner::{AvmRunner, Worker};
use rpc::{params, reply};
use serde_json::Value;
use std::io::{self, BufRead, Read, Write};

pub(crate) fn run(args: &ServeArgs, console: &mut Console) -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut server = Server { runner: Worker::new() };
    loop {
        let answer = match read_line(&mut input, args.max_line_bytes)? {
            Line::End => return Ok(()),
            Line::TooLong => Some(rpc::refuse(rpc::too_long(args.max_line_bytes))),
            Line::Text(line) if line.trim_ascii().is_empty() => None,
            Line::Text(line) => rpc::handle(&line, |method, given| server.dispatch(method, given)),
        };
        if let Some(answer) = answer {
            console.out.write_all(&answer)?;
            console.out.write_all(b"\n")?;
            console.out.flush()?;
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

/// One runner for one client.
struct Server {
    runner: Worker,
}

impl Server {
    /// Does what a method says. A new method is one more arm.
    fn dispatch(&mut self, method: &str, given: Option<Value>) -> Result<Box<[u8]>, ErrorObject> {
        match method {
            "init" => {
                let InitRequest { log_level } = params(given)?;
                self.runner.init(log_level.0)?;
                reply(&InitResponse::new())
            }
            "run" => {
                let RunRequest { air, prev_data, data, params, call_results } = params(given)?;
                let ran = self.runner.run(&air, &prev_data.0, &data.0, &params.into(), &call_results.0)?;
                reply(&RunResponse::from(ran))
            }
            "merge" => {
                let MergeRequest { prev_data, data } = params(given)?;
                let merged = self.runner.merge(&prev_data.0, &data.0)?;
                reply(&MergeResponse { data: Bytes(merged.into()) })
            }
            "inspect" => {
                let InspectRequest { air, data, params } = params(given)?;
                let parameters = params.map(RunParameters::from);
                let shown = self.runner.inspect(air.as_deref(), &data.0, parameters.as_ref())?;
                Ok(shown.into_bytes().into())
            }
            "terminate" => {
                let NoParams {} = params(given)?;
                self.runner.terminate()?;
                reply(&Value::Null)
            }
            _ => Err(rpc::unknown_method(method)),
        }
    }
}
