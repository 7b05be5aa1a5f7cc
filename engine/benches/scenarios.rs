//! Runs of the interpreter, bytes in and bytes out, over the usual shapes of work.
//!
//! The names say which run of a particle is timed: `emit` the one that finds out what to ask for, `consume` the one that
//! takes the answers, `last` the one that takes the last answer of many, `merge` the one that receives another peer's half,
//! `total` all runs of all peers.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, RunParameters, invoke};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// One item is itself, more are two halves under an operator.
fn tree(operator: &str, items: &[String]) -> String {
    match items {
        [] => "(null)".into(),
        [one] => one.clone(),
        _ => {
            let (left, right) = items.split_at(items.len() / 2);
            format!("({operator} {} {})", tree(operator, left), tree(operator, right))
        }
    }
}

fn calls(n: usize, peer: impl Fn(usize) -> &'static str) -> Vec<String> {
    (0..n).map(|i| format!("(call \"{}\" (\"srv\" \"fn\") [\"arg\" {i}] v{i})", peer(i))).collect()
}

/// A run of a peer, timed.
struct Run {
    data: Vec<u8>,
    requests: Vec<u32>,
    next: Vec<String>,
    took: Duration,
}

fn run(air: &str, peer: &str, previous: &[u8], current: &[u8], answers: &CallResults) -> Run {
    let results = serde_json::to_vec(answers).expect("answers are JSON");
    let parameters = RunParameters::new("I", peer);
    let (air, previous, current) = (air.to_owned(), previous.to_vec(), current.to_vec());
    let start = Instant::now();
    let outcome = invoke(air, previous, current, parameters, results);
    let took = start.elapsed();
    assert_eq!(outcome.ret_code, 0, "{}", outcome.error_message);
    let requests: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&outcome.call_requests).expect("requests are JSON");
    let requests = requests.keys().map(|id| id.parse().expect("ids are numbers")).collect();
    Run { data: outcome.data, requests, next: outcome.next_peer_pks, took }
}

fn answer(ids: &[u32], result: &str) -> CallResults {
    ids.iter().map(|&id| (id, Answer { ret_code: 0, result: result.replace("{n}", &id.to_string()).into() })).collect()
}

/// Runs a whole particle; the time of all runs, and the inputs of the last run that took answers.
fn particle(air: &str, first: &str, result: &str) -> (Duration, (String, Vec<u8>, CallResults)) {
    let mut data: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut messages = vec![(first.to_owned(), Vec::new())];
    let mut total = Duration::ZERO;
    let mut last = (first.to_owned(), Vec::new(), CallResults::new());
    while let Some((peer, current)) = messages.pop() {
        let mut answers = CallResults::new();
        let mut current = current;
        loop {
            let previous = data.get(&peer).cloned().unwrap_or_default();
            let step = run(air, &peer, &previous, &current, &answers);
            if !answers.is_empty() {
                last = (peer.clone(), previous, answers.clone());
            }
            total += step.took;
            data.insert(peer.clone(), step.data.clone());
            messages.extend(step.next.into_iter().map(|next| (next, step.data.clone())));
            current.clear();
            if step.requests.is_empty() {
                break;
            }
            answers = answer(&step.requests, result);
        }
    }
    (total, last)
}

const RESULT: &str = r#"{"n":{n},"s":"result"}"#;

fn bench(c: &mut Criterion, name: &str, sizes: &[usize], mut timed: impl FnMut(usize) -> Box<dyn FnMut() -> Duration>) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for &size in sizes {
        let mut once = timed(size);
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter_custom(|iterations| (0..iterations).map(|_| once()).sum());
        });
    }
    group.finish();
}

fn again(
    air: String,
    peer: &str,
    previous: Vec<u8>,
    current: Vec<u8>,
    answers: CallResults,
) -> Box<dyn FnMut() -> Duration> {
    let peer = peer.to_owned();
    Box::new(move || run(&air, &peer, &previous, &current, &answers).took)
}

/// The run that takes the answers of all calls that the first run asked for.
fn consuming(air: String) -> Box<dyn FnMut() -> Duration> {
    let emitted = run(&air, "A", b"", b"", &CallResults::new());
    let answers = answer(&emitted.requests, RESULT);
    again(air, "A", emitted.data, Vec::new(), answers)
}

