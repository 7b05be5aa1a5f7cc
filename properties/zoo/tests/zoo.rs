//! The zoo is whole: each fault of the catalogue is there once, and applies to the engine as it is.

use airtight_zoo::fault::{Zoo, ids};
use std::path::Path;

fn zoo() -> (Zoo, &'static Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    (Zoo::read(folder).unwrap_or_else(|error| panic!("{error}")), folder)
}

#[test]
fn each_fault_is_there_once() {
    let (zoo, _) = zoo();
    let mut known: Vec<&String> = zoo.faults.keys().chain(zoo.impossible.keys()).collect();
    known.sort();
    assert_eq!(known, ids().collect::<Vec<_>>().iter().collect::<Vec<_>>());
}

#[test]
fn each_patch_applies_and_changes_something() {
    let (zoo, folder) = zoo();
    let root = folder.ancestors().nth(2).expect("the zoo lies in the workspace");
    for fault in zoo.faults.values() {
        let source = |path: &str| std::fs::read_to_string(root.join(path));
        let files = fault.apply(source).unwrap_or_else(|error| panic!("{error}"));
        assert!(files.iter().all(|(path, text)| source(path).expect("it applies") != *text), "{}", fault.id);
    }
}

#[test]
fn faults_expect_laws_that_there_are() {
    for fault in zoo().0.faults.values() {
        for law in &fault.expected {
            assert!(airtight_properties::law(law).is_some(), "{} expects `{law}`, which is no law", fault.id);
        }
    }
}

#[test]
fn impossible_faults_have_a_reason() {
    for (id, impossible) in zoo().0.impossible {
        assert!(impossible.reason.len() > 40, "{id}: {}", impossible.reason);
    }
}

#[test]
fn enough_faults_run_in_ci_and_most_of_them_matter() {
    let (zoo, _) = zoo();
    let ci: Vec<_> = zoo.faults.values().filter(|fault| fault.ci).collect();
    assert!(ci.len() >= 12, "{}", ci.len());
    assert!(ci.iter().filter(|fault| fault.importance == 1).count() * 2 >= ci.len());
}
