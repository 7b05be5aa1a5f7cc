//! An interpreter in a process of its own.

use super::protocol::{
    Answers, Bytes, ErrorObject, InitRequest, InitResponse, InspectRequest, Level, MergeRequest, MergeResponse,
    NoParams, RunRequest, RunResponse,
};
use super::{AvmRunner, LogLevel, RunnerError};
use crate::by_name::ByName;
use crate::invoke::{CallResults, InterpreterResult, RunParameters};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

/// How long an answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long an answer may be. It holds data in base64, and arguments of calls.
const ANSWER_BYTES_MAX: u64 = 1 << 30;
/// How long a process may take to end by itself when it was told to, and to tell its last words when it died.
const GRACE: Duration = Duration::from_millis(500);
/// How often it is looked after whether a silent process still lives.
const PULSE: Duration = Duration::from_millis(50);
/// How much of what a process says on standard error is kept.
const WORDS_BYTES_MAX: usize = 4096;
/// How many bytes of what a process said are repeated in a message.
const QUOTED_BYTES_MAX: usize = 200;
/// How many characters a message has.
const MESSAGE_CHARS_MAX: usize = 500;

/// An interpreter in a process of its own: any program that speaks the [runner protocol](super::protocol) on its standard
/// input and output.
///
/// The process begins with `init` and ends with `terminate` or when this is dropped. It also ends, and is to be
/// initialized again, when it died ([`Gone`](RunnerError::Gone)), panicked ([`Panicked`](RunnerError::Panicked)), took
/// too long ([`TimedOut`](RunnerError::TimedOut)), or said something that is no answer to what it was asked
/// ([`BadAnswer`](RunnerError::BadAnswer)). Errors of the protocol that mean nothing else are
/// [`Refused`](RunnerError::Refused) with their (negative) code.
///
/// ```no_run
/// use airtight_engine::runner::{AvmRunner, LogLevel, Process, RunnerError};
/// use std::time::Duration;
///
/// let mut runner = Process::new("airtight", ["serve"]).with_time_limit(Duration::from_secs(5));
/// runner.init(LogLevel::Warn)?;
/// assert_eq!(runner.merge(b"", b"")?, b"");
/// # Ok::<(), RunnerError>(())
/// ```
pub struct Process {
    program: OsString,
    arguments: Vec<OsString>,
    time_limit: Duration,
    answer_bytes_max: u64,
    running: Option<Running>,
}

/// A process that lives, as far as is known. Its pipes are served by threads, so that no wait is without end; they end
/// with their pipes, which may be after the process if that left them to others.
struct Running {
    child: Child,
    lines: SyncSender<Vec<u8>>,
    answers: Receiver<Line>,
    words: Words,
    requests: u64,
    interpreter: InitResponse,
}

enum Line {
    Text(Vec<u8>),
    TooLong,
}

/// The end of what a process said on standard error, and a sign when it says no more.
struct Words {
    last: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Process {
    /// A runner that will start this program, with these arguments.
    pub fn new<A: Into<OsString>>(program: impl Into<OsString>, arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            time_limit: TIME_LIMIT,
            answer_bytes_max: ANSWER_BYTES_MAX,
            running: None,
        }
    }

    /// The same runner, whose answers may take so long; by default 30 seconds.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The same runner, whose answers may have so many bytes from its next start on; by default 1 GiB.
    pub fn with_answer_limit(mut self, bytes: u64) -> Self {
        self.answer_bytes_max = bytes;
        self
    }

    /// Which interpreter it is, if it is initialized.
    pub fn interpreter(&self) -> Option<&InitResponse> {
        self.running.as_ref().map(|running| &running.interpreter)
    }

    /// Asks, and takes the answer as a `T`.
    fn ask<T: DeserializeOwned>(&mut self, method: &'static str, params: &impl Serialize) -> Result<T, RunnerError> {
        let result = self.ask_text(method, params)?;
        serde_json::from_str(result.get()).map_err(|error| bad(&format!("the result of `{method}` is wrong: {error}")))
    }

    /// Asks. Whoever does not answer what it was asked is ended.
    fn ask_text(&mut self, method: &'static str, params: &impl Serialize) -> Result<Box<RawValue>, RunnerError> {
        let running = self.running.as_mut().ok_or(RunnerError::NotInitialized)?;
        running.requests += 1;
        let id = running.requests;
        let request = Request { jsonrpc: "2.0", id, method, params };
        let mut line = serde_json::to_vec(&request).map_err(|error| bad(&error.to_string()))?;
        line.push(b'\n');
        let answer = match running.exchange(line, self.time_limit) {
            Ok(Line::Text(line)) => read_answer(&line, id),
            Ok(Line::TooLong) => Err(bad(&format!("it has more than {} bytes", self.answer_bytes_max))),
            Err(error) => Err(error),
        };
        match answer {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => {
                let error = error.into_runner_error(method);
                if matches!(error, RunnerError::Panicked { .. } | RunnerError::NotInitialized) {
                    self.running = None;
                }
                Err(error)
            }
            Err(error) => {
                self.running = None;
                Err(error)
            }
        }
    }
}

