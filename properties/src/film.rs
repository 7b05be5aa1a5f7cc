//! A history as a film: everything that happened, in order, and for each run what the peer's data came to by it, with
//! where each part of that came from.
//!
//! A run merges what the peer had with what it got, and adds what its own services answered. So each state of the trace
//! after a run has an [`Origin`]: it was there before, it came with the message, both had it, or neither. Films are
//! bounded, however long the history and however large the script is; what is left out is counted.

use crate::case::{Case, CaseError, Played};
use crate::check::{GROUP, Options, case};
use crate::subject::Subject;
use crate::view::{Executed, SeenEvent, SeenState, View};
use airtight_engine::invoke::RunParameters;
use airtight_engine::runner::RunnerError;
use airtight_generators::Event;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many frames a film has.
const FRAMES_MAX: usize = 240;

/// How many states one shot shows, and all shots of a film together.
const SHOT_STATES_MAX: usize = 120;
const FILM_STATES_MAX: usize = 3_000;

/// How many histories are looked at for one that is worth showing: of one group, so that services are the same.
const CANDIDATES_MAX: u64 = GROUP;

/// After so many events in these, no other one is looked at.
const CANDIDATE_EVENTS_MAX: usize = 4_000;

/// A history, and what came of each run.
#[derive(Debug)]
pub struct Film {
    /// What gives the history again.
    pub case: Case,
    /// The peers that took part, in the order in which they came in.
    pub peers: Vec<Arc<str>>,
    /// What happened, until nothing was left to do.
    pub frames: Vec<Frame>,
    /// How many frames are left out at the end.
    pub omitted: usize,
    /// Why the runner failed after all that, if it did.
    pub failure: Option<String>,
}

/// One thing that happened.
#[derive(Debug)]
pub struct Frame {
    /// What it was.
    pub event: Event,
    /// What the peer's data come to after it, if it was a run and the runner says so.
    pub shot: Option<Shot>,
    /// The frame whose shot shows what the peer's data come to after this one: itself, or one before it.
    pub shows: Option<usize>,
}

/// What a peer's data come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shot {
    /// The executed states in the order of the walk; the events, if the runner shows no trace.
    pub states: Vec<ShotState>,
    /// How many states are left out. What a run changes is kept first.
    pub omitted: usize,
    /// How the script ended, as a JSON text, if the runner says so.
    pub end: Option<Arc<str>>,
}

/// An executed state, and where it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShotState {
    /// Its position in the trace, from 0.
    pub position: usize,
    /// In how many `par`s and folds over streams it lies.
    pub depth: usize,
    /// Where it came from.
    pub origin: Origin,
    /// The state.
    pub state: Seen,
}

/// What a runner shows of data: a state, or only an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// A state of the trace.
    State(SeenState),
    /// An event, of which nobody says to which instruction it belongs.
    Event(SeenEvent),
}

/// Where a state came from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Neither what the peer had nor what it got has it with this result.
    New,
    /// It came with what the peer got.
    Current,
    /// The peer had it, and got it again.
    Both,
    /// The peer had it.
    Previous,
    /// A call or canon that somebody is still to make.
    Open,
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::New, Self::Current, Self::Both, Self::Previous, Self::Open];

    fn of(key: Option<&Arc<str>>, place: &str, previous: &Keys, current: &Keys) -> Self {
        let Some(key) = key else { return Self::Open };
        match (previous.get(place) == Some(key), current.get(place) == Some(key)) {
            (true, true) => Self::Both,
            (true, false) => Self::Previous,
            (false, true) => Self::Current,
            (false, false) => Self::New,
        }
    }
}

/// For each place, what is there, as far as it can be had from others.
type Keys = BTreeMap<Arc<str>, Arc<str>>;

impl Film {
    /// Plays a case and films it.
    ///
    /// # Errors
    /// If the case cannot be played at all.
    pub fn of(case: &Case, subject: &mut Subject) -> Result<Self, CaseError> {
        Ok(Self::shoot(case.clone(), case.play(subject)?, subject))
    }

