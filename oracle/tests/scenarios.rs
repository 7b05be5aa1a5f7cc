//! Both engines do the same work in the benchmarks.

use airtight_oracle::bench::{Engine, SCENARIOS, Timed, Timer, prepare};

/// The scenarios, small, in a thread with the room that the reference wants.
#[test]
fn both_do_the_same() {
    let work = || {
        for scenario in SCENARIOS {
            let size = if scenario.unit == "bytes" { 3000 } else { 12 };
            let [mut ours, mut theirs] = prepare(scenario, size);
            for (engine, timer) in Engine::BOTH.iter().zip([&mut ours, &mut theirs]) {
                timer
                    .ready()
                    .and_then(|()| timer.measure(2))
                    .unwrap_or_else(|e| panic!("{engine:?}, {}: {e}", scenario.id));
                assert!(!timer.is_once());
            }
            Timer::agree(&ours, &theirs).unwrap_or_else(|error| panic!("{}: {error}", scenario.id));
            let played = ours.played().expect("it was played");
            assert_eq!(played.calls.is_empty(), scenario.id == "parse", "{}", scenario.id);
            assert_eq!(played.runs == 1, scenario.timed != Timed::All, "{}", scenario.id);
        }
    };
    let thread = std::thread::Builder::new().stack_size(512 << 20).spawn(work).expect("there is a thread for it");
    thread.join().expect("all scenarios are played");
}
