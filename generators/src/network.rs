//! A network in one process: peers that run [`Host`]s, messages in flight, calls that wait for their answers.
//!
//! Everything that can happen next is an [`Action`]: a message is sent, delivered, delivered twice; a service answers; a
//! host runs; a peer crashes and comes back, with its data or without. A schedule is a choice among what is possible, so a
//! seed gives any interleaving, with messages reordered, duplicated and delayed and answers in any grouping. What happened
//! is a [`History`]: the actions, which give the same history again, and each event in full.
//!
//! What is possible is kept up to date with every action, so a choice takes the same time however much there is to do.

use crate::possible::Possible;
use crate::{Choices, ServiceCall, Services};
use airtight_engine::data::Answer;
use airtight_engine::execute::Limits;
use airtight_engine::host::{Dropped, Host, Message, Particle, Ticket};
use airtight_engine::invoke::{CallRequest, RunParameters};
use airtight_engine::runner::{AvmRunner, InterpreterResult, RunnerError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
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
    /// A peer loses all that it stored about the particle. What it sent and asked for before stays on its way.
    Forget {
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
    /// A peer lost all that it stored.
    Forgot {
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
            | Self::Restarted { peer }
            | Self::Forgot { peer } => peer,
        }
    }
}

/// What chance does to a network, in parts of 100.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Weather {
    /// Deliveries after which the message arrives once more.
    pub duplicates: u32,
    /// Actions before which some peer crashes.
    pub restarts: u32,
    /// Actions before which some peer loses what it stored. Nobody tells it again what it was told before.
    pub losses: u32,
    /// Times that a host that is to send its data does something else first, if there is anything else to do.
    #[serde(default)]
    pub lazy: u32,
    /// Actions after which the schedule is given up as endless.
    pub actions_max: usize,
}

impl Default for Weather {
    fn default() -> Self {
        Self { duplicates: 15, restarts: 5, losses: 0, lazy: 0, actions_max: 100_000 }
    }
}

impl Weather {
    /// Messages arrive once, and nobody crashes.
    pub const CALM: Self = Self { duplicates: 0, restarts: 0, losses: 0, lazy: 0, actions_max: 100_000 };
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
    /// The peers in the order in which they began to take part.
    peers: Vec<Arc<str>>,
    /// The numbers of the messages in each host's inbox, the first first.
    inboxes: BTreeMap<Arc<str>, VecDeque<usize>>,
    /// Messages on their way, by number.
    in_flight: BTreeMap<usize, Flight>,
    sent: usize,
    /// Calls that wait for their answers.
    calls: BTreeMap<(Arc<str>, Ticket), CallRequest>,
    /// All that can happen next, but for crashes, losses and copies.
    possible: Possible,
    limits: Limits,
    history: History,
}

impl Network {
    /// A network in which `init` is about to begin a particle with this script.
    pub fn new(air: impl Into<Arc<str>>, init: impl Into<Arc<str>>, services: Services) -> Self {
        let mut possible = Possible::default();
        possible.set(Action::Begin, true);
        Self {
            air: air.into(),
            init: init.into(),
            services,
            hosts: BTreeMap::new(),
            peers: Vec::new(),
            inboxes: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            sent: 0,
            calls: BTreeMap::new(),
            possible,
            limits: Limits::default(),
            history: History::default(),
        }
    }

    /// The same network, in which runs have these limits.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What happened so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What happened, if nothing more shall.
    pub fn into_history(self) -> History {
        self.history
    }

