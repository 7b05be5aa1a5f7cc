//! Writes `docs/performance.md` from what the benchmarks measured; measures first if told so.

use airtight_oracle::bench::{Facts, Machine, Measured, Parts, SCENARIOS, Scenario};
use clap::Parser;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Writes how fast both engines are.
#[derive(Parser, Debug)]
struct Arguments {
    /// Run the benchmarks first, with signatures off and on
    #[arg(long)]
    measure: bool,
    /// Where to write, instead of `docs/performance.md`
    #[arg(long)]
    output: Option<PathBuf>,
}

/// One row of the table: a scenario at a size. Times are in seconds.
struct Row {
    scenario: &'static Scenario,
    size: usize,
    off: Pair,
    on: Pair,
    /// Where the time of our engine goes, if this is the size of its scenario at which that was measured.
    parts: Option<Parts>,
}

impl Row {
    fn size(&self) -> String {
        if is_pattern(self.scenario) { String::new() } else { amount(self.size, self.scenario.unit) }
    }

    /// How far apart the times of our engine in the two runs are, as a part of the lesser.
    fn drift(&self) -> f64 {
        self.off.ours.max(self.on.ours) / self.off.ours.min(self.on.ours) - 1.0
    }
}

/// Both engines in one run of the benchmarks.
#[derive(Clone, Copy)]
struct Pair {
    ours: f64,
    theirs: f64,
    /// Whether each is the time of one pass.
    once: [bool; 2],
    runs: [usize; 2],
    /// The wider of the two intervals of the medians, from the middle to an end, as a part.
    spread: f64,
}

impl Pair {
    fn load(facts: &Facts, signatures: bool, scenario: &Scenario, size: usize) -> Result<Self, String> {
        let one = |engine| {
            let key = Facts::key(scenario.id, engine, size);
            let missing = || format!("`{key}` was not measured with {}; run with `--measure`", Facts::name(signatures));
            let (seconds, spread) = Facts::median(signatures, scenario.id, engine, size).ok_or_else(missing)?;
            let measured: Measured = *facts.measured.get(&key).ok_or_else(missing)?;
            Ok::<_, String>((seconds, spread, measured))
        };
        let (ours, theirs) = (one("airtight")?, one("reference")?);
        Ok(Self {
            ours: ours.0,
            theirs: theirs.0,
            once: [ours.2.once, theirs.2.once],
            runs: [ours.2.runs, theirs.2.runs],
            spread: ours.1.max(theirs.1),
        })
    }

    fn ratio(self) -> f64 {
        self.theirs / self.ours
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    if arguments.measure {
        measure(&["--no-default-features"])?;
        measure(&[])?;
    }
    let facts = [Facts::load(false), Facts::load(true)];
    let [off, on] = &facts;
    if off.machine != on.machine {
        return Err("signatures off and on were not measured on one machine and commit; run with `--measure`".into());
    }
    if off.machine.commit.ends_with('+') {
        return Err("what was measured was not committed; commit it, and run with `--measure`".into());
    }
    let mut rows = Vec::new();
    for scenario in SCENARIOS {
        let middle = scenario.sizes.get(scenario.sizes.len() / 2);
        for size in scenario.sizes {
            let parts = off.parts.get(scenario.id).filter(|_| Some(size) == middle).copied();
            if parts.is_none() && Some(size) == middle {
                return Err(format!("the parts of `{}` were not measured; run with `--measure`", scenario.id).into());
            }
            let (off, on) = (Pair::load(off, false, scenario, *size)?, Pair::load(on, true, scenario, *size)?);
            rows.push(Row { scenario, size: *size, off, on, parts });
        }
    }
    let page = page(&rows, &off.machine)?;
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    std::fs::write(arguments.output.unwrap_or(usual), page)?;
    Ok(())
}

/// Runs the benchmarks once.
fn measure(features: &[&str]) -> Result<(), Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "--bench", "scenarios"]).args(features).current_dir(env!("CARGO_MANIFEST_DIR"));
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("the benchmarks ended with {status}").into()) }
}

