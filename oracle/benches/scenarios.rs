//! Both engines at the same work, one after the other for each scenario and size.
//!
//! Criterion's estimates are saved under the name of what was measured, signatures on or off; beside them, in
//! `target/performance`, what else `performance` tells of it.

use airtight_oracle::SIGNATURES;
use airtight_oracle::bench::{Engine, Facts, Measured, SCENARIOS, Timed, Timer, prepare};
use criterion::{BenchmarkId, Criterion, SamplingMode};
use std::time::Duration;

/// The reference recurses over scripts; memory that it does not touch costs nothing.
const STACK_BYTES: usize = 2 << 30;

fn main() {
    let bench = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(bench).expect("there is a thread for it");
    bench.join().expect("every scenario is measured");
}

fn bench() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args()
        .save_baseline(Facts::name(SIGNATURES).into());
    let mut facts = Facts::resume(SIGNATURES);
    let mut before: Vec<[Timer; 2]> = Vec::new();
    for scenario in SCENARIOS {
        let mut timers: Vec<_> = scenario.sizes.iter().map(|size| prepare(scenario, *size)).collect();
        if scenario.timed == Timed::Last {
            for (timer, from) in timers.iter_mut().flatten().zip(before.iter_mut().flatten()) {
                timer.resume(from);
            }
        }
        let mut group = criterion.benchmark_group(scenario.id);
        group.sampling_mode(SamplingMode::Flat);
        let middle = scenario.sizes.len() / 2;
        for (at, (size, timers)) in scenario.sizes.iter().zip(&mut timers).enumerate() {
            for (engine, timer) in Engine::BOTH.iter().zip(timers.iter_mut()) {
                group.bench_function(BenchmarkId::new(engine.name(), size), |bencher| {
                    timer.ready().unwrap_or_else(|error| panic!("{timer:?}: {error}"));
                    bencher.iter_custom(|repetitions| {
                        timer.measure(repetitions).unwrap_or_else(|error| panic!("{timer:?}: {error}"))
                    });
                });
                if let Some(played) = timer.played() {
                    let measured = Measured { once: timer.is_once(), runs: played.runs };
                    facts.measured.insert(Facts::key(scenario.id, engine.name(), *size), measured);
                }
            }
            if let [ours, theirs] = timers
                && ours.played().is_some()
            {
                Timer::agree(ours, theirs).unwrap_or_else(|error| panic!("{ours:?}: the engines differ: {error}"));
                if at == middle {
                    let parts = ours.parts().unwrap_or_else(|error| panic!("{ours:?}: {error}"));
                    facts.parts.insert(scenario.id.into(), parts);
                }
            }
        }
        group.finish();
        facts.save(SIGNATURES).expect("the facts can be saved");
        before = timers;
    }
    criterion.final_summary();
}
