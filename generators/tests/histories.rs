//! Calls and answers over the histories of real scripts and of generated ones, with peers that crash and peers that lose
//! what they stored.

use airtight_engine::data::{PlaceId, decode};
use airtight_engine::host::Ticket;
use airtight_engine::inspect::{ResultView, event_views};
use airtight_engine::runner::SameThread;
use airtight_engine::script::{Script, print};
use airtight_engine::value::Json;
use airtight_generators::{Event, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const WEATHER: Weather = Weather { duplicates: 20, restarts: 8, losses: 0, lazy: 0, actions_max: 20_000 };

fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("the examples are there").flatten().map(|entry| entry.path());
    let mut scripts: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "air")).collect();
    scripts.sort();
    scripts.into_iter().map(|file| std::fs::read_to_string(file).expect("a script is text")).collect()
}

fn generated(count: u64) -> impl Iterator<Item = String> {
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    (0..count).map(move |seed| print::canonical(&generator.generate(&mut Seeded::new(seed))))
}

/// Scripts and seeds: each example in many weathers, and generated scripts.
fn cases() -> impl Iterator<Item = (u64, String)> {
    let examples = examples();
    let often = (0..30).flat_map(move |seed| examples.clone().into_iter().map(move |text| (seed, text)));
    often.chain((1_000..).zip(generated(300)))
}

/// A network in which everything happened.
fn played(weather: Weather, text: &str, seed: u64) -> Network {
    let script = Script::parse(text).expect("the script is valid");
    let services = Services::new(&script, "init", seed).failing(0.1);
    let mut network = Network::new(text, "init", services);
    network.run(&mut SameThread::ready(), &mut Seeded::new(seed), weather).expect("the runner does not fail");
    network
}

/// What a service said, as an event has it.
fn says(result: &ResultView, answer: &airtight_engine::data::Answer) -> bool {
    match result {
        ResultView::Value(value) => answer.ret_code == 0 && Json::parse(answer.result.as_bytes()).as_ref() == Ok(value),
        ResultView::Failure(value) => {
            let field = |name| value.as_object().and_then(|object| object.get(name)).cloned();
            answer.ret_code != 0
                && field("ret_code") == Some(i64::from(answer.ret_code).into())
                && field("message") == Some((&*answer.result).into())
        }
        ResultView::Elements(_) => false,
    }
}

/// Each call is requested once in a life of its peer, and again only after a crash, under the same ticket. Each answer is
/// an event at the place of its call, at the peer that keeps its data; and no call has an event that was not an answer.
#[test]
fn calls_are_made_once_and_answers_stay_where_they_belong() {
    let losing = Weather { losses: 3, ..WEATHER };
    let (mut made, mut repeated, mut failed, mut lost) = (0, 0, 0, 0);
    for (index, (seed, text)) in cases().enumerate() {
        let weather = if index % 2 == 0 { WEATHER } else { losing };
        let network = played(weather, &text, seed);
        // A run that is given up at a limit takes no answer, and nobody gives it again.
        let given_up = |event: &Event| matches!(event, Event::Ran { result, .. } if result.is_given_up());
        if network.history().events.iter().any(given_up) {
            continue;
        }
        let mut places: BTreeMap<(Arc<str>, Ticket), (PlaceId, String)> = BTreeMap::new();
        let mut crashed: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut lives: BTreeMap<Arc<str>, u32> = BTreeMap::new();
        let mut answers = Vec::new();
        for event in &network.history().events {
            match event {
                Event::Ran { peer, result, calls, .. } => {
                    let after = decode(&result.data).expect("what a run gives is data");
                    let journal = after.journal().expect("a run leaves a journal");
                    for (ticket, request) in calls {
                        let place = journal.place(ticket.call).expect("what is asked for is pending");
                        let asked = (place, format!("{request:?}"));
                        let in_this_life = |((whose, other), (at, _)): (&(Arc<str>, Ticket), &(PlaceId, String))| {
                            whose == peer && other.life == ticket.life && *at == place
                        };
                        match places.get(&(peer.clone(), *ticket)) {
                            Some(before) => {
                                assert_eq!(*before, asked, "seed {seed}: a call is repeated as it was");
                                assert!(crashed.contains(peer), "seed {seed}: {peer} asks twice\n{text}");
                                repeated += 1;
                            }
                            None => {
                                assert!(!places.iter().any(in_this_life), "seed {seed}: {peer} asks twice\n{text}");
                                places.insert((peer.clone(), *ticket), asked);
                                made += 1;
                            }
                        }
                    }
                    crashed.remove(peer);
                }
                Event::Restarted { peer } => drop(crashed.insert(peer.clone())),
                Event::Forgot { peer } => {
                    crashed.remove(peer);
                    *lives.entry(peer.clone()).or_default() += 1;
                    lost += 1;
                }
                Event::Answered { peer, ticket, answer, .. } => {
                    let life = lives.get(peer).copied().unwrap_or_default();
                    answers.push((peer.clone(), *ticket, answer.clone(), ticket.life == life));
                }
                Event::Begun { .. } | Event::Sent { .. } | Event::Delivered { .. } => {}
            }
        }
        for host in network.hosts() {
            let data = decode(host.data()).expect("what a peer stored is data");
            let events: Vec<_> = event_views(data.shared()).filter(|event| event.kind == "call").collect();
            // Nothing was lost that came in the life that still lasts.
            let life = lives.get(host.peer()).copied().unwrap_or_default();
            for (peer, ticket, answer, in_time) in &answers {
                if peer != host.peer() || ticket.life != life || !in_time {
                    continue;
                }
                let (place, _) = places[&(peer.clone(), *ticket)];
                let found = events.iter().any(|event| event.place == place && says(&event.result, answer));
                // After a dispute its place is not reached any more, and it waits there.
                let mut answers = data.journal().into_iter().flat_map(|journal| journal.answers());
                let kept = answers.any(|(at, kept)| at == place && kept == answer);
                assert!(found || kept, "seed {seed}: {peer} lost the answer to {ticket:?}\n{text}");
                failed += usize::from(answer.ret_code != 0);
            }
            // And nothing is anywhere that did not come there.
            for event in &events {
                let came = answers.iter().any(|(peer, ticket, answer, in_time)| {
                    let (place, _) = places[&(peer.clone(), *ticket)];
                    *in_time && *peer == event.peer && place == event.place && says(&event.result, answer)
                });
                assert!(came, "seed {seed}: {} has an event that nobody made\n{text}", host.peer());
            }
        }
    }
    println!("{made} calls, {repeated} of them repeated after a crash, {failed} failed; data were lost {lost} times");
    let counts = [made, repeated, failed, lost];
    assert!(counts.iter().all(|count| *count > 50), "{counts:?}");
}
