//! A case: all that decides what happens in a network. Played with a runner, it gives every run in full.

use crate::subject::{Comparison, Subject};
use airtight_engine::data::Answer;
use airtight_engine::execute::Limits;
use airtight_engine::invoke::{CallRequest, CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError};
use airtight_engine::script::{Diagnostics, Script};
use airtight_generators::{
    Action, Choices, Event, History, Network, Seeded, Services, ServicesFile, ServicesFileError, Tape, Weather,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use thiserror::Error;

/// How many bytes of data the runs of a history hold at most; a long history of a large script is cut.
const DATA_BYTES_MAX: usize = 32 << 20;

/// The limits of runs: a script that goes on without end shall not take long to get there.
const LIMITS: Limits = Limits { steps: 10_000_000, depth: 6 << 20, value_bytes: 32 << 20, stream_elements: 8_192 };

/// After so many actions a look is taken at what the runs hold.
const ACTIONS_STEP: usize = 128;

/// How often peers exchange their data at most until nothing new comes of it. Each time what comes of the last one (canons,
/// calls) reaches everybody; what a peer asks anew that lost its data can take many times.
const EXCHANGES_MAX: usize = 6;

/// After so many actions, what is left is given up as endless.
const FINISH: Weather = Weather { actions_max: 6_000, ..Weather::CALM };

/// All that decides what happens: who runs which script, what services answer, and in which order things happen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The script.
    pub script: Arc<str>,
    /// The peer that begins the particle.
    pub init: Arc<str>,
    /// What services answer.
    pub services: ServiceSpec,
    /// The order of things.
    pub schedule: Schedule,
}

/// What services answer, as a value that can be saved.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSpec {
    /// Decides what is made up.
    pub seed: u64,
    /// The share of calls that fail, from 0 to 1.
    #[serde(default)]
    pub failures: f64,
    /// The answers that a file fixes, as the file has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<Value>,
}

/// The order in which things happen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// By chance.
    Seeded {
        /// The choices.
        seed: u64,
        /// What chance does besides.
        weather: Weather,
    },
    /// These things; what is not possible then is passed over.
    Actions(Vec<Action>),
}

/// Why a case cannot be played at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The script is invalid.
    #[error("the script is invalid:\n{0}")]
    Script(Diagnostics),
    /// What fixes answers is not of its form.
    #[error(transparent)]
    Services(#[from] ServicesFileError),
}

/// One run of the interpreter, with all that went in and came out.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it was told; the peer among it.
    pub parameters: RunParameters,
    /// The data that the peer had.
    pub previous: Arc<[u8]>,
    /// The data that it got.
    pub current: Arc<[u8]>,
    /// The answers that it got.
    pub answers: CallResults,
    /// What came out, but for the data.
    pub result: InterpreterResult,
    /// The data that came out.
    pub after: Arc<[u8]>,
}

impl Run {
    /// Who ran.
    pub fn peer(&self) -> &Arc<str> {
        &self.parameters.current_peer_id
    }
}

/// What a case came to.
///
/// After the schedule, everything that is left happens in a fixed order until the network is quiet; then all peers
/// exchange their data, so that all of them know everything.
#[derive(Debug)]
pub struct Played {
    /// The script.
    pub script: Arc<Script>,
    /// The case that gives this again, its schedule as a list of actions.
    pub case: Case,
    /// Everything that happened; what runs gave is in `runs`, without the data here.
    pub history: History,
    /// The runs, in their order.
    pub runs: Vec<Run>,
    /// For each event, how many runs there were until then, it included.
    pub runs_until: Vec<usize>,
    /// How many of the events the network took until it was quiet, if it ever was.
    pub quiet_at: Option<usize>,
    /// Whether all peers exchanged their data in the end.
    pub exchanged: bool,
    /// What runs at any peer are told; the peer is replaced.
    pub parameters: RunParameters,
    /// Why the runner failed, if it did; nothing happened after that.
    pub failure: Option<RunnerError>,
}

impl ServiceSpec {
    /// The services for a script that `init` begins.
    ///
    /// # Errors
    /// If what is fixed is not of its form.
    pub fn prepare(&self, script: &Script, init: &str) -> Result<Services, CaseError> {
        let services = Services::new(script, init, self.seed).failing(self.failures);
        match &self.fixed {
            Some(fixed) => Ok(services.with_file(ServicesFile::parse(fixed.to_string().as_bytes())?)),
            None => Ok(services),
        }
    }
}

impl Case {
    /// The case in which nothing happens, for laws to which no history matters.
    pub fn empty() -> Self {
        Self {
            script: "(null)".into(),
            init: "init".into(),
            services: ServiceSpec::default(),
            schedule: Schedule::Actions(Vec::new()),
        }
    }

    /// Reads the script and what is fixed of the services.
    ///
    /// # Errors
    /// If one of them is not of its form.
    pub fn prepare(&self) -> Result<(Arc<Script>, Services), CaseError> {
        let script = Script::parse(&*self.script).map_err(CaseError::Script)?;
        let services = self.services.prepare(&script, &self.init)?;
        Ok((Arc::new(script), services))
    }

