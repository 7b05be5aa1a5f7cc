//! The laws held against the reference, and its known defects found again: the report `docs/reference-findings.md`.

use airtight_oracle::bench::{Machine, today};
use airtight_oracle::rediscovery::{By, DEFECTS, Defect, Found, SCRIPTS, Sought, generated, streams, through};
use airtight_oracle::{Ledger, SIGNATURES, VERSION, page};
use airtight_properties::{Comparison, Counterexample, Law, Options, Verdict, law, laws};
use clap::Parser;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Holds the laws against the reference and writes what came of it as a page.
#[derive(Parser, Debug)]
struct Arguments {
    /// The file to write; the standard output if there is none
    #[arg(long)]
    write: Option<PathBuf>,
    /// Histories of each written script
    #[arg(long, default_value_t = 64)]
    histories: u64,
    /// Generated scripts for each law
    #[arg(long, default_value_t = 100)]
    scripts: u64,
    /// Histories of each generated script
    #[arg(long, default_value_t = 4)]
    each: u64,
    /// No script is begun after so many seconds of one hunt
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Decides everything that is left to chance
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The server of the reference; beside this program if it is not given
    #[arg(long)]
    server: Option<PathBuf>,
}

/// How two data are compared, where a law asks that.
const fn comparison_name(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Bytes => "bytes",
        Comparison::States => "states",
        Comparison::Events => "events",
        Comparison::Outcomes => "outcomes",
    }
}

fn verdict_name(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Holds => "not seen to fail".into(),
        Verdict::Fails => "**fails**".into(),
        Verdict::Vacuous => "not met".into(),
        Verdict::NotApplied(why) => format!("not applied: {why}"),
    }
}

