//! The network: what befalls peers, and that a history can be had again.

use airtight_engine::host::Ticket;
use airtight_engine::runner::SameThread;
use airtight_engine::script::Script;
use airtight_generators::{Action, Event, History, Network, Seeded, Services, Weather};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn network(text: &str, seed: u64) -> Network {
    let script = Script::parse(text).expect("the script is valid");
    Network::new(text, "A", Services::new(&script, "A", seed))
}

/// Takes the first of what is possible until this holds.
fn until(network: &mut Network, runner: &mut SameThread, mut holds: impl FnMut(&Network) -> bool) {
    while !holds(network) {
        let action = network.possible().next().expect("something is possible").clone();
        assert!(network.act(&action, runner).expect("the runner does not fail"));
    }
}

fn open(network: &Network) -> Vec<Ticket> {
    let answers = network.possible().filter_map(|action| match action {
        Action::Answer { ticket, .. } => Some(*ticket),
        _ => None,
    });
    answers.collect()
}

/// Who loses its data asks anew, under other tickets; what it had asked for and sent before is still on its way.
#[test]
fn a_peer_that_loses_its_data_begins_a_new_life() {
    let text = r#"(seq (call "B" ("s" "f") [] x) (par (call "B" ("s" "g") [x]) (call "C" ("s" "h") [x])))"#;
    let (mut network, mut runner) = (network(text, 1), SameThread::ready());
    let b: Arc<str> = "B".into();
    until(&mut network, &mut runner, |network| !open(network).is_empty());
    assert_eq!(open(&network), [Ticket { life: 0, call: 1 }]);
    assert!(network.act(&Action::Forget { peer: b.clone() }, &mut runner).expect("the runner does not fail"));
    assert_eq!(network.history().events.last(), Some(&Event::Forgot { peer: b.clone() }));
    assert_eq!(network.hosts().find(|host| *host.peer() == b).map(|host| host.data().len()), Some(0));

    // The old call is answered, which concerns nobody any more: nothing is to be run.
    until(&mut network, &mut runner, |network| network.possible().count() == 0);
    assert!(matches!(network.history().events.last(), Some(Event::Answered { .. })));

    // Told again, it asks again.
    let send = Action::Send { from: "A".into(), to: b.clone() };
    assert!(network.act(&send, &mut runner).expect("the runner does not fail"));
    until(&mut network, &mut runner, |network| !open(network).is_empty());
    assert_eq!(open(&network), [Ticket { life: 1, call: 1 }]);

    // A message survives who sent it, and one who has something to send does not send it any more.
    until(&mut network, &mut runner, |network| {
        network.possible().any(|action| matches!(action, Action::Send { from, .. } if *from == b))
    });
    let sends = network.possible().filter(|action| matches!(action, Action::Send { .. })).count();
    let send = Action::Send { from: b.clone(), to: "C".into() };
    assert!(network.act(&send, &mut runner).expect("the runner does not fail"));
    assert!(network.act(&Action::Forget { peer: b }, &mut runner).expect("the runner does not fail"));
    assert!(!network.possible().any(|action| matches!(action, Action::Send { .. })), "of {sends}");
    assert!(network.possible().any(|action| matches!(action, Action::Deliver { .. })));
    until(&mut network, &mut runner, |network| network.possible().count() == 0);
    let at_c = |event: &Event| matches!(event, Event::Answered { peer, .. } if &**peer == "C");
    assert!(network.history().events.iter().any(at_c), "C was told before B lost everything");

    // Nobody can lose what it never had.
    let nobody = Action::Forget { peer: "nobody".into() };
    assert!(!network.act(&nobody, &mut runner).expect("the runner does not fail"));
}

/// In any weather a history comes to an end, and its actions give it again.
#[test]
fn histories_of_any_weather_can_be_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("the examples are there").flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "air")).collect();
    files.sort();
    let weather = Weather { duplicates: 20, restarts: 5, losses: 3, lazy: 0, actions_max: 20_000 };
    let (mut runner, mut lost, mut lives) = (SameThread::ready(), 0, BTreeSet::new());
    for (seed, file) in (0..).zip(files.iter().cycle().take(100)) {
        let text = std::fs::read_to_string(file).expect("a script is text");
        let mut first = network(&text, seed);
        let history: History = first.run(&mut runner, &mut Seeded::new(seed), weather).expect("it runs").clone();
        assert!(history.is_quiet, "{} with seed {seed} has no end", file.display());
        lost += history.events.iter().filter(|event| matches!(event, Event::Forgot { .. })).count();
        lives.extend(history.events.iter().filter_map(|event| match event {
            Event::Answered { ticket, .. } => Some(ticket.life),
            _ => None,
        }));
        let mut second = network(&text, seed);
        assert_eq!(second.replay(&mut runner, &history.actions).expect("it runs"), &history);
    }
    println!("{lost} peers lost their data; lives {lives:?}");
    assert!(lost > 50 && lives.len() > 2, "{lost} peers lost their data; lives {lives:?}");
}

/// A network with many calls takes time in proportion to them: a choice does not depend on how much there is to choose from.
#[test]
fn many_calls_are_many_actions_and_few_runs() {
    let text = r#"(seq (call "A" ("s" "f") [] xs) (fold xs x (par (call "A" ("s" "g") [x]) (next x))))"#;
    let script = Script::parse(text).expect("the script is valid");
    let numbers: Vec<String> = (0..5_000).map(|number| number.to_string()).collect();
    let file = format!(r#"{{"answers":[{{"function":"f","result":[{}]}}]}}"#, numbers.join(","));
    let file = airtight_generators::ServicesFile::parse(file.as_bytes()).expect("the file is good");
    let mut network = Network::new(text, "A", Services::new(&script, "A", 1).with_file(file));
    let history = network.run(&mut SameThread::ready(), &mut Seeded::new(1), Weather::CALM).expect("it runs");
    let count = |pick: fn(&Event) -> bool| history.events.iter().filter(|event| pick(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Answered { .. })), 5_001);
    assert!(count(|event| matches!(event, Event::Ran { .. })) < 50);
    assert!(history.is_quiet);
}
