//! A campaign: many histories on both engines, and how often each known difference was met.

use airtight_engine::script::Tree;
use airtight_oracle::{
    Campaign, Divergence, FORMS, Ledger, Reference, SIGNATURES, SORTS, Unknown, Verdict, WRITTEN, compare, shrink,
};
use airtight_properties::Subject;
use clap::Parser;
use std::error::Error;
use std::ops::Range;
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
    /// No history begins after so many seconds; a campaign that this ends early fails, unless it played 2,000 histories or
    /// lasted 5 minutes
    #[arg(long)]
    seconds: Option<u64>,
    /// Only scripts of one sort
    #[arg(long)]
    only: Option<Sort>,
    /// No campaign: the history of this entry of the ledger, or with `--script` the first of another script that shows it
    #[arg(long)]
    entry: Option<String>,
    /// No campaign: histories of this script, and whatever differs in them
    #[arg(long, conflicts_with = "write")]
    script: Option<String>,
    /// With `--write`, `--entry` or `--script`, how many histories of a script are tried
    #[arg(long, default_value_t = 256)]
    seeds: u64,
    /// No campaign: the section of the page of findings about the ledger, anew
    #[arg(long)]
    renew: bool,
    /// Write the counts, smaller scripts and their histories into the ledger, and its section of the page of findings
    #[arg(long)]
    write: bool,
}

/// Where scripts come from.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Sort {
    /// The folders and the examples
    Written,
    /// Forms in which several things meet
    Forms,
}

/// What a campaign that its time ended must have come to at least: so many histories, or so many seconds.
const ENOUGH: (u64, u64) = (2_000, 300);

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut ledger = Ledger::load()?;
    if let Some(id) = &arguments.entry {
        return show(ledger, id, arguments.script, arguments.seeds);
    }
    if arguments.renew {
        airtight_oracle::page::renew(&ledger)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(script) = &arguments.script {
        return differences(&ledger, script, arguments.seed..arguments.seed + arguments.seeds);
    }
    let mut campaign = Campaign::new();
    for folder in &arguments.scripts {
        campaign.add(folder);
    }
    let begin = Instant::now();
    let range = arguments.seed..arguments.seed + arguments.histories;
    let seeds = range.map(|seed| match arguments.only {
        None => seed,
        Some(Sort::Written) => seed * SORTS + WRITTEN,
        Some(Sort::Forms) => seed * SORTS + FORMS,
    });
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
    let tried = outcome.histories + outcome.unplayed;
    let cut = match tried < arguments.histories {
        true => format!(" of {} (its {limit} seconds were over)", arguments.histories),
        false => String::new(),
    };
    let told = format!(
        "{} histories{cut} from seed {} on, signatures {}: {} runs, {} calls, {} answers, {} of the histories alike to the \
         end, {} in all respects; {} peers named by ours only; {} differences not in the ledger",
        outcome.histories,
        arguments.seed,
        if SIGNATURES { "on" } else { "off" },
        totals.runs,
        totals.requests,
        totals.answers,
        outcome.ended,
        outcome.equal,
        totals.told_more,
        outcome.unknown.len(),
    );
    if totals.strays > 0 {
        println!("{} ended at a peer that only our engine could name, as by a text of its own", totals.strays);
    }
    println!("\n{told}; {seconds:.1} s");
    if outcome.unplayed > 0 {
        println!("failed: {} more could not be played, since our engine does not read their scripts", outcome.unplayed);
    }
    let enough = cut.is_empty() || outcome.histories >= ENOUGH.0 || seconds >= ENOUGH.1 as f64;
    if !enough {
        println!("failed: too short for a campaign, which is {} histories or {} seconds at least", ENOUGH.0, ENOUGH.1);
    }
    if arguments.write {
        ledger.campaign = told;
        let scripts = outcome.scripts;
        for ((entry, count), script) in ledger.entries.iter_mut().zip(outcome.counts).zip(&scripts) {
            entry.count = count;
            // A longer script may have what is asked for only after it was made smaller.
            if let Some((seed, script)) = script
                && script.len() < entry.script.len()
                && Tree::parse(script.as_str()).is_ok_and(|tree| entry.fits(&tree, Campaign::circumstance(*seed)))
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
        ledger.save()?;
    }
    Ok(if outcome.unknown.is_empty() && outcome.unplayed == 0 && enough {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Shows each difference in histories of a script, and what the ledger says of it.
fn differences(ledger: &Ledger, script: &str, seeds: Range<u64>) -> Result<ExitCode, Box<dyn Error>> {
    let tree = Tree::parse(script).map_err(|error| format!("the script cannot be read:\n{error}"))?;
    let (mut ours, mut theirs) = (Subject::own(), Reference::ready()?);
    let (mut histories, mut unknown) = (0, 0);
    let mut seen: Vec<Divergence> = Vec::new();
    for seed in seeds {
        let compared = compare(&Campaign::case(seed, &tree), &mut ours, &mut theirs)?;
        histories += 1;
        for divergence in compared.divergences {
            if seen.iter().any(|one| one.is_like(&divergence)) {
                continue;
            }
            let smallest = || shrink(seed, &tree, &divergence, &mut ours, &mut theirs);
            let known = ledger.classify(&divergence, Campaign::circumstance(seed), &tree, smallest);
            unknown += usize::from(known.is_err());
            let known = known.map_or("not in the ledger", |known| &ledger.entries[known].id);
            println!("history {seed}, {known}:\n{divergence}\n");
            seen.push(divergence);
        }
    }
    println!("{histories} histories, {} sorts of difference, {unknown} not in the ledger", seen.len());
    Ok(if unknown == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows the difference of an entry, on its own history or on the first one of the script that has it.
fn show(mut ledger: Ledger, id: &str, script: Option<String>, seeds: u64) -> Result<ExitCode, Box<dyn Error>> {
    let number = ledger
        .entries
        .iter()
        .position(|entry| entry.id == id)
        .ok_or_else(|| format!("`divergences.toml` has no entry `{id}`"))?;
    let entry = &mut ledger.entries[number];
    let own = entry.seed.filter(|_| script.is_none());
    if let Some(script) = script {
        entry.script = script;
    }
    let (mut ours, mut theirs) = (Subject::own(), Reference::ready()?);
    for seed in own.into_iter().chain(0..seeds) {
        if Campaign::shows(&ledger, number, seed, &mut ours, &mut theirs)? {
            let entry = &ledger.entries[number];
            println!("{}: {}\n\nhistory {seed} of\n  {}", entry.id, entry.what, entry.script);
            let case = Campaign::case(seed, &Tree::parse(&*entry.script)?);
            for divergence in compare(&case, &mut ours, &mut theirs)?.divergences {
                println!("{divergence}");
            }
            return Ok(ExitCode::SUCCESS);
        }
    }
    println!("{id}: no history shows it");
    Ok(ExitCode::FAILURE)
}
