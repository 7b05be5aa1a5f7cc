//! Whether histories reach what they should: every instruction in every way, data that differ, all that the known
//! mistakes of interpreters need. Fixed seeds; counts are printed.

use airtight_engine::data::{Data, PlaceId, decode};
use airtight_engine::execute::{CallState, End, Executed, Limits, Peer, Rendered, render};
use airtight_engine::runner::SameThread;
use airtight_engine::script::{Kind, Script, print};
use airtight_generators::forge::{Claims, forge};
use airtight_generators::{
    EditWeights, Event, Mark, Marks, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather, damage,
    near_valid, traces,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const LIMITS: Limits = Limits { steps: 100_000, depth: 127, value_bytes: 1 << 20, stream_elements: 4_096 };
const INIT: &str = "alice";

fn played(config: &ScriptGenerator, seed: u64) -> (Script, Network) {
    let mut choices = Seeded::new(seed);
    let text = print::compact(&config.generate(&mut choices));
    let script = Script::parse(&text).expect("the script is valid");
    let services = Services::new(&script, INIT, seed).failing(0.1).garbled(0.03);
    let mut network = Network::new(text, INIT, services).with_limits(LIMITS);
    let weather = Weather { actions_max: 1_000, ..Weather::default() };
    network.run(&mut SameThread::ready(), &mut choices, weather).expect("the runner does not fail");
    (script, network)
}

/// Previous data, current data and outcome of each run of a history.
fn runs(network: &Network) -> Vec<(Option<Data>, Option<Data>, Data)> {
    let mut stored: BTreeMap<Arc<str>, Data> = BTreeMap::new();
    let mut messages: BTreeMap<usize, Data> = BTreeMap::new();
    let mut runs = Vec::new();
    for event in &network.history().events {
        match event {
            Event::Sent { message, from, .. } => {
                if let Some(data) = stored.get(from) {
                    messages.insert(*message, data.clone());
                }
            }
            Event::Ran { peer, message, result, .. } => {
                let current = message.and_then(|message| messages.get(&message).cloned());
                let outcome = decode(&result.data).expect("a run gives data");
                runs.push((stored.insert(peer.clone(), outcome.clone()), current, outcome));
            }
            Event::Forgot { peer } => drop(stored.remove(peer)),
            _ => {}
        }
    }
    runs
}

/// The states of instructions that have one, with their events if they are calls or canons.
fn states(script: &Script, data: Option<&Data>) -> (BTreeSet<(PlaceId, usize)>, Option<Rendered>) {
    let Some(data) = data else { return (BTreeSet::new(), None) };
    let peer = Peer { current: None, init: INIT.into(), timestamp: 1_700_000_000_000, ttl: 60_000 };
    let Ok(rendered) = render(script, data, &peer, LIMITS) else { return (BTreeSet::new(), None) };
    let has_come_about = |state: &&airtight_engine::execute::State| {
        !matches!(state.executed, Executed::Call(_) | Executed::Canon(_)) || state.at.is_some()
    };
    let states = rendered.states.iter().filter(has_come_about).map(|state| (state.place, state.node.index())).collect();
    (states, Some(rendered))
}

/// Every instruction that leaves a state is executed, taken from previous data, from current data and from both; every
/// one that can fail fails. The others leave nothing, so that nobody can tell where it came from.
#[test]
fn every_instruction_is_reached_in_every_way() {
    const COUNT: u64 = 3_000;
    let valid = ScriptGenerator::new(ScriptConfig::valid());
    let careless = ScriptGenerator::new(ScriptConfig { unguarded_percent: 40, ..ScriptConfig::valid() });
    let mut cells: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for seed in 0..COUNT {
        let (script, network) = played(if seed % 2 == 0 { &valid } else { &careless }, seed);
        let tree = script.tree();
        for (previous, current, outcome) in runs(&network) {
            let (known, _) = states(&script, previous.as_ref());
            let (told, _) = states(&script, current.as_ref());
            let (now, rendered) = states(&script, Some(&outcome));
            for state in now {
                let node = tree.node_ids().nth(state.1).expect("states are of nodes");
                let kind = match tree.node(node).kind {
                    Kind::Insert => "ap into a map",
                    kind => kind.keyword(),
                };
                let way = match (known.contains(&state), told.contains(&state)) {
                    (false, false) => "executed",
                    (true, false) => "from previous",
                    (false, true) => "from current",
                    (true, true) => "from both",
                };
                *cells.entry((kind, way)).or_default() += 1;
            }
            let Some(rendered) = rendered else { continue };
            for state in &rendered.states {
                if let Executed::Call(CallState::Failed { .. }) = state.executed {
                    *cells.entry(("call", "error")).or_default() += 1;
                }
            }
            if let End::Failed(_, error) = rendered.end {
                let field = error.object.as_object().and_then(|object| object.get("instruction").cloned());
                let text = field.map(|field| field.to_text().to_string()).unwrap_or_default();
                let text = text.trim_start_matches('"');
                let word = text.split(' ').next().unwrap_or_default();
                let known = Kind::ALL.into_iter().map(Kind::keyword).find(|keyword| *keyword == word);
                let kind = if text.starts_with("ap (") { Some("ap into a map") } else { known };
                if let Some(kind) = kind {
                    *cells.entry((kind, "error")).or_default() += 1;
                }
            }
        }
    }
    for ((kind, way), count) in &cells {
        println!("{kind:>14} {way:<14} {count}");
    }
    for kind in ["par", "call", "canon", "ap", "ap into a map", "fold"] {
        for way in ["executed", "from previous", "from current", "from both"] {
            assert!(cells.contains_key(&(kind, way)), "`{kind}` is never {way}");
        }
    }
    for kind in ["call", "ap", "ap into a map", "canon", "match", "mismatch", "fold", "fail"] {
        assert!(cells.contains_key(&(kind, "error")), "`{kind}` never fails");
    }
}

/// What a known mistake needs beside marks of scripts and histories.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Other {
    /// Data that claim two results at one place.
    Disputed,
    /// Data that are no part of a history.
    Forged,
    /// A journal that keeps answers and open calls.
    Journal,
    /// Bytes that are no data.
    DamagedData,
    /// A script that does not parse.
    Refused,
    /// A refused script with text outside of ASCII before its end.
    RefusedBesidesAscii,
    /// A script nested more than 10,000 deep.
    Deep,
    /// A `fold` with a last instruction, `fail` with text, `next`, lenses on errors: all that is printed in its own way.
    Printed,
}

