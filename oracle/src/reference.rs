//! The reference interpreter as a runner.

use crate::names::{Names, secret};
use crate::show::show;
use crate::wire::{read_requests, write_results};
use air_interpreter_interface::{InterpreterOutcome, RunParameters as ReferenceParameters};
use airtight_engine::invoke::{CallResults, InterpreterResult, LimitsExceeded, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError};
use airtight_engine::script::{Position, Tree, Value};
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Once};
use std::thread::Builder;
use std::time::Duration;

/// The reference recurses over scripts and values; memory that it does not touch costs nothing.
const STACK_BYTES: usize = 512 << 20;

/// Peers that answers may name though no script does.
const USUAL_PEERS: [&str; 3] = ["peer 1", "peer 2", "peer 3"];

/// The version of the reference.
pub const VERSION: &str = "0.64.1";

/// Whether the reference signs what it makes and checks what it is given: the feature `signatures` of this crate.
pub const SIGNATURES: bool = cfg!(feature = "signatures");

/// The reference interpreter, in a thread of its own.
///
/// Callers use any names for peers. Those that a script has in the place of a peer, the peer that began the particle and
/// a few usual ones are mapped to ids of keys and back, wherever they occur as a whole string; other names that peers
/// have must be told before the first run ([`know`](Self::know)), since values made before would not be mapped.
///
/// A panic or a run that takes too long is a [`RunnerError`], after which the runner is to be initialized again. A
/// thread that never ends is left behind.
pub struct Reference {
    known: Vec<Arc<str>>,
    millis_max: u64,
    /// Whether the process ends with a run that takes too long.
    ends: bool,
    thread: Option<Thread>,
    /// The last script, since a particle has the same one in all of its runs.
    script: Option<Prepared>,
    /// All names so far, since data may be shown after other particles.
    seen: Names,
}

struct Thread {
    jobs: Sender<Job>,
    done: Receiver<Result<Done, String>>,
}

enum Job {
    Execute(Box<Execution>),
    Show(Vec<u8>),
}

enum Done {
    Executed(Box<InterpreterOutcome>),
    Shown(Result<serde_json::Value, String>),
}

struct Execution {
    air: String,
    previous: Vec<u8>,
    current: Vec<u8>,
    parameters: ReferenceParameters,
    results: Vec<u8>,
}

struct Prepared {
    air: Box<str>,
    init: Arc<str>,
    names: Names,
    encoded: String,
}

impl Reference {
    /// A runner that has 20 seconds for each run, not initialized yet.
    pub fn new() -> Self {
        let known = USUAL_PEERS.map(Arc::from).to_vec();
        Self { known, millis_max: 20_000, ends: false, thread: None, script: None, seen: Names::default() }
    }

    /// A runner that is initialized.
    ///
    /// # Errors
    /// If there is no thread for it.
    pub fn ready() -> Result<Self, RunnerError> {
        let mut reference = Self::new();
        reference.init(LogLevel::Error)?;
        Ok(reference)
    }

    /// The same runner with this much time for each run.
    pub fn with_millis_max(self, millis_max: u64) -> Self {
        Self { millis_max, ..self }
    }

    /// The same runner for a program of its own: the process ends with a run that takes too long, since the thread of that run
    /// cannot be ended, and takes time and memory that the process may not have.
    pub fn ending(self) -> Self {
        Self { ends: true, ..self }
    }

    /// Adds names of peers to those that are mapped. Data of particles that began before cannot be used any more.
    pub fn know<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            if !self.known.iter().any(|known| **known == *name) {
                self.known.push(name.into());
                self.script = None;
            }
        }
    }

    /// Forgets what was added to the names.
    pub fn know_no_more(&mut self) {
        self.known.truncate(USUAL_PEERS.len());
        self.script = None;
    }

    fn prepare(&mut self, air: &str, parameters: &RunParameters) -> &Prepared {
        let init = &parameters.init_peer_id;
        let fits = |one: &Prepared| *one.air == *air && one.init == *init;
        let mut prepared = self.script.take().filter(fits).unwrap_or_else(|| {
            let mut names = Names::default();
            names.add(init);
            self.known.iter().for_each(|name| drop(names.add(name)));
            peers_of(air).iter().for_each(|name| drop(names.add(name)));
            Prepared { air: air.into(), init: init.clone(), encoded: names.encode_script(air), names }
        });
        prepared.names.add(&parameters.current_peer_id);
        self.seen.learn(&prepared.names);
        self.script.insert(prepared)
    }

    fn start(&mut self) -> Result<(), RunnerError> {
        silence();
        let (jobs, queue) = channel::<Job>();
        let (reply, done) = channel();
        let work = move || {
            QUIET.set(true);
            while let Ok(job) = queue.recv() {
                let done = catch_unwind(AssertUnwindSafe(|| job.done())).map_err(|panic| message_of(&*panic));
                if reply.send(done).is_err() {
                    return;
                }
            }
        };
        let spawned = Builder::new().name("reference".into()).stack_size(STACK_BYTES).spawn(work);
        spawned.map_err(|error| RunnerError::Start { message: error.to_string() })?;
        self.thread = Some(Thread { jobs, done });
        Ok(())
    }

    fn ask(&mut self, job: Job) -> Result<Done, RunnerError> {
        let thread = self.thread.as_ref().ok_or(RunnerError::NotInitialized)?;
        let sent = thread.jobs.send(job);
        let received = thread.done.recv_timeout(Duration::from_millis(self.millis_max));
        let error = match (sent, received) {
            (Ok(()), Ok(Ok(done))) => return Ok(done),
            (Ok(()), Ok(Err(message))) => RunnerError::Panicked { message },
            (Ok(()), Err(RecvTimeoutError::Timeout)) => RunnerError::TimedOut { millis: self.millis_max },
            _ => RunnerError::Gone { message: "its thread ended".into() },
        };
        self.thread = None;
        if self.ends && matches!(error, RunnerError::TimedOut { .. }) {
            std::process::exit(1);
        }
        Err(error)
    }
}

