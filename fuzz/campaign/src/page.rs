//! What was measured, as sections of `docs/strength.md`.

use crate::coverage::{Coverage, Lines};
use crate::run::{Ran, measured};
use crate::{targets, write as write_file};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// A section of the page.
#[derive(Serialize)]
struct Section {
    title: &'static str,
    text: Vec<String>,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    command: &'static str,
}

/// The share of the engine's lines that is to be reached.
const LINES_MIN: f64 = 0.9;

/// How long each target is to run.
const SECONDS_MIN: f64 = 600.0;

/// Writes the sections.
///
/// # Errors
/// If not all targets were measured, or a file cannot be written.
pub(crate) fn write(folder: &Path, sections: &Path) -> Result<(), String> {
    let mut runs = Vec::new();
    for target in targets() {
        let ran = measured(folder, &target)?;
        let ran = ran.ok_or_else(|| format!("`{target}` was not run from an empty corpus"))?;
        if ran.seconds < SECONDS_MIN {
            return Err(format!("`{target}` ran for {:.0} s; the page tells of {SECONDS_MIN:.0} s", ran.seconds));
        }
        runs.push(ran);
    }
    save(&sections.join("fuzzing.json"), &of_runs(&runs))?;
    let coverage = Coverage::read(folder)?.ok_or("the coverage was not measured")?;
    save(&sections.join("fuzzing-lines.json"), &of_lines(&coverage))
}

fn save(path: &Path, section: &Section) -> Result<(), String> {
    let text = serde_json::to_string_pretty(section).map_err(|error| error.to_string())?;
    write_file(path, &(text + "\n"))
}

/// In what a goal is counted.
#[derive(Clone, Copy)]
enum Unit {
    Count,
    Share,
}

/// What was to be reached at least, and what was.
fn goals_of(runs: &[Ran]) -> Vec<(&'static str, f64, f64, Unit)> {
    let of = |target: &str, number: fn(&Ran) -> f64| {
        runs.iter().find(|ran| ran.target == target).map(number).unwrap_or_default()
    };
    vec![
        ("executions/s of `parse`", 50_000.0, of("parse", Ran::per_second), Unit::Count),
        ("executions/s of `merge`", 5_000.0, of("merge", Ran::per_second), Unit::Count),
        ("inputs of `merge` that reach the merge", 0.95, of("merge", |ran| 1.0 - ran.rejected_share()), Unit::Share),
    ]
}

fn of_runs(runs: &[Ran]) -> Section {
    let row = |ran: &Ran| {
        vec![
            format!("`{}`", ran.target),
            format!("{:.0}", ran.seconds),
            format!("{:.0}", ran.processor_seconds),
            thousands(ran.executions),
            thousands(ran.per_second() as u64),
            format!("{:.1} %", ran.rejected_share() * 100.0),
            format!("{} → {}", thousands(ran.branches_early), thousands(ran.branches)),
            thousands(ran.corpus_files as u64),
            ran.findings.len().to_string(),
        ]
    };
    let mut goals = String::from("| goal | wanted | is | |\n|---|---|---|---|\n");
    for (goal, least, is, unit) in goals_of(runs) {
        let verdict = if is >= least { "reached" } else { "**missed**" };
        let number = |number: f64| match unit {
            Unit::Count => thousands(number as u64),
            Unit::Share => format!("{:.1} %", number * 100.0),
        };
        let _ = writeln!(goals, "| {goal} | {} | {} | {verdict} |", number(least), number(is));
    }
    Section {
        title: "Fuzzing",
        text: vec![
            "Each target ran once from an empty corpus, on one core, without a sanitizer, with debug assertions and \
             checks for overflow. Executions per second are those of a second in which the target had the \
             processor. Rejected inputs mean nothing, and are not kept: bytes that are no text, choices of which \
             nothing came that a law is about; for `merge` those of which not even two data came, so all others \
             reach the merge. What `decode` and `results` refuse is kept: to refuse it well is what they are about. No script \
             that the mutator of `parse` makes is longer than 128 bytes, and of texts that are far from a script seven of eight are \
             read once only. Branches are those of the whole program that a quarter of the executions, and then \
             all of them, reached."
                .to_owned(),
            goals,
        ],
        columns: vec![
            "target",
            "seconds",
            "of a processor",
            "executions",
            "executions/s",
            "rejected",
            "branches",
            "corpus",
            "findings",
        ],
        rows: runs.iter().map(row).collect(),
        command: "cargo run --manifest-path fuzz/Cargo.toml -p airtight-fuzz-campaign -- run --seconds 600",
    }
}

fn of_lines(coverage: &Coverage) -> Section {
    let row = |part: &str, lines: Lines| {
        vec![part.to_owned(), thousands(lines.all), thousands(lines.reached), format!("{:.1} %", lines.share() * 100.0)]
    };
    let mut rows: Vec<Vec<String>> =
        coverage.parts().into_iter().map(|(part, lines)| row(&format!("`{part}`"), lines)).collect();
    rows.push(row("all", coverage.total()));
    Section {
        title: "Lines of the engine that fuzzing reaches",
        text: vec![
            "The corpora that those runs left, replayed once, with the engine built such that it counts. Lines \
             are those of `engine/src` that have code, tests excluded. In `runner` lie the runners that start a \
             process or a thread and talk to it, which nothing that is drawn from bytes decides; `serve` and \
             `roundtrip_runner` reach what is read from a line, and the worker."
                .to_owned(),
            format!(
                "| goal | wanted | is | |\n|---|---|---|---|\n| lines reached | {:.1} % | {:.1} % | {} |\n",
                LINES_MIN * 100.0,
                coverage.total().share() * 100.0,
                if coverage.total().share() >= LINES_MIN { "reached" } else { "**missed**" }
            ),
        ],
        columns: vec!["part", "lines", "reached", "share"],
        rows,
        command: "cargo run --manifest-path fuzz/Cargo.toml -p airtight-fuzz-campaign -- coverage",
    }
}

/// A number with commas between groups of digits.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }
}
