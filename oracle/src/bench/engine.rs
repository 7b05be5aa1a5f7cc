//! Both interpreters by their public entries, bytes to bytes.

use super::Parts;
use super::parts::timed;
use crate::names::{Names, secret};
use crate::wire::{read_requests, write_results};
use air_interpreter_interface::{InterpreterOutcome as ReferenceOutcome, RunParameters as ReferenceParameters};
use airtight_engine::data::{ScriptHash, decode, encode};
use airtight_engine::invoke::{
    CallResults, InterpreterOutcome, RunParameters, SizeLimits, execute, invoke, read_results, write_requests,
};
use airtight_engine::script::Script;
use airtight_engine::value::Json;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

/// An interpreter.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Engine {
    /// Our engine.
    Airtight,
    /// The reference interpreter.
    Reference,
}

/// A call that an interpreter asked for.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Asked {
    /// Which service.
    #[serde(rename = "service_id")]
    pub service: String,
    /// Which function of it.
    #[serde(rename = "function_name")]
    pub function: String,
    /// The arguments.
    pub arguments: Vec<Json>,
}

/// What a run came to, in words that both have.
#[derive(Debug)]
pub struct Outcome {
    /// How long the interpreter took.
    pub took: Duration,
    /// The new data.
    pub data: Vec<u8>,
    /// Who must get them.
    pub next_peers: Vec<String>,
    /// The calls to make.
    pub asked: BTreeMap<u32, Asked>,
}

/// A run, with all arguments as its interpreter takes them.
#[derive(Clone, Debug)]
pub struct Prepared {
    air: String,
    previous: Vec<u8>,
    current: Vec<u8>,
    results: Vec<u8>,
    parameters: Parameters,
}

#[derive(Clone, Debug)]
enum Parameters {
    Ours(RunParameters),
    Theirs(ReferenceParameters),
}

enum Raw {
    Ours(InterpreterOutcome),
    Theirs(ReferenceOutcome),
}

impl Engine {
    /// Both, ours first.
    pub const BOTH: [Self; 2] = [Self::Airtight, Self::Reference];

    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Airtight => "airtight",
            Self::Reference => "reference",
        }
    }

    /// A run of a particle that `init` began, at `peer`; both are ids that the names have.
    ///
    /// # Errors
    /// If the answers cannot be written.
    pub fn prepare(
        self,
        names: &Names,
        air: &str,
        [init, peer]: [&str; 2],
        [previous, current]: [&[u8]; 2],
        answers: &CallResults,
    ) -> Result<Prepared, String> {
        let sizes = SizeLimits::default();
        let (parameters, results) = match self {
            Self::Airtight => {
                let results = serde_json::to_vec(answers).map_err(|error| error.to_string())?;
                (Parameters::Ours(RunParameters::new(init, peer)), results)
            }
            Self::Reference => {
                let parameters = ReferenceParameters::new(
                    init.to_owned(),
                    peer.to_owned(),
                    0,
                    0,
                    0,
                    secret(&names.decode(peer)).to_vec(),
                    String::new(),
                    sizes.air,
                    sizes.particle,
                    sizes.call_result,
                    sizes.hard,
                );
                (Parameters::Theirs(parameters), write_results(answers, &Names::default())?)
            }
        };
        Ok(Prepared {
            air: air.to_owned(),
            previous: previous.to_vec(),
            current: current.to_vec(),
            results,
            parameters,
        })
    }
}

impl Prepared {
    fn call(&self) -> (Duration, Raw) {
        let Self { air, previous, current, results, parameters } = self.clone();
        match parameters {
            Parameters::Ours(parameters) => {
                let (outcome, took) = timed(|| invoke(air, previous, current, parameters, results));
                (took, Raw::Ours(outcome))
            }
            Parameters::Theirs(parameters) => {
                let results = results.into();
                let (outcome, took) = timed(|| air::execute_air(air, previous, current, parameters, results));
                (took, Raw::Theirs(outcome))
            }
        }
    }

    /// How long one run takes.
    pub fn time(&self) -> Duration {
        let (took, raw) = self.call();
        drop(black_box(raw));
        took
    }

    /// Runs once.
    ///
    /// # Errors
    /// If the interpreter reports an error, or its requests cannot be read.
    pub fn run(&self) -> Result<Outcome, String> {
        let (took, raw) = self.call();
        let (ret_code, message, data, next_peers, asked) = match raw {
            Raw::Ours(outcome) => {
                let asked = serde_json::from_slice(&outcome.call_requests).map_err(|error| error.to_string());
                (outcome.ret_code, outcome.error_message, outcome.data, outcome.next_peer_pks, asked)
            }
            Raw::Theirs(outcome) => {
                let requests = read_requests(&outcome.call_requests, &Names::default());
                let asked = requests.map(|requests| {
                    requests
                        .into_iter()
                        .map(|(id, request)| {
                            let (service, function) =
                                (request.service_id.to_string(), request.function_name.to_string());
                            (id, Asked { service, function, arguments: request.arguments })
                        })
                        .collect()
                });
                (outcome.ret_code, outcome.error_message, outcome.data, outcome.next_peer_pks, asked)
            }
        };
        if ret_code != 0 {
            return Err(format!("error {ret_code}: {message}"));
        }
        Ok(Outcome { took, data, next_peers, asked: asked? })
    }

    /// Where the time of one run of our engine goes; nothing for the reference, into which nobody looks here.
    ///
    /// # Errors
    /// If the engine reports an error.
    pub fn parts(&self) -> Result<Option<Parts>, String> {
        let Parameters::Ours(parameters) = &self.parameters else { return Ok(None) };
        let says = |error: &dyn std::fmt::Display| error.to_string();
        let mut parts = Parts { whole: self.time(), ..Parts::default() };
        let (script, took) = timed(|| (Script::parse(&self.air), ScriptHash::of(self.air.as_bytes())));
        parts.script = took;
        let (script, hash) = (script.0.map_err(|error| says(&error))?, script.1);
        let (data, took) = timed(|| [decode(&self.previous), decode(&self.current)]);
        parts.decode = took;
        let [previous, current] = data;
        let (previous, current) = (previous.map_err(|error| says(&error))?, current.map_err(|error| says(&error))?);
        let (answers, took) = timed(|| read_results(&self.results));
        parts.answers = took;
        let answers = answers.map_err(|error| says(&error))?;
        if !previous.shared().is_empty() && !current.shared().is_empty() {
            let (merged, took) = timed(|| previous.shared().merge(current.shared()));
            parts.merge = took;
            drop(black_box(merged));
        }
        // Which merges as well.
        let (outcome, took) = timed(|| execute(&script, hash, &previous, &current, parameters, answers));
        parts.walk = took.saturating_sub(parts.merge);
        let outcome = outcome.map_err(|error| says(&error))?;
        let (data, took) = timed(|| encode(&outcome.data));
        parts.encode = took;
        let (requests, took) = timed(|| write_requests(&outcome.requests));
        parts.requests = took;
        drop(black_box((data, requests)));
        Ok(Some(parts))
    }
}
