//! What `cargo-mutants` is asked, and what it answers.

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What tells the law suite how many cases to look at; without it, it takes minutes.
const CASES: &str = "AIRTIGHT_CASES";

/// How long the tests of a mutant may take: so many seconds, and so many times as long as without a mutant.
const SECONDS_MIN: u64 = 10;
const SECONDS_FACTOR: u64 = 3;

/// How many bytes the tests of a mutant may take: one that never ends may ask for more and more.
const MEMORY_MAX: u64 = 8 << 30;

/// What is read of a configuration.
#[derive(Deserialize)]
struct Config {
    profile: String,
    test_package: Vec<String>,
    additional_cargo_args: Vec<String>,
    /// Those only for running.
    #[serde(default)]
    additional_cargo_test_args: Vec<String>,
}

/// A change that can be made.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    /// What is changed where; there is one of each name.
    pub(crate) name: String,
    /// The file, from the root of the workspace.
    pub(crate) file: String,
}

/// What tests made of a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Some test failed.
    Caught,
    /// The tests did not end in time.
    Timeout,
    /// All passed.
    Missed,
    /// It does not compile.
    Unviable,
}

/// The outcome of one mutant.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) verdict: Verdict,
    /// How long building and testing took.
    pub(crate) seconds: f64,
}

/// `mutants.out/outcomes.json`.
#[derive(Deserialize)]
struct Lab {
    outcomes: Vec<Trial>,
}

#[derive(Deserialize)]
struct Trial {
    scenario: Scenario,
    summary: String,
    phase_results: Vec<Phase>,
}

#[derive(Deserialize)]
enum Scenario {
    Baseline,
    Mutant(Listed),
}

#[derive(Deserialize)]
struct Phase {
    duration: f64,
}

/// All mutants of the engine.
pub(crate) fn list(root: &Path) -> Result<Vec<Listed>, String> {
    let mut command = mutants(root);
    let output = command.args(["--list", "--json"]).output().map_err(|error| absent(&error))?;
    if !output.status.success() {
        return Err(format!("cannot list mutants: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("the list of mutants cannot be read: {error}"))
}

/// Runs the tests of a profile over these mutants.
pub(crate) fn test(
    root: &Path,
    profile: &str,
    part: &str,
    names: &[String],
    cases: u64,
) -> Result<Vec<Outcome>, String> {
    let config = root.join("properties/mutants").join(profile).with_extension("toml");
    let folder = root.join("target/mutants").join(format!("{profile}-{part}"));
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
    let limit = SECONDS_MIN + SECONDS_FACTOR * baseline(root, &config, cases)?.as_secs();
    // What is started from here on is bounded, too.
    let memory = Rlimit { current: Some(MEMORY_MAX), maximum: Some(MEMORY_MAX) };
    setrlimit(Resource::As, memory).map_err(|error| format!("cannot bound the memory of tests: {error}"))?;
    let mut command = mutants(root);
    command.arg("--config").arg(&config).arg("--output").arg(&folder).args(["--no-shuffle", "--baseline", "skip"]);
    command.arg("--timeout").arg(limit.to_string());
    // Version 27 tests mutants that delete a field whatever the patterns say, so the files are named as well, and outcomes
    // that nobody asked for are left out.
    let files: BTreeSet<_> = names.iter().filter_map(|name| name.split(':').next()).collect();
    for file in files {
        command.arg("--file").arg(file);
    }
    for name in names {
        command.arg("--re").arg(exactly(name));
    }
    let status = environment(&mut command, root, cases).status().map_err(|error| absent(&error))?;
    // 2: some were missed; 3: some took too long. Both are what is measured here.
    if !matches!(status.code(), Some(0 | 2 | 3)) {
        return Err(format!("cargo-mutants ended with {status}; `{}` has its logs", folder.display()));
    }
    let path = folder.join("mutants.out/outcomes.json");
    let text = fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut outcomes = read(&text).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let wanted: BTreeSet<_> = names.iter().collect();
    outcomes.retain(|outcome| wanted.contains(&outcome.name));
    if outcomes.len() != wanted.len() {
        return Err(format!("{} mutants were to be tested, and {} were", wanted.len(), outcomes.len()));
    }
    Ok(outcomes)
}

/// How long the tests take without a mutant. `cargo-mutants` would ask the engine's tests alone.
fn baseline(root: &Path, config: &Path, cases: u64) -> Result<Duration, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("`{}`: {error}", config.display());
    let text = fs::read_to_string(config).map_err(|error| wrong(&error))?;
    let config: Config = toml::from_str(&text).map_err(|error| wrong(&error))?;
    let run = |more: &[String]| {
        let mut command = Command::new("cargo");
        command.current_dir(root).args(["nextest", "run", "--cargo-quiet", "--cargo-profile", &config.profile]);
        for package in &config.test_package {
            command.args(["--package", package]);
        }
        command.args(&config.additional_cargo_args).args(more);
        let begin = Instant::now();
        match environment(&mut command, root, cases).status() {
            Ok(status) if status.success() => Ok(begin.elapsed()),
            Ok(_) => Err("the tests fail without a mutant".to_owned()),
            Err(error) => Err(absent(&error)),
        }
    };
    // What is there may be of a mutant: it is newer than the sources.
    let mut clean = Command::new("cargo");
    clean.current_dir(root).args(["clean", "--quiet", "--package", "airtight-engine", "--profile", &config.profile]);
    match environment(&mut clean, root, cases).status() {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(format!("cargo cannot clean its folder: {status}")),
        Err(error) => return Err(absent(&error)),
    }
    run(&["--no-run".to_owned()])?;
    run(&config.additional_cargo_test_args)
}

/// All builds share a folder, so that dependencies are built once; hence one mutant is tested at a time.
fn environment<'c>(command: &'c mut Command, root: &Path, cases: u64) -> &'c mut Command {
    command.env(CASES, cases.to_string()).env("CARGO_TARGET_DIR", root.join("target/mutants/build"))
}

