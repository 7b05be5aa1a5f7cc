//! Puts the faults of the zoo into our engine, one at a time, and looks whether the campaign tells: a ledger that took what a
//! mistake of ours does for known would make it blind.

use airtight_oracle::witness::{Seen, Testimony};
use airtight_oracle::{Ledger, VERSION, page};
use airtight_zoo::fault::{Fault, Zoo};
use airtight_zoo::scratch::{Program, Scratch};
use clap::Parser;
use serde_json::json;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

/// Puts faults into a copy of our engine, one at a time, and plays histories on it and on the reference until one shows a
/// difference that is not in the ledger.
///
/// The exit code is 0 if each fault was told, or is listed in `silent.toml` with the reason why nothing tells it, and the engine without a fault gave no alarm.
#[derive(Parser, Debug)]
struct Arguments {
    /// Ids of faults, as in `F01`; all of them and the engine without any if none is given
    ids: Vec<String>,
    /// Without ids, faults of this importance, or graver: 1 are silently wrong results
    #[arg(long, default_value_t = 3)]
    importance: u8,
    /// How many histories for each
    #[arg(long, default_value_t = 1000)]
    histories: u64,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// After so many seconds a campaign has hung, which tells the fault
    #[arg(long, default_value_t = 240)]
    seconds: u64,
    /// Write what was seen to this file, as a section of `docs/strength.md`
    #[arg(long, conflicts_with = "ids")]
    save: Option<PathBuf>,
}

/// What is built faster than it runs.
const FAST: &str = "debug = false\nopt-level = 0\ncodegen-units = 64";

/// What plays the histories. Its members are built fast, and run fast enough.
const WITNESS: Program = Program {
    parts: &[
        "Cargo.toml",
        "Cargo.lock",
        "cli",
        "engine",
        "examples",
        "generators",
        "oracle",
        "properties",
        "snapshots",
    ],
    searchers: &[],
    workspace: "oracle",
    package: "airtight-oracle",
    name: "witness",
    release: true,
    members: &[
        ("airtight-engine", "debug = false\nopt-level = 1\ncodegen-units = 64"),
        ("airtight-generators", FAST),
        ("airtight-properties", FAST),
        ("airtight-zoo", FAST),
        ("airtight-oracle", FAST),
    ],
};

/// How a campaign on a faulty engine ended.
enum Told {
    /// With a difference, or without one.
    Said(Testimony),
    /// It took too long.
    Hang,
    /// Its process ended.
    Death,
}

impl Told {
    fn is_silent(&self) -> bool {
        matches!(self, Self::Said(Testimony { difference: None, unplayed: 0, .. }))
    }