use Mark as M;

/// For each mistake of the catalogue, marks of one history that it needs, and what else.
const MISTAKES: [(&str, &[Mark], &[Other]); 46] = [
    ("F01", &[M::Join, M::CallsAtPeers], &[]),
    ("F02, F26, F52", &[M::Redelivery, M::Pending], &[]),
    ("F03, F51", &[], &[Other::Disputed]),
    ("F04, F05", &[M::ValuesOfPeers, M::Concurrent], &[]),
    ("F06, F27, F28", &[M::Join, M::Waiting], &[]),
    ("F07, F08, F29", &[M::Lens, M::NestedXor, M::Join], &[]),
    ("F09, F10", &[], &[Other::Journal]),
    ("F11, F12", &[M::Redelivery, M::Crash], &[Other::Journal]),
    ("F13", &[M::FailedInFold, M::StreamFold], &[]),
    ("F14", &[M::Failed, M::FailureCaught], &[]),
    ("F15", &[M::Undecodable], &[]),
    ("F16, F56", &[], &[Other::Forged]),
    ("F17, F20", &[M::NestedPar, M::Concurrent], &[]),
    ("F18, F21, F22", &[M::SeqAfterPar, M::SeveralCalls], &[]),
    ("F19, F23", &[M::NestedPar, M::Failed, M::FailureCaught], &[]),
    ("F24", &[M::StreamByAp, M::CallsAtPeers], &[]),
    ("F25", &[M::NestedPar, M::SeveralPeers], &[]),
    ("F30", &[M::StreamFold, M::SeqAfterPar], &[]),
    ("F31", &[M::StreamFold, M::Generations, M::Iterations], &[]),
    ("F32, F33", &[M::StreamFold, M::ValuesOfPeers, M::Iterations], &[]),
    ("F34", &[M::StreamByAp, M::StreamFold, M::Concurrent], &[]),
    ("F35", &[M::ParallelFold, M::Iterations], &[]),
    ("F36", &[M::FailedInFold, M::FoldInXor], &[]),
    ("F37", &[M::CallAtItem, M::NestedFold], &[]),
    ("F38", &[M::FoldInXor, M::ScalarFold], &[]),
    ("F39, F49", &[M::CanonEmpty], &[]),
    ("F40", &[M::LastInstruction, M::ScalarFold], &[]),
    ("F41, F54", &[M::MapWrites, M::MapFold], &[]),
    ("F42, F43, F44", &[M::Generations, M::Concurrent, M::ValuesOfPeers], &[]),
    ("F45", &[M::Generations, M::EndedByError], &[]),
    ("F46, F47", &[M::NewInFold, M::NewStream], &[]),
    ("F48", &[M::NewFails, M::NewStream], &[]),
    ("F50", &[M::CanonFixed, M::StreamOfPeers], &[]),
    ("F53, F66", &[M::CanonMapRead, M::CanonOfMap], &[]),
    ("F55", &[M::Recursion], &[]),
    ("F57, F58", &[M::NestedXor, M::ErrorRead, M::Reraise], &[]),
    ("F59, F60", &[M::FailValue], &[]),
    ("F61, F89, F90, F91", &[], &[Other::Refused]),
    ("F62, F74, F75, F76, F77, F79, F84", &[], &[Other::DamagedData]),
    ("F63, F64, F65", &[M::TwoLenses, M::ScalarFold, M::Literal], &[]),
    ("F67, F68, F69, F70, F71, F72, F73, F78", &[], &[Other::Forged, Other::Disputed]),
    ("F80, F81, F82, F83", &[M::CallsAtPeers, M::SeveralCalls], &[]),
    ("F85", &[], &[Other::Deep]),
    ("F86, F87, F92", &[M::Comparison, M::LastInstruction, M::ErrorRead], &[Other::Printed]),
    ("F88", &[M::NotAscii], &[Other::RefusedBesidesAscii]),
    ("F93", &[M::ComparisonOfPart], &[]),
];

