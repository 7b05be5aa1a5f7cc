//! How many instances of the law of associativity a second: three data are drawn, merged four times, and compared.

use airtight_engine::data::Shared;
use airtight_engine::runner::SameThread;
use airtight_engine::script::{Script, print};
use airtight_generators::{Choices, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather, traces};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// The data that peers held in histories of scripts of up to 20 instructions, by history.
fn histories() -> Vec<Vec<Shared>> {
    let generator = ScriptGenerator::new(ScriptConfig { size: 5..=20, ..ScriptConfig::concurrent() });
    let history = |seed: u64| {
        let mut choices = Seeded::new(seed);
        let text = print::compact(&generator.generate(&mut choices));
        let script = Script::parse(&text).ok()?;
        let mut network = Network::new(text, "init", Services::new(&script, "init", seed));
        network.run(&mut SameThread::ready(), &mut choices, Weather::default()).ok()?;
        Some(traces::of_history(network.history())).filter(|known| known.len() >= 3)
    };
    (0..400).filter_map(history).collect()
}

fn associates([a, b, c]: [&Shared; 3]) -> bool {
    a.merge(b).merge(c) == a.merge(&b.merge(c))
}

fn associativity(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("associativity");
    group.throughput(Throughput::Elements(1));
    let mut choices = Seeded::new(1);
    group.bench_function("free data", |bencher| {
        bencher.iter(|| match traces::family(3, &mut choices).as_slice() {
            [a, b, c] => associates([a, b, c]),
            _ => false,
        });
    });
    let histories = histories();
    group.bench_function("data of histories", |bencher| {
        bencher.iter(|| {
            let known = &histories[choices.below(histories.len() as u32) as usize];
            associates([(); 3].map(|()| &known[choices.below(known.len() as u32) as usize]))
        });
    });
    group.finish();
}

criterion_group!(benches, associativity);
criterion_main!(benches);
