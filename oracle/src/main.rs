//! A campaign: many histories on both engines, and how often each known difference was met.

use airtight_oracle::{Campaign, Ledger, Reference, SIGNATURES, Unknown, Verdict};
use airtight_properties::Subject;
use clap::Parser;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Plays histories on Airtight's engine and on the reference, and holds what they say against the ledger.
#[derive(Parser, Debug)]
struct Arguments {
    /// How many histories
    #[arg(long, default_value_t = 2000)]
    histories: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folders with more scripts
    #[arg(long)]
    scripts: Vec<PathBuf>,
    /// No history begins after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Only the scripts of the folders and the examples
    #[arg(long)]
    written: bool,
    /// With `--write`, how many histories of the script of an entry are tried, until one shows the difference
    #[arg(long, default_value_t = 256)]
    seeds: u64,
    /// Write the counts, smaller scripts and their histories into the ledger
    #[arg(long)]
    write: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut ledger = Ledger::load()?;
    let mut campaign = Campaign::new();
    for folder in &arguments.scripts {
        campaign.add(folder);
    }
    let begin = Instant::now();
    let range = arguments.seed..arguments.seed + arguments.histories;
    let seeds = range.map(|seed| if arguments.written { seed * 4 + 3 } else { seed });
    let limit = arguments.seconds.unwrap_or(u64::MAX);
    let seeds = seeds.take_while(|_| begin.elapsed().as_secs() < limit);
    let outcome = campaign.run(&ledger, seeds, |Unknown { seed, script, divergence }| {
        println!("not in the ledger, seed {seed}:\n  {script}\n{divergence}\n");
    })?;
    let seconds = begin.elapsed().as_secs_f64();
    for (entry, count) in ledger.entries.iter().zip(&outcome.counts) {
        let verdict = match entry.verdict {
            Verdict::Defect => "defect",
            Verdict::Deliberate => "deliberate",
            Verdict::Ours => "OURS",
        };
        println!("{count:8}  {verdict:10}  {:8}  {}", entry.tag, entry.id);
    }
    let totals = &outcome.totals;
    let told = format!(
        "{} histories from seed {} on, signatures {}: {} runs, {} calls, {} answers, {} of the histories alike to the \
         end, {} in all respects; {} differences not in the ledger",
        outcome.histories,
        arguments.seed,
        if SIGNATURES { "on" } else { "off" },
        totals.runs,
        totals.requests,
        totals.answers,
        outcome.ended,
        outcome.equal,
        outcome.unknown.len(),
    );
    println!("\n{told}; {} peers named by ours only; {seconds:.1} s", totals.told_more);
    if arguments.write {
        ledger.campaign = told;
        let scripts = outcome.scripts;
        for ((entry, count), script) in ledger.entries.iter_mut().zip(outcome.counts).zip(&scripts) {
            entry.count = count;
            if let Some((seed, script)) = script
                && script.len() < entry.script.len()
            {
                (entry.seed, entry.script) = (Some(*seed), script.clone());
            }
        }
        let (mut ours, mut theirs) = (Subject::own(), Reference::ready()?);
        for (number, seen) in scripts.into_iter().enumerate() {
            let mut shows = |ledger: &Ledger, seed| {
                Campaign::shows(ledger, number, seed, &mut ours, &mut theirs).is_ok_and(|shows| shows)
            };
            let known = ledger.entries[number].seed;
            let mut found = known.into_iter().chain(0..arguments.seeds).find(|seed| shows(&ledger, *seed));
            if found.is_none()
                && let Some((seed, script)) = seen
            {
                // The whole script of the history shows it, however long it is.
                (ledger.entries[number].script, found) = (script, Some(seed));
            }
            ledger.entries[number].seed = found;
            if found.is_none() {
                println!("{}: no history shows it", ledger.entries[number].id);
            }
        }
        std::fs::write(Ledger::path(), toml::to_string_pretty(&ledger)?)?;
    }
    Ok(if outcome.unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
