//! One particle on one engine, and what of it is timed.

use super::{Asked, Engine, Outcome, Parts, Prepared, Scenario, Timed};
use crate::Reference;
use crate::events::Events;
use crate::names::Names;
use airtight_engine::data::Answer;
use airtight_engine::invoke::CallResults;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Whoever takes part in a scenario.
const PEERS: [&str; 5] = ["A", "B", "C", "I", "R"];

/// What took longer than this is measured once.
const REPEATED_MAX: Duration = Duration::from_secs(2);

/// How long a run is repeated to see its parts.
const PARTS_FOR: Duration = Duration::from_millis(300);

/// A particle, or as much of it as is timed.
#[derive(Debug, Default)]
pub struct Played {
    /// How long the interpreter took, in all runs.
    pub took: Duration,
    /// How many runs there were.
    pub runs: usize,
    /// Each call that was asked for: where, and which.
    pub calls: Vec<String>,
    /// What each peer has in the end.
    pub data: BTreeMap<String, Vec<u8>>,
    /// Where the time of our engine goes, if that was asked.
    parts: Parts,
    /// The last run that took an answer.
    last: Option<Prepared>,
}

/// A scenario of one size, for one engine.
struct Stage {
    scenario: Scenario,
    size: usize,
    engine: Engine,
    names: Names,
    air: String,
    /// Whether the parts of each run are measured too.
    in_parts: bool,
}

impl Stage {
    fn new(scenario: &Scenario, size: usize, engine: Engine) -> Self {
        let mut names = Names::default();
        PEERS.iter().for_each(|name| drop(names.add(name)));
        let air = names.encode_script(&(scenario.air)(size));
        Self { scenario: *scenario, size, engine, names, air, in_parts: false }
    }

    fn id(&self, name: &str) -> String {
        self.names.encode(name).to_owned()
    }

    fn prepare(&self, peer: &str, data: [&[u8]; 2], answers: &CallResults) -> Result<Prepared, String> {
        self.engine.prepare(&self.names, &self.air, [&self.id("I"), peer], data, answers)
    }

    fn run(&self, peer: &str, data: [&[u8]; 2], answers: &CallResults) -> Result<(Prepared, Outcome), String> {
        let prepared = self.prepare(peer, data, answers)?;
        let outcome = prepared.run()?;
        Ok((prepared, outcome))
    }

    fn answers(&self, peer: &str, asked: &BTreeMap<u32, Asked>) -> Result<CallResults, String> {
        let name = self.names.decode(peer);
        let answer = |asked: &Asked| -> Result<Answer, String> {
            let Answer { ret_code, result } = (self.scenario.answer)(self.size, &name, asked);
            // Only the answers of patterns name peers.
            if self.scenario.unit.is_empty() && ret_code == 0 {
                let value = serde_json::from_str(&result).map_err(|error: serde_json::Error| error.to_string())?;
                return Ok(Answer { ret_code, result: self.names.encode_value(value).to_string().into() });
            }
            Ok(Answer { ret_code, result })
        };
        asked.iter().map(|(id, asked)| Ok((*id, answer(asked)?))).collect()
    }

    /// Runs at a peer until nothing is asked for.
    fn turn(&self, peer: &str, current: &[u8], played: &mut Played) -> Result<Vec<String>, String> {
        let mut answers = CallResults::new();
        let mut next_peers = Vec::new();
        let mut current = current;
        loop {
            let previous = played.data.get(peer).map(Vec::as_slice).unwrap_or_default();
            let (prepared, outcome) = self.run(peer, [previous, current], &answers)?;
            played.took += outcome.took;
            if self.in_parts
                && let Some(parts) = prepared.parts()?
            {
                played.parts += parts;
            }
            played.runs += 1;
            if !answers.is_empty() {
                played.last = Some(prepared);
            }
            played.data.insert(peer.to_owned(), outcome.data);
            for next in outcome.next_peers {
                if !next_peers.contains(&next) && next != *peer {
                    next_peers.push(next);
                }
            }
            if outcome.asked.is_empty() {
                return Ok(next_peers);
            }
            for asked in outcome.asked.values() {
                let arguments: Vec<_> = asked.arguments.iter().map(|argument| argument.to_text()).collect();
                let call = format!("{peer} {} {} {}", asked.service, asked.function, arguments.join(" "));
                played.calls.push(if call.len() > 1000 { blake3::hash(call.as_bytes()).to_string() } else { call });
            }
            answers = self.answers(peer, &outcome.asked)?;
            current = &[];
        }
    }

    /// All runs of all peers.
    fn all(&self) -> Result<Played, String> {
        let mut played = Played::default();
        let mut messages = VecDeque::from([(self.id(self.scenario.first), Vec::new())]);
        while let Some((peer, current)) = messages.pop_front() {
            let mut next_peers = self.turn(&peer, &current, &mut played)?;
            // The reference names peers in an order of chance, and what comes first may decide what a stream holds.
            next_peers.sort();
            let data = &played.data[&peer];
            messages.extend(next_peers.into_iter().map(|next| (next, data.clone())));
        }
        played.calls.sort();
        Ok(played)
    }