    /// Plays the case. If the runner fails, what happened until then is what it came to.
    ///
    /// # Errors
    /// If the case cannot be played at all.
    pub fn play(&self, subject: &mut Subject) -> Result<Played, CaseError> {
        let (script, services) = self.prepare()?;
        Ok(self.play_prepared(script, services, subject))
    }

    /// Plays the case with its script and services, which were prepared from it.
    pub fn play_prepared(&self, script: Arc<Script>, services: Services, subject: &mut Subject) -> Played {
        self.play_by(script, services, LIMITS, subject, |network, recorder| match &self.schedule {
            Schedule::Seeded { seed, weather } => drive(network, recorder, &mut Seeded::new(*seed), *weather),
            Schedule::Actions(actions) => network.replay(recorder, actions).map(|_| true),
        })
    }

    /// Plays the case in another order of things, which these choices give, within these limits.
    pub(crate) fn play_choosing(
        &self,
        script: Arc<Script>,
        services: Services,
        limits: Limits,
        subject: &mut Subject,
        choices: &mut impl Choices,
        weather: Weather,
    ) -> Played {
        self.play_by(script, services, limits, subject, |network, recorder| drive(network, recorder, choices, weather))
    }

    /// Plays the case; the schedule says whether it came to an end.
    fn play_by(
        &self,
        script: Arc<Script>,
        services: Services,
        limits: Limits,
        subject: &mut Subject,
        schedule: impl FnOnce(&mut Network, &mut Recorder<'_>) -> Result<bool, RunnerError>,
    ) -> Played {
        let mut network = Network::new(self.script.clone(), self.init.clone(), services).with_limits(limits);
        let mut recorder = Recorder { subject, runs: Vec::new(), kept: HashSet::new(), bytes: 0 };
        let mut scheduled = 0;
        let mut quiet_at = None;
        let mut exchanged = false;
        let play = || -> Result<(), RunnerError> {
            let ended = schedule(&mut network, &mut recorder)?;
            scheduled = network.history().actions.len();
            // A schedule that was given up as endless would not end now.
            if !ended || !finish(&mut network, &mut recorder)? {
                return Ok(());
            }
            quiet_at = Some(network.history().events.len());
            exchanged = exchange(&mut network, &mut recorder)?;
            Ok(())
        };
        let failure = play().err();
        if failure.is_some() {
            scheduled = network.history().actions.len();
        }
        let parameters = network.hosts().next().map(|host| host.particle().parameters.clone());
        let mut history = network.into_history();
        for event in &mut history.events {
            // The runs have these.
            if let Event::Ran { result, .. } = event {
                result.data = Vec::new();
            }
        }
        let mut runs = 0;
        let runs_until = history.events.iter().map(|event| {
            runs += usize::from(matches!(event, Event::Ran { .. }));
            runs
        });
        let actions = history.actions.get(..scheduled).unwrap_or_default().to_vec();
        Played {
            script,
            case: Self { schedule: Schedule::Actions(actions), ..self.clone() },
            runs_until: runs_until.collect(),
            quiet_at,
            exchanged,
            parameters: parameters.unwrap_or_else(|| RunParameters::new(self.init.clone(), self.init.clone())),
            failure,
            runs: recorder.runs,
            history,
        }
    }
}

/// Lets happen what is left, the first thing first, and says whether that came to an end.
fn finish(network: &mut Network, recorder: &mut Recorder<'_>) -> Result<bool, RunnerError> {
    drive(network, recorder, &mut Tape::default(), FINISH)
}

/// Chooses among what is possible until the network is quiet, or the history is too long; says which.
fn drive(
    network: &mut Network,
    recorder: &mut Recorder<'_>,
    choices: &mut impl Choices,
    weather: Weather,
) -> Result<bool, RunnerError> {
    loop {
        let actions = network.history().actions.len();
        let actions_max = weather.actions_max.min(actions + ACTIONS_STEP);
        if network.run(recorder, choices, Weather { actions_max, ..weather })?.is_quiet {
            return Ok(true);
        }
        if network.history().actions.len() >= weather.actions_max || recorder.bytes > DATA_BYTES_MAX {
            return Ok(false);
        }
    }
}

/// All peers tell one of them what they know, and are told what it knows then, until nobody learns anything from it;
/// says whether all that came of it came to an end.
fn exchange(network: &mut Network, recorder: &mut Recorder<'_>) -> Result<bool, RunnerError> {
    for round in 1..=EXCHANGES_MAX {
        let before = recorder.runs.len();
        let peers: Vec<_> = network.hosts().map(|host| host.peer().clone()).collect();
        let Some((hub, others)) = peers.split_first() else { return Ok(false) };
        for from in others {
            network.act(&Action::Send { from: from.clone(), to: hub.clone() }, recorder)?;
        }
        if !finish(network, recorder)? {
            return Ok(false);
        }
        for to in others {
            network.act(&Action::Send { from: hub.clone(), to: to.clone() }, recorder)?;
        }
        if !finish(network, recorder)? {
            return Ok(false);
        }
        let runs = recorder.runs.get(before..).unwrap_or_default();
        // Where bytes mean nothing, as others may be written each time, what they ask for shows whether anything came
        // of it.
        let settled = match recorder.subject.comparison() {
            Comparison::Bytes => runs.iter().all(|run| run.after == run.previous),
            Comparison::States | Comparison::Events | Comparison::Outcomes => {
                round > 1 && runs.iter().all(|run| run.answers.is_empty() && run.result.requests.is_empty())
            }
        };
        if settled {
            break;
        }
    }
    Ok(true)
}

impl Played {
    /// The runs among the first so many events.
    pub fn runs_of(&self, events: usize) -> &[Run] {
        let runs = events.checked_sub(1).and_then(|last| self.runs_until.get(last)).copied().unwrap_or_default();
        self.runs.get(..runs).unwrap_or_default()
    }

