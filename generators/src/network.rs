//! A network in one process: peers that run [`Host`]s, messages in flight, calls that wait for their answers.
//!
//! Everything that can happen next is an [`Action`]: a message is sent, delivered, delivered twice; a service answers; a
//! host runs; a peer crashes and comes back. A schedule is a choice among what is possible, so a seed gives any
//! interleaving, with messages reordered, duplicated and delayed and answers in any grouping. What happened is a
//! [`History`]: the actions, which give the same history again, and each event in full.

use crate::{Choices, ServiceCall, Services};
use airtight_engine::data::Answer;
use airtight_engine::host::{Dropped, Host, Message, Particle, Ticket};
use airtight_engine::invoke::{CallRequest, RunParameters};
use airtight_engine::runner::{AvmRunner, InterpreterResult, RunnerError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that happens next.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Action {
    /// The peer that began the particle begins it.
    Begin,
    /// A host runs the interpreter once.
    Run {
        /// Whose host.
        peer: Arc<str>,
    },
    /// A host sends its data to a peer, whether or not it must.
    Send {
        /// Who sends.
        from: Arc<str>,
        /// Who gets it.
        to: Arc<str>,
    },
    /// A message arrives.
    Deliver {
        /// Which of the messages sent so far, from 0.
        message: usize,
        /// It arrives once more later.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// A service answers.
    Answer {
        /// The peer whose service it is.
        peer: Arc<str>,
        /// Which call.
        ticket: Ticket,
    },
    /// A peer crashes and comes back with what it stored.
    Restart {
        /// Which peer.
        peer: Arc<str>,
    },
}

/// What an action came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// The particle was begun.
    Begun {
        /// The peer that began it.
        peer: Arc<str>,
    },
    /// The interpreter ran.
    Ran {
        /// At which peer.
        peer: Arc<str>,
        /// The number of the message whose data it was given, if that was some.
        message: Option<usize>,
        /// The calls whose answers it was given.
        answers: Vec<u32>,
        /// What it said.
        result: Box<InterpreterResult>,
        /// The calls that were made then.
        calls: Vec<(Ticket, CallRequest)>,
        /// What was given up for good.
        dropped: Option<Dropped>,
    },
    /// A message was sent.
    Sent {
        /// Its number.
        message: usize,
        /// Who sent it.
        from: Arc<str>,
        /// Who gets it.
        to: Arc<str>,
        /// How long it is.
        bytes: usize,
    },
    /// A message arrived.
    Delivered {
        /// Its number.
        message: usize,
        /// Who sent it.
        from: Arc<str>,
        /// Who got it.
        to: Arc<str>,
        /// Whether a copy is still on its way.
        again: bool,
    },
    /// A service answered.
    Answered {
        /// The peer whose service it is.
        peer: Arc<str>,
        /// Which call.
        ticket: Ticket,
        /// What was asked.
        request: CallRequest,
        /// What it came to.
        answer: Answer,
    },
    /// A peer crashed and came back.
    Restarted {
        /// Which peer.
        peer: Arc<str>,
    },
}

impl Event {
    /// The peer at which it happened: of a message that is sent, who sends it.
    pub const fn peer(&self) -> &Arc<str> {
        match self {
            Self::Begun { peer }
            | Self::Ran { peer, .. }
            | Self::Sent { from: peer, .. }
            | Self::Delivered { to: peer, .. }
            | Self::Answered { peer, .. }
            | Self::Restarted { peer } => peer,
        }
    }
}

/// What chance does to a network, in parts of 100.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Weather {
    /// Deliveries after which the message arrives once more.
    pub duplicates: u32,
    /// Actions before which some peer crashes.
    pub restarts: u32,
    /// Actions after which the schedule is given up as endless.
    pub actions_max: usize,
}

impl Default for Weather {
    fn default() -> Self {
        Self { duplicates: 15, restarts: 5, actions_max: 100_000 }
    }
}

impl Weather {
    /// Messages arrive once, and nobody crashes.
    pub const CALM: Self = Self { duplicates: 0, restarts: 0, actions_max: 100_000 };
}

/// What happened in a network, from the beginning to the end.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct History {
    /// The actions, which give the history again.
    pub actions: Vec<Action>,
    /// What each of them came to.
    pub events: Vec<Event>,
    /// Whether everything was delivered, answered and run in the end.
    pub is_quiet: bool,
}

/// A message on its way.
#[derive(Clone, Debug)]
struct Flight {
    number: usize,
    from: Arc<str>,
    message: Message,
}