fn page(rows: &[Row], machine: &Machine) -> Result<String, Box<dyn Error>> {
    let mut out = String::new();
    let [air, criterion] = ["aquavm-air", "criterion"].map(version);
    let Machine { cpu, cores, memory_mib, system, rustc, commit } = machine;
    writeln!(
        out,
        "# Performance\n\n\
         Written by `performance` in [`oracle`](../oracle) from its benchmarks; not by hand.\n\n\
         Airtight beside the reference interpreter (AquaVM {}): the same scripts, peers and answers, each with its own data, \
         in one process and thread, compiled with the same settings. The clock is on one call of the interpreter, bytes in, \
         bytes out: parse, decode, merge, execute, encode. Before a time counts, both asked for the same calls with the same \
         arguments, and their data hold the same events.\n\n\
         A ratio says how many times as long the reference takes. Growth is the exponent between the two larger sizes: 1 is \
         linear, 2 quadratic. The reference was measured without and with its signatures, in two runs; Airtight has none, and \
         each ratio is between two times of one run. The time of Airtight in the table is from the first.\n",
        air?
    )?;
    summary(&mut out, rows)?;
    table(&mut out, rows)?;
    aim(&mut out, rows)?;
    let spread = |pair: fn(&Row) -> Pair| {
        let mut spreads: Vec<_> =
            rows.iter().map(pair).filter(|pair| pair.once == [false; 2]).map(|pair| pair.spread).collect();
        (median(&mut spreads) * 100.0, spreads.last().copied().unwrap_or_default() * 100.0)
    };
    let (usual, widest) = spread(|row| row.off);
    let mut drifts: Vec<_> = rows.iter().map(|row| row.drift() * 100.0).collect();
    let (drift, drift_max) = (median(&mut drifts), drifts.last().copied().unwrap_or_default());
    writeln!(
        out,
        "\n## What was measured\n\n\
         - **All runs** sums the runs of all peers of one particle. A host gives its peer the data that came, then all answers \
         at once until nothing is asked for, then sends its data to whom the interpreter named. One run otherwise: *emit* \
         finds out what to ask for, *consume* takes all answers, *last* takes the last one of many.\n\
         - **Parse** is a run of a script of which nothing is executed.\n\
         - **Merge** is the run of a peer that has one half of the answers and receives the other.\n\
         - **Patterns** are the functions of [`examples/patterns.aqua`](../examples/patterns.aqua), compiled, from the first \
         run to the last, with three peers and a relay; the primary of `failover` fails, and in `race` both say the same.\n\
         - Each time is the median of ten samples of criterion {}; half of the 95 % interval of a median is {usual:.1} % of it \
         in the median of all rows, {widest:.1} % in the worst (signatures off). That is the noise of a second; what the machine \
         does from one minute to the next shows in the times of Airtight in the two runs, which should be the same: they differ \
         by {drift:.0} % in the median of all rows, {drift_max:.0} % in the worst. A ratio is between two times that were \
         measured right after each other.\n\
         - ¹ One pass: a particle that takes longer than two seconds was played once.\n\n\
         ## Machine\n\n\
         | | |\n|---|---|\n\
         | processor | {cpu}, {cores} threads |\n\
         | memory | {memory_mib} MiB |\n\
         | system | {system} |\n\
         | compiler | {rustc}; `opt-level = 3`, thin LTO, one codegen unit |\n\
         | Airtight | commit {commit} |\n\
         | reference | aquavm-air {}, native |\n\n\
         ## How to repeat\n\n\
         ```sh\n\
         cd oracle\n\
         cargo run --release --bin performance -- --measure\n\
         ```\n\n\
         This runs `cargo bench --bench scenarios --no-default-features` (signatures off) and `cargo bench --bench scenarios` \
         (on), and writes this page. A word behind `--` runs the scenarios whose names have it: `cargo bench --bench scenarios \
         -- merge`. The scripts and answers are in [`oracle/src/bench/scenario.rs`](../oracle/src/bench/scenario.rs).",
        criterion?,
        version("aquavm-air")?,
    )?;
    Ok(out)
}

/// The version of a library, as the lock file has it.
fn version(name: &str) -> Result<String, Box<dyn Error>> {
    let lock: toml::Table = include_str!("../../Cargo.lock").parse()?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let text = |package: &toml::Value, key: &str| package.get(key)?.as_str().map(str::to_owned);
    let mut versions = packages.filter(|one| text(one, "name").as_deref() == Some(name));
    versions.find_map(|one| text(one, "version")).ok_or_else(|| format!("`{name}` is not in `Cargo.lock`").into())
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    match numbers {
        [] => f64::NAN,
        _ if numbers.len().is_multiple_of(2) => f64::midpoint(numbers[middle - 1], numbers[middle]),
        _ => numbers[middle],
    }
}

fn is_pattern(scenario: &Scenario) -> bool {
    scenario.sizes.len() == 1
}

