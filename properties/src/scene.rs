//! What a law looks at: a played case, the runner under check, and what was asked of it so far.

use crate::case::{Played, Run, ServiceSpec};
use crate::subject::{Comparison, Subject};
use crate::view::View;
use airtight_engine::data::{Data, ScriptHash, Shared, decode, encode};
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError};
use airtight_engine::script::{Code, Script};
use airtight_generators::{Choices, Network, Seeded, Weather, traces};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A peer that no script names: it takes part in nothing, so what it runs only merges.
pub(crate) const OBSERVER: &str = "an observer";

/// What makes the services of another history answer otherwise.
const OTHERWISE: u64 = 0x9e37_79b9_7f4a_7c15;

/// How much happens in another history.
const ACTIONS_ELSEWHERE: usize = 40;

/// How two data become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Product {
    /// By merging.
    Merge,
    /// By a run at a peer that takes part in nothing.
    Observer,
}

/// Data of a history, as others get them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// The data, without what one peer alone knows.
    pub data: Arc<[u8]>,
    /// The run that made them first; a number that no run has where they are a part of such data, or forged.
    pub run: usize,
}

/// A played case under a runner.
#[derive(Debug)]
pub struct Scene<'a> {
    /// What was played.
    pub played: &'a Played,
    /// The runner.
    pub subject: &'a mut Subject,
    views: BTreeMap<Arc<[u8]>, Arc<View>>,
    /// Without what the events come to.
    events: BTreeMap<Arc<[u8]>, Arc<View>>,
    letters: Option<Arc<[Letter]>>,
    known: Option<Arc<[Shared]>>,
    elsewhere: Option<Arc<[Arc<[u8]>]>>,
}

impl<'a> Scene<'a> {
    /// A scene of which nothing was asked yet.
    pub fn new(played: &'a Played, subject: &'a mut Subject) -> Self {
        Self {
            played,
            subject,
            views: BTreeMap::new(),
            events: BTreeMap::new(),
            letters: None,
            known: None,
            elsewhere: None,
        }
    }

