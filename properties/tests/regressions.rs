//! Every case in which some interpreter once broke a law: our engine obeys it.

use airtight_properties::{Counterexample, Subject};
use std::path::Path;

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
        let again = counterexample.replay(&mut Subject::own()).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(again) = again {
            panic!("{name}: `{}` fails: {:#?}", again.law, again.violation);
        }
    }
}
