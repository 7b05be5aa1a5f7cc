//! Tries out the faults of the zoo, and keeps the scoreboard.

mod keeper;
mod scoreboard;

use airtight_zoo::fault::{self, Fault, Zoo};
use airtight_zoo::scratch::{Program, Scratch};
use clap::Parser;
use keeper::{Effort, Findings};
use scoreboard::{COLUMNS, CORRECT, Score, Scoreboard, Section};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::sync_channel;

/// Puts faults into a copy of the engine, one at a time, and holds the laws against it.
///
/// Findings are kept in `target/zoo/` and used again, unless the fault, the engine, the laws or the effort changed. The
/// exit code is 0 if every fault was found with every seed and the correct engine with none.
#[derive(Parser)]
#[command(name = "airtight-zoo")]
struct Args {
    /// Ids of faults, as in `F01`.
    ids: Vec<String>,
    /// All faults, and the engine without any.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// The faults that CI runs, and the engine without any.
    #[arg(long, conflicts_with_all = ["ids", "all"])]
    ci: bool,
    /// How many seeds.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// How long to hunt with each seed.
    #[arg(long, default_value = "10s")]
    time: humantime::Duration,
    /// How long to look which laws find the fault, with the first seed.
    #[arg(long, default_value = "0s")]
    finders: humantime::Duration,
    /// Hunt again, even if nothing changed.
    #[arg(long)]
    again: bool,
    /// Save the scoreboard to this file; with faults that were not tried now as they were in it.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Write the scoreboard and what else was measured to this page; alone, from the file that `--save` names or the
    /// usual one.
    #[arg(long, value_name = "PAGE")]
    write: Option<PathBuf>,
}

/// Findings as they are kept, with what they depend on.
#[derive(Serialize, Deserialize)]
struct Kept {
    key: String,
    hunts: Vec<airtight_zoo::hunt::Hunted>,
    finders: BTreeMap<String, f64>,
}

/// What holds the laws against an engine. Its members are built like those of the workspace, but for one setting.
const ATTACKER: Program = Program {
    parts: &["Cargo.toml", "Cargo.lock", "cli", "engine", "generators", "properties", "snapshots"],
    searchers: &[
        "generators/src",
        "properties/src",
        "properties/zoo/src/hunt.rs",
        "properties/zoo/src/bin/attacker.rs",
    ],
    workspace: "",
    package: "airtight-zoo",
    name: "attacker",
    release: false,
    members: &[
        ("airtight-engine", "debug = false"),
        ("airtight-generators", "debug = false"),
        ("airtight-properties", "debug = false"),
        ("airtight-zoo", "debug = false"),
    ],
};

/// How many times as long as a fault the engine without any is looked at, but in CI.
const CORRECT_FACTOR: u32 = 7;

/// Where the scoreboard of the whole zoo is, from the root of the workspace.
const SCOREBOARD: &str = "properties/zoo/scoreboard.json";

