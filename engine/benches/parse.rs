//! Reading scripts: text to checked tree, and back to text.

use airtight_engine::script::{Script, print};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Every instruction and form once, with names of its own.
fn block(i: usize) -> String {
    format!(
        r#"(new $stream_{i}
  (seq
    (seq
      (call %init_peer_id% ("registry" "resolve") ["service {i}" {i} -2.5 true [] %timestamp% %ttl%] value_{i})
      (par
        (call value_{i}.$.peer_id ("srv" "op") [value_{i} value_{i}.$.field.[0]] $stream_{i})
        (ap (value_{i}.$.name value_{i}) %map_{i})))
    (xor
      (seq
        (seq
          (canon "hub" $stream_{i} #canon_{i})
          (canon "hub" %map_{i} #%entries_{i}))
        (fold #canon_{i} item_{i}
          (par
            (match item_{i}.$.kind "job"
              (mismatch #%entries_{i}.$.key.[0] item_{i}
                (call "worker" ("srv" "each") [item_{i} #canon_{i}.length])))
            (next item_{i}))
          (null)))
      (seq
        (ap :error:.$.message message_{i})
        (xor
          (fail {} "gave up")
          (par (never) (fail :error:)))))))
"#,
        i + 1
    )
}

/// Blocks in a balanced tree, `seq` and `par` alternating, of about this many bytes.
fn mixed(bytes: usize) -> String {
    let mut level: Vec<String> = Vec::new();
    let mut size = 0;
    while size < bytes.saturating_sub(200) {
        level.push(block(level.len()));
        size += level[level.len() - 1].len() + 7;
    }
    let mut keyword = "seq";
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => format!("({keyword} {left} {right})"),
                rest => rest.concat(),
            })
            .collect();
        keyword = if keyword == "seq" { "par" } else { "seq" };
    }
    level.concat()
}

/// A `seq` in a `seq` in a `seq`, of about this many bytes.
fn nested(bytes: usize) -> String {
    let depth = bytes / "(seq (null) )".len();
    "(seq (null) ".repeat(depth) + "(null)" + &")".repeat(depth)
}

fn inputs() -> Vec<(&'static str, String)> {
    vec![
        ("mixed/1KiB", mixed(1 << 10)),
        ("mixed/100KiB", mixed(100 << 10)),
        ("mixed/5MiB", mixed(5 << 20)),
        ("nested/1MiB", nested(1 << 20)),
    ]
}

fn parse(c: &mut Criterion) {
    let mut group = c.benchmark_group("parse");
    for (name, text) in inputs() {
        let script = Script::parse(&text).expect("the script is valid");
        let bytes_per_byte = script.heap_bytes() as f64 / text.len() as f64;
        eprintln!("{name}: {} bytes of text, {bytes_per_byte:.2} bytes of tree per byte", text.len());
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter_batched(|| (), |()| Script::parse(black_box(&text)), BatchSize::PerIteration);
        });
    }
}

fn print(c: &mut Criterion) {
    let mut group = c.benchmark_group("print");
    for (name, text) in inputs() {
        let script = Script::parse(&text).expect("the script is valid");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| print::canonical(black_box(script.tree())));
        });
    }
}

criterion_group!(benches, parse, print);
criterion_main!(benches);