/// A run over many events: all answers of a sequence but the last are there, and the last one comes.
fn last_of_sequence(n: usize) -> Box<dyn FnMut() -> Duration> {
    let mut items = calls(n - 1, |_| "A");
    // All but the last are made at once, so that a hundred thousand events need two runs and not as many.
    items = vec![tree("par", &items)];
    items.push(format!("(call \"A\" (\"srv\" \"fn\") [\"arg\" v{}] last)", n - 2));
    let air = tree("seq", &items);
    let emitted = run(&air, "A", b"", b"", &CallResults::new());
    let taken = run(&air, "A", &emitted.data, b"", &answer(&emitted.requests, RESULT));
    let answers = answer(&taken.requests, RESULT);
    again(air, "A", taken.data, Vec::new(), answers)
}

fn scenarios(c: &mut Criterion) {
    let all = &[100, 1_000, 10_000, 100_000];
    bench(c, "2 sequence/total", &[100, 1_000], |n| {
        let air = tree("seq", &calls(n, |_| "A"));
        Box::new(move || particle(&air, "A", RESULT).0)
    });
    bench(c, "2 sequence/last", all, last_of_sequence);
    bench(c, "3 fan-out/emit", all, |n| {
        again(tree("par", &calls(n, |_| "A")), "A", Vec::new(), Vec::new(), CallResults::new())
    });
    bench(c, "3 fan-out/consume", all, |n| consuming(tree("par", &calls(n, |_| "A"))));
    bench(c, "4 merge of halves", all, |n| {
        let air = tree("par", &calls(n, |i| if i % 2 == 0 { "A" } else { "B" }));
        let half = |peer: &str| {
            let emitted = run(&air, peer, b"", b"", &CallResults::new());
            run(&air, peer, &emitted.data, b"", &answer(&emitted.requests, RESULT)).data
        };
        let (a, b) = (half("A"), half("B"));
        let c = run(&air, "C", b"", &a, &CallResults::new()).data;
        again(air, "C", c, b, CallResults::new())
    });
    let fold = |n: usize| {
        let values: Vec<_> = (0..n).map(|i| format!("(ap {i} $st)")).collect();
        format!("(seq {} (fold $st it (par (call \"A\" (\"srv\" \"fn\") [it] r) (next it))))", tree("seq", &values))
    };
    bench(c, "5 fold over a stream/emit", all, |n| again(fold(n), "A", Vec::new(), Vec::new(), CallResults::new()));
    bench(c, "5 fold over a stream/consume", all, |n| consuming(fold(n)));
    bench(c, "6 fold over a canon/total", &[100, 300], |n| {
        let values: Vec<_> = (0..n).map(|i| format!("(ap {i} $st)")).collect();
        let fold = "(fold #can it (seq (call \"A\" (\"srv\" \"fn\") [it] r) (next it)))";
        let air = format!("(seq {} (seq (canon \"A\" $st #can) {fold}))", tree("seq", &values));
        Box::new(move || particle(&air, "A", RESULT).0)
    });
    bench(c, "7 big value/total", &[1 << 20, 10 << 20], |bytes| {
        let record = |i: usize| format!(r#"{{"id":{i},"name":"name {i}","tags":["a","b"],"val":{i}.5,"ok":true}}"#);
        let len = record(10_000).len() + 1;
        let big = format!("[{}]", (0..bytes / len).map(record).collect::<Vec<_>>().join(","));
        let air = "(seq (call \"A\" (\"srv\" \"big\") [] v) (par (call \"B\" (\"srv\" \"len\") [v] b) (call \"C\" (\"srv\" \"len\") [v] c)))";
        Box::new(move || particle(air, "A", &big).0)
    });
    bench(c, "reads of a reassigned name", all, |n| {
        let once = "(seq (xor (match 1 2 (ap 2 x)) (null)) (ap x y))".to_owned();
        let air = format!("(seq (ap 1 x) {})", tree("seq", &vec![once; n]));
        again(air, "A", Vec::new(), Vec::new(), CallResults::new())
    });
    bench(c, "8 ping-pong/total", &[50, 100, 200], |hops| {
        let calls: Vec<_> = (0..hops)
            .map(|i| {
                let peer = if i % 2 == 0 { "A" } else { "B" };
                let argument = if i == 0 { String::new() } else { format!("v{}", i - 1) };
                format!("(call \"{peer}\" (\"srv\" \"fn\") [{argument}] v{i})")
            })
            .collect();
        let air = tree("seq", &calls);
        Box::new(move || particle(&air, "A", RESULT).0)
    });
}

criterion_group!(benches, scenarios);
criterion_main!(benches);