/// All that the mistakes which interpreters made need is generated.
#[test]
fn every_known_mistake_could_be_found() {
    const COUNT: u64 = 10_000;
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    let mut hits = [0_u64; MISTAKES.len()];
    for seed in 0..COUNT {
        let (script, network) = played(&generator, 20_000_000 + seed);
        let marks = Marks::of_script(&script) | Marks::of_history(&script, &network);
        for (hit, (_, needed, _)) in hits.iter_mut().zip(&MISTAKES) {
            *hit += u64::from(marks.has_all(needed));
        }
    }
    let others = others();
    for (hit, (mistakes, marks, needed)) in hits.iter().zip(&MISTAKES) {
        println!("{mistakes}: {hit} of {COUNT} histories have {marks:?}; {needed:?}");
    }
    for (hit, (mistakes, _, needed)) in hits.iter().zip(&MISTAKES) {
        assert!(*hit > 0, "{mistakes}");
        assert!(needed.iter().all(|other| others.contains(other)), "{mistakes}");
    }
    let mut named: Vec<u32> = MISTAKES
        .iter()
        .flat_map(|(names, ..)| names.split(", "))
        .map(|name| name.trim_start_matches('F').parse().expect("a number"))
        .collect();
    named.sort_unstable();
    assert_eq!(named, (1..=93).collect::<Vec<_>>());
}

/// What else is generated, each by the generator that is meant for it.
fn others() -> BTreeSet<Other> {
    let mut found = BTreeSet::new();
    let mut set = |other, on| {
        if on {
            found.insert(other);
        }
    };
    let mut choices = Seeded::new(5);
    for _ in 0..500 {
        let family = traces::family(2, &mut choices);
        let product = family[0].merge(&family[1]);
        let places: BTreeSet<_> = product.events().map(|event| event.place).collect();
        set(Other::Disputed, places.len() < product.events().count());
        let mut claims = Claims::of(&product);
        forge(&mut claims, 3, &mut choices);
        set(Other::Forged, !product.is_empty() && claims.to_shared() != product);
        let data = traces::data(airtight_engine::data::ScriptHash::of(b""), &mut choices);
        let journal = data.journal();
        set(Other::Journal, journal.is_some_and(|own| own.answers().len() > 0 && own.pending().len() > 0));
        let bytes = damage(&airtight_engine::data::encode(&data), 3, &mut choices);
        set(Other::DamagedData, decode(&bytes).is_err());
    }
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    for _ in 0..2_000 {
        let tree = generator.generate(&mut choices);
        let text = near_valid(&tree, &EditWeights::default(), &mut choices);
        if let Err(errors) = Script::parse(&text) {
            set(Other::Refused, true);
            let last = errors.iter().map(|error| error.span.start as usize).max().unwrap_or_default();
            set(Other::RefusedBesidesAscii, text.char_indices().any(|(at, c)| at < last && !c.is_ascii()));
        }
        let text = print::compact(&tree);
        let all = ["(fail ", "(next ", "(fold ", "%last_error%.$."];
        set(Other::Printed, all.iter().all(|part| text.contains(part)));
    }
    let big = ScriptGenerator::new(ScriptConfig::big());
    for _ in 0..6 {
        let tree = big.generate(&mut choices);
        let (mut deepest, mut walk) = (0, tree.walk());
        while walk.next().is_some() {
            deepest = deepest.max(walk.ancestors().len());
        }
        set(Other::Deep, deepest > 10_000);
    }
    found
}