fn main() -> ExitCode {
    match keep(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Does what it is asked for, and says whether all is found.
fn keep(args: &Args) -> Result<bool, String> {
    let zoo_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = zoo_folder.ancestors().nth(2).ok_or("the zoo has no workspace around it")?;
    let zoo = Zoo::read(zoo_folder).map_err(|error| error.to_string())?;
    let wanted = wanted(args, &zoo)?;
    let file = args.save.clone().unwrap_or_else(|| root.join(SCOREBOARD));
    let known = fs::read(&file).ok().map(|text| serde_json::from_slice::<Scoreboard>(&text));
    let known = known.transpose().map_err(|error| format!("`{}`: {error}", file.display()))?;
    let only_writes = wanted.is_empty() && args.write.is_some();
    let scratch = Scratch::new(root, ATTACKER).map_err(|error| format!("cannot read the workspace: {error}"))?;
    let (mut board, broken) = match known {
        Some(known) if only_writes => {
            if known.digest != scratch.digest() {
                eprintln!(
                    "note: the engine or the laws changed since the zoo was tried out; `--all` tries it out anew"
                );
            }
            (known, Vec::new())
        }
        None if only_writes => return Err(format!("there is no `{}`; try out faults first", file.display())),
        known => {
            let (mut board, broken) = try_out(args, &scratch, root, &zoo, &wanted)?;
            if let Some(known) = known.filter(|_| args.save.is_some() && !args.all) {
                let known_faults = known.faults.into_iter().filter(|(id, _)| zoo.faults.contains_key(id));
                known_faults.for_each(|(id, score)| {
                    board.faults.entry(id).or_insert(score);
                });
                board.correct = board.correct.or(known.correct);
                board.finders_seconds = board.finders_seconds.max(known.finders_seconds);
                board.digest = known.digest;
            }
            (board, broken)
        }
    };
    refresh(&mut board, &zoo);
    if !only_writes && (args.all || args.save.is_some()) {
        let text = serde_json::to_string_pretty(&board).map_err(|error| error.to_string())? + "\n";
        fs::write(&file, text).map_err(|error| format!("cannot write `{}`: {error}", file.display()))?;
    }
    // A page about a part of the faults would say more than was seen.
    if let Some(page) = args.write.as_ref().filter(|_| broken.is_empty()) {
        let sections = Section::read(&root.join("docs/strength"))?;
        fs::write(page, board.page(&sections))
            .map_err(|error| format!("cannot write `{}`: {error}", page.display()))?;
    }
    print!("{}", board.summary());
    if !broken.is_empty() {
        return Err(format!("{} cannot be tried out", broken.join(", ")));
    }
    Ok(only_writes || board.missed().next().is_none() && board.alarms() == 0)
}

/// What headers of patches say may change without another hunt.
fn refresh(board: &mut Scoreboard, zoo: &Zoo) {
    board.faults.retain(|id, _| zoo.faults.contains_key(id));
    for (id, score) in &mut board.faults {
        if let Some(Fault { statement, importance, expected, .. }) = zoo.faults.get(id).cloned() {
            (score.statement, score.importance, score.expected) = (statement, importance, expected);
        }
    }
}

/// The faults that are asked for, and the engine without any.
fn wanted<'z>(args: &Args, zoo: &'z Zoo) -> Result<Vec<Option<&'z Fault>>, String> {
    if args.all || args.ci {
        let faults = zoo.faults.values().filter(|fault| args.all || fault.ci).map(Some);
        return Ok(std::iter::once(None).chain(faults).collect());
    }
    let fault = |id: &String| match (zoo.faults.get(id), zoo.impossible.get(id)) {
        _ if id == CORRECT => Ok(None),
        (Some(fault), _) => Ok(Some(fault)),
        (None, Some(impossible)) => Err(format!("{id} is impossible by design: {}", impossible.reason)),
        (None, None) if fault::ids().any(|known| known == *id) => Err(format!("there is no patch for {id}")),
        (None, None) => Err(format!("there is no fault `{id}`; faults are F01 to F{}", fault::COUNT)),
    };
    let wanted: Vec<_> = args.ids.iter().map(fault).collect::<Result<_, _>>()?;
    if wanted.is_empty() && args.write.is_none() {
        return Err("no fault is named; try `--all`, `--ci`, or ids such as `F01`".into());
    }
    Ok(wanted)
}

/// The scoreboard, and the faults that could not be tried out.
type Tried = (Scoreboard, Vec<String>);

