//! The command as a user meets it: help, runs, checks, and what they say to programs.

use airtight_snapshots::{airtight, review};

fn say(name: &str, line: &str) {
    review("command", name, &airtight(line).show(&format!("airtight {line}")));
}

#[test]
fn help() {
    say("help", "--help");
    let commands = ["check", "fmt", "generate", "inspect", "laws", "parse", "replay", "run", "serve"];
    let listed = airtight("--help").out;
    let listed: Vec<_> = listed
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, commands, "each command has its help here");
    for command in commands {
        say(&format!("help-{command}"), &format!("{command} --help"));
    }
}

#[test]
fn runs() {
    say("run", "run scripts/instructions/canon.air");
    say("run-schedule", "run --seed 3 --schedule 2 --duplicates 20 ../examples/first_come.air");
    say("run-json", "run --format json scripts/instructions/seq.air");
}

#[test]
fn checks() {
    say("check", "check --runs 16 ../examples/first_come.air");
    say("check-waits", "check --runs 16 scripts/instructions/never.air");
    say("check-json", "check --runs 16 --format json scripts/instructions/seq.air");
}

#[test]
fn data_are_shown() {
    say("inspect", "inspect stored/format-1/canon.data --script scripts/instructions/canon.air");
    say("inspect-json", "inspect stored/format-1/canon.data --format json");
}

/// A broken interpreter: the verdict, and the story of the smallest case.
#[test]
fn counterexamples() {
    let runner = env!("CARGO_BIN_EXE_broken-runner");
    let folder = std::env::temp_dir().join("airtight-snapshots-counterexamples");
    let line = format!("check --runs 16 --out {} --runner {runner} scripts/instructions/par.air", folder.display());
    let said = airtight(&line);
    let shown = said.show("airtight check --runs 16 --runner broken-runner scripts/instructions/par.air");
    review(
        "command",
        "counterexample",
        &shown.replace(&folder.display().to_string(), "counterexamples").replace(runner, "broken-runner"),
    );
}