impl AvmRunner for Process {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        if self.running.is_none() {
            self.running = Some(Running::start(&self.program, &self.arguments, self.answer_bytes_max)?);
        }
        match self.ask::<ByName<InitResponse>>("init", &InitRequest { log_level: Level(log_level) }) {
            Ok(ByName(interpreter)) => {
                if let Some(running) = &mut self.running {
                    running.interpreter = interpreter;
                }
                Ok(())
            }
            Err(error) => {
                self.running = None;
                Err(error)
            }
        }
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
            call_results: Answers(std::borrow::Cow::Borrowed(call_results)),
        };
        self.ask::<ByName<RunResponse>>("run", &request).map(|response| response.0.into())
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        if self.running.is_none() {
            return Ok(());
        }
        let said = self.ask_text("terminate", &NoParams {});
        let status = self.running.take().map(Running::end);
        match said {
            // Who knows no such method ends with its input.
            Ok(_) | Err(RunnerError::NotOffered { .. } | RunnerError::NotInitialized) => status.unwrap_or(Ok(())),
            Err(error) => Err(error),
        }
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        let request = MergeRequest { prev_data: Bytes(previous.into()), data: Bytes(current.into()) };
        self.ask::<ByName<MergeResponse>>("merge", &request).map(|response| response.0.data.0.into_owned())
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        let request =
            InspectRequest { air: air.map(Into::into), data: Bytes(data.into()), params: parameters.map(Into::into) };
        self.ask_text("inspect", &request).map(|text| text.get().to_owned())
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Process");
        shown.field("program", &self.program).field("arguments", &self.arguments);
        shown.field("running", &self.running.is_some()).finish_non_exhaustive()
    }
}

impl Running {
    fn start(program: &OsString, arguments: &[OsString], answer_bytes_max: u64) -> Result<Self, RunnerError> {
        let start = |error: io::Error| {
            let message = format!("`{}`: {error}", program.to_string_lossy());
            RunnerError::Start { message }
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Reaped(Some(command.spawn().map_err(start)?));
        let (input, output, errors) = child.pipes().ok_or_else(|| start(io::ErrorKind::BrokenPipe.into()))?;
        // One line each: nobody says anything before it is asked again.
        let (lines, to_write) = sync_channel(1);
        let (read, answers) = sync_channel(1);
        let (ended, end) = sync_channel(1);
        let last = Arc::new(Mutex::new(Vec::new()));
        let kept = last.clone();
        spawn("avm-input", move || write_lines(input, &to_write)).map_err(start)?;
        spawn("avm-output", move || read_lines(output, answer_bytes_max, &read)).map_err(start)?;
        spawn("avm-errors", move || {
            keep_last(errors, &kept);
            drop(ended);
        })
        .map_err(start)?;
        let child = child.0.take().ok_or_else(|| start(io::ErrorKind::NotFound.into()))?;
        Ok(Self {
            child,
            lines,
            answers,
            words: Words { last, end },
            requests: 0,
            interpreter: InitResponse::default(),
        })
    }

    /// Sends a line, and waits for one to come back.
    fn exchange(&mut self, line: Vec<u8>, limit: Duration) -> Result<Line, RunnerError> {
        let begun = Instant::now();
        let timed_out = || RunnerError::TimedOut { millis: limit.as_millis().try_into().unwrap_or(u64::MAX) };
        // The writer is gone with the process, which is found out below, or did not get through with the last line.
        let _ = self.lines.try_send(line);
        let mut dead = false;
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            match self.answers.recv_timeout(left.min(PULSE)) {
                Ok(line) => return Ok(line),
                Err(RecvTimeoutError::Disconnected) => return Err(self.death()),
                // What it said before it died is on its way for one more pulse.
                Err(RecvTimeoutError::Timeout) if dead => return Err(self.death()),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => return Err(timed_out()),
                Err(RecvTimeoutError::Timeout) => dead = !matches!(self.child.try_wait(), Ok(None)),
            }
        }
    }