    /// What each peer had stored after so many events.
    pub fn stored(&self, events: usize) -> BTreeMap<Arc<str>, Arc<[u8]>> {
        self.runs_of(events).iter().map(|run| (run.peer().clone(), run.after.clone())).collect()
    }

    /// What each peer has stored in the end.
    pub fn stored_last(&self) -> BTreeMap<Arc<str>, Arc<[u8]>> {
        self.stored(self.history.events.len())
    }

    /// Everything that is known in the end, if all peers exchanged their data: what one of them has.
    pub fn known_last(&self) -> Option<Arc<[u8]>> {
        if self.exchanged { self.stored_last().into_values().next() } else { None }
    }

    /// The peers that took part.
    pub fn peers(&self) -> impl Iterator<Item = Arc<str>> {
        self.stored_last().into_keys()
    }

    /// Whether some peer lost what it had stored.
    pub fn has_lost(&self) -> bool {
        self.history.events.iter().any(|event| matches!(event, Event::Forgot { .. }))
    }

    /// What services answered, as a file that fixes it, if they were asked at all.
    pub(crate) fn answers(&self) -> Option<Value> {
        let mut asked: HashMap<(&str, u32), &CallRequest> = HashMap::new();
        let mut answers: Vec<Value> = Vec::new();
        for run in &self.runs {
            let peer: &str = run.peer();
            for (id, Answer { ret_code, result }) in &run.answers {
                let Some(request) = asked.get(&(peer, *id)) else { continue };
                let arguments: Vec<Value> = request.arguments.iter().map(|json| plain(&json.to_text())).collect();
                let mut answer = json!({
                    "peer": peer,
                    "service": &*request.service_id,
                    "function": &*request.function_name,
                    "arguments": arguments,
                });
                let json = plain(result);
                let printed = json.to_string();
                let (key, outcome) = match *ret_code {
                    0 if printed == **result => ("result", json),
                    0 => ("text", json!(**result)),
                    ret_code => ("error", json!({ "ret_code": ret_code, "message": &**result })),
                };
                answer[key] = outcome;
                if !answers.contains(&answer) {
                    answers.push(answer);
                }
            }
            asked.extend(run.result.requests.iter().map(|(id, request)| ((peer, *id), request)));
        }
        (!answers.is_empty()).then(|| json!({ "answers": answers }))
    }

    /// Whether some run was given up.
    pub fn has_given_up(&self) -> bool {
        self.runs.iter().any(|run| run.result.is_given_up())
    }
}

/// A text of JSON as a value, or null.
fn plain(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// A runner that notes every run.
struct Recorder<'s> {
    subject: &'s mut Subject,
    runs: Vec<Run>,
    /// Data that were seen, so that what a run makes and another one gets is held once.
    kept: HashSet<Arc<[u8]>>,
    /// How many bytes these are.
    bytes: usize,
}

impl Recorder<'_> {
    fn keep(&mut self, data: &[u8]) -> Arc<[u8]> {
        if let Some(kept) = self.kept.get(data) {
            return kept.clone();
        }
        self.bytes += data.len();
        let data: Arc<[u8]> = data.into();
        self.kept.insert(data.clone());
        data
    }
}

impl AvmRunner for Recorder<'_> {
    fn init(&mut self, _: LogLevel) -> Result<(), RunnerError> {
        Ok(())
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        let result = self.subject.run(air, previous, current, parameters, call_results)?;
        let (previous, current, after) = (self.keep(previous), self.keep(current), self.keep(&result.data));
        let said = InterpreterResult { data: Vec::new(), ..result.clone() };
        self.runs.push(Run {
            parameters: parameters.clone(),
            previous,
            current,
            answers: call_results.clone(),
            result: said,
            after,
        });
        Ok(result)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        Ok(())
    }
}
