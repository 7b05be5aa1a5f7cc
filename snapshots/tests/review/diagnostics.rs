//! Every kind of finding about a script, as people see it.

use airtight_engine::script::{Code, Diagnostics, Script};
use airtight_snapshots::{airtight, review, root, scripts};
use std::collections::BTreeSet;

/// A script of this kind has more than four gigabytes.
const TOO_LONG_TO_SHOW: Code = Code::ScriptTooLong;

#[test]
fn every_kind_is_rendered() {
    let mut shown = BTreeSet::new();
    for script in scripts("scripts/diagnostics") {
        let text = std::fs::read(&script).expect("it can be read");
        let name = script.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let found: Vec<_> = match Script::parse(&text) {
            Ok(script) => codes(script.warnings()),
            Err(findings) => codes(&findings),
        };
        assert!(found.contains(&name), "{name}: {found:?}");
        let relative = script.strip_prefix(root()).expect("it is below").display().to_string();
        let line = format!("parse {relative}");
        review("diagnostics", &name, &airtight(&line).show(&format!("airtight {line}")));
        shown.insert(name);
    }
    let all: BTreeSet<_> =
        Code::ALL.iter().filter(|code| **code != TOO_LONG_TO_SHOW).map(|code| code.name().to_owned()).collect();
    assert_eq!(shown, all, "each kind of finding has a script of its name");
}

fn codes(findings: &Diagnostics) -> Vec<String> {
    findings.iter().map(|finding| finding.code.name().to_owned()).collect()
}

#[test]
fn for_programs() {
    let line = "parse --format json scripts/diagnostics/undefined-variable.air";
    review("diagnostics", "as-json", &airtight(line).show(&format!("airtight {line}")));
}