    /// Films the history of a script that tells most in few frames: of the first ones that a check plays, one in which
    /// messages overtake each other, if there is any; without crashes and copies, if there is any; the shortest of these.
    ///
    /// # Errors
    /// If the script cannot be played at all.
    pub fn telling(script: &str, options: &Options, subject: &mut Subject) -> Result<Self, CaseError> {
        let prepared = case(script, options, 0).prepare()?.0;
        let runs = if options.time.is_some() { GROUP } else { options.runs };
        let mut best: Option<(Dullness, Case, Played)> = None;
        let mut events = 0;
        for run in 0..runs.clamp(1, CANDIDATES_MAX) {
            let case = case(script, options, run);
            let services = case.services.prepare(&prepared, &case.init)?;
            let played = case.play_prepared(prepared.clone(), services, subject);
            if played.failure.is_some() {
                // A runner that cannot be started again shows nothing more.
                let _ = subject.revive();
            }
            events += played.history.events.len();
            let dullness = Dullness::of(&played);
            if best.as_ref().is_none_or(|(least, ..)| dullness < *least) {
                best = Some((dullness, case, played));
            }
            if events >= CANDIDATE_EVENTS_MAX {
                break;
            }
        }
        match best {
            Some((_, case, played)) => Ok(Self::shoot(case, played, subject)),
            None => Self::of(&case(script, options, 0), subject),
        }
    }

    /// Films what happened.
    fn shoot(case: Case, played: Played, subject: &mut Subject) -> Self {
        let Played { history, runs, quiet_at, parameters, failure, .. } = played;
        let mut camera = Camera { script: case.script.clone(), subject, known: BTreeMap::new(), left: FILM_STATES_MAX };
        let all = quiet_at.unwrap_or(history.events.len()).min(history.events.len());
        let mut runs = runs.iter();
        let mut peers: Vec<Arc<str>> = Vec::new();
        let mut seen: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut last: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        let mut frames: Vec<Frame> = Vec::new();
        for event in history.events.into_iter().take(all.min(FRAMES_MAX)) {
            let peer = event.peer().clone();
            if seen.insert(peer.clone()) {
                peers.push(peer.clone());
            }
            let mut shot = None;
            if let Event::Ran { .. } = event
                && let Some(run) = runs.next()
            {
                let peer = RunParameters { current_peer_id: peer.clone(), ..parameters.clone() };
                shot = camera.shoot(&peer, [&run.previous, &run.current, &run.after]);
            }
            if shot.is_some() {
                last.insert(peer.clone(), frames.len());
            }
            frames.push(Frame { event, shot, shows: last.get(&peer).copied() });
        }
        let omitted = all - frames.len();
        Self { case, peers, frames, omitted, failure: failure.map(|error| error.to_string()) }
    }
}

/// How little a history is worth showing; the least comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Dullness {
    fails: bool,
    is_endless: bool,
    keeps_order: bool,
    is_stormy: bool,
    events: usize,
}

impl Dullness {
    fn of(played: &Played) -> Self {
        let events = played.quiet_at.unwrap_or(played.history.events.len());
        let mut dullness = Self {
            fails: played.failure.is_some() || played.has_given_up(),
            is_endless: played.quiet_at.is_none(),
            keeps_order: true,
            is_stormy: false,
            events,
        };
        // The last message that each peer got.
        let mut last: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for event in played.history.events.iter().take(events) {
            match event {
                Event::Delivered { message, to, again, .. } => {
                    dullness.is_stormy |= again;
                    let overtaken = last.insert(to, *message).is_some_and(|last| *message < last);
                    dullness.keeps_order &= !overtaken;
                }
                Event::Restarted { .. } | Event::Forgot { .. } => dullness.is_stormy = true,
                _ => {}
            }
        }
        dullness
    }
}

/// Takes shots, until there are enough.
struct Camera<'s> {
    script: Arc<str>,
    subject: &'s mut Subject,
    /// What data come to that were looked at before: those of one peer are the message of another.
    known: BTreeMap<Arc<[u8]>, Arc<Keys>>,
    /// How many states may still be shown.
    left: usize,
}

