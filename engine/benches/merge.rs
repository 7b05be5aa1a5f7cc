//! How long data take from bytes to bytes: read two, merge, write one.
#![allow(missing_docs, reason = "criterion's macros make public functions without documentation")]

use std::hint::black_box;
use std::sync::Arc;

use airtight_engine::data::{
    ArgumentHash, Branch, Data, Draft, EventResult, Outcome, OutputKind, ScriptHash, SegmentId, decode, encode,
};
use airtight_engine::value::{Json, Tetraplet};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Data of `events` calls of several peers: a sequence of folds of 100 iterations of two calls each, in a few blocks.
///
/// Different seeds know different halves of the same execution, so a merge unites about half again as many events.
fn data(events: usize, seed: usize) -> Data {
    let mut draft = Draft::new();
    let root = draft.root();
    let peers: Vec<_> =
        (0..8).map(|peer| Arc::new(Tetraplet::call(format!("12D3KooW{peer:036}"), "db", "get"))).collect();
    let known = (0..).filter(|event| event % 3 != seed % 3).take(events);
    for event in known {
        let (fold, iteration, step) = (event / 200, event / 2 % 100, event % 2);
        let value = SegmentId::root().place(1_000_000 + iteration).into();
        let segment = draft.child(root, fold, Branch::Iteration(value));
        let answer = format!(r#"{{"id":{event},"name":"number {event}","tags":["a","b",{}]}}"#, event % 7);
        let result = EventResult::Call {
            outcome: Outcome::Value(Json::parse(answer.as_bytes()).expect("JSON")),
            tetraplet: Arc::clone(&peers[event % peers.len()]),
            arguments: ArgumentHash::of([&Json::from(event as u64)]),
            output: OutputKind::Scalar,
        };
        draft.claim(segment, step, &result, event * 31 % 50);
    }
    Data::new(ScriptHash::of(b"(null)"), draft.finish(), None)
}

fn merge(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(20);
    for events in [1_000, 5_000, 10_000, 100_000] {
        let (a, b) = (data(events, 0), data(events, 1));
        let (a_bytes, b_bytes) = (encode(&a), encode(&b));
        let product = a.merge(&b).expect("one script");
        println!("{events} events: {} bytes each, {} events merged", a_bytes.len(), product.shared().events().count());
        group.throughput(Throughput::Elements(2 * events as u64));
        group.bench_function(BenchmarkId::new("bytes to bytes", events), |bencher| {
            bencher.iter(|| {
                let (a, b) = (decode(black_box(&a_bytes)).expect("data"), decode(black_box(&b_bytes)).expect("data"));
                encode(&a.merge(&b).expect("one script"))
            });
        });
        group.bench_function(BenchmarkId::new("decode one", events), |bencher| {
            bencher.iter_batched(|| (), |()| decode(black_box(&a_bytes)), BatchSize::LargeInput);
        });
        group.bench_function(BenchmarkId::new("merge only", events), |bencher| {
            bencher.iter_batched(|| (), |()| black_box(&a).merge(black_box(&b)), BatchSize::LargeInput);
        });
        group.bench_function(BenchmarkId::new("encode product", events), |bencher| {
            bencher.iter(|| encode(black_box(&product)));
        });
    }
    group.finish();
}

criterion_group!(benches, merge);
criterion_main!(benches);