    /// The hosts of all peers that took part so far.
    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.values()
    }

    /// Calls that wait for their answers.
    pub fn open_calls(&self) -> impl Iterator<Item = (&Arc<str>, &CallRequest)> {
        self.calls.iter().map(|((peer, _), request)| (peer, request))
    }

    fn host(&mut self, peer: &Arc<str>) -> &mut Host {
        let (air, init, peers, limits) = (&self.air, &self.init, &mut self.peers, self.limits);
        self.hosts.entry(peer.clone()).or_insert_with(|| {
            peers.push(peer.clone());
            let mut parameters = RunParameters::new(init.clone(), peer.clone());
            (parameters.timestamp, parameters.ttl) = (1_700_000_000_000, 60_000);
            parameters.limits = limits;
            Host::new(Particle::new(air.clone(), parameters))
        })
    }

    /// All that can happen next, but for crashes, losses and copies; nothing when the network is quiet. The first is what
    /// a schedule without surprises takes.
    pub fn possible(&self) -> impl Iterator<Item = &Action> {
        self.possible.iter()
    }

    /// Looks again whether a host has something to run for.
    fn note_due(&mut self, peer: &Arc<str>) {
        let due = self.hosts.get(peer).is_some_and(Host::is_due);
        self.possible.set(Action::Run { peer: peer.clone() }, due);
    }

    /// Looks again whether a host must send to a peer.
    fn note_outbox(&mut self, from: &Arc<str>, to: &Arc<str>) {
        let must = self.hosts.get(from).is_some_and(|host| host.message(to).is_some());
        self.possible.set(Action::Send { from: from.clone(), to: to.clone() }, must);
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
        self.history.is_quiet = false;
        while self.history.actions.len() < weather.actions_max {
            if self.possible.len() == 0 {
                self.history.is_quiet = true;
                break;
            }
            if let Some(accident) = self.accident(choices, weather) {
                self.act(&accident, runner)?;
                continue;
            }
            let chosen = choices.below(self.possible.len() as u32) as usize;
            let Some(mut action) = self.possible.get(chosen).cloned() else { break };
            if weather.lazy > 0 && matches!(action, Action::Send { .. }) && choices.chance(weather.lazy, 100) {
                let others: Vec<&Action> =
                    self.possible.iter().filter(|other| !matches!(other, Action::Send { .. })).collect();
                if !others.is_empty() {
                    action = others[choices.below(others.len() as u32) as usize].clone();
                }
            }
            if let Action::Deliver { again, .. } = &mut action {
                *again = choices.chance(weather.duplicates, 100);
            }
            self.act(&action, runner)?;
        }
        Ok(&self.history)
    }

    /// What befalls some peer now, if anything does.
    fn accident(&self, choices: &mut impl Choices, weather: Weather) -> Option<Action> {
        for (times, action) in [
            (weather.restarts, (|peer| Action::Restart { peer }) as fn(_) -> _),
            (weather.losses, |peer| Action::Forget { peer }),
        ] {
            if choices.chance(times, 100) && !self.peers.is_empty() {
                return Some(action(self.peers[choices.below(self.peers.len() as u32) as usize].clone()));
            }
        }
        None
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
        self.history.is_quiet = self.possible.len() == 0;
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
                self.possible.set(Action::Begin, false);
                self.note_due(&init);
                Some(Event::Begun { peer: init })
            }
            Action::Run { peer } => self.run_host(peer, runner)?,
            Action::Send { from, to } => self.send(from, to),
            Action::Deliver { message, again } => self.deliver(*message, *again),
            Action::Answer { peer, ticket } => self.answer(peer, *ticket),
            Action::Restart { peer } => self.restart(peer),
            Action::Forget { peer } => self.forget(peer),
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
        let message = step.input.current.is_some().then(|| inbox.front().copied()).flatten();
        if taken {
            inbox.pop_front();
        }
        for (ticket, request) in &step.calls {
            // A call that is repeated after a crash is made once.
            self.calls.entry((peer.clone(), *ticket)).or_insert_with(|| request.clone());
            self.possible.set(Action::Answer { peer: peer.clone(), ticket: *ticket }, true);
        }
        self.note_due(peer);
        for to in &step.result.next_peers {
            self.note_outbox(peer, to);
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
        self.note_outbox(from, to);
        let number = self.sent;
        self.sent += 1;
        let event = Event::Sent { message: number, from: from.clone(), to: to.clone(), bytes: message.data.len() };
        self.in_flight.insert(number, Flight { from: from.clone(), message });
        self.possible.set(Action::Deliver { message: number, again: false }, true);
        Some(event)
    }

    fn deliver(&mut self, number: usize, again: bool) -> Option<Event> {
        let Flight { from, message } = self.in_flight.get(&number)?.clone();
        if !again {
            self.in_flight.remove(&number);
            self.possible.set(Action::Deliver { message: number, again: false }, false);
        }
        let to = message.to;
        self.host(&to).receive(message.data);
        self.inboxes.entry(to.clone()).or_default().push_back(number);
        self.note_due(&to);
        Some(Event::Delivered { message: number, from, to, again })
    }

    fn answer(&mut self, peer: &Arc<str>, ticket: Ticket) -> Option<Event> {
        let request = self.calls.remove(&(peer.clone(), ticket))?;
        self.possible.set(Action::Answer { peer: peer.clone(), ticket }, false);
        let answer = self.services.answer(ServiceCall {
            peer,
            service: &request.service_id,
            function: &request.function_name,
            arguments: &request.arguments,
        });
        // An answer to a call of an earlier life concerns nobody any more.
        self.hosts.get_mut(peer)?.answer(ticket, answer.clone());
        self.note_due(peer);
        Some(Event::Answered { peer: peer.clone(), ticket, request, answer })
    }

    fn restart(&mut self, peer: &Arc<str>) -> Option<Event> {
        let host = self.hosts.get_mut(peer)?;
        let particle = host.particle().clone();
        let crashed = std::mem::replace(host, Host::new(particle.clone()));
        *host = Host::restore(particle, crashed.into_state());
        self.note_due(peer);
        Some(Event::Restarted { peer: peer.clone() })
    }

    fn forget(&mut self, peer: &Arc<str>) -> Option<Event> {
        let host = self.hosts.get_mut(peer)?;
        let outbox: Vec<_> = host.outbox().cloned().collect();
        host.forget();
        self.inboxes.remove(peer);
        self.note_due(peer);
        for to in &outbox {
            self.note_outbox(peer, to);
        }
        Some(Event::Forgot { peer: peer.clone() })
    }
}
