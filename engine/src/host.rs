//! One peer's side of one particle, as a pure state machine.
//!
//! An interpreter only computes: previous data, current data and answers in, new data, requests and next peers out.
//! Around it stands a host, who keeps the data, makes the calls, and sends. What a host may do in which order is where
//! implementations went wrong, so it is written here once, without I/O, clock or threads: a node drives it with sockets
//! and a database, a simulator with every interleaving there is.
//!
//! # Events and effects
//!
//! What comes in is noted at once, and nothing runs: [`start`](Host::start) (the peer begins the particle),
//! [`receive`](Host::receive) (somebody's data), [`answer`](Host::answer) (of a service). Then, as long as there
//! [is work](Host::is_due), [`step`](Host::step) runs the interpreter once, and says what there is to do now:
//!
//! - calls to make, each under a [`Ticket`] with which its answer comes back, at any time, in any order;
//! - peers to send to, in [`outbox`](Host::outbox). A message is made when it is sent, so it always carries the data as
//!   they are stored now. A peer stays in the outbox until [`delivered`](Host::delivered) says that it got a message
//!   made after the run that named it.
//!
//! One step takes the data that came first and all answers that are there. So whoever wants other groups answers or
//! receives at other times, and every grouping and order can be had.
//!
//! # What is durable
//!
//! [`State`] is all that must survive: a plain value, replaced as a whole at the end of a step. A host stores it after
//! each event and each step, *before* it makes the calls and sends; after a crash, [`Host::restore`] goes on from there.
//! Calls that were made and not answered are asked for again, under their tickets, by the next step (the interpreter
//! has them in its journal, and repeats them on demand). So a service is called at least once, and never after an
//! answer of it was noted.
//!
//! A host that lost the state of a particle begins a new *life* ([`Host::forget`]): what it asked for in the old one is
//! asked for anew, and answers with tickets of the old life are dropped. Without that, call ids would start again at 1,
//! and the answer to an old call could land at a new one.
//!
//! # Errors
//!
//! A run that was given up (codes 1 to 9999 and 20000 to 29999) took nothing in: data stay as they were and what was given is
//! still there. It was given as a group, and one bad part spoils the group; so from then on, until the work is done, the
//! parts are given one by one. Data that fail alone are [dropped](Step::dropped), and
//! an answer that fails alone is [refused](State::refused): it is kept, its service is not asked again, and it is given
//! again only after the host was restored, perhaps with larger limits. So bad data cost no answer, and a bad answer
//! costs neither data nor other answers.
//!
//! Codes from 10000 (an error that the script did not catch) and 30000 (an answer to an unknown call) are the script's
//! business: the run counts, its calls are made, its peers are told.
//!
//! An error of the *runner* is no outcome at all. Nothing changes, and the step can be tried again with a fresh runner;
//! if it goes wrong again, [`give_up`](Host::give_up) treats the run like one that was given up.
//!
//! # Example
//!
//! ```
//! use airtight_engine::data::Answer;
//! use airtight_engine::host::{Host, Particle};
//! use airtight_engine::invoke::RunParameters;
//! use airtight_engine::runner::{RunnerError, SameThread};
//!
//! let air = r#"(seq (call "A" ("db" "get") ["k"] x) (call "B" ("ui" "show") [x]))"#;
//! let mut runner = SameThread::ready();
//! let mut a = Host::new(Particle::new(air, RunParameters::new("A", "A")));
//! let mut b = Host::new(Particle::new(air, RunParameters::new("A", "B")));
//!
//! // A begins, and asks for the call of `db`.
//! a.start();
//! let step = a.step(&mut runner)?.expect("there is work");
//! let (ticket, request) = &step.calls[0];
//! assert_eq!(&*request.service_id, "db");
//!
//! // The service answers; A crashes and comes back before anything else happens.
//! a.answer(*ticket, Answer { ret_code: 0, result: "\"v\"".into() });
//! let stored = a.into_state();
//! let mut a = Host::restore(Particle::new(air, RunParameters::new("A", "A")), stored);
//! let step = a.step(&mut runner)?.expect("the answer is still there");
//! assert!(step.calls.is_empty());
//!
//! // B must get A's data, and then has something to call.
//! let message = a.message("B").expect("B is in the outbox");
//! b.receive(message.data.clone());
//! a.delivered(&message);
//! assert_eq!(a.outbox().len(), 0);
//! let step = b.step(&mut runner)?.expect("there is work");
//! assert_eq!(step.calls[0].1.arguments[0].as_str(), Some("v"));
//! # Ok::<(), RunnerError>(())
//! ```

