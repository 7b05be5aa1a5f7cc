//! A runner in a thread of its own.

use super::{AvmRunner, LogLevel, RunnerError, SameThread};
use crate::invoke::{CallResults, InterpreterResult, RunParameters};
use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

/// A runner in a thread of its own: what it panics with is an error, and the caller lives on.
///
/// The thread begins with `init` and ends with `terminate`, with a panic, or when this is dropped. After a panic the
/// runner is to be initialized again; nothing of the old one is used any more.
pub struct Worker<R = SameThread> {
    make: Arc<dyn Fn() -> R + Send + Sync>,
    thread: Option<Thread>,
}

struct Thread {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    handle: JoinHandle<()>,
}

enum Request {
    Init(LogLevel),
    Run { air: Box<str>, previous: Box<[u8]>, current: Box<[u8]>, parameters: Box<RunParameters>, results: CallResults },
    Merge { previous: Box<[u8]>, current: Box<[u8]> },
    Inspect { air: Option<Box<str>>, data: Box<[u8]>, parameters: Option<Box<RunParameters>> },
    Terminate,
}

enum Reply {
    Done(Result<(), RunnerError>),
    Ran(Result<Box<InterpreterResult>, RunnerError>),
    Merged(Result<Vec<u8>, RunnerError>),
    Inspected(Result<String, RunnerError>),
}

impl Worker {
    /// The engine in a thread of its own, not initialized yet.
    pub fn new() -> Self {
        Self::of(SameThread::new)
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: AvmRunner + 'static> Worker<R> {
    /// A thread for the runner that `make` makes there, not initialized yet.
    pub fn of(make: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Self { make: Arc::new(make), thread: None }
    }

    fn start(&mut self) -> Result<&Thread, RunnerError> {
        let (requests, requested) = channel();
        let (reply, replies) = channel();
        let make = self.make.clone();
        let work = move || {
            let mut runner = make();
            while let Ok(request) = requested.recv() {
                let ends = matches!(request, Request::Terminate);
                // Nobody waits for the reply if the other side is gone.
                if reply.send(serve(&mut runner, request)).is_err() || ends {
                    return;
                }
            }
        };
        let spawned = Builder::new().name("avm-runner".into()).spawn(work);
        let handle = spawned.map_err(|error| RunnerError::Start { message: error.to_string() })?;
        Ok(self.thread.insert(Thread { requests, replies, handle }))
    }

    fn ask(&mut self, request: Request) -> Result<Reply, RunnerError> {
        let thread = self.thread.as_ref().ok_or(RunnerError::NotInitialized)?;
        let reply = thread.requests.send(request).ok().and_then(|()| thread.replies.recv().ok());
        reply.ok_or_else(|| self.died())
    }

    fn died(&mut self) -> RunnerError {
        match self.thread.take().map(|thread| thread.handle.join()) {
            Some(Err(panic)) => RunnerError::Panicked { message: message_of(&*panic) },
            _ => RunnerError::Gone { message: "its thread ended".into() },
        }
    }
}

fn serve(runner: &mut impl AvmRunner, request: Request) -> Reply {
    match request {
        Request::Init(level) => Reply::Done(runner.init(level)),
        Request::Run { air, previous, current, parameters, results } => {
            Reply::Ran(runner.run(&air, &previous, &current, &parameters, &results).map(Box::new))
        }
        Request::Merge { previous, current } => Reply::Merged(runner.merge(&previous, &current)),
        Request::Inspect { air, data, parameters } => {
            Reply::Inspected(runner.inspect(air.as_deref(), &data, parameters.as_deref()))
        }
        Request::Terminate => Reply::Done(runner.terminate()),
    }
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it did not say why".into())
}

fn mixed_up() -> RunnerError {
    RunnerError::BadAnswer { message: "it answers another question".into() }
}

impl<R: AvmRunner + 'static> AvmRunner for Worker<R> {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        if self.thread.is_none() {
            self.start()?;
        }
        match self.ask(Request::Init(log_level))? {
            Reply::Done(result) => result,
            _ => Err(mixed_up()),
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
        let request = Request::Run {
            air: air.into(),
            previous: previous.into(),
            current: current.into(),
            parameters: Box::new(parameters.clone()),
            results: call_results.clone(),
        };
        match self.ask(request)? {
            Reply::Ran(result) => result.map(|result| *result),
            _ => Err(mixed_up()),
        }
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        if self.thread.is_none() {
            return Ok(());
        }
        let reply = self.ask(Request::Terminate)?;
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.handle.join()
        {
            return Err(RunnerError::Panicked { message: message_of(&*panic) });
        }
        match reply {
            Reply::Done(result) => result,
            _ => Err(mixed_up()),
        }
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        match self.ask(Request::Merge { previous: previous.into(), current: current.into() })? {
            Reply::Merged(result) => result,
            _ => Err(mixed_up()),
        }
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        let parameters = parameters.cloned().map(Box::new);
        match self.ask(Request::Inspect { air: air.map(Into::into), data: data.into(), parameters })? {
            Reply::Inspected(result) => result,
            _ => Err(mixed_up()),
        }
    }
}

impl<R> Drop for Worker<R> {
    fn drop(&mut self) {
        if let Some(Thread { requests, replies, handle }) = self.thread.take() {
            drop((requests, replies));
            // A panic in there concerns nobody any more.
            let _ = handle.join();
        }
    }
}

impl<R> fmt::Debug for Worker<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("running", &self.thread.is_some()).finish_non_exhaustive()
    }
}
