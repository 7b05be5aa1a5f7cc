//! Histories step by step: what each run asks for, whom it tells, and what changes in what its data come to.

use airtight_snapshots::{play, review, scripts, teaching};

#[test]
fn examples() {
    for script in scripts("../examples") {
        tell("traces/examples", &script);
    }
}

#[test]
fn instructions() {
    let scripts = scripts("scripts/instructions");
    for kind in airtight_engine::script::Kind::ALL {
        let keyword = kind.keyword();
        let taught = scripts.iter().any(|script| script.file_stem().is_some_and(|name| name == keyword));
        assert!(taught, "no script teaches `{keyword}`");
    }
    for script in scripts {
        tell("traces/instructions", &script);
    }
}

fn tell(folder: &str, script: &std::path::Path) {
    let name = script.file_stem().expect("it has a name").to_string_lossy().into_owned();
    let played = teaching(script);
    assert!(played.quiet_at.is_some(), "{name} has no end");
    let mut shown = String::new();
    for step in play(&played) {
        for line in step.lines {
            shown += &format!("{line}\n");
        }
        for state in step.states {
            shown += &format!("    {state}\n");
        }
    }
    review(folder, &name, &shown);
}
