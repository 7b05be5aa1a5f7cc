//! Every case in which some interpreter once broke a law: our engine obeys it.

use airtight_properties::{Counterexample, Replayed, Subject};
use std::path::Path;

/// In these the law has nothing to say of our engine. Three showed that its domain was too wide, and the last one that
/// an interpreter is broken whose data are as no other's.
const OUTSIDE: [&str; 4] = [
    "disputes-wait-FixedTwice.json",
    "not-taken-CanonOfACall.json",
    "told-TooManyElements.json",
    "stability-ReordersStreams.json",
];

#[test]
fn no_regression_fails_again() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 5, "{} files", files.len());
    for file in files {
        let name = file.display();
        let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let counterexample = Counterexample::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        // What services answer is fixed, and no seed decides it.
        let mut other = counterexample.clone();
        other.case.services.seed = !counterexample.case.services.seed;
        let replay = |counterexample: &Counterexample| {
            counterexample.replay(&mut Subject::own()).unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let again = replay(&counterexample);
        assert_eq!(replay(&other), again, "{name}: a seed decides");
        let is_outside = OUTSIDE.iter().any(|outside| file.ends_with(outside));
        match again {
            Replayed::Fails(again) => panic!("{name}: `{}` fails: {:#?}", again.law, again.violation),
            Replayed::Holds => assert!(!is_outside, "{name}: the law speaks again"),
            // A case that shows nothing any more guards nothing.
            Replayed::Vacuous => assert!(is_outside, "{name}: the law has nothing to say"),
        }
    }
}