/// The script of what was found, in a cell; a long one stands below, under this title.
fn script_of(found: &Found, title: &str, below: &mut String) -> String {
    let Some(Counterexample { case, .. }) = &found.counterexample else { return String::new() };
    if !page::is_short(&case.script) {
        below.push_str(&format!("{title}:\n\n{}\n", page::script_block(&case.script)));
    }
    page::script_cell(&case.script)
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

/// What decides what is found, from this package.
const HELD: [&str; 7] =
    ["../engine", "../generators", "../properties", "src", "divergences.toml", "Cargo.toml", "Cargo.lock"];

/// When and where, and what was held against what, in a sentence.
fn run_of(machine: &Machine) -> String {
    let Machine { cpu, cores, memory_mib, system, rustc, commit } = machine;
    let date = today();
    format!(
        "That was on {date}, at commit `{commit}`, on {cpu}, {cores} threads, {memory_mib} MiB of memory, {system}, {rustc}."
    )
}

/// How often a defect is looked for on its own script, each time with another seed.
const WRITTEN_TRIED: u64 = 4;

/// The laws that ask whether two data are alike.
const COMPARING: [&str; 3] = ["run-word-law", "repetition", "unknown-answers"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let server = match &arguments.server {
        Some(server) => server.clone(),
        None => std::env::current_exe()?.with_file_name(format!("airtight-reference{}", std::env::consts::EXE_SUFFIX)),
    };
    if !server.is_file() {
        return Err(format!("there is no server at {}: build it (`cargo build --release`)", server.display()).into());
    }
    let mut text = String::new();
    write!(
        text,
        "# What the laws find in the reference interpreter\n\n\
         Airtight's harness can hold its laws ([`laws.md`](laws.md)) against any interpreter of AIR. Here it held them \
         against the reference interpreter, AquaVM {VERSION} (signatures {}), as a black box: only its public functions were \
         called. The sections about laws were made by Airtight {} with\n\n```text\ncd oracle\ncargo build --release\n\
         cargo run --release --bin findings -- --histories {} --scripts {} --each {} --seconds {} --seed {} --write \
         ../docs/reference-findings.md\n```\n\n\
         {}\n\n\
         ## How to read the tables\n\n\
         A *history* is one particle from beginning to end: peers get messages in some order, some of them twice or late, \
         services answer, peers crash and come back. A law is held against history after history of a script until one \
         breaks it. *Scripts* and *histories* say how many were tried until then, *seconds* how long that took on the machine that \
         made this page. The case found is then made smaller as long as it still breaks the law; the *smallest script* is what is \
         left.\n\n\
         Some laws say that two data are equal, and an interpreter may be held to that more or less strictly. Equal *by \
         bytes*: the same bytes. *By states*: the same entries in the same order, which includes who made a request. *By \
         events*: the same answers and canons, in whatever order. *By outcomes*: a run over either asks for the same calls, names \
         the same peers and ends with the same code.\n\n\
         The reference was driven in two ways: *direct*, as a library in a thread of the harness; and by *JSON-RPC*, as the \
         program `airtight-reference`, whose memory is bounded, so that hostile data can be given to it without harm. \
         Peers of the reference are named by their keys, so names are mapped; where a text becomes a peer that the script has \
         nowhere in the place of one, that comes too late, and what breaks a law then is not counted.\n\n",
        if SIGNATURES { "on" } else { "off" },
        env!("CARGO_PKG_VERSION"),
        arguments.histories,
        arguments.scripts,
        arguments.each,
        arguments.seconds,
        arguments.seed,
        run_of(&Machine::here_of(&HELD)),
    )?;
    defects(&arguments, &server, &mut text)?;
    table_of_laws(&arguments, &server, &mut text)?;
    text.push_str(&page::differences(&Ledger::load()?));
    match &arguments.write {
        Some(file) => std::fs::write(file, text)?,
        None => print!("{text}"),
    }
    Ok(())
}

/// The known defects: each one on its script, as a library and by JSON-RPC, and on generated scripts.
fn defects(arguments: &Arguments, server: &Path, out: &mut String) -> Result<(), Box<dyn Error>> {
    out.push_str(
        "## Known defects, found again\n\n\
         These defects of the reference were known before. Each is looked for with the one law that it breaks: on a script \
         that was written for it (*written*), with the reference driven in both ways, and on random scripts (*random*), where the \
         harness is told nothing. A case counts only if it, when it is as small as it gets, has what the defect is about, as a \
         fold in another one. What may take any amount of memory is not tried directly. Below the table, each is shown in \
         full.\n\n\
         | defect | law | equal by | script | driven | verdict | scripts | histories | seconds | smallest script |\n\
         |---|---|---|---|---|---|--:|--:|--:|---|\n",
    );
    let mut details = String::new();
    let time_max = Duration::from_secs(arguments.seconds);
    for defect in &DEFECTS {
        let law = law(defect.law).ok_or("there is no such law")?;
        let bounds = Options { runs: arguments.histories, seed: arguments.seed, ..Options::default() };
        let mut options = defect.options(&bounds);
        let ways = if defect.direct {
            vec![(By::Direct, false), (By::Rpc(server), false), (By::Direct, true)]
        } else {
            vec![(By::Rpc(server), false), (By::Rpc(server), true)]
        };
        let mut shown: Option<Found> = None;
        let mut below = String::new();
        for (by, made_up) in ways {
            let mut subject = by.subject(defect.comparison)?;
            let found = if made_up {
                options.runs = arguments.each;
                let scripts = generated((defect.config)(), arguments.seed, arguments.scripts);
                through(law, &mut subject, scripts, &options, defect.into(), time_max)?
            } else {
                // What happens by chance may be gone when it is looked at once more, to make it small.
                let mut found = Found::NOTHING;
                for attempt in 0..WRITTEN_TRIED {
                    let script = std::iter::once(defect.script.to_owned());
                    let options = Options { seed: arguments.seed + attempt, ..options.clone() };
                    let more = through(law, &mut subject, script, &options, defect.into(), time_max)?;
                    found = found.then(more);
                    if found.counterexample.is_some() {
                        break;
                    }
                }
                found
            };
            let script = script_of(&found, &format!("Found on random scripts, {}", by.name()), &mut below);
            writeln!(
                out,
                "| {} | `{}` | {} | {} | {} | {} | {} | {} | {} | {script} |",
                defect.name,
                defect.law,
                comparison_name(defect.comparison),
                if made_up { "random" } else { "written" },
                by.name(),
                if found.counterexample.is_some() { "**fails**" } else { "not seen" },
                found.scripts,
                found.histories,
                seconds(found.time),
            )?;
            eprintln!("{}: {} {} {:?}", defect.name, by.name(), found.histories, found.verdict);
            if shown.is_none() && found.counterexample.is_some() {
                shown = Some(found);
            }
        }
        detail(&mut details, defect, law, shown.and_then(|found| found.counterexample))?;
        details.push_str(&below);
    }
    out.push('\n');
    out.push_str(&details);
    Ok(())
}

/// How a defect shows, in full.
fn detail(out: &mut String, defect: &Defect, law: &Law, found: Option<Counterexample>) -> Result<(), Box<dyn Error>> {
    writeln!(
        out,
        "### {}\n\n{}. The law `{}`: {}.\n",
        defect.name,
        page::capital(defect.what),
        law.name,
        law.statement
    )?;
    let Some(found) = found else {
        writeln!(
            out,
            "**It was not found again** within these bounds, on this script:\n\n```air\n{}\n```\n",
            defect.script
        )?;
        return Ok(());
    };
    writeln!(out, "```air\n{}\n```\n", found.case.script.trim_end())?;
    writeln!(out, "```text")?;
    for (peer, what) in &found.violation.story {
        writeln!(out, "{peer:8} {}", in_words(what))?;
    }
    writeln!(out, "\nbroken: {}", found.violation.statement)?;
    for (name, what) in &found.violation.parts {
        let short: String = what.trim_end().chars().take(300).collect();
        writeln!(out, "{name}: {}", short.replace('\n', "\n  "))?;
    }
    for side in found.violation.sides.iter().chain(&found.violation.data) {
        writeln!(out, "{}:", side.label)?;
        for state in side.trace.iter().take(12) {
            writeln!(out, "  {}", state.chars().take(160).collect::<String>())?;
        }
    }
    writeln!(out, "```\n")?;
    Ok(())
}

/// A line of a story; it tells what a host drops as the program has it.
fn in_words(line: &str) -> String {
    match line.strip_prefix("drops ") {
        Some("Start") => "drops the script, which is broken".into(),
        Some("Current") => "drops the data that came".into(),
        Some(answer) => {
            let call = answer.split("call: ").nth(1).and_then(|call| call.split(|c: char| !c.is_ascii_digit()).next());
            call.map_or_else(|| line.to_owned(), |call| format!("drops the answer to #{call}"))
        }
        None => line.to_owned(),
    }
}

/// Every law, on the written scripts and then on generated ones, by JSON-RPC, since data may make it take any memory.
fn table_of_laws(arguments: &Arguments, server: &Path, out: &mut String) -> Result<(), Box<dyn Error>> {
    write!(
        out,
        "## All laws\n\n\
         By JSON-RPC, on {} written scripts ({} histories each) and then on {} generated ones ({} histories each), until \
         the law fails. `not met` is a law whose premise no history had. Where the reference has no outcome, nothing is \
         known of a law, but for `totality` and `any-data`, which are about that.\n\n\
         | law | alike by | verdict | scripts tried | histories | seconds | smallest script |\n|---|---|---|--:|--:|--:|---|\n",
        SCRIPTS.len(),
        arguments.each * 4,
        arguments.scripts,
        arguments.each,
    )?;
    let time_max = Duration::from_secs(arguments.seconds);
    let mut not_applied: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut below = String::new();
    for law in laws() {
        let comparisons: &[Comparison] = if COMPARING.contains(&law.name) {
            &[Comparison::Bytes, Comparison::States, Comparison::Events, Comparison::Outcomes]
        } else {
            &[Comparison::Events]
        };
        for comparison in comparisons {
            let mut subject = By::Rpc(server).subject(*comparison)?;
            let bounds = |runs| Options { runs, seed: arguments.seed, ..Options::default() };
            let written = SCRIPTS.iter().map(|script| (*script).to_owned());
            let mut found = through(law, &mut subject, written, &bounds(arguments.each * 4), Sought::ANY, time_max)?;
            if matches!(found.verdict, Verdict::Holds | Verdict::Vacuous) {
                let scripts = generated(streams(), arguments.seed, arguments.scripts);
                let more = through(law, &mut subject, scripts, &bounds(arguments.each), Sought::ANY, time_max)?;
                found = found.then(more);
            }
            if let Verdict::NotApplied(why) = found.verdict {
                let laws = not_applied.entry(why).or_default();
                let name = format!("`{}`", law.name);
                if !laws.contains(&name) {
                    laws.push(name);
                }
                continue;
            }
            let alike = if comparisons.len() > 1 { comparison_name(*comparison) } else { "" };
            let by = if alike.is_empty() { String::new() } else { format!(", by {alike}") };
            let script = script_of(&found, &format!("`{}`{by}", law.name), &mut below);
            writeln!(
                out,
                "| `{}` | {alike} | {} | {} | {} | {} | {script} |",
                law.name,
                verdict_name(&found.verdict),
                found.scripts,
                found.histories,
                seconds(found.time),
            )?;
            eprintln!("{} {alike}: {} {:?}", law.name, found.histories, found.verdict);
        }
    }
    out.push('\n');
    out.push_str(&below);
    for (why, laws) in not_applied {
        writeln!(out, "Not applied, because {why}: {}.\n", laws.join(", "))?;
    }
    Ok(())
}