/// A network at work on one particle.
#[derive(Debug)]
pub struct Network {
    air: Arc<str>,
    init: Arc<str>,
    services: Services,
    hosts: BTreeMap<Arc<str>, Host>,
    /// The numbers of the messages in each host's inbox, the first first.
    inboxes: BTreeMap<Arc<str>, Vec<usize>>,
    in_flight: Vec<Flight>,
    sent: usize,
    /// Calls that wait for their answers.
    calls: Vec<(Arc<str>, Ticket, CallRequest)>,
    history: History,
}

impl Network {
    /// A network in which `init` is about to begin a particle with this script.
    pub fn new(air: impl Into<Arc<str>>, init: impl Into<Arc<str>>, services: Services) -> Self {
        Self {
            air: air.into(),
            init: init.into(),
            services,
            hosts: BTreeMap::new(),
            inboxes: BTreeMap::new(),
            in_flight: Vec::new(),
            sent: 0,
            calls: Vec::new(),
            history: History::default(),
        }
    }

    /// What happened so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The hosts of all peers that took part so far.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// Calls that wait for their answers.
    pub fn open_calls(&self) -> impl Iterator<Item = (&Arc<str>, &CallRequest)> {
        self.calls.iter().map(|(peer, _, request)| (peer, request))
    }

    fn host(&mut self, peer: &Arc<str>) -> &mut Host {
        let (air, init) = (&self.air, &self.init);
        self.hosts.entry(peer.clone()).or_insert_with(|| {
            let mut parameters = RunParameters::new(init.clone(), peer.clone());
            (parameters.timestamp, parameters.ttl) = (1_700_000_000_000, 60_000);
            Host::new(Particle::new(air.clone(), parameters))
        })
    }

    /// All that can happen next, but for crashes and copies; empty when the network is quiet.
    pub fn possible(&self) -> Vec<Action> {
        if self.history.actions.is_empty() {
            return vec![Action::Begin];
        }
        let mut actions = Vec::new();
        for (peer, host) in &self.hosts {
            if host.is_due() {
                actions.push(Action::Run { peer: peer.clone() });
            }
            actions.extend(host.outbox().map(|to| Action::Send { from: peer.clone(), to: to.clone() }));
        }
        actions.extend(self.in_flight.iter().map(|flight| Action::Deliver { message: flight.number, again: false }));
        actions
            .extend(self.calls.iter().map(|(peer, ticket, _)| Action::Answer { peer: peer.clone(), ticket: *ticket }));
        actions
    }

    /// Chooses among what is possible until the network is quiet.
    ///
    /// # Errors
    /// If the runner fails.
    pub fn run(
        &mut self,
        runner: &mut (impl AvmRunner + ?Sized),
        choices: &mut impl Choices,
        weather: Weather,
    ) -> Result<&History, RunnerError> {
        while self.history.actions.len() < weather.actions_max {
            let possible = self.possible();
            if possible.is_empty() {
                self.history.is_quiet = true;
                break;
            }
            if choices.chance(weather.restarts, 100) {
                let peers: Vec<_> = self.hosts.keys().cloned().collect();
                if !peers.is_empty() {
                    let peer = peers[choices.below(peers.len() as u32) as usize].clone();
                    self.act(&Action::Restart { peer }, runner)?;
                    continue;
                }
            }
            let mut action = possible[choices.below(possible.len() as u32) as usize].clone();
            if let Action::Deliver { again, .. } = &mut action {
                *again = choices.chance(weather.duplicates, 100);
            }
            self.act(&action, runner)?;
        }
        Ok(&self.history)
    }

    /// Lets every peer send its data to every other one, whether or not the script asks for it, and runs on until the
    /// network is quiet; then all peers know the same.
    ///
    /// # Errors
    /// If the runner fails.
    pub fn exchange(
        &mut self,
        runner: &mut (impl AvmRunner + ?Sized),
        choices: &mut impl Choices,
        weather: Weather,
    ) -> Result<&History, RunnerError> {
        // What the first exchange sets off (canons, calls) reaches everybody with the second one.
        for _ in 0..2 {
            let peers: Vec<_> = self.hosts.keys().cloned().collect();
            for from in &peers {
                for to in peers.iter().filter(|to| *to != from) {
                    self.act(&Action::Send { from: from.clone(), to: to.clone() }, runner)?;
                }
            }
            self.run(runner, choices, weather)?;
        }
        Ok(&self.history)
    }