    /// How it died: what it said last, or its status.
    fn death(&mut self) -> RunnerError {
        let status = match self.wait(GRACE) {
            Some(status) => status.to_string(),
            None => "it closed its output".into(),
        };
        let _ = self.words.end.recv_timeout(GRACE);
        let last = self.words.last.lock().unwrap_or_else(PoisonError::into_inner);
        let words = String::from_utf8_lossy(&last);
        let line = words.lines().rev().map(str::trim).find(|line| !line.is_empty());
        RunnerError::Gone {
            message: line.map_or(status.clone(), |line| format!("{status}: {}", beginning(line.as_bytes()))),
        }
    }

    /// Its status, if it ends in this time.
    fn wait(&mut self, limit: Duration) -> Option<std::process::ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().ok()? {
                return Some(status);
            }
            if begun.elapsed() >= limit {
                return None;
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Closes its input, and lets it end by itself for a while.
    fn end(mut self) -> Result<(), RunnerError> {
        let (nobody, _) = sync_channel(1);
        self.lines = nobody;
        match self.wait(GRACE) {
            Some(status) if !status.success() => Err(self.death()),
            // Who does not end is ended when this is dropped, and did what it was asked.
            _ => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        reap(&mut self.child);
    }
}

/// A child that is ended if nobody takes it.
struct Reaped(Option<Child>);

impl Reaped {
    fn pipes(&mut self) -> Option<(ChildStdin, ChildStdout, ChildStderr)> {
        let child = self.0.as_mut()?;
        Some((child.stdin.take()?, child.stdout.take()?, child.stderr.take()?))
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            reap(child);
        }
    }
}

/// Ends a process and waits for it, so that nothing is left of it. It may have ended before.
fn reap(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

fn write_lines(mut input: ChildStdin, lines: &Receiver<Vec<u8>>) {
    while let Ok(line) = lines.recv() {
        if input.write_all(&line).and_then(|()| input.flush()).is_err() {
            return;
        }
    }
}

/// Hands on lines that are not blank, until the output ends, a line is too long, or nobody listens.
fn read_lines(output: ChildStdout, bytes_max: u64, lines: &SyncSender<Line>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let read = (&mut output).take(bytes_max.saturating_add(1)).read_until(b'\n', &mut line);
        if read.is_err() || line.is_empty() {
            return;
        }
        let too_long = line.strip_suffix(b"\n").unwrap_or(&line).len() as u64 > bytes_max;
        if !too_long && !line.ends_with(b"\n") {
            // It died before it had said everything.
            return;
        }
        if !too_long && line.trim_ascii().is_empty() {
            continue;
        }
        let line = if too_long { Line::TooLong } else { Line::Text(line) };
        if lines.send(line).is_err() || too_long {
            return;
        }
    }
}

fn keep_last(mut errors: ChildStderr, kept: &Mutex<Vec<u8>>) {
    let mut some = [0; WORDS_BYTES_MAX];
    while let Ok(read @ 1..) = errors.read(&mut some) {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(some.iter().take(read));
        let surplus = kept.len().saturating_sub(WORDS_BYTES_MAX);
        kept.drain(..surplus);
    }
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u64,
    method: &'static str,
    params: &'a P,
}

#[derive(Deserialize)]
struct Response {
    jsonrpc: String,
    id: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<ErrorObject>,
}

/// What is there, be it `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

/// What a line says to the request with this id.
fn read_answer(line: &[u8], id: u64) -> Result<Result<Box<RawValue>, ErrorObject>, RunnerError> {
    let read: Result<ByName<Response>, _> = serde_json::from_slice(line);
    let ByName(Response { jsonrpc, id: answered, result, error }) =
        read.map_err(|error| bad(&format!("it is no answer: {error}, in `{}`", beginning(line))))?;
    if jsonrpc != "2.0" {
        return Err(bad("it is not JSON-RPC 2.0"));
    }
    match (answered, result, error) {
        // A server that could not read the request does not know its id.
        (None, None, Some(error)) => Ok(Err(error)),
        (Some(answered), ..) if answered != id => Err(bad(&format!("it answers request {answered} and not {id}"))),
        (Some(_), Some(result), None) => Ok(Ok(result)),
        (Some(_), None, Some(error)) => Ok(Err(error)),
        (None, ..) => Err(bad("it says not what it answers")),
        _ => Err(bad("it has either a result or an error")),
    }
}

/// Libraries quote what they do not understand in full, so messages are cut.
fn bad(message: &str) -> RunnerError {
    RunnerError::BadAnswer { message: message.chars().take(MESSAGE_CHARS_MAX).collect() }
}

fn beginning(line: &[u8]) -> String {
    let beginning: Vec<u8> = line.iter().copied().take(QUOTED_BYTES_MAX).collect();
    String::from_utf8_lossy(&beginning).trim().chars().flat_map(char::escape_debug).collect()
}
