//! Real scripts in a network: over many seeds, with messages reordered and twice, peers that crash, services that fail.

use airtight_engine::data::decode;
use airtight_engine::runner::SameThread;
use airtight_engine::script::Script;
use airtight_generators::{Event, History, Network, Seeded, Services, Weather};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The examples, and the scripts in the folder that `AIRTIGHT_SCRIPTS` names, if it is set.
fn scripts() -> Vec<(String, String)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let others = std::env::var_os("AIRTIGHT_SCRIPTS").map(std::path::PathBuf::from);
    let folders = std::iter::once(examples).chain(others);
    let entries = folders.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let paths = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "air"));
    let mut scripts: Vec<_> = paths
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a script is text")))
        .collect();
    scripts.sort();
    scripts
}

fn network(text: &str, seed: u64, failures: f64) -> Network {
    let script = Script::parse(text).expect("the script is valid");
    Network::new(text, "init", Services::new(&script, "init", seed).failing(failures))
}

/// The events that each peer knows at the end, without the order in which it learned them.
fn known(network: &Network) -> BTreeMap<Arc<str>, BTreeSet<String>> {
    let events = |data: &[u8]| {
        let data = decode(data).expect("what a peer stored is data");
        data.shared().events().map(|event| format!("{:?} {:?}", event.place, event.result)).collect()
    };
    network.hosts().map(|host| (host.peer().clone(), events(host.data()))).collect()
}

/// What must hold of every history.
fn check(name: &str, seed: u64, network: &Network) {
    let history: &History = network.history();
    assert!(history.is_quiet, "{name}, seed {seed}: the network is not quiet after {} actions", history.actions.len());
    let mut requested: BTreeMap<(Arc<str>, u32), String> = BTreeMap::new();
    for event in &history.events {
        let Event::Ran { peer, result, calls, .. } = event else { continue };
        let code = result.ret_code;
        assert!(code == 0 || (10000..20000).contains(&code), "{name}, seed {seed}: {code} {}", result.error_message);
        assert!(result.disputed.is_empty() && result.not_taken.is_empty(), "{name}, seed {seed}");
        let named: BTreeSet<_> = result.next_peers.iter().collect();
        assert_eq!(named.len(), result.next_peers.len(), "{name}, seed {seed}: a peer is named twice");
        assert!(!named.contains(peer), "{name}, seed {seed}: {peer} names itself");
        for (ticket, request) in calls {
            let request = format!("{request:?}");
            let first = requested.entry((peer.clone(), ticket.call)).or_insert_with(|| request.clone());
            assert_eq!(*first, request, "{name}, seed {seed}: a call is repeated as it was");
        }
    }
}

/// How many seeds; more of them are tried with `AIRTIGHT_SEEDS=1000 cargo test --release --test sweep`.
fn seeds() -> u64 {
    std::env::var("AIRTIGHT_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40)
}

/// Each history comes to an end, and when all data were exchanged, all peers hold the same events.
#[test]
fn real_scripts_come_to_an_end_in_any_weather() {
    let mut runner = SameThread::ready();
    let weather = Weather { duplicates: 20, restarts: 8, ..Weather::default() };
    let (mut histories, mut events) = (0, 0);
    for (name, text) in scripts() {
        for seed in 0..seeds() {
            let failures = if seed % 2 == 0 { 0.0 } else { 0.2 };
            let mut network = network(&text, seed, failures);
            let mut choices = Seeded::new(seed);
            network.run(&mut runner, &mut choices, weather).unwrap_or_else(|error| panic!("{name} {seed}: {error}"));
            check(&name, seed, &network);
            network.exchange(&mut runner, &mut choices, weather).expect("the runner does not fail");
            check(&name, seed, &network);
            let known = known(&network);
            let first = known.values().next().expect("somebody began the script");
            assert!(known.values().all(|events| events == first), "{name}, seed {seed}: {known:#?}");
            (histories, events) = (histories + 1, events + first.len());
        }
    }
    println!("{histories} histories with {events} events");
    assert!(events > histories, "the scripts do something: {events} events");
}

/// A history is a value: its actions give it again.
#[test]
fn histories_replay() {
    let mut runner = SameThread::ready();
    for (name, text) in scripts() {
        let mut first = network(&text, 5, 0.1);
        first.run(&mut runner, &mut Seeded::new(5), Weather::default()).expect("the runner does not fail");
        let mut again = network(&text, 5, 0.1);
        again.replay(&mut runner, &first.history().actions).expect("the runner does not fail");
        assert_eq!(first.history(), again.history(), "{name}");
        assert_eq!(known(&first), known(&again), "{name}");
    }
}
