//! Checking whole scripts.

use airtight_engine::script::print;
use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
use airtight_properties::{Options, Subject, Verdict, check};
use std::collections::BTreeMap;
use std::path::Path;

/// How many scripts are generated.
const SCRIPTS: u64 = 600;

fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("the examples are there").flatten().map(|entry| entry.path());
    let mut scripts: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|extension| extension == "air")).collect();
    scripts.sort();
    let read = |file: std::path::PathBuf| {
        (file.display().to_string(), std::fs::read_to_string(file).expect("a script is text"))
    };
    scripts.into_iter().map(read).collect()
}

/// Our engine obeys every law on every example, and on all of them together each law says something.
#[test]
fn every_law_holds_on_the_examples() {
    let mut held = BTreeMap::new();
    for (name, script) in examples() {
        let options = Options { runs: 16, ..Options::default() };
        let report = check(&script, &options, &|| Ok(Subject::own()), &|_, _| {}).expect("an example is valid");
        for row in &report.laws {
            *held.entry(row.law.name).or_insert(0) += row.held;
            assert!(
                matches!(row.verdict, Verdict::Holds | Verdict::Vacuous),
                "{name}: {}\n{:#?} {:?}",
                row.law.name,
                report.counterexamples[0].violation,
                report.counterexamples[0].instance
            );
        }
    }
    let silent: Vec<_> = held.iter().filter(|(_, held)| **held == 0).map(|(name, _)| *name).collect();
    // All canons of the examples are of streams inside `new`.
    assert_eq!(silent, ["canon-is-the-stream"]);
}

/// Our engine obeys every law on generated scripts too.
#[test]
fn every_law_holds_on_generated_scripts() {
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    let mut calls = 0;
    for seed in 0..SCRIPTS {
        let script = print::canonical(&generator.generate(&mut Seeded::new(seed)));
        let options = Options { runs: 6, seed, failures: Some(0.2), ..Options::default() };
        let report = check(&script, &options, &|| Ok(Subject::own()), &|_, _| {}).expect("the script is valid");
        assert!(report.holds(), "seed {seed}\n{script}\n{}", report.counterexamples[0].to_text());
        calls += report.totals.calls;
    }
    println!("{SCRIPTS} scripts, {calls} calls");
    assert!(calls > SCRIPTS, "{calls} calls");
}