use crate::data::Answer;
use crate::invoke::{CallRequest, CallResults, InterpreterResult, RunParameters};
use crate::runner::{AvmRunner, RunnerError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What never changes about a particle at a peer.
#[derive(Clone, Debug)]
pub struct Particle {
    /// The script; every byte of it counts.
    pub air: Arc<str>,
    /// What each run is told. Whether requests are repeated is the host's decision.
    pub parameters: RunParameters,
}

impl Particle {
    /// A particle at the current peer of the parameters.
    pub fn new(air: impl Into<Arc<str>>, parameters: RunParameters) -> Self {
        Self { air: air.into(), parameters }
    }
}

/// The name of a call between a host and its services.
///
/// The interpreter's call ids begin at 1 again when a host lost its data; tickets stay distinct.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// How often the host had lost its data when it asked.
    pub life: u32,
    /// The interpreter's id of the call.
    pub call: u32,
}

/// What must survive of a host: the value to store and to come back with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// How often the data were lost.
    pub life: u32,
    /// What the interpreter returned last; none at first.
    pub data: Arc<[u8]>,
    /// How many runs counted so far.
    pub version: u64,
    /// Whether the peer shall begin the particle and has not yet.
    pub start: bool,
    /// Calls that were asked for and not answered.
    pub pending: BTreeSet<u32>,
    /// Answers that no run took yet.
    pub answers: BTreeMap<u32, Answer>,
    /// Answers with which runs are given up.
    pub refused: BTreeMap<u32, Answer>,
    /// Data that no run took yet, the first first.
    pub inbox: VecDeque<Arc<[u8]>>,
    /// Who must get the data, of at least which version.
    pub outbox: BTreeMap<Arc<str>, u64>,
}

/// What a run is given besides the particle and the stored data.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Input {
    /// Current data, perhaps.
    pub current: Option<Arc<[u8]>>,
    /// Answers.
    pub answers: CallResults,
    /// Whether pending calls are to be requested again.
    pub repeat: bool,
}

impl Input {
    /// How many parts could spoil the run.
    fn parts(&self) -> usize {
        usize::from(self.current.is_some()) + self.answers.len()
    }
}

/// What a step did, and what there is to do.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// What the run was given.
    pub input: Input,
    /// What the interpreter said; its data are in the state already.
    pub result: InterpreterResult,
    /// The calls to make now.
    pub calls: Vec<(Ticket, CallRequest)>,
    /// What was given up for good.
    pub dropped: Option<Dropped>,
}

/// An input with which the interpreter cannot run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dropped {
    /// The peer cannot begin the particle: the script is broken.
    Start,
    /// Current data were dropped.
    Current,
    /// The answer to this call was refused.
    Answer(Ticket),
}

/// Data on their way to a peer.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Who gets them.
    pub to: Arc<str>,
    /// The version of the data at their sender.
    pub version: u64,
    /// The data.
    pub data: Arc<[u8]>,
}

/// A host of one particle at one peer.
#[derive(Clone, Debug)]
pub struct Host {
    particle: Particle,
    state: State,
    /// Pending calls are unknown to whoever makes them.
    repeat: bool,
    /// Not even that could be run, with nothing else; it waits for a run that counts.
    stuck: bool,
    /// A run was given up; parts are given one by one until nothing is left.
    apart: bool,
}

impl Host {
    /// A host that knows nothing yet.
    pub fn new(particle: Particle) -> Self {
        Self { particle, state: State::default(), repeat: false, stuck: false, apart: false }
    }

    /// A host that comes back with what it stored. Calls without an answer are asked for again by the next step.
    pub fn restore(particle: Particle, mut state: State) -> Self {
        let refused = std::mem::take(&mut state.refused);
        state.answers.extend(refused);
        let repeat = !state.pending.is_empty();
        Self { particle, state, repeat, stuck: false, apart: false }
    }

    /// Forgets everything, as if the stored state were lost: the next life of this peer. Tickets of this one are void.
    pub fn forget(&mut self) {
        let life = self.state.life.saturating_add(1);
        *self = Self::new(self.particle.clone());
        self.state.life = life;
    }

    /// What must be stored now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What must be stored in the end.
    pub fn into_state(self) -> State {
        self.state
    }

    /// The particle, and whose host this is.
    pub fn particle(&self) -> &Particle {
        &self.particle
    }

    /// The peer.
    pub fn peer(&self) -> &Arc<str> {
        &self.particle.parameters.current_peer_id
    }

    /// The data as they are stored now.
    pub fn data(&self) -> &Arc<[u8]> {
        &self.state.data
    }

    /// Notes that this peer begins the particle.
    pub fn start(&mut self) {
        self.state.start = true;
    }

    /// Notes data that came from somebody; the same data may come again.
    pub fn receive(&mut self, data: impl Into<Arc<[u8]>>) {
        self.state.inbox.push_back(data.into());
    }

