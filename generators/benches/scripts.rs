//! How many scripts a second.

use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn scripts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scripts");
    let profiles = [
        ("small", ScriptConfig::small()),
        ("valid", ScriptConfig::valid()),
        ("grammatical", ScriptConfig::grammatical()),
    ];
    for (name, config) in profiles {
        let generator = ScriptGenerator::new(config);
        let mut choices = Seeded::new(1);
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(generator.generate(&mut choices))));
    }
    group.finish();
}

criterion_group!(benches, scripts);
criterion_main!(benches);