impl Camera<'_> {
    /// What a run made of what the peer had and got; nothing if the runner does not say, or there are enough shots.
    fn shoot(&mut self, peer: &RunParameters, [previous, current, after]: [&Arc<[u8]>; 3]) -> Option<Shot> {
        if self.left == 0 || !self.subject.offers().inspect {
            return None;
        }
        let previous = self.keys(peer, previous).ok()?;
        let current = self.keys(peer, current).ok()?;
        let (seen, end) = self.look(peer, after).ok()?;
        let depths = depths(&seen);
        let mut states: Vec<ShotState> = Vec::with_capacity(seen.len());
        let mut keys = Keys::new();
        for (position, (state, depth)) in seen.into_iter().zip(depths).enumerate() {
            let (key, place) = (state.key(), state.place());
            let origin = Origin::of(key.as_ref(), place, &previous, &current);
            keys.extend(key.map(|key| (place.clone(), key)));
            states.push(ShotState { position, depth, origin, state });
        }
        self.known.insert(after.clone(), Arc::new(keys));
        let most = self.left.min(SHOT_STATES_MAX);
        let omitted = states.len().saturating_sub(most);
        if omitted > 0 {
            states.sort_by_key(|state| (state.origin, state.position));
            states.truncate(most);
            states.sort_by_key(|state| state.position);
        }
        self.left -= states.len();
        Some(Shot { states, omitted, end })
    }

    fn keys(&mut self, peer: &RunParameters, data: &Arc<[u8]>) -> Result<Arc<Keys>, RunnerError> {
        if data.is_empty() {
            return Ok(Arc::default());
        }
        if let Some(keys) = self.known.get(data) {
            return Ok(keys.clone());
        }
        let (seen, _) = self.look(peer, data)?;
        let keys = seen.iter().filter_map(|state| Some((state.place().clone(), state.key()?)));
        let keys: Arc<Keys> = Arc::new(keys.collect());
        self.known.insert(data.clone(), keys.clone());
        Ok(keys)
    }

    /// What data come to, and how the script ended.
    fn look(&mut self, peer: &RunParameters, data: &[u8]) -> Result<(Vec<Seen>, Option<Arc<str>>), RunnerError> {
        let has_trace = self.subject.offers().trace;
        let View { events, trace, end, .. } = self.subject.view(has_trace.then_some(&*self.script), data, peer)?;
        Ok(match trace {
            Some(states) => (states.into_iter().map(Seen::State).collect(), end),
            None => (events.into_iter().map(Seen::Event).collect(), None),
        })
    }
}

impl Seen {
    /// Its place.
    pub fn place(&self) -> &Arc<str> {
        match self {
            Self::State(state) => &state.place,
            Self::Event(event) => &event.place,
        }
    }

    /// What it is as far as it can be had from others: the result of a call or canon; of what is derived, that it is
    /// there. Nothing if it is still to be made.
    fn key(&self) -> Option<Arc<str>> {
        let state = match self {
            Self::State(state) => state,
            Self::Event(event) => return Some(event.result.clone()),
        };
        match state.executed() {
            Some(Executed::Par(..) | Executed::Fold(_) | Executed::Ap { .. }) => Some("".into()),
            Some(Executed::Call(call)) => call.result().cloned(),
            Some(Executed::Canon(canon)) => canon.by.map(|_| state.state.clone()),
            None => Some(state.state.clone()),
        }
    }

    /// Where the states that lie in it end, if there are any.
    fn end(&self, position: usize) -> usize {
        let Self::State(state) = self else { return 0 };
        match state.executed() {
            Some(Executed::Par(left, right)) => position + 1 + left + right,
            Some(Executed::Fold(lore)) => lore.iter().map(|it| it.after[0] + it.after[1]).max().unwrap_or_default(),
            _ => 0,
        }
    }
}

/// How deep each state lies in others.
fn depths(states: &[Seen]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut depths = Vec::with_capacity(states.len());
    for (position, state) in states.iter().enumerate() {
        while ends.last().is_some_and(|end| *end <= position) {
            ends.pop();
        }
        depths.push(ends.len());
        let end = state.end(position);
        if end > position + 1 {
            ends.push(end);
        }
    }
    depths
}