    /// Notes the answer to a call, and says whether one was missing: answers to unknown calls, second answers and those
    /// of an earlier life are dropped.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) -> bool {
        let missing = ticket.life == self.state.life && self.state.pending.remove(&ticket.call);
        if missing {
            self.state.answers.insert(ticket.call, answer);
        }
        missing
    }

    /// Calls that were asked for and have no answer yet.
    pub fn open(&self) -> impl ExactSizeIterator<Item = Ticket> {
        let life = self.state.life;
        self.state.pending.iter().map(move |call| Ticket { life, call: *call })
    }

    /// Whether there is something to run for.
    pub fn is_due(&self) -> bool {
        let State { start, answers, inbox, .. } = &self.state;
        *start || self.repeat && !self.stuck || !answers.is_empty() || !inbox.is_empty()
    }

    /// What the next run is given, if there is something to run for.
    pub fn input(&self) -> Option<Input> {
        if !self.is_due() {
            return None;
        }
        let (answers, current) = (&self.state.answers, self.state.inbox.front().cloned());
        if !self.apart {
            return Some(Input { current, answers: answers.clone(), repeat: self.repeat });
        }
        let first = answers.iter().next().map(|(call, answer)| (*call, answer.clone()));
        let current = current.filter(|_| first.is_none());
        Some(Input { current, answers: first.into_iter().collect(), repeat: self.repeat })
    }

    /// Runs the interpreter once, if there is something to run for.
    ///
    /// # Errors
    /// If there is no result. Nothing changed then; the step can be tried again, or [given up](Self::give_up).
    pub fn step(&mut self, runner: &mut (impl AvmRunner + ?Sized)) -> Result<Option<Step>, RunnerError> {
        let Some(input) = self.input() else { return Ok(None) };
        let Particle { air, parameters } = &self.particle;
        let repeat_requests = input.repeat;
        let parameters = RunParameters { repeat_requests, ..parameters.clone() };
        let current = input.current.as_deref().unwrap_or_default();
        let result = runner.run(air, &self.state.data, current, &parameters, &input.answers)?;
        self.conclude(input, result).map(Some)
    }

    /// Takes in what a run of [that input](Self::input) came to; for drivers whose interpreter is elsewhere. Since then
    /// the host may have noted events, but neither run nor forgotten anything.
    ///
    /// # Errors
    /// If it lost the data. Nothing changed then.
    pub fn conclude(&mut self, input: Input, result: InterpreterResult) -> Result<Step, RunnerError> {
        if result.is_given_up() {
            let dropped = self.set_aside(&input);
            return Ok(Step { input, result, calls: Vec::new(), dropped });
        }
        if result.data.is_empty() && !self.state.data.is_empty() {
            return Err(RunnerError::BadAnswer { message: "the new data are empty, the previous are not".into() });
        }
        let me = self.peer().clone();
        let state = &mut self.state;
        state.data = result.data.as_slice().into();
        state.version += 1;
        state.start = false;
        (self.repeat, self.stuck) = (false, false);
        if input.current.is_some() {
            state.inbox.pop_front();
        }
        for call in input.answers.keys() {
            state.answers.remove(call);
        }
        for peer in result.next_peers.iter().filter(|peer| **peer != me) {
            state.outbox.insert(peer.clone(), state.version);
        }
        let mut calls = Vec::new();
        for (call, request) in &result.requests {
            // A repeated request whose answer is here already, and was not taken, needs no other one.
            if state.answers.contains_key(call) || state.refused.contains_key(call) {
                continue;
            }
            state.pending.insert(*call);
            calls.push((Ticket { life: state.life, call: *call }, request.clone()));
        }
        self.join();
        Ok(Step { input, result, calls, dropped: None })
    }

    /// Treats the next run as given up: for a runner that fails with this input again and again.
    pub fn give_up(&mut self) -> Option<Dropped> {
        let input = self.input()?;
        self.set_aside(&input)
    }

    /// One part alone is at fault and goes; of several, each is tried alone.
    fn set_aside(&mut self, input: &Input) -> Option<Dropped> {
        if input.parts() > 1 {
            self.apart = true;
            return None;
        }
        let state = &mut self.state;
        let dropped = if input.current.is_some() {
            state.inbox.pop_front();
            Some(Dropped::Current)
        } else if let Some((call, answer)) = input.answers.first_key_value() {
            state.answers.remove(call);
            state.refused.insert(*call, answer.clone());
            Some(Dropped::Answer(Ticket { life: state.life, call: *call }))
        } else {
            // Not even the stored data alone can be run.
            self.stuck = true;
            std::mem::take(&mut state.start).then_some(Dropped::Start)
        };
        self.join();
        dropped
    }

    /// Groups are formed again when all parts of the one that failed are through.
    fn join(&mut self) {
        self.apart &= !(self.state.answers.is_empty() && self.state.inbox.is_empty());
    }

    /// Who must get data.
    pub fn outbox(&self) -> impl ExactSizeIterator<Item = &Arc<str>> {
        self.state.outbox.keys()
    }

    /// The message to a peer in the outbox, with the data as they are stored now.
    pub fn message(&self, to: &str) -> Option<Message> {
        let (to, _) = self.state.outbox.get_key_value(to)?;
        Some(Message { to: to.clone(), version: self.state.version, data: self.state.data.clone() })
    }

    /// Notes that a message arrived. The peer leaves the outbox, unless it was named again since the message was made.
    pub fn delivered(&mut self, message: &Message) {
        if self.state.outbox.get(&message.to).is_some_and(|version| *version <= message.version) {
            self.state.outbox.remove(&message.to);
        }
    }
}
