//! Checking whole scripts.

use airtight_properties::{Options, Subject, Verdict, check};
use std::path::Path;

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
    let mut held = std::collections::BTreeMap::new();
    for (name, script) in examples() {
        let begin = std::time::Instant::now();
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
        println!("{name} {:?} {:?}", begin.elapsed(), report.totals);
    }
    println!("{held:#?}");
    assert!(held.values().all(|held| *held > 0));
}
