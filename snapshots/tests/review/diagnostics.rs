//! Every kind of finding about a script, as people see it.

use airtight_engine::script::{Code, Diagnostics, Script};
use airtight_snapshots::{airtight, root, stem};
use insta::glob;

/// A script of this kind has more than four gigabytes.
const TOO_LONG_TO_SHOW: Code = Code::ScriptTooLong;

#[test]
fn for_people() {
    glob!("../../scripts/diagnostics", "*.air", |script| {
        let found = match Script::parse(std::fs::read(script).expect("it can be read")) {
            Ok(script) => codes(script.warnings()),
            Err(findings) => codes(&findings),
        };
        assert!(found.contains(&stem(script)), "{}: {found:?}", script.display());
        let line = format!("parse scripts/diagnostics/{}.air", stem(script));
        review!("diagnostics", stem(script), text airtight(&line).show(&format!("airtight {line}")));
    });
}

fn codes(findings: &Diagnostics) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.name()).collect()
}

#[test]
fn each_kind_has_a_script_of_its_name() {
    for code in Code::ALL.iter().filter(|code| **code != TOO_LONG_TO_SHOW) {
        let script = root().join(format!("scripts/diagnostics/{}.air", code.name()));
        assert!(script.exists(), "nothing shows `{}`", code.name());
    }
}

#[test]
fn for_programs() {
    let said = airtight("parse --format json scripts/diagnostics/undefined-variable.air");
    assert_eq!(said.code, 1);
    review!("diagnostics", "as-json", json said.json());
}