fn mutants(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(["mutants", "--package", "airtight-engine"]);
    command
}

fn absent(error: &std::io::Error) -> String {
    format!("cannot run cargo: {error}; `cargo-mutants` is installed by `cargo install cargo-mutants --locked`")
}

fn read(text: &[u8]) -> Result<Vec<Outcome>, String> {
    let lab: Lab = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut outcomes = Vec::new();
    for Trial { scenario, summary, phase_results } in lab.outcomes {
        let Scenario::Mutant(Listed { name, .. }) = scenario else { continue };
        let verdict = match summary.as_str() {
            "CaughtMutant" => Verdict::Caught,
            "Timeout" => Verdict::Timeout,
            "MissedMutant" => Verdict::Missed,
            "Unviable" => Verdict::Unviable,
            other => return Err(format!("`{other}` of `{name}` is no verdict")),
        };
        let seconds = phase_results.iter().map(|phase| phase.duration).sum();
        outcomes.push(Outcome { name, verdict, seconds });
    }
    Ok(outcomes)
}

/// A regular expression that only this name matches.
fn exactly(name: &str) -> String {
    let mut pattern = String::from("^");
    for c in name.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('$');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_mutants_says_is_understood() {
        let text = br#"{"outcomes":[
            {"scenario":"Baseline","summary":"Success","log_path":"l","diff_path":null,"phase_results":[]},
            {"scenario":{"Mutant":{"name":"a.rs:1:2: replace + with -","file":"a.rs","package":"p","genre":"BinaryOperator"}},
             "summary":"MissedMutant","log_path":"l","diff_path":"d",
             "phase_results":[{"phase":"Build","duration":1.5,"process_status":"Success","argv":[]},
                              {"phase":"Test","duration":0.25,"process_status":"Success","argv":[]}]}],
            "total_mutants":1,"missed":1,"caught":0,"timeout":0,"unviable":0,"success":0}"#;
        let outcomes = read(text).expect("it is of the form");
        let [Outcome { name, verdict, seconds }] = outcomes.as_slice() else { panic!("one mutant: {outcomes:?}") };
        assert_eq!((name.as_str(), *verdict, *seconds), ("a.rs:1:2: replace + with -", Verdict::Missed, 1.75));
        assert!(
            read(
                br#"{"outcomes":[{"scenario":{"Mutant":{"name":"n","file":"f"}},"summary":"Odd","phase_results":[]}]}"#
            )
            .is_err()
        );
    }

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(exactly("a.rs: f -> (T<'_>)"), r"^a\.rs: f \-> \(T<'_>\)$");
    }
}