    /// A single run that is timed; and what led to it, and it did.
    fn single(&self) -> Result<(Prepared, Played), String> {
        let mut played = Played::default();
        let none = CallResults::new();
        let prepared = match self.scenario.timed {
            Timed::First => self.prepare(&self.id(self.scenario.first), [b"", b""], &none)?,
            Timed::Merge => {
                let [a, b, c] = ["A", "B", "C"].map(|name| self.id(name));
                self.turn(&a, b"", &mut played)?;
                self.turn(&b, b"", &mut played)?;
                let (of_a, of_b) = (played.data[&a].clone(), played.data[&b].clone());
                self.turn(&c, &of_a, &mut played)?;
                self.prepare(&c, [&played.data[&c], &of_b], &none)?
            }
            Timed::Second | Timed::Last | Timed::All => {
                played = self.all()?;
                played.last.take().ok_or("no run takes answers")?
            }
        };
        let outcome = prepared.run()?;
        let peer = if self.scenario.timed == Timed::Merge { "C" } else { self.scenario.first };
        played.data.insert(self.id(peer), outcome.data);
        played.calls.extend(outcome.asked.values().map(|asked| format!("{asked:?}")));
        played.calls.sort();
        played.runs = 1;
        Ok((prepared, played))
    }
}

/// Measures a scenario of one size on one engine.
pub struct Timer {
    stage: Stage,
    prepared: Option<Prepared>,
    played: Option<Played>,
    once: Option<Duration>,
}

/// The timers of both engines for a scenario of one size. Nothing runs yet.
pub fn prepare(scenario: &Scenario, size: usize) -> [Timer; 2] {
    Engine::BOTH.map(|engine| Timer {
        stage: Stage::new(scenario, size, engine),
        prepared: None,
        played: None,
        once: None,
    })
}

impl Timer {
    /// Plays what leads to a single run that is timed, unless that was done.
    ///
    /// # Errors
    /// If the interpreter reports an error.
    pub fn ready(&mut self) -> Result<(), String> {
        if self.stage.scenario.timed != Timed::All && self.prepared.is_none() {
            let (prepared, played) = self.stage.single()?;
            (self.prepared, self.played) = (Some(prepared), Some(played));
        }
        Ok(())
    }

    /// How long this many repetitions take. A particle that takes longer than two seconds is played once; for further
    /// repetitions that time is told again.
    ///
    /// # Errors
    /// If the interpreter reports an error.
    pub fn measure(&mut self, repetitions: u64) -> Result<Duration, String> {
        if let Some(once) = self.once {
            return Ok(once.saturating_mul(u32::try_from(repetitions).unwrap_or(u32::MAX)));
        }
        self.ready()?;
        if let Some(prepared) = &self.prepared {
            return Ok((0..repetitions).map(|_| prepared.time()).sum());
        }
        let mut took = Duration::ZERO;
        for _ in 0..repetitions {
            let played = self.stage.all()?;
            took += played.took;
            if self.played.is_none() && took > REPEATED_MAX {
                self.once = Some(took);
            }
            self.played = Some(played);
        }
        Ok(took)
    }

    /// Where the time of our engine goes: in a single run that is timed, repeated for a while, or in all runs of a particle.
    ///
    /// # Errors
    /// If the interpreter reports an error.
    pub fn parts(&mut self) -> Result<Parts, String> {
        self.ready()?;
        let Some(prepared) = &self.prepared else {
            self.stage.in_parts = true;
            let played = self.stage.all();
            self.stage.in_parts = false;
            return Ok(played?.parts);
        };
        let mut sum = Parts::default();
        while sum.whole < PARTS_FOR
            && let Some(parts) = prepared.parts()?
        {
            sum += parts;
        }
        Ok(sum)
    }

    /// Takes over what another timer of the same engine played, of the same script.
    pub fn resume(&mut self, from: &mut Self) {
        if let Some(mut played) = from.played.take() {
            (self.prepared, self.played) = (played.last.take(), Some(played));
        }
    }

    /// Whether the time is that of one pass.
    pub fn is_once(&self) -> bool {
        self.once.is_some()
    }

    /// What was played last, if anything was.
    pub fn played(&self) -> Option<&Played> {
        self.played.as_ref()
    }

    /// Whether both asked for the same calls, and their data hold the same events in the end.
    ///
    /// # Errors
    /// What differs, or that something was not played.
    pub fn agree(ours: &Self, theirs: &Self) -> Result<(), String> {
        let (Some(one), Some(other)) = (&ours.played, &theirs.played) else { return Err("not played".into()) };
        if one.calls != other.calls {
            return Err(format!("calls: {:?}, and {:?}", one.calls, other.calls));
        }
        let mut reference = Reference::ready().map_err(|error| error.to_string())?;
        let (mut all_ours, mut all_theirs) = (Vec::new(), Vec::new());
        for (peer, data) in &one.data {
            let ours = Events::ours(data).ok_or("our data cannot be read")?;
            let theirs =
                other.data.get(peer).map_or(Some(Events::default()), |data| Events::theirs(&mut reference, data));
            let theirs = theirs.ok_or("data of the reference cannot be read")?;
            all_ours.extend(ours.without(&theirs));
            all_theirs.extend(theirs.without(&ours));
        }
        if !all_ours.is_empty() || !all_theirs.is_empty() {
            return Err(format!("events: {all_ours:?}, and {all_theirs:?}"));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Timer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timer")
            .field("scenario", &self.stage.scenario.id)
            .field("size", &self.stage.size)
            .finish_non_exhaustive()
    }
}
