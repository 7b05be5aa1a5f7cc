//! Whether generated scripts work when they are run, at fixed seeds; counts are printed.

use airtight_engine::execute::Limits;
use airtight_engine::runner::SameThread;
use airtight_engine::script::{Class, Position, Script, print};
use airtight_generators::{Distribution, Mark, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather};
use std::collections::BTreeSet;

const LIMITS: Limits = Limits { steps: 100_000, depth: 127, value_bytes: 1 << 20, stream_elements: 4_096 };

/// A generated script after everything happened.
fn played(generator: &ScriptGenerator, seed: u64, failing: f64, garbled: f64) -> (Script, Network) {
    let mut choices = Seeded::new(seed);
    let text = print::compact(&generator.generate(&mut choices));
    let script = Script::parse(&text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    let services = Services::new(&script, "alice", seed).failing(failing).garbled(garbled);
    let mut network = Network::new(text, "alice", services).with_limits(LIMITS);
    let weather = Weather { actions_max: 1_000, ..Weather::default() };
    network.run(&mut SameThread::ready(), &mut choices, weather).expect("the runner does not fail");
    (script, network)
}

/// Nine of ten runs end without an error of the interpreter, and so they do where a tenth of all calls fails.
#[test]
fn valid_scripts_work() {
    const COUNT: u64 = 3_000;
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    for (failing, garbled) in [(0.0, 0.0), (0.1, 0.03)] {
        let mut distribution = Distribution::default();
        for seed in 0..COUNT {
            let (script, network) = played(&generator, seed, failing, garbled);
            assert!(network.history().is_quiet, "seed {seed} does not end");
            distribution.add(&script);
            distribution.add_history(&script, &network);
        }
        for section in distribution.sections() {
            println!("{} (of {})", section.title, section.of);
            for (name, count) in section.rows {
                println!("  {:6.2} % {name}", count as f64 * 100.0 / section.of as f64);
            }
        }
        let (well, runs) = distribution.runs();
        println!("with {failing} failures {well} of {runs} runs end without an error");
        assert!(well * 100 >= runs * 90);
    }
}

/// All of 100,000 scripts parse, validate and end; few are trivial, nearly all are unique.
#[test]
fn valid_scripts_end() {
    const COUNT: u64 = 100_000;
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    let generator = &generator;
    let part = move |first: u64, step: usize| {
        let (mut trivial, mut texts, mut nodes) = (0_u64, Vec::new(), 0);
        for seed in (first..COUNT).step_by(step) {
            let (script, network) = played(generator, 1_000_000 + seed, 0.05, 0.01);
            assert!(network.history().is_quiet, "seed {seed} does not end:\n{}", print::canonical(script.tree()));
            trivial += u64::from(is_trivial(&script));
            nodes += script.tree().node_count() as u64;
            if seed < 50_000 {
                texts.push(print::compact(script.tree()));
            }
        }
        (trivial, texts, nodes)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first as u64, threads))).collect();
        parts.into_iter().map(|part| part.join().expect("no part fails")).collect()
    });
    let trivial: u64 = parts.iter().map(|(trivial, ..)| trivial).sum();
    let nodes: u64 = parts.iter().map(|(.., nodes)| nodes).sum();
    let unique: BTreeSet<_> = parts.iter().flat_map(|(_, texts, _)| texts).collect();
    println!(
        "{COUNT} scripts of {:.1} instructions on average parse, validate and end; {trivial} are trivial; {} of 50,000 \
         are unique",
        nodes as f64 / COUNT as f64,
        unique.len()
    );
    assert!(trivial * 100 <= COUNT * 5 && unique.len() >= 47_500);
}

/// No call, or one peer, or a single instruction.
fn is_trivial(script: &Script) -> bool {
    let tree = script.tree();
    let mut calls = 0;
    let mut peers = BTreeSet::new();
    for node in tree.node_ids() {
        for (operand, position) in tree.placed_operands(node) {
            calls += u32::from(position == Position::Function);
            if position == Position::Peer {
                let value = &tree.operand(operand).value;
                // Who begins is called so by the network.
                let text = match Class::of(value) {
                    Class::InitPeerId => Some("alice".to_owned()),
                    Class::String => print::descriptor(tree, node).split('"').nth(1).map(str::to_owned),
                    _ => Some(format!("{value:?}")),
                };
                peers.insert(text);
            }
        }
    }
    calls == 0 || peers.len() < 2 || tree.node_count() == 1
}

/// What finds mistakes is in many scripts and histories.
#[test]
fn every_mark_is_reached() {
    const COUNT: u64 = 4_000;
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    let mut distribution = Distribution::default();
    for seed in 0..COUNT {
        let (script, network) = played(&generator, 2_000_000 + seed, 0.1, 0.03);
        distribution.add(&script);
        distribution.add_history(&script, &network);
    }
    let rare: Vec<_> = Mark::ALL.into_iter().filter(|&mark| distribution.marked(mark) < 8).collect();
    println!("of {} marks, {} are in fewer than 8 of {COUNT} histories: {rare:?}", Mark::ALL.len(), rare.len());
    assert_eq!(rare, []);
}