impl Job {
    fn done(self) -> Done {
        match self {
            Self::Execute(one) => {
                let Execution { air, previous, current, parameters, results } = *one;
                Done::Executed(Box::new(air::execute_air(air, previous, current, parameters, results.into())))
            }
            Self::Show(data) => Done::Shown(show(&data)),
        }
    }
}

fn mixed_up() -> RunnerError {
    RunnerError::BadAnswer { message: "it answers another question".into() }
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reference").field("known", &self.known).finish_non_exhaustive()
    }
}

impl AvmRunner for Reference {
    fn init(&mut self, _: LogLevel) -> Result<(), RunnerError> {
        if self.thread.is_none() { self.start() } else { Ok(()) }
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        let Prepared { names, encoded, .. } = self.prepare(air, parameters);
        let sizes = parameters.size_limits;
        let job = Execution {
            air: encoded.clone(),
            previous: previous.to_vec(),
            current: current.to_vec(),
            parameters: ReferenceParameters::new(
                names.encode(&parameters.init_peer_id).to_owned(),
                names.encode(&parameters.current_peer_id).to_owned(),
                parameters.timestamp,
                parameters.ttl,
                0,
                secret(&parameters.current_peer_id).to_vec(),
                parameters.particle_id.to_string(),
                sizes.air,
                sizes.particle,
                sizes.call_result,
                sizes.hard,
            ),
            results: write_results(call_results, names).map_err(|message| RunnerError::BadAnswer { message })?,
        };
        let Done::Executed(outcome) = self.ask(Job::Execute(Box::new(job)))? else { return Err(mixed_up()) };
        let names = &self.prepare(air, parameters).names;
        let requests = read_requests(&outcome.call_requests, names);
        let mut next_peers: Vec<Arc<str>> =
            outcome.next_peer_pks.iter().map(|peer| names.decode(peer).into()).collect();
        // The reference names them in an order by chance, by which no law about anything else should be decided; that of the
        // script is the same when peers have other names.
        next_peers.sort_by_cached_key(|peer| (air.find(&format!("\"{peer}\"")).unwrap_or(usize::MAX), peer.clone()));
        Ok(InterpreterResult {
            ret_code: outcome.ret_code,
            error_message: names.decode(&outcome.error_message).into_owned(),
            data: outcome.data,
            next_peers,
            requests: requests.map_err(|message| RunnerError::BadAnswer { message })?,
            limits_exceeded: LimitsExceeded {
                air: outcome.air_size_limit_exceeded,
                particle: outcome.particle_size_limit_exceeded,
                call_result: outcome.call_result_size_limit_exceeded,
            },
            ..InterpreterResult::default()
        })
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.thread = None;
        Ok(())
    }

    /// The events and the states of data, with names where ids of peers are that were seen; the script changes nothing of it.
    fn inspect(&mut self, _: Option<&str>, data: &[u8], _: Option<&RunParameters>) -> Result<String, RunnerError> {
        let Done::Shown(shown) = self.ask(Job::Show(data.to_vec()))? else { return Err(mixed_up()) };
        let shown = shown.map_err(|message| RunnerError::Refused { code: 2, message })?;
        Ok(self.seen.decode_value(shown).to_string())
    }
}

/// Whether a peer has a name that is mapped as soon as a script begins, if nobody tells more.
pub(crate) fn is_known(air: &str, init: &str, peer: &str) -> bool {
    peer == init || USUAL_PEERS.contains(&peer) || peers_of(air).iter().any(|one| one == peer)
}

/// The strings that a script has in the place of a peer.
fn peers_of(air: &str) -> Vec<String> {
    let Ok(tree) = Tree::parse(air) else { return Vec::new() };
    let mut peers = Vec::new();
    for node in tree.node_ids() {
        for (operand, position) in tree.placed_operands(node) {
            if let (Position::Peer, Value::String(text)) = (position, &tree.operand(operand).value) {
                peers.push(tree.text(*text).to_owned());
            }
        }
    }
    peers
}

thread_local! {
    /// Panics of this thread are expected, and told otherwise.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps panics of the reference from the standard error.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                usual(panic);
            }
        }));
    });
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it did not say why".into())
}