    /// One of the runs, if there is any.
    pub fn pick_run(&self, choices: &mut dyn Choices) -> Option<&'a Run> {
        self.played.runs.get(choices.below(self.played.runs.len() as u32) as usize)
    }

    /// Whether a `next` of an outer fold stands in an inner one of the script, and starts that again. Such a fold visits
    /// values again at the places that they have, once for each batch or item of the inner one; so what it appends to
    /// streams, and when, depends on batches.
    pub fn restarts_folds(&self) -> bool {
        restarts_folds(&self.played.script)
    }

    /// The data of the history, without repetitions: what the runs made, as others get them.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn letters(&mut self) -> Result<Arc<[Letter]>, RunnerError> {
        if let Some(letters) = &self.letters {
            return Ok(letters.clone());
        }
        let mut seen = BTreeSet::new();
        let mut letters = Vec::new();
        for (number, run) in self.played.runs.iter().enumerate() {
            let data = self.shared(&run.after)?;
            if seen.insert(data.clone()) {
                letters.push(Letter { data, run: number });
            }
        }
        let letters: Arc<[_]> = letters.into();
        self.letters = Some(letters.clone());
        Ok(letters)
    }

    /// Two data of the history, perhaps the same ones; of our own engine mostly parts of what its peers know together, such
    /// that each of the two has what the other lacks. `None` if there are no data, or hardly anything to tell.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn pair(&mut self, choices: &mut dyn Choices) -> Result<Option<[Letter; 2]>, RunnerError> {
        let letters = self.letters()?;
        if !self.subject.is_own() {
            let mut one = || letters.get(choices.below(letters.len() as u32) as usize).cloned();
            return Ok(one().zip(one()).map(|(a, b)| [a, b]));
        }
        let known = match &self.known {
            Some(known) => known.clone(),
            None => letters.iter().filter_map(|letter| Some(decode(&letter.data).ok()?.into_parts().0)).collect(),
        };
        self.known = Some(known.clone());
        let script = ScriptHash::of(self.played.case.script.as_bytes());
        let pair = traces::pair(&known, &mut { choices });
        Ok(pair.map(|(a, b)| {
            [a, b].map(|part| {
                let run = known.iter().position(|data| *data == part).and_then(|at| Some(letters.get(at)?.run));
                Letter { data: encode(&Data::new(script, part, None)).into(), run: run.unwrap_or(usize::MAX) }
            })
        }))
    }

    /// Where data come from, for people.
    pub fn origin(&self, letter: &Letter) -> String {
        match self.played.runs.get(letter.run) {
            Some(run) => format!("what {} had after run {} of all", run.peer(), letter.run + 1),
            None => "data that no peer of the history made".into(),
        }
    }

    /// Data of the beginning of another history of the script, in which services answer otherwise; with journals.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn elsewhere(&mut self) -> Result<Arc<[Arc<[u8]>]>, RunnerError> {
        if let Some(data) = &self.elsewhere {
            return Ok(data.clone());
        }
        let case = &self.played.case;
        let spec = ServiceSpec { seed: case.services.seed ^ OTHERWISE, fixed: None, ..case.services.clone() };
        let mut watcher = Watcher { subject: self.subject, seen: BTreeSet::new() };
        if let Ok(services) = spec.prepare(&self.played.script, &case.init) {
            let network = Network::new(case.script.clone(), case.init.clone(), services);
            let weather = Weather { actions_max: ACTIONS_ELSEWHERE, ..Weather::CALM };
            network.with_limits(self.played.parameters.limits).run(
                &mut watcher,
                &mut Seeded::new(spec.seed),
                weather,
            )?;
        }
        let data: Arc<[_]> = watcher.seen.into_iter().collect();
        self.elsewhere = Some(data.clone());
        Ok(data)
    }

    /// Data without what one peer alone knows, as far as the runner can say that.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn shared(&mut self, data: &Arc<[u8]>) -> Result<Arc<[u8]>, RunnerError> {
        if self.subject.offers().merge { self.subject.merge(b"", data) } else { Ok(data.clone()) }
    }

    /// What runs at this peer are told.
    pub fn parameters(&self, peer: impl Into<Arc<str>>) -> RunParameters {
        RunParameters { current_peer_id: peer.into(), repeat_requests: false, ..self.played.parameters.clone() }
    }

    /// A run of the script at a peer, without answers.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn run_at(
        &mut self,
        peer: &Arc<str>,
        previous: &[u8],
        current: &[u8],
    ) -> Result<InterpreterResult, RunnerError> {
        let parameters = self.parameters(peer.clone());
        self.subject.run(&self.played.case.script, previous, current, &parameters, &CallResults::new())
    }

    /// The product of two data.
    ///
    /// # Errors
    /// If the runner has no answer, or refuses.
    pub fn product(&mut self, how: Product, a: &[u8], b: &[u8]) -> Result<Arc<[u8]>, RunnerError> {
        match how {
            Product::Merge => self.subject.merge(a, b),
            Product::Observer => {
                let result = self.run_at(&OBSERVER.into(), a, b)?;
                if result.is_given_up() {
                    return Err(RunnerError::Refused { code: result.ret_code, message: result.error_message });
                }
                Ok(result.data.into())
            }
        }
    }

    /// What data come to, for whoever looks from outside.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn view(&mut self, data: &Arc<[u8]>) -> Result<Arc<View>, RunnerError> {
        if let Some(view) = self.views.get(data) {
            return Ok(view.clone());
        }
        let parameters = self.parameters(OBSERVER);
        let view = Arc::new(self.subject.view(Some(&self.played.case.script), data, &parameters)?);
        self.views.insert(data.clone(), view.clone());
        Ok(view)
    }

    /// The events of data, and the journal; not what they come to.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn events(&mut self, data: &Arc<[u8]>) -> Result<Arc<View>, RunnerError> {
        if let Some(view) = self.events.get(data).or_else(|| self.views.get(data)) {
            return Ok(view.clone());
        }
        let parameters = self.parameters(OBSERVER);
        let view = Arc::new(self.subject.view(None, data, &parameters)?);
        self.events.insert(data.clone(), view.clone());
        Ok(view)
    }

    /// Whether two data are alike, by the measure of the runner.
    ///
    /// # Errors
    /// If the runner has no answer.
    pub fn alike(&mut self, a: &Arc<[u8]>, b: &Arc<[u8]>) -> Result<bool, RunnerError> {
        if a == b {
            return Ok(true);
        }
        match self.subject.comparison() {
            Comparison::Bytes => Ok(self.shared(a)? == self.shared(b)?),
            Comparison::States => Ok(self.view(a)?.states() == self.view(b)?.states()),
            Comparison::Events => Ok(self.events(a)?.support() == self.events(b)?.support()),
            Comparison::Outcomes => {
                let observer = OBSERVER.into();
                let (a, b) = (self.run_at(&observer, a, b"")?, self.run_at(&observer, b, b"")?);
                Ok(a.ret_code == b.ret_code && a.requests == b.requests && a.next_peers == b.next_peers)
            }
        }
    }
}

/// A runner that notes the data of every run.
struct Watcher<'s> {
    subject: &'s mut Subject,
    seen: BTreeSet<Arc<[u8]>>,
}

impl AvmRunner for Watcher<'_> {
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
        self.seen.insert(result.data.as_slice().into());
        Ok(result)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        Ok(())
    }
}

/// Whether a `next` of an outer fold stands in an inner one, and starts that again.
pub(crate) fn restarts_folds(script: &Script) -> bool {
    script.warnings().iter().any(|warning| warning.code == Code::ReentrantFold)
}
