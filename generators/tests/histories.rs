//! The laws of data and of runs, over the histories of real scripts and of generated ones.

use airtight_engine::data::{Data, Event as DataEvent, PlaceId, Shared, decode};
use airtight_engine::execute::{CallState, CanonState, Executed, Limits, Peer, Rendered, render};
use airtight_engine::host::Ticket;
use airtight_engine::inspect::{ResultView, event_views};
use airtight_engine::runner::SameThread;
use airtight_engine::script::{Script, print};
use airtight_engine::value::Json;
use airtight_generators::{Choices, Event, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const WEATHER: Weather = Weather { duplicates: 20, restarts: 8, losses: 0, actions_max: 20_000 };

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

/// One run of a history: what the peer had, what it got, and what came of it.
struct Step {
    peer: Arc<str>,
    previous: Data,
    current: Data,
    after: Data,
    next_peers: Vec<Arc<str>>,
}

/// A history, and its runs.
fn history(text: &str, seed: u64) -> (Script, Network, Vec<Step>) {
    history_in(WEATHER, text, seed)
}

fn history_in(weather: Weather, text: &str, seed: u64) -> (Script, Network, Vec<Step>) {
    let script = Script::parse(text).expect("the script is valid");
    let services = Services::new(&script, "init", seed).failing(0.1);
    let mut network = Network::new(text, "init", services);
    network.run(&mut SameThread::ready(), &mut Seeded::new(seed), weather).expect("the runner does not fail");
    let mut stored: BTreeMap<Arc<str>, Data> = BTreeMap::new();
    let mut messages: BTreeMap<usize, Data> = BTreeMap::new();
    let mut steps = Vec::new();
    let of =
        |stored: &BTreeMap<Arc<str>, Data>, peer: &Arc<str>| stored.get(peer).cloned().unwrap_or_else(Data::nothing);
    for event in &network.history().events {
        match event {
            Event::Sent { message, from, .. } => drop(messages.insert(*message, of(&stored, from))),
            Event::Ran { peer, message, result, .. } => {
                let after = decode(&result.data).expect("what a run gives is data");
                let previous = of(&stored, peer);
                let current = message.map_or_else(Data::nothing, |message| messages[&message].clone());
                stored.insert(peer.clone(), after.clone());
                let next_peers = result.next_peers.clone();
                steps.push(Step { peer: peer.clone(), previous, current, after, next_peers });
            }
            Event::Forgot { peer } => drop(stored.remove(peer)),
            _ => {}
        }
    }
    (script, network, steps)
}

fn events(shared: &Shared) -> BTreeSet<DataEvent> {
    shared.events().collect()
}

/// The events of shared data without the order in which they were learned.
fn support(shared: &Shared) -> BTreeSet<String> {
    shared.events().map(|event| format!("{:?} {:?}", event.place, event.result)).collect()
}

/// The peer that an event is of: who answered, or who fixed the canon.
fn author(shared: &Shared, event: &DataEvent) -> String {
    use airtight_engine::data::EventResult;
    let stores = shared.stores();
    let claims = shared.trace().claims().iter().map(|claim| claim.result);
    let result = claims.into_iter().find(|result| stores.id(*result) == event.result).expect("a claim has a result");
    match stores.result(result) {
        EventResult::Call { tetraplet, .. } | EventResult::Canon { tetraplet, .. } => tetraplet.peer.to_string(),
    }
}

/// *Only results write*: after a run the data are the merge of what the peer had and got, and its own results in one new
/// block at the end.
fn only_results_write(step: &Step) -> usize {
    let merged = step.previous.merge(&step.current).expect("data of one script");
    let (merged, after) = (merged.shared(), step.after.shared());
    let blocks = merged.trace().blocks();
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = events(after).into_iter().partition(|event| event.at < blocks);
    assert_eq!(old, events(merged), "what was known stays as it was");
    for event in &new {
        assert_eq!(event.at, blocks, "new events are one block");
        assert_eq!(author(after, event), *step.peer, "a peer makes events of its own only");
    }
    new.len()
}

#[test]
fn only_results_write_in_histories() {
    let (mut runs, mut made) = (0, 0);
    for (seed, text) in cases() {
        let (_, _, steps) = history(&text, seed);
        for step in &steps {
            made += only_results_write(step);
            runs += 1;
        }
    }
    println!("{runs} runs made {made} events");
    assert!(runs > 3_000 && made > 2_000, "{runs} runs made {made} events");
}

/// Words over the data of a history equal their first occurrences, folded from the left; nothing is lost.
#[test]
fn merge_obeys_its_laws_on_histories() {
    let (mut words, mut concurrent) = (0, 0);
    for (seed, text) in cases() {
        let (_, _, steps) = history(&text, seed);
        let data: Vec<Shared> = steps.iter().map(|step| step.after.shared().clone()).collect();
        let mut choices = Seeded::new(seed);
        for _ in 0..30 {
            let letters: Vec<usize> =
                (0..choices.range(2..7)).map(|_| choices.below(data.len() as u32) as usize).collect();
            let mut seen = BTreeSet::new();
            let first = letters.iter().filter(|letter| seen.insert(**letter));
            let expected = first.fold(Shared::default(), |product, letter| product.merge(&data[*letter]));
            // A random bracketing: neighbours are multiplied until one product is left.
            let mut products: Vec<Shared> = letters.iter().map(|letter| data[*letter].clone()).collect();
            while products.len() > 1 {
                let at = choices.below(products.len() as u32 - 1) as usize;
                let right = products.remove(at + 1);
                products[at] = products[at].merge(&right);
            }
            assert_eq!(products[0].to_bytes(), expected.to_bytes(), "seed {seed}, word {letters:?}\n{text}");
            let union: BTreeSet<String> = letters.iter().flat_map(|letter| support(&data[*letter])).collect();
            assert_eq!(support(&expected), union, "seed {seed}, word {letters:?}");
            let (a, b) = (&data[letters[0]], &data[letters[1]]);
            let ahead = |x: &Shared, y: &Shared| !support(x).is_subset(&support(y));
            concurrent += usize::from(ahead(a, b) && ahead(b, a));
            words += 1;
        }
    }
    println!("{words} words, {concurrent} of concurrent data");
    assert!(concurrent > 200, "{concurrent} of {words} words begin with concurrent data");
}

fn seen(script: &Script, shared: &Shared, text: &str) -> Rendered {
    let data = Data::new(airtight_engine::data::ScriptHash::of(text.as_bytes()), shared.clone(), None);
    let peer = Peer { current: None, init: "init".into(), timestamp: 1_700_000_000_000, ttl: 60_000 };
    render(script, &data, &peer, Limits::default()).expect("the limits are wide")
}

/// What a state says that more knowledge must not change: what was called, fixed or begun, and with what result.
fn fixed_part(executed: &Executed) -> Option<String> {
    Some(match executed {
        Executed::Par(..) => "par".into(),
        Executed::Fold(_) => "fold".into(),
        Executed::Ap { .. } => "ap".into(),
        Executed::Call(CallState::Stream { value, tetraplet, .. }) => format!("{value:?} {tetraplet}"),
        Executed::Call(CallState::Requested { .. } | CallState::Pending { .. }) => return None,
        Executed::Canon(CanonState::Pending { .. }) => return None,
        other => other.to_string(),
    })
}

/// For each fold, the places of its values in the order of its iterations.
fn iterations(rendered: &Rendered) -> BTreeMap<PlaceId, Vec<PlaceId>> {
    let folds = rendered.states.iter().filter_map(|state| match &state.executed {
        Executed::Fold(lore) => Some((state.place, lore)),
        _ => None,
    });
    folds.map(|(fold, lore)| (fold, lore.iter().map(|entry| rendered.states[entry.pos].place).collect())).collect()
}

/// *Stability*: what is derived of data stays when more is learned: reached states, results, the order of iterations.
#[test]
fn what_was_derived_stays() {
    let (mut pairs, mut grown) = (0, 0);
    for (seed, text) in cases() {
        let (script, _, steps) = history(&text, seed);
        let mut choices = Seeded::new(seed);
        for _ in 0..12 {
            let mut one = || steps[choices.below(steps.len() as u32) as usize].after.shared();
            let (a, b) = (one(), one());
            let both = a.merge(b);
            let (less, more) = (seen(&script, a, &text), seen(&script, &both, &text));
            let states: BTreeMap<PlaceId, &Executed> =
                more.states.iter().map(|state| (state.place, &state.executed)).collect();
            for state in &less.states {
                let Some(fixed) = fixed_part(&state.executed) else { continue };
                let later = states.get(&state.place).and_then(|executed| fixed_part(executed));
                assert_eq!(later, Some(fixed), "seed {seed}: {}\n{text}\n{less}\n{more}", state.executed);
            }
            let (before, after) = (iterations(&less), iterations(&more));
            for (fold, order) in &before {
                assert!(
                    after[fold].starts_with(order),
                    "seed {seed}: the order of a fold changed\n{text}\n{less}\n{more}"
                );
            }
            pairs += 1;
            grown += usize::from(more.states.len() > less.states.len());
        }
    }
    println!("{pairs} pairs, in {grown} of them more is seen");
    assert!(grown > 300, "in {grown} of {pairs} pairs more is seen");
}

/// Generated scripts come to an end in any weather, and peers that exchange their data agree.
#[test]
fn generated_scripts_converge() {
    let mut runner = SameThread::ready();
    let (mut quiet, mut known) = (0, 0);
    for (seed, text) in (0..).zip(generated(600)) {
        let script = Script::parse(&text).expect("the script is valid");
        let services = Services::new(&script, "init", seed).failing(0.1);
        let mut network = Network::new(text.as_str(), "init", services);
        let mut choices = Seeded::new(seed);
        network.run(&mut runner, &mut choices, WEATHER).expect("the runner does not fail");
        assert!(network.history().is_quiet, "seed {seed} has no end\n{text}");
        network.exchange(&mut runner, &mut choices, WEATHER).expect("the runner does not fail");
        for event in &network.history().events {
            if let Event::Ran { result, .. } = event {
                assert!(result.ret_code == 0 || (10000..20000).contains(&result.ret_code), "{}", result.error_message);
                assert!(result.disputed.is_empty() && result.not_taken.is_empty(), "seed {seed}\n{text}");
            }
        }
        let all: Vec<_> = network
            .hosts()
            .map(|host| support(decode(host.data()).expect("what a peer stored is data").shared()))
            .collect();
        assert!(all.iter().all(|events| *events == all[0]), "seed {seed}: peers do not agree\n{text}");
        (quiet, known) = (quiet + 1, known + all[0].len());
    }
    println!("{quiet} generated scripts with {known} events");
}

/// What waits for a peer, and which of its arguments are at hand, in the order of the walk.
type Statuses = Vec<(PlaceId, Arc<str>, Vec<bool>)>;

fn statuses(script: &Script, shared: &Shared, text: &str) -> Statuses {
    let pending = seen(script, shared, text).pending.into_iter();
    pending.map(|it| (it.place, it.peer, it.arguments.iter().map(Option::is_some).collect())).collect()
}

/// *Announce exactly once*: a run names, in order and once, those of whose work it sees what neither its own previous data
/// nor the current data alone show. So who completes a join tells the one who waits, and nobody repeats what the sender did.
#[test]
fn what_a_run_sees_first_it_announces() {
    let (mut named, mut known, mut told, mut both) = (0, 0, 0, 0);
    for (seed, text) in cases() {
        let (script, _, steps) = history(&text, seed);
        for step in &steps {
            let of = |data: &Data| match data.is_nothing() {
                true => Statuses::new(),
                false => statuses(&script, data.shared(), &text),
            };
            let (now, before, sent) = (of(&step.after), of(&step.previous), of(&step.current));
            let mut expected: Vec<Arc<str>> = Vec::new();
            for status in now.iter().filter(|(_, peer, _)| *peer != step.peer) {
                let (by_me, by_sender) = (before.contains(status), sent.contains(status));
                (known, told) = (known + usize::from(by_me), told + usize::from(by_sender && !by_me));
                if !by_me && !by_sender {
                    both += usize::from(!step.previous.is_nothing() && !step.current.is_nothing());
                    if !expected.contains(&status.1) {
                        expected.push(status.1.clone());
                    }
                }
            }
            assert_eq!(step.next_peers, expected, "seed {seed}, at {}\n{text}", step.peer);
            assert!(!step.next_peers.contains(&step.peer), "seed {seed}: {} names itself", step.peer);
            named += expected.len();
        }
    }
    println!("{named} announced ({both} of what a merge shows), {known} known before, {told} told by the sender");
    let counts = [named, known, told, both];
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

/// What anybody's data show of a peer's work when nothing is under way any more, that peer did, or knows, with all that
/// is at hand for it. In the end few things wait, and most are done.
#[test]
fn nobody_is_forgotten() {
    let (mut done, mut waits) = (0, 0);
    for (seed, text) in cases() {
        let (script, network, _) = history(&text, seed);
        assert!(network.history().is_quiet, "seed {seed} has no end\n{text}");
        let of = |host: &airtight_engine::host::Host| decode(host.data()).expect("what a peer stored is data");
        let data: BTreeMap<Arc<str>, Data> = network.hosts().map(|host| (host.peer().clone(), of(host))).collect();
        for (whose, shown) in &data {
            for (place, peer, at_hand) in statuses(&script, shown.shared(), &text) {
                let theirs = data.get(&peer).unwrap_or_else(|| panic!("seed {seed}: {peer} was never told\n{text}"));
                if theirs.shared().events().any(|event| event.place == place) {
                    done += usize::from(*whose != peer);
                    continue;
                }
                let known = statuses(&script, theirs.shared(), &text).iter().any(|(at, _, known)| {
                    *at == place && known.iter().zip(&at_hand).all(|(known, at_hand)| *known || !*at_hand)
                });
                assert!(known, "seed {seed}: {peer} does not know what {whose} knows of its work\n{text}");
                waits += usize::from(*whose != peer);
            }
        }
    }
    println!("peers see work of others: {done} times it is done, {waits} times it waits, and they know");
    assert!(done > 1_000 && waits > 10, "{done} done, {waits} waiting");
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
        let (_, network, _) = history_in(weather, &text, seed);
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
                assert!(found, "seed {seed}: {peer} lost the answer to {ticket:?}\n{text}");
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
