//! The command as a user meets it: help, runs, checks, and what they say to programs.

use airtight_snapshots::airtight;
use insta::dynamic_redaction;
use insta::internals::{Content, Redaction};

/// How many instances of a law were drawn, and of how many the premise held, changes with every law.
const COUNTS: (&str, &str) =
    (r"(?m)^(  [a-z-]+ .*?) +[0-9]+ +[0-9]+  (holds|FAILS|premise never held)$", "$1  [n]  [n]  $2");

/// The laws of a table that do not fail; one snapshot has them all.
const HOLDING: (&str, &str) = (r"(?m)^  [a-z-]+ .*  (holds|premise never held|not applied: .*)\n", "");

/// Families of laws of which none is left.
const FAMILIES: (&str, &str) = (r"(?m)^(merging data|runs|host protocol|values|text and bytes)\n", "");

/// How long something took, and how fast it was.
const TIMES: (&str, &str) =
    (r"[0-9]+ instances in [0-9.]+ s: [0-9]+ cases/s, [0-9]+ instances/s", "[n] instances in [time]");

macro_rules! say {
    ($name:expr, $line:expr $(, $filter:expr)*) => {
        review!("command", $name, text airtight($line).show(&format!("airtight {}", $line)), filters => [$($filter),*] as [(&str, &str); _])
    };
}

#[test]
fn help() {
    say!("help", "--help");
    let commands = ["check", "fmt", "generate", "inspect", "laws", "parse", "replay", "run", "serve"];
    let listed = airtight("--help").out;
    let mut listed: Vec<_> = listed
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    listed.sort_unstable();
    assert_eq!(listed, commands, "each command has its help here");
    for command in commands {
        say!(format!("help-{command}"), &format!("{command} --help"));
    }
}

#[test]
fn runs() {
    say!("run", "run scripts/instructions/canon.air");
    say!("run-with-crashes", "run --seed 3 --schedule 2 --duplicates 0.2 --restarts 0.2 scripts/instructions/par.air");
    for (name, script) in [("run-json", "seq"), ("run-json-waiting", "never")] {
        let said = airtight(&format!("run --format json scripts/instructions/{script}.air"));
        review!("command", name, json said.json());
    }
}

#[test]
fn checks() {
    say!("check", "check --runs 16 ../examples/first_come.air", COUNTS);
    say!("check-unreached", "check --runs 16 scripts/instructions/never.air", HOLDING, FAMILIES);
    say!("check-unused", "check --runs 16 scripts/checks/unused.air", HOLDING, FAMILIES);
    say!("check-invalid", "check --runs 16 scripts/diagnostics/undefined-variable.air");
}

/// What a report says of the laws: the first one, how many more there are, and no counts.
fn laws_of_reports() -> Vec<(&'static str, Redaction)> {
    let first = |laws: Content, _: insta::internals::ContentPath<'_>| match laws {
        Content::Seq(laws) => {
            let others = format!("and {} more", laws.len().saturating_sub(1));
            Content::Seq(laws.into_iter().take(1).chain([Content::String(others)]).collect())
        }
        other => other,
    };
    vec![
        (".scripts[].report.laws", dynamic_redaction(first)),
        (".scripts[].report.laws[].instances", "[n]".into()),
        (".scripts[].report.laws[].held", "[n]".into()),
    ]
}

#[test]
fn checks_for_programs() {
    for (name, scripts) in [
        ("check-json", "scripts/instructions/seq.air"),
        ("check-json-order", "../examples/first_come.air"),
        ("check-json-unreached", "scripts/instructions/never.air"),
        ("check-json-unused", "scripts/checks/unused.air"),
        ("check-json-invalid", "scripts/diagnostics/undefined-variable.air"),
    ] {
        let said = airtight(&format!("check --runs 16 --format json {scripts}"));
        review!("command", name, json said.json(), redactions => laws_of_reports());
    }
}

#[test]
fn campaigns() {
    say!("laws", "laws --cases 20 --law word-law --law totality", COUNTS, TIMES);
    let said = airtight("laws --cases 20 --law totality --format json");
    let redactions: Vec<(&str, Redaction)> = vec![
        (".seconds", "[seconds]".into()),
        (".instances", "[n]".into()),
        (".laws[].instances", "[n]".into()),
        (".laws[].held", "[n]".into()),
    ];
    review!("command", "laws-json", json said.json(), redactions => redactions);
}

#[test]
fn data_are_shown() {
    say!("inspect", "inspect stored/format-1/canon.data --script scripts/instructions/canon.air");
    let said = airtight("inspect stored/format-1/canon.data --format json");
    review!("command", "inspect-json", json said.json());
}

#[test]
fn trees_are_shown() {
    say!("parse-ast", "parse --ast scripts/instructions/fold.air");
}

#[test]
fn what_is_not_formatted_is_shown() {
    say!("fmt-check", "fmt --check scripts/checks/not-formatted.air");
}

/// A broken interpreter: the verdict. How small its counterexamples become depends on the time there is for that.
#[test]
fn counterexamples_are_found() {
    const STORIES: (&str, &str) = (r"(?ms)^which matters, .*?^  saved; ", "[story]\n  saved; ");
    let runner = env!("CARGO_BIN_EXE_broken-runner");
    let folder = std::env::temp_dir().join("airtight-snapshots-counterexamples");
    let line = format!("check --runs 16 --out {} --runner {runner} scripts/instructions/par.air", folder.display());
    let shown = airtight(&line).show("airtight check --runs 16 --runner broken-runner scripts/instructions/par.air");
    let shown = shown.replace(&folder.display().to_string(), "counterexamples").replace(runner, "broken-runner");
    review!("command", "check-broken-runner", text shown, filters => [HOLDING, COUNTS, FAMILIES, STORIES]);
    let mut said = airtight(&format!("{line} --format json")).json();
    // Which members a counterexample has; what is in them depends on how small it became.
    let found = said["scripts"][0]["report"]["counterexamples"].as_array_mut().expect("a list");
    assert!(!found.is_empty());
    found.truncate(1);
    let mut redactions = laws_of_reports();
    for member in [
        "counterexamples[].violation.statement",
        "counterexamples[].violation.data",
        "counterexamples[].violation.parts",
        "counterexamples[].violation.sides",
        "counterexamples[].violation.story",
        "counterexamples[].case.script",
        "counterexamples[].case.services",
        "counterexamples[].case.schedule",
        "counterexamples[].instance",
        "totals",
    ] {
        redactions.push((format!(".scripts[].report.{member}").leak(), "[...]".into()));
    }
    review!("command", "check-json-broken-runner", json said, redactions => redactions);
}

/// Small cases, told again: to the interpreters that they are about, and to our engine.
#[test]
fn counterexamples_are_told() {
    let runner = env!("CARGO_BIN_EXE_broken-runner");
    for law in ["repetition", "nothing-forgotten"] {
        let case = format!("../properties/regressions/{law}-LosesMessages.json");
        let said = airtight(&format!("replay --runner {runner} {case}"));
        let shown = said.show(&format!("airtight replay --runner broken-runner {case}"));
        review!("command", format!("counterexample-of-{law}"), text shown.replace(runner, "broken-runner"));
    }
    say!("replay", "replay ../properties/regressions/repetition-LosesMessages.json");
}
