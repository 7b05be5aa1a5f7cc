//! Stored data of every version of the format. Old data must be readable for ever, and what this version writes must be
//! what it wrote before: whoever changes the format raises its version and stores a new folder.
//!
//! `AIRTIGHT_REWRITE=1` writes the folder of the present version, if there is none.

use airtight_engine::data::{FORMAT, decode, encode};
use airtight_snapshots::{root, scripts, teaching};
use std::fs;

#[test]
fn old_data_are_understood() {
    let mut versions = 0;
    for folder in fs::read_dir(root().join("stored")).expect("the folder is there").flatten() {
        versions += 1;
        for file in fs::read_dir(folder.path()).expect("it can be read").flatten() {
            let bytes = fs::read(file.path()).expect("it can be read");
            let data = decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
            assert!(data.shared().events().count() > 0, "{} holds nothing", file.path().display());
        }
    }
    assert!(versions >= FORMAT, "there are stored data of each version until {FORMAT}");
}

#[test]
fn this_version_writes_what_it_wrote() {
    let folder = root().join(format!("stored/format-{FORMAT}"));
    let is_new = !folder.exists() && std::env::var_os("AIRTIGHT_REWRITE").is_some();
    if is_new {
        fs::create_dir_all(&folder).expect("a folder");
    }
    for script in scripts("scripts/instructions") {
        let name = script.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let played = teaching(&script);
        let last = played.known_last().expect("it has an end");
        let file = folder.join(format!("{name}.data"));
        if is_new {
            fs::write(&file, &last).expect("it can be written");
        }
        let stored = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(encode(&decode(&stored).expect("it is understood")), stored, "{name}: one encoding");
        assert_eq!(
            String::from_utf8_lossy(&stored),
            String::from_utf8_lossy(&last),
            "{name}: the same history gives other data than in version {FORMAT}; if that is meant, raise the version"
        );
    }
}