/// Medians, and the least.
fn summary(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    writeln!(out, "| median of ratios | signatures off | on |\n|---|--:|--:|")?;
    type Choice = (&'static str, fn(&Row) -> bool);
    let choices: [Choice; 5] = [
        ("scenarios, all sizes", |row| !is_pattern(row.scenario)),
        ("scenarios, smallest size", |row| !is_pattern(row.scenario) && row.scenario.sizes.first() == Some(&row.size)),
        ("scenarios, largest size", |row| !is_pattern(row.scenario) && row.scenario.sizes.last() == Some(&row.size)),
        ("patterns", |row| is_pattern(row.scenario)),
        ("everything", |_| true),
    ];
    for (name, choice) in choices {
        let of = |pair: fn(&Row) -> Pair| {
            let mut ratios: Vec<_> = rows.iter().filter(|row| choice(row)).map(|row| pair(row).ratio()).collect();
            times(median(&mut ratios))
        };
        writeln!(out, "| {name} | {} | {} |", of(|row| row.off), of(|row| row.on))?;
    }
    let least = |pair: fn(&Row) -> Pair| rows.iter().map(|row| pair(row).ratio()).fold(f64::INFINITY, f64::min);
    writeln!(out, "| the least of everything | {} | {} |\n", times(least(|row| row.off)), times(least(|row| row.on)))
}

fn table(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    writeln!(
        out,
        "| scenario | N | runs | Airtight | reference, off | ratio | reference, on | ratio | growth: Airtight | reference, off | on |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )?;
    for (at, row) in rows.iter().enumerate() {
        let Row { scenario, size, off, on, .. } = row;
        let first = scenario.sizes.first() == Some(size);
        let runs = match off.runs {
            [ours, theirs] if ours == theirs => ours.to_string(),
            [ours, theirs] => format!("{ours} / {theirs}"),
        };
        let growths = match at.checked_sub(1).and_then(|before| rows.get(before)) {
            Some(before) if before.scenario.id == scenario.id && scenario.sizes.last() == Some(size) => {
                let by = (*size as f64 / before.size as f64).ln();
                let growth = |small: f64, large: f64| format!("{:.2}", (large / small).ln() / by);
                let theirs = [growth(before.off.theirs, off.theirs), growth(before.on.theirs, on.theirs)];
                format!("{} | {} | {}", growth(before.off.ours, off.ours), theirs[0], theirs[1])
            }
            _ => " | | ".into(),
        };
        let once = |once: bool| if once { " ¹" } else { "" };
        writeln!(
            out,
            "| {} | {} | {runs} | {}{} | {}{} | {} | {}{} | {} | {growths} |",
            if first { scenario.title } else { "" },
            row.size(),
            seconds(off.ours),
            once(off.once[0]),
            seconds(off.theirs),
            once(off.once[1]),
            times(off.ratio()),
            seconds(on.theirs),
            once(on.once[1]),
            times(on.ratio()),
        )?;
    }
    Ok(())
}

/// What is aimed at, with signatures off: this ratio in the median of scenarios, and more than 1 everywhere.
const AIM: f64 = 10.0;

/// Whether the aim was reached, where it was not, and why.
fn aim(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    let of = |row: &Row| row.off.ratio();
    let least = rows.iter().map(of).fold(f64::INFINITY, f64::min);
    let middle = median(&mut rows.iter().filter(|row| !is_pattern(row.scenario)).map(of).collect::<Vec<_>>());
    let reached = |yes: bool| if yes { "reached" } else { "**not reached**" };
    writeln!(
        out,
        "\n## The aim, and what limits it\n\n\
         Airtight aims at {} in the median of the scenarios with signatures off, which is {} ({}), and at being ahead \
         everywhere, which is {} (the least ratio is {}). Less than {} are:\n",
        times(AIM),
        reached(middle >= AIM),
        times(middle),
        reached(least > 1.0),
        times(least),
        times(AIM),
    )?;
    for scenario in SCENARIOS {
        let ratios = rows.iter().filter(|row| row.scenario.id == scenario.id).map(of);
        let low: Vec<_> = ratios.filter(|ratio| *ratio < AIM).collect();
        if low.is_empty() {
            continue;
        }
        let ratios: Vec<_> = low.iter().map(|ratio| times(*ratio)).collect();
        let behind = if low.iter().any(|ratio| *ratio < 1.0) { ", **behind**" } else { "" };
        writeln!(out, "- {}: {}{behind}.", scenario.title, ratios.join(", "))?;
    }
    parts(out, rows)
}

/// Where the time of our engine goes, and what that means for the aim.
fn parts(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    let measured: Vec<(&Row, Parts)> = rows.iter().filter_map(|row| Some((row, row.parts?))).collect();
    let names = Parts::default().named().map(|(name, _)| name);
    writeln!(
        out,
        "\nWhere the time of Airtight goes, at the middle size, signatures off: each part is called by itself, with the same \
         inputs as in the run, and told as a part of the whole run. The rest is what none of them has, as freeing what was made; less than \
         nothing is noise.\n\n\
         | scenario | N | {} | rest | ratio | `execute` alone |\n|---|--:|{}--:|--:|--:|",
        names.join(" | "),
        "--:|".repeat(names.len()),
    )?;
    let kept = |row: &Row, parts: &Parts| row.off.ratio() / parts.share(parts.merge + parts.walk);
    for (row, parts) in &measured {
        let shares = parts.named().map(|(_, part)| percent(parts.share(part)));
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            row.scenario.title,
            row.size(),
            shares.join(" | "),
            percent(parts.rest()),
            times(row.off.ratio()),
            times(kept(row, parts)),
        )?;
    }
    let scenarios = || measured.iter().filter(|(row, _)| !is_pattern(row.scenario));
    let of = |part: fn(&Parts) -> Duration| {
        percent(median(&mut scenarios().map(|(_, parts)| parts.share(part(parts))).collect::<Vec<_>>()))
    };
    let of_id = |id: &'static str| measured.iter().filter(move |(row, _)| row.scenario.id.ends_with(id));
    let walks = of_id("emit").chain(of_id("consume")).map(|(_, parts)| parts.share(parts.walk)).collect::<Vec<_>>();
    let requests = ["fan-out-emit", "fold-stream-emit"]
        .map(|id| of_id(id).map(|(_, parts)| percent(parts.share(parts.requests))).collect::<String>());
    let out_of_reach =
        measured.iter().filter(|(row, parts)| row.off.ratio() < AIM * (1.0 - parts.share(parts.merge + parts.walk)));
    let out_of_reach = out_of_reach.count();
    let alone = median(&mut scenarios().map(|(row, parts)| kept(row, parts)).collect::<Vec<_>>());
    writeln!(
        out,
        "\n- **Script**: read and checked in each run, since a run is told its text. In the median of the scenarios {}.\n\
         - **Decode** and **encode**: of its own data, and of those of another peer. In the median {} and {}.\n\
         - **Walk**: the script is walked over all events, and the arguments of each call are computed again and hashed, since \
         no event is taken on trust. In the median {}. So a particle of n calls that are answered one by one takes time in n², \
         as it does in the reference. In *emit* and *consume* it is {} to {}, and some of these rows have the least ratios: all \
         N calls are new in one run, and of each the walk hashes the arguments, and the answer if it is there, makes a request or \
         an event, and files it by its place.\n\
         - **Requests** and **answers**: JSON that the host reads and writes, of about the same text for both engines. In *emit* \
         the requests are {} and {}.\n\
         - **The value of N bytes** is read as JSON in each run that has it in its data, since those are not taken on trust \
         either, hashed, and written again.\n\n\
         In both engines a run is bytes to bytes and keeps nothing for the next one. The last column says how many times as \
         long the whole run of the reference takes as `airtight_engine::invoke::execute`, which is the same run over a script \
         and data that are values already: {} in the median of the scenarios. A host in Rust that keeps both between runs pays \
         that, and `encode` when it sends. It is no comparison of like with like, since the reference has bytes only; it shows \
         how far the aim is beyond what bytes to bytes can give: with a walk and a merge that took no time at all, {out_of_reach} \
         of these {} rows would still not reach it.",
        of(|parts| parts.script),
        of(|parts| parts.decode),
        of(|parts| parts.encode),
        of(|parts| parts.walk),
        percent(walks.iter().copied().fold(f64::INFINITY, f64::min)),
        percent(walks.iter().copied().fold(0.0, f64::max)),
        requests[0],
        requests[1],
        times(alone),
        measured.len(),
    )
}

fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// Three digits.
fn digits(number: f64) -> String {
    let decimals = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.decimals$}")
}

fn times(ratio: f64) -> String {
    format!("{} ×", digits(ratio))
}

fn seconds(seconds: f64) -> String {
    match seconds {
        small if small < 1e-3 => format!("{} µs", digits(small * 1e6)),
        middle if middle < 1.0 => format!("{} ms", digits(middle * 1e3)),
        large => format!("{} s", digits(large)),
    }
}

fn amount(size: usize, unit: &str) -> String {
    match (unit, size) {
        ("bytes", mib) if mib >= 1 << 20 => format!("{} MiB", mib >> 20),
        ("bytes", kib) => format!("{} KiB", kib >> 10),
        (_, size) => size.to_string(),
    }
}