/// Tries out faults; while one is hunted, the next one is built.
fn try_out(args: &Args, scratch: &Scratch, root: &Path, zoo: &Zoo, wanted: &[Option<&Fault>]) -> Result<Tried, String> {
    // All of them, before the first is built: a patch that does not apply is a matter of seconds, not of hours.
    for fault in wanted.iter().flatten() {
        fault.apply(|path| fs::read_to_string(root.join(path))).map_err(|error| error.to_string())?;
    }
    let effort = Effort { seeds: args.seeds, time: *args.time, finders: *args.finders };
    let digest = format!("{} {effort:?}", scratch.digest());
    let (seconds_max, finders_seconds) = (effort.time.as_secs_f64(), effort.finders.as_secs_f64());
    let mut board = Scoreboard::new(zoo, scratch.digest(), effort.seeds, seconds_max, finders_seconds);
    let widths = [7, 6, 22, 20, 20, 13, 6];
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        println!("{}", cells.join(" ").trim_end());
    };
    line(&COLUMNS.map(str::to_owned));
    let mut broken = Vec::new();
    std::thread::scope(|scope| {
        let (sender, built) = sync_channel(1);
        let digest = &digest;
        scope.spawn(move || {
            for fault in wanted {
                // What the header says decides nothing.
                let key = format!("{digest} {:?}", fault.map(|fault| &fault.diffs));
                let kept = (!args.again).then(|| kept(scratch, *fault, &key)).flatten();
                let attacker = match kept {
                    Some(kept) => Ok(Err(kept)),
                    None => scratch.build(*fault).map(Ok),
                };
                if sender.send((*fault, key, attacker)).is_err() {
                    return;
                }
            }
        });
        for (fault, key, attacker) in built {
            let name = fault.map_or(CORRECT, |fault| &fault.id);
            let findings = attacker.and_then(|attacker| match attacker {
                Err(kept) => Ok(kept),
                Ok(attacker) => {
                    // That nothing is found says more the longer it is looked for.
                    let factor = if fault.is_none() && !args.ci { CORRECT_FACTOR } else { 1 };
                    let findings = keeper::attack(&attacker, Effort { time: effort.time * factor, ..effort })?;
                    fs::remove_file(&attacker).map_err(|error| error.to_string())?;
                    keep_findings(scratch, name, &key, &findings)?;
                    Ok(findings)
                }
            });
            let findings = match findings {
                Ok(findings) => findings,
                Err(error) => {
                    eprintln!("{name}: {error}");
                    broken.push(name.to_owned());
                    continue;
                }
            };
            let mut score = fault.map_or_else(correct, Score::new);
            (score.hunts, score.finders) = (findings.hunts, findings.finders);
            line(&scoreboard::row(name, &score));
            match fault {
                Some(fault) => {
                    board.faults.insert(fault.id.clone(), score);
                }
                None => board.correct = Some(score.hunts),
            }
        }
        Ok((board, broken))
    })
}

/// The score of the engine without a fault: whatever is found is an alarm.
fn correct() -> Score {
    Score {
        statement: "nothing".into(),
        importance: 1,
        expected: Vec::new(),
        hunts: Vec::new(),
        finders: BTreeMap::new(),
    }
}

fn file(scratch: &Scratch, name: &str) -> PathBuf {
    scratch.folder().join(format!("found-{name}.json"))
}

/// What was found before, if nothing changed since.
fn kept(scratch: &Scratch, fault: Option<&Fault>, key: &str) -> Option<Findings> {
    let text = fs::read(file(scratch, fault.map_or(CORRECT, |fault| &fault.id))).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    let is_same = kept.key == blake3::hash(key.as_bytes()).to_hex().as_str();
    is_same.then_some(Findings { hunts: kept.hunts, finders: kept.finders })
}

fn keep_findings(scratch: &Scratch, name: &str, key: &str, findings: &Findings) -> Result<(), String> {
    let Findings { hunts, finders } = findings.clone();
    let kept = Kept { key: blake3::hash(key.as_bytes()).to_hex().to_string(), hunts, finders };
    let text = serde_json::to_vec_pretty(&kept).map_err(|error| error.to_string())?;
    let file = file(scratch, name);
    fs::write(&file, text).map_err(|error| format!("cannot write `{}`: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody wrote a figure by hand, or forgot to write the page.
    #[test]
    fn the_page_is_what_was_saved() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace is around the zoo");
        let saved = fs::read(root.join(SCOREBOARD)).expect("a scoreboard is saved");
        let mut board: Scoreboard = serde_json::from_slice(&saved).expect("it is one");
        refresh(&mut board, &Zoo::read(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("patches can be read"));
        let sections = Section::read(&root.join("docs/strength")).expect("sections are saved");
        let page = fs::read_to_string(root.join("docs/strength.md")).expect("the page is there");
        assert!(
            board.page(&sections) == page,
            "docs/strength.md is another one: `cargo run -p airtight-zoo -- --write docs/strength.md` writes it"
        );
    }
}
