//! Histories step by step: what each run asks for, whom it tells, and what changes in what its data come to.

use airtight_engine::script::Kind;
use airtight_snapshots::{play, root, stem, teaching};
use insta::glob;
use std::path::Path;

#[test]
fn examples() {
    glob!("../../../examples", "*.air", |script| tell("traces/examples", script));
}

#[test]
fn instructions() {
    glob!("../../scripts/instructions", "*.air", |script| tell("traces/instructions", script));
}

#[test]
fn each_instruction_has_a_script_of_its_name() {
    for kind in Kind::ALL {
        let script = root().join(format!("scripts/instructions/{}.air", kind.keyword()));
        assert!(script.exists(), "no script teaches `{}`", kind.keyword());
    }
}

/// What is shown, and stored as data of this version, depends on nothing that is made up.
#[test]
fn each_answer_in_a_teaching_script_is_fixed() {
    glob!("../../scripts/instructions", "*.air", |script| {
        let [one, other] = [0, 1].map(|seed| teaching(script, seed).history);
        assert_eq!(one, other, "{}: `services.json` fixes each answer", script.display());
    });
}

fn tell(folder: &str, script: &Path) {
    let played = teaching(script, 0);
    assert!(played.quiet_at.is_some(), "{} has no end", script.display());
    let mut shown = String::new();
    for step in play(&played) {
        for line in step.lines {
            shown += &format!("{line}\n");
        }
        for state in step.states {
            shown += &format!("    {state}\n");
        }
    }
    review!(folder, stem(script), text shown);
}