    /// Does all actions of a history again; those that are not possible now are passed over.
    ///
    /// # Errors
    /// If the runner fails.
    pub fn replay(
        &mut self,
        runner: &mut (impl AvmRunner + ?Sized),
        actions: &[Action],
    ) -> Result<&History, RunnerError> {
        for action in actions {
            self.act(action, runner)?;
        }
        self.history.is_quiet = self.possible().is_empty();
        Ok(&self.history)
    }

    /// Does one thing, if it is possible; says whether it was.
    ///
    /// # Errors
    /// If the runner fails.
    pub fn act(&mut self, action: &Action, runner: &mut (impl AvmRunner + ?Sized)) -> Result<bool, RunnerError> {
        let event = match action {
            Action::Begin => {
                let init = self.init.clone();
                self.host(&init).start();
                Some(Event::Begun { peer: init })
            }
            Action::Run { peer } => self.run_host(peer, runner)?,
            Action::Send { from, to } => self.send(from, to),
            Action::Deliver { message, again } => self.deliver(*message, *again),
            Action::Answer { peer, ticket } => self.answer(peer, *ticket),
            Action::Restart { peer } => self.restart(peer),
        };
        let done = event.is_some();
        if let Some(event) = event {
            self.history.actions.push(action.clone());
            self.history.events.push(event);
        }
        Ok(done)
    }

    fn run_host(
        &mut self,
        peer: &Arc<str>,
        runner: &mut (impl AvmRunner + ?Sized),
    ) -> Result<Option<Event>, RunnerError> {
        let Some(host) = self.hosts.get_mut(peer) else { return Ok(None) };
        let waiting = host.state().inbox.len();
        let Some(step) = host.step(runner)? else { return Ok(None) };
        let taken = host.state().inbox.len() < waiting;
        let inbox = self.inboxes.entry(peer.clone()).or_default();
        let message = step.input.current.is_some().then(|| inbox.first().copied()).flatten();
        if taken && !inbox.is_empty() {
            inbox.remove(0);
        }
        for (ticket, request) in &step.calls {
            // A call that is repeated after a crash is made once.
            if !self.calls.iter().any(|(at, known, _)| at == peer && known == ticket) {
                self.calls.push((peer.clone(), *ticket, request.clone()));
            }
        }
        Ok(Some(Event::Ran {
            peer: peer.clone(),
            message,
            answers: step.input.answers.keys().copied().collect(),
            result: Box::new(step.result),
            calls: step.calls,
            dropped: step.dropped,
        }))
    }

    fn send(&mut self, from: &Arc<str>, to: &Arc<str>) -> Option<Event> {
        let host = self.hosts.get_mut(from)?;
        let unasked = Message { to: to.clone(), version: host.state().version, data: host.data().clone() };
        let message = host.message(to).unwrap_or(unasked);
        // What is on its way is as good as delivered here: nothing gets lost.
        host.delivered(&message);
        let number = self.sent;
        self.sent += 1;
        let event = Event::Sent { message: number, from: from.clone(), to: to.clone(), bytes: message.data.len() };
        self.in_flight.push(Flight { number, from: from.clone(), message });
        Some(event)
    }

    fn deliver(&mut self, number: usize, again: bool) -> Option<Event> {
        let at = self.in_flight.iter().position(|flight| flight.number == number)?;
        let Flight { from, message, .. } = if again { self.in_flight[at].clone() } else { self.in_flight.remove(at) };
        let to = message.to.clone();
        self.host(&to).receive(message.data);
        self.inboxes.entry(to.clone()).or_default().push(number);
        Some(Event::Delivered { message: number, from, to, again })
    }

    fn answer(&mut self, peer: &Arc<str>, ticket: Ticket) -> Option<Event> {
        let at = self.calls.iter().position(|(whose, known, _)| whose == peer && *known == ticket)?;
        let (_, _, request) = self.calls.remove(at);
        let answer = self.services.answer(ServiceCall {
            peer,
            service: &request.service_id,
            function: &request.function_name,
            arguments: &request.arguments,
        });
        self.hosts.get_mut(peer)?.answer(ticket, answer.clone());
        Some(Event::Answered { peer: peer.clone(), ticket, request, answer })
    }

    fn restart(&mut self, peer: &Arc<str>) -> Option<Event> {
        let host = self.hosts.get_mut(peer)?;
        let stored = host.state().clone();
        *host = Host::restore(host.particle().clone(), stored);
        Some(Event::Restarted { peer: peer.clone() })
    }
}
