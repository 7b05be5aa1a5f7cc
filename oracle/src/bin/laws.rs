//! The law suite on the reference: which laws hold there, and the smallest counterexample of each that does not.

use airtight_engine::runner::RunnerError;
use airtight_oracle::{Reference, SIGNATURES};
use airtight_properties::{Comparison, Options, Subject, Verdict, check};
use clap::Parser;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

/// Holds every law against the reference, on some scripts.
#[derive(Parser, Debug)]
struct Arguments {
    /// The scripts; a few that are written here, if there are none
    scripts: Vec<PathBuf>,
    /// Histories of each script
    #[arg(long, default_value_t = 64)]
    histories: u64,
    /// Decides everything that is left to chance
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// Scripts on which defects of the reference were seen.
const SCRIPTS: [(&str, &str); 6] = [
    ("join", r#"(seq (par (call "b" ("s" "f") [] x) (call "c" ("s" "f") [] y)) (call "init" ("s" "g") [x y]))"#),
    (
        "recursion",
        r#"(seq (call "a" ("s" "one") [] $s)
            (fold $s i (seq (call "b" ("s" "inc") [i] x) (par (xor (match x 4 (null)) (ap x $s)) (next i)))))"#,
    ),
    (
        "failure",
        r#"(seq (call "a" ("s" "one") [] $s)
            (seq (fold $s i (seq (call "a" ("s" "fail") [i] x) (next i))) (call "b" ("s" "f") [] y)))"#,
    ),
    (
        "register",
        r#"(seq (par (xor (call "b" ("s" "f") []) (null)) (xor (call "c" ("s" "f") []) (null)))
            (call "b" ("s" "k") [%last_error%] z))"#,
    ),
    (
        "streams",
        r#"(seq (par (call "a" ("s" "f") [] $s) (par (call "b" ("s" "f") [] $s) (call "c" ("s" "f") [] $s)))
            (seq (canon "a" $s #s) (call "init" ("s" "g") [#s])))"#,
    ),
    (
        "key",
        r#"(seq (call "a" ("s" "o") [] x) (seq (xor (ap (x.$.k 1) %m) (call "a" ("s" "f") [])) (call "b" ("s" "g") [x])))"#,
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut scripts: Vec<(String, String)> = Vec::new();
    for path in &arguments.scripts {
        scripts.push((path.display().to_string(), std::fs::read_to_string(path)?));
    }
    if scripts.is_empty() {
        scripts = SCRIPTS.map(|(name, text)| (name.into(), text.into())).to_vec();
    }
    println!("signatures {}, {} histories of each script", if SIGNATURES { "on" } else { "off" }, arguments.histories);
    let make = || -> Result<Subject, RunnerError> { Subject::of(Reference::new(), Some(Comparison::Outcomes)) };
    let mut table: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (name, text) in &scripts {
        let options = Options { runs: arguments.histories, seed: arguments.seed, ..Options::default() };
        let begin = Instant::now();
        let report = check(text, &options, &make, &|_, _| {})?;
        println!("\n== {name}: {} runs, {:.1} s", report.totals.invocations, begin.elapsed().as_secs_f64());
        for row in &report.laws {
            let verdict = match row.verdict {
                Verdict::Holds => "holds",
                Verdict::Fails => "fails",
                Verdict::Vacuous => "vacuous",
                Verdict::NotApplied(_) => "not applied",
            };
            *table.entry(row.law.name).or_default().entry(verdict).or_default() += 1;
        }
        for counterexample in &report.counterexamples {
            println!("{}: {}", counterexample.law, counterexample.violation.statement);
            println!("  {}", counterexample.case.script.split_whitespace().collect::<Vec<_>>().join(" "));
            for (peer, what) in &counterexample.violation.story {
                println!("  {peer:8} {what}");
            }
            for (name, what) in &counterexample.violation.parts {
                println!("  {name}: {}", what.chars().take(300).collect::<String>());
            }
        }
    }
    println!("\nlaws, by how many of {} scripts:", scripts.len());
    for (law, verdicts) in table {
        println!("  {law:32} {verdicts:?}");
    }
    Ok(())
}