    /// After how many histories, in what the two differed, and the script.
    fn cells(&self) -> [String; 3] {
        match self {
            Self::Said(Testimony { histories, difference: Some(Seen { kind, detail, script, .. }), .. }) => {
                [histories.to_string(), format!("{kind} ({detail})"), page::script_cell(script).replace("below", "")]
            }
            Self::Said(Testimony { unplayed: 0, .. }) => [String::new(), "nothing".into(), String::new()],
            Self::Said(Testimony { .. }) => [String::new(), "scripts that are not read".into(), String::new()],
            Self::Hang => [String::new(), "hang".into(), String::new()],
            Self::Death => [String::new(), "death".into(), String::new()],
        }
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::parse();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let zoo = Zoo::read(&root.join("properties/zoo"))?;
    let mut wanted: Vec<Option<&Fault>> = Vec::new();
    for id in &arguments.ids {
        wanted.push(Some(zoo.faults.get(id).ok_or_else(|| format!("the zoo has no fault `{id}`"))?));
    }
    if wanted.is_empty() {
        wanted = std::iter::once(None)
            .chain(zoo.faults.values().filter(|fault| fault.importance <= arguments.importance).map(Some))
            .collect();
    }
    let scratch = Scratch::new(&root, WITNESS)?;
    let mut seen: Vec<(&Fault, Told)> = Vec::new();
    let mut alarm = None;
    std::thread::scope(|scope| -> Result<(), Box<dyn Error>> {
        let (sender, built) = sync_channel(1);
        let (scratch, wanted) = (&scratch, &wanted);
        scope.spawn(move || {
            for fault in wanted {
                if sender.send((*fault, scratch.build(*fault))).is_err() {
                    return;
                }
            }
        });
        for (fault, witness) in built {
            let witness = witness?;
            let told = ask(&witness, &arguments);
            std::fs::remove_file(&witness)?;
            let told = told?;
            println!("{:8} {}", fault.map_or("correct", |fault| &fault.id), told.cells().join("  "));
            match fault {
                Some(fault) => seen.push((fault, told)),
                None => alarm = Some(!told.is_silent()),
            }
        }
        Ok(())
    })?;
    let told = seen.iter().filter(|(_, told)| !told.is_silent()).count();
    let alarms = match alarm {
        Some(true) => "; an alarm without a fault",
        Some(false) => "; no alarm without a fault",
        None => "",
    };
    println!("\n{told} of {} told{alarms}", seen.len());
    let silent: BTreeMap<String, String> =
        toml::from_str(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("silent.toml"))?)?;
    let wrong = |(fault, told): &&(&Fault, Told)| told.is_silent() != silent.contains_key(&fault.id);
    let wrong: Vec<&str> = seen.iter().filter(wrong).map(|(fault, _)| &*fault.id).collect();
    if !wrong.is_empty() {
        println!("`silent.toml` says otherwise: {}", wrong.join(", "));
    }
    if let Some(file) = &arguments.save {
        let section = section(&arguments, &seen, &silent, alarms)?;
        std::fs::write(file, serde_json::to_string_pretty(&section)? + "\n")?;
    }
    Ok(if wrong.is_empty() && alarm != Some(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets a witness play.
fn ask(witness: &Path, arguments: &Arguments) -> Result<Told, Box<dyn Error>> {
    let mut command = Command::new(witness);
    command.args(["--histories", &arguments.histories.to_string(), "--seed", &arguments.seed.to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let end = Instant::now() + Duration::from_secs(arguments.seconds);
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Ok(Told::Hang);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // What it says fits into the buffer of a pipe, so that it came to its end.
    let output = child.wait_with_output()?;
    Ok(serde_json::from_slice(&output.stdout).map_or(Told::Death, Told::Said))
}

/// What was seen, as a section of the page.
fn section(
    arguments: &Arguments,
    seen: &[(&Fault, Told)],
    silent: &BTreeMap<String, String>,
    alarms: &str,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let told: Vec<_> = seen.iter().filter(|(_, told)| !told.is_silent()).collect();
    let mut histories: Vec<u64> = told
        .iter()
        .filter_map(|(_, told)| match told {
            Told::Said(testimony) => testimony.difference.as_ref().map(|_| testimony.histories),
            Told::Hang | Told::Death => None,
        })
        .collect();
    histories.sort_unstable();
    let middle = histories.get(histories.len() / 2).copied().unwrap_or_default();
    let most = histories.last().copied().unwrap_or_default();
    let hung = told.iter().filter(|(_, told)| matches!(told, Told::Hang)).count();
    let rows: Vec<Vec<String>> = seen
        .iter()
        .map(|(fault, told)| {
            let why = silent.get(&fault.id).filter(|_| told.is_silent());
            let [histories, differs, script] = told.cells();
            let shown = why.map_or(script, |why| page::cell(why));
            vec![fault.id.clone(), histories, differs, shown]
        })
        .collect();
    Ok(json!({
        "title": "Faults that the reference tells",
        "text": [
            format!(
                "Other than the laws, the differential campaign of [`oracle/`](../oracle) knows what a script means from somebody \
                 else: the reference interpreter, AquaVM {VERSION}. It plays honest histories on both engines and has a ledger of \
                 {} known sorts of difference. A ledger that explained too much would explain mistakes of ours as well. So each \
                 fault of the zoo{} was put into our engine, and histories from seed {} on were played, until one showed what is \
                 not in the ledger, {} at most.",
                Ledger::load()?.entries.len(),
                match arguments.importance {
                    1 => " that makes results silently wrong",
                    2 => " of the importance 1 or 2",
                    _ => "",
                },
                arguments.seed,
                arguments.histories,
            ),
            format!(
                "**{} of {} faults are told**, {hung} of them by a campaign that took too long, the others after {middle} histories in the \
                 median, {most} at most{alarms}. For those of which nothing is told the last column says why.",
                told.len(),
                seen.len(),
            ),
        ],
        "columns": ["fault", "histories", "what differs", "smallest script, or why nothing is told"],
        "rows": rows,
        "command": format!(
            "cd oracle && cargo run --release --bin faults -- --importance {} --histories {} --seed {} --save ../docs/strength/reference.json",
            arguments.importance, arguments.histories, arguments.seed,
        ),
    }))
}
