//! Films show each history, and where everything came from.

use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};
use airtight_generators::Event;
use airtight_properties::film::{Film, Origin, Seen};
use airtight_properties::{Options, Subject};
use std::collections::BTreeMap;

const FIRST_COME: &str = include_str!("../../examples/first_come.air");

fn telling(script: &str) -> Film {
    Film::telling(script, &Options::default(), &mut Subject::own()).expect("the script is valid")
}

#[test]
fn a_history_in_which_messages_overtake_each_other_is_chosen() {
    let film = telling(FIRST_COME);
    assert_eq!(film.peers.len(), 4);
    assert_eq!((film.omitted, &film.failure), (0, &None));
    let mut last = BTreeMap::new();
    let overtakes = film.frames.iter().any(|frame| match &frame.event {
        Event::Delivered { message, to, .. } => last.insert(to.clone(), *message).is_some_and(|last| *message < last),
        _ => false,
    });
    assert!(overtakes);
    assert!(film.frames.iter().all(|frame| !matches!(frame.event, Event::Restarted { .. })));
}

#[test]
fn origins_say_who_knew_what() {
    let film = telling(FIRST_COME);
    let mut had: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for frame in &film.frames {
        let Event::Ran { peer, message, answers, .. } = &frame.event else {
            assert!(frame.shot.is_none());
            continue;
        };
        let shot = frame.shot.as_ref().expect("our engine shows what data come to");
        assert_eq!(shot.omitted, 0);
        let origins = || shot.states.iter().map(|state| state.origin);
        for origin in origins() {
            *found.entry(origin).or_insert(0) += 1;
        }
        let count = |of: &[Origin]| origins().filter(|origin| of.contains(origin)).count();
        // What is known is never forgotten, and what a peer has not got, it does not have from others.
        let kept = count(&[Origin::Previous, Origin::Both]);
        assert!(kept >= had.get(&**peer).copied().unwrap_or_default(), "{peer} forgets");
        if message.is_none() {
            assert_eq!(count(&[Origin::Current, Origin::Both]), 0);
        }
        let new_results = shot.states.iter().filter(|state| state.origin == Origin::New && is_call(&state.state));
        assert_eq!(new_results.count(), answers.len(), "only answers make results of calls");
        let results = |state: &&airtight_properties::film::ShotState| state.origin != Origin::Open;
        had.insert(peer, shot.states.iter().filter(results).filter(|state| is_call(&state.state)).count());
    }
    assert_eq!(found.len(), Origin::ALL.len(), "{found:?}");
}

fn is_call(state: &Seen) -> bool {
    matches!(state, Seen::State(state) if state.state.starts_with("{\"call\""))
}

#[test]
fn what_a_peer_has_is_shown_by_the_frame_that_made_it() {
    let film = telling(FIRST_COME);
    for (index, frame) in film.frames.iter().enumerate() {
        let Some(shows) = frame.shows else { continue };
        assert!(shows <= index);
        assert_eq!(film.frames[shows].event.peer(), frame.event.peer());
        assert!(film.frames[shows].shot.is_some());
        assert_eq!(shows == index, frame.shot.is_some());
    }
}

#[test]
fn films_are_bounded() {
    let calls: String = (0..100).map(|n| format!("(par (call \"peer {n}\" (\"s\" \"f\") [] $all)\n")).collect();
    let script = format!("{calls}(null){}", ")".repeat(100));
    let film = telling(&script);
    assert_eq!(film.frames.len(), 240);
    assert!(film.omitted > 100, "{}", film.omitted);
    let shots: Vec<_> = film.frames.iter().filter_map(|frame| frame.shot.as_ref()).collect();
    let states: usize = shots.iter().map(|shot| shot.states.len()).sum();
    assert!(states <= 3_000, "{states}");
    assert!(shots.iter().all(|shot| shot.states.len() <= 120));
    assert!(shots.iter().any(|shot| shot.omitted > 0));
}

/// Runs, but shows nothing.
struct Silent {
    engine: SameThread,
    runs_left: usize,
}

impl AvmRunner for Silent {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        self.engine.init(log_level)
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        if self.runs_left == 0 {
            return Err(RunnerError::Panicked { message: "no more".into() });
        }
        self.runs_left -= 1;
        self.engine.run(air, previous, current, parameters, call_results)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.engine.terminate()
    }
}

#[test]
fn runners_that_show_nothing_or_fail_are_filmed_too() {
    let silent = Silent { engine: SameThread::new(), runs_left: 3 };
    let mut subject = Subject::of(silent, None).expect("it starts");
    let options = Options { runs: 1, ..Options::default() };
    let film = Film::telling(FIRST_COME, &options, &mut subject).expect("the script is valid");
    assert!(film.failure.is_some());
    let runs = film.frames.iter().filter(|frame| matches!(frame.event, Event::Ran { .. })).count();
    assert_eq!(runs, 3);
    assert!(film.frames.iter().all(|frame| frame.shot.is_none() && frame.shows.is_none()));
}
