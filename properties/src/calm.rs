//! A calm network: one peer runs at a time, and before it does, it learns all that is known anywhere.
//!
//! So there is one order in which things became known, and every peer sees the same. What a script means there can be said
//! without a word about messages: who is asked for what, and when.

use crate::case::Played;
use crate::subject::Subject;
use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallRequest, CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::RunnerError;
use airtight_engine::value::Json;
use airtight_generators::{Choices, Seeded, ServiceCall, Services, Tape};
use serde_json::Value;
use std::sync::Arc;

/// After so many runs a history is given up as endless.
const RUNS_MAX: usize = 48;

/// What a run did, in a calm network.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Who ran.
    pub(crate) peer: Arc<str>,
    /// The answers that it got: to which of all requests so far.
    pub(crate) answered: Vec<(usize, Answer)>,
    /// What came out, but for the data.
    pub(crate) result: InterpreterResult,
    /// What it asked for.
    pub(crate) requests: Vec<Asked>,
}

/// A call that was asked for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Asked {
    pub(crate) service: String,
    pub(crate) function: String,
    pub(crate) arguments: Vec<Value>,
    /// As texts.
    pub(crate) tetraplets: Vec<Vec<String>>,
}

/// What is played, and who answers.
pub(crate) struct Calm<'c> {
    pub(crate) air: &'c str,
    /// What runs at any peer are told; the peer is replaced.
    pub(crate) parameters: RunParameters,
    /// What a service of a peer answers.
    pub(crate) answer: &'c dyn Fn(&str, &CallRequest) -> Answer,
}

/// A peer in the network.
struct Seat {
    peer: Arc<str>,
    data: Arc<[u8]>,
    /// Somebody has news for it.
    is_told: bool,
    /// Its calls without an answer: their ids, their numbers among all, and what will be answered.
    open: Vec<(u32, usize, Answer)>,
}

impl Calm<'_> {
    /// Plays on until nobody has anything to do, or there were many runs; says whether it came to an end. `schedule` picks the
    /// order of things; 0 is the simplest one, in which the first call is answered alone. `see` is told of each run, and says
    /// whether to go on.
    ///
    /// # Errors
    /// If the runner has no answer, or as `see` says.
    pub(crate) fn play<E: From<RunnerError>>(
        &self,
        subject: &mut Subject,
        schedule: u32,
        mut see: impl FnMut(&Turn) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut tape = Tape::default();
        let mut seeded = Seeded::new(schedule.into());
        let choices: &mut dyn Choices = if schedule == 0 { &mut tape } else { &mut seeded };
        let mut seats = vec![Seat::new(self.parameters.init_peer_id.clone())];
        let mut newest: Arc<[u8]> = Arc::default();
        let mut asked = 0;
        for _ in 0..RUNS_MAX {
            let able = seats.iter_mut().filter(|seat| seat.is_told || !seat.open.is_empty());
            let mut able: Vec<&mut Seat> = able.collect();
            if able.is_empty() {
                return Ok(true);
            }
            let seat = able.swap_remove(choices.below(able.len() as u32) as usize);
            let given = seat.take_answers(choices);
            let answers: CallResults = given.iter().map(|(id, _, answer)| (*id, answer.clone())).collect();
            let current = if newest == seat.data { Arc::default() } else { newest };
            let parameters = RunParameters { current_peer_id: seat.peer.clone(), ..self.parameters.clone() };
            let mut result = subject.run(self.air, &seat.data, &current, &parameters, &answers)?;
            newest = std::mem::take(&mut result.data).into();
            seat.data = newest.clone();
            seat.is_told = false;
            let mut requests = Vec::new();
            for (id, request) in &result.requests {
                seat.open.push((*id, asked, (self.answer)(&seat.peer, request)));
                asked += 1;
                requests.push(Asked::of(request));
            }
            let peer = seat.peer.clone();
            for told in &result.next_peers {
                match seats.iter_mut().find(|seat| seat.peer == *told) {
                    Some(seat) => seat.is_told = true,
                    None => seats.push(Seat::new(told.clone())),
                }
            }
            let answered = given.into_iter().map(|(_, number, answer)| (number, answer)).collect();
            let is_given_up = result.is_given_up();
            if !see(&Turn { peer, answered, result, requests })? || is_given_up {
                return Ok(false);
            }
        }
        Ok(false)
    }
}

impl Seat {
    fn new(peer: Arc<str>) -> Self {
        Self { peer, data: Arc::default(), is_told: true, open: Vec::new() }
    }

    /// The answers that come now: the first one, all, any one; or none, if there is something else to run for.
    fn take_answers(&mut self, choices: &mut dyn Choices) -> Vec<(u32, usize, Answer)> {
        if self.open.is_empty() {
            return Vec::new();
        }
        match choices.below(3 + u32::from(self.is_told)) {
            0 => vec![self.open.remove(0)],
            1 => std::mem::take(&mut self.open),
            2 => vec![self.open.remove(choices.below(self.open.len() as u32) as usize)],
            _ => Vec::new(),
        }
    }
}

impl Asked {
    fn of(request: &CallRequest) -> Self {
        let list = |list: &Vec<Arc<airtight_engine::value::Tetraplet>>| list.iter().map(ToString::to_string).collect();
        Self {
            service: request.service_id.to_string(),
            function: request.function_name.to_string(),
            arguments: request.arguments.iter().map(value).collect(),
            tetraplets: request.tetraplets.iter().map(list).collect(),
        }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let arguments: Vec<_> = self.arguments.iter().map(ToString::to_string).collect();
        let tetraplets: Vec<_> = self.tetraplets.iter().map(|list| list.join(", ")).collect();
        let Self { service, function, .. } = self;
        format!("{service}.{function}({}) from [{}]\n", arguments.join(", "), tetraplets.join("; "))
    }
}

fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_text()).unwrap_or_default()
}

/// What the services of a history answer.
pub(crate) fn answer(services: &Services, peer: &str, request: &CallRequest) -> Answer {
    services.answer(ServiceCall {
        peer,
        service: &request.service_id,
        function: &request.function_name,
        arguments: &request.arguments,
    })
}

/// Who began a history, and what runs are told then.
pub(crate) fn parameters(played: &Played) -> RunParameters {
    RunParameters { repeat_requests: false, ..played.parameters.clone() }
}

impl Turn {
    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} runs", self.peer);
        for (number, answer) in &self.answered {
            let result = match answer.ret_code {
                0 => answer.result.to_string(),
                code => format!("failure {code}"),
            };
            text += &format!(", request {number} = {result}");
        }
        text += &format!(", ends with {}\n", self.result.ret_code);
        for request in &self.requests {
            text += &format!("  asks for {}", request.text());
        }
        text
    }
}
